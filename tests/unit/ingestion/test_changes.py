"""Removals and fast facts: what is refused, and what a later load makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from concierge.ingestion.v1 import ingestion_pb2 as pb
from google.protobuf import json_format

from services.ingestion import handlers, wire
from services.ingestion.adapters.sqlite_jobs import SqliteJobs
from services.ingestion.domain.job import ChunkCounts
from services.platform.errors import InvalidArgument, Unavailable
from tests.fakes.catalogue_publisher import FakePublisher

NOW_S = 1_700_000_000.0
NOW = "2023-11-14T22:13:20Z"
PRICE = {"currencyCode": "CNY", "units": "480"}


def _facts(**change: object) -> pb.ChangeFactsRequest:
    return json_format.ParseDict({"changes": [change]}, pb.ChangeFactsRequest())


@pytest.fixture
def store(tmp_path: Path) -> SqliteJobs:
    kept = SqliteJobs(tmp_path / "jobs.sqlite")
    kept.chunk_done("job", 0, ChunkCounts(2, 2, 0, 0), [], {"1": b"a", "2": b"b"})
    return kept


@pytest.mark.parametrize(
    "change",
    [
        {"price": PRICE},
        {"available": False},
        {"operatingStatus": "OPERATING_STATUS_TEMPORARILY_CLOSED"},
        {"price": {"currencyCode": "GBP"}, "available": True},
    ],
)
def test_a_change_of_one_fact_is_taken(change: dict[str, object]) -> None:
    request = _facts(hotelId="1", changedAt=NOW, **change)
    assert wire.changed_facts(request, now_s=NOW_S) == list(request.changes)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"hotelId": ""}, "changes[0].hotel_id"),
        ({"hotelId": "x" * 129}, "changes[0].hotel_id"),
        ({"changedAt": None}, "changes[0].changed_at"),
        ({"changedAt": "2023-11-14T23:13:20Z"}, "changes[0].changed_at"),
        ({"changedAt": "1969-01-01T00:00:00Z"}, "changes[0].changed_at"),
        ({"price": None}, "changes[0]"),
        ({"price": {"units": "480"}}, "changes[0].price.currency_code"),
        ({"price": {**PRICE, "units": "-1"}}, "changes[0].price"),
        ({"price": {**PRICE, "units": "10000001"}}, "changes[0].price"),
        ({"price": {**PRICE, "nanos": -1}}, "changes[0].price"),
        ({"operatingStatus": 99}, "changes[0].operating_status"),
    ],
)
def test_a_malformed_change_is_refused_by_its_field(change: dict[str, object], field: str) -> None:
    whole = {"hotelId": "1", "changedAt": NOW, "price": PRICE, **change}
    with pytest.raises(InvalidArgument) as refused:
        wire.changed_facts(_facts(**whole), now_s=NOW_S)
    assert refused.value.field == field


@pytest.mark.parametrize("count", [0, 1_001])
def test_too_few_or_too_many_are_refused(count: int) -> None:
    with pytest.raises(InvalidArgument, match="hotel_ids"):
        wire.removed_hotels(pb.RemoveHotelsRequest(hotel_ids=["1"] * count))
    with pytest.raises(InvalidArgument, match="changes"):
        wire.changed_facts(
            pb.ChangeFactsRequest(changes=[_facts(hotelId="1").changes[0]] * count), now_s=NOW_S
        )


def test_a_removed_hotel_is_new_to_the_next_load(store: SqliteJobs) -> None:
    publisher = FakePublisher()
    assert handlers.remove_hotels(["1", "1"], store=store, publisher=publisher) == 1
    assert publisher.removed == ["1"]
    assert store.digests(["1", "2"]) == {"2": b"b"}


def test_a_load_after_changed_facts_is_news_even_if_its_row_is_not(store: SqliteJobs) -> None:
    publisher = FakePublisher()
    changes = list(_facts(hotelId="2", changedAt=NOW, available=False).changes)
    assert handlers.change_facts(changes, store=store, publisher=publisher) == 1
    assert publisher.changes == changes
    assert store.digests(["1", "2"]) == {"1": b"a"}


def test_a_removal_that_the_bus_did_not_take_is_news_to_the_next_load(store: SqliteJobs) -> None:
    with pytest.raises(Unavailable):
        handlers.remove_hotels(["1"], store=store, publisher=FakePublisher(down=True))
    assert store.digests(["1"]) == {}
