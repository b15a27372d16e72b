"""Fetching packages through their ordinary clients into the cache."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from pathlib import Path

from infra.local.server import StackError

MAVEN_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"


def say(line: str) -> None:
    """Tell the person at the keyboard."""
    print(f"  {line}", file=sys.stderr, flush=True)


@contextmanager
def filling(folder: Path) -> Iterator[Path | None]:
    """Yield a fresh folder to fill, moved to `folder` at the end; `None` if that exists already.

    So a folder in the cache is whole or not there, also after a kill in the middle, and two
    callers at once fill it once.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(folder.name + ".lock").open("w") as lock:
        flock(lock, LOCK_EX)
        if folder.exists():
            yield None
            return
        partial = folder.with_name(folder.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        yield partial
        partial.rename(folder)


def program(name: str, why: str) -> str:
    """Return the path of a program.

    Raises:
        StackError: It is not installed.
    """
    found = shutil.which(name)
    if found is None:
        raise StackError(f"{name} is not installed; it is needed to {why}")
    return found


def run(
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] = {},
    text: str = "",
) -> str:
    """Run a program to its end, `text` being its input; return what it printed.

    Raises:
        StackError: It failed; with the end of its output.
    """
    done = subprocess.run(
        argv,
        cwd=cwd,
        env={**os.environ, **env},
        input=text,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise StackError(f"{Path(argv[0]).name} failed:\n{done.stdout[-3000:]}")
    return done.stdout


def uv() -> str:
    """Return the path of uv: the Makefile's `UV`, else the one installed."""
    return os.environ.get("UV") or program("uv", "make a server's own environment")
