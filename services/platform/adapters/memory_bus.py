"""The event bus in memory: Kafka's semantics for one process.

Interactive topics live in memory and are gone with the process; compacted topics live in a
`SqliteLog` and outlive it. One event loop: all methods are called on the loop that made it.
"""

from __future__ import annotations

import asyncio
import itertools
import zlib
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from services.platform import envelope, metrics
from services.platform.adapters.sqlite_log import Entry, SqliteLog
from services.platform.bus import Consumption, Handler, Subscription
from services.platform.errors import ConciergeError, InvalidArgument
from services.platform.events import Event, Record
from services.platform.topics import Topic, dead_letter_topic

RETRY_FIRST_S = 0.05
RETRY_MOST_S = 5.0
# Records a topic without a waiting group keeps; what every group has passed is dropped.
RETAINED = 10_000

log = structlog.get_logger(__name__)


class _Partition:
    """Records of one partition in memory; `base` is the position of the first one kept."""

    def __init__(self, topic: str, number: int) -> None:
        self.topic = topic
        self.number = number
        self.base = 0
        self.records: deque[Record] = deque()

    @property
    def end(self) -> int:
        return self.base + len(self.records)

    def append(self, key: str, value: bytes | None, headers: Mapping[str, bytes]) -> None:
        self.records.append(Record(self.topic, self.number, self.end, key, value, headers))

    async def read(self, position: int, limit: int) -> Sequence[Record]:
        start = max(0, position - self.base)
        return list(itertools.islice(self.records, start, start + limit))

    def drop_before(self, position: int) -> None:
        while self.records and (self.base < position or len(self.records) > RETAINED):
            self.records.popleft()
            self.base += 1


class _LoggedPartition:
    """One partition of a compacted topic, in the log."""

    def __init__(self, topic: str, number: int, log_file: SqliteLog) -> None:
        self.topic = topic
        self.number = number
        self._log = log_file

    @property
    def end(self) -> int:
        return self._log.end(self.topic, self.number)

    async def read(self, position: int, limit: int) -> Sequence[Record]:
        return await asyncio.to_thread(self._log.read, self.topic, self.number, position, limit)

    def drop_before(self, position: int) -> None:
        """The log keeps the latest record per key for ever."""


_AnyPartition = _Partition | _LoggedPartition


