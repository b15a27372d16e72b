"""What every bus does with a record once it has it: expiry, attempts in place, dead letters.

The buses differ in where records come from and where positions are kept; a handler cannot tell
them apart, because both hand their records to a `Delivery` and count them in a `Progress`.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from services.platform import metrics
from services.platform.bus import Subscription
from services.platform.errors import (
    ConciergeError,
    DeadlineExceeded,
    InvalidArgument,
    ResourceExhausted,
)
from services.platform.events import Record
from services.platform.topics import Topic, dead_letter_topic

RETRY_FIRST_S = 0.05
RETRY_MOST_S = 5.0

ERROR = "concierge_error"
ORIGIN = "concierge_origin"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record on its way to a dead-letter topic, which has one partition.

    Attributes:
        topic: `<topic>.<service>.dlt`.
        key: As it was.
        headers: As they were, with `concierge_error` (class and message) and `concierge_origin`
            (`topic/partition/offset`).
        value: As it was.
    """

    topic: str
    key: str
    headers: Mapping[str, bytes]
    value: bytes | None


Bury = Callable[[DeadLetter], Awaitable[None]]
"""Appends a dead letter; raises what `EventBus.publish` raises."""


Held = Callable[[], bool]
"""Tells whether a record is still ours, or its partition has gone to another member."""


class _GivenUp(Exception):
    """A record that waits for its next attempt is to be delivered again: here or elsewhere."""


def _always() -> bool:
    return True


