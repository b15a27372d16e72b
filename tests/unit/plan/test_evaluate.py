"""The reference meaning of conditions."""

from __future__ import annotations

import pytest

from services.plan.condition import (
    All,
    Any,
    Condition,
    Field,
    ListedPlace,
    Name,
    NameMatch,
    Near,
    Not,
    PlaceCategory,
    Point,
    Range,
    Term,
)
from services.plan.evaluate import evaluate, satisfies
from services.plan.facts import HotelFacts

PALACE = ListedPlace(PlaceCategory.ATTRACTION, "故宫")
HOTEL = HotelFacts(
    "1",
    ("北京饭店", "beijinghotel"),
    tier="luxury",
    price=500.0,
    facilities=frozenset({"gym"}),
    nearby=frozenset({PALACE}),
    location=Point(39.9, 116.4),
)
BARE = HotelFacts("2", ("x",))

CHEAP = Range(Field.PRICE, max=500)
GYM = Term(Field.FACILITY, ("gym",))
POOL = Term(Field.FACILITY, ("pool",))


@pytest.mark.parametrize(
    ("condition", "hotel", "truth"),
    [
        (CHEAP, HOTEL, True),
        (Range(Field.PRICE, max=500, max_exclusive=True), HOTEL, False),
        (Range(Field.PRICE, min=500, min_exclusive=True), HOTEL, False),
        (Range(Field.PRICE, min=500), HOTEL, True),
        (CHEAP, BARE, None),
        (Not(CHEAP), BARE, None),
        (GYM, HOTEL, True),
        (POOL, HOTEL, False),
        (Not(POOL), HOTEL, True),
        (Not(POOL), BARE, None),
        (Term(Field.FACILITY, ("pool", "gym")), HOTEL, True),
        (Term(Field.TIER, ("luxury",)), HOTEL, True),
        (Term(Field.TIER, ("economy",)), BARE, None),
        (All((GYM, CHEAP)), HOTEL, True),
        (All((POOL, CHEAP)), BARE, None),
        (All((Name("y", NameMatch.EXACT), CHEAP)), BARE, False),
        (Any((Name("x", NameMatch.EXACT), CHEAP)), BARE, True),
        (Any((POOL, GYM)), HOTEL, True),
        (Any((POOL, CHEAP)), BARE, None),
        (Name("Beijing Hotel", NameMatch.EXACT), HOTEL, True),
        (Name("北京", NameMatch.CONTAINS), HOTEL, True),
        (Name("北京", NameMatch.EXACT), HOTEL, False),
        (Near(1, listed=(PALACE,)), HOTEL, True),
        (Near(1, listed=(PALACE,)), BARE, None),
        (Near(1, center=Point(39.9, 116.4), radius_km=1.0), HOTEL, True),
        (Near(1, center=Point(39.99, 116.4), radius_km=1.0), HOTEL, False),
        (Near(1, center=Point(39.99, 116.4), radius_km=1.0, listed=(PALACE,)), HOTEL, True),
        (Near(1, center=Point(39.99, 116.4), radius_km=1.0), BARE, None),
    ],
)
def test_a_condition_is_true_false_or_unknown(
    condition: Condition, hotel: HotelFacts, truth: bool | None
) -> None:
    assert evaluate(condition, hotel) is truth


def test_unknown_does_not_pass() -> None:
    assert not satisfies(CHEAP, BARE)
    assert not satisfies(Not(CHEAP), BARE)
    assert satisfies(None, BARE)
