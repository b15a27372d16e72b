"""The event doors of query understanding: guests' turns in, plans out; the catalogue in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from concierge.catalog.v1 import catalog_events_pb2
from concierge.search.v1 import search_events_pb2
from services.plan.query_plan import Outcome
from services.plan.wire import plan_to_pb
from services.platform.bus import Consumption, EventBus, Subscription
from services.platform.consumer import consume, group_of
from services.platform.envelope import decode
from services.platform.errors import ConciergeError
from services.platform.events import Event, Record
from services.platform.telemetry import traceparent
from services.query_understanding import handlers, wire
from services.query_understanding.adapters.catalog_lexicon import InMemoryCatalogLexicon
from services.query_understanding.domain.lexemes import Lexemes

SERVICE = "query_understanding"
SOURCE = f"concierge/{SERVICE}"
REQUESTED_TOPIC = "concierge.search.requested.v1"
PLANNED_TOPIC = "concierge.search.planned.v1"
COMPLETED_TOPIC = "concierge.search.completed.v1"
HOTEL_TOPIC = "concierge.catalog.hotel.v1"


async def subscribe(
    bus: EventBus,
    lexemes: Lexemes,
    lexicon: InMemoryCatalogLexicon,
    *,
    batch_size: int,
    max_in_flight: int,
) -> list[Consumption]:
    """Start reading guests' turns and the catalogue."""

    async def on_requested(message: search_events_pb2.SearchRequested, record: Record) -> None:
        await bus.publish(_answer(message, record, lexemes, lexicon))

    async def on_catalogue(records: Sequence[Record]) -> None:
        latest = {record.key: record for record in records}
        hotels = [
            decode(record, catalog_events_pb2.HotelUpserted).hotel
            for record in latest.values()
            if record.value is not None
        ]
        removed = [record.key for record in latest.values() if record.value is None]
        # On the loop, in small steps: the lexicon is read there and must not change meanwhile.
        for start in range(0, len(hotels), 200):
            lexicon.apply(hotels[start : start + 200], removed if start == 0 else ())
            await asyncio.sleep(0)
        if removed and not hotels:
            lexicon.apply((), removed)

    searches = Subscription(
        group_of(SERVICE),
        (REQUESTED_TOPIC,),
        handler=consume(search_events_pb2.SearchRequested, on_requested, service=SERVICE),
        max_in_flight=max_in_flight,
    )
    # The lexicon is in memory: it is filled from the beginning of the compacted topic.
    catalogue = Subscription(
        f"{group_of(SERVICE)}.lexicon",
        (HOTEL_TOPIC,),
        batch_handler=on_catalogue,
        max_batch=batch_size,
        from_beginning=True,
    )
    return [await bus.subscribe(searches), await bus.subscribe(catalogue)]


def _answer(
    message: search_events_pb2.SearchRequested,
    record: Record,
    lexemes: Lexemes,
    lexicon: InMemoryCatalogLexicon,
) -> Event[search_events_pb2.SearchPlanned] | Event[search_events_pb2.SearchCompleted]:
    """Return the plan as the next event; a turn that cannot be read ends the search."""
    start = time.perf_counter_ns()
    context = message.context
    try:
        plan, state = handlers.plan_query(
            context.text,
            wire.state_from_pb(message.state),
            wire.history_from_pb(message.history),
            locale=context.locale,
            city=context.city,
            lexemes=lexemes,
            lexicon=lexicon,
        )
    except ConciergeError as error:
        failed = search_events_pb2.SearchCompleted(context=context, state=message.state)
        failed.failure.code = error.code.value[0]
        failed.failure.reason, failed.failure.message = error.reason, error.message
        return _completed(failed, record)
    timing = context.timings.add(stage=SERVICE)
    timing.took.FromNanoseconds(time.perf_counter_ns() - start)
    if not context.city and state.city:
        context.city = state.city
    contract, after = plan_to_pb(plan), wire.state_to_pb(state)
    if plan.outcome is not Outcome.SEARCH:
        return _completed(
            search_events_pb2.SearchCompleted(context=context, plan=contract, state=after), record
        )
    return Event(
        PLANNED_TOPIC,
        search_events_pb2.SearchPlanned(context=context, plan=contract, state=after),
        source=SOURCE,
        key=record.key,
        deadline=record.deadline,
        traceparent=traceparent(),
    )


def _completed(
    completed: search_events_pb2.SearchCompleted, record: Record
) -> Event[search_events_pb2.SearchCompleted]:
    return Event(
        COMPLETED_TOPIC,
        completed,
        source=SOURCE,
        key=record.key,
        lane=completed.context.reply_lane,
        traceparent=traceparent(),
    )
