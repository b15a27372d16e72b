"""faiss with numpy columns, and tantivy, against the evaluator."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from services.keyword_search.adapters.tantivy_index import SCORED_AT_MOST, TantivyIndex
from services.keyword_search.domain.document import Document
from services.keyword_search.domain.query import KeywordQuery
from services.plan.condition import Condition
from services.plan.facts import HotelFacts
from services.recall.recalled import Recalled
from services.vector_retrieval.adapters.faiss_index import FaissIndex
from services.vector_retrieval.domain.item import Item, VectorQuery
from tests.contract.recall.filter_contract import FilterContract, FilteredIndex

MANY = 100


class _Faiss:
    async def fill(self, hotels: Sequence[HotelFacts]) -> None:
        self._index = FaissIndex(8)
        vectors = np.eye(8, dtype=np.float32)[np.arange(len(hotels)) % 8]
        await self._index.upsert([Item(hotel, b"r", 1) for hotel in hotels], vectors)

    async def find(self, condition: Condition | None) -> Recalled:
        vector = np.eye(8, dtype=np.float32)[0]
        return self._index.search_now(VectorQuery(vector, condition, limit=MANY))


class _Tantivy:
    def __init__(self, *, scored_at_most: int = SCORED_AT_MOST) -> None:
        self._scored_at_most = scored_at_most

    async def fill(self, hotels: Sequence[HotelFacts]) -> None:
        self._index = TantivyIndex(
            writer_heap_bytes=15_000_000, scored_at_most=self._scored_at_most
        )
        self._index.upsert_now([Document(hotel, "", "", "", "", 3.5, b"r", 1) for hotel in hotels])

    async def find(self, condition: Condition | None) -> Recalled:
        return self._index.search_now(KeywordQuery(condition=condition, limit=MANY))


class TestFaissFilter(FilterContract):
    def make_index(self) -> FilteredIndex:
        return _Faiss()


class TestTantivyFilter(FilterContract):
    def make_index(self) -> FilteredIndex:
        return _Tantivy()


class TestTantivyFilterOfManyMatches(FilterContract):
    """As if every condition let many hotels through."""

    def make_index(self) -> FilteredIndex:
        return _Tantivy(scored_at_most=0)
