"""Catalogues made by several processes are those that one makes."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli import catalog
from services.cli.main import app
from services.ingestion.domain.generator import generate, to_line


@pytest.mark.parametrize("chunk", [1_000, 100])
def test_hotels_come_in_order_however_many_processes_make_them(
    chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "_CHUNK", chunk)
    file = tmp_path / "hotels.jsonl"
    arguments = ["catalog", "generate", "--hotels", "350", "--seed", "7", "--out", str(file)]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    made = file.read_text(encoding="utf-8").splitlines()
    assert made == [to_line(hotel) for hotel in generate(350, 7)]
