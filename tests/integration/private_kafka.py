"""A Kafka of one test file's own, to be stopped, frozen and killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local import process
from infra.local.kafka import Kafka
from infra.local.server import HOST, Places, StackError, listens
from tests.endpoints import endpoint, unavailable


class PrivateKafka:
    """A real broker in a folder, from the stack's jars."""

    def __init__(self, folder: Path) -> None:
        self._server = Kafka(Places(folder / "kafka", Places.of("kafka").cache), _free_ports(3))
        self.address = self._server.endpoint()[1]
        self.sasl_address = f"{HOST}:{self._server.sasl_port}"

    def start(self) -> None:
        self._server.fetch()
        process.start(self._server)

    def kill(self) -> None:
        process.kill(self._server)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        pid = process.running_pid(self._server)
        assert pid is not None
        os.killpg(pid, number)


@contextmanager
def private_kafka(folder: Path) -> Iterator[PrivateKafka]:
    """Run a Kafka where tests run on real ones at all; ended, whatever a test has done to it."""
    endpoint("KAFKA")
    server = PrivateKafka(folder)
    try:
        server.start()
    except StackError as error:
        unavailable("KAFKA", str(error))
    try:
        yield server
    finally:
        server.kill()


def _free_ports(count: int) -> int:
    """Return the first of some free ports, below those that outgoing connections get."""
    first = 20_000 + os.getpid() % 10_000
    while any(listens(first + offset) for offset in range(count)):
        first += count
    return first
