"""A reader and writer of raw records beside the services, as a stray client would be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from services.platform.adapters.kafka_client import client_options
from services.platform.settings import KafkaSettings

Headers = Sequence[tuple[str, bytes]]


class Tap:
    """Reads every record of some topics from now on; writes records as they are told.

    Blocking, and one thread at a time: call it by `asyncio.to_thread`.

    Args:
        settings: The brokers, and the prefix of the topics' names.
        topics: What is read, without the prefix.
    """

    def __init__(self, settings: KafkaSettings, topics: Sequence[str]) -> None:
        self._prefix = settings.prefix
        options = client_options(settings, "tap")
        self._producer = KafkaProducer(**options, acks="all")
        self._consumer = KafkaConsumer(**options, group_id=None, enable_auto_commit=False)
        partitions = [
            TopicPartition(self._prefix + topic, number)
            for topic in topics
            for number in self._consumer.partitions_for_topic(self._prefix + topic) or ()
        ]
        self._consumer.assign(partitions)
        self._consumer.seek_to_end(*partitions)
        for partition in partitions:  # asked for now: later is too late
            self._consumer.position(partition)

    def read(self) -> list[Any]:
        """Return what came since, waiting a moment for the first."""
        found = self._consumer.poll(timeout_ms=200, max_records=10_000)
        return [record for records in found.values() for record in records]

    def read_until(self, holds: Callable[[list[Any]], bool], *, polls: int = 100) -> list[Any]:
        """Return what came until all of it satisfies a condition.

        Raises:
            TimeoutError: It did not within so many polls.
        """
        records: list[Any] = []
        for _ in range(polls):
            records += self.read()
            if holds(records):
                return records
        raise TimeoutError(f"{len(records)} records came, not what was waited for")

    def write(
        self,
        topic: str,
        *,
        key: bytes,
        value: bytes | None,
        headers: Headers,
        partition: int | None = None,
    ) -> None:
        """Publish a record; return when it is acknowledged."""
        self._producer.send(
            topic if topic.startswith(self._prefix) else self._prefix + topic,
            key=key,
            value=value,
            headers=list(headers),
            partition=partition,
        ).get(timeout=20)

    def close(self) -> None:
        """Leave."""
        self._consumer.close()
        self._producer.close()
