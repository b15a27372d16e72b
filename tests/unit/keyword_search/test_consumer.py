"""Keyword search's event doors, on the in-memory bus."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio
from concierge.catalog.v1 import catalog_events_pb2, hotel_pb2
from google.protobuf import timestamp_pb2
from google.type import money_pb2

from services.keyword_search import consumer
from services.keyword_search.adapters.tantivy_index import TantivyIndex
from services.platform.adapters.memory_bus import InMemoryBus
from services.platform.events import Event
from services.platform.topics import load_topics
from services.recall.facts_change import FACTS_TOPIC
from services.recall.stage import HOTEL_TOPIC


class _Catalogue:
    """Publishes, and looks at what the index holds."""

    def __init__(self, bus: InMemoryBus, index: TantivyIndex) -> None:
        self._bus = bus
        self._index = index

    async def record(self, revision: int, price: int) -> None:
        hotel = hotel_pb2.Hotel(id="h", revision=revision)
        hotel.names.add(text="Inn")
        hotel.price.units = price
        hotel.as_of.seconds = revision
        await self._publish(HOTEL_TOPIC, catalog_events_pb2.HotelUpserted(hotel=hotel))

    async def change(self, seconds: int, price: int) -> None:
        await self._publish(
            FACTS_TOPIC,
            catalog_events_pb2.HotelFactsChanged(
                hotel_id="h",
                changed_at=timestamp_pb2.Timestamp(seconds=seconds),
                price=money_pb2.Money(units=price),
            ),
        )

    async def remove(self) -> None:
        await self._publish(HOTEL_TOPIC, None)

    async def price(self) -> int | None:
        record = (await self._index.get(["h"])).get("h")
        return None if record is None else hotel_pb2.Hotel.FromString(record).price.units

    async def reaches(self, price: int | None) -> None:
        async with asyncio.timeout(20.0):
            while await self.price() != price:
                await asyncio.sleep(0.01)

    async def _publish(self, topic: str, message: object) -> None:
        await self._bus.publish(Event(topic, message, source="test", key="h"))


@pytest_asyncio.fixture
async def catalogue() -> AsyncIterator[_Catalogue]:
    bus, index = InMemoryBus(load_topics()), TantivyIndex(writer_heap_bytes=15_000_000)
    await consumer.subscribe(bus, index, limit=10, budget_s=1.0, batch_size=10, max_in_flight=4)
    yield _Catalogue(bus, index)
    await bus.close()
    index.close()


async def test_a_change_is_taken_and_a_later_record_replaces_it(catalogue: _Catalogue) -> None:
    await catalogue.record(1, 300)
    await catalogue.reaches(300)
    await catalogue.change(5, 80)
    await catalogue.reaches(80)
    await catalogue.record(9, 200)
    await catalogue.reaches(200)


async def test_a_change_that_comes_before_its_hotel_waits_for_it(catalogue: _Catalogue) -> None:
    await catalogue.change(5, 80)
    await catalogue.change(4, 70)
    await catalogue.record(1, 300)
    await catalogue.reaches(80)


async def test_a_removed_hotel_is_not_brought_back_by_a_change(catalogue: _Catalogue) -> None:
    await catalogue.record(1, 300)
    await catalogue.reaches(300)
    await catalogue.remove()
    await catalogue.reaches(None)
    await catalogue.change(5, 80)
    await catalogue.record(6, 90)
    await catalogue.reaches(90)
