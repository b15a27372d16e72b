"""The keyword index on tantivy, in this process.

Words, filter fields and numbers are in tantivy; records and positions are beside it in memory,
by row number, because tantivy decompresses a block per stored document. A row is never reused:
an upsert deletes the hotel's document and appends a new row.

The index lives in memory and is filled by replaying the catalogue topic.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, TypeAlias

import numpy as np
import tantivy
from numpy.typing import NDArray

from services.geography.arrays import bounding_box, inside, within
from services.keyword_search.adapters.tantivy_conditions import Compiler, most_listed, most_matches
from services.keyword_search.adapters.tantivy_order import between, by_distance, by_number
from services.keyword_search.adapters.tantivy_schema import indexed, new_schema
from services.keyword_search.domain.document import (
    Document,
    document_of,
    keeping_newer_facts,
    with_changes,
)
from services.keyword_search.domain.query import KeywordQuery
from services.keyword_search.domain.scoring import (
    BASE_SCORE,
    BOOSTS,
    PREFERENCE_BOOST,
    most_common,
    standing,
)
from services.plan.condition import Condition, Field, Near, Point
from services.plan.normal_form import normal_form
from services.plan.query_plan import Trend
from services.plan.tree import conjunction, conjuncts
from services.platform.errors import Unavailable
from services.recall.facts_change import ChangesTaken, FactsChange, by_hotel
from services.recall.recalled import Found, Recalled

# Up to here every match is scored.
SCORED_AT_MOST = 10_000
# Above that, so many times as many as wanted are found by their words, and the best of them taken.
OVERFETCH = 4
WRITER_HEAP_BYTES = 256 * 1024 * 1024
SEARCH_THREADS = 2
# Up to so many rows a search takes less time than it would wait, on a thread of its own, for the
# interpreter's lock.
AT_ONCE = 100_000

_Clause: TypeAlias = tuple[tantivy.Occur, tantivy.Query]
# What the engine ordered by, and which document it is.
_Hit: TypeAlias = tuple[float, tantivy.DocAddress]


@dataclass(frozen=True, slots=True)
class _Circle:
    """A circle, and the rows that count as near whatever their distance."""

    center: Point
    radius_km: float
    listed: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Match:
    """What the engine matches, and the circles that hits must lie in besides."""

    query: tantivy.Query
    circles: tuple[_Circle, ...]


class TantivyIndex:
    """`KeywordIndex` on tantivy. Searches see whole batches; of many rows, on threads."""

    def __init__(
        self,
        *,
        writer_heap_bytes: int = WRITER_HEAP_BYTES,
        scored_at_most: int = SCORED_AT_MOST,
    ) -> None:
        self._scored_at_most = scored_at_most
        self._schema = new_schema()
        self._index = tantivy.Index(self._schema)
        self._index.register_tokenizer(
            "blanks", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
        )
        self._writer = self._index.writer(heap_size=writer_heap_bytes, num_threads=1)
        self._write_lock = threading.Lock()
        self._searchers = ThreadPoolExecutor(SEARCH_THREADS, thread_name_prefix="tantivy")
        self._rows: dict[str, int] = {}
        self._revisions: dict[str, int] = {}
        self._records: list[bytes] = []
        self._ids: list[str] = []
        self._positions = np.full((1024, 2), np.nan)
        self._compiler = Compiler(self._schema, self._circle)
        self._closed = tantivy.Query.term_query(self._schema, "known", "closed")
        self._generation = 0

    async def upsert(self, documents: Sequence[Document]) -> int:
        """Add or replace hotels; return how many were taken."""
        return await asyncio.to_thread(self.upsert_now, documents)

    async def delete(self, hotel_ids: Sequence[str]) -> None:
        """Remove hotels; unknown ids are fine."""
        await asyncio.to_thread(self._delete, hotel_ids)

    async def change_facts(self, changes: Sequence[FactsChange]) -> ChangesTaken:
        """Change fast fields of hotels that are held."""
        return await asyncio.to_thread(self._change_facts, changes)

    async def search(self, query: KeywordQuery) -> Recalled:
        """Find the best hotels that satisfy the condition."""
        try:
            if len(self._records) <= AT_ONCE:
                return self.search_now(query)
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._searchers, self.search_now, query)
        except ValueError as error:
            raise Unavailable(f"tantivy refused the query: {error}") from error

    async def get(self, hotel_ids: Sequence[str]) -> dict[str, bytes]:
        """Return the records of those ids that exist."""
        return {id: self._records[self._rows[id]] for id in hotel_ids if id in self._rows}

    async def count(self) -> int:
        """Return how many hotels are held."""
        return len(self._rows)

    def size(self) -> int:
        """As `count`, without waiting."""
        return len(self._rows)

    def version(self) -> str:
        """Return what identifies the index."""
        return f"tantivy-{tantivy.__version__}/{self._generation}"

    def close(self) -> None:
        """Release the threads."""
        self._searchers.shutdown()

    # --- writing -------------------------------------------------------------------------------
    def upsert_now(self, documents: Sequence[Document]) -> int:
        """As `upsert`, in this thread."""
        with self._write_lock:
            taken = 0
            for document in {d.facts.hotel_id: d for d in _oldest_first(documents)}.values():
                id = document.facts.hotel_id
                if self._revisions.get(id, -1) > document.revision:
                    continue
                if (row := self._rows.get(id)) is not None:
                    document = keeping_newer_facts(document, self._records[row])
                self._put(document)
                taken += 1
            self._commit()
            return taken

    def _change_facts(self, changes: Sequence[FactsChange]) -> ChangesTaken:
        with self._write_lock:
            taken = 0
            unknown: list[FactsChange] = []
            for id, of_hotel in by_hotel(changes).items():
                if (row := self._rows.get(id)) is None:
                    unknown += of_hotel
                    continue
                hotel, changed = with_changes(self._records[row], of_hotel)
                if changed:
                    self._put(document_of(hotel))
                    taken += changed
            self._commit()
            return ChangesTaken(taken, tuple(unknown))

    def _put(self, document: Document) -> None:
        id = document.facts.hotel_id
        if id in self._rows:
            self._writer.delete_documents_by_term("hotel_id", id)
        row = self._append(document)
        self._writer.add_document(indexed(document, row, self._schema))
        self._rows[id], self._revisions[id] = row, document.revision

    def _delete(self, hotel_ids: Sequence[str]) -> None:
        with self._write_lock:
            for id in hotel_ids:
                if id in self._rows:
                    self._writer.delete_documents_by_term("hotel_id", id)
                    self._records[self._rows.pop(id)] = b""
                    self._revisions.pop(id, None)
            self._commit()

    def _append(self, document: Document) -> int:
        row = len(self._records)
        if row >= len(self._positions):
            grown = np.full((len(self._positions) * 2, 2), np.nan)
            grown[: len(self._positions)] = self._positions
            self._positions = grown
        location = document.facts.location
        if location is not None:
            self._positions[row] = (location.latitude, location.longitude)
        self._records.append(document.record)
        self._ids.append(document.facts.hotel_id)
        if (old := self._rows.get(document.facts.hotel_id)) is not None:
            self._positions[old] = np.nan
            # A search that runs now may still hold the old row: its record goes with it.
        return row

    def _commit(self) -> None:
        self._writer.commit()
        self._index.reload()
        self._generation += 1

    # --- searching -----------------------------------------------------------------------------
    def search_now(self, query: KeywordQuery) -> Recalled:
        """As `search`, in this thread."""
        searcher = self._index.searcher()
        if query.sort:
            return self._sorted(searcher, self._filter(query.condition), query)
        match = self._match(searcher, query.condition)
        words = self._words(searcher, query)
        measured = self._measured(searcher, match, words) if match.circles else None
        if measured is not None:
            count, hits = len(measured), measured[: query.limit]
        elif not match.circles and most_matches(searcher, query.condition) <= self._scored_at_most:
            # All are scored, so they are counted in passing.
            every = tantivy.Query.boolean_query([_based_on(match.query), *words])
            found = searcher.search(every, query.limit, weight_by_field="prior")
            count, hits = int(found.count), list(found.hits)
        else:
            count = self._count(searcher, match, query.condition)
            hits = self._ranked(searcher, match, words, query.limit, count)
        return self._recalled(
            searcher,
            [address for _, address in hits],
            [score for score, _ in hits],
            count,
            "ranked" if query.tokens else "prior",
            query.condition,
        )

    def _match(self, searcher: tantivy.Searcher, condition: Condition | None) -> _Match:
        """Take circles that every hit must lie in out of the engine's hands.

        The engine would need the row of every hotel in the circle, at microseconds each. It gets
        the box around it instead, and hits are measured.
        """
        boxes: list[tantivy.Query] = []
        circles: list[_Circle] = []
        others: list[Condition] = []
        for part in conjuncts(condition):
            if isinstance(part, Near) and part.center and part.radius_km:
                box = bounding_box(part.center, part.radius_km)
                if box is not None:
                    near = tantivy.Query.boolean_query(
                        [
                            (
                                tantivy.Occur.Must,
                                between(self._schema, "latitude", box.south, box.north),
                            ),
                            (
                                tantivy.Occur.Must,
                                between(self._schema, "longitude", box.west, box.east),
                            ),
                        ]
                    )
                    listed = np.zeros(0, dtype=np.int64)
                    if part.listed:
                        said = self._compiler.listed(part)
                        listed = self._rows_of(searcher, said, most_listed(searcher, part))
                        near = tantivy.Query.boolean_query(
                            [(tantivy.Occur.Should, near), (tantivy.Occur.Should, said)]
                        )
                    circles.append(_Circle(part.center, part.radius_km, listed))
                    boxes.append(near)
                    continue
            others.append(part)
        wanted = self._filter(conjunction(tuple(others)))
        parts = [(tantivy.Occur.Must, part) for part in (wanted, *boxes)]
        return _Match(tantivy.Query.boolean_query(parts) if boxes else wanted, tuple(circles))

    def _rows_of(
        self, searcher: tantivy.Searcher, query: tantivy.Query, most: int
    ) -> NDArray[np.int64]:
        """Return the rows of everything that matches, where `most` can match at most."""
        if most == 0:
            return np.zeros(0, dtype=np.int64)
        hits = searcher.search(query, most, count=False, order_by_field="row").hits
        return np.array([row for row, _ in hits], dtype=np.int64)

    def _inside(self, rows: NDArray[np.int64], circles: Sequence[_Circle]) -> NDArray[np.bool_]:
        """Return which rows lie in every circle."""
        in_all = np.ones(len(rows), dtype=bool)
        positions = self._positions[rows]
        for circle in circles:
            near = inside(positions, circle.center, circle.radius_km)
            if len(circle.listed):
                # Rows are small numbers: a table of them costs less than sorting.
                near |= np.isin(rows, circle.listed, kind="table")
            in_all &= near
        return in_all

    def _best(
        self,
        searcher: tantivy.Searcher,
        query: tantivy.Query,
        limit: int,
        circles: Sequence[_Circle],
        **order: Any,
    ) -> list[_Hit]:
        """Return the first hits that lie in every circle."""
        if not circles:
            return list(searcher.search(query, limit, count=False, **order).hits)
        asked = 2 * limit
        while True:
            hits = searcher.search(query, asked, count=False, **order).hits
            good = self._those_inside(searcher, hits, circles)
            if len(good) >= limit or len(hits) < asked:
                return good[:limit]
            asked *= 4

    def _measured(
        self, searcher: tantivy.Searcher, match: _Match, words: list[_Clause]
    ) -> list[_Hit] | None:
        """Return all that lie in every circle, best first; `None` where too many may.

        Counting them takes the row of every match, so the search that ranks them finds them too.
        """
        every = tantivy.Query.boolean_query([_based_on(match.query), *words])
        most = max(1, self._scored_at_most)
        found = searcher.search(every, most, weight_by_field="prior")
        # Each reading of the hits makes them anew.
        hits = found.hits
        return (
            None if found.count > len(hits) else self._those_inside(searcher, hits, match.circles)
        )

    def _those_inside(
        self, searcher: tantivy.Searcher, hits: Sequence[_Hit], circles: Sequence[_Circle]
    ) -> list[_Hit]:
        rows = searcher.fast_field_values("row", [at for _, at in hits]) if hits else []
        in_all = self._inside(np.array(rows, dtype=np.int64), circles)
        return list(itertools.compress(hits, in_all))

    def _ranked(
        self,
        searcher: tantivy.Searcher,
        match: _Match,
        words: list[_Clause],
        limit: int,
        count: int,
    ) -> list[_Hit]:
        """Return the best by words and standing."""
        base = _based_on(match.query)
        if count <= self._scored_at_most:
            every = tantivy.Query.boolean_query([base, *words])
            return self._best(searcher, every, limit, match.circles, weight_by_field="prior")
        # Among many, most have none of the words: first those with any, by the words alone, so
        # that the engine can skip what can't come first; then, where they are few, the others.
        said = tantivy.Query.boolean_query(words)
        ranked = tantivy.Query.boolean_query([(tantivy.Occur.Must, said), base])
        found = self._best(searcher, ranked, OVERFETCH * limit, match.circles)
        priors = searcher.fast_field_values("prior", [at for _, at in found]) if found else []
        hits = [
            (score * standing(prior), at) for (score, at), prior in zip(found, priors, strict=True)
        ]
        hits.sort(key=itemgetter(0), reverse=True)
        del hits[limit:]
        if len(hits) < limit:
            others = tantivy.Query.boolean_query(
                [(tantivy.Occur.Must, match.query), (tantivy.Occur.MustNot, said)]
            )
            rest = self._best(
                searcher, others, limit - len(hits), match.circles, order_by_field="prior"
            )
            hits += [(BASE_SCORE * standing(prior), at) for prior, at in rest]
        return hits

    def _count(self, searcher: tantivy.Searcher, match: _Match, condition: Condition | None) -> int:
        if condition is None:
            return int(searcher.num_docs - searcher.search(self._closed, 1).count)
        if not match.circles:
            return int(searcher.search(match.query, 1).count)
        rows = self._rows_of(searcher, match.query, int(searcher.search(match.query, 1).count))
        return int(np.count_nonzero(self._inside(rows, match.circles)))

    def _filter(self, condition: Condition | None) -> tantivy.Query:
        wanted = (
            tantivy.Query.all_query()
            if condition is None
            else self._compiler.compile(normal_form(condition))
        )
        return tantivy.Query.boolean_query(
            [(tantivy.Occur.Must, wanted), (tantivy.Occur.MustNot, self._closed)]
        )

    def _words(self, searcher: tantivy.Searcher, query: KeywordQuery) -> list[_Clause]:
        most = most_common(query.limit, searcher.num_docs)
        words = [
            tantivy.Query.boost_query(
                tantivy.Query.term_query(self._schema, field, token, index_option="freq"), boost
            )
            for token in query.tokens
            for field, boost in BOOSTS.items()
            # What is nowhere adds nothing, and looking for it takes its time.
            if 0 < searcher.doc_freq(field, token) <= most
        ]
        for preference in query.preferences:
            if not isinstance(preference.wish, Trend):
                form = normal_form(preference.wish, positive=preference.weight > 0)
                wished = tantivy.Query.const_score_query(
                    self._compiler.compile(form), PREFERENCE_BOOST * abs(preference.weight)
                )
                words.append(wished)
        return [(tantivy.Occur.Should, word) for word in words]

    def _sorted(
        self, searcher: tantivy.Searcher, allowed: tantivy.Query, query: KeywordQuery
    ) -> Recalled:
        count = int(searcher.search(allowed, 1).count)
        key, limit = query.sort[0], query.limit
        if key.field is Field.DISTANCE and key.center is not None:
            addresses = by_distance(searcher, allowed, key, key.center, self._positions)[:limit]
        else:
            addresses = by_number(searcher, self._schema, allowed, key, limit)
        scores = [1.0 / rank for rank in range(1, len(addresses) + 1)]
        return self._recalled(searcher, addresses, scores, count, "sorted", query.condition)

    def _recalled(
        self,
        searcher: tantivy.Searcher,
        addresses: list[tantivy.DocAddress],
        scores: list[float],
        count: int,
        method: str,
        condition: Condition | None,
    ) -> Recalled:
        rows = searcher.fast_field_values("row", addresses) if addresses else []
        ids, records = self._ids, self._records
        candidates = tuple(
            [
                Found(ids[row], score, record)
                for row, score in zip(rows, scores, strict=True)
                if (record := records[row])
            ]
        )
        return Recalled(
            candidates,
            count,
            method,
            self._leave_one_out(searcher, condition) if count == 0 else (),
        )

    def _leave_one_out(
        self, searcher: tantivy.Searcher, condition: Condition | None
    ) -> tuple[int, ...]:
        parts = conjuncts(condition)
        counts = []
        for index in range(len(parts)):
            others = conjunction(parts[:index] + parts[index + 1 :])
            counts.append(self._count(searcher, self._match(searcher, others), others))
        return tuple(counts)

    def _circle(self, center: Point, radius_km: float) -> list[int]:
        rows: list[int] = within(self._positions[: len(self._records)], center, radius_km).tolist()
        return rows


def _based_on(query: tantivy.Query) -> _Clause:
    return tantivy.Occur.Must, tantivy.Query.const_score_query(query, BASE_SCORE)


def _oldest_first(documents: Sequence[Document]) -> list[Document]:
    return sorted(documents, key=lambda document: document.revision)
