"""Every CataloguePublisher on the contract."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from concierge.events.v1 import event_bus_pb2_grpc

from services.embedded import event_bus_door
from services.ingestion.adapters.event_publisher import FACTS_TOPIC, HOTEL_TOPIC
from services.ingestion.adapters.grpc_publisher import GrpcPublisher
from services.ingestion.adapters.kafka_publisher import KafkaPublisher
from services.ingestion.ports import CataloguePublisher
from services.platform.adapters.kafka_bus import KafkaBus
from services.platform.adapters.kafka_topics import KafkaTopics, admin_client
from services.platform.adapters.memory_bus import InMemoryBus
from services.platform.bus import EventBus, Subscription
from services.platform.errors import Unavailable
from services.platform.events import Event, Record
from services.platform.health import Health
from services.platform.rpc import RpcServer
from services.platform.settings import RpcSettings
from services.platform.topics import Topic, load_topics
from tests.contract.ingestion.catalogue_publisher_contract import (
    CataloguePublisherContract,
    Publish,
    Read,
    hotel,
)
from tests.kafka_topics import settings_for_tests
from tests.waiting import eventually


class TestGrpcPublisher(CataloguePublisherContract):
    @pytest.fixture
    async def bus(self) -> AsyncIterator[InMemoryBus]:
        bus = InMemoryBus(load_topics())
        yield bus
        await bus.close()

    @pytest.fixture
    async def publish(self, bus: InMemoryBus) -> AsyncIterator[Publish]:
        server = RpcServer("127.0.0.1:0", settings=RpcSettings(), health=Health())
        server.add(
            event_bus_pb2_grpc.add_EventBusServiceServicer_to_server,
            event_bus_door.EventBusServicer(bus),
            event_bus_door.SERVICE_NAME,
        )
        publisher = GrpcPublisher(f"127.0.0.1:{await server.start()}", timeout_s=20.0)

        async def call(work: Callable[[CataloguePublisher], None]) -> None:
            await asyncio.to_thread(work, publisher)

        yield call
        await server.stop(0)

    @pytest.fixture
    def read(self, bus: InMemoryBus) -> Read:
        return lambda topic, count: _read(bus, topic, count)


async def _read(bus: EventBus, topic: str, count: int) -> list[Record]:
    records: list[Record] = []

    async def keep(record: Record) -> None:
        records.append(record)

    async def are_there() -> bool:
        return len(records) >= count

    consumption = await bus.subscribe(
        Subscription("concierge.test", (topic,), keep, max_in_flight=1, whole=True)
    )
    await eventually(are_there)
    await consumption.stop()
    return records


class _RenamedTopics(KafkaPublisher):
    """Publishes to topics of a test's own."""

    def __init__(self, topics: Mapping[str, Topic]) -> None:
        super().__init__(settings_for_tests(), {topic.name: topic for topic in topics.values()})
        self._names = {name: topic.name for name, topic in topics.items()}

    def send(self, events: Sequence[Event[Any]]) -> None:
        super().send([replace(event, topic=self._names[event.topic]) for event in events])


@pytest.mark.integration
class TestKafkaPublisher(CataloguePublisherContract):
    @pytest.fixture
    def topics(self) -> Iterator[Mapping[str, Topic]]:
        """Topics of this test's own, by the names they stand for."""
        run, shipped = f"test{uuid.uuid4().hex[:10]}", load_topics()
        topics = {
            name: replace(shipped[name], name=f"{run}.{name}")
            for name in (HOTEL_TOPIC, FACTS_TOPIC)
        }
        own = {topic.name: topic for topic in topics.values()}
        KafkaTopics(settings_for_tests(), own).apply()
        yield topics
        with admin_client(settings_for_tests()) as admin:
            admin.delete_topics(list(own))

    @pytest.fixture
    async def publish(self, topics: Mapping[str, Topic]) -> AsyncIterator[Publish]:
        publisher = _RenamedTopics(topics)

        async def call(work: Callable[[CataloguePublisher], None]) -> None:
            await asyncio.to_thread(work, publisher)

        yield call
        await asyncio.to_thread(publisher.close)

    @pytest.fixture
    async def read(self, topics: Mapping[str, Topic]) -> AsyncIterator[Read]:
        own = {topic.name: topic for topic in topics.values()}
        bus = KafkaBus(settings_for_tests(), own, client_id="test")
        yield lambda topic, count: _read(bus, topics[topic].name, count)
        await bus.close()


def test_a_bus_that_is_away_is_unavailable() -> None:
    publisher = GrpcPublisher("127.0.0.1:1", timeout_s=5.0)
    with pytest.raises(Unavailable) as refused:
        publisher.publish([hotel("1")], job_id="")
    assert refused.value.reason == "BUS_AWAY"
