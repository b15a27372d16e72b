"""What a guest gets while a server of the cluster is away, and that all is whole afterwards."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from concierge.plan.v1 import plan_pb2
from concierge.search.v1 import search_pb2, search_pb2_grpc

from infra.local import process
from infra.local.server import Server
from services.platform.errors import Unavailable
from services.platform.rpc import channel
from tests.cluster import Cluster
from tests.fakes.http_server import http_server
from tests.integration.cluster.conftest import local_server
from tests.integration.cluster.steady_load import SteadyLoad

pytestmark = [pytest.mark.integration, pytest.mark.faults]

# A second recall stage that hangs is waited for no longer than this, with the rest of a search.
DEGRADED_S = 3.0
# The rules know these words but for one wish, and ask a model about it.
UNEXPLAINED = "北京有健身房的酒店,最好能看见极光"
# As a Nominatim server tells a place.
LIGHTHOUSE = {
    "place_id": 1, "osm_type": "way", "osm_id": 1, "lat": "39.91", "lon": "116.40",
    "category": "man_made", "type": "lighthouse", "name": "灯塔", "display_name": "灯塔, 北京市",
    "address": {"city": "北京市", "suburb": "东城区"},
}  # fmt: skip


@asynccontextmanager
async def frozen(server: Server) -> AsyncIterator[None]:
    """Stop the server's processes without their connections noticing."""
    pid = process.running_pid(server)
    assert pid is not None
    os.killpg(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(pid, signal.SIGCONT)


@asynccontextmanager
async def killed(server: Server) -> AsyncIterator[None]:
    """End the server as a crash would, and start it again."""
    await asyncio.to_thread(process.kill, server)
    try:
        yield
    finally:
        await asyncio.to_thread(process.start, server)


Away = Callable[[Server], AbstractAsyncContextManager[None]]


AWAY = pytest.mark.parametrize("away", [frozen, killed])


@pytest.fixture
async def load(cluster: Cluster) -> AsyncIterator[SteadyLoad]:
    async with SteadyLoad(cluster.target) as running:
        await running.until_whole()
        yield running


@AWAY
@pytest.mark.parametrize(("name", "stage"), [("milvus", "vector"), ("elasticsearch", "keyword")])
async def test_without_one_recall_engine_the_other_answers_alone(
    load: SteadyLoad, name: str, stage: str, away: Away
) -> None:
    server = local_server(name)
    async with away(server):
        await load.until(
            lambda all_: all(
                o.response is not None
                and list(o.response.skipped_stages) == [stage]
                and o.response.hits
                and o.took_s < DEGRADED_S
                for o in all_
            ),
            last=20,
        )
    await load.until_whole(timeout_s=120)


@AWAY
async def test_without_both_recall_engines_the_guest_is_told_in_time(
    load: SteadyLoad, away: Away
) -> None:
    engines = [local_server("milvus"), local_server("elasticsearch")]
    async with away(engines[0]), away(engines[1]):
        await load.until(
            lambda all_: all(isinstance(o.error, Unavailable) and o.error.reason for o in all_),
            last=20,
        )
    await load.until_whole(timeout_s=150)


@AWAY
async def test_without_kafka_the_guest_is_told_in_time(load: SteadyLoad, away: Away) -> None:
    async with away(local_server("kafka")):
        await load.until(
            lambda all_: all(isinstance(o.error, Unavailable) and o.error.reason for o in all_),
            last=20,
        )
    await load.until_whole(timeout_s=90)


@AWAY
async def test_without_redis_searches_work_and_say_that_nothing_is_remembered(
    cluster: Cluster, away: Away
) -> None:
    async with SteadyLoad(cluster.target, conversations=True) as load:
        await load.until_whole()
        async with away(local_server("redis")):
            await load.until(
                lambda all_: all(
                    o.response is not None
                    and o.response.hits
                    and o.response.conversation_degraded
                    and o.took_s < DEGRADED_S
                    for o in all_
                ),
                last=20,
            )
        await load.until_whole()


async def test_a_short_pause_of_the_broker_costs_time_and_no_answer(cluster: Cluster) -> None:
    # Few enough that those of the pause all find a place.
    async with SteadyLoad(cluster.target, rate=2.0, deadline_s=10.0) as load:
        await load.until_whole()
        paused_at = load.now()
        async with frozen(local_server("kafka")):
            await asyncio.sleep(2.0)
        await load.until_whole()
    assert not load.failed(paused_at)


@AWAY
async def test_without_a_language_model_rules_and_template_do(cluster: Cluster, away: Away) -> None:
    async with channel(cluster.target) as door:
        stub = search_pb2_grpc.SearchServiceStub(door)

        async def until_degraded(degraded: bool) -> None:
            async with asyncio.timeout(60):
                while True:
                    plan, result, end = await recommended(stub, UNEXPLAINED)
                    assert result.hits
                    if plan.planner.degraded == end.degraded == degraded:
                        return

        await until_degraded(False)
        async with away(local_server("triton")):
            await until_degraded(True)
        await until_degraded(False)


async def recommended(
    stub: search_pb2_grpc.SearchServiceAsyncStub, text: str
) -> tuple[plan_pb2.QueryPlan, search_pb2.SearchHotelsResponse, search_pb2.AnswerEnd]:
    """Return the plan, what was found, and how the answer ended."""
    request = search_pb2.RecommendRequest(turn=search_pb2.GuestTurn(text=text))
    parts = [part async for part in stub.Recommend(request, timeout=20)]
    return parts[0].plan, parts[1].result, parts[-1].end


async def test_without_a_geocoding_provider_the_guest_is_asked_about_the_place(
    cluster: Cluster, provider_port: int
) -> None:
    async with channel(cluster.target) as door:
        stub = search_pb2_grpc.SearchServiceStub(door)

        async def near(place: str) -> search_pb2.SearchHotelsResponse:
            turn = search_pb2.GuestTurn(text=f"北京{place}附近的酒店")
            return await stub.SearchHotels(search_pb2.SearchHotelsRequest(turn=turn), timeout=20)

        async def until_found(place: str) -> None:
            async with asyncio.timeout(30):
                while (await near(place)).plan.outcome != plan_pb2.OUTCOME_SEARCH:
                    await asyncio.sleep(0.2)

        async with http_server(provider_port) as provider:
            provider.body = [LIGHTHOUSE]
            await until_found("银河灯塔")
        asked_back = await near("极光灯塔")
        assert asked_back.plan.outcome == plan_pb2.OUTCOME_CLARIFY
        assert "极光灯塔" in str(asked_back.plan.clarification)
        # What was found before is still known.
        assert (await near("银河灯塔")).plan.outcome == plan_pb2.OUTCOME_SEARCH
        async with http_server(provider_port) as provider:
            provider.body = [LIGHTHOUSE]
            await until_found("极光灯塔")
