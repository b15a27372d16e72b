"""Why a hotel is in the list: each condition and wish with the field and value that meets it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from services.plan.condition import (
    All,
    Any,
    Condition,
    Field,
    Leaf,
    Near,
    Not,
    Point,
    Range,
    Term,
)
from services.plan.evaluate import Truth, evaluate
from services.plan.facts import HotelFacts
from services.plan.query_plan import Preference, Trend
from services.ranking.domain.features import distance_km, trend_number


@dataclass(frozen=True, slots=True)
class Evidence:
    """One leaf or trend and what the record says to it.

    Attributes:
        wish: The leaf or the trend.
        hard: Whether it is a hard condition.
        truth: Whether the record meets it; `None`: the record does not tell.
        field: The field that tells.
        values: The ids or texts of the record that meet it; labels are the wire's work.
        number: The record's number, for numbers and distances.
        negated: The leaf stands under a NOT; `truth` is of the NOT.
    """

    wish: Leaf | Trend
    hard: bool
    truth: Truth
    field: Field
    values: tuple[str, ...] = ()
    number: float | None = None
    negated: bool = False


def evidence(
    condition: Condition | None,
    preferences: tuple[Preference, ...],
    facts: HotelFacts,
    points: Mapping[int, Point],
) -> list[Evidence]:
    """Return the evidence for one hotel that passes the condition.

    Of an OR only the branches that hold are shown: the others are no reason.
    """
    found = list(_hard(condition, facts, negated=False)) if condition is not None else []
    for preference in preferences:
        found.extend(_soft(preference, facts, points))
    return found


def _hard(condition: Condition, facts: HotelFacts, *, negated: bool) -> Iterator[Evidence]:
    match condition:
        case Not(item=item):
            yield from _hard(item, facts, negated=not negated)
        case All(items=items) | Any(items=items):
            conjunctive = isinstance(condition, All) is not negated
            for item in items:
                if conjunctive or evaluate(item, facts) is (not negated):
                    yield from _hard(item, facts, negated=negated)
        case _:
            truth = evaluate(condition, facts)
            if truth is (not negated):
                yield _leaf(condition, facts, True, True, negated)


def _soft(
    preference: Preference, facts: HotelFacts, points: Mapping[int, Point]
) -> Iterator[Evidence]:
    wish = preference.wish
    if isinstance(wish, Trend):
        value = trend_number(wish, facts, points)
        truth = None if value is None else True
        yield Evidence(wish, False, truth, wish.field, number=value)
        return
    against = preference.weight < 0
    for leaf, negated in _leaves(wish, against):
        truth = evaluate(leaf, facts)
        met = truth if not negated or truth is None else not truth
        yield _leaf(leaf, facts, False, met, negated)


def _leaves(condition: Condition, negated: bool) -> Iterator[tuple[Leaf, bool]]:
    match condition:
        case Not(item=item):
            yield from _leaves(item, not negated)
        case All(items=items) | Any(items=items):
            for item in items:
                yield from _leaves(item, negated)
        case _:
            yield condition, negated


def _leaf(leaf: Leaf, facts: HotelFacts, hard: bool, truth: Truth, negated: bool) -> Evidence:
    match leaf:
        case Term(field=field, values=wanted):
            held = _held(field, facts)
            meets = tuple(value for value in wanted if value in held)
            shown = meets or (held if field not in (Field.FACILITY, Field.ROOM_TYPE) else ())
            return Evidence(leaf, hard, truth, field, tuple(shown), negated=negated)
        case Range(field=field):
            value = {
                Field.PRICE: facts.price,
                Field.GUEST_RATING: facts.guest_rating,
                Field.STAR_RATING: facts.star_rating,
                Field.REVIEW_COUNT: facts.review_count,
            }[field]
            return Evidence(leaf, hard, truth, field, number=value, negated=negated)
        case Near():
            names = tuple(
                place.name for place in leaf.listed if facts.nearby and place in facts.nearby
            )
            km = distance_km(facts, leaf.center)
            field = Field.NEARBY if names else Field.DISTANCE
            return Evidence(leaf, hard, truth, field, names, km, negated)
        case _:
            return Evidence(leaf, hard, truth, Field.NAME, negated=negated)


def _held(field: Field, facts: HotelFacts) -> tuple[str, ...]:
    if field is Field.FACILITY:
        return tuple(facts.facilities or ())
    if field is Field.ROOM_TYPE:
        return tuple(facts.room_types or ())
    value = {
        Field.HOTEL_ID: facts.hotel_id,
        Field.BRAND: facts.brand,
        Field.KIND: facts.kind,
        Field.TIER: facts.tier,
        Field.PRICE_BAND: facts.price_band,
        Field.DISTRICT: facts.district,
        Field.CITY: facts.city,
    }[field]
    return () if value is None else (value,)
