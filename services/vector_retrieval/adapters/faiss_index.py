"""The vector index on faiss, in this process, with a planner in front of it.

The filter is evaluated first. When few hotels pass, exactly these are scored; otherwise those that
pass are found by 4-bit codes, and the best of them are scored exactly.

Codes are made in the background; rows that have none yet are scored exactly beside them. faiss
can't delete from them: a removed row is masked out.

Source: André et al., Cache locality is not enough: High-Performance Nearest Neighbor Search with
Product Quantization Fast Scan, VLDB 2015; the codes here have one coordinate each.
"""

from __future__ import annotations

import asyncio
import heapq
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import faiss
import numpy as np
import structlog
from numpy.typing import NDArray

from services.plan.condition import Condition, Field
from services.plan.normal_form import normal_form
from services.plan.query_plan import Direction, SortKey
from services.plan.tree import conjuncts
from services.platform.bulk_work import in_turn
from services.recall.facts_change import ChangesTaken, FactsChange
from services.recall.recalled import Found, Recalled
from services.vector_retrieval.adapters.columns import Columns, Mask
from services.vector_retrieval.domain.item import (
    Item,
    VectorQuery,
    with_changes,
    with_newer_facts,
)
from services.vector_retrieval.domain.standing import standing
from services.vector_retrieval.ports import SCORE_DIGITS

# At most this share of the hotels is scored exactly instead of scanned.
EXACT_SHARE = 0.03
# Fewer rows than this are always scored exactly.
CODES_FROM = 20_000
# Codes are made again when this share of the rows has none.
STALE_SHARE = 0.05
# Rows that the quantizer learns from.
TRAINED_ON = 50_000
# Scored exactly of what a scan found: this many, or this many times the limit.
LEAST_SCORED = 500
SCORED_PER_HIT = 10
SEARCH_THREADS = 2
# Up to so many rows a search takes less time than it would wait, on a thread of its own, for the
# interpreter's lock.
AT_ONCE = 100_000

Floats = NDArray[np.float32]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Codes:
    """Codes of the first rows, in one list: only lists can be searched under a filter."""

    index: faiss.IndexIVFPQFastScan
    rows: int


