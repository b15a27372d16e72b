"""The event doors of query understanding: requests in, plans out; the catalogue's names in."""

from __future__ import annotations

from collections.abc import Sequence

from concierge.catalog.v1 import catalog_events_pb2, hotel_pb2
from concierge.search.v1 import search_events_pb2

from services.plan.query_plan import Outcome
from services.plan.wire import plan_to_pb
from services.platform.bulk_work import in_turn
from services.platform.bus import Consumption, EventBus, Subscription
from services.platform.consumer import consume, group_of
from services.platform.deadline import Deadline
from services.platform.envelope import decode_shared
from services.platform.errors import InvalidArgument
from services.platform.events import Event, Record
from services.platform.stage_clock import StageClock
from services.platform.telemetry import traceparent
from services.query_understanding import handlers, metrics, wire
from services.query_understanding.domain.lexemes import Lexemes
from services.query_understanding.handlers import Readers
from services.query_understanding.ports import LearningLexicon

SERVICE = "query_understanding"
SOURCE = f"concierge/{SERVICE}"
REQUESTED_TOPIC = "concierge.search.requested.v1"
PLANNED_TOPIC = "concierge.search.planned.v1"
COMPLETED_TOPIC = "concierge.search.completed.v1"
HOTEL_TOPIC = "concierge.catalog.hotel.v1"
_INVALID_ARGUMENT = 3
# For a request that nobody waits for.
_NO_DEADLINE_S = 10.0


async def subscribe(
    bus: EventBus,
    lexemes: Lexemes,
    lexicon: LearningLexicon,
    readers: Readers,
    *,
    batch_size: int,
    max_in_flight: int,
) -> list[Consumption]:
    """Start reading requests and the catalogue."""

    async def on_requested(message: search_events_pb2.SearchRequested, record: Record) -> None:
        clock = StageClock(record)
        context = message.context
        try:
            planned = await handlers.plan_query(
                wire.text_of(context.text),
                wire.state_from_pb(message.state),
                wire.history_of(message.history),
                locale=context.locale,
                city=context.city,
                lexemes=lexemes,
                lexicon=lexicon,
                readers=readers,
                deadline=record.deadline or Deadline.after(_NO_DEADLINE_S),
            )
        except InvalidArgument as error:
            # The guest is told at once instead of waiting for the deadline.
            failure = search_events_pb2.SearchFailure(
                code=_INVALID_ARGUMENT, reason=error.reason, message=str(error)
            )
            await _complete(
                bus, record,
                search_events_pb2.SearchCompleted(
                    context=context, state=message.state, failure=failure
                ),
            )  # fmt: skip
            return
        plan, state = planned.plan, planned.state
        metrics.observe(plan)
        clock.note(context.timings, SERVICE)
        plan_pb, state_pb = plan_to_pb(plan), wire.state_to_pb(state)
        # A distance asked for needs its place found; everything else that is no search ends here.
        to_locate = plan.outcome is Outcome.ABOUT_SHOWN and plan.places
        if plan.outcome is not Outcome.SEARCH and not to_locate:
            await _complete(
                bus, record,
                search_events_pb2.SearchCompleted(context=context, plan=plan_pb, state=state_pb),
            )  # fmt: skip
            return
        await bus.publish(
            Event(
                PLANNED_TOPIC,
                search_events_pb2.SearchPlanned(context=context, plan=plan_pb, state=state_pb),
                source=SOURCE,
                key=record.key,
                deadline=record.deadline,
                traceparent=traceparent(),
            )
        )

    async def on_catalogue(records: Sequence[Record]) -> None:
        await in_turn(_learn, records, lexicon)
        metrics.LEXICON_HOTELS.set(lexicon.size())

    searches = Subscription(
        group_of(SERVICE),
        (REQUESTED_TOPIC,),
        consume(search_events_pb2.SearchRequested, on_requested, service=SERVICE),
        max_in_flight=max_in_flight,
    )
    # The names are in memory, so every replica learns all of them, at every start.
    catalogue = Subscription(
        f"{group_of(SERVICE)}.index",
        (HOTEL_TOPIC,),
        batch_handler=on_catalogue,
        max_batch=batch_size,
        whole=True,
    )
    return [await bus.subscribe(searches), await bus.subscribe(catalogue)]


async def _complete(
    bus: EventBus, record: Record, completed: search_events_pb2.SearchCompleted
) -> None:
    await bus.publish(
        Event(
            COMPLETED_TOPIC,
            completed,
            source=SOURCE,
            key=record.key,
            lane=completed.context.reply_lane,
            traceparent=traceparent(),
        )
    )


def _learn(records: Sequence[Record], lexicon: LearningLexicon) -> None:
    """Take a batch of the catalogue into the lexicon, the last record per hotel winning."""
    latest = {record.key: record for record in records}
    hotels: list[hotel_pb2.Hotel] = []
    removed: list[str] = []
    for record in latest.values():
        if record.value is None:
            removed.append(record.key)
            continue
        hotel = decode_shared(record, catalog_events_pb2.HotelUpserted).hotel
        if not hotel.id or hotel.id != record.key or not hotel.names:
            raise InvalidArgument("is not the record's key, or has no name", field="hotel.id")
        hotels.append(hotel)
    lexicon.apply(hotels, removed)