class InMemoryBus:
    """`EventBus` in one process.

    Args:
        topics: The registry; nothing else can be published to or read.
        durable_log: Where compacted topics live; without it they live in memory too.
    """

    def __init__(
        self, topics: Mapping[str, Topic], *, durable_log: SqliteLog | None = None
    ) -> None:
        self._topics = topics
        self._log = durable_log
        self._partitions: dict[str, list[_AnyPartition]] = {
            topic.name: [
                _LoggedPartition(topic.name, number, durable_log)
                if topic.compacted and durable_log is not None
                else _Partition(topic.name, number)
                for number in range(topic.partitions)
            ]
            for topic in topics.values()
        }
        self._groups: dict[str, _Group] = {}
        self._lanes = itertools.count()

    async def publish(self, event: Event[Any]) -> None:
        """Append the event to its topic."""
        await self.publish_many((event,))

    async def publish_many(self, events: Sequence[Event[Any]]) -> None:
        """Append all events, in order per key."""
        entries = [
            Entry(
                event.topic,
                self._partition(event.topic, event.key, event.lane),
                event.key,
                envelope.headers_of(event),
                envelope.value_of(event),
            )
            for event in events
        ]
        await self.append(entries)

    async def append(self, entries: Sequence[Entry]) -> None:
        """Append records that are serialised already.

        Raises:
            InvalidArgument: A topic or partition does not exist; then nothing was appended.
            Unavailable: The log could not be written; then nothing compacted was appended.
        """
        for entry in entries:
            self._check(entry.topic, entry.partition)
        logged = [e for e in entries if self._log is not None and self._topics[e.topic].compacted]
        if logged and self._log is not None:
            await asyncio.to_thread(self._log.append, logged)
        touched = {}
        for entry in entries:
            partition = self._partitions[entry.topic][entry.partition]
            if isinstance(partition, _Partition):
                partition.append(entry.key, entry.value, entry.headers)
            touched[id(partition)] = partition
        for partition in touched.values():
            readers = [g for g in self._groups.values() if g.wake(partition)]
            if not readers:
                partition.drop_before(partition.end - RETAINED)

    def partition_for(self, topic: str, key: str) -> int:
        """Return the partition of a key."""
        return self._partition(topic, key, None)

    async def subscribe(self, subscription: Subscription) -> Consumption:
        """Start reading as a member of the group."""
        if (subscription.handler is None) is (subscription.batch_handler is None):
            raise InvalidArgument("give handler or batch_handler", field="subscription")
        for topic in subscription.topics:
            self._check(topic, 0)
        group = self._groups.get(subscription.group)
        if group is None:
            group = self._groups[subscription.group] = _Group(subscription.group, self)
        member = _Member(group, subscription)
        group.join(
            member, [part for topic in subscription.topics for part in self._partitions[topic]]
        )
        return member

    async def read_lane(self, topic: str, lane: int, handler: Handler) -> Consumption:
        """Read exactly one partition from its end."""
        self._check(topic, lane)
        group = _Group(f"lane-{next(self._lanes)}", self)
        self._groups[group.name] = group
        # Replies overlap freely; nothing is committed on a lane.
        member = _Member(group, Subscription(group.name, (topic,), handler, max_in_flight=1_000))
        group.join(member, [self._partitions[topic][lane]])
        return member

    def partitions(self, topic: str) -> int:
        """Return the topic's partition count."""
        self._check(topic, 0)
        return self._topics[topic].partitions

    async def close(self) -> None:
        """Stop all consumptions; the log stays open for its owner to close."""
        for group in list(self._groups.values()):
            for member in list(group.members):
                await member.stop()

    def lag(self) -> int:
        """Return how far the slowest group is behind on compacted topics, in records."""
        return max(
            (
                cursor.partition.end - cursor.committed
                for group in self._groups.values()
                for cursor in group.cursors.values()
                if isinstance(cursor.partition, _LoggedPartition)
            ),
            default=0,
        )

    def forget(self, group: str) -> None:
        """Remove a lane that nobody reads any more."""
        if group.startswith("lane-"):
            self._groups.pop(group, None)

    def trim(self, partition: _AnyPartition) -> None:
        """Drop what every group has passed."""
        cursors = [
            cursor.committed
            for group in self._groups.values()
            if (cursor := group.cursors.get(id(partition))) is not None
        ]
        if cursors:
            partition.drop_before(min(cursors))

    def _check(self, topic: str, partition: int) -> None:
        known = self._topics.get(topic)
        if known is None:
            raise InvalidArgument(f"{topic} is not declared", field="topic")
        if not 0 <= partition < known.partitions:
            raise InvalidArgument(f"{topic} has no partition {partition}", field="lane")

    def _partition(self, topic: str, key: str, lane: int | None) -> int:
        self._check(topic, 0 if lane is None else lane)
        if lane is not None:
            return lane
        return zlib.crc32(key.encode()) % self._topics[topic].partitions


class _Cursor:
    """Where a group stands in one partition."""

    def __init__(self, partition: _AnyPartition, start: int) -> None:
        self.partition = partition
        self.next = start
        self.committed = start
        self.finished: set[int] = set()
        self.wakeup = asyncio.Event()
        self.pump: asyncio.Task[None] | None = None

    def finish(self, position: int) -> None:
        """Mark a record finished; the committed position passes only finished ones."""
        self.finished.add(position)
        while self.committed in self.finished:
            self.finished.remove(self.committed)
            self.committed += 1


class _Group:
    """A consumer group: its members share the partitions."""

    def __init__(self, name: str, bus: InMemoryBus) -> None:
        self.name = name
        self.bus = bus
        self.members: list[_Member] = []
        self.cursors: dict[int, _Cursor] = {}

    def wake(self, partition: _AnyPartition) -> bool:
        cursor = self.cursors.get(id(partition))
        if cursor is None:
            return False
        cursor.wakeup.set()
        return True

    def join(self, member: _Member, partitions: Sequence[_AnyPartition]) -> None:
        starts = member.subscription.start_offsets
        for partition in partitions:
            if id(partition) not in self.cursors:
                default = 0 if member.subscription.from_beginning else partition.end
                start = starts.get((partition.topic, partition.number), default)
                self.cursors[id(partition)] = _Cursor(partition, start)
        self.members.append(member)
        self._rebalance()

    def leave(self, member: _Member) -> None:
        self.members.remove(member)
        self._rebalance()
        if not self.members:
            self.bus.forget(self.name)

    def _rebalance(self) -> None:
        for index, cursor in enumerate(self.cursors.values()):
            if cursor.pump is not None:
                cursor.pump.cancel()
                cursor.pump = None
            if self.members:
                member = self.members[index % len(self.members)]
                cursor.pump = asyncio.create_task(member.pump(cursor))


