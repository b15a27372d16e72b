"""A recall stage's event door, on the in-memory bus."""

from __future__ import annotations

import asyncio
import time

import pytest
from concierge.plan.v1 import plan_pb2
from concierge.recall.v1 import candidate_pb2
from concierge.search.v1 import search_events_pb2

from services.plan.query_plan import QueryPlan
from services.platform.adapters.memory_bus import InMemoryBus
from services.platform.bus import Subscription
from services.platform.deadline import Deadline
from services.platform.envelope import decode
from services.platform.events import Event, Record
from services.platform.topics import load_topics
from services.recall.stage import (
    CANDIDATES_TOPIC,
    LOCATED_TOPIC,
    Retrieve,
    on_search_located,
)

SERVICE = "keyword_search"


async def _published(
    retrieve: Retrieve, *, budget_s: float, deadline: Deadline
) -> search_events_pb2.CandidatesFound:
    """Return what the stage publishes for one located search."""
    bus = InMemoryBus(load_topics())
    found: asyncio.Queue[Record] = asyncio.Queue()
    await bus.subscribe(Subscription("concierge.ranking", (CANDIDATES_TOPIC,), found.put))
    stage = on_search_located(
        retrieve,
        stage=candidate_pb2.RECALL_STAGE_KEYWORD,
        service=SERVICE,
        bus=bus,
        limit=10,
        budget_s=budget_s,
    )
    await bus.subscribe(Subscription("concierge.keyword_search", (LOCATED_TOPIC,), stage))
    plan = plan_pb2.QueryPlan(outcome=plan_pb2.OUTCOME_SEARCH)
    located = search_events_pb2.SearchLocated(plan=plan)
    try:
        await bus.publish(Event(LOCATED_TOPIC, located, source="test", key="s", deadline=deadline))
        record = await asyncio.wait_for(found.get(), 20.0)
    finally:
        await bus.close()
    return decode(record, search_events_pb2.CandidatesFound)


async def _hang(plan: QueryPlan, wanted: int, into: candidate_pb2.StageResult) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("budget_s", "time_left_s"),
    [pytest.param(0.02, 60.0, id="by its budget"), pytest.param(60.0, 2.0, id="by the deadline")],
)
async def test_a_stage_that_hangs_says_so_in_time(budget_s: float, time_left_s: float) -> None:
    deadline = Deadline.after(time_left_s)
    found = await _published(_hang, budget_s=budget_s, deadline=deadline)
    assert found.result.failure_reason == "RECALL_TIMEOUT"
    assert found.result.stage == candidate_pb2.RECALL_STAGE_KEYWORD


async def test_a_stage_in_time_publishes_what_it_found() -> None:
    async def retrieve(plan: QueryPlan, wanted: int, into: candidate_pb2.StageResult) -> None:
        into.stage = candidate_pb2.RECALL_STAGE_KEYWORD
        into.match_count = wanted

    found = await _published(retrieve, budget_s=60.0, deadline=Deadline(time.time() + 60.0))
    assert (found.result.failure_reason, found.result.match_count) == ("", 10)