class Delivery:
    """Does one subscription's work on records.

    Args:
        subscription: Whose handlers are called.
        bury: Where poison goes; `None` for readers without a position (a lane, a whole view),
            which would bury the same record at every start: they skip it with an error line.
    """

    def __init__(self, subscription: Subscription, bury: Bury | None) -> None:
        self._subscription = subscription
        self._group = subscription.group
        self._bury = bury
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Let calls that run finish; what waits for another attempt is given up, unfinished."""
        self._stopping.set()

    async def one(self, record: Record, held: Held = _always) -> bool:
        """Do the work of one record.

        Args:
            record: The record.
            held: Asked before another attempt.

        Returns:
            Whether it is finished: done, expired, or a dead letter. Else it was given up and
            has to be delivered again.
        """
        handler = self._subscription.handler
        assert handler is not None
        if self._is_expired(record):
            return True

        async def call(attempt: int) -> None:
            await handler(record if attempt == 1 else replace(record, attempt=attempt))

        try:
            error = await self._attempt(record, call, held)
            if error is not None:
                await self._dead_letter(record, error, held)
        except _GivenUp:
            return False
        return True

    async def batch(self, records: Sequence[Record], held: Held = _always) -> bool:
        """Do the work of records of one partition; as `one`, for all of them."""
        handler = self._subscription.batch_handler
        assert handler is not None
        fresh = [record for record in records if not self._is_expired(record)]
        if not fresh:
            return True
        try:
            if await self._attempt(fresh[0], lambda _: handler(fresh), held) is None:
                return True
            # One bad record must not take its batch along: work them one by one.
            for record in fresh:

                async def call(_: int, record: Record = record) -> None:
                    await handler((record,))

                error = await self._attempt(record, call, held)
                if error is not None:
                    await self._dead_letter(record, error, held)
        except _GivenUp:
            return False
        return True

    def _is_expired(self, record: Record) -> bool:
        deadline = record.deadline
        if deadline is None or not deadline.expired():
            return False
        metrics.EVENTS_EXPIRED.labels(self._group, record.topic).inc()
        log.info("event_expired", group=self._group, topic=record.topic)
        return True

    async def _attempt(
        self, record: Record, call: Callable[[int], Awaitable[None]], held: Held
    ) -> Exception | None:
        """Call until it works, is hopeless, or nobody waits; return what is hopeless.

        Raises:
            _GivenUp: The subscription stops, or the record is another member's now.
        """
        backoff_s = RETRY_FIRST_S
        for attempt in itertools.count(1):
            try:
                await call(attempt)
                return None
            except DeadlineExceeded as error:
                return None if self._is_expired(record) else error
            except ConciergeError as error:
                if not error.retryable:
                    return error
                wait_s = error.retry_after_s if isinstance(error, ResourceExhausted) else backoff_s
                deadline = record.deadline
                if deadline is not None and deadline.remaining_s() <= wait_s:
                    metrics.EVENTS_EXPIRED.labels(self._group, record.topic).inc()
                    log.warning(
                        "event_given_up", topic=record.topic, id=record.id, reason=error.reason
                    )
                    return None
                metrics.EVENTS_RETRIED.labels(self._group, record.topic).inc()
            except Exception as error:
                log.error(
                    "event_failed",
                    group=self._group,
                    topic=record.topic,
                    id=record.id,
                    exc_info=error,
                )
                return error
            await self._pause(wait_s)
            if not held():
                raise _GivenUp
            backoff_s = min(backoff_s * 2, RETRY_MOST_S)
        return None

    async def _pause(self, wait_s: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), wait_s)
        except TimeoutError:
            return
        raise _GivenUp

    async def _dead_letter(self, record: Record, error: Exception, held: Held) -> None:
        """Bury a record; the bus may be away for a while, so this too is tried until it works."""
        bury = self._bury
        if bury is None:
            log.error("event_skipped", group=self._group, topic=record.topic, error=str(error))
            return
        letter = DeadLetter(
            dead_letter_topic(record.topic, service_of(self._group)),
            record.key,
            {
                **record.headers,
                ERROR: f"{type(error).__name__}: {error}".encode(),
                ORIGIN: f"{record.topic}/{record.partition}/{record.offset}".encode(),
            },
            record.value,
        )
        # Buried whether or not the event has expired: its deadline is not the letter's.
        lasting = replace(record, headers={})
        refused = await self._attempt(lasting, lambda _: bury(letter), held)
        if refused is not None:
            log.error("dead_letter_refused", topic=letter.topic, id=record.id, error=str(refused))
            return
        metrics.EVENTS_DEAD_LETTERED.labels(self._group, record.topic).inc()
        log.warning("event_dead_lettered", topic=record.topic, id=record.id, error=str(error))


class Progress:
    """Which records of a partition are in work; its position passes only finished ones.

    Thread-safe: a bus may read on one thread and finish on another.

    Args:
        start: Offset of the first record that is wanted.
    """

    def __init__(self, start: int) -> None:
        self._lock = threading.Lock()
        self._open: OrderedDict[int, None] = OrderedDict()
        self._reached = start

    @property
    def reached(self) -> int:
        """One past the newest record begun; where reading goes on."""
        return self._reached

    @property
    def position(self) -> int:
        """The oldest record that is not finished: what may be committed."""
        with self._lock:
            return next(iter(self._open), self._reached)

    def open_count(self) -> int:
        """Return how many records are begun and not finished."""
        return len(self._open)

    def begin(self, offsets: Sequence[int]) -> None:
        """Count records as in work; ascending, none below `reached`."""
        with self._lock:
            self._open.update(dict.fromkeys(offsets))
            self._reached = offsets[-1] + 1

    def finish(self, offset: int) -> None:
        """Count a record as finished."""
        with self._lock:
            self._open.pop(offset, None)

    def skip_to(self, offset: int) -> None:
        """Go on at a later offset: nothing lies between, compaction removed it."""
        with self._lock:
            self._reached = max(self._reached, offset)

    def rewind_to(self, offset: int) -> None:
        """Go back to a record that was given up; it and what follows is begun again."""
        with self._lock:
            for later in [begun for begun in self._open if begun >= offset]:
                del self._open[later]
            self._reached = min(self._reached, offset)


def service_of(group: str) -> str:
    """Return the service of a group: `concierge.<service>`, or with `.<what it fills>` behind."""
    return group.split(".")[1]


def check(subscription: Subscription, topics: Mapping[str, Topic]) -> None:
    """Refuse a subscription that could not be served to the end.

    Raises:
        InvalidArgument: Not exactly one handler; a topic, or the group's dead letters of it, are
            not declared; positions for a view that keeps none.
    """
    if (subscription.handler is None) is (subscription.batch_handler is None):
        raise InvalidArgument("give handler or batch_handler", field="subscription")
    if subscription.whole and subscription.start_offsets:
        raise InvalidArgument("a whole view starts at the beginning", field="start_offsets")
    for topic in subscription.topics:
        if topic not in topics:
            raise InvalidArgument(f"{topic} is not declared", field="topic")
        if subscription.whole:
            continue
        parts = subscription.group.split(".")
        if len(parts) < 2 or dead_letter_topic(topic, parts[1]) not in topics:
            raise InvalidArgument(f"is no declared consumer of {topic}", field="group")
