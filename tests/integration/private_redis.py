"""A Redis of one test's own, to be stopped, frozen and killed."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local import process
from infra.local.redis import Redis
from infra.local.server import Places


class PrivateRedis:
    """A real redis-server in a folder."""

    def __init__(self, folder: Path) -> None:
        self._server = Redis(places=Places(folder / "redis", folder / "cache"), port=_free_port())
        self.url = self._server.endpoint()[1]

    def start(self) -> None:
        process.start(self._server)

    def kill(self) -> None:
        assert process.kill(self._server)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        pid = process.running_pid(self._server)
        assert pid is not None
        os.kill(pid, number)


@contextmanager
def private_redis(folder: Path) -> Iterator[PrivateRedis]:
    """Run a Redis; ended at the end, whatever the test has done to it."""
    server = PrivateRedis(folder)
    server.start()
    try:
        yield server
    finally:
        process.kill(server._server)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
