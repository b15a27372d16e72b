"""Every index against the evaluator."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from services.keyword_search.adapters.elasticsearch_schema import source_of
from services.keyword_search.adapters.tantivy_index import TantivyIndex
from services.keyword_search.adapters.tantivy_search import SCORED_AT_MOST
from services.keyword_search.domain.document import Document
from services.keyword_search.domain.query import KeywordQuery
from services.plan.condition import Condition
from services.plan.facts import HotelFacts
from services.recall.recalled import Recalled
from services.vector_retrieval.adapters.faiss_index import FaissIndex
from services.vector_retrieval.domain.item import Item, VectorQuery
from tests.contract.recall.filter_contract import FilterContract, FilteredIndex
from tests.elasticsearch_server import RealIndex, real_index
from tests.strategies import IDS

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


class _Elasticsearch:
    def __init__(self, real: RealIndex) -> None:
        self._real = real

    async def fill(self, hotels: Sequence[HotelFacts]) -> None:
        """Replace the content in one request, and not through the index: it is done 250 times."""
        writes: list[dict[str, Any]] = [
            {"delete": {"_id": id}} for id in IDS if id not in {hotel.hotel_id for hotel in hotels}
        ]
        for hotel in hotels:
            document = Document(hotel, "", "", "", "", 3.5, b"", 1)
            writes += ({"index": {"_id": hotel.hotel_id}}, source_of(document))
        await self._real.client.bulk(
            index=self._real.settings.alias, operations=writes, refresh=True
        )

    async def find(self, condition: Condition | None) -> Recalled:
        return await self._real.index.search(KeywordQuery(condition=condition, limit=MANY))


@pytest.mark.integration
class TestElasticsearchFilter(FilterContract):
    @pytest_asyncio.fixture(autouse=True)
    async def _server(self) -> AsyncIterator[None]:
        async with real_index() as real:
            self._index = _Elasticsearch(real)
            yield

    def make_index(self) -> FilteredIndex:
        return self._index
