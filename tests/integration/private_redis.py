"""A Redis of one test's own, to be stopped, frozen and killed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local.redis import Redis
from infra.local.server import Places
from tests.integration.private_server import PrivateServer, private
from tests.ports import free_port


class PrivateRedis(PrivateServer):
    """A real redis-server in a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(Redis(places=Places(folder / "redis", folder / "cache"), port=free_port()))
        self.url = self.address


@contextmanager
def private_redis(folder: Path) -> Iterator[PrivateRedis]:
    """Run a Redis; ended at the end, whatever the test has done to it."""
    server = PrivateRedis(folder)
    with private(server):
        yield server
