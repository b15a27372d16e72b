"""The reference meaning of a condition: Kleene's three-valued logic over one record."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from operator import attrgetter
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

Evaluate: TypeAlias = Callable[[HotelFacts], Truth]
"""A condition, ready for many records."""


def satisfies(condition: Condition | None, hotel: HotelFacts) -> bool:
    """Tell whether the hotel passes: the whole tree is true, not merely unknown."""
    return passes(condition)(hotel)


def passes(condition: Condition | None) -> Callable[[HotelFacts], bool]:
    """Return what tells whether a hotel passes, for many: as `satisfies`."""
    if condition is None:
        return lambda hotel: True
    truth = evaluator(condition)
    return lambda hotel: truth(hotel) is True


def evaluate(condition: Condition, hotel: HotelFacts) -> Truth:
    """Return the truth of the condition for one record; `None` where the record does not tell."""
    return evaluator(condition)(hotel)


def evaluator(condition: Condition) -> Evaluate:
    """Return what evaluates the condition, for many records: the tree is walked once.

    Source: Kleene, Introduction to Metamathematics, 1952, section 64 (strong tables).
    """
    match condition:
        case All(items=items):
            return _joined([evaluator(item) for item in items], settles=False)
        case Any(items=items):
            return _joined([evaluator(item) for item in items], settles=True)
        case Not(item=item):
            inner = evaluator(item)
            return lambda hotel: negate(inner(hotel))
        case Term():
            return _term(condition)
        case Range():
            return _range(condition)
        case Name():
            return _name(condition)
        case Near():
            return _near(condition)


def negate(truth: Truth) -> Truth:
    """Return the opposite; unknown stays unknown."""
    return None if truth is None else not truth


def _joined(items: Sequence[Evaluate], *, settles: bool) -> Evaluate:
    """Join by OR, which one true item settles, or by AND, which one false item settles."""

    def evaluate(hotel: HotelFacts) -> Truth:
        seen: Truth = not settles
        for item in items:
            truth = item(hotel)
            if truth is settles:
                return settles
            if truth is None:
                seen = None
        return seen

    return evaluate


_NUMBERS: dict[Field, Callable[[HotelFacts], float | None]] = {
    Field.PRICE: attrgetter("price"),
    Field.GUEST_RATING: attrgetter("guest_rating"),
    Field.STAR_RATING: attrgetter("star_rating"),
    Field.REVIEW_COUNT: attrgetter("review_count"),
}

_SINGLE: dict[Field, Callable[[HotelFacts], str | None]] = {
    Field.HOTEL_ID: attrgetter("hotel_id"),
    Field.BRAND: attrgetter("brand"),
    Field.KIND: attrgetter("kind"),
    Field.TIER: attrgetter("tier"),
    Field.PRICE_BAND: attrgetter("price_band"),
    Field.DISTRICT: attrgetter("district"),
    Field.CITY: attrgetter("city"),
}

_MULTIPLE: dict[Field, Callable[[HotelFacts], frozenset[str] | None]] = {
    Field.FACILITY: attrgetter("facilities"),
    Field.ROOM_TYPE: attrgetter("room_types"),
}


def number(field: Field, hotel: HotelFacts) -> float | None:
    """Return the record's number for a range or sort field, `None` when it is missing."""
    return _NUMBERS[field](hotel)


def held(field: Field, hotel: HotelFacts) -> Collection[str]:
    """Return the record's values of a term field, none when they are missing."""
    if (several := _MULTIPLE.get(field)) is not None:
        return several(hotel) or ()
    value = _SINGLE[field](hotel)
    return () if value is None else (value,)


def _term(leaf: Term) -> Evaluate:
    wanted = frozenset(leaf.values)
    if (several := _MULTIPLE.get(leaf.field)) is not None:

        def holds_one(hotel: HotelFacts) -> Truth:
            held = several(hotel)
            return None if held is None else not wanted.isdisjoint(held)

        return holds_one
    single = _SINGLE[leaf.field]

    def is_one(hotel: HotelFacts) -> Truth:
        value = single(hotel)
        return None if value is None else value in wanted

    return is_one


def _range(leaf: Range) -> Evaluate:
    read = _NUMBERS[leaf.field]

    def within(hotel: HotelFacts) -> Truth:
        value = read(hotel)
        return None if value is None else leaf.holds(value)

    return within


def _name(leaf: Name) -> Evaluate:
    wanted = fold_name(leaf.value)
    if leaf.match is NameMatch.EXACT:
        return lambda hotel: wanted in hotel.names
    return lambda hotel: any(wanted in name for name in hotel.names)


def _near(leaf: Near) -> Evaluate:
    places, center, radius_km = frozenset(leaf.listed), leaf.center, leaf.radius_km

    def near(hotel: HotelFacts) -> Truth:
        listed: Truth = False
        if places:
            listed = None if hotel.nearby is None else not places.isdisjoint(hotel.nearby)
        if listed is True or center is None or radius_km is None:
            return listed
        if hotel.location is None:
            return None
        return True if haversine_km(center, hotel.location) <= radius_km else listed

    return near
