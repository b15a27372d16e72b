"""The fields of the index in tantivy."""

from __future__ import annotations

import tantivy

from services.keyword_search.domain.document import Document
from services.keyword_search.domain.fields import known_fields, listed_term, pairs_of
from services.keyword_search.domain.scoring import BOOSTS

_RAW_FIELDS = (
    "known", "names", "hotel_id", "brand", "kind", "tier", "price_band", "district", "city",
    "facilities", "room_types", "nearby",
)  # fmt: skip
_FLOAT_FIELDS = ("price", "guest_rating", "star_rating", "review_count", "prior")


def new_schema() -> tantivy.Schema:
    """Return the schema; its text fields are analysed by the tokenizer `blanks`."""
    builder = tantivy.SchemaBuilder()
    for field in BOOSTS:
        builder.add_text_field(field, tokenizer_name="blanks", index_option="freq")
    builder.add_text_field("name_pairs", tokenizer_name="blanks", index_option="position")
    for field in _RAW_FIELDS:
        builder.add_text_field(field, tokenizer_name="raw", index_option="basic")
    for field in _FLOAT_FIELDS:
        builder.add_float_field(field, indexed=False, fast=True)
    builder.add_integer_field("row", indexed=True, fast=True)
    for name in ("latitude", "longitude"):
        builder.add_float_field(name, fast=True)
    return builder.build()


def indexed(document: Document, row: int) -> tantivy.Document:
    """Return a document as tantivy takes it, at a row of what lies beside it in memory."""
    facts = document.facts
    known = known_fields(facts)
    if facts.closed:
        known.append("closed")
    values: dict[str, list[object]] = {
        "name": [document.name],
        "place": [document.place],
        "facility": [document.facility],
        "description": [document.description],
        "known": list(known),
        "names": list(facts.names),
        "name_pairs": [" ".join(pairs_of(name)) for name in facts.names],
        "hotel_id": [facts.hotel_id],
        "facilities": list(facts.facilities or ()),
        "room_types": list(facts.room_types or ()),
        "nearby": [listed_term(place) for place in facts.nearby or ()],
        "prior": [document.prior],
        "row": [row],
        "latitude": [] if facts.location is None else [facts.location.latitude],
        "longitude": [] if facts.location is None else [facts.location.longitude],
    }
    for field in ("brand", "kind", "tier", "price_band", "district", "city"):
        if (text := getattr(facts, field)) is not None:
            values[field] = [text]
    for field in ("price", "guest_rating", "star_rating", "review_count"):
        if (number := getattr(facts, field)) is not None:
            # Plus zero: the engine puts -0.0 below 0.0.
            values[field] = [number + 0.0]
    return tantivy.Document(**values)
