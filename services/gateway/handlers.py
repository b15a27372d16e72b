"""What the gateway does for one turn: admit, recall the conversation, search, remember, answer."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

import structlog
from concierge.answering.v1 import answering_pb2
from concierge.catalog.v1 import hotel_pb2
from concierge.plan.v1 import plan_pb2
from concierge.search.v1 import conversation_pb2, search_events_pb2

from services.gateway.domain.admission import AdmissionGate
from services.gateway.domain.paging import PagePosition
from services.gateway.domain.turn import Turn
from services.gateway.ports import Answerer, ConversationStore, RecordReader, SearchArchive
from services.gateway.replies import ReplyLane
from services.platform.bus import EventBus
from services.platform.deadline import Deadline
from services.platform.errors import (
    ConciergeError,
    DeadlineExceeded,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
    Unavailable,
)
from services.platform.events import Event
from services.platform.telemetry import traceparent

REQUESTED_TOPIC = "concierge.search.requested.v1"
FEEDBACK_TOPIC = "concierge.search.feedback.v1"
SOURCE = "concierge/gateway"

# Kept from the client's deadline for the way back.
REPLY_MARGIN_S = 0.03
# Share of a Recommend call's time that the search may take; the rest is for the answer.
SEARCH_SHARE = 0.8

# These take the same event, each from its own queue.
RECALL_STAGES = ("vector_retrieval", "keyword_search")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a finished search.

    Attributes:
        completed: The search.
        offset: First hit of the page, from 0.
        page_size: Most hits on the page.
        conversation_id: Echo of the turn's.
        shown_hotels: Records that an about-shown plan refers to.
        conversation_degraded: The conversation could not be read or kept.
        skipped_stages: Stages that failed at the gateway itself.
    """

    completed: search_events_pb2.SearchCompleted
    offset: int
    page_size: int
    conversation_id: str = ""
    shown_hotels: tuple[hotel_pb2.Hotel, ...] = ()
    conversation_degraded: bool = False
    skipped_stages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gateway:
    """The gateway's work with all it needs.

    Attributes:
        rank_depth: Most hits a search ranks and keeps for paging.
    """

    bus: EventBus
    replies: ReplyLane
    conversations: ConversationStore
    archive: SearchArchive
    records: RecordReader
    answerer: Answerer
    gate: AdmissionGate
    rank_depth: int

    async def search_hotels(self, turn: Turn, *, deadline: Deadline) -> Page:
        """Search for one turn and remember what was shown.

        Raises:
            ResourceExhausted: Too many searches are in flight.
            Unavailable: The search could not be completed in time.
            InvalidArgument: A stage found the request to be wrong.
        """
        with self.gate.admitted() as place:
            state, degraded = await self._recall(turn)
            completed = await self._search(turn, state, deadline=deadline)
            place.queued_s = queued_s(completed)
            shown, skipped = await self._shown_hotels(completed, deadline=deadline)
            page_size = _page_size(turn.page_size, completed.plan)
            # Side by side: the guest waits for the slower one only.
            kept, _ = await asyncio.gather(
                self._remember(turn, completed, page_size),
                self._tell_what_was_shown(completed, page_size),
            )
            return Page(
                completed,
                offset=0,
                page_size=page_size,
                conversation_id=turn.conversation_id,
                shown_hotels=shown,
                conversation_degraded=degraded or not kept,
                skipped_stages=skipped,
            )

    async def next_page(self, position: PagePosition) -> Page:
        """Return a further page of a finished search.

        Raises:
            InvalidArgument: The token's search is unknown or has expired.
        """
        completed = await self.archive.load(position.search_id)
        if completed is None:
            raise InvalidArgument(
                "belongs to no search that is still kept", field="turn.page_token"
            )
        return Page(completed, position.offset, position.page_size)

    async def answer(
        self, turn: Turn, page: Page, *, deadline: Deadline
    ) -> AsyncIterator[answering_pb2.AnswerResponse]:
        """Stream the answer in words to a page of hits.

        Raises:
            Unavailable: The answering service is away or late.
        """
        ranking = page.completed.ranking
        request = answering_pb2.AnswerRequest(
            text=turn.text,
            plan=page.completed.plan,
            hits=ranking.hits[page.offset : page.offset + page.page_size],
            shown_hotels=page.shown_hotels,
            relaxations=ranking.relaxations,
            language=page.completed.plan.language,
            places=page.completed.places,
        )
        if ranking.HasField("total_matches"):
            request.total_matches = ranking.total_matches
        async for part in self.answerer.answer(request, deadline=deadline):
            yield part

    async def explain(self, search_id: str) -> search_events_pb2.SearchCompleted:
        """Return a finished search for explanation.

        Raises:
            NotFound: The search is unknown or has expired.
        """
        completed = await self.archive.load(search_id)
        if completed is None:
            raise NotFound(
                "no such search is kept",
                reason="SEARCH_UNKNOWN",
                metadata={"search_id": search_id},
            )
        return completed

    async def _recall(self, turn: Turn) -> tuple[conversation_pb2.ConversationState, bool]:
        if not turn.conversation_id:
            return conversation_pb2.ConversationState(), False
        try:
            state = await self.conversations.load(turn.conversation_id)
        except Unavailable as error:
            log.warning("conversation_not_recalled", reason=error.reason)
            return conversation_pb2.ConversationState(), True
        return state or conversation_pb2.ConversationState(), False

    async def _search(
        self, turn: Turn, state: conversation_pb2.ConversationState, *, deadline: Deadline
    ) -> search_events_pb2.SearchCompleted:
        search_id = uuid.uuid4().hex
        requested = search_events_pb2.SearchRequested(
            state=state,
            history=[
                conversation_pb2.Utterance(
                    role=conversation_pb2.Role.Value(f"ROLE_{utterance.role.name}"),
                    text=utterance.text,
                )
                for utterance in turn.history
            ],
        )
        context = requested.context
        context.search_id = search_id
        context.text, context.locale, context.city = turn.text, turn.locale, turn.city
        context.reply_lane = self.replies.lane
        context.rank_depth = max(self.rank_depth, turn.page_size)
        context.asked_at.FromNanoseconds(time.time_ns())
        inner = Deadline(deadline.expires_at - REPLY_MARGIN_S)
        inner.check("the search began")
        self.replies.expect(search_id)
        try:
            await self.bus.publish(
                Event(
                    topic=REQUESTED_TOPIC,
                    message=requested,
                    source=SOURCE,
                    key=search_id,
                    deadline=inner,
                    traceparent=traceparent(),
                )
            )
            completed = await self.replies.wait(search_id, deadline=inner)
        finally:
            self.replies.forget(search_id)
        if completed.HasField("failure"):
            raise _error(completed.failure)
        return completed

    async def _shown_hotels(
        self, completed: search_events_pb2.SearchCompleted, *, deadline: Deadline
    ) -> tuple[tuple[hotel_pb2.Hotel, ...], tuple[str, ...]]:
        plan = completed.plan
        if plan.outcome != plan_pb2.OUTCOME_ABOUT_SHOWN or not plan.shown_references:
            return (), ()
        ids = list(dict.fromkeys(reference.hotel_id for reference in plan.shown_references))
        try:
            return tuple(await self.records.read(ids, deadline=deadline)), ()
        except (Unavailable, DeadlineExceeded) as error:
            log.warning("records_not_read", reason=error.reason)
            return (), ("records",)

    async def _remember(
        self, turn: Turn, completed: search_events_pb2.SearchCompleted, page_size: int
    ) -> bool:
        """Keep the search and the conversation; return whether both were kept."""
        state = completed.state
        hits = completed.ranking.hits[:page_size]
        if hits:
            del state.shown_hotels[:]
            state.shown_hotels.extend(_shown(hit.hotel) for hit in hits)
        saves = [self.archive.save(completed)]
        if turn.conversation_id:
            saves.append(self.conversations.save(turn.conversation_id, state))
        # Side by side: a store that hangs costs the guest its wait once.
        failures = [
            failure
            for failure in await asyncio.gather(*saves, return_exceptions=True)
            if failure is not None
        ]
        for failure in failures:
            if not isinstance(failure, Unavailable):
                raise failure
            log.warning("conversation_not_kept", reason=failure.reason)
        return not failures

    async def _tell_what_was_shown(
        self, completed: search_events_pb2.SearchCompleted, page_size: int
    ) -> None:
        hits = completed.ranking.hits[:page_size]
        if not hits:
            return
        shown = search_events_pb2.HitsShown(
            search_id=completed.context.search_id,
            hotel_ids=[hit.hotel.id for hit in hits],
        )
        for hit in hits:
            shown.ranking.add(
                hotel_id=hit.hotel.id, rank=hit.rank, score=hit.score, score_parts=hit.score_parts
            )
        try:
            await self.bus.publish(Event(FEEDBACK_TOPIC, shown, source=SOURCE, key=shown.search_id))
        except Unavailable as error:
            # The guest's answer does not depend on it.
            log.warning("feedback_not_published", reason=error.reason)


