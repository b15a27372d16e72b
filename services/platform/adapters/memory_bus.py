"""The event bus in memory: Kafka's semantics for one process.

Interactive topics live in memory and are gone with the process; compacted topics live in a
`SqliteLog` and outlive it. One event loop: all methods are called on the loop that made it.
"""

from __future__ import annotations

import asyncio
import itertools
import zlib
from collections import deque
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.platform import envelope
from services.platform.adapters.logged_partition import LoggedPartition
from services.platform.adapters.sqlite_log import Entry, SqliteLog
from services.platform.bus import Consumption, Handler, Subscription
from services.platform.delivery import Bury, DeadLetter, Delivery, Progress, check
from services.platform.errors import InvalidArgument
from services.platform.events import Event, Record
from services.platform.topics import Topic

# Records a topic without a waiting group keeps; what every group has passed is dropped.
RETAINED = 10_000


class _Partition:
    """Records of one partition in memory; `base` is the position of the first one kept.

    A compacted topic keeps all of them.
    """

    def __init__(self, topic: str, number: int, *, compacted: bool = False) -> None:
        self.topic = topic
        self.number = number
        self._compacted = compacted
        self.base = 0
        self.records: deque[Record] = deque()

    @property
    def end(self) -> int:
        return self.base + len(self.records)

    def append(self, entry: Entry) -> None:
        self.records.append(_record(entry, self.end))

    async def read(self, position: int, limit: int) -> Sequence[Record]:
        start = max(0, position - self.base)
        return list(itertools.islice(self.records, start, start + limit))

    def drop_before(self, position: int) -> None:
        if self._compacted:
            return
        while self.records and (self.base < position or len(self.records) > RETAINED):
            self.records.popleft()
            self.base += 1


_AnyPartition = _Partition | LoggedPartition


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
                LoggedPartition(topic.name, number, durable_log)
                if topic.compacted and durable_log is not None
                else _Partition(topic.name, number, compacted=topic.compacted)
                for number in range(topic.partitions)
            ]
            for topic in topics.values()
        }
        self._groups: dict[str, _Group] = {}
        # Where groups stand, by partition.
        self._readers: dict[int, list[_Cursor]] = {
            id(part): [] for parts in self._partitions.values() for part in parts
        }
        self._alone = itertools.count()

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
        positions: Sequence[int] = ()
        if logged and self._log is not None:
            positions = await asyncio.to_thread(self._log.append, logged)
        position_of = iter(positions)
        touched = {}
        for entry in entries:
            partition = self._partitions[entry.topic][entry.partition]
            if isinstance(partition, LoggedPartition):
                partition.written(_record(entry, next(position_of)))
            else:
                partition.append(entry)
            touched[id(partition)] = partition
        for partition in touched.values():
            readers = self._readers[id(partition)]
            for cursor in readers:
                cursor.wakeup.set()
            if not readers:
                partition.drop_before(partition.end - RETAINED)

    def partition_for(self, topic: str, key: str) -> int:
        """Return the partition of a key."""
        return self._partition(topic, key, None)

    async def subscribe(self, subscription: Subscription) -> Consumption:
        """Start reading as a member of the group."""
        check(subscription, self._topics)
        partitions = [part for topic in subscription.topics for part in self._partitions[topic]]
        if subscription.whole:
            return self._alone_on(partitions, replace(subscription, from_beginning=True))
        group = self._groups.get(subscription.group)
        if group is None:
            group = self._groups[subscription.group] = _Group(subscription.group, self)
        member = _Member(group, subscription, self._bury)
        group.join(member, partitions)
        return member

    async def read_lane(self, topic: str, lane: int, handler: Handler) -> Consumption:
        """Read exactly one partition from its end."""
        self._check(topic, lane)
        # Replies overlap freely; nothing is committed on a lane.
        subscription = Subscription(f"lane-{lane}", (topic,), handler, max_in_flight=1_000)
        return self._alone_on([self._partitions[topic][lane]], subscription)

    def _alone_on(
        self, partitions: Sequence[_AnyPartition], subscription: Subscription
    ) -> Consumption:
        """Start a reader that shares its partitions with nobody."""
        group = _Group(f"{subscription.group}#{next(self._alone)}", self, alone=True)
        self._groups[group.name] = group
        member = _Member(group, subscription, None)
        group.join(member, partitions)
        return member

    async def _bury(self, letter: DeadLetter) -> None:
        await self.append([Entry(letter.topic, 0, letter.key, letter.headers, letter.value)])

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
                cursor.partition.end - cursor.progress.position
                for group in self._groups.values()
                for cursor in group.cursors.values()
                if isinstance(cursor.partition, LoggedPartition)
            ),
            default=0,
        )

    def reads(self, cursor: _Cursor) -> None:
        """Wake this reader of a partition from now on, and keep what it has not passed."""
        self._readers[id(cursor.partition)].append(cursor)

    def forget(self, group: _Group) -> None:
        """Remove a reader of its own that has stopped."""
        self._groups.pop(group.name, None)
        for cursor in group.cursors.values():
            self._readers[id(cursor.partition)].remove(cursor)

    def trim(self, partition: _AnyPartition) -> None:
        """Drop what every group has passed."""
        readers = self._readers[id(partition)]
        if readers:
            partition.drop_before(min([cursor.progress.position for cursor in readers]))

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


