"""A steady load of numbered events, and what became of each."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.platform.bus import EventBus
from services.platform.errors import ResourceExhausted, Unavailable
from tests.contract.platform.event_bus_contract import event

PAUSE_S = 0.005
KEYS = 8


class Load:
    """Publishes numbers to a topic until told to stop.

    Attributes:
        acknowledged: What the bus took, in order.
        failures: Errors of the rest; none of those numbers is tried again.
    """

    def __init__(self, bus: EventBus, topic: str) -> None:
        self._bus = bus
        self._topic = topic
        self.acknowledged: list[str] = []
        self.failures: list[Exception] = []

    async def run(self) -> None:
        for number in itertools.count():
            try:
                await self._bus.publish(event(self._topic, f"k{number % KEYS}", str(number)))
                self.acknowledged.append(str(number))
            except (Unavailable, ResourceExhausted) as error:
                self.failures.append(error)
            await asyncio.sleep(PAUSE_S)


@asynccontextmanager
async def steady_load(bus: EventBus, topic: str) -> AsyncIterator[Load]:
    """Publish in the background for as long as the block runs."""
    load = Load(bus, topic)
    task = asyncio.create_task(load.run())
    try:
        yield load
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
