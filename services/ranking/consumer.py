"""The event door of ranking: both recall stages of a search joined."""

from __future__ import annotations

from dataclasses import dataclass

from concierge.recall.v1 import candidate_pb2
from concierge.search.v1 import search_events_pb2

from services.platform.bus import Consumption, EventBus, Subscription
from services.platform.consumer import consume, group_of
from services.platform.deadline import Deadline
from services.platform.errors import ConciergeError
from services.platform.events import Event, Record
from services.platform.join import Joined, Joiner
from services.platform.stage_clock import StageClock
from services.platform.telemetry import traceparent
from services.ranking import handlers, wire
from services.ranking.domain.candidates import KEYWORD, VECTOR
from services.ranking.domain.features import Weights
from services.recall.stage import CANDIDATES_TOPIC
from services.recall.wire import searchable_plan
from services.vocabulary import Vocabulary

SERVICE = "ranking"
COMPLETED_TOPIC = "concierge.search.completed.v1"

_NAMES = {
    candidate_pb2.RECALL_STAGE_VECTOR: VECTOR,
    candidate_pb2.RECALL_STAGE_KEYWORD: KEYWORD,
}


@dataclass(frozen=True, slots=True)
class Part:
    """What one recall stage found, and when it came."""

    message: search_events_pb2.CandidatesFound
    clock: StageClock


async def subscribe(
    bus: EventBus,
    *,
    vocabulary: Vocabulary,
    weights: Weights,
    fusion: str,
    rerank: handlers.Rerank[wire.Hotel] | None = None,
    join_budget_s: float,
    max_in_flight: int,
) -> list[Consumption]:
    """Start joining candidates and completing searches."""

    async def complete(joined: Joined[Part]) -> None:
        first = next(iter(joined.parts.values())).message
        completed = await search_completed(
            joined, vocabulary=vocabulary, weights=weights, fusion=fusion, rerank=rerank
        )
        await bus.publish(
            Event(
                COMPLETED_TOPIC,
                completed,
                source=f"concierge/{SERVICE}",
                key=joined.key,
                lane=first.context.reply_lane,
                traceparent=traceparent(),
            )
        )

    joiner = Joiner(frozenset((VECTOR, KEYWORD)), complete, budget_s=join_budget_s, service=SERVICE)

    async def on_candidates(message: search_events_pb2.CandidatesFound, record: Record) -> None:
        name = _NAMES.get(message.result.stage, "unknown")
        deadline: Deadline | None = record.deadline
        await joiner.add(record.key, name, Part(message, StageClock(record)), deadline=deadline)

    return [
        await bus.subscribe(
            Subscription(
                group_of(SERVICE),
                (CANDIDATES_TOPIC,),
                handler=consume(search_events_pb2.CandidatesFound, on_candidates, service=SERVICE),
                max_in_flight=max_in_flight,
            )
        )
    ]


async def search_completed(
    joined: Joined[Part],
    *,
    vocabulary: Vocabulary,
    weights: Weights,
    fusion: str,
    rerank: handlers.Rerank[wire.Hotel] | None = None,
) -> search_events_pb2.SearchCompleted:
    """Return the end of a search: its ranking, or why it failed."""
    parts = list(joined.parts.values())
    messages = [part.message for part in parts]
    first = messages[0]
    results = [message.result for message in messages]
    completed = search_events_pb2.SearchCompleted(
        context=first.context,
        plan=first.plan,
        state=first.state,
        places=first.places,
        skipped_stages=first.skipped_stages,
        stages=wire.without_records(results),
    )
    for message in messages[1:]:
        completed.context.timings.extend(message.context.timings[-1:])
    try:
        plan = searchable_plan(first.plan)
        ranking = await handlers.rank_and_rerank(
            plan,
            wire.stages_from_pb(results, plan),
            missing=sorted(joined.missing),
            points=wire.points_of(first.places),
            weights=weights,
            fusion=fusion,
            limit=first.context.rank_depth or wire.DEFAULT_HITS,
            rerank=rerank,
        )
        wire.result_to_pb(ranking, plan, vocabulary, into=completed.ranking)
        completed.skipped_stages.extend(ranking.skipped)
    except ConciergeError as error:
        completed.failure.code = error.code.value[0]
        completed.failure.reason, completed.failure.message = error.reason, error.message
    # Ranking begins with the part that came last; where one did not come, waiting for it counts.
    parts[-1].clock.note(completed.context.timings, SERVICE)
    return completed
