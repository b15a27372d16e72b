"""Reading: one thread per consumer, which alone polls, commits and closes it.

kafka-python's consumer blocks and is not thread-safe. The thread polls without a pause, also while
work is slow: then it pauses its partitions, so the member keeps its place in the group. Records go
to the event loop, finished ones come back as each partition's `Progress`, and about once a second
the thread commits, never past unfinished work.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import structlog
from kafka import (
    AsyncConsumerRebalanceListener,
    KafkaConsumer,
    OffsetAndMetadata,
    TopicPartition,
)
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.errors import KafkaError

from services.platform import metrics
from services.platform.adapters.kafka_client import client_options, in_ms
from services.platform.adapters.kafka_source import Claim, Sink, Source, record_of
from services.platform.delivery import Progress
from services.platform.settings import KafkaSettings

# How soon a stop is noticed, and how soon reading goes on when work has caught up.
POLL_MS = 250
POLL_PAUSED_MS = 20
# How long a broker may hold a fetch that finds nothing: no latency, as data ends it at once, but
# 100 instead costs 2 % of a core per idle consumer.
FETCH_WAIT_MS = 500
# All that one fetch can bring. When a poll leaves records behind, the next fetch asks for the other
# partitions only, and the one with a backlog waits for its idle neighbours.
POLL_RECORDS = 50_000
# A member that is not in its group for so long is stuck or its coordinator is away.
STUCK_S = 15.0
RESTART_S = 1.0
CLOSE_MS = 2_000
RESOLVE_MS = 1_000

log = structlog.get_logger(__name__)


class Reader:
    """One `KafkaConsumer` on its thread, replaced when it fails or is stuck."""

    def __init__(
        self, source: Source, sink: Sink, settings: KafkaSettings, *, client_id: str
    ) -> None:
        self._source = source
        self._sink = sink
        self._settings = settings
        self._options = self._consumer_options(client_id)
        self._loop = asyncio.get_running_loop()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"kafka {source.name}", daemon=True)
        self._claims: dict[TopicPartition, Claim] = {}
        # Where a reader without a group goes on after its consumer was replaced.
        self._starts = {TopicPartition(*at): start for at, start in source.start_offsets.items()}
        self._joined = False
        self._paused = False
        self._committing = False

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Commit, leave the group and end the thread; blocks, at most some seconds."""
        self._stop.set()
        self._thread.join()

    def lag(self) -> int:
        """Return the records not finished on the partitions held; 1 while none is known."""
        if not self._joined:
            return max(1, sum(claim.lag() for claim in list(self._claims.values())))
        return sum(claim.lag() for claim in list(self._claims.values()))

    # On the reader's thread.

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._read_until_stopped()
            except KafkaError as error:
                log.warning("consumer_replaced", group=self._source.name, error=repr(error))
            except Exception as error:
                # A bug, here or in the client: a new consumer starts where finished work ends.
                log.error("consumer_failed", group=self._source.name, exc_info=error)
            self._release(list(self._claims))
            if not self._stop.wait(RESTART_S):
                metrics.CONSUMER_RESTARTS.labels(self._source.name).inc()

    def _read_until_stopped(self) -> None:
        consumer = KafkaConsumer(**self._options)
        self._paused = self._committing = False
        _let_short_polls_join(consumer)
        try:
            if self._source.grouped:
                consumer.subscribe(self._source.topics, listener=_Listener(self, consumer))
            else:
                self._assign(consumer)
            self._poll(consumer)
            if self._source.grouped and self._stop.is_set():
                self._commit_last(consumer)
        finally:
            consumer.close(autocommit=False, timeout_ms=CLOSE_MS)

    def _poll(self, consumer: KafkaConsumer) -> None:
        look_at = 0.0
        stable_at = time.monotonic()
        while not self._stop.is_set():
            self._pause_or_resume(consumer)
            found = consumer.poll(
                timeout_ms=POLL_PAUSED_MS if self._paused else POLL_MS,
                max_records=POLL_RECORDS,
            )
            if found:
                self._hand_over(consumer, found)
            now = time.monotonic()
            if self._is_member(consumer):
                stable_at = now
                if not self._joined and self._resolve(consumer):
                    self._joined = True
                    self._call(self._sink.joined)
                    # At once: a new group's first position is its place from now on.
                    look_at = now
            elif now - stable_at > STUCK_S:
                log.warning("consumer_stuck", group=self._source.name)
                return
            if now >= look_at:
                look_at = now + self._settings.commit_interval_s
                self._look_after(consumer)

    def _pause_or_resume(self, consumer: KafkaConsumer) -> None:
        backlog = self._sink.backlog()
        full = backlog >= self._source.prefetch // (2 if self._paused else 1)
        if full or not self._sink.takes_more():
            if not self._paused:
                metrics.CONSUMER_PAUSES.labels(self._source.name).inc()
            fresh = consumer.assignment() - consumer.paused()
            if fresh:
                consumer.pause(*fresh)
            self._paused = True
        elif self._paused:
            consumer.resume(*consumer.paused())
            self._paused = False

    def _hand_over(
        self, consumer: KafkaConsumer, found: Mapping[TopicPartition, Sequence[Any]]
    ) -> None:
        taken = []
        for partition, entries in found.items():
            claim = self._claim(partition)
            if claim.progress is None:
                claim.progress = Progress(entries[0].offset)
            claim.progress.begin([entry.offset for entry in entries])
            claim.end = max(claim.end, consumer.highwater(partition) or 0)
            taken.append((claim, [record_of(entry, self._source.prefix) for entry in entries]))
        self._call(self._sink.accept, taken)

    def _look_after(self, consumer: KafkaConsumer) -> None:
        """About once a second: positions without records, lag, commit."""
        if not self._joined:
            return
        self._resolve(consumer)
        self._refresh_ends(consumer)
        for topic in (name.removeprefix(self._source.prefix) for name in self._source.topics):
            claims = [claim for claim in self._claims.values() if claim.topic == topic]
            labels = (self._source.name, topic)
            metrics.CONSUMER_LAG.labels(*labels).set(sum(claim.lag() for claim in claims))
            metrics.CONSUMER_PARTITIONS.labels(*labels).set(len(claims))
        # One at a time: a silent coordinator must not collect more than it has room for.
        if self._source.grouped and not self._committing:
            offsets = self.uncommitted(self._claims)
            if offsets:
                self._committing = True
                consumer.commit_async(offsets, callback=self.committed)

    def _resolve(self, consumer: KafkaConsumer) -> bool:
        """Learn positions, also those past what compaction left; return whether all are known."""
        for partition, claim in self._claims.items():
            progress = claim.progress
            if progress is not None and progress.open_count():
                continue
            at = consumer.position(partition, timeout_ms=RESOLVE_MS)
            if at is None:
                return False
            if progress is None:
                claim.progress = Progress(at)
            else:
                progress.skip_to(at)
            claim.end = max(claim.end, at)
        return True

    def _refresh_ends(self, consumer: KafkaConsumer) -> None:
        """Ends come with what is fetched; of paused partitions nothing is."""
        for partition, claim in self._claims.items():
            claim.end = max(claim.end, consumer.highwater(partition) or 0)
        if self._paused and self._claims:
            self._ask_ends(consumer)

    def _ask_ends(self, consumer: KafkaConsumer) -> None:
        try:
            ends = consumer.end_offsets(list(self._claims), timeout_ms=RESOLVE_MS)
        except KafkaError as error:
            log.info("lag_unknown", group=self._source.name, error=str(error))
            return
        for partition, end in ends.items():
            self._claims[partition].end = max(self._claims[partition].end, end)

    def _assign(self, consumer: KafkaConsumer) -> None:
        """Take partitions without a group, from where this reader was or is to start."""
        partitions = [TopicPartition(*at) for at in self._source.partitions]
        consumer.assign(partitions)
        fresh = []
        for partition in partitions:
            self._claim(partition)
            if (start := self._starts.get(partition)) is not None:
                consumer.seek(partition, start)
            else:
                fresh.append(partition)
        if fresh and self._source.from_beginning:
            consumer.seek_to_beginning(*fresh)
        elif fresh:
            consumer.seek_to_end(*fresh)
        # Pinned before anybody publishes: a position is looked up when first needed otherwise.
        while not self._resolve(consumer):
            if self._stop.is_set():
                return
        self._ask_ends(consumer)

    def _is_member(self, consumer: KafkaConsumer) -> bool:
        return not self._source.grouped or str(consumer.group_metadata().state) == "<stable>"

    def _commit_last(self, consumer: KafkaConsumer) -> None:
        offsets = self.uncommitted(self._claims)
        if not offsets:
            return
        try:
            consumer.commit(offsets, timeout_ms=CLOSE_MS)
        except KafkaError as error:
            # At least once: the next member does what was not committed again.
            log.warning("commit_failed", group=self._source.name, error=str(error))

    def _call(self, function: Any, *arguments: Any) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *arguments)

    # On the reader's thread, and on the client's own during a rebalance (then the reader's waits).

    def claim_all(self, consumer: KafkaConsumer, partitions: Iterable[TopicPartition]) -> None:
        """Hold partitions from now on."""
        for partition in partitions:
            self._claim(partition)
            # Only the first time: later the group's own position is the newer one.
            if (start := self._starts.pop(partition, None)) is not None:
                consumer.seek(partition, start)

    def _claim(self, partition: TopicPartition) -> Claim:
        claim = self._claims.get(partition)
        if claim is None:
            claim = self._claims[partition] = Claim(
                partition.topic.removeprefix(self._source.prefix)
            )
        return claim

    def _release(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, Claim]:
        released = {}
        for partition in partitions:
            claim = self._claims.pop(partition, None)
            if claim is None:
                continue
            claim.released = True
            released[partition] = claim
            if not self._source.grouped and claim.progress is not None:
                self._starts[partition] = claim.progress.position
        return released

    def uncommitted(
        self, claims: Mapping[TopicPartition, Claim]
    ) -> dict[TopicPartition, OffsetAndMetadata]:
        """Return the positions that moved since they were committed."""
        return {
            partition: OffsetAndMetadata(position, "", -1)
            for partition, claim in claims.items()
            if claim.progress is not None
            and (position := claim.progress.position) != claim.committed
        }

    def committed(
        self, offsets: Mapping[TopicPartition, OffsetAndMetadata], answer: object
    ) -> None:
        """Take note of a commit, or of why it failed: the next one tries again."""
        self._committing = False
        if isinstance(answer, Exception):
            log.warning("commit_failed", group=self._source.name, error=str(answer))
            return
        for partition, offset in offsets.items():
            if (claim := self._claims.get(partition)) is not None:
                claim.committed = offset.offset

    async def release(
        self, consumer: KafkaConsumer, partitions: Collection[TopicPartition], *, lost: bool
    ) -> None:
        """Give partitions up: wait a little for work on them, commit what is finished."""
        released = self._release(partitions)
        if lost or self._stop.is_set():
            return
        limit = time.monotonic() + self._settings.release_wait_s
        while any(claim.in_work for claim in released.values()) and time.monotonic() < limit:
            await consumer._net.sleep(0.01)
        offsets = self.uncommitted(released)
        if not offsets:
            return
        try:
            await consumer.commit_async(offsets)
        except KafkaError as error:
            log.warning("commit_failed", group=self._source.name, error=str(error))

    def _consumer_options(self, client_id: str) -> dict[str, Any]:
        settings, source = self._settings, self._source
        options = {
            **client_options(settings, client_id),
            "auto_offset_reset": "earliest" if source.from_beginning else "latest",
            "enable_auto_commit": False,
            "fetch_max_wait_ms": FETCH_WAIT_MS,
            "fetch_max_bytes": source.fetch_bytes,
            "allow_auto_create_topics": False,
        }
        if source.grouped:
            options |= {
                "group_id": source.prefix + source.name,
                "session_timeout_ms": in_ms(settings.session_timeout_s),
                "heartbeat_interval_ms": in_ms(settings.session_timeout_s / 12),
                # Only the partitions that move stop for a rebalance.
                "partition_assignment_strategy": (CooperativeStickyAssignor,),
            }
        return options


class _Listener(AsyncConsumerRebalanceListener):  # type: ignore[misc]
    """Told of rebalances on the client's own thread, while the reader's waits in its poll."""

    def __init__(self, reader: Reader, consumer: KafkaConsumer) -> None:
        self._reader = reader
        self._consumer = consumer

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        self._reader.claim_all(self._consumer, assigned)

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        await self._reader.release(self._consumer, revoked, lost=False)

    async def on_partitions_lost(self, lost: Collection[TopicPartition]) -> None:
        await self._reader.release(self._consumer, lost, lost=True)


def _let_short_polls_join(consumer: KafkaConsumer) -> None:
    """Cure kafka-python 3.0's hanging joins.

    When a poll ends between the two halves of a join, nobody picks its result up, and the member
    stays outside its group for ever: it has to be told that a join is under way.
    """
    coordinator = consumer._coordinator
    needs_rejoin = coordinator.need_rejoin
    coordinator.need_rejoin = lambda: coordinator._join_task is not None or needs_rejoin()
