"""What the services make of events that come twice, in another order, or as nonsense."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from concierge.search.v1 import search_events_pb2, search_pb2, search_pb2_grpc

from infra.local.services import Backends
from services.platform.adapters.kafka_dead_letters import KafkaDeadLetters
from services.platform.events import CE_TYPE, EXPIRES_AT
from services.platform.rpc import channel
from services.platform.settings import KafkaSettings
from services.platform.topics import load_topics
from tests.cluster import Cluster
from tests.integration.cluster.steady_load import SteadyLoad
from tests.integration.cluster.tap import Tap

pytestmark = pytest.mark.integration

LOCATED = "concierge.search.located.v1"
CANDIDATES = "concierge.search.candidates.v1"
COMPLETED = "concierge.search.completed.v1"
FLOW = (
    "concierge.search.requested.v1",
    "concierge.search.planned.v1",
    LOCATED,
    CANDIDATES,
    COMPLETED,
)
COPY = "test_copy"
POISON = 200


@pytest.fixture
def kafka(cluster: Cluster, backends: Backends) -> KafkaSettings:
    return KafkaSettings(bootstrap_servers=backends.kafka, prefix=f"{cluster.name}.")


@pytest.fixture
def tap(kafka: KafkaSettings) -> Iterator[Tap]:
    running = Tap(kafka, FLOW)
    yield running
    running.close()


@pytest.mark.parametrize("topic", FLOW)
async def test_an_event_delivered_twice_costs_no_answer(
    cluster: Cluster, tap: Tap, topic: str
) -> None:
    def copy() -> int:
        records = [
            record
            for record in tap.read()
            if record.topic.endswith(topic) and COPY not in dict(record.headers)
        ]
        for record in records:
            tap.write(
                record.topic,
                key=record.key,
                value=record.value,
                headers=[*record.headers, (COPY, b"1")],
                partition=record.partition,
            )
        return len(records)

    async with SteadyLoad(cluster.target) as load:
        await load.until_whole()
        # Events of searches before now all at once would be a burst that nobody admitted.
        await asyncio.to_thread(tap.read)
        since = load.now()
        copied = 0
        while copied < 20:
            copied += await asyncio.to_thread(copy)
        await load.until_whole()
    assert not load.failed(since)


async def test_candidates_in_any_order_and_number_give_one_ranking(
    cluster: Cluster, tap: Tap
) -> None:
    ranked, vector, keyword = await searched(cluster, tap)
    for order in ([vector, keyword], [keyword, vector], [keyword, keyword, vector, keyword]):
        (completed,) = await joined(tap, order)
        assert hotels(completed) == ranked
        assert not completed.skipped_stages


async def test_candidates_that_come_late_change_nothing(cluster: Cluster, tap: Tap) -> None:
    ranked, vector, keyword = await searched(cluster, tap)
    search_id, partition = uuid.uuid4().hex, 3
    (completed,) = await joined(tap, [vector], search_id, partition)
    assert list(completed.skipped_stages) == ["keyword"]
    assert hotels(completed)
    await asyncio.to_thread(publish, tap, [keyword], search_id, partition)
    # Another search behind it, on the same partition, tells that the late one was read.
    (other,) = await joined(tap, [vector, keyword], partition=partition)
    assert hotels(other) == ranked
    assert not ends(await asyncio.to_thread(tap.read))


async def test_poison_is_set_aside_and_replayed_and_costs_no_search(
    cluster: Cluster, tap: Tap, kafka: KafkaSettings
) -> None:
    letters = KafkaDeadLetters(kafka, load_topics())
    vector, keyword = (f"{LOCATED}.{service}" for service in ("vector_retrieval", "keyword_search"))
    headers = [(CE_TYPE, search_events_pb2.SearchLocated.DESCRIPTOR.full_name.encode())]

    def poison() -> None:
        for number in range(POISON):
            tap.write(LOCATED, key=f"poison-{number}".encode(), value=b"\xff", headers=headers)

    async with SteadyLoad(cluster.target) as load:
        await load.until_whole()
        since = load.now()
        await asyncio.to_thread(poison)
        await until_letters(letters, {vector: (POISON, POISON), keyword: (POISON, POISON)})
        # Nonsense stays nonsense: each letter goes back once, and both readers refuse it again.
        assert (await letters.replay(vector, limit=10 * POISON)).published == POISON
        twice = 2 * POISON
        await until_letters(letters, {vector: (twice, POISON), keyword: (twice, twice)})
        await load.until_whole()
    assert not load.failed(since)


async def until_letters(letters: KafkaDeadLetters, wanted: dict[str, tuple[int, int]]) -> None:
    """Return when so many letters are kept, and so many of them wait, by topic and service."""
    async with asyncio.timeout(60):
        while {
            found.name: (found.kept, found.waiting) for found in await letters.standing()
        } != wanted:
            await asyncio.sleep(0.5)


async def searched(cluster: Cluster, tap: Tap) -> tuple[list[str], Any, Any]:
    """Search once; return the ids ranked, and the records of both recall stages."""
    async with channel(cluster.target) as door:
        await search_pb2_grpc.SearchServiceStub(door).SearchHotels(
            search_pb2.SearchHotelsRequest(turn=search_pb2.GuestTurn(text="北京有健身房的酒店")),
            timeout=20,
        )
    records = await asyncio.to_thread(tap.read_until, lambda all_: bool(ends(all_)))
    (completed,) = ends(records)
    parts = sorted(
        (record for record in records if record.topic.endswith(CANDIDATES)),
        key=lambda record: candidates(record).result.stage,
    )
    vector, keyword = parts
    ranked = hotels(search_events_pb2.SearchCompleted.FromString(completed.value))
    assert len(ranked) > 1
    return ranked, vector, keyword


async def joined(
    tap: Tap, parts: Sequence[Any], search_id: str = "", partition: int | None = None
) -> list[search_events_pb2.SearchCompleted]:
    """Publish candidates as those of another search; return every completion until its own."""
    search_id = search_id or uuid.uuid4().hex
    await asyncio.to_thread(publish, tap, parts, search_id, partition)

    records = await asyncio.to_thread(
        tap.read_until, lambda all_: any(record.key == search_id.encode() for record in ends(all_))
    )
    return [search_events_pb2.SearchCompleted.FromString(record.value) for record in ends(records)]


def ends(records: Sequence[Any]) -> list[Any]:
    return [record for record in records if record.topic.endswith(COMPLETED)]


def publish(tap: Tap, parts: Sequence[Any], search_id: str, partition: int | None) -> None:
    """Publish candidates as those of another search."""
    for record in parts:
        message = candidates(record)
        message.context.search_id = search_id
        tap.write(
            CANDIDATES,
            key=search_id.encode(),
            value=message.SerializeToString(),
            headers=[(name, value) for name, value in record.headers if name != EXPIRES_AT],
            partition=partition,
        )


def candidates(record: Any) -> search_events_pb2.CandidatesFound:
    return search_events_pb2.CandidatesFound.FromString(record.value)


def hotels(completed: search_events_pb2.SearchCompleted) -> list[str]:
    return [hit.hotel.id for hit in completed.ranking.hits]
