"""The fields of the index in tantivy."""

from __future__ import annotations

import tantivy

from services.keyword_search.domain.document import Document
from services.keyword_search.domain.fields import indexed_facts
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
    values = indexed_facts(document.facts)
    if document.facts.closed:
        values["known"].append("closed")
    if (location := values.pop("location", None)) is not None:
        values["latitude"], values["longitude"] = location.latitude, location.longitude
    for field in BOOSTS:
        values[field] = getattr(document, field)
    values["prior"], values["row"] = document.prior, row
    # With the schema the engine need not find out what type each value is of.
    return tantivy.Document.from_dict(values, schema)
