"""The facts that one plan reads of a record, and no others.

Reading all facts of a few hundred candidates is what ranking would spend most of its time on:
lists of facilities and of places nearby are long, and most plans ask for neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from concierge.catalog.v1 import hotel_pb2

from services.plan.condition import Field, Leaf, ListedPlace, Name, Near, Point
from services.plan.condition_wire import CATEGORY_FROM_PB
from services.plan.facts import HotelFacts
from services.plan.hotel_wire import amount, is_closed
from services.plan.names import fold_name
from services.plan.query_plan import QueryPlan, Trend
from services.plan.tree import leaves

Read = Callable[[hotel_pb2.Hotel], HotelFacts]


def reader_of(plan: QueryPlan) -> Read:
    """Return what reads the facts that the plan's condition, wishes and order speak of.

    For these facts it is `services.plan.hotel_wire.facts_of`, of the places nearby those that the
    plan names; price, ratings and position are always read, every other fact is left as if the
    record lacked it.
    """
    asked, named = _fields(plan), _named_places(plan)
    names, brand = Field.NAME in asked, Field.BRAND in asked
    kind, tier, band = Field.KIND in asked, Field.TIER in asked, Field.PRICE_BAND in asked
    facilities, rooms = Field.FACILITY in asked, Field.ROOM_TYPE in asked
    district, city, nearby = Field.DISTRICT in asked, Field.CITY in asked, Field.NEARBY in asked

    def read(hotel: hotel_pb2.Hotel) -> HotelFacts:
        has = hotel.HasField
        location = hotel.location if has("location") else None
        return HotelFacts(
            hotel.id,
            tuple(dict.fromkeys([fold_name(name.text) for name in hotel.names])) if names else (),
            hotel.brand if brand and has("brand") else None,
            hotel.kind if kind and has("kind") else None,
            hotel.tier if tier and has("tier") else None,
            hotel.star_rating if has("star_rating") else None,
            hotel.price_band if band and has("price_band") else None,
            amount(hotel.price) if has("price") else None,
            hotel.guest_rating if has("guest_rating") else None,
            hotel.review_count if has("review_count") else None,
            frozenset([facility.id for facility in hotel.facilities.items])
            if facilities and has("facilities")
            else None,
            frozenset(hotel.room_types.items) if rooms and has("room_types") else None,
            hotel.district if district and has("district") else None,
            hotel.city if city and has("city") else None,
            _nearby(hotel, named) if nearby and has("nearby_places") else None,
            None if location is None else Point(location.latitude, location.longitude),
            is_closed(hotel),
        )

    return read


def _fields(plan: QueryPlan) -> frozenset[Field]:
    fields: set[Field] = set()
    for leaf in _spoken_of(plan):
        match leaf:
            case Near():
                fields.add(Field.NEARBY)
            case Name():
                fields.add(Field.NAME)
            case _:
                fields.add(leaf.field)
    return frozenset(fields)


def _named_places(plan: QueryPlan) -> frozenset[str]:
    near = [leaf for leaf in _spoken_of(plan) if isinstance(leaf, Near)]
    return frozenset([place.name for leaf in near for place in leaf.listed])


def _spoken_of(plan: QueryPlan) -> Iterator[Leaf]:
    yield from leaves(plan.condition)
    for preference in plan.preferences:
        if not isinstance(preference.wish, Trend):
            yield from leaves(preference.wish)


def _nearby(hotel: hotel_pb2.Hotel, named: frozenset[str]) -> frozenset[ListedPlace]:
    return frozenset(
        [
            ListedPlace(CATEGORY_FROM_PB[place.category], place.name)
            for place in hotel.nearby_places.items
            if place.name in named and place.category in CATEGORY_FROM_PB
        ]
    )
