"""The event bus on Kafka."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from services.platform import envelope
from services.platform.adapters import kafka_topics
from services.platform.adapters.kafka_consumption import KafkaConsumption
from services.platform.adapters.kafka_producer import Message, Producer
from services.platform.adapters.kafka_source import PREFETCH_LEAST, Source
from services.platform.bus import Consumption, Handler, Subscription
from services.platform.delivery import DeadLetter, check
from services.platform.errors import FailedPrecondition, InvalidArgument
from services.platform.events import Event
from services.platform.settings import KafkaSettings
from services.platform.topics import Topic

# Events that one call hands to the producer at once; more go in turns.
BULK_SLICE = 5_000
LANE_IN_FLIGHT = 1_000
# Records taken ahead of handlers, as a multiple of those in work.
PREFETCH_FACTOR = 4
# Most bytes of one fetch: what is taken beyond the records that reading pauses at.
FETCH_BYTES = 1 << 20
BULK_FETCH_BYTES = 8 << 20


class KafkaBus:
    """`EventBus` on Kafka.

    A service starts with the brokers in reach: `start` and `subscribe` wait `start_timeout_s` for
    them and raise after it, so the process ends and its supervisor starts it again. Once started,
    brokers may go and come: publishing then fails within `publish_timeout_s`, readers wait and go
    on by themselves.

    Args:
        settings: Brokers and limits.
        topics: The registry; nothing else can be published to or read.
        client_id: What the brokers' logs call us: the service.
    """

    def __init__(
        self, settings: KafkaSettings, topics: Mapping[str, Topic], *, client_id: str
    ) -> None:
        self._settings = settings
        self._topics = topics
        # One of several replicas.
        self._client_id = f"{client_id}-{uuid.uuid4().hex[:8]}"
        self._interactive = Producer(
            settings, client_id=self._client_id, lane="interactive", topics=map(self._wire, topics)
        )
        # Compacted topics are filled in bulk, by few services: its producer starts when needed.
        self._bulk = Producer(
            settings,
            client_id=self._client_id,
            lane="bulk",
            topics=[self._wire(topic.name) for topic in topics.values() if topic.compacted],
        )
        self._consumptions: list[KafkaConsumption] = []

    async def start(self) -> None:
        """Connect, and make sure that the topics are there; return when events can be published.

        Raises:
            FailedPrecondition: A topic is missing or has too few partitions.
            Unavailable: The brokers are away for `start_timeout_s`; calling again is fine.
        """
        partitions = await kafka_topics.partition_counts(self._settings)
        for topic in self._topics.values():
            name = self._wire(topic.name)
            if (found := partitions.get(name, 0)) < topic.partitions:
                raise FailedPrecondition(
                    f"topic {name} has {found} partitions, not {topic.partitions}: "
                    "run concierge admin setup",
                    reason="TOPIC_DRIFT",
                    metadata={"topic": name},
                )
        await self._interactive.start()

    async def publish(self, event: Event[Any]) -> None:
        """Append the event to its topic; return when every replica in sync has it."""
        message = self._message(event)
        timeout_s = self._settings.publish_timeout_s
        if event.deadline is not None and not event.deadline.expired():
            timeout_s = min(timeout_s, event.deadline.remaining_s())
        await self._interactive.send((message,), timeout_s=timeout_s)

    async def publish_many(self, events: Sequence[Event[Any]]) -> None:
        """Append all events, in order per key; compacted topics over the bulk producer."""
        messages = [self._message(event) for event in events]
        is_bulk = [self._topics[event.topic].compacted for event in events]
        for producer, wanted in ((self._interactive, False), (self._bulk, True)):
            chosen = [m for m, bulk in zip(messages, is_bulk, strict=True) if bulk is wanted]
            size = min(BULK_SLICE, self._settings.max_unacknowledged)
            for start in range(0, len(chosen), size):
                await producer.send(
                    chosen[start : start + size], timeout_s=self._settings.publish_timeout_s
                )

    async def subscribe(self, subscription: Subscription) -> Consumption:
        """Start reading as a member of the group; return when its positions are fixed."""
        check(subscription, self._topics)
        in_bulk = subscription.batch_handler is not None
        at_once = subscription.max_batch if in_bulk else subscription.max_in_flight
        source = Source(
            name=subscription.group,
            topics=tuple(map(self._wire, subscription.topics)),
            grouped=not subscription.whole,
            partitions=tuple(
                (self._wire(topic), number)
                for topic in subscription.topics
                for number in range(self._topics[topic].partitions)
            ),
            from_beginning=subscription.from_beginning or subscription.whole,
            start_offsets={
                (self._wire(topic), number): offset
                for (topic, number), offset in subscription.start_offsets.items()
            },
            prefetch=max(PREFETCH_LEAST, PREFETCH_FACTOR * at_once),
            fetch_bytes=BULK_FETCH_BYTES if in_bulk else FETCH_BYTES,
            prefix=self._settings.prefix,
        )
        return await self._read(subscription, source)

    async def read_lane(self, topic: str, lane: int, handler: Handler) -> Consumption:
        """Read exactly one partition from its end, without a group."""
        self._check_partition(topic, lane)
        name = f"{self._client_id}.lane-{lane}"
        # Replies overlap freely; nothing is committed on a lane.
        subscription = Subscription(name, (topic,), handler, max_in_flight=LANE_IN_FLIGHT)
        source = Source(
            name,
            (self._wire(topic),),
            grouped=False,
            partitions=((self._wire(topic), lane),),
            fetch_bytes=FETCH_BYTES,
            prefix=self._settings.prefix,
        )
        return await self._read(subscription, source)

    def partitions(self, topic: str) -> int:
        """Return the topic's partition count."""
        self._check_partition(topic, 0)
        return self._topics[topic].partitions

    def is_working(self) -> bool:
        """Tell whether what is published is acknowledged; `True` while nothing is."""
        return not (self._interactive.is_stalled() or self._bulk.is_stalled())

    async def close(self) -> None:
        """Stop all consumptions, send what waits, release."""
        await asyncio.gather(*(consumption.stop() for consumption in self._consumptions))
        self._consumptions.clear()
        await asyncio.gather(self._interactive.close(), self._bulk.close())

    async def _read(self, subscription: Subscription, source: Source) -> Consumption:
        consumption = KafkaConsumption(
            subscription,
            source,
            self._bury if source.grouped else None,
            self._settings,
            client_id=self._client_id,
        )
        await consumption.start(self._settings.start_timeout_s)
        self._consumptions.append(consumption)
        return consumption

    async def _bury(self, letter: DeadLetter) -> None:
        message = Message(
            self._wire(letter.topic),
            0,
            letter.key.encode(),
            letter.value,
            list(letter.headers.items()),
        )
        await self._interactive.send((message,), timeout_s=self._settings.publish_timeout_s)

    def _message(self, event: Event[Any]) -> Message:
        self._check_partition(event.topic, 0 if event.lane is None else event.lane)
        return Message(
            self._wire(event.topic),
            event.lane,
            event.key.encode(),
            envelope.value_of(event),
            list(envelope.headers_of(event).items()),
        )

    def _wire(self, topic: str) -> str:
        """Return the brokers' name of a topic."""
        return self._settings.prefix + topic

    def _check_partition(self, topic: str, partition: int) -> None:
        known = self._topics.get(topic)
        if known is None:
            raise InvalidArgument(f"{topic} is not declared", field="topic")
        if not 0 <= partition < known.partitions:
            raise InvalidArgument(f"{topic} has no partition {partition}", field="lane")
