"""Random records and random condition trees over the same small worlds of values."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

from hypothesis import strategies as st

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
from services.plan.facts import HotelFacts
from services.plan.names import fold_name

NAMES = ("北京饭店", "Beijing Hotel", "Hotel A.B (East)", "7天酒店(王府井店)", "x*y?", "ホテル")
WORDS = {
    Field.BRAND: ("hilton", "home_inn", "7天"),
    Field.KIND: ("hotel", "hostel"),
    Field.TIER: ("economy", "luxury"),
    Field.PRICE_BAND: ("cheap", "expensive"),
    Field.DISTRICT: ("朝阳区", "east", "西城区"),
    Field.CITY: ("北京", "Cambridge"),
    Field.FACILITY: ("gym", "pool", "paid parking", "无烟房"),
    Field.ROOM_TYPE: ("twin", "suite"),
}
NUMBERS = {
    Field.PRICE: (0.0, 99.5, 300.0, 500.0, 10_000.0),
    Field.GUEST_RATING: (0.0, 3.5, 4.5, 5.0),
    Field.STAR_RATING: (0.0, 2.0, 3.5, 5.0),
    Field.REVIEW_COUNT: (0.0, 1.0, 250.0),
}
PLACES = tuple(
    ListedPlace(category, name)
    for category in (PlaceCategory.ATTRACTION, PlaceCategory.STATION)
    for name in ("故宫", "天安门", "King's Cross")
)
POINTS = (Point(39.90, 116.40), Point(39.91, 116.41), Point(52.2, 0.12), Point(-33.9, 151.2))
T = TypeVar("T")
IDS = tuple(f"h{n}" for n in range(12))


def maybe(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | values


def _some(values: tuple[object, ...]) -> st.SearchStrategy[frozenset[object]]:
    return st.frozensets(st.sampled_from(values), max_size=3)


def hotels(hotel_id: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[HotelFacts]:
    """Records, with every field missing now and then."""
    return st.builds(
        HotelFacts,
        hotel_id=hotel_id or st.sampled_from(IDS),
        names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True).map(
            lambda names: tuple(fold_name(name) for name in names)
        ),
        brand=maybe(st.sampled_from(WORDS[Field.BRAND])),
        kind=maybe(st.sampled_from(WORDS[Field.KIND])),
        tier=maybe(st.sampled_from(WORDS[Field.TIER])),
        star_rating=maybe(st.sampled_from(NUMBERS[Field.STAR_RATING])),
        price_band=maybe(st.sampled_from(WORDS[Field.PRICE_BAND])),
        price=maybe(st.sampled_from(NUMBERS[Field.PRICE])),
        guest_rating=maybe(st.sampled_from(NUMBERS[Field.GUEST_RATING])),
        review_count=maybe(st.sampled_from(NUMBERS[Field.REVIEW_COUNT]).map(int)),
        facilities=maybe(_some(WORDS[Field.FACILITY])),
        room_types=maybe(_some(WORDS[Field.ROOM_TYPE])),
        district=maybe(st.sampled_from(WORDS[Field.DISTRICT])),
        city=maybe(st.sampled_from(WORDS[Field.CITY])),
        nearby=maybe(_some(PLACES)),
        location=maybe(st.sampled_from(POINTS)),
        closed=st.booleans(),
    )


def catalogues() -> st.SearchStrategy[list[HotelFacts]]:
    """Up to a dozen records with distinct ids."""
    return st.lists(hotels(), min_size=1, max_size=12, unique_by=lambda hotel: hotel.hotel_id)


def many_hotels(count: int, seed: int) -> list[HotelFacts]:
    """Records like those of `hotels`, spread around the points; the same for a seed."""
    chance = random.Random(seed)

    def one(values: Sequence[T]) -> T | None:
        return chance.choice(values) if chance.random() < 0.7 else None

    def some(values: Sequence[T]) -> frozenset[T] | None:
        count = chance.randint(0, min(3, len(values)))
        return frozenset(chance.sample(values, count)) if chance.random() < 0.7 else None

    def somewhere() -> Point:
        """At one of the points or up to a few kilometres from it."""
        at, spread = chance.choice(POINTS), chance.choice((0, 0.01, 0.3))
        return Point(at.latitude + chance.gauss(0, spread), at.longitude + chance.gauss(0, spread))

    return [
        HotelFacts(
            hotel_id=f"h{number}",
            names=tuple(map(fold_name, chance.sample(NAMES, chance.randint(1, 2)))),
            brand=one(WORDS[Field.BRAND]),
            kind=one(WORDS[Field.KIND]),
            tier=one(WORDS[Field.TIER]),
            star_rating=one(NUMBERS[Field.STAR_RATING]),
            price_band=one(WORDS[Field.PRICE_BAND]),
            price=one(NUMBERS[Field.PRICE]),
            guest_rating=one(NUMBERS[Field.GUEST_RATING]),
            review_count=None if chance.random() < 0.3 else chance.choice((0, 1, 250)),
            facilities=some(WORDS[Field.FACILITY]),
            room_types=some(WORDS[Field.ROOM_TYPE]),
            district=one(WORDS[Field.DISTRICT]),
            city=one(WORDS[Field.CITY]),
            nearby=some(PLACES),
            location=somewhere() if chance.random() < 0.8 else None,
            closed=chance.random() < 0.2,
        )
        for number in range(count)
    ]


def _terms() -> st.SearchStrategy[Condition]:
    worlds = {**WORDS, Field.HOTEL_ID: IDS}
    return st.sampled_from(sorted(worlds)).flatmap(
        lambda field: st.lists(
            st.sampled_from((*worlds[field], "nobody has this")), min_size=1, max_size=2
        ).map(lambda values: Term(field, tuple(values)))
    )


def _ranges() -> st.SearchStrategy[Condition]:
    def bounds(field: Field) -> st.SearchStrategy[Condition]:
        numbers = st.none() | st.sampled_from(NUMBERS[field])
        return (
            st.tuples(numbers, numbers, st.booleans(), st.booleans())
            .filter(lambda b: b[0] is not None or b[1] is not None)
            .map(
                lambda b: Range(
                    field,
                    b[0],
                    b[1],
                    b[2] and b[0] is not None,
                    b[3] and b[1] is not None,
                )
            )
        )

    return st.sampled_from(sorted(NUMBERS)).flatmap(bounds)


def _names() -> st.SearchStrategy[Condition]:
    parts = ("北京", "hotel", "(王府井店)", "a.b", "*", "nobody")
    return st.builds(Name, st.sampled_from(NAMES), st.just(NameMatch.EXACT)) | st.builds(
        Name, st.sampled_from(parts), st.just(NameMatch.CONTAINS)
    )


def _nears() -> st.SearchStrategy[Condition]:
    return st.builds(
        Near,
        st.just(1),
        st.lists(st.sampled_from(PLACES), max_size=2).map(tuple),
        st.none() | st.sampled_from(POINTS),
        st.none() | st.sampled_from((0.5, 1.5, 3.0)),
    )


def circles() -> st.SearchStrategy[Near]:
    """Circles of a metre to half the Earth, over poles and the 180th meridian, or lists."""
    points = st.builds(Point, st.floats(-90, 90), st.floats(-180, 180)) | st.sampled_from(POINTS)
    radii = st.floats(0.001, 20_000) | st.sampled_from((1.0, 50.0))
    listed = st.lists(st.sampled_from(PLACES), max_size=2).map(tuple)
    return st.builds(Near, st.just(1), listed, points, radii)


def conditions() -> st.SearchStrategy[Condition]:
    """Trees of every node and leaf, a few levels deep."""
    return st.recursive(
        _terms() | _ranges() | _names() | _nears(),
        lambda inner: (
            st.lists(inner, min_size=1, max_size=3).map(lambda items: All(tuple(items)))
            | st.lists(inner, min_size=1, max_size=3).map(lambda items: Any(tuple(items)))
            | inner.map(Not)
        ),
        max_leaves=6,
    )
