"""The vector index on faiss, in this process, with a planner in front of it.

A filtered graph search loses recall, so the filter is evaluated first: when few hotels pass,
exactly these are scored; otherwise the HNSW graph is searched with an ef that grows as the
filter narrows. The graph is built in the background; rows that it does not have yet are scored
exactly beside it. faiss cannot delete from the graph: a removed row is masked out, and the
next build leaves it behind.
"""

from __future__ import annotations

import asyncio
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
from services.plan.tree import conjunction, conjuncts
from services.recall.recalled import Found, Recalled
from services.vector_retrieval.adapters.columns import Columns, Mask
from services.vector_retrieval.domain.item import Item, VectorQuery

# At most this share of the hotels is scored exactly instead of searched in the graph.
EXACT_SHARE = 0.03
# Fewer rows than this are always scored exactly: a scan costs less than a graph.
GRAPH_FROM = 20_000
# A graph is built again when this share of the rows is not in it or no longer alive.
REBUILD_SHARE = 0.2
GRAPH_NEIGHBOURS = 24
GRAPH_BUILD_EF = 80
SEARCH_EF = 128
MOST_EF = 2_000
SEARCH_THREADS = 2
PRIOR_RATING = 3.5
PRIOR_REVIEWS = 20

Floats = NDArray[np.float32]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Graph:
    index: faiss.IndexHNSWFlat
    rows: int


