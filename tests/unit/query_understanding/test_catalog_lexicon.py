"""What the catalogue calls things follows the catalogue: hotels come, are renamed, and go."""

from __future__ import annotations

import random

import pytest
from concierge.catalog.v1 import hotel_pb2

from services.ingestion.domain.generator import generate
from services.plan.condition import Field
from services.query_understanding.adapters.catalog_lexicon import InMemoryCatalogLexicon
from services.query_understanding.domain.catalog_names import KnownPlace, NameKind
from services.text.fold import fold_text


@pytest.fixture(scope="module")
def hotels() -> list[hotel_pb2.Hotel]:
    return list(generate(400, seed=5))


def renamed(hotel: hotel_pb2.Hotel) -> hotel_pb2.Hotel:
    other = hotel_pb2.Hotel()
    other.CopyFrom(hotel)
    other.names[0].text = f"旧{hotel.names[0].text}"
    other.district = "旧区"
    del other.facilities.items[1:]
    return other


def known(lexicon: InMemoryCatalogLexicon, hotels: list[hotel_pb2.Hotel]) -> list[object]:
    """Return all that the lexicon says about the hotels' names."""
    texts = [fold_text(f"我想住{name.text}附近") for hotel in hotels for name in hotel.names]
    return [
        *(lexicon.values(field) for field in Field),
        *(frozenset(lexicon.find(text)) for text in texts),
        *(lexicon.said_short(text.replace("(", "")) for text in texts),
        *(lexicon.hotels_named(name.text) for hotel in hotels for name in hotel.names),
        *(lexicon.hotels_with_part(_after_city(hotel)) for hotel in hotels),
        lexicon.places_containing("山"),
        lexicon.names_contain("旧"),
        lexicon.size(),
    ]


def _after_city(hotel: hotel_pb2.Hotel) -> str:
    return fold_text(hotel.names[0].text).removeprefix(hotel.city).partition("(")[0]


def test_what_was_learnt_and_forgotten_leaves_no_trace(hotels: list[hotel_pb2.Hotel]) -> None:
    once, often = InMemoryCatalogLexicon(), InMemoryCatalogLexicon()
    once.apply(hotels[:300])
    often.apply([renamed(hotel) for hotel in hotels])
    for hotel in random.Random(1).sample(hotels, len(hotels)):
        often.apply([hotel])
    often.apply([], [hotel.id for hotel in hotels[300:]])
    assert known(often, hotels) == known(once, hotels)


def test_a_house_is_known_by_its_new_name_alone(hotels: list[hotel_pb2.Hotel]) -> None:
    lexicon = InMemoryCatalogLexicon()
    hotel = next(hotel for hotel in hotels if "号" in hotel.names[0].text)
    lexicon.apply([hotel])
    lexicon.apply([renamed(hotel)])
    assert lexicon.hotels_named(hotel.names[0].text) == []
    assert [record.hotel_id for record in lexicon.hotels_named(f"旧{hotel.names[0].text}")] == [
        hotel.id
    ]
    assert lexicon.values(Field.DISTRICT) == {"旧区"}


def test_a_house_is_known_by_its_name_without_the_city(hotels: list[hotel_pb2.Hotel]) -> None:
    lexicon = InMemoryCatalogLexicon()
    lexicon.apply(hotels)
    hotel = next(hotel for hotel in hotels if "号" in hotel.names[0].text)
    short = _after_city(hotel)
    assert [record.hotel_id for record in lexicon.hotels_with_part(short)] == [hotel.id]
    assert lexicon.hotels_with_part(short[1:]) == []
    lexicon.apply([], [hotel.id])
    assert lexicon.hotels_with_part(short) == []


def test_a_known_place_is_found_by_its_name_in_latin_letters() -> None:
    lexicon = InMemoryCatalogLexicon([KnownPlace("外滩"), KnownPlace("鄂滩")])
    found = [(match.kind, match.name) for match in lexicon.find("zhu waitan fujin")]
    assert found == [(NameKind.PLACE, "外滩")]
    # Short ones are words of other languages too often.
    assert lexicon.find("etan fujin") == []
