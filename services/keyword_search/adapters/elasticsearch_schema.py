"""The index in Elasticsearch: its fields, its template, its dated name behind an alias."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from elasticsearch import Elasticsearch

from services.keyword_search.adapters.elasticsearch_client import connection_options, translated
from services.keyword_search.domain.document import Document
from services.keyword_search.domain.fields import indexed_facts, known_fields
from services.keyword_search.domain.scoring import BOOSTS
from services.keyword_search.settings import ElasticsearchSettings
from services.plan.facts import HotelFacts
from services.platform.setup import Drift

_WORDS = {"type": "text", "analyzer": "whitespace", "index_options": "freqs"}
# Lucene takes no term above 32,766 bytes. A longer value can't be searched for and does no harm.
_TERM = {"type": "keyword", "doc_values": False, "ignore_above": 8191}
_NUMBER = {"type": "double"}
_TERMS = (
    "known", "names", "brand", "kind", "tier", "price_band", "district", "city", "facilities",
    "room_types", "nearby",
)  # fmt: skip
_NUMBERS = ("price", "guest_rating", "star_rating", "review_count", "prior")

MAPPINGS: Mapping[str, Any] = {
    # A field that is not here is a mistake of ours.
    "dynamic": "strict",
    "properties": {
        **dict.fromkeys(BOOSTS, _WORDS),
        **dict.fromkeys(_TERMS, _TERM),
        **dict.fromkeys(_NUMBERS, _NUMBER),
        "name_pairs": {"type": "text", "analyzer": "whitespace", "norms": False},
        "hotel_id": {"type": "keyword"},
        "location": {"type": "geo_point"},
        # Only for sorting: the engine puts those without a position last or first by direction.
        "located": {"type": "boolean"},
        "closed": {"type": "boolean"},
        "revision": {"type": "long", "index": False},
        # As a column, too: reading fifty records out of documents costs more than finding them.
        "record": {"type": "binary", "doc_values": True},
    },
}
REFRESH_INTERVAL = "1s"


def source_of(document: Document) -> dict[str, Any]:
    """Return a document as the index stores it."""
    facts = document.facts
    source = indexed_facts(facts)
    if (location := source.get("location")) is not None:
        source["location"] = {"lat": location.latitude, "lon": location.longitude}
    return source | {
        **{field: getattr(document, field) for field in BOOSTS},
        "prior": document.prior,
        "located": location is not None,
        "revision": document.revision,
        **fast_source_of(facts, document.record),
    }


def fast_source_of(facts: HotelFacts, record: bytes) -> dict[str, Any]:
    """Return the part that a change of fast fields touches."""
    source: dict[str, Any] = {
        "known": known_fields(facts),
        "closed": facts.closed,
        "record": base64.b64encode(record).decode(),
    }
    if facts.price is not None:
        source["price"] = facts.price + 0.0
    return source


def _differences(
    subject: str, wanted: Mapping[str, Any], held: Mapping[str, Any], path: str = ""
) -> Iterator[Drift]:
    """Yield where what is held lacks or contradicts what is wanted; more than wanted is fine."""
    for name, value in wanted.items():
        at = f"{path}.{name}" if path else name
        there = held.get(name)
        if isinstance(value, Mapping) and isinstance(there, Mapping):
            yield from _differences(subject, value, there, at)
        elif _text(value) != _text(there):
            yield Drift(subject, at, _text(value), "" if there is None else _text(there))


def _text(value: Any) -> str:
    """Return a value as the cluster tells it: it keeps "true" for a true."""
    return json.dumps(value, sort_keys=True).strip('"').lower() if value is not None else ""


def template_of(settings: ElasticsearchSettings) -> dict[str, Any]:
    """Return the index template of an alias's dated indexes."""
    return {
        "index_patterns": [f"{settings.alias}-*"],
        "priority": 500,
        "template": {
            "settings": {
                "index": {
                    "number_of_shards": str(settings.shards),
                    "number_of_replicas": str(settings.replicas),
                    "refresh_interval": REFRESH_INTERVAL,
                }
            },
            "mappings": MAPPINGS,
        },
    }


class ElasticsearchIndexResource:
    """The index template, a first dated index and the alias: a `Resource` of `admin setup`.

    Args:
        settings: Where, and what the alias is called.
        now: When a first index is dated.
    """

    name = "elasticsearch"

    def __init__(self, settings: ElasticsearchSettings, *, now: datetime) -> None:
        self._settings = settings
        self._now = now

    def check(self) -> Sequence[Drift]:
        """Return how the cluster differs from what is declared, changing nothing."""
        with self._client() as client, translated():
            return [*self._template_drift(client), *self._index_drift(client)]

    def apply(self) -> None:
        """Put the template; make a first index behind the alias where there is none.

        An index that differs is left as it is: a new one is to be filled and swapped in.
        """
        alias = self._settings.alias
        with self._client() as client, translated():
            template = template_of(self._settings)
            client.indices.put_index_template(name=alias, **template)
            if not client.indices.exists_alias(name=alias):
                index = f"{alias}-{self._now:%Y%m%d%H%M}"
                client.indices.create(index=index, aliases={alias: {"is_write_index": True}})

    def _client(self) -> Elasticsearch:
        options = connection_options(self._settings)
        # No guest waits here, and making an index takes longer than a search.
        return Elasticsearch(**{**options, "request_timeout": self._settings.bulk_timeout_s})

    def _template_drift(self, client: Elasticsearch) -> Iterator[Drift]:
        alias = self._settings.alias
        subject = f"index template {alias}"
        if not client.indices.exists_index_template(name=alias):
            yield Drift(subject, "existence", "present", "")
            return
        held = client.indices.get_index_template(name=alias)["index_templates"][0]["index_template"]
        wanted = template_of(self._settings)
        yield from _differences(subject, wanted, held)

    def _index_drift(self, client: Elasticsearch) -> Iterator[Drift]:
        alias = self._settings.alias
        if not client.indices.exists_alias(name=alias):
            yield Drift(f"alias {alias}", "existence", "present", "")
            return
        indices = client.indices.get(index=alias)
        if len(indices) != 1:
            yield Drift(f"alias {alias}", "indexes", "1", ", ".join(sorted(indices)))
        for index, held in indices.items():
            yield from _differences(f"index {index}", {"mappings": MAPPINGS}, held)
