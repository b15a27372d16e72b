"""Every CataloguePublisher on the contract."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from concierge.events.v1 import event_bus_pb2_grpc

from services.embedded import event_bus_door
from services.ingestion.adapters.grpc_publisher import GrpcPublisher
from services.ingestion.ports import CataloguePublisher
from services.platform.adapters.memory_bus import InMemoryBus
from services.platform.bus import Subscription
from services.platform.errors import Unavailable
from services.platform.events import Record
from services.platform.health import Health
from services.platform.rpc import RpcServer
from services.platform.settings import RpcSettings
from services.platform.topics import load_topics
from tests.contract.ingestion.catalogue_publisher_contract import (
    CataloguePublisherContract,
    Publish,
    Read,
    hotel,
)
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
        async def read(topic: str, count: int) -> list[Record]:
            records: list[Record] = []

            async def keep(record: Record) -> None:
                records.append(record)

            async def are_there() -> bool:
                return len(records) >= count

            consumption = await bus.subscribe(
                Subscription("concierge.vector_retrieval.test", (topic,), keep, from_beginning=True)
            )
            await eventually(are_there)
            await consumption.stop()
            return records

        return read


def test_a_bus_that_is_away_is_unavailable() -> None:
    publisher = GrpcPublisher("127.0.0.1:1", timeout_s=5.0)
    with pytest.raises(Unavailable) as refused:
        publisher.publish([hotel("1")], job_id="")
    assert refused.value.reason == "BUS_AWAY"