class FaissIndex:
    """`VectorIndex` on faiss and numpy. Searches run on threads and see whole batches only."""

    def __init__(self, dimension: int) -> None:
        faiss.omp_set_num_threads(1)
        self._dimension = dimension
        self._columns = Columns()
        self._vectors: Floats = np.zeros((1024, dimension), dtype=np.float32)
        self._prior: Floats = np.zeros(1024, dtype=np.float32)
        self._ids: list[str] = []
        self._records: list[bytes] = []
        self._rows: dict[str, int] = {}
        self._revisions: dict[str, int] = {}
        self._write_lock = threading.Lock()
        self._searchers = ThreadPoolExecutor(SEARCH_THREADS, thread_name_prefix="faiss")
        self._graph: _Graph | None = None
        self._dead = 0
        self._generation = 0

    async def upsert(self, items: Sequence[Item], vectors: Floats) -> int:
        """Add or replace hotels; return how many were taken."""
        return await asyncio.to_thread(self._upsert, items, vectors)

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
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._searchers, self.search_now, query)

    async def count(self) -> int:
        """Return how many hotels are held."""
        return len(self._rows)

    def version(self) -> str:
        """Return what identifies the index."""
        return f"faiss-{faiss.__version__}/{self._generation}"

    def needs_build(self) -> bool:
        """Tell whether a new graph would be worth its time."""
        count = self._columns.count
        if count < GRAPH_FROM:
            return False
        covered = self._graph.rows if self._graph else 0
        return count - covered > REBUILD_SHARE * count

    async def build(self) -> None:
        """Build a graph of the rows that are there now, beside searches and updates."""
        await asyncio.to_thread(self.build_now)

    def build_now(self) -> None:
        """As `build`, in this thread."""
        count = self._columns.count
        index = faiss.IndexHNSWFlat(self._dimension, GRAPH_NEIGHBOURS, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = GRAPH_BUILD_EF
        # Rows are kept as they are numbered; dead ones are masked out when searched.
        step = 20_000
        for start in range(0, count, step):
            index.add(self._vectors[start : min(start + step, count)])
        self._graph = _Graph(index, count)
        self._generation += 1
        log.info("graph_built", rows=count)

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
            first = self._columns.count
            self._reserve(first + len(chosen))
            self._columns.append([items[index].facts for index in chosen])
            self._vectors[first : first + len(chosen)] = vectors[chosen]
            replaced = []
            for offset, index in enumerate(chosen):
                item = items[index]
                id = item.facts.hotel_id
                self._prior[first + offset] = _standing(item)
                self._ids.append(id)
                self._records.append(item.record)
                if (old := self._rows.get(id)) is not None:
                    replaced.append(old)
                self._rows[id], self._revisions[id] = first + offset, item.revision
            # New rows first, then the old ones go: a hotel is never missing in between. A search
            # that sees both keeps the newer row.
            self._columns.publish(first + len(chosen))
            for row in replaced:
                self._columns.alive[row] = False
            self._dead += len(replaced)
            self._generation += 1
            return len(chosen)

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
            rows = self._sorted(mask, query, count)
            return self._recalled(rows, 1.0 / np.arange(1, len(rows) + 1), passing, "sorted")
        if query.vector is None or not query.vector.any():
            rows, scores = _best(np.flatnonzero(mask), self._prior, query.limit)
            return self._recalled(rows, scores, passing, "prior")
        graph = self._graph
        if graph is None or passing <= max(EXACT_SHARE * count, 4 * query.limit):
            rows, scores = self._exact(np.flatnonzero(mask), query.vector, query.limit)
            return self._recalled(rows, scores, passing, "exact")
        rows, scores = self._hnsw(graph, mask, passing, query, count)
        return self._recalled(rows, scores, passing, "hnsw")

    def _mask(self, condition: Condition | None, count: int) -> Mask:
        return self._columns.mask(None if condition is None else normal_form(condition), count)

    def _exact(
        self, rows: NDArray[np.int64], vector: Floats, limit: int
    ) -> tuple[NDArray[np.int64], Floats]:
        if len(rows) == self._columns.count:
            scores = self._vectors[: len(rows)] @ vector
        else:
            scores = self._vectors[rows] @ vector
        if len(rows) > limit:
            top = np.argpartition(scores, len(rows) - limit)[-limit:]
            rows, scores = rows[top], scores[top]
        order = np.lexsort((rows, -scores))
        return rows[order], scores[order]

    def _hnsw(
        self, graph: _Graph, mask: Mask, passing: int, query: VectorQuery, count: int
    ) -> tuple[NDArray[np.int64], Floats]:
        assert query.vector is not None
        share = passing / count
        ef = int(min(MOST_EF, max(SEARCH_EF, 2 * query.limit) / max(share, 0.05)))
        selector = None
        if share < 1.0:
            bits = np.packbits(mask[: graph.rows], bitorder="little")
            selector = faiss.IDSelectorBitmap(bits)
        parameters = faiss.SearchParametersHNSW(efSearch=ef, sel=selector)
        scores, rows = graph.index.search(query.vector[np.newaxis], query.limit, params=parameters)
        found, near = rows[0], scores[0]
        near, found = near[found >= 0], found[found >= 0]
        tail = np.flatnonzero(mask[graph.rows :]) + graph.rows
        if len(tail):
            more, their = self._exact(tail, query.vector, query.limit)
            found, near = np.concatenate((found, more)), np.concatenate((near, their))
            order = np.lexsort((found, -near))[: query.limit]
            found, near = found[order], near[order]
        return found, near

    def _sorted(self, mask: Mask, query: VectorQuery, count: int) -> NDArray[np.int64]:
        rows = np.flatnonzero(mask)
        keys = [self._sort_values(key, rows, count) for key in query.sort]
        # lexsort takes the most significant key last; standing settles ties, then the row.
        columns: list[NDArray[np.generic]] = [rows, -self._prior[rows], *reversed(keys)]
        order = np.lexsort(tuple(columns))
        return rows[order[: query.limit]]

    def _sort_values(
        self, key: SortKey, rows: NDArray[np.int64], count: int
    ) -> NDArray[np.float64]:
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
        found: dict[str, Found] = {}
        for row, score in zip(rows.tolist(), scores.tolist(), strict=True):
            found.setdefault(
                self._ids[row], Found(self._ids[row], float(score), self._records[row])
            )
        return Recalled(tuple(found.values()), passing, method)

    def _leave_one_out(self, condition: Condition | None, count: int) -> tuple[int, ...]:
        parts = conjuncts(condition)
        return tuple(
            int(
                np.count_nonzero(self._mask(conjunction(parts[:index] + parts[index + 1 :]), count))
            )
            for index in range(len(parts))
        )


def _best(rows: NDArray[np.int64], values: Floats, limit: int) -> tuple[NDArray[np.int64], Floats]:
    held = values[rows]
    if len(rows) > limit:
        top = np.argpartition(held, len(rows) - limit)[-limit:]
        rows, held = rows[top], held[top]
    order = np.lexsort((rows, -held))
    return rows[order], held[order]


def _standing(item: Item) -> float:
    """Return the guest rating shrunk by its review count: the order without any words."""
    facts = item.facts
    if facts.guest_rating is None:
        return PRIOR_RATING - 0.5
    weight = facts.review_count if facts.review_count is not None else PRIOR_REVIEWS
    total = facts.guest_rating * weight + PRIOR_RATING * PRIOR_REVIEWS
    return total / (weight + PRIOR_REVIEWS)
