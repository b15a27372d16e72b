"""What only Milvus has: setup, an alias, pages, limits, being away."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator

import pymilvus
import pytest

from services.plan.condition import Field, Name, NameMatch, Point, Term
from services.plan.query_plan import Direction, SortKey
from services.platform.errors import FailedPrecondition, InvalidArgument, Unavailable
from services.vector_retrieval.adapters.milvus_client import MilvusClient
from services.vector_retrieval.adapters.milvus_index import MilvusIndex
from services.vector_retrieval.adapters.milvus_schema import MOST_RECORD_BYTES
from services.vector_retrieval.settings import MilvusSettings
from tests.contract.vector_retrieval.vector_index_contract import (
    DIMENSION,
    find,
    hotel,
    ids,
    take,
    unit,
)
from tests.milvus_collection import EMBEDDER, drop, emptied, milvus_collection, opened, setup_of

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def collection() -> Iterator[MilvusSettings]:
    with milvus_collection(DIMENSION) as settings:
        yield settings


@pytest.fixture
async def index(collection: MilvusSettings) -> AsyncIterator[MilvusIndex]:
    async with emptied(collection, DIMENSION) as index:
        yield index


class TestSetup:
    def test_it_makes_what_is_missing_once(self, collection: MilvusSettings) -> None:
        settings = collection.model_copy(update={"alias": collection.alias + "_new"})
        setup = setup_of(settings, DIMENSION)
        assert [(drift.aspect, drift.found) for drift in setup.check()] == [("alias", "")]
        setup.apply()
        try:
            assert setup.check() == []
            before = pymilvus.MilvusClient(settings.uri).describe_collection(settings.alias)
            setup.apply()
            after = pymilvus.MilvusClient(settings.uri).describe_collection(settings.alias)
            assert before["collection_name"] == after["collection_name"]
        finally:
            drop(settings)

    def test_what_differs_is_named(self, collection: MilvusSettings) -> None:
        settings = collection.model_copy(update={"index": "HNSW"})
        drifts = setup_of(settings, 16, embedder_version="other/2").check()
        assert [(drift.aspect, drift.wanted, drift.found) for drift in drifts] == [
            ("index", "HNSW", "FLAT"),
            ("embedder", "other/2", EMBEDDER),
            ("dimension", "16", str(DIMENSION)),
        ]

    async def test_without_a_collection_setup_is_asked_for(
        self, collection: MilvusSettings
    ) -> None:
        settings = collection.model_copy(update={"alias": "test_nobody_made_this"})
        async with opened(settings, DIMENSION) as index:
            with pytest.raises(FailedPrecondition, match="concierge admin setup"):
                await index.ready()

    async def test_vectors_of_another_embedder_are_refused(
        self, collection: MilvusSettings
    ) -> None:
        async with opened(collection, DIMENSION, embedder_version="other/2") as index:
            with pytest.raises(FailedPrecondition) as refused:
                await find(index, vector=unit(1))
        assert refused.value.metadata == {"held": EMBEDDER, "wanted": "other/2"}


@pytest.fixture
def two_collections() -> Iterator[tuple[MilvusSettings, MilvusSettings]]:
    with milvus_collection(DIMENSION) as first, milvus_collection(DIMENSION) as second:
        yield first, second


async def test_readiness_follows_the_alias(
    two_collections: tuple[MilvusSettings, MilvusSettings],
) -> None:
    settings = two_collections[0].model_copy(update={"alias": "test_" + uuid.uuid4().hex})
    client = pymilvus.MilvusClient(settings.uri)
    first, second = (
        client.describe_collection(made.alias)["collection_name"] for made in two_collections
    )
    client.create_alias(first, settings.alias)
    async with opened(settings, DIMENSION) as index:
        assert await index.ready()
        await take(index, [hotel("old")])
        client.alter_alias(second, settings.alias)
        assert ids(await find(index, vector=unit(1))) == ["old"]
        assert await index.ready()
        assert index.version() == second
        assert ids(await find(index, vector=unit(1))) == []
    client.drop_alias(settings.alias)
    client.close()


async def test_a_milvus_that_is_away_is_named_and_then_not_asked() -> None:
    settings = MilvusSettings(uri="http://127.0.0.1:9", read_timeout_ms=300, most_failures=2)
    async with opened(settings, DIMENSION) as index:
        reasons = []
        for _ in range(3):
            with pytest.raises(Unavailable) as caught:
                await find(index, vector=unit(1))
            reasons.append(caught.value.reason)
    assert set(reasons[:2]) <= {"MILVUS_AWAY", "MILVUS_TIMEOUT"}
    assert reasons[2] == "MILVUS_PAUSED"


async def test_a_record_too_large_is_refused_by_name(index: MilvusIndex) -> None:
    large = hotel("large")
    large.descriptions.add(text="x" * MOST_RECORD_BYTES)
    with pytest.raises(InvalidArgument, match="large has"):
        await take(index, [large])
    almost = hotel("almost")
    almost.descriptions.add(text="x" * (MOST_RECORD_BYTES - almost.ByteSize() - 10))
    assert await take(index, [almost]) == 1


@pytest.mark.parametrize(
    "city",
    ['a"b', "a\\b", "a\\x41", "line\nbreak", "tab\t", "it's", "\x01", "%", "[x]", "'", "é你"],
)
async def test_any_text_is_compared_as_it_is(index: MilvusIndex, city: str) -> None:
    await take(index, [hotel("a", city=city), hotel("b", city="ab")])
    assert ids(await find(index, Term(Field.CITY, (city,)))) == ["a"]


async def test_more_equal_hotels_than_a_search_returns_are_in_the_order_of_ids(
    index: MilvusIndex,
) -> None:
    await take(index, [hotel(f"h{number:03}") for number in reversed(range(300))])
    for vector in (unit(1), None):
        assert ids(await find(index, vector=vector, limit=5)) == [f"h00{n}" for n in range(5)]


async def test_a_name_of_one_character_is_looked_for_in_all_names(index: MilvusIndex) -> None:
    one = hotel("one")
    one.names[0].text = "京"
    await take(index, [one, hotel("other")])
    assert ids(await find(index, Name("京", NameMatch.CONTAINS), vector=unit(1))) == ["one"]


async def test_the_order_of_more_hotels_than_are_read_at_once_is_that_of_all(
    index: MilvusIndex, collection: MilvusSettings
) -> None:
    hotels = [
        hotel(
            f"h{number:02}",
            # Many hotels share a price, and some have none.
            price=None if number % 7 == 0 else number // 4 * 10,
            rating=number % 6,
            reviews=100,
            at=(39.9 + number * 0.01, 116.4) if number % 5 else None,
            closed=number % 11 == 0,
        )
        for number in range(60)
    ]
    await take(index, hotels)
    few = MilvusIndex(
        MilvusClient(collection),
        collection,
        dimension=DIMENSION,
        embedder_version=EMBEDDER,
        page_rows=10,
        sample_rows=8,
    )
    center = Point(39.9, 116.4)
    sorts: list[tuple[SortKey, ...]] = [
        (SortKey(field, direction, center=center),)
        for field in (Field.PRICE, Field.DISTANCE, Field.GUEST_RATING)
        for direction in Direction
    ]
    for sort in [(), *sorts]:
        everything = await find(index, sort=sort, limit=60)
        assert everything.match_count == len(everything.candidates) == 54
        for limit in (1, 25, 54):
            first = await find(few, sort=sort, limit=limit)
            assert (first.match_count, ids(first)) == (54, ids(everything)[:limit]), sort
    await few.close()
