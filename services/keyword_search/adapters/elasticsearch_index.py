"""The keyword index on Elasticsearch.

Searches go to an alias, behind which stands one dated index (see `elasticsearch_schema`). Writing
is optimistic: what is held is read, the new document worked out from it, and written only if
nothing else was written in between; otherwise all that again (docs/adr/0010).
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any

from elasticsearch import AsyncElasticsearch
from elasticsearch.helpers import async_streaming_bulk

from services.keyword_search.adapters.elasticsearch_circles import (
    Circle,
    Measured,
    circles_of,
    in_favour,
    line_of,
)
from services.keyword_search.adapters.elasticsearch_client import connect, refusal, translated
from services.keyword_search.adapters.elasticsearch_search import allowed, search_of
from services.keyword_search.adapters.elasticsearch_writes import Held, replacements, updates
from services.keyword_search.domain.document import Document
from services.keyword_search.domain.query import KeywordQuery
from services.keyword_search.settings import ElasticsearchSettings
from services.plan.condition import Point
from services.plan.tree import conjunction, conjuncts
from services.platform import metrics
from services.platform.backend_circuit import BackendCircuit
from services.platform.circuit import CircuitBreaker
from services.platform.errors import ConciergeError, Unavailable, Unimplemented
from services.recall.facts_change import ChangesTaken, FactsChange, by_hotel
from services.recall.recalled import Found, Recalled

BACKEND = "elasticsearch"
# How often a write is worked out again because something else was written in between.
ATTEMPTS = 5
# A bulk request is cut at this size: the client sends a longer body without letting others run.
BULK_BYTES = 1_000_000
BULK_HOTELS = 1_000
# Most hotels that may stand on the line of a circle: what one search returns.
MOST_ON_A_LINE = 10_000
# The number of hotels tells which words are common; it need not be exact.
COUNT_KEPT_S = 5.0


def open_index(settings: ElasticsearchSettings) -> ElasticsearchIndex:
    """Return the index that settings name; it connects at its first request."""
    return ElasticsearchIndex(
        connect(settings),
        alias=settings.alias,
        bulk_timeout_s=settings.bulk_timeout_s,
        most_failures=settings.most_failures,
        pause_s=settings.pause_ms / 1e3,
    )


class ElasticsearchIndex:
    """`KeywordIndex` on Elasticsearch.

    Every `Unavailable` has a reason: `ELASTICSEARCH_AWAY` (no connection), `…_TIMEOUT`,
    `…_PAUSED` (known to be away), `…_BUSY`, `…_INDEX_MISSING` (run `concierge admin setup`),
    `…_UNAUTHENTICATED`, `…_FORBIDDEN`, `…_FAILED`, `…_CONTENDED` (others write the same hotels).

    Args:
        client: Connected or not; closed with the index.
        alias: Where the index is found; nothing is written where it is no alias.
        bulk_timeout_s: Longest wait for a batch of writes; a search waits as the client says.
        most_failures: Failed searches in a row after which none is sent for a while.
        pause_s: How long.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        client: AsyncElasticsearch,
        *,
        alias: str,
        bulk_timeout_s: float = 30.0,
        most_failures: int = 3,
        pause_s: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._bulk_client = client.options(request_timeout=bulk_timeout_s)
        self._alias = alias
        self._circuit = BackendCircuit(
            BACKEND, CircuitBreaker(most_failures=most_failures, open_s=pause_s, clock=clock)
        )
        self._clock = clock
        self._version = alias
        self._hotel_count = 0
        self._counted_at: float | None = None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def ping(self) -> bool:
        """Tell whether the index answers searches; remembers its name.

        Raises:
            Unavailable: It does not.
        """
        async with self._asking("ping"):
            found = await self._client.indices.get_alias(name=self._alias)
            self._version = min(found)
            await self._client.search(index=self._alias, size=0, terminate_after=1)
        return True

    async def count(self) -> int:
        """Return how many hotels are held."""
        async with self._asking("count"):
            return int((await self._client.count(index=self._alias))["count"])

    def version(self) -> str:
        """Return the name of the index behind the alias, as last seen."""
        return self._version

    # --- searching -----------------------------------------------------------------------------
    async def search(self, query: KeywordQuery) -> Recalled:
        """Find the best hotels that satisfy the condition."""
        async with self._asking("search"):
            return await self._search(query)

    async def get(self, hotel_ids: Sequence[str]) -> dict[str, bytes]:
        """Return the records of those ids that exist."""
        async with self._asking("get"):
            held = await self._held(self._client, hotel_ids)
        return {id: document.record for id, document in held.items()}

    async def _search(self, query: KeywordQuery) -> Recalled:
        hotel_count = await self._about_how_many()
        circles = circles_of(query.condition)
        line = line_of(circles) if circles else None
        body = search_of(query, in_favour, hotel_count=hotel_count)
        found = await self._hits(body, query.limit, line)
        measured: Measured | None = None
        if line is not None and found["aggregations"]["line"]["doc_count"]:
            measured = await self._measured(circles)
            body = search_of(query, measured, hotel_count=hotel_count)
            found = await self._hits(body, query.limit, None)
        count = int(found["hits"]["total"]["value"])
        hits = found["hits"].get("hits", [])
        if hits:
            self._version = hits[0]["_index"]
        candidates = tuple(
            Found(
                hit["fields"]["hotel_id"][0],
                1.0 / rank if query.sort else float(hit["_score"]),
                base64.b64decode(hit["fields"]["record"][0]),
            )
            for rank, hit in enumerate(hits, start=1)
        )
        method = "sorted" if query.sort else "ranked" if query.tokens else "prior"
        without = () if count else await self._leave_one_out(query, circles, measured)
        return Recalled(candidates, count, method, without)

    async def _hits(
        self, body: dict[str, Any], limit: int, line: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """Return the first hits, their exact count, and how many of them all are on a line."""
        response = await self._client.search(
            index=self._alias,
            **body,
            aggregations=None if line is None else {"line": {"filter": line}},
            size=limit,
            # Documents stay closed: two columns say all.
            stored_fields="_none_",
            docvalue_fields=[{"field": "hotel_id"}, {"field": "record"}],
            track_total_hits=True,
            # Part of an answer is none.
            allow_partial_search_results=False,
            filter_path=[
                "hits.total", "hits.hits._index", "hits.hits._score", "hits.hits.fields",
                "aggregations",
            ],
        )  # fmt: skip
        return dict(response.body)

    async def _measured(self, circles: Sequence[Circle]) -> Measured:
        """Read the hotels on the lines of circles and measure them as the evaluator does."""
        inside = {}
        for circle in circles:
            response = await self._client.search(
                index=self._alias,
                query=circle.on_the_line(),
                size=MOST_ON_A_LINE,
                source_includes=["location"],
                track_total_hits=MOST_ON_A_LINE + 1,
                allow_partial_search_results=False,
            )
            hits = response["hits"]
            if hits["total"]["value"] > MOST_ON_A_LINE:
                raise Unimplemented(
                    f"more than {MOST_ON_A_LINE} hotels stand on the line of one circle",
                    reason="ELASTICSEARCH_CIRCLE_TOO_FULL",
                )
            inside[circle] = [
                hit["_id"]
                for hit in hits["hits"]
                if circle.holds(
                    Point(hit["_source"]["location"]["lat"], hit["_source"]["location"]["lon"])
                )
            ]
        return Measured(inside)

    async def _leave_one_out(
        self, query: KeywordQuery, circles: Sequence[Circle], measured: Measured | None
    ) -> tuple[int, ...]:
        parts = conjuncts(query.condition)
        if not parts:
            return ()
        exact = measured or await self._measured(circles)
        searches: list[dict[str, Any]] = []
        for index in range(len(parts)):
            rest = conjunction(parts[:index] + parts[index + 1 :])
            searches += (
                {"allow_partial_search_results": False},
                {"query": allowed(rest, exact), "size": 0, "track_total_hits": True},
            )
        response = await self._client.msearch(index=self._alias, searches=searches)
        for reply in response["responses"]:
            if "error" in reply:
                raise refusal(reply["status"], str(reply["error"]))
        return tuple(int(reply["hits"]["total"]["value"]) for reply in response["responses"])

    async def _about_how_many(self) -> int:
        now = self._clock()
        if self._counted_at is None or now - self._counted_at > COUNT_KEPT_S:
            response = await self._client.count(index=self._alias)
            self._hotel_count, self._counted_at = int(response["count"]), now
        return self._hotel_count

    # --- writing -------------------------------------------------------------------------------
    async def upsert(self, documents: Sequence[Document]) -> int:
        """Add or replace hotels; return how many were taken."""
        newest: dict[str, Document] = {}
        for document in sorted(documents, key=lambda document: document.revision):
            newest[document.facts.hotel_id] = document
        taken = 0
        for attempt in range(ATTEMPTS):
            with self._timed("upsert"):
                held = await self._held(self._bulk_client, list(newest))
                newest = {
                    id: document
                    for id, document in newest.items()
                    if id not in held or held[id].revision <= document.revision
                }
                writes = await asyncio.to_thread(replacements, newest, held, attempt > 0)
                overtaken = await self._write(writes)
            taken += len(newest) - len(overtaken)
            newest = {id: newest[id] for id in overtaken}
            if not newest:
                return taken
        raise _contended(newest)

    async def change_facts(self, changes: Sequence[FactsChange]) -> ChangesTaken:
        """Change fast fields of hotels that are held."""
        waiting = by_hotel(changes)
        taken = 0
        unknown: list[FactsChange] = []
        for _ in range(ATTEMPTS):
            with self._timed("change"):
                held = await self._held(self._bulk_client, list(waiting))
                for id in waiting.keys() - held.keys():
                    unknown += waiting.pop(id)
                writes, changed = updates(waiting, held)
                overtaken = await self._write(writes)
            taken += sum(count for id, count in changed.items() if id not in overtaken)
            waiting = {id: waiting[id] for id in overtaken}
            if not waiting:
                return ChangesTaken(taken, tuple(unknown))
        raise _contended(waiting)

    async def delete(self, hotel_ids: Sequence[str]) -> None:
        """Remove hotels; unknown ids are fine."""
        with self._timed("delete"):
            await self._write([{"_op_type": "delete", "_id": id} for id in hotel_ids])

    async def _write(self, writes: Sequence[dict[str, Any]]) -> set[str]:
        """Send writes; return the ids of those that another write came before.

        Raises:
            Unavailable: Some were not taken; all may be sent again.
            ConciergeError: The index can never take one of them.
        """
        overtaken: set[str] = set()
        if not writes:
            return overtaken
        bulk = async_streaming_bulk(
            self._bulk_client,
            writes,
            index=self._alias,
            # A missing alias must not become an index of that name.
            require_alias=True,
            chunk_size=BULK_HOTELS,
            max_chunk_bytes=BULK_BYTES,
            raise_on_error=False,
        )
        async for done, item in bulk:
            ((operation, result),) = item.items()
            if done or (operation == "delete" and result.get("result") == "not_found"):
                continue
            if result["status"] == 409:
                overtaken.add(result["_id"])
            else:
                said = f"{operation} of {result['_id']}: {result['error']}"
                raise refusal(result["status"], said)
        return overtaken

    async def _held(self, client: AsyncElasticsearch, hotel_ids: Sequence[str]) -> dict[str, Held]:
        """Return what is held now of those hotels that exist, searchable already or not."""
        if not hotel_ids:
            return {}
        response = await client.mget(
            index=self._alias, ids=list(hotel_ids), source_includes=["record", "revision"]
        )
        held = {}
        for found in response["docs"]:
            if "error" in found:
                missing = found["error"]["type"] == "index_not_found_exception"
                raise refusal(404 if missing else 500, str(found["error"]))
            if found["found"]:
                source = found["_source"]
                held[found["_id"]] = Held(
                    base64.b64decode(source["record"]),
                    source["revision"],
                    found["_version"],
                    found["_seq_no"],
                    found["_primary_term"],
                )
        return held

    # --- guarding ------------------------------------------------------------------------------
    @contextlib.asynccontextmanager
    async def _asking(self, operation: str) -> AsyncIterator[None]:
        """Read; not at all while the cluster is known to be away, so that nobody waits for it."""
        if not self._circuit.allows():
            raise Unavailable(
                "elasticsearch is away and not asked for now", reason="ELASTICSEARCH_PAUSED"
            )
        try:
            with self._timed(operation):
                yield
        except Unavailable as error:
            self._circuit.failed(error.reason)
            raise
        self._circuit.succeeded()

    @contextlib.contextmanager
    def _timed(self, operation: str) -> Iterator[None]:
        """Translate errors and measure."""
        begun, result = time.perf_counter(), "cancelled"
        try:
            with translated():
                yield
            result = "ok"
        except ConciergeError as error:
            result = error.reason.lower()
            raise
        finally:
            took_s = time.perf_counter() - begun
            metrics.BACKEND_SECONDS.labels(BACKEND, operation, result).observe(took_s)


def _contended(hotels: Mapping[str, object]) -> Unavailable:
    return Unavailable(
        f"{len(hotels)} hotels were written by others each time",
        reason="ELASTICSEARCH_CONTENDED",
        metadata={"hotel_ids": ", ".join(sorted(hotels)[:5])},
    )
