"""The event doors of a recall stage: located searches in, candidates out, the catalogue in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog
from concierge.catalog.v1 import catalog_events_pb2, hotel_pb2
from concierge.recall.v1 import candidate_pb2
from concierge.search.v1 import search_events_pb2

from services.plan.facts import HotelFacts
from services.plan.hotel_wire import facts_of
from services.plan.query_plan import QueryPlan
from services.platform.bus import EventBus, Handler
from services.platform.consumer import consume
from services.platform.envelope import decode_shared
from services.platform.errors import ConciergeError, InvalidArgument, Unavailable
from services.platform.events import Event, Record
from services.platform.stage_clock import StageClock
from services.platform.telemetry import traceparent
from services.recall import wire

LOCATED_TOPIC = "concierge.search.located.v1"
CANDIDATES_TOPIC = "concierge.search.candidates.v1"
HOTEL_TOPIC = "concierge.catalog.hotel.v1"

# Of the time a search has left. Ranking waits for half of it: a stage that hangs is named in time.
BUDGET_SHARE = 0.4

log = structlog.get_logger(__name__)

# Finds as many hotels as wanted and writes them into the message.
Retrieve = Callable[[QueryPlan, int, candidate_pb2.StageResult], Awaitable[None]]


def on_search_located(
    retrieve: Retrieve,
    *,
    stage: candidate_pb2.RecallStage.ValueType,
    service: str,
    bus: EventBus,
    limit: int,
    budget_s: float,
) -> Handler:
    """Return the handler that recalls for a located search and publishes what it found.

    A stage that fails, or has no answer after `budget_s` or `BUDGET_SHARE` of the time left, says
    so in its event: ranking then goes on without it at once. The event is not tried again, because
    the guest's answer would wait for it.
    """

    async def recall(message: search_events_pb2.SearchLocated, record: Record) -> None:
        clock = StageClock(record)
        found = search_events_pb2.CandidatesFound(
            context=message.context,
            plan=message.plan,
            state=message.state,
            places=message.places,
            skipped_stages=message.skipped_stages,
        )
        wanted = max(limit, message.context.rank_depth)
        wait_s = budget_s
        if record.deadline is not None:
            wait_s = record.deadline.budget_s(BUDGET_SHARE, most_s=budget_s)
        try:
            # The other stage reads the same record, and shares the plan where both are here.
            plan = record.made(QueryPlan, partial(wire.searchable_plan, message.plan))
            await _within(wait_s, retrieve(plan, wanted, found.result), service)
        except ConciergeError as error:
            log.warning("recall_failed", service=service, reason=error.reason)
            found.result.CopyFrom(wire.failed_stage(stage, error))
        clock.note(found.context.timings, service)
        await bus.publish(
            Event(
                CANDIDATES_TOPIC,
                found,
                source=f"concierge/{service}",
                key=record.key,
                deadline=record.deadline,
                traceparent=traceparent(),
            )
        )

    return consume(search_events_pb2.SearchLocated, recall, service=service)


async def _within(wait_s: float, work: Awaitable[None], service: str) -> None:
    """Do the work in time.

    Raises:
        Unavailable: It was not done in time, and was cancelled.
    """
    try:
        async with asyncio.timeout(wait_s):
            await work
    except TimeoutError as error:
        raise Unavailable(
            f"{service} had no answer after {wait_s:.3f} s", reason="RECALL_TIMEOUT"
        ) from error


@dataclass(frozen=True, slots=True)
class CatalogueHotel:
    """A hotel of the catalogue as both stages need it; where they share a process, made once.

    Attributes:
        hotel: The hotel, not to be changed.
        facts: What conditions read.
        record: The serialised `Hotel`.
    """

    hotel: hotel_pb2.Hotel
    facts: HotelFacts
    record: bytes


def catalogue_batch(
    records: Sequence[Record],
) -> tuple[list[CatalogueHotel], list[str]]:
    """Return the hotels to take and the ids to remove, the last record per hotel winning.

    Raises:
        InvalidArgument: A record is no `HotelUpserted`.
    """
    latest = {record.key: record for record in records}
    hotels, removed = [], []
    for record in latest.values():
        if record.value is None:
            removed.append(record.key)
            continue
        hotels.append(record.made(CatalogueHotel, partial(_hotel_of, record)))
    return hotels, removed


def _hotel_of(record: Record) -> CatalogueHotel:
    hotel = decode_shared(record, catalog_events_pb2.HotelUpserted).hotel
    if not hotel.id or hotel.id != record.key:
        raise InvalidArgument("is not the record's key", field="hotel.id")
    return CatalogueHotel(hotel, facts_of(hotel), hotel.SerializeToString())
