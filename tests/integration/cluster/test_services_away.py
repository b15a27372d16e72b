"""What a guest gets while replicas of concierge's own services come and go."""

from __future__ import annotations

import asyncio
import signal

import pytest

from services.platform.errors import ResourceExhausted, Unavailable
from tests.cluster import Cluster
from tests.integration.cluster.steady_load import SteadyLoad

pytestmark = [pytest.mark.integration, pytest.mark.faults]

# A group notices a dead member after its session timeout; until then its partitions wait.
PATIENT_S = 12.0
IN_THE_FLOW = ("query-understanding", "geocoding", "vector-retrieval", "keyword-search", "ranking")


@pytest.mark.parametrize("service", [*IN_THE_FLOW, "answering"])
async def test_a_replica_killed_in_mid_load_costs_no_search(cluster: Cluster, service: str) -> None:
    async with SteadyLoad(cluster.target, deadline_s=PATIENT_S) as load:
        await load.until_whole()
        killed_at = load.now()
        await asyncio.to_thread(cluster.kill, f"{service}-1")
        await load.until_whole(last=30)
        await asyncio.to_thread(cluster.restart, f"{service}-1")
        await load.until_whole(last=30)
    assert not load.failed(killed_at)


async def test_a_gateway_killed_in_mid_load_fails_its_own_calls_alone(cluster: Cluster) -> None:
    survivor = cluster.address("gateway")
    async with SteadyLoad(survivor) as steady, SteadyLoad(cluster.address("gateway-1")) as broken:
        await steady.until_whole()
        await broken.until_whole()
        killed_at = steady.now()
        await asyncio.to_thread(cluster.kill, "gateway-1")
        await steady.until_whole(last=30)
        assert not steady.failed(killed_at)
        await asyncio.to_thread(cluster.restart, "gateway-1")
        await broken.until_whole()
        assert all(o.error is None or isinstance(o.error, Unavailable) for o in broken.outcomes)


@pytest.mark.parametrize("service", IN_THE_FLOW)
async def test_a_replica_that_leaves_in_good_order_costs_nothing(
    cluster: Cluster, service: str
) -> None:
    async with SteadyLoad(cluster.target) as load:
        await load.until_whole()
        left_at = load.now()
        cluster.signal(f"{service}-1", signal.SIGTERM)
        await load.until_whole(last=30)
        await asyncio.to_thread(cluster.restart, f"{service}-1")
        await load.until_whole(last=30)
    assert not load.failed(left_at)


async def test_without_understanding_the_guest_is_told_in_time(cluster: Cluster) -> None:
    async with SteadyLoad(cluster.target) as load:
        await load.until_whole()
        for replica in ("query-understanding", "query-understanding-1"):
            await asyncio.to_thread(cluster.kill, replica)
        await load.until(
            lambda all_: all(isinstance(o.error, Unavailable) and o.error.reason for o in all_),
            last=15,
        )
        for replica in ("query-understanding", "query-understanding-1"):
            await asyncio.to_thread(cluster.restart, replica)
        await load.until_whole()


async def test_more_than_it_can_do_is_refused_at_once_and_the_rest_is_served(
    cluster: Cluster,
) -> None:
    async with SteadyLoad(cluster.target, rate=200.0, deadline_s=10.0) as flood:
        await flood.until(
            lambda all_: any(isinstance(o.error, ResourceExhausted) for o in all_), last=100
        )
    refused = [o.error for o in flood.outcomes if isinstance(o.error, ResourceExhausted)]
    assert all(error.retry_after_s > 0 for error in refused)
    served = [o for o in flood.outcomes if o.error is None]
    assert served
    # Until it has learnt how many are too many, some that were let in can miss their time.
    late = [o.error for o in flood.outcomes if isinstance(o.error, Unavailable)]
    assert len(served) + len(refused) + len(late) == len(flood.outcomes)
    assert len(late) < len(served)
    async with SteadyLoad(cluster.target) as calm:
        await calm.until_whole()
