"""What conditions read, taken from the contract's hotel record."""

from __future__ import annotations

from functools import lru_cache

from concierge.catalog.v1 import hotel_pb2
from google.type import money_pb2

from services.plan.condition import ListedPlace, Point
from services.plan.condition_wire import CATEGORY_FROM_PB
from services.plan.facts import HotelFacts
from services.plan.names import fold_name

_CLOSED = (
    hotel_pb2.OPERATING_STATUS_TEMPORARILY_CLOSED,
    hotel_pb2.OPERATING_STATUS_PERMANENTLY_CLOSED,
)


def facts_of(hotel: hotel_pb2.Hotel) -> HotelFacts:
    """Return the facts of a record; what the record lacks is `None`."""
    has = hotel.HasField
    return HotelFacts(
        hotel_id=hotel.id,
        names=tuple(dict.fromkeys(fold_name(name.text) for name in hotel.names)),
        brand=hotel.brand if has("brand") else None,
        kind=hotel.kind if has("kind") else None,
        tier=hotel.tier if has("tier") else None,
        star_rating=hotel.star_rating if has("star_rating") else None,
        price_band=hotel.price_band if has("price_band") else None,
        price=amount(hotel.price) if has("price") else None,
        guest_rating=hotel.guest_rating if has("guest_rating") else None,
        review_count=hotel.review_count if has("review_count") else None,
        facilities=frozenset([facility.id for facility in hotel.facilities.items])
        if has("facilities")
        else None,
        room_types=frozenset(hotel.room_types.items) if has("room_types") else None,
        district=hotel.district if has("district") else None,
        city=hotel.city if has("city") else None,
        nearby=frozenset(listed_places(hotel)) if has("nearby_places") else None,
        location=Point(hotel.location.latitude, hotel.location.longitude)
        if has("location")
        else None,
        closed=is_closed(hotel),
    )


def listed_places(hotel: hotel_pb2.Hotel) -> list[ListedPlace]:
    """Return the list of nearby places, without entries of an unknown category."""
    return [
        _listed_place(place.category, place.name)
        for place in hotel.nearby_places.items
        if place.category in CATEGORY_FROM_PB
    ]


# Hotels list the same places over and over.
@lru_cache(maxsize=65_536)
def _listed_place(category: hotel_pb2.PlaceCategory.ValueType, name: str) -> ListedPlace:
    return ListedPlace(CATEGORY_FROM_PB[category], name)


def is_closed(hotel: hotel_pb2.Hotel) -> bool:
    """Tell whether the house is closed for a time or for good."""
    return hotel.operating_status in _CLOSED


def amount(money: money_pb2.Money) -> float:
    """Return the amount in units of its currency."""
    return float(money.units) + float(money.nanos) / 1e9
