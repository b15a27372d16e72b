"""The event bus port: Kafka's semantics in the words of this project.

Topics have a fixed number of partitions. Equal keys go to one partition and keep their order
there. A consumer group sees each record at least once; within a partition one after another
unless the subscription allows more in flight. The position moves only past finished work.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from services.platform.events import Event, Record

Handler = Callable[[Record], Awaitable[None]]
"""Does the work of one record. Returning means done; a `ConciergeError` with `retryable` is
retried in place with backoff; any other exception sends the record to the dead-letter topic."""

BatchHandler = Callable[[Sequence[Record]], Awaitable[None]]
"""Does the work of many records of one partition at once, in order; for bulk topics."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What one consumer group reads and how.

    Attributes:
        group: Consumer group, `concierge.<service>`.
        topics: Topic names.
        handler: Called per record (exactly one of `handler` and `batch_handler` is given).
        batch_handler: Called with up to `max_batch` records of one partition.
        max_batch: Most records per batch.
        max_in_flight: Records in work at once over all partitions; 1 keeps partition order
            strictly, more lets records of one partition overlap (the committed position still
            only passes finished work). Batches are one at a time per partition whatever it says.
        from_beginning: Where a group without a position starts: the oldest record or the end.
        start_offsets: Where to start by (topic, partition), for a reader that keeps its own
            positions with what it built from the records; overrides the group's position.
        whole: Every reader sees all partitions from the beginning and keeps no position: for an
            in-memory view of a compacted topic, on every replica. It shares nothing with its
            group, and poison is skipped with an error line instead of buried at every start.
    """

    group: str
    topics: tuple[str, ...]
    handler: Handler | None = None
    batch_handler: BatchHandler | None = None
    max_batch: int = 500
    max_in_flight: int = 64
    from_beginning: bool = False
    start_offsets: Mapping[tuple[str, int], int] = field(default_factory=dict)
    whole: bool = False


class Consumption(Protocol):
    """A running subscription."""

    async def stop(self) -> None:
        """Take no new records, finish those in work, commit, leave the group.

        A record that waits for another attempt is not finished: the next member gets it.
        """
        ...

    def lag(self) -> int:
        """Return the number of records published and not yet finished by this group.

        Over the partitions that this member reads; an upper bound where compaction left gaps.
        """
        ...


class EventBus(Protocol):
    """Publishes and delivers events."""

    async def publish(self, event: Event[Any]) -> None:
        """Append the event to its topic; return when the bus has accepted it durably enough.

        Raises:
            InvalidArgument: The topic is not declared, the lane is no partition of it, or the
                event is larger than the bus takes.
            ResourceExhausted: Too much is waiting for the bus already.
            Unavailable: The bus is away or did not acknowledge in time; it may still have the
                event, so publishing again may double it (at least once).
        """
        ...

    async def publish_many(self, events: Sequence[Event[Any]]) -> None:
        """Append all events, in order per key; all accepted or an error. For bulk work.

        Raises:
            InvalidArgument: As `publish`; then none was appended.
            Unavailable: Some may have been appended; publish all again (at least once).
        """
        ...

    async def subscribe(self, subscription: Subscription) -> Consumption:
        """Start reading as a member of the group.

        Raises:
            InvalidArgument: A topic is not declared, or this group is no consumer of it.
            Unavailable: The bus is away.
        """
        ...

    async def read_lane(self, topic: str, lane: int, handler: Handler) -> Consumption:
        """Read exactly one partition from its end, without a group (the reply lane).

        When this returns the position is fixed: no record published later is missed.
        """
        ...

    def partitions(self, topic: str) -> int:
        """Return the topic's partition count."""
        ...

    async def close(self) -> None:
        """Stop all consumptions, flush, release."""
        ...
