"""One embedded deployment for all end-to-end tests: a child process, filled by the command line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest

from services.platform.rpc import channel

HOTELS = 2_000
COMMAND = (sys.executable, "-m", "services.cli.main")


def concierge(
    *arguments: str, input: str | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True, text=True, timeout=120, check=False, input=input, cwd=cwd,
    )  # fmt: skip


@pytest.fixture(scope="session")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated catalogue with three lines that are no hotels."""
    file = tmp_path_factory.mktemp("catalogue") / "hotels.jsonl"
    made = concierge("catalog", "generate", "--hotels", str(HOTELS), "--out", str(file))
    assert made.returncode == 0, made.stderr
    with file.open("ab") as lines:
        lines.write(b'{"id": "half\n\xff\xfe\n{"id": "nameless"}\n')
    return file


@contextmanager
def running(data: Path, catalogue: Path, *arguments: str) -> Iterator[str]:
    """Run a deployment on a data directory, fill it with the catalogue, give its address.

    It must end by itself, cleanly, when it is told to.
    """
    process = subprocess.Popen(
        [*COMMAND, "up", "--data", str(data), "--port", "0", "--log-level", "WARNING", *arguments],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = ""
        for line in process.stdout:
            if line.startswith("ready"):
                break
        assert line.startswith("ready"), "the deployment did not start"
        target = f"127.0.0.1:{line.strip().rpartition(':')[2]}"
        loaded = concierge("ingest", str(catalogue), "--target", target)
        assert loaded.returncode == 0, loaded.stderr
        assert f"{HOTELS} published" in loaded.stdout
        assert "3 in quarantine" in loaded.stdout
        yield target
    finally:
        process.terminate()
        assert process.wait(timeout=60) == 0
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory, catalogue: Path) -> Iterator[str]:
    """The address of a running deployment that holds the catalogue."""
    with running(tmp_path_factory.mktemp("deployment"), catalogue) as target:
        yield target


@pytest.fixture
async def door(deployment: str) -> AsyncIterator[grpc.aio.Channel]:
    """A channel to the deployment."""
    async with channel(deployment) as opened:
        yield opened
