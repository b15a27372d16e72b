"""The fast lane: price, availability and status of a hotel, ordered by when they became true.

Records are ordered by their revision; a record and a change by when each says its facts became
true. So they give the same hotel in whichever order they come: `change` is refused where the
record knows better, `keep_newer_facts` is called before a whole record replaces the one held.
See docs/adr/0010.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from concierge.catalog.v1 import catalog_events_pb2, hotel_pb2
from google.protobuf import timestamp_pb2
from google.type import money_pb2

from services.platform.envelope import decode
from services.platform.errors import InvalidArgument
from services.platform.events import Record

FACTS_TOPIC = "concierge.catalog.facts.v1"
# The fields of `Hotel` that change on their own; `FastFieldTimes` has one of the same name each.
FastField = Literal["price", "available", "operating_status"]
FAST_FIELDS: tuple[FastField, ...] = ("price", "available", "operating_status")
# Hotels whose changes are kept until their record comes.
EARLY_MOST = 100_000


@dataclass(frozen=True, slots=True)
class FactsChange:
    """Fast fields of a hotel that became true at one moment; those that are `None` stand.

    Attributes:
        hotel_id: The hotel.
        changed_at_ns: Unix time in nanoseconds.
        price: Per room and night.
        available: Whether rooms can be booked.
        operating_status: An `OperatingStatus` other than UNSPECIFIED.
    """

    hotel_id: str
    changed_at_ns: int
    price: money_pb2.Money | None = None
    available: bool | None = None
    operating_status: hotel_pb2.OperatingStatus.ValueType | None = None


@dataclass(frozen=True, slots=True)
class ChangesTaken:
    """What an index made of a batch of changes.

    Attributes:
        taken: Changes that changed their hotel.
        unknown: Those whose hotel is not held, in order; the others came too late.
    """

    taken: int
    unknown: tuple[FactsChange, ...] = ()


def change(hotel: hotel_pb2.Hotel, facts: FactsChange) -> bool:
    """Write the facts into a record; return whether any was newer than what it says."""
    changed = False
    for field in FAST_FIELDS:
        value = getattr(facts, field)
        if value is None or facts.changed_at_ns <= _time_ns(hotel, field):
            continue
        _set(hotel, field, value)
        getattr(hotel.fast_field_times, field).FromNanoseconds(facts.changed_at_ns)
        changed = True
    return changed


def keep_newer_facts(hotel: hotel_pb2.Hotel, held: hotel_pb2.Hotel) -> bool:
    """Take over what changed on its own in the record held and is newer; return whether any was."""
    kept = False
    for field in FAST_FIELDS:
        changed_on_its_own = held.fast_field_times.HasField(field)
        if not changed_on_its_own or _time_ns(held, field) <= _time_ns(hotel, field):
            continue
        _set(hotel, field, getattr(held, field))
        time = getattr(held.fast_field_times, field)
        getattr(hotel.fast_field_times, field).CopyFrom(time)
        kept = True
    return kept


def by_hotel(changes: Iterable[FactsChange]) -> dict[str, list[FactsChange]]:
    """Return the changes of each hotel, in their order."""
    grouped: dict[str, list[FactsChange]] = {}
    for facts in changes:
        grouped.setdefault(facts.hotel_id, []).append(facts)
    return grouped


def changes_batch(records: Sequence[Record]) -> list[FactsChange]:
    """Return the changes of a batch, in order; a tombstone changes nothing.

    Raises:
        InvalidArgument: A record is no valid `HotelFactsChanged`.
    """
    return [_change_of(record) for record in records if record.value is not None]


class EarlyChanges:
    """Changes that came before their hotel: two topics keep no order between them.

    Args:
        most: Hotels kept; the one that waited longest is forgotten first.
    """

    def __init__(self, *, most: int = EARLY_MOST) -> None:
        self._most = most
        self._waiting: OrderedDict[str, list[FactsChange]] = OrderedDict()

    def keep(self, changes: Iterable[FactsChange]) -> None:
        """Keep changes until their hotel comes; of the same fields, the newer one."""
        for new in changes:
            waiting = self._waiting.setdefault(new.hotel_id, [])
            waiting[:] = [old for old in waiting if not _replaces(new, old)]
            waiting.append(new)
        while len(self._waiting) > self._most:
            self._waiting.popitem(last=False)

    def waiting_for(self, hotel_ids: Iterable[str]) -> list[FactsChange]:
        """Return the changes that wait for these hotels."""
        return [facts for id in hotel_ids for facts in self._waiting.get(id, ())]

    def forget(self, changes: Iterable[FactsChange]) -> None:
        """Forget all changes of the hotels of these: they have come."""
        for facts in changes:
            self._waiting.pop(facts.hotel_id, None)


def _replaces(new: FactsChange, old: FactsChange) -> bool:
    return new.changed_at_ns >= old.changed_at_ns and all(
        getattr(old, field) is None or getattr(new, field) is not None for field in FAST_FIELDS
    )


def _set(hotel: hotel_pb2.Hotel, field: FastField, value: Any) -> None:
    if field == "price":
        hotel.price.CopyFrom(value)
    else:
        setattr(hotel, field, value)


def _time_ns(hotel: hotel_pb2.Hotel, field: FastField) -> float:
    """Return when a field became what the record says; before all times where it does not tell."""
    if hotel.fast_field_times.HasField(field):
        time: timestamp_pb2.Timestamp = getattr(hotel.fast_field_times, field)
    elif hotel.HasField("as_of") and _is_stated(hotel, field):
        time = hotel.as_of
    else:
        return -math.inf
    return time.seconds * 1_000_000_000 + time.nanos


def _is_stated(hotel: hotel_pb2.Hotel, field: FastField) -> bool:
    return bool(hotel.operating_status) if field == "operating_status" else hotel.HasField(field)


def _change_of(record: Record) -> FactsChange:
    message = decode(record, catalog_events_pb2.HotelFactsChanged)
    if not message.hotel_id or message.hotel_id != record.key:
        raise InvalidArgument("is not the record's key", field="hotel_id")
    if not message.HasField("changed_at"):
        raise InvalidArgument("is missing", field="changed_at")
    if message.HasField("price") and (message.price.units < 0 or message.price.nanos < 0):
        raise InvalidArgument("is negative", field="price")
    try:
        changed_at_ns = message.changed_at.ToNanoseconds()
    except ValueError as error:
        raise InvalidArgument(str(error), field="changed_at") from error
    return FactsChange(
        message.hotel_id,
        changed_at_ns,
        price=message.price if message.HasField("price") else None,
        available=message.available if message.HasField("available") else None,
        operating_status=message.operating_status or None,
    )
