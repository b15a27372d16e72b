"""Publishing from a worker process straight to Kafka."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from services.ingestion.adapters.event_publisher import EventPublisher
from services.platform.adapters.kafka_bus import KafkaBus
from services.platform.events import Event
from services.platform.settings import KafkaSettings
from services.platform.topics import Topic

CLIENT_ID = "ingestion"


class KafkaPublisher(EventPublisher):
    """`CataloguePublisher` on the Kafka bus, for callers that block.

    The bus lives on an event loop in a thread of its own; any number of threads may publish. Made
    after a worker has forked: threads do not survive a fork.
    """

    def __init__(self, settings: KafkaSettings, topics: Mapping[str, Topic]) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._bus = KafkaBus(settings, topics, client_id=CLIENT_ID)

    def send(self, events: Sequence[Event[Any]]) -> None:
        """Hand events to the bus in order; return when all replicas in sync have them."""
        work = self._bus.publish_many(events)
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def close(self) -> None:
        """Send what waits and end."""
        asyncio.run_coroutine_threadsafe(self._bus.close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
