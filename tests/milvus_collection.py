"""Collections of their own for tests on a real Milvus."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pymilvus

from services.vector_retrieval.adapters.milvus_client import MilvusClient
from services.vector_retrieval.adapters.milvus_conditions import ALWAYS
from services.vector_retrieval.adapters.milvus_index import MilvusIndex
from services.vector_retrieval.adapters.milvus_schema import Coding
from services.vector_retrieval.adapters.milvus_setup import MilvusSetup
from services.vector_retrieval.settings import MilvusSettings
from services.vocabulary import Vocabulary
from tests.endpoints import endpoint

EMBEDDER = "test/1"


@contextmanager
def milvus_collection(
    dimension: int, *, embedder_version: str = EMBEDDER, **settings: object
) -> Iterator[MilvusSettings]:
    """Make a collection, give its settings, drop it."""
    made = MilvusSettings.model_validate(
        {
            "uri": endpoint("MILVUS"),
            "alias": f"test_{uuid.uuid4().hex}",
            "consistency": "Strong",
            # A machine that tests share may be slow; how slow is no matter here.
            "read_timeout_ms": 30_000,
            "write_timeout_s": 60.0,
            **settings,
        }
    )

    setup_of(made, dimension, embedder_version=embedder_version).apply()
    try:
        yield made
    finally:
        drop(made)


def setup_of(
    settings: MilvusSettings, dimension: int, *, embedder_version: str = EMBEDDER
) -> MilvusSetup:
    coding = Coding.new(embedder_version, Vocabulary.load())
    return MilvusSetup(settings, coding=coding, dimension=dimension)


@asynccontextmanager
async def opened(
    settings: MilvusSettings, dimension: int, *, embedder_version: str = EMBEDDER
) -> AsyncIterator[MilvusIndex]:
    """Give the index."""
    index = MilvusIndex.connected(settings, dimension=dimension, embedder_version=embedder_version)
    yield index
    await index.close()


@asynccontextmanager
async def emptied(settings: MilvusSettings, dimension: int) -> AsyncIterator[MilvusIndex]:
    """Give the index without any hotel."""
    client = MilvusClient(settings)
    await client.delete(settings.alias, ALWAYS)
    await client.close()
    async with opened(settings, dimension) as index:
        yield index


def drop(settings: MilvusSettings) -> None:
    """Drop the alias and the collection behind it."""
    client = pymilvus.MilvusClient(settings.uri, token=settings.token.get_secret_value())
    name = client.describe_collection(settings.alias)["collection_name"]
    client.drop_alias(settings.alias)
    client.drop_collection(name)
    client.close()
