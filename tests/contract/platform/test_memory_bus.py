"""The in-memory bus, without and with its durable log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.platform.adapters.memory_bus import InMemoryBus
from services.platform.adapters.sqlite_log import SqliteLog
from services.platform.bus import Subscription
from services.platform.events import Record
from tests.contract.platform.event_bus_contract import (
    EventBusContract,
    event,
    text_of,
    topics_of,
    until,
)

TOPICS = topics_of("concierge.test")


class _MemoryBus(EventBusContract):
    @pytest.fixture
    def topic(self) -> str:
        return "concierge.test.facts.v1"

    @pytest.fixture
    def compacted(self) -> str:
        return "concierge.test.state.v1"


class TestInMemoryBus(_MemoryBus):
    @pytest.fixture
    async def bus(self) -> AsyncIterator[InMemoryBus]:
        bus = InMemoryBus(TOPICS)
        yield bus
        await bus.close()


class TestInMemoryBusWithLog(_MemoryBus):
    @pytest.fixture
    async def bus(self, tmp_path: Path) -> AsyncIterator[InMemoryBus]:
        log = SqliteLog(tmp_path / "log.sqlite")
        bus = InMemoryBus(TOPICS, durable_log=log)
        yield bus
        await bus.close()
        log.close()


async def test_compacted_topics_outlive_the_bus_with_the_latest_record_per_key(
    tmp_path: Path,
) -> None:
    topic = "concierge.test.state.v1"
    log = SqliteLog(tmp_path / "log.sqlite")
    bus = InMemoryBus(TOPICS, durable_log=log)
    await bus.publish_many([event(topic, f"k{n % 5}", str(n)) for n in range(20)])
    await bus.close()
    log.close()

    log = SqliteLog(tmp_path / "log.sqlite")
    bus = InMemoryBus(TOPICS, durable_log=log)
    seen: dict[str, str] = {}

    async def handler(record: Record) -> None:
        seen[record.key] = text_of(record)

    await bus.subscribe(Subscription("concierge.test", (topic,), handler, from_beginning=True))
    await until(lambda: len(seen) == 5)
    assert seen == {f"k{n % 5}": str(n) for n in range(15, 20)}
    await bus.close()
    log.close()


async def test_a_reader_starts_where_its_own_snapshot_ended(tmp_path: Path) -> None:
    topic = "concierge.test.state.v1"
    log = SqliteLog(tmp_path / "log.sqlite")
    bus = InMemoryBus(TOPICS, durable_log=log)
    await bus.publish_many([event(topic, "same", "old"), event(topic, "same2", "x")])
    partition = bus.partition_for(topic, "new")
    start = log.end(topic, partition)
    await bus.publish(event(topic, "new", "new"))
    seen: list[str] = []

    async def handler(record: Record) -> None:
        seen.append(record.key)

    offsets = {(topic, n): log.end(topic, n) for n in range(2)} | {(topic, partition): start}
    await bus.subscribe(Subscription("concierge.test", (topic,), handler, start_offsets=offsets))
    await until(lambda: bool(seen))
    assert seen == ["new"]
    await bus.close()
    log.close()
