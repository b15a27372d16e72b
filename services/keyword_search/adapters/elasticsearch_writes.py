"""What is written to Elasticsearch, worked out from what it holds now (docs/adr/0010)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.keyword_search.adapters.elasticsearch_schema import fast_source_of, source_of
from services.keyword_search.domain.document import (
    Document,
    keeping_newer_facts,
    with_changes,
)
from services.plan.hotel_wire import facts_of
from services.recall.facts_change import FactsChange


@dataclass(frozen=True, slots=True)
class Held:
    """What the index holds of a hotel: the record, its revision, and where the document stands."""

    record: bytes
    revision: int
    version: int
    seq_no: int
    primary_term: int


def replacements(
    documents: Mapping[str, Document], held: Mapping[str, Held], again: bool
) -> list[dict[str, Any]]:
    """Return the writes of whole documents: refused where another came meanwhile.

    Args:
        documents: By hotel.
        held: What they replace.
        again: Whether they were refused before.
    """
    writes = []
    for id, document in documents.items():
        version = document.revision
        if (before := held.get(id)) is not None:
            document = keeping_newer_facts(document, before.record)
            # Each change of fast fields moved the version up by one.
            version = max(version, before.version + 1)
        write: dict[str, Any] = {"_id": id, "_source": source_of(document)}
        if again and before is None:
            # It was removed a moment ago and comes back with a lower revision: the engine
            # remembers the removed one's version for a while. No version is lower than none.
            write["_op_type"] = "create"
        else:
            write |= {"_op_type": "index", "version": version, "version_type": "external"}
        writes.append(write)
    return writes


def updates(
    changes: Mapping[str, Sequence[FactsChange]], held: Mapping[str, Held]
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Return the partial writes, refused where something came meanwhile, and changes by hotel."""
    writes, changed = [], {}
    for id, of_hotel in changes.items():
        before = held[id]
        hotel, count = with_changes(before.record, of_hotel)
        if count:
            changed[id] = count
            writes.append(
                {
                    "_op_type": "update",
                    "_id": id,
                    "if_seq_no": before.seq_no,
                    "if_primary_term": before.primary_term,
                    "doc": fast_source_of(facts_of(hotel), hotel.SerializeToString()),
                }
            )
    return writes, changed
