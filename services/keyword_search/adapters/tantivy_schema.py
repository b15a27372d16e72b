"""The fields of the index in tantivy."""

from __future__ import annotations

import tantivy

from services.keyword_search.domain.document import Document
from services.keyword_search.domain.fields import NUMBER_FIELDS, held_facts, listed_term, pairs_of
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


def indexed(document: Document, row: int, schema: tantivy.Schema) -> tantivy.Document:
    """Return a document as tantivy takes it, at a row of what lies beside it in memory."""
    facts = document.facts
    values = held_facts(facts)
    known = ["hotel_id", *values]
    if facts.closed:
        known.append("closed")
    for field in NUMBER_FIELDS.values():
        if field in values:
            # Plus zero: the engine puts -0.0 below 0.0.
            values[field] += 0.0
    for field in ("facilities", "room_types"):
        if field in values:
            values[field] = list(values[field])
    if "nearby" in values:
        values["nearby"] = [listed_term(place) for place in values["nearby"]]
    if (location := values.pop("location", None)) is not None:
        values["latitude"], values["longitude"] = location.latitude, location.longitude
    values["name"], values["place"] = document.name, document.place
    values["facility"], values["description"] = document.facility, document.description
    values["known"] = known
    values["names"] = list(facts.names)
    values["name_pairs"] = [" ".join(pairs_of(name)) for name in facts.names]
    values["hotel_id"] = facts.hotel_id
    values["prior"], values["row"] = document.prior, row
    # With the schema the engine need not find out what type each value is of.
    return tantivy.Document.from_dict(values, schema)
