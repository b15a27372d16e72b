"""Milvus against the evaluator, on one collection that is filled once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import ClassVar

import numpy as np
import pytest

from services.plan.condition import Condition
from services.plan.facts import HotelFacts
from services.recall.recalled import Recalled
from services.vector_retrieval.adapters.milvus_index import MilvusIndex
from services.vector_retrieval.domain.item import Item, VectorQuery
from services.vector_retrieval.settings import MilvusSettings
from tests.contract.recall.filter_contract import FilterContract, FilteredIndex
from tests.milvus_collection import emptied, milvus_collection, opened
from tests.strategies import many_hotels
from tests.waiting import eventually

MANY = 400
DIMENSION = 8


class _Milvus:
    def __init__(self, index: MilvusIndex, settings: MilvusSettings) -> None:
        self._index = index
        self._settings = settings

    async def fill(self, hotels: Sequence[HotelFacts]) -> None:
        if await self._index.count() == len(hotels) == MANY:
            return
        async with emptied(self._settings, DIMENSION) as index:
            vectors = np.eye(DIMENSION, dtype=np.float32)[np.arange(len(hotels)) % DIMENSION]
            await index.upsert([Item(hotel, b"r", 1) for hotel in hotels], vectors)

        async def is_filled() -> bool:
            return await self._index.count() == len(hotels)

        await eventually(is_filled)

    async def find(self, condition: Condition | None) -> Recalled:
        vector = np.eye(DIMENSION, dtype=np.float32)[0]
        return await self._index.search(VectorQuery(vector, condition, limit=MANY))


@pytest.mark.integration
class TestMilvusFilter(FilterContract):
    hotels: ClassVar[list[HotelFacts] | None] = many_hotels(MANY, seed=7)
    _settings: ClassVar[MilvusSettings]

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def collection(cls) -> Iterator[None]:
        # A strong read waits a fifth of a second; here nothing changes once it is there.
        with milvus_collection(DIMENSION, consistency="Eventually") as cls._settings:
            yield

    @pytest.fixture(autouse=True)
    async def index(self, collection: None) -> AsyncIterator[None]:
        async with opened(self._settings, DIMENSION) as self._index:
            yield

    def make_index(self) -> FilteredIndex:
        return _Milvus(self._index, self._settings)
