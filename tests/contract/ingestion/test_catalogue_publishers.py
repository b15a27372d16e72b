"""Every CataloguePublisher on the contract."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Iterator

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
from services.platform.events import Record
from services.platform.health import Health
from services.platform.rpc import RpcServer
from services.platform.settings import KafkaSettings, RpcSettings
from services.platform.topics import load_topics
from tests.contract.ingestion.catalogue_publisher_contract import (
    CataloguePublisherContract,
    Publish,
    Read,
    hotel,
)
from tests.kafka_topics import settings_for_tests
from tests.waiting import eventually

TOPICS = {name: load_topics()[name] for name in (HOTEL_TOPIC, FACTS_TOPIC)}


class TestGrpcPublisher(CataloguePublisherContract):
    @pytest.fixture
    async def bus(self) -> AsyncIterator[InMemoryBus]:
        bus = InMemoryBus(TOPICS)
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


@pytest.mark.integration
class TestKafkaPublisher(CataloguePublisherContract):
    @pytest.fixture
    def kafka(self) -> Iterator[KafkaSettings]:
        """Settings under which topics are this test's own."""
        settings = settings_for_tests(prefix=f"test{uuid.uuid4().hex[:10]}.")
        KafkaTopics(settings, TOPICS).apply()
        yield settings
        with admin_client(settings) as admin:
            admin.delete_topics([settings.prefix + name for name in TOPICS])

    @pytest.fixture
    async def publish(self, kafka: KafkaSettings) -> AsyncIterator[Publish]:
        publisher = KafkaPublisher(kafka, TOPICS)

        async def call(work: Callable[[CataloguePublisher], None]) -> None:
            await asyncio.to_thread(work, publisher)

        yield call
        await asyncio.to_thread(publisher.close)

    @pytest.fixture
    async def read(self, kafka: KafkaSettings) -> AsyncIterator[Read]:
        bus = KafkaBus(kafka, TOPICS, client_id="test")
        yield lambda topic, count: _read(bus, topic, count)
        await bus.close()


def test_a_bus_that_is_away_is_unavailable() -> None:
    publisher = GrpcPublisher("127.0.0.1:1", timeout_s=5.0)
    with pytest.raises(Unavailable) as refused:
        publisher.publish([hotel("1")], job_id="")
    assert refused.value.reason == "BUS_AWAY"
