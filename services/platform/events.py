"""Events and their envelope: a protobuf message under CloudEvents headers.

The same envelope serves the in-memory bus and Kafka, so a consumer cannot tell them apart.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from google.protobuf.message import Message

from services.platform.deadline import Deadline

M = TypeVar("M", bound=Message)
T = TypeVar("T")

Headers = Sequence[tuple[str, bytes]]

CE_ID = "ce_id"
CE_SOURCE = "ce_source"
CE_TYPE = "ce_type"
CE_TIME = "ce_time"
CE_SPECVERSION = "ce_specversion"
CONTENT_TYPE = "content-type"
TRACEPARENT = "traceparent"
# Unix time in milliseconds, decimal; a consumer drops the event after it, before any backend.
EXPIRES_AT = "concierge_expires_at_ms"


@dataclass(frozen=True, slots=True)
class Event(Generic[M]):
    """One fact on its way to a topic.

    Attributes:
        topic: Full topic name, a row of `infra/kafka/topics.yaml`.
        message: The protobuf value; `None` is a tombstone on a compacted topic.
        source: `concierge/<service>`.
        key: Partition key; equal keys keep their order.
        lane: Explicit partition instead of the key's (the reply lane), else `None`.
        deadline: After it nobody needs the event; `None` means it never expires.
        traceparent: W3C trace context of the span that publishes.
        id: Unique per fact; the same fact published twice keeps its id.
        time: Unix seconds at which it happened.
    """

    topic: str
    message: M | None
    source: str
    key: str
    lane: int | None = None
    deadline: Deadline | None = None
    traceparent: str | None = None
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    time: float = field(default_factory=time.time)


@dataclass(frozen=True, slots=True)
class Record:
    """One record as a bus hands it over: bytes, headers, and where it stands.

    Attributes:
        topic: Topic name.
        partition: Counted from 0.
        offset: Position in the partition, counted from 0.
        key: Partition key.
        value: Serialised protobuf; `None` is a tombstone.
        headers: CloudEvents attributes and ours, by name.
        attempt: Delivery count to this group, from 1; above 1 means redelivered.
    """

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes | None
    headers: Mapping[str, bytes]
    attempt: int = 1
    _made: dict[object, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def made(self, what: object, make: Callable[[], T]) -> T:
        """Return what was made of this record, made once for all who read it in this process.

        Args:
            what: Says what it is, always the same for the same.
            make: Makes it. The result is shared, so nobody may change it.
        """
        if what not in self._made:
            self._made[what] = make()
        made: T = self._made[what]
        return made

    @property
    def id(self) -> str:
        """The event's `ce_id`, empty when the producer set none."""
        return self.headers.get(CE_ID, b"").decode("utf-8", "replace")

    @property
    def type(self) -> str:
        """The full name of the protobuf message, from `ce_type`."""
        return self.headers.get(CE_TYPE, b"").decode("utf-8", "replace")

    @property
    def time(self) -> float | None:
        """Unix seconds at which the event happened, from `ce_time`; `None` when unreadable."""
        try:
            return datetime.fromisoformat(self.headers[CE_TIME].decode()).timestamp()
        except (KeyError, ValueError):
            return None

    @property
    def deadline(self) -> Deadline | None:
        """When the event expires, `None` for never or an unreadable header."""
        raw = self.headers.get(EXPIRES_AT)
        return Deadline(int(raw) / 1000.0) if raw is not None and raw.isdigit() else None

    @property
    def traceparent(self) -> str | None:
        """W3C trace context of the producer, if any."""
        raw = self.headers.get(TRACEPARENT)
        return None if raw is None else raw.decode("ascii", "replace")
