"""Dead-letter topics for an operator: what lies there, and back to where it came from.

Replaying is remembered as the position of the group `concierge.admin`, so each letter goes back
once. What the topic's other consumers did with the event they do again: handlers are idempotent.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.errors import KafkaError

from services.platform.adapters.kafka_client import client_options, in_ms, translated
from services.platform.adapters.kafka_producer import Message, Producer
from services.platform.adapters.kafka_source import record_of
from services.platform.delivery import ERROR, ORIGIN
from services.platform.errors import InvalidArgument, NotFound, Unavailable
from services.platform.events import Record
from services.platform.settings import KafkaSettings
from services.platform.topics import Topic

CLIENT_ID = "concierge-admin"
GROUP = "concierge.admin"
SUFFIX = ".dlt"
POLL_MS = 200
# Letters that are published together; the position is committed after each such turn.
TURN = 200


@dataclass(frozen=True, slots=True)
class Letters:
    """How a dead-letter topic stands.

    Attributes:
        name: `<topic>.<service>`.
        kept: Letters that retention has not removed.
        waiting: Of these, not replayed.
    """

    name: str
    kept: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay did.

    Attributes:
        published: Letters that are in their topic again.
        superseded: Letters left alone: their compacted topic has a newer record of the key,
            which the letter would have replaced for good.
    """

    published: int = 0
    superseded: int = 0


