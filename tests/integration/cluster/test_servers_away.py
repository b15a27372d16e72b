"""What a guest gets while a server of the cluster is away, and that all is whole afterwards."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest

from infra.local import process
from infra.local.server import Server
from services.platform.errors import Unavailable
from tests.cluster import Cluster
from tests.integration.cluster.conftest import local_server
from tests.integration.cluster.steady_load import SteadyLoad

pytestmark = [pytest.mark.integration, pytest.mark.faults]

# A second recall stage that hangs is waited for no longer than this, with the rest of a search.
DEGRADED_S = 3.0


@contextmanager
def frozen(server: Server) -> Iterator[None]:
    """Stop the server's processes without their connections noticing."""
    pid = process.running_pid(server)
    assert pid is not None
    os.killpg(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(pid, signal.SIGCONT)


@contextmanager
def killed(server: Server) -> Iterator[None]:
    """End the server as a crash would, and start it again."""
    process.kill(server)
    try:
        yield
    finally:
        process.start(server)


AWAY = pytest.mark.parametrize("away", [frozen, killed])


@pytest.fixture
async def load(cluster: Cluster) -> AsyncIterator[SteadyLoad]:
    async with SteadyLoad(cluster.target) as running:
        await running.until_whole()
        yield running


@AWAY
@pytest.mark.parametrize(("name", "stage"), [("milvus", "vector"), ("elasticsearch", "keyword")])
async def test_without_one_recall_engine_the_other_answers_alone(
    load: SteadyLoad, name: str, stage: str, away: object
) -> None:
    server = local_server(name)
    with away(server):  # type: ignore[operator]
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
    load: SteadyLoad, away: object
) -> None:
    engines = [local_server("milvus"), local_server("elasticsearch")]
    with away(engines[0]), away(engines[1]):  # type: ignore[operator]
        await load.until(
            lambda all_: all(isinstance(o.error, Unavailable) and o.error.reason for o in all_),
            last=20,
        )
    await load.until_whole(timeout_s=150)


@AWAY
async def test_without_kafka_the_guest_is_told_in_time(load: SteadyLoad, away: object) -> None:
    with away(local_server("kafka")):  # type: ignore[operator]
        await load.until(
            lambda all_: all(isinstance(o.error, Unavailable) and o.error.reason for o in all_),
            last=20,
        )
    await load.until_whole(timeout_s=90)


@AWAY
async def test_without_redis_searches_work_and_say_that_nothing_is_remembered(
    cluster: Cluster, away: object
) -> None:
    async with SteadyLoad(cluster.target, conversations=True) as load:
        await load.until_whole()
        with away(local_server("redis")):  # type: ignore[operator]
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
    async with SteadyLoad(cluster.target, deadline_s=10.0) as load:
        await load.until_whole()
        paused_at = load.now()
        with frozen(local_server("kafka")):
            await asyncio.sleep(2.0)
        await load.until_whole()
        assert all(outcome.error is None for outcome in load.since(paused_at))
