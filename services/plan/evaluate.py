"""The reference meaning of a condition: Kleene's three-valued logic over one record."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from services.geography.distance import haversine_km
from services.plan.condition import (
    All,
    Any,
    Condition,
    Field,
    Name,
    NameMatch,
    Near,
    Not,
    Range,
    Term,
)
from services.plan.facts import HotelFacts
from services.plan.names import fold_name

Truth: TypeAlias = bool | None
"""True, False, or None for unknown."""


def satisfies(condition: Condition | None, hotel: HotelFacts) -> bool:
    """Tell whether the hotel passes: the whole tree is true, not merely unknown."""
    return condition is None or evaluate(condition, hotel) is True


def evaluate(condition: Condition, hotel: HotelFacts) -> Truth:
    """Return the truth of the condition for one record; `None` where the record does not tell.

    Source: Kleene, Introduction to Metamathematics, 1952, section 64 (strong tables).
    """
    match condition:
        case All(items=items):
            return _all(evaluate(item, hotel) for item in items)
        case Any(items=items):
            return negate(_all(negate(evaluate(item, hotel)) for item in items))
        case Not(item=item):
            return negate(evaluate(item, hotel))
        case Term():
            return _term(condition, hotel)
        case Range():
            value = number(condition.field, hotel)
            return None if value is None else condition.holds(value)
        case Name():
            return _name(condition, hotel)
        case Near():
            return _near(condition, hotel)


def negate(truth: Truth) -> Truth:
    """Return the opposite; unknown stays unknown."""
    return None if truth is None else not truth


def _all(truths: Iterable[Truth]) -> Truth:
    seen: Truth = True
    for truth in truths:
        if truth is False:
            return False
        if truth is None:
            seen = None
    return seen


_NUMBERS: dict[Field, Callable[[HotelFacts], float | None]] = {
    Field.PRICE: lambda hotel: hotel.price,
    Field.GUEST_RATING: lambda hotel: hotel.guest_rating,
    Field.STAR_RATING: lambda hotel: hotel.star_rating,
    Field.REVIEW_COUNT: lambda hotel: hotel.review_count,
}

_SINGLE: dict[Field, Callable[[HotelFacts], str | None]] = {
    Field.HOTEL_ID: lambda hotel: hotel.hotel_id,
    Field.BRAND: lambda hotel: hotel.brand,
    Field.KIND: lambda hotel: hotel.kind,
    Field.TIER: lambda hotel: hotel.tier,
    Field.PRICE_BAND: lambda hotel: hotel.price_band,
    Field.DISTRICT: lambda hotel: hotel.district,
    Field.CITY: lambda hotel: hotel.city,
}

_MULTIPLE: dict[Field, Callable[[HotelFacts], frozenset[str] | None]] = {
    Field.FACILITY: lambda hotel: hotel.facilities,
    Field.ROOM_TYPE: lambda hotel: hotel.room_types,
}


def number(field: Field, hotel: HotelFacts) -> float | None:
    """Return the record's number for a range or sort field, `None` when it is missing."""
    return _NUMBERS[field](hotel)


def _term(leaf: Term, hotel: HotelFacts) -> Truth:
    if (several := _MULTIPLE.get(leaf.field)) is not None:
        held = several(hotel)
        return None if held is None else any(value in held for value in leaf.values)
    value = _SINGLE[leaf.field](hotel)
    return None if value is None else value in leaf.values


def _name(leaf: Name, hotel: HotelFacts) -> Truth:
    wanted = fold_name(leaf.value)
    if leaf.match is NameMatch.EXACT:
        return wanted in hotel.names
    return any(wanted in name for name in hotel.names)


def _near(leaf: Near, hotel: HotelFacts) -> Truth:
    listed: Truth = False
    if leaf.listed:
        listed = None if hotel.nearby is None else any(p in hotel.nearby for p in leaf.listed)
    if listed is True or leaf.center is None or leaf.radius_km is None:
        return listed
    if hotel.location is None:
        return None
    within = haversine_km(leaf.center, hotel.location) <= leaf.radius_km
    return True if within else listed
