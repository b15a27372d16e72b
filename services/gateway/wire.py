"""The gateway's requests and responses between the contract and its own types."""

from __future__ import annotations

from collections.abc import Mapping

from concierge.plan.v1 import plan_pb2
from concierge.search.v1 import conversation_pb2, search_events_pb2, search_pb2

from services.gateway.domain import paging
from services.gateway.domain.paging import PagePosition
from services.gateway.domain.turn import DEFAULT_PAGE_SIZE, Role, Turn, Utterance
from services.gateway.handlers import Page
from services.platform.errors import InvalidArgument

_ROLES = {conversation_pb2.ROLE_USER: Role.USER, conversation_pb2.ROLE_ASSISTANT: Role.ASSISTANT}

_OUTCOMES = {
    plan_pb2.OUTCOME_ABOUT_SHOWN: search_pb2.SEARCH_OUTCOME_ABOUT_SHOWN,
    plan_pb2.OUTCOME_CLARIFY: search_pb2.SEARCH_OUTCOME_CLARIFY,
    plan_pb2.OUTCOME_CHITCHAT: search_pb2.SEARCH_OUTCOME_CHITCHAT,
    plan_pb2.OUTCOME_OUT_OF_DOMAIN: search_pb2.SEARCH_OUTCOME_OUT_OF_DOMAIN,
}


def command(turn: search_pb2.GuestTurn) -> Turn | PagePosition:
    """Read a turn, or the page it asks for.

    Raises:
        InvalidArgument: Naming the field.
    """
    if turn.page_token:
        if turn.text or turn.history:
            raise InvalidArgument(
                "must be empty together with page_token",
                field="turn.text" if turn.text else "turn.history",
            )
        return paging.decode(turn.page_token)
    history = []
    for index, utterance in enumerate(turn.history):
        if utterance.role not in _ROLES:
            raise InvalidArgument(
                "must be ROLE_USER or ROLE_ASSISTANT", field=f"turn.history[{index}].role"
            )
        history.append(Utterance(_ROLES[utterance.role], utterance.text))
    return Turn(
        text=turn.text,
        conversation_id=turn.conversation_id,
        history=tuple(history),
        locale=turn.locale,
        page_size=turn.page_size or DEFAULT_PAGE_SIZE,
        city=turn.city,
    )


def search_id(request: search_pb2.ExplainRequest) -> str:
    """Read the search to explain.

    Raises:
        InvalidArgument: It is empty or too long.
    """
    if not 1 <= len(request.search_id) <= 128:
        raise InvalidArgument("must be 1 to 128 characters", field="search_id")
    return request.search_id


def response(page: Page) -> search_pb2.SearchHotelsResponse:
    """Return one page as the contract says it."""
    completed, ranking = page.completed, page.completed.ranking
    total = len(ranking.hits)
    if completed.plan.HasField("count"):
        total = min(total, completed.plan.count)
    end = min(page.offset + page.page_size, total)
    message = search_pb2.SearchHotelsResponse(
        search_id=completed.context.search_id,
        conversation_id=page.conversation_id,
        outcome=outcome(completed),
        plan=completed.plan,
        hits=ranking.hits[page.offset : end],
        skipped_stages=[*completed.skipped_stages, *page.skipped_stages],
        relaxations=ranking.relaxations,
        places=completed.places,
        conversation_degraded=page.conversation_degraded,
        shown_hotels=page.shown_hotels,
    )
    if ranking.HasField("total_matches"):
        message.total_matches = ranking.total_matches
    if end < total:
        message.next_page_token = paging.encode(
            PagePosition(completed.context.search_id, end, page.page_size)
        )
    return message


def outcome(
    completed: search_events_pb2.SearchCompleted,
) -> search_pb2.SearchOutcome.ValueType:
    """Return how a finished search ended."""
    if completed.plan.outcome == plan_pb2.OUTCOME_SEARCH:
        return (
            search_pb2.SEARCH_OUTCOME_RESULTS
            if completed.ranking.hits
            else search_pb2.SEARCH_OUTCOME_NO_MATCH
        )
    return _OUTCOMES.get(completed.plan.outcome, search_pb2.SEARCH_OUTCOME_UNSPECIFIED)


def explanation(
    completed: search_events_pb2.SearchCompleted, *, versions: Mapping[str, str]
) -> search_pb2.ExplainResponse:
    """Return how a finished search came to its result."""
    ranking = completed.ranking
    message = search_pb2.ExplainResponse(
        search_id=completed.context.search_id,
        asked_at=completed.context.asked_at,
        text=completed.context.text,
        plan=completed.plan,
        stages=completed.stages,
        fusion=ranking.fusion,
        timings=completed.context.timings,
        skipped_stages=completed.skipped_stages,
        versions={
            **versions,
            "planner": f"{completed.plan.planner.name} {completed.plan.planner.version}",
            **{
                f"index_{stage.stage}": stage.index_version
                for stage in completed.stages
                if stage.index_version
            },
        },
    )
    for hit in ranking.hits:
        message.ranking.add(
            hotel_id=hit.hotel.id, rank=hit.rank, score=hit.score, score_parts=hit.score_parts
        )
    return message


def turn_only(command: Turn | PagePosition) -> Turn:
    """Return the turn of a call that has no pages.

    Raises:
        InvalidArgument: A page was asked for.
    """
    if isinstance(command, PagePosition):
        raise InvalidArgument("pages come from SearchHotels", field="turn.page_token")
    return command