def queued_s(completed: search_events_pb2.SearchCompleted) -> float:
    """Return how long a search waited in queues, over its longest way."""
    waited = {t.stage: t.waited.ToNanoseconds() / 1e9 for t in completed.context.timings}
    side_by_side = max((waited.pop(stage, 0.0) for stage in RECALL_STAGES), default=0.0)
    return side_by_side + sum(waited.values())


def _page_size(asked: int, plan: plan_pb2.QueryPlan) -> int:
    return min(asked, plan.count) if plan.HasField("count") else asked


def _shown(hotel: hotel_pb2.Hotel) -> conversation_pb2.ShownHotel:
    shown = conversation_pb2.ShownHotel(
        hotel_id=hotel.id,
        name=hotel.names[0].text if hotel.names else hotel.id,
        other_names=[name.text for name in hotel.names[1:]],
    )
    if hotel.HasField("price"):
        shown.price = hotel.price.units + hotel.price.nanos / 1e9
    if hotel.HasField("guest_rating"):
        shown.guest_rating = hotel.guest_rating
    return shown


def _error(failure: search_events_pb2.SearchFailure) -> ConciergeError:
    reason, message = failure.reason or None, failure.message
    match failure.code:  # numbers of grpc.StatusCode
        case 3:
            field, _, rest = message.partition(": ")
            return InvalidArgument(rest or message, field=field if rest else "turn", reason=reason)
        case 8:
            return ResourceExhausted(message, retry_after_s=1.0, reason=reason)
        case 9:
            return FailedPrecondition(message, reason=reason)
        case _:
            return Unavailable(message, reason=reason)
