"""Rows in proto3 JSON: read fast where they are regular, as the JSON parser reads them always."""

from __future__ import annotations

import json

import pytest
from concierge.catalog.v1 import hotel_pb2
from google.protobuf import json_format

from services.ingestion.domain.generator import generate, to_line
from services.ingestion.domain.values import RowError
from services.ingestion.hotel_json import hotel_from_json


def test_generated_hotels_come_back_as_they_were() -> None:
    for hotel in generate(200, seed=3):
        assert hotel_from_json(json.loads(to_line(hotel))) == hotel


@pytest.mark.parametrize(
    "row",
    [
        {"id": "a", "starRating": 4.5, "reviewCount": "12"},
        {"id": "a", "price": {"currencyCode": "CNY", "units": "533", "nanos": 5}},
        {"id": "a", "price": {"units": -3}, "revision": "7"},
        {"id": "a", "asOf": "2026-01-02T03:04:05Z"},
        {"id": "a", "operating_status": "OPERATING_STATUS_OPEN", "names": [{"text": "x"}]},
        {"id": "a", "location": None, "facilities": {"items": []}},
    ],
)
def test_every_spelling_of_json_is_read_as_the_parser_reads_it(row: dict[str, object]) -> None:
    assert hotel_from_json(row) == json_format.ParseDict(row, hotel_pb2.Hotel())


@pytest.mark.parametrize(
    "row",
    [
        {"id": 5},
        {"id": "a", "stars": 5},
        {"id": "a", "star_rating": "many"},
        {"id": "a", "review_count": True},
        {"id": "a", "review_count": 1.5},
        {"id": "a", "operating_status": "OPERATING_STATUS_ON_FIRE"},
        {"id": "a", "names": ["x"]},
        {"id": "a", "price": {"units": "5 0"}},
    ],
)
def test_what_is_no_hotel_is_refused_with_a_reason(row: dict[str, object]) -> None:
    with pytest.raises(RowError) as refused:
        hotel_from_json(row)
    assert refused.value.reason