class KafkaDeadLetters:
    """The dead-letter topics of the registry.

    Args:
        settings: Brokers.
        topics: The registry, dead letters included.
    """

    def __init__(self, settings: KafkaSettings, topics: Mapping[str, Topic]) -> None:
        self._settings = settings
        self._topics = topics

    async def standing(self) -> list[Letters]:
        """Return how every dead-letter topic stands that holds letters.

        Raises:
            Unavailable: The brokers are away.
        """
        names = [name for name in self._topics if name.endswith(SUFFIX)]
        return await asyncio.to_thread(self._standing, names)

    async def show(self, name: str, *, limit: int) -> Sequence[Record]:
        """Return the oldest letters that were not replayed.

        Args:
            name: `<topic>.<service>`.
            limit: Most letters.

        Raises:
            NotFound: The registry has no such consumer.
            Unavailable: The brokers are away.
        """
        return await asyncio.to_thread(self._waiting, self._letters_of(name), limit)

    async def replay(self, name: str, *, limit: int) -> Replayed:
        """Publish the oldest letters that were not replayed to their topic, as they were.

        Letters that come meanwhile stay, among them those that are refused once more.

        Raises:
            NotFound: The registry has no such consumer.
            InvalidArgument: A letter does not say where it came from; those before it went back.
            Unavailable: The brokers are away; what was published and not yet committed goes back
                again next time.
        """
        letters = self._letters_of(name)
        topic = self._topics[name.rpartition(".")[0]]
        producer = Producer(
            self._settings,
            client_id=CLIENT_ID,
            lane="interactive",
            topics=[self._settings.prefix + topic.name],
        )
        await producer.start()
        published = superseded = 0
        try:
            end = await asyncio.to_thread(self._end, letters)
            while published + superseded < limit:
                turn = min(TURN, limit - published - superseded)
                waiting = await asyncio.to_thread(self._waiting, letters, turn, end)
                if not waiting:
                    break
                fresh = await asyncio.to_thread(self._not_superseded, topic, waiting)
                await producer.send(
                    [self._message(topic, record) for record in fresh],
                    timeout_s=self._settings.publish_timeout_s,
                )
                await asyncio.to_thread(self._commit, letters, waiting[-1].offset + 1)
                published += len(fresh)
                superseded += len(waiting) - len(fresh)
        finally:
            await producer.close()
        return Replayed(published, superseded)

    def _letters_of(self, name: str) -> TopicPartition:
        if name + SUFFIX not in self._topics or name.rpartition(".")[0] not in self._topics:
            raise NotFound(f"{name} is no <topic>.<service> of the registry")
        return self._partition(name + SUFFIX, 0)

    def _partition(self, topic: str, number: int) -> TopicPartition:
        return TopicPartition(self._settings.prefix + topic, number)

    def _standing(self, names: Sequence[str]) -> list[Letters]:
        partitions = {self._partition(name, 0): name for name in names}
        with self._consumer() as consumer:
            starts = consumer.beginning_offsets(list(partitions))
            ends = consumer.end_offsets(list(partitions))
            found = []
            for partition, name in partitions.items():
                start, end = starts[partition], ends[partition]
                if start < end:
                    replayed = max(start, consumer.committed(partition) or start)
                    found.append(Letters(name.removesuffix(SUFFIX), end - start, end - replayed))
        return found

    def _end(self, letters: TopicPartition) -> int:
        with self._consumer() as consumer:
            return int(consumer.end_offsets([letters])[letters])

    def _waiting(
        self, letters: TopicPartition, limit: int, end: int | None = None
    ) -> Sequence[Record]:
        with self._consumer() as consumer:
            start = consumer.beginning_offsets([letters])[letters]
            start = max(start, consumer.committed(letters) or start)
            return self._read(consumer, letters, start, limit, end)

    def _read(
        self,
        consumer: KafkaConsumer,
        partition: TopicPartition,
        start: int,
        limit: int,
        end: int | None = None,
    ) -> list[Record]:
        """Return at most `limit` records from an offset up to `end`, else to the present end."""
        consumer.assign([partition])
        if end is None:
            end = consumer.end_offsets([partition])[partition]
        consumer.seek(partition, start)
        records: list[Record] = []
        patience = time.monotonic() + self._settings.start_timeout_s
        while len(records) < limit and consumer.position(partition) < end:
            found = consumer.poll(POLL_MS, max_records=limit - len(records))
            entries = found.get(partition, ())
            records += [
                record_of(entry, self._settings.prefix) for entry in entries if entry.offset < end
            ]
            if entries:
                patience = time.monotonic() + self._settings.start_timeout_s
            elif time.monotonic() > patience:
                raise Unavailable(f"kafka sends nothing of {partition.topic}")
        return records

    def _not_superseded(self, topic: Topic, letters: Sequence[Record]) -> list[Record]:
        """Return the letters whose key has no newer record in a compacted topic."""
        if not topic.compacted:
            return list(letters)
        oldest: dict[int, int] = {}
        for letter in letters:
            number, offset = _origin(topic, letter)
            oldest[number] = min(offset, oldest.get(number, offset))
        newest: defaultdict[str, int] = defaultdict(int)
        with self._consumer() as consumer:
            for number, start in oldest.items():
                for record in self._after(consumer, self._partition(topic.name, number), start):
                    newest[record.key] = max(newest[record.key], record.offset)
        return [letter for letter in letters if newest[letter.key] <= _origin(topic, letter)[1]]

    def _after(
        self, consumer: KafkaConsumer, partition: TopicPartition, start: int
    ) -> Iterator[Record]:
        while records := self._read(consumer, partition, start, TURN):
            yield from records
            start = records[-1].offset + 1

    def _message(self, topic: Topic, letter: Record) -> Message:
        number, _ = _origin(topic, letter)
        headers = [(k, v) for k, v in letter.headers.items() if k not in (ERROR, ORIGIN)]
        return Message(
            self._settings.prefix + topic.name, number, letter.key.encode(), letter.value, headers
        )

    def _commit(self, letters: TopicPartition, position: int) -> None:
        with self._consumer() as consumer:
            consumer.assign([letters])
            consumer.commit(
                {letters: OffsetAndMetadata(position, "", -1)},
                timeout_ms=in_ms(self._settings.request_timeout_s),
            )

    @contextmanager
    def _consumer(self) -> Iterator[KafkaConsumer]:
        consumer = KafkaConsumer(
            **client_options(self._settings, CLIENT_ID),
            group_id=self._settings.prefix + GROUP,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        try:
            yield consumer
        except KafkaError as error:
            raise translated(error, "reading dead letters") from error
        finally:
            consumer.close(autocommit=False)


def _origin(topic: Topic, letter: Record) -> tuple[int, int]:
    """Return the partition and offset that a letter had in its topic."""
    name, _, place = letter.headers.get(ORIGIN, b"").decode("utf-8", "replace").partition("/")
    number, _, offset = place.partition("/")
    if name != topic.name or not number.isdigit() or not offset.isdigit():
        raise InvalidArgument(
            f"letter {letter.offset} does not come from {topic.name}", field=ORIGIN
        )
    return int(number), int(offset)
