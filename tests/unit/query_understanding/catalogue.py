"""The small fixed catalogues of `catalogue.yaml`, learnt by a lexicon as services learn theirs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any as Json

import yaml
from concierge.catalog.v1 import hotel_pb2

from services.plan.condition import PlaceCategory
from services.plan.condition_wire import CATEGORY_TO_PB
from services.plan.facts import HotelFacts
from services.plan.hotel_wire import facts_of
from services.query_understanding.adapters.catalog_lexicon import InMemoryCatalogLexicon
from services.query_understanding.domain.lexemes import DATA, Lexemes
from services.query_understanding.domain.state import ShownHotel
from services.vocabulary import Vocabulary

HERE = Path(__file__).parent
VOCABULARY = Vocabulary.load()
LEXEMES = Lexemes.load(VOCABULARY)


@dataclass(frozen=True)
class Catalogue:
    """Hotels by id, as records, as facts, and as a lexicon."""

    records: dict[str, hotel_pb2.Hotel]
    facts: dict[str, HotelFacts]
    lexicon: InMemoryCatalogLexicon

    def shown(self, ids: list[str]) -> tuple[ShownHotel, ...]:
        """Return hotels as the gateway puts them into the state."""
        return tuple(
            ShownHotel(
                id,
                record.names[0].text,
                float(record.price.units) if record.HasField("price") else None,
                record.guest_rating if record.HasField("guest_rating") else None,
                tuple(name.text for name in record.names[1:]),
            )
            for id in ids
            for record in (self.records[id],)
        )


@lru_cache
def catalogue(name: str) -> Catalogue:
    """Return the catalogue of that name in `catalogue.yaml`."""
    rows = yaml.safe_load((HERE / "catalogue.yaml").read_text(encoding="utf-8"))[name]
    records = {row["id"]: _record(row) for row in rows}
    lexicon = InMemoryCatalogLexicon()
    lexicon.apply(list(records.values()))
    return Catalogue(records, {id: facts_of(r) for id, r in records.items()}, lexicon)


def cue_words() -> tuple[str, ...]:
    """Return every word of the cue file: what steers the reading of the words around it."""
    cues = yaml.load((DATA / "cues.yaml").read_bytes(), Loader=yaml.BaseLoader)
    return tuple(word for words in cues.values() for word in words)


def _record(row: dict[str, Json]) -> hotel_pb2.Hotel:
    hotel = hotel_pb2.Hotel(id=row["id"], kind=row["kind"], district=row["district"])
    for language in ("zh", "en"):
        if language in row:
            hotel.names.add(language=language, text=row[language])
    for key, attribute in (
        ("city", "city"), ("brand", "brand"), ("tier", "tier"), ("stars", "star_rating"),
        ("band", "price_band"), ("rating", "guest_rating"), ("reviews", "review_count"),
    ):  # fmt: skip
        if key in row:
            setattr(hotel, attribute, row[key])
    if "price" in row:
        hotel.price.units = row["price"]
        hotel.price.currency_code = "CNY"
    for id in row["facilities"]:
        hotel.facilities.items.add(id=id, label=VOCABULARY.label("facilities", id, "zh"))
    hotel.room_types.items.extend(row.get("rooms", ()))
    for category, names in row.get("near", {}).items():
        for name in names:
            hotel.nearby_places.items.add(
                category=CATEGORY_TO_PB[PlaceCategory(category)], name=name
            )
    return hotel