class FaissIndex:
    """`VectorIndex` on faiss and numpy. Searches see whole batches; of many rows, on threads."""

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension
        self._columns = Columns()
        self._vectors: Floats = np.zeros((1024, dimension), dtype=np.float32)
        self._prior: Floats = np.zeros(1024, dtype=np.float32)
        self._ids: list[str] = []
        self._records: list[bytes] = []
        self._rows: dict[str, int] = {}
        self._revisions: dict[str, int] = {}
        self._write_lock = threading.Lock()
        # faiss keeps this per thread, and searches here too, where there are few rows.
        faiss.omp_set_num_threads(1)
        self._searchers = ThreadPoolExecutor(
            SEARCH_THREADS,
            thread_name_prefix="faiss",
            initializer=faiss.omp_set_num_threads,
            initargs=(1,),
        )
        self._codes: _Codes | None = None
        self._dead = 0
        self._generation = 0

    async def upsert(self, items: Sequence[Item], vectors: Floats) -> int:
        """Add or replace hotels; return how many were taken."""
        return await in_turn(self._upsert, items, vectors)

    async def change_facts(self, changes: Sequence[FactsChange]) -> ChangesTaken:
        """Write changes into the hotels held; their vectors stay."""
        return await in_turn(self._change_facts, changes)

    async def delete(self, hotel_ids: Sequence[str]) -> None:
        """Remove hotels; unknown ids are fine."""
        with self._write_lock:
            for id in hotel_ids:
                if (row := self._rows.pop(id, None)) is not None:
                    self._columns.alive[row] = False
                    self._revisions.pop(id, None)
                    self._dead += 1
            self._generation += 1

    async def search(self, query: VectorQuery) -> Recalled:
        """Find the nearest hotels that satisfy the condition."""
        if self._columns.count <= AT_ONCE:
            return self.search_now(query)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._searchers, self.search_now, query)

    async def count(self) -> int:
        """Return how many hotels are held."""
        return len(self._rows)

    def version(self) -> str:
        """Return what identifies the index."""
        return f"faiss-{faiss.__version__}/{self._generation}"

    def needs_build(self) -> bool:
        """Tell whether new codes would be worth their time."""
        count = self._columns.count
        if count < CODES_FROM:
            return False
        covered = self._codes.rows if self._codes else 0
        return count - covered > STALE_SHARE * count

    async def build(self) -> None:
        """Make codes of the rows that are there now, beside searches and updates."""
        await asyncio.to_thread(self.build_now)

    def build_now(self) -> None:
        """As `build`, in this thread."""
        # faiss keeps this per thread; another core would only take turns with searches.
        faiss.omp_set_num_threads(1)
        count = self._columns.count
        dimension = self._dimension
        index = faiss.IndexIVFPQFastScan(
            faiss.IndexFlatIP(dimension), dimension, 1, dimension, 4, faiss.METRIC_INNER_PRODUCT
        )
        index.by_residual = False
        index.train(self._vectors[: count : max(1, count // TRAINED_ON)])
        step = 20_000
        for start in range(0, count, step):
            index.add(self._vectors[start : min(start + step, count)])
        self._codes = _Codes(index, count)
        self._generation += 1
        log.info("codes_made", rows=count)

    def close(self) -> None:
        """Release the threads."""
        self._searchers.shutdown()

    # --- writing -------------------------------------------------------------------------------
    def _upsert(self, items: Sequence[Item], vectors: Floats) -> int:
        with self._write_lock:
            newest: dict[str, int] = {}
            for index, item in enumerate(items):
                id = item.facts.hotel_id
                held = self._revisions.get(id, -1)
                if id in newest:
                    held = max(held, items[newest[id]].revision)
                if item.revision >= held:
                    newest[id] = index
            chosen = list(newest.values())
            self._write([self._merged(items[index]) for index in chosen], vectors[chosen])
            return len(chosen)

    def _change_facts(self, changes: Sequence[FactsChange]) -> ChangesTaken:
        with self._write_lock:
            unknown = tuple(change for change in changes if change.hotel_id not in self._rows)
            by_hotel: dict[str, list[FactsChange]] = {}
            for change in changes:
                if change.hotel_id in self._rows:
                    by_hotel.setdefault(change.hotel_id, []).append(change)
            items, rows, taken = [], [], 0
            for id, its_changes in by_hotel.items():
                item, count = with_changes(self._records[self._rows[id]], its_changes)
                if count:
                    items.append(item)
                    rows.append(self._rows[id])
                    taken += count
            self._write(items, self._vectors[rows])
            return ChangesTaken(taken, unknown)

    def _merged(self, item: Item) -> Item:
        row = self._rows.get(item.facts.hotel_id)
        return item if row is None else with_newer_facts(item, self._records[row])

    def _write(self, items: Sequence[Item], vectors: Floats) -> None:
        """Add rows, then let those they replace go."""
        first = self._columns.count
        end = first + len(items)
        self._reserve(end)
        all_facts = [item.facts for item in items]
        self._columns.append(all_facts)
        self._vectors[first:end] = vectors
        self._prior[first:end] = list(map(standing, all_facts))
        self._ids += [facts.hotel_id for facts in all_facts]
        self._records += [item.record for item in items]
        replaced = []
        for row, item in enumerate(items, start=first):
            id = item.facts.hotel_id
            if (old := self._rows.get(id)) is not None:
                replaced.append(old)
            self._rows[id], self._revisions[id] = row, item.revision
        # New rows first, then the old ones go: a hotel is never missing in between. A search
        # that sees both keeps the newer row.
        self._columns.publish(end)
        for row in replaced:
            self._columns.alive[row] = False
        self._dead += len(replaced)
        self._generation += 1

    def _reserve(self, count: int) -> None:
        if count <= len(self._vectors):
            return
        capacity = len(self._vectors)
        while capacity < count:
            capacity *= 2
        vectors = np.zeros((capacity, self._dimension), dtype=np.float32)
        vectors[: len(self._vectors)] = self._vectors
        prior = np.zeros(capacity, dtype=np.float32)
        prior[: len(self._prior)] = self._prior
        self._vectors, self._prior = vectors, prior

    # --- searching -----------------------------------------------------------------------------
    def search_now(self, query: VectorQuery) -> Recalled:
        """As `search`, in this thread."""
        count = self._columns.count
        mask = self._mask(query.condition, count)
        passing = int(np.count_nonzero(mask))
        if passing == 0:
            return Recalled((), 0, "exact", self._leave_one_out(query.condition, count))
        if query.sort:
            rows = self._sorted(mask, query)
            return self._recalled(rows, 1.0 / np.arange(1, len(rows) + 1), passing, "sorted")
        if query.vector is None or not query.vector.any():
            rows = np.flatnonzero(mask)
            rows, scores = self._best(rows, self._prior[rows], query.limit)
            return self._recalled(rows, scores, passing, "prior")
        codes = self._codes
        if codes is None or passing <= max(EXACT_SHARE * count, 4 * query.limit):
            rows, scores = self._exact(np.flatnonzero(mask), query.vector, query.limit)
            return self._recalled(rows, scores, passing, "exact")
        scanned = self._scanned(codes, mask, query.vector, query.limit)
        rows, scores = self._exact(scanned, query.vector, query.limit)
        return self._recalled(rows, scores, passing, "scan")

    def _mask(self, condition: Condition | None, count: int) -> Mask:
        return self._columns.mask(None if condition is None else normal_form(condition), count)

    def _exact(
        self, rows: NDArray[np.int64], vector: Floats, limit: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        vectors = self._vectors
        chosen = (
            vectors[: len(rows)] if len(rows) == self._columns.count else vectors.take(rows, axis=0)
        )
        # As fast as a product by BLAS, which would spin on the other cores for a while after.
        scores = np.einsum("ij,j->i", chosen, vector)
        return self._best(rows, scores, limit)

    def _best(
        self, rows: NDArray[np.int64], scores: Floats, limit: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the rows with the highest scores, and these rounded."""
        if len(rows) > limit:
            least = np.partition(scores, len(rows) - limit)[-limit]
            near = scores >= least - 10.0**-SCORE_DIGITS
            rows, scores = rows[near], scores[near]
        rounded: NDArray[np.float64] = scores.astype(np.float64).round(SCORE_DIGITS)
        first = self._first(rows, [-rounded], limit)
        return rows[first], rounded[first]

    def _first(
        self, rows: NDArray[np.int64], columns: Sequence[NDArray[np.float64]], limit: int
    ) -> list[int]:
        """Return the positions of the first rows by ascending columns, equal ones by hotel id.

        A hotel that is being replaced has two rows; the newer one is first.
        """
        order = np.lexsort(tuple(reversed(columns)))
        tied: Sequence[int] = ()
        if len(rows) > limit:
            last = order[limit - 1]
            equal = np.logical_and.reduce([column == column[last] for column in columns])
            tied = np.flatnonzero(equal).tolist()
            order = order[: int(np.argmax(equal[order]))]

        def by_id(position: int) -> tuple[str, int]:
            return self._ids[rows[position]], -int(rows[position])

        better: list[int] = order.tolist()
        # Hardly any two are equal: only those are looked at one by one.
        differs = [column[order[1:]] != column[order[:-1]] for column in columns]
        starts = (np.flatnonzero(np.logical_or.reduce(differs)) + 1).tolist()
        for start, end in zip([0, *starts], [*starts, len(better)], strict=True):
            if end - start > 1:
                better[start:end] = sorted(better[start:end], key=by_id)
        return better + heapq.nsmallest(limit - len(better), tied, key=by_id)

    def _scanned(self, codes: _Codes, mask: Mask, vector: Floats, limit: int) -> NDArray[np.int64]:
        """Return the passing rows worth scoring: the best by their codes, and all without any."""
        wanted = faiss.IDSelectorBitmap(np.packbits(mask[: codes.rows], bitorder="little"))
        _, found = codes.index.search(
            vector[np.newaxis],
            min(max(LEAST_SCORED, SCORED_PER_HIT * limit), codes.rows),
            params=faiss.SearchParametersIVF(sel=wanted, nprobe=1),
        )
        uncoded = np.flatnonzero(mask[codes.rows :]) + codes.rows
        both: NDArray[np.int64] = np.concatenate((found[0][found[0] >= 0], uncoded))
        return both

    def _sorted(self, mask: Mask, query: VectorQuery) -> NDArray[np.int64]:
        rows = np.flatnonzero(mask)
        keys = [self._sort_values(key, rows) for key in query.sort]
        return rows[self._first(rows, [*keys, -self._prior[rows].astype(np.float64)], query.limit)]

    def _sort_values(self, key: SortKey, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        if key.field is Field.DISTANCE and key.center is not None:
            values = self._columns.km(key.center, rows)
        elif key.field in self._columns.numbers:
            values = self._columns.numbers[key.field][rows]
        else:
            values = np.zeros(len(rows))
        if key.direction is Direction.DESCENDING:
            values = -values
        return np.where(np.isnan(values), np.inf, values)

    def _recalled(
        self,
        rows: NDArray[np.int64],
        scores: NDArray[np.floating],
        passing: int,
        method: str,
    ) -> Recalled:
        ids, records = self._ids, self._records
        found: dict[str, Found] = {}
        for row, score in zip(rows.tolist(), scores.tolist(), strict=True):
            # Of a hotel that is being replaced, the newer row is first.
            if (id := ids[row]) not in found:
                found[id] = Found(id, score, records[row])
        return Recalled(tuple(found.values()), passing, method)

    def _leave_one_out(self, condition: Condition | None, count: int) -> tuple[int, ...]:
        masks = [self._mask(part, count) for part in conjuncts(condition)]
        counts = []
        for index in range(len(masks)):
            others = masks[:index] + masks[index + 1 :]
            passing = np.logical_and.reduce(others) if others else self._mask(None, count)
            counts.append(int(np.count_nonzero(passing)))
        return tuple(counts)
