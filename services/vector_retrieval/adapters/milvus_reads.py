"""Reading the hotels that pass a filter, where Milvus alone can't always tell."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from services.plan.evaluate import passes
from services.vector_retrieval.adapters.milvus_client import MilvusClient, Row
from services.vector_retrieval.adapters.milvus_conditions import Filter, both, id_after
from services.vector_retrieval.adapters.milvus_schema import columns_read, facts_of_row
from services.vector_retrieval.ports import SCORE_DIGITS

# Milvus answers with 16,384 rows at most.
PAGE_ROWS = 10_000
MOST_HITS = 16_384
# Asked for beyond the limit, so that hotels with equal scores at its end are all seen.
_SPARE_HITS = 8
# A circle fills 0.79 of the box around it; a little more than the inverse.
_HITS_PER_PASSING = 1.4


@dataclass(frozen=True, slots=True)
class Hit:
    """A hotel found by its vector; `score` is rounded."""

    hotel_id: str
    score: float
    row: Row


class MilvusReads:
    """Counts, rows and hits of one collection.

    Args:
        name: The collection's own, not its alias.
        page_rows: Rows in one answer.
    """

    def __init__(self, client: MilvusClient, name: str, *, page_rows: int = PAGE_ROWS) -> None:
        self._client = client
        self._name = name
        self._page_rows = page_rows

    async def passing(self, filter: Filter) -> int:
        """Return how many hotels pass."""
        if filter.undecided is None:
            return await self._client.count(self._name, filter.certain)
        certain, unsure = await asyncio.gather(
            self._client.count(self._name, filter.certain),
            self.rows(filter.unsure, self.columns(filter)),
        )
        return certain + len(decided(filter, unsure))

    async def certain(self, filter: Filter) -> int:
        """Return how many hotels surely pass; others may as well."""
        return await self._client.count(self._name, filter.certain)

    async def rows(self, text: str, columns: Sequence[str]) -> list[Row]:
        """Return all rows that satisfy a filter, by id."""
        found: list[Row] = []
        page_filter = text
        while True:
            page = await self.page(page_filter, columns, self._page_rows)
            found += page
            if len(page) < self._page_rows:
                return found
            page_filter = both(text, id_after(page[-1]["hotel_id"]))

    async def page(self, text: str, columns: Sequence[str], limit: int) -> list[Row]:
        """Return the first rows that satisfy a filter, by id."""
        return await self._client.query(self._name, text, columns, limit=limit)

    async def nearest(
        self, filter: Filter, vector: NDArray[Any], limit: int, params: dict[str, int]
    ) -> list[Hit]:
        """Return the best hits that pass, equal ones by id, with their records."""
        columns = ["record", *self.columns(filter)]
        wanted = limit + _SPARE_HITS
        if filter.undecided is not None:
            wanted = int(wanted * _HITS_PER_PASSING)
        while True:
            wanted = min(wanted, MOST_HITS)
            found = await self._client.search(
                self._name,
                vector,
                filter.possible,
                columns,
                limit=wanted,
                params={name: max(value, wanted) for name, value in params.items()},
            )
            passing = {row["hotel_id"] for row in decided(filter, [row["entity"] for row in found])}
            hits = [
                Hit(row["id"], round(row["distance"], SCORE_DIGITS), row["entity"])
                for row in found
                if row["id"] in passing
            ]
            hits.sort(key=lambda hit: (-hit.score, hit.hotel_id))
            if len(found) < wanted or wanted == MOST_HITS:
                return hits[:limit]
            least = round(found[-1]["distance"], SCORE_DIGITS)
            if len(hits) >= limit and hits[limit - 1].score > least:
                return hits[:limit]
            wanted *= 4

    @staticmethod
    def columns(filter: Filter) -> list[str]:
        """Return the columns from which it is decided whether a hotel passes."""
        return sorted({"hotel_id", *columns_read(filter.undecided)})


def decided(filter: Filter, rows: Iterable[Row]) -> list[Row]:
    """Return those of the rows within `filter.possible` that pass."""
    if filter.undecided is None:
        return list(rows)
    suits = passes(filter.undecided)
    return [row for row in rows if suits(facts_of_row(row))]
