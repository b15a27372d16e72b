"""The event door of geocoding: planned searches in, located searches out."""

from __future__ import annotations

from concierge.search.v1 import search_events_pb2

from services.geocoding import handlers, wire
from services.geocoding.lookup import PlaceLookup
from services.plan.query_plan import Outcome
from services.plan.wire import plan_from_pb, plan_to_pb
from services.platform.bus import Consumption, EventBus, Subscription
from services.platform.consumer import consume, group_of
from services.platform.events import Event, Record
from services.platform.stage_clock import StageClock
from services.platform.telemetry import traceparent

SERVICE = "geocoding"
SOURCE = f"concierge/{SERVICE}"
PLANNED_TOPIC = "concierge.search.planned.v1"
LOCATED_TOPIC = "concierge.search.located.v1"
COMPLETED_TOPIC = "concierge.search.completed.v1"
# Of the time a search has left, what asking providers may take.
SHARE = 0.3


async def subscribe(bus: EventBus, lookup: PlaceLookup, *, max_in_flight: int) -> list[Consumption]:
    """Start locating planned searches."""

    async def on_planned(message: search_events_pb2.SearchPlanned, record: Record) -> None:
        clock = StageClock(record)
        located = await handlers.locate(
            plan_from_pb(message.plan),
            city=message.context.city,
            lookup=lookup,
            most_s=None if record.deadline is None else record.deadline.budget_s(SHARE),
        )
        context = message.context
        clock.note(context.timings, SERVICE)
        places = [wire.resolution_to_pb(resolution) for resolution in located.resolutions]
        plan = plan_to_pb(located.plan)
        if located.plan.outcome is not Outcome.SEARCH:
            state = message.state
            if plan.HasField("clarification"):
                # The guest's next words answer this question.
                state.pending_question.CopyFrom(plan.clarification)
            completed = search_events_pb2.SearchCompleted(
                context=context,
                plan=plan,
                state=state,
                places=places,
                skipped_stages=located.skipped,
            )
            await bus.publish(
                Event(
                    COMPLETED_TOPIC,
                    completed,
                    source=SOURCE,
                    key=record.key,
                    lane=context.reply_lane,
                    traceparent=traceparent(),
                )
            )
            return
        await bus.publish(
            Event(
                LOCATED_TOPIC,
                search_events_pb2.SearchLocated(
                    context=context,
                    plan=plan,
                    state=message.state,
                    places=places,
                    skipped_stages=located.skipped,
                ),
                source=SOURCE,
                key=record.key,
                deadline=record.deadline,
                traceparent=traceparent(),
            )
        )

    handler = consume(search_events_pb2.SearchPlanned, on_planned, service=SERVICE)
    return [
        await bus.subscribe(
            Subscription(group_of(SERVICE), (PLANNED_TOPIC,), handler, max_in_flight=max_in_flight)
        )
    ]
