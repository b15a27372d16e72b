"""The event loop's side of reading: a bounded number of handler calls on what a reader takes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine, Sequence
from typing import Any

from services.platform.adapters.kafka_reader import Reader
from services.platform.adapters.kafka_source import Claim, Source
from services.platform.bus import Subscription
from services.platform.delivery import Bury, Delivery
from services.platform.errors import Unavailable
from services.platform.events import Record
from services.platform.settings import KafkaSettings


class KafkaConsumption:
    """One running subscription; `Consumption`.

    Records are begun in the order in which they came: at most `max_in_flight` at once, or one
    batch per partition. Those of a partition that was given up and had not begun are dropped,
    its new owner gets them; what has begun is never cancelled.

    Args:
        subscription: Whose handlers are called.
        source: What is read.
        bury: Where poison goes; `None` for readers without a position.
        settings: Brokers and limits.
        client_id: What the brokers' logs call us.
    """

    def __init__(
        self,
        subscription: Subscription,
        source: Source,
        bury: Bury | None,
        settings: KafkaSettings,
        *,
        client_id: str,
    ) -> None:
        self._subscription = subscription
        self._delivery = Delivery(subscription, bury)
        self._reader = Reader(source, self, settings, client_id=client_id)
        self._queue: deque[tuple[Claim, Record]] = deque()
        self._in_work = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._joined = asyncio.Event()
        self._stopping: asyncio.Task[None] | None = None
        # Each counter is written on one thread only; their difference is the backlog.
        self._taken = 0
        self._done = 0

    async def start(self, timeout_s: float) -> None:
        """Start reading; return when positions are fixed.

        Raises:
            Unavailable: The brokers are away for `timeout_s`; nothing is left running.
        """
        self._reader.start()
        try:
            await asyncio.wait_for(self._joined.wait(), timeout_s)
        except TimeoutError as error:
            await self.stop()
            raise Unavailable(
                f"kafka gave no partitions of {', '.join(self._subscription.topics)} "
                f"within {timeout_s:g} s",
                reason="KAFKA_UNAVAILABLE",
            ) from error

    async def stop(self) -> None:
        """Take no new records, finish those in work, commit, leave the group."""
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._drain())
        await asyncio.shield(self._stopping)

    def lag(self) -> int:
        """Return the number of records not finished on the partitions this member reads."""
        return self._reader.lag()

    async def _drain(self) -> None:
        self._delivery.stop()
        self._queue.clear()
        # Until then the reader keeps its partitions, paused, and commits what finishes.
        while self._tasks:
            await asyncio.wait(self._tasks)
        await asyncio.to_thread(self._reader.stop)

    # For the reader.

    def joined(self) -> None:
        """Positions are fixed."""
        self._joined.set()

    def backlog(self) -> int:
        """Return how many records were taken and are not finished."""
        return self._taken - self._done

    def takes_more(self) -> bool:
        """Tell whether records are wanted."""
        return self._stopping is None

    def accept(self, taken: Sequence[tuple[Claim, Sequence[Record]]]) -> None:
        """Take records."""
        batches = self._subscription.batch_handler is not None
        for claim, records in taken:
            self._taken += len(records)
            if batches:
                claim.waiting.extend(records)
                self._begin_batch(claim)
            else:
                self._queue.extend((claim, record) for record in records)
        self._begin_records()

    def _begin_records(self) -> None:
        while self._queue and self._in_work < self._subscription.max_in_flight:
            claim, record = self._queue.popleft()
            if claim.released or self._stopping is not None:
                self._done += 1
                continue
            self._spawn(claim, (record,), self._delivery.one(record, claim.is_held))

    def _begin_batch(self, claim: Claim) -> None:
        if claim.in_work or not claim.waiting:
            return
        if claim.released or self._stopping is not None:
            self._done += len(claim.waiting)
            claim.waiting.clear()
            return
        count = min(self._subscription.max_batch, len(claim.waiting))
        records = [claim.waiting.popleft() for _ in range(count)]
        self._spawn(claim, records, self._delivery.batch(records, claim.is_held))

    def _spawn(
        self, claim: Claim, records: Sequence[Record], work: Coroutine[Any, Any, bool]
    ) -> None:
        claim.in_work += 1
        self._in_work += 1
        task = asyncio.create_task(self._work(claim, records, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(
        self, claim: Claim, records: Sequence[Record], work: Coroutine[Any, Any, bool]
    ) -> None:
        try:
            if await work and claim.progress is not None:
                for record in records:
                    claim.progress.finish(record.offset)
        finally:
            claim.in_work -= 1
            self._in_work -= 1
            self._done += len(records)
            self._begin_batch(claim)
            self._begin_records()
