"""The vector index on Milvus.

A search asks for the nearest hotels and counts those that pass at the same time. The alias is
resolved to its collection first, and everything goes to that: an alias that moves between two
calls can't mix two collections. `ready` looks where it points now.

What a search sees is `MilvusSettings.consistency`; what a write compares with is read strongly.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.plan.tree import conjunction, conjuncts
from services.platform.errors import FailedPrecondition
from services.recall.facts_change import ChangesTaken, FactsChange
from services.recall.recalled import Found, Recalled
from services.vector_retrieval.adapters.milvus_client import MilvusClient, NoCollection, Row
from services.vector_retrieval.adapters.milvus_conditions import Filter, compiled, id_in
from services.vector_retrieval.adapters.milvus_order import SAMPLE_ROWS, in_order
from services.vector_retrieval.adapters.milvus_reads import PAGE_ROWS, Hit, MilvusReads, decided
from services.vector_retrieval.adapters.milvus_schema import VECTOR, Coding, record_of, row
from services.vector_retrieval.domain.item import (
    Item,
    VectorQuery,
    with_changes,
    with_newer_facts,
)
from services.vector_retrieval.ports import SCORE_DIGITS
from services.vector_retrieval.settings import MilvusSettings

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Collection:
    """A collection that was looked at: its own name, and whether its index is exact."""

    name: str
    coding: Coding
    is_exact: bool


class MilvusIndex:
    """`VectorIndex` on a collection that `concierge admin setup` made.

    Args:
        client: The connection.
        settings: Alias, consistency, limits.
        dimension: Length of a vector.
        embedder_version: What makes the vectors; a collection filled by another is refused.
        page_rows: Rows in one answer.
        sample_rows: See `in_order`.
    """

    def __init__(
        self,
        client: MilvusClient,
        settings: MilvusSettings,
        *,
        dimension: int,
        embedder_version: str,
        page_rows: int = PAGE_ROWS,
        sample_rows: int = SAMPLE_ROWS,
    ) -> None:
        self._client = client
        self._settings = settings
        self._dimension = dimension
        self._embedder_version = embedder_version
        self._page_rows = page_rows
        self._sample_rows = sample_rows
        self._opened: _Collection | None = None
        # How many hotels there are, as far as known: tells how narrow a filter is.
        self._held = 0

    @classmethod
    def connected(
        cls, settings: MilvusSettings, *, dimension: int, embedder_version: str
    ) -> MilvusIndex:
        """Return the index with a connection of its own, which opens at the first call."""
        client = MilvusClient(settings)
        return cls(client, settings, dimension=dimension, embedder_version=embedder_version)

    async def upsert(self, items: Sequence[Item], vectors: Floats) -> int:
        """Add or replace hotels; return how many were taken."""
        collection = await self._collection()
        newest: dict[str, int] = {}
        for index, item in enumerate(items):
            id = item.facts.hotel_id
            if id not in newest or item.revision >= items[newest[id]].revision:
                newest[id] = index
        held = await self._rows_held(list(newest), ("revision", "record"))

        def fresh() -> list[Row]:
            rows: list[Row] = []
            for id, index in newest.items():
                item, before = items[index], held.get(id)
                if before is not None:
                    if item.revision < before["revision"]:
                        continue
                    item = with_newer_facts(item, record_of(before))
                rows.append(row(item, vectors[index], collection.coding))
            return rows

        rows = await asyncio.to_thread(fresh)
        await self._write(collection, rows)
        return len(rows)

    async def change_facts(self, changes: Sequence[FactsChange]) -> ChangesTaken:
        """Write changes into the hotels held; their vectors stay."""
        collection = await self._collection()
        by_hotel: dict[str, list[FactsChange]] = {}
        for change in changes:
            by_hotel.setdefault(change.hotel_id, []).append(change)
        held = await self._rows_held(list(by_hotel), ("record", VECTOR))
        rows, taken = [], 0
        for id, before in held.items():
            item, count = with_changes(record_of(before), by_hotel[id])
            if count:
                vector = np.asarray(before[VECTOR], dtype=np.float32)
                rows.append(row(item, vector, collection.coding))
                taken += count
        await self._write(collection, rows)
        return ChangesTaken(taken, tuple(c for c in changes if c.hotel_id not in held))

    async def delete(self, hotel_ids: Sequence[str]) -> None:
        """Remove hotels; unknown ids are fine."""
        collection = await self._collection()
        for part in self._parts(hotel_ids):
            await self._client.delete(collection.name, id_in(part))

    async def search(self, query: VectorQuery) -> Recalled:
        """Find the nearest hotels that satisfy the condition."""
        try:
            return await self._search(await self._collection(), query)
        except NoCollection:
            # It was dropped; the alias may point to another by now.
            self._opened = None
            return await self._search(await self._collection(), query)

    async def count(self) -> int:
        """Return how many hotels are held."""
        collection = await self._collection()
        self._held = await self._client.count(collection.name, "")
        return self._held

    def version(self) -> str:
        """Return the collection's name; the alias until it was looked up."""
        return self._settings.alias if self._opened is None else self._opened.name

    async def ready(self) -> bool:
        """Tell whether searches work, and follow the alias to where it points now.

        Raises:
            FailedPrecondition: The collection is missing or holds another embedder's vectors.
            Unavailable: Milvus is away.
        """
        self._opened = await self._look()
        await self.count()
        return await self._client.is_loaded(self._opened.name)

    async def close(self) -> None:
        """Give the connection back."""
        await self._client.close()

    # --- searching -----------------------------------------------------------------------------
    async def _search(self, collection: _Collection, query: VectorQuery) -> Recalled:
        reads = MilvusReads(self._client, collection.name, page_rows=self._page_rows)
        filter = compiled(query.condition, collection.coding)
        if query.sort or query.vector is None or not query.vector.any():
            passing: int | None
            candidates, passing = await self._ordered(reads, filter, query)
            method = "sorted" if query.sort else "prior"
        else:
            hits, passing, method = await self._nearest(collection, reads, filter, query)
            candidates = [Found(hit.hotel_id, hit.score, record_of(hit.row)) for hit in hits]
        if passing is not None:
            # The two reads may see different moments.
            passing = max(passing, len(candidates))
        left_out = await self._leave_one_out(collection, reads, query) if passing == 0 else ()
        return Recalled(tuple(candidates), passing, method, left_out)

    async def _nearest(
        self, collection: _Collection, reads: MilvusReads, filter: Filter, query: VectorQuery
    ) -> tuple[list[Hit], int | None, str]:
        assert query.vector is not None
        if collection.is_exact and not query.counted:
            hits = await reads.nearest(filter, query.vector, query.limit, {})
            return hits, None if hits else await reads.passing(filter), "flat"
        if collection.is_exact:
            hits, passing = await asyncio.gather(
                reads.nearest(filter, query.vector, query.limit, {}), reads.passing(filter)
            )
            return hits, passing, "flat"
        passing = await reads.passing(filter)
        if passing <= self._settings.exact_rows:
            columns = [*reads.columns(filter), "record", VECTOR]
            rows = decided(filter, await reads.rows(filter.possible, columns))
            return _scored(rows, query.vector, query.limit), passing, "exact"
        ef = self._ef(passing)
        hits = await reads.nearest(filter, query.vector, query.limit, {"ef": ef})
        return hits, passing, f"hnsw {ef}"

    def _ef(self, passing: int) -> int:
        """Return how many hotels the graph search looks at.

        It walks over hotels that do not pass as well, so it has to look at more of them the fewer
        pass: with the inverse root of the share recall was even.
        """
        share = min(1.0, passing / max(self._held, passing))
        return min(self._settings.ef_most, math.ceil(self._settings.ef_least / math.sqrt(share)))

    async def _ordered(
        self, reads: MilvusReads, filter: Filter, query: VectorQuery
    ) -> tuple[list[Found], int]:
        rows, passing = await in_order(
            reads, filter, query.sort, query.limit, sample_rows=self._sample_rows
        )
        ids = [row["hotel_id"] for row in rows]
        found = await reads.rows(id_in(ids), ("hotel_id", "record")) if ids else []
        records = {row["hotel_id"]: record_of(row) for row in found}
        candidates = [
            Found(row["hotel_id"], score, records[row["hotel_id"]])
            for rank, row in enumerate(rows, start=1)
            # One that was removed between the two reads is left out.
            if row["hotel_id"] in records
            for score in (1.0 / rank if query.sort else row["standing"],)
        ]
        return candidates, passing

    async def _leave_one_out(
        self, collection: _Collection, reads: MilvusReads, query: VectorQuery
    ) -> tuple[int, ...]:
        parts = conjuncts(query.condition)
        filters = [
            compiled(conjunction(parts[:at] + parts[at + 1 :]), collection.coding)
            for at in range(len(parts))
        ]
        return tuple(await asyncio.gather(*map(reads.passing, filters)))

    # --- writing -------------------------------------------------------------------------------
    async def _rows_held(
        self, hotel_ids: Sequence[str], columns: Sequence[str]
    ) -> Mapping[str, Row]:
        collection = await self._collection()
        held: dict[str, Row] = {}
        for part in self._parts(hotel_ids):
            rows = await self._client.query(
                collection.name, id_in(part), ("hotel_id", *columns), strong=True
            )
            held |= {row["hotel_id"]: row for row in rows}
        return held

    async def _write(self, collection: _Collection, rows: Sequence[Row]) -> None:
        size = self._settings.rows_per_write
        for first in range(0, len(rows), size):
            await self._client.upsert(collection.name, rows[first : first + size])

    def _parts(self, hotel_ids: Sequence[str]) -> list[Sequence[str]]:
        size = self._settings.rows_per_write
        return [hotel_ids[first : first + size] for first in range(0, len(hotel_ids), size)]

    # --- the collection ------------------------------------------------------------------------
    async def _collection(self) -> _Collection:
        if self._opened is None:
            self._opened = await self._look()
        return self._opened

    async def _look(self) -> _Collection:
        alias = self._settings.alias
        try:
            described = await self._client.describe(alias)
        except NoCollection as error:
            raise FailedPrecondition(
                f"milvus has no collection {alias}: run concierge admin setup",
                reason="MILVUS_NO_COLLECTION",
            ) from error
        name = described["collection_name"]
        if self._opened is not None and self._opened.name == name:
            return self._opened
        coding = Coding.of(described["description"], name)
        dimension = next(f["params"]["dim"] for f in described["fields"] if f["name"] == VECTOR)
        if coding.embedder_version != self._embedder_version or dimension != self._dimension:
            raise FailedPrecondition(
                f"collection {name} holds vectors of {coding.embedder_version} ({dimension}), "
                f"this service makes those of {self._embedder_version} ({self._dimension})",
                reason="MILVUS_EMBEDDER",
                metadata={"held": coding.embedder_version, "wanted": self._embedder_version},
            )
        index = await self._client.index(name, VECTOR)
        return _Collection(name, coding, index is not None and index["index_type"] == "FLAT")


def _scored(rows: Sequence[Row], vector: Floats, limit: int) -> list[Hit]:
    if not rows:
        return []
    scores = np.asarray([row[VECTOR] for row in rows], dtype=np.float32) @ vector
    hits = [
        Hit(row["hotel_id"], round(score, SCORE_DIGITS), row)
        for row, score in zip(rows, scores.tolist(), strict=True)
    ]
    return sorted(hits, key=lambda hit: (-hit.score, hit.hotel_id))[:limit]
