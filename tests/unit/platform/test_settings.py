"""Settings handed to another process."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from services.platform.settings import RedisSettings, ServiceSettings, environment_of


class _Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="SAMPLE_")

    folder: Path = Path("data")
    files: tuple[Path, ...] = ()
    enabled: bool = True
    redis: RedisSettings = RedisSettings()


def test_another_process_reads_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    given = _Settings(
        folder=Path("/a b"),
        files=(Path("c"), Path("d")),
        enabled=False,
        redis=RedisSettings(url=SecretStr("redis://:secret@host/0"), most_failures=7),
    )
    for name, value in environment_of(given).items():
        monkeypatch.setenv(name, value)
    assert _Settings() == given


def test_secrets_are_not_in_what_is_shown() -> None:
    shown = repr(_Settings(redis=RedisSettings(url=SecretStr("redis://:secret@host/0"))))
    assert "secret" not in shown
    assert "secret" not in json.dumps(_Settings().model_dump(mode="json"))