def _record(entry: Entry, offset: int) -> Record:
    return Record(entry.topic, entry.partition, offset, entry.key, entry.value, entry.headers)


class _Cursor:
    """Where a group stands in one partition."""

    def __init__(self, partition: _AnyPartition, start: int) -> None:
        self.partition = partition
        self.progress = Progress(start)
        self.wakeup = asyncio.Event()
        self.pump: asyncio.Task[None] | None = None
        # What must end before the next begins, where order is kept.
        self.current: asyncio.Task[None] | None = None


class _Group:
    """A consumer group: its members share the partitions."""

    def __init__(self, name: str, bus: InMemoryBus, *, alone: bool = False) -> None:
        self.name = name
        self.bus = bus
        self.members: list[_Member] = []
        self.cursors: dict[int, _Cursor] = {}
        self._alone = alone

    def join(self, member: _Member, partitions: Sequence[_AnyPartition]) -> None:
        starts = member.subscription.start_offsets
        for partition in partitions:
            if id(partition) not in self.cursors:
                default = 0 if member.subscription.from_beginning else partition.end
                start = starts.get((partition.topic, partition.number), default)
                cursor = self.cursors[id(partition)] = _Cursor(partition, start)
                self.bus.reads(cursor)
        self.members.append(member)
        self._rebalance()

    def leave(self, member: _Member) -> None:
        self.members.remove(member)
        self._rebalance()
        if self._alone:
            self.bus.forget(self)

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

    def __init__(self, group: _Group, subscription: Subscription, bury: Bury | None) -> None:
        self.subscription = subscription
        self._group = group
        self._delivery = Delivery(subscription, bury)
        self._slots = asyncio.Semaphore(max(1, subscription.max_in_flight))
        self._running: set[asyncio.Task[None]] = set()
        self._stopped = False

    async def stop(self) -> None:
        """Take no new records, finish those in work, leave the group."""
        if self._stopped:
            return
        self._stopped = True
        self._delivery.stop()
        self._group.leave(self)
        while self._running:
            await asyncio.wait(self._running)

    def lag(self) -> int:
        """Return the number of records not yet finished by this group."""
        return sum(
            cursor.partition.end - cursor.progress.reached + cursor.progress.open_count()
            for cursor in self._group.cursors.values()
        )

    async def pump(self, cursor: _Cursor) -> None:
        """Feed this member from one partition for as long as it is assigned to it."""
        limit = (
            self.subscription.max_batch
            if self.subscription.batch_handler
            else self.subscription.max_in_flight
        )
        progress = cursor.progress
        if cursor.current is not None:
            await asyncio.wait({cursor.current})
        while True:
            cursor.wakeup.clear()
            if progress.reached >= cursor.partition.end:
                await cursor.wakeup.wait()
                continue
            records = await cursor.partition.read(progress.reached, limit)
            if not records:
                # Compaction removed what was between here and the end.
                progress.skip_to(cursor.partition.end)
                continue
            if self.subscription.batch_handler is not None:
                cursor.current = self._begin(cursor, records, self._delivery.batch(records))
                # Waited for, not awaited: a rebalance stops feeding, never work that has begun.
                await asyncio.wait({cursor.current})
                continue
            for record in records:
                await self._slots.acquire()
                work = self._begin(cursor, (record,), self._delivery.one(record))
                work.add_done_callback(lambda _: self._slots.release())
                if self.subscription.max_in_flight == 1:
                    cursor.current = work
                    await asyncio.wait({work})

    def _begin(
        self, cursor: _Cursor, records: Sequence[Record], work: Coroutine[Any, Any, bool]
    ) -> asyncio.Task[None]:
        cursor.progress.begin([record.offset for record in records])
        task = asyncio.create_task(self._finish(cursor, records, work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _finish(
        self, cursor: _Cursor, records: Sequence[Record], work: Coroutine[Any, Any, bool]
    ) -> None:
        if await work:
            for record in records:
                cursor.progress.finish(record.offset)
            self._group.bus.trim(cursor.partition)
        else:
            # Given up: whoever reads next begins with it again.
            cursor.progress.rewind_to(records[0].offset)
            cursor.wakeup.set()
