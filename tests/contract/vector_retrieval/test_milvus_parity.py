"""The same hotels in faiss and in a real Milvus: the same answers."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator

import pytest

from services.ingestion.domain.generator import generate
from services.plan.condition import (
    All,
    Any,
    Condition,
    Field,
    Name,
    NameMatch,
    Near,
    Not,
    Point,
    Range,
    Term,
)
from services.plan.facts import HotelFacts
from services.plan.query_plan import Direction, SortKey
from services.vector_retrieval.adapters.faiss_index import FaissIndex
from services.vector_retrieval.adapters.hashed_embedder import HashedEmbedder
from services.vector_retrieval.adapters.milvus_index import MilvusIndex
from services.vector_retrieval.domain.item import VectorQuery, item_of
from services.vector_retrieval.domain.passage import passage_of
from services.vector_retrieval.settings import MilvusSettings
from services.vocabulary import Vocabulary
from tests.milvus_collection import milvus_collection, opened
from tests.waiting import eventually

HOTELS = 2_000
SEARCHES = 120
EMBEDDER = HashedEmbedder(Vocabulary.load())
WORDS = (
    "安静的五星级酒店",
    "quiet hotel with a pool",
    "有停车场",
    "cheap hostel",
    "带早餐",
    "",
    "luxury spa",
)

pytestmark = pytest.mark.integration


class Searches:
    """Searches as guests of these hotels would make them."""

    def __init__(self, facts: list[HotelFacts], seed: int) -> None:
        self._facts = facts
        self._chance = random.Random(seed)

    def one(self) -> VectorQuery:
        text = self._chance.choice(WORDS)
        vector = EMBEDDER.vectors([text])[0] if text else None
        parts = tuple(self._part() for _ in range(self._chance.randint(0, 3)))
        sort = self._sort() if self._chance.random() < 0.3 else ()
        return VectorQuery(vector, All(parts) if parts else None, sort, limit=50)

    def _part(self) -> Condition:
        part = self._leaf()
        roll = self._chance.random()
        if roll < 0.15:
            return Not(part)
        return Any((part, self._leaf())) if roll < 0.3 else part

    def _leaf(self) -> Condition:
        near = self._chance.choice(self._facts)
        leaves: list[Condition] = [
            Term(Field.CITY, (near.city or "北京",)),
            Term(Field.TIER, ("upscale", "luxury")),
            Term(Field.FACILITY, (self._chance.choice(("gym", "pool", "parking", "wifi", "x")),)),
            Range(Field.PRICE, max=float(self._chance.choice((200, 500, 900)))),
            Range(Field.GUEST_RATING, min=4.5),
            Name(near.names[0][:3], NameMatch.CONTAINS),
            Near(1, (), self._spot(near), self._chance.choice((1.0, 3.0, 20.0))),
        ]
        return self._chance.choice(leaves)

    def _sort(self) -> tuple[SortKey, ...]:
        field = self._chance.choice(
            (Field.PRICE, Field.GUEST_RATING, Field.STAR_RATING, Field.DISTANCE)
        )
        center = self._spot(self._chance.choice(self._facts)) if field is Field.DISTANCE else None
        direction = self._chance.choice((Direction.ASCENDING, Direction.DESCENDING))
        return (SortKey(field, direction, center=center),)

    def _spot(self, hotel: HotelFacts) -> Point:
        return hotel.location or Point(39.9, 116.4)


@pytest.fixture(scope="module")
def collection() -> Iterator[MilvusSettings]:
    with milvus_collection(
        EMBEDDER.dimension, embedder_version=EMBEDDER.version, consistency="Eventually"
    ) as settings:
        yield settings


@pytest.fixture
async def milvus(collection: MilvusSettings) -> AsyncIterator[MilvusIndex]:
    async with opened(collection, EMBEDDER.dimension, embedder_version=EMBEDDER.version) as index:
        yield index


async def test_both_find_the_same_hotels_in_the_same_order(milvus: MilvusIndex) -> None:
    hotels = list(generate(HOTELS, seed=3))
    items, vectors = [item_of(h) for h in hotels], EMBEDDER.vectors([passage_of(h) for h in hotels])
    faiss = FaissIndex(EMBEDDER.dimension)
    for index in (faiss, milvus):
        await index.upsert(items, vectors)

    async def is_filled() -> bool:
        return await milvus.count() == HOTELS

    await eventually(is_filled)
    searches = Searches([item.facts for item in items], seed=5)
    for number in range(SEARCHES):
        query = searches.one()
        ours, theirs = await faiss.search(query), await milvus.search(query)
        said = f"search {number}: {query.condition} sorted {query.sort}"
        assert theirs.match_count == ours.match_count, said
        assert theirs.leave_one_out == ours.leave_one_out, said
        assert [f.hotel_id for f in theirs.candidates] == [f.hotel_id for f in ours.candidates], (
            said
        )
        scores = [found.score for found in ours.candidates]
        assert [found.score for found in theirs.candidates] == pytest.approx(scores, abs=2e-5), said
        assert [f.record for f in theirs.candidates] == [f.record for f in ours.candidates], said
    faiss.close()
