"""That a metro station is near is told by the record's own words."""

from __future__ import annotations

import pytest
from concierge.catalog.v1 import hotel_pb2

from services.ingestion.domain.stations import tell_metro
from services.vocabulary import NEAR_METRO


def told(hotel: hotel_pb2.Hotel) -> list[str]:
    tell_metro(hotel)
    return [item.id for item in hotel.facilities.items]


def with_facilities() -> hotel_pb2.Hotel:
    hotel = hotel_pb2.Hotel(id="h1")
    hotel.facilities.SetInParent()
    return hotel


@pytest.mark.parametrize(
    "words", ["距国贸地铁站A口300米", "300 m from the Metro", "Underground: Bank"]
)
def test_transport_that_names_a_metro_tells_it(words: str) -> None:
    hotel = with_facilities()
    hotel.transport.add(language="en", text=words)
    assert told(hotel) == [NEAR_METRO]


@pytest.mark.parametrize(
    ("station", "near"), [("国贸", True), ("北京西站", False), ("Central Railway Station", False)]
)
def test_a_listed_station_tells_it_unless_it_is_a_railway_s(station: str, near: bool) -> None:
    hotel = with_facilities()
    hotel.nearby_places.items.add(category=hotel_pb2.PLACE_CATEGORY_STATION, name=station)
    assert told(hotel) == ([NEAR_METRO] if near else [])


def test_where_no_facilities_are_given_nothing_is_told() -> None:
    hotel = hotel_pb2.Hotel(id="h1")
    hotel.transport.add(language="zh", text="地铁站旁")
    tell_metro(hotel)
    assert not hotel.HasField("facilities")


def test_it_is_told_once() -> None:
    hotel = with_facilities()
    hotel.transport.add(language="zh", text="地铁站旁")
    tell_metro(hotel)
    assert told(hotel) == [NEAR_METRO]
