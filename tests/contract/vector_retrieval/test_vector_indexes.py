"""faiss, and a real Milvus with both kinds of index, under the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from services.vector_retrieval.adapters.faiss_index import FaissIndex
from services.vector_retrieval.adapters.milvus_index import MilvusIndex
from services.vector_retrieval.ports import VectorIndex
from services.vector_retrieval.settings import MilvusSettings
from tests.contract.vector_retrieval.vector_index_contract import DIMENSION, VectorIndexContract
from tests.milvus_collection import emptied, milvus_collection


class TestFaissIndex(VectorIndexContract):
    @pytest.fixture
    def index(self) -> Iterator[VectorIndex]:
        index = FaissIndex(DIMENSION)
        yield index
        index.close()


class _OnMilvus(VectorIndexContract):
    @pytest.fixture
    async def index(self, collection: MilvusSettings) -> AsyncIterator[MilvusIndex]:
        async with emptied(collection, DIMENSION) as index:
            yield index


@pytest.mark.integration
class TestMilvusIndexExact(_OnMilvus):
    @pytest.fixture(scope="class")
    @classmethod
    def collection(cls) -> Iterator[MilvusSettings]:
        with milvus_collection(DIMENSION) as settings:
            yield settings


@pytest.mark.integration
class TestMilvusIndexOnAGraph(_OnMilvus):
    """Never few enough hotels for scoring all of them."""

    @pytest.fixture(scope="class")
    @classmethod
    def collection(cls) -> Iterator[MilvusSettings]:
        with milvus_collection(DIMENSION, index="HNSW", exact_rows=0) as settings:
            yield settings


@pytest.mark.integration
class TestMilvusIndexOnAGraphScoringAll(_OnMilvus):
    @pytest.fixture(scope="class")
    @classmethod
    def collection(cls) -> Iterator[MilvusSettings]:
        with milvus_collection(DIMENSION, index="HNSW") as settings:
            yield settings