class _Member:
    """One member of a group; `Consumption`."""

    def __init__(self, group: _Group, subscription: Subscription) -> None:
        self.subscription = subscription
        self._group = group
        self._slots = asyncio.Semaphore(max(1, subscription.max_in_flight))
        self._running: set[asyncio.Task[None]] = set()
        self._stopped = False

    async def stop(self) -> None:
        """Take no new records, finish those in work, leave the group."""
        if self._stopped:
            return
        self._stopped = True
        self._group.leave(self)
        while self._running:
            await asyncio.wait(self._running)

    def lag(self) -> int:
        """Return the number of records not yet finished by this group."""
        return sum(
            cursor.partition.end - cursor.committed - len(cursor.finished)
            for cursor in self._group.cursors.values()
        )

    async def pump(self, cursor: _Cursor) -> None:
        """Feed this member from one partition for as long as it is assigned to it."""
        limit = (
            self.subscription.max_batch
            if self.subscription.batch_handler
            else self.subscription.max_in_flight
        )
        while True:
            cursor.wakeup.clear()
            if cursor.next >= cursor.partition.end:
                await cursor.wakeup.wait()
                continue
            records = await cursor.partition.read(cursor.next, limit)
            if not records:
                # Compaction removed what was between here and the end.
                cursor.next = cursor.committed = cursor.partition.end
                continue
            if self.subscription.batch_handler is not None:
                work = self._spawn(self._batch(cursor, records))
                # Shielded: a rebalance stops feeding, never work that has begun.
                await asyncio.shield(work)
                continue
            for record in records:
                await self._slots.acquire()
                cursor.next = record.offset + 1
                work = self._spawn(self._single(cursor, record))
                if self.subscription.max_in_flight == 1:
                    await asyncio.shield(work)

    def _spawn(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _batch(self, cursor: _Cursor, records: Sequence[Record]) -> None:
        handler = self.subscription.batch_handler
        assert handler is not None

        async def call(attempt: int) -> None:
            await handler(records)

        error = await self._attempt(records[0], call)
        if error is not None:
            # One bad record must not take its batch along: work them one by one.
            for record in records:

                async def call_one(attempt: int, record: Record = record) -> None:
                    await handler((record,))

                if (one := await self._attempt(record, call_one)) is not None:
                    await self._dead_letter(record, one)
        cursor.next = cursor.committed = records[-1].offset + 1
        self._group.bus.trim(cursor.partition)

    async def _single(self, cursor: _Cursor, record: Record) -> None:
        handler = self.subscription.handler
        assert handler is not None
        try:
            deadline = record.deadline
            if deadline is not None and deadline.expired():
                metrics.EVENTS_EXPIRED.labels(self._group.name, record.topic).inc()
                log.info("event_expired", group=self._group.name, topic=record.topic)
                return

            async def call(attempt: int) -> None:
                await handler(record if attempt == 1 else _redelivered(record, attempt))

            error = await self._attempt(record, call)
            if error is not None:
                await self._dead_letter(record, error)
        finally:
            self._slots.release()
            cursor.finish(record.offset)
            self._group.bus.trim(cursor.partition)

    async def _attempt(self, record: Record, call: Any) -> Exception | None:
        """Call until it works, is hopeless, or nobody waits; return what is hopeless."""
        delay_s = RETRY_FIRST_S
        for attempt in itertools.count(1):
            try:
                await call(attempt)
                return None
            except ConciergeError as error:
                if not error.retryable:
                    return error
                deadline = record.deadline
                if deadline is not None and deadline.remaining_s() <= delay_s:
                    metrics.EVENTS_EXPIRED.labels(self._group.name, record.topic).inc()
                    log.warning(
                        "event_given_up", topic=record.topic, id=record.id, reason=error.reason
                    )
                    return None
                if self._stopped and self.subscription.batch_handler is not None:
                    return None
                metrics.EVENTS_RETRIED.labels(self._group.name, record.topic).inc()
            except Exception as error:
                log.error(
                    "event_failed",
                    group=self._group.name,
                    topic=record.topic,
                    id=record.id,
                    exc_info=error,
                )
                return error
            await asyncio.sleep(delay_s)
            delay_s = min(delay_s * 2, RETRY_MOST_S)
        return None

    async def _dead_letter(self, record: Record, error: Exception) -> None:
        # A group is concierge.<service>, or concierge.<service>.<what it fills>.
        service = self._group.name.split(".")[1]
        topic = dead_letter_topic(record.topic, service)
        metrics.EVENTS_DEAD_LETTERED.labels(self._group.name, record.topic).inc()
        headers = {
            **record.headers,
            "concierge_error": f"{type(error).__name__}: {error}".encode(),
            "concierge_origin": f"{record.topic}/{record.partition}/{record.offset}".encode(),
        }
        log.warning("event_dead_lettered", topic=record.topic, id=record.id, error=str(error))
        await self._group.bus.append([Entry(topic, 0, record.key, headers, record.value)])


def _redelivered(record: Record, attempt: int) -> Record:
    return Record(
        record.topic,
        record.partition,
        record.offset,
        record.key,
        record.value,
        record.headers,
        attempt,
    )
