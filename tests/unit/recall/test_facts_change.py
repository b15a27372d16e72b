"""Records and changes of their fast fields, in any order."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from concierge.catalog.v1 import catalog_events_pb2, hotel_pb2
from google.protobuf import timestamp_pb2
from google.type import money_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from services.platform.envelope import headers_of, value_of
from services.platform.errors import InvalidArgument
from services.platform.events import Event, Record
from services.recall.facts_change import (
    FACTS_TOPIC,
    EarlyChanges,
    FactsChange,
    change,
    changes_batch,
    keep_newer_facts,
)

CLOSED = hotel_pb2.OPERATING_STATUS_TEMPORARILY_CLOSED


def _money(units: int) -> money_pb2.Money:
    return money_pb2.Money(currency_code="CNY", units=units)


def _hotel(
    revision: int = 1, *, price: int | None = None, as_of_ns: int | None = None
) -> hotel_pb2.Hotel:
    hotel = hotel_pb2.Hotel(id="h", revision=revision)
    if price is not None:
        hotel.price.CopyFrom(_money(price))
    if as_of_ns is not None:
        hotel.as_of.FromNanoseconds(as_of_ns)
    return hotel


def test_each_field_has_a_time_of_its_own() -> None:
    hotel = _hotel(price=100, as_of_ns=10)
    assert change(hotel, FactsChange("h", 5, price=_money(90), operating_status=CLOSED))
    assert (hotel.price.units, hotel.operating_status) == (100, CLOSED)
    assert not change(hotel, FactsChange("h", 5, operating_status=CLOSED))


def test_a_change_is_newer_than_a_record_that_does_not_tell_its_age() -> None:
    hotel = _hotel(price=100)
    assert change(hotel, FactsChange("h", 0, price=_money(0), available=False))
    assert hotel.HasField("price")
    assert (hotel.price.units, hotel.available) == (0, False)


def test_a_record_keeps_what_changed_after_it_and_what_it_does_not_state() -> None:
    held = _hotel(1, price=100, as_of_ns=10)
    change(held, FactsChange("h", 20, price=_money(90), available=False))
    earlier, later = _hotel(2, price=80, as_of_ns=19), _hotel(3, price=80, as_of_ns=21)
    assert keep_newer_facts(earlier, held)
    assert keep_newer_facts(later, held)
    assert (earlier.price.units, later.price.units) == (90, 80)
    assert earlier.HasField("available")
    assert later.HasField("available")


def test_a_record_keeps_nothing_of_an_older_record() -> None:
    record = _hotel(2, as_of_ns=5)
    assert not keep_newer_facts(record, _hotel(1, price=100, as_of_ns=10))
    assert not record.HasField("price")


def _final(writes: Sequence[hotel_pb2.Hotel | FactsChange]) -> hotel_pb2.Hotel:
    """Return what an index holds in the end; records in their order, as their topic keeps it."""
    early = EarlyChanges()
    held: hotel_pb2.Hotel | None = None
    for write in writes:
        if isinstance(write, FactsChange):
            if held is None:
                early.keep([write])
            else:
                change(held, write)
            continue
        if held is not None and held.revision > write.revision:
            continue
        record = hotel_pb2.Hotel()
        record.CopyFrom(write)
        if held is not None:
            keep_newer_facts(record, held)
        held = record
        for waited in early.waiting_for(["h"]):
            change(held, waited)
        early.forget(early.waiting_for(["h"]))
    assert held is not None
    return held


@settings(deadline=None)
@given(st.permutations(range(1, 6)), st.sampled_from([(False,) * 2, (False, True), (True,) * 2]))
def test_every_order_of_arrival_gives_the_same_hotel(
    times: list[int], dated: tuple[bool, bool]
) -> None:
    """A later revision is of a later time, or of the first known one."""
    times[:2] = sorted(times[:2])
    writes: list[hotel_pb2.Hotel | FactsChange] = [
        _hotel(1, price=100, as_of_ns=times[0] if dated[0] else None),
        _hotel(2, price=200, as_of_ns=times[1] if dated[1] else None),
        FactsChange("h", times[2], price=_money(300)),
        FactsChange("h", times[3], price=_money(400), available=True),
        FactsChange("h", times[4], available=False, operating_status=CLOSED),
    ]
    finals = [_final(order) for order in itertools.permutations(writes)]
    assert all(final == finals[0] for final in finals)


def test_early_changes_are_kept_until_their_hotel_comes_and_the_oldest_are_forgotten() -> None:
    early = EarlyChanges(most=2)
    first, second = FactsChange("b", 1, available=True), FactsChange("b", 2, available=False)
    early.keep([FactsChange("a", 1, available=True), first, second])
    early.keep([FactsChange("c", 1, available=True)])
    assert early.waiting_for(["a", "b"]) == [second]
    early.forget([second])
    assert early.waiting_for(["b"]) == []


def _record(message: catalog_events_pb2.HotelFactsChanged | None, key: str = "h") -> Record:
    event = Event(FACTS_TOPIC, message, source="test", key=key)
    return Record(FACTS_TOPIC, 0, 0, key, value_of(event), headers_of(event))


def test_a_batch_is_read_in_order_and_tombstones_change_nothing() -> None:
    at = timestamp_pb2.Timestamp(seconds=1, nanos=5)
    message = catalog_events_pb2.HotelFactsChanged(hotel_id="h", changed_at=at, available=False)
    assert changes_batch([_record(None), _record(message)]) == [
        FactsChange("h", 1_000_000_005, available=False)
    ]


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("hotel_id", catalog_events_pb2.HotelFactsChanged(hotel_id="other")),
        ("changed_at", catalog_events_pb2.HotelFactsChanged(hotel_id="h")),
        (
            "changed_at",
            catalog_events_pb2.HotelFactsChanged(
                hotel_id="h", changed_at=timestamp_pb2.Timestamp(seconds=1 << 60)
            ),
        ),
        (
            "price",
            catalog_events_pb2.HotelFactsChanged(
                hotel_id="h", changed_at=timestamp_pb2.Timestamp(seconds=1), price=_money(-1)
            ),
        ),
    ],
)
def test_a_malformed_change_is_refused_by_field(
    field: str, message: catalog_events_pb2.HotelFactsChanged
) -> None:
    with pytest.raises(InvalidArgument) as refused:
        changes_batch([_record(message)])
    assert refused.value.field == field
