"""What the launcher knows of a server, and the paths and ports it is given."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"


class StackError(Exception):
    """Something the person at the keyboard has to know; one sentence."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where a server's files lie.

    Attributes:
        state: What outlives the process: data, configuration, `server.log`, `pid`.
        cache: Downloads, kept by version; safe to delete.
    """

    state: Path
    cache: Path

    @classmethod
    def of(cls, name: str) -> Places:
        """Return a server's places: `CONCIERGE_STACK_DIR` and `CONCIERGE_STACK_CACHE`."""
        state = Path(os.environ.get("CONCIERGE_STACK_DIR") or ROOT / ".stack")
        cache = Path(os.environ.get("CONCIERGE_STACK_CACHE") or ROOT / ".cache" / "stack")
        return cls(state.resolve() / name, cache.resolve())

    @property
    def log(self) -> Path:
        """What the server prints."""
        return self.state / "server.log"


def port_of(name: str, default: int) -> int:
    """Return a port: `CONCIERGE_STACK_<NAME>_PORT` or the default.

    Raises:
        StackError: The variable is no port.
    """
    variable = f"CONCIERGE_STACK_{name.upper()}_PORT"
    text = os.environ.get(variable) or str(default)
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise StackError(f"{variable} is {text!r}, not a port")
    return int(text)


@dataclass(frozen=True, slots=True)
class Command:
    """How a server is started.

    Attributes:
        argv: The program and its arguments.
        env: Variables beside the caller's own.
        cwd: Working directory; the state folder when `None`.
        user: Account to run as when the caller is root; for servers that refuse root.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    user: str | None = None


class Server(Protocol):
    """One server of the stack."""

    name: str
    places: Places
    start_wait_s: float
    stop_signal: signal.Signals
    stop_wait_s: float

    def endpoint(self) -> tuple[str, str]:
        """Return the variable that tests read, and its value: `CONCIERGE_TEST_KAFKA`, address."""
        ...

    def fetch(self) -> None:
        """Bring what is missing into the cache, by versions; progress on stderr.

        Raises:
            StackError: A tool is missing or a download failed.
        """
        ...

    def prepare(self) -> Command:
        """Write the configuration into the state folder and return how to start; repeatable."""
        ...

    def is_ready(self) -> bool:
        """Tell whether the server answers a real request now, within about a second."""
        ...


def listens(port: int) -> bool:
    """Tell whether something accepts connections on a local port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST, port)) == 0
