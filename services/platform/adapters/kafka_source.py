"""What a reader reads, how each partition stands, and where records go."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from services.platform.delivery import Progress
from services.platform.events import Record

# Records taken ahead of handlers, at least: enough to work on while reading resumes.
PREFETCH_LEAST = 256


@dataclass(frozen=True, slots=True)
class Source:
    """What a reader reads.

    Attributes:
        name: The group, or what logs and metrics call a reader without one.
        topics: Topic names, as the brokers know them.
        grouped: A member of the group `name`, with the partitions it is given; else `partitions`.
        partitions: What a reader without a group reads.
        from_beginning: Where reading starts without a position: the oldest record or the end.
        start_offsets: Where it starts instead, by (topic, partition).
        prefetch: Records taken and not finished at which reading pauses.
        fetch_bytes: Most bytes of one fetch.
        prefix: Of the brokers' names of topics and group; records don't show it.
    """

    name: str
    topics: tuple[str, ...]
    grouped: bool
    partitions: tuple[tuple[str, int], ...]
    fetch_bytes: int
    from_beginning: bool = False
    start_offsets: Mapping[tuple[str, int], int] = field(default_factory=dict)
    prefetch: int = PREFETCH_LEAST
    prefix: str = ""


class Claim:
    """One partition for as long as this member holds it.

    Attributes:
        progress: `None` until the position is known.
        released: It belongs to another member now: what waits here is dropped.
        waiting: Records that no handler has begun; used on the event loop.
        in_work: Handler calls that run; written on the event loop.
        end: Offset after the newest record known of.
        committed: Position committed last.
    """

    __slots__ = ("committed", "end", "in_work", "progress", "released", "topic", "waiting")

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.progress: Progress | None = None
        self.released = False
        self.waiting: deque[Record] = deque()
        self.in_work = 0
        self.end = 0
        self.committed: int | None = None

    def is_held(self) -> bool:
        """Tell whether it is still this member's."""
        return not self.released

    def lag(self) -> int:
        """Return how many records are not finished; 1 while nothing is known yet."""
        if self.progress is None:
            return 1
        return max(0, self.end - self.progress.reached) + self.progress.open_count()


class Sink(Protocol):
    """Where records go; `accept` and `joined` are called on the event loop."""

    def accept(self, taken: Sequence[tuple[Claim, Sequence[Record]]]) -> None:
        """Take records that were begun in their claim's progress."""
        ...

    def joined(self) -> None:
        """Be told that positions are fixed: no record published from now on is missed."""
        ...

    def backlog(self) -> int:
        """Return how many records were taken and are not finished; on any thread."""
        ...

    def takes_more(self) -> bool:
        """Tell whether records are wanted at all; on any thread."""
        ...


def record_of(entry: Any, prefix: str) -> Record:
    """Return a client's record as ours."""
    return Record(
        entry.topic.removeprefix(prefix),
        entry.partition,
        entry.offset,
        "" if entry.key is None else entry.key.decode("utf-8", "replace"),
        entry.value,
        dict(entry.headers),
    )
