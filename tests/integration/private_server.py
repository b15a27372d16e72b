"""A server of one test's own, to be stopped, frozen and killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from infra.local import process
from infra.local.server import Server


class PrivateServer:
    """A server of the local stack with a folder and ports that nobody else uses."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.address = server.endpoint()[1]

    def start(self) -> None:
        process.start(self._server)

    def kill(self) -> None:
        assert process.kill(self._server)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def end(self) -> None:
        """End it, whatever was done to it."""
        process.kill(self._server)

    def _signal(self, number: signal.Signals) -> None:
        pid = process.running_pid(self._server)
        assert pid is not None
        os.killpg(pid, number)


@contextmanager
def private(server: PrivateServer) -> Iterator[None]:
    """Run a server; ended at the end."""
    server.start()
    try:
        yield
    finally:
        server.end()
