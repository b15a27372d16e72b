"""Topics of their own for each test on a real broker."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from services.platform.adapters.kafka_topics import KafkaTopics, admin_client
from services.platform.settings import KafkaSettings
from services.platform.topics import Topic
from tests.contract.platform.event_bus_contract import topics_of
from tests.endpoints import endpoint


def settings_for_tests(address: str | None = None, **more: object) -> KafkaSettings:
    """Return settings for the test broker, impatient ones."""
    values = {
        "bootstrap_servers": address or endpoint("KAFKA"),
        "session_timeout_s": 3.0,
        "commit_interval_s": 0.2,
        **more,
    }
    return KafkaSettings.model_validate(values)


@contextmanager
def fresh_topics(settings: KafkaSettings | None = None) -> Iterator[Mapping[str, Topic]]:
    """Yield topics with a name of their own, gone after the test."""
    settings = settings or settings_for_tests()
    topics = topics_of(f"concierge.test{uuid.uuid4().hex[:10]}")
    KafkaTopics(settings, topics).apply()
    yield topics
    with admin_client(settings) as admin:
        admin.delete_topics([settings.prefix + name for name in topics])
