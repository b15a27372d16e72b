"""The Kafka bus on a real broker: `CONCIERGE_TEST_KAFKA`, host:port."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping

import pytest

from services.platform.adapters.kafka_bus import KafkaBus
from services.platform.settings import KafkaSettings
from services.platform.topics import Topic
from tests.contract.platform.event_bus_contract import EventBusContract
from tests.kafka_topics import fresh_topics, settings_for_tests

pytestmark = pytest.mark.integration


class TestKafkaBus(EventBusContract):
    @pytest.fixture
    def settings(self) -> KafkaSettings:
        return settings_for_tests()

    @pytest.fixture
    def topics(self, settings: KafkaSettings) -> Iterator[Mapping[str, Topic]]:
        with fresh_topics(settings) as topics:
            yield topics

    @pytest.fixture
    def topic(self, topics: Mapping[str, Topic]) -> str:
        return next(name for name in topics if name.endswith(".facts.v1"))

    @pytest.fixture
    def compacted(self, topics: Mapping[str, Topic]) -> str:
        return next(name for name in topics if name.endswith(".state.v1"))

    @pytest.fixture
    async def bus(
        self, settings: KafkaSettings, topics: Mapping[str, Topic]
    ) -> AsyncIterator[KafkaBus]:
        bus = KafkaBus(settings, topics, client_id="test")
        await bus.start()
        yield bus
        await bus.close()


class TestKafkaBusBesideAnother(TestKafkaBus):
    """Several deployments on one Kafka: names differ there, handlers see none of it."""

    @pytest.fixture
    def settings(self) -> KafkaSettings:
        return settings_for_tests(prefix="green.")
