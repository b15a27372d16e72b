"""Query understanding between the contract and the domain."""

from __future__ import annotations

from collections.abc import Iterable

from concierge.query_understanding.v1 import query_understanding_pb2 as pb
from concierge.search.v1 import conversation_pb2

from services.plan.condition import Condition, Term
from services.plan.condition_wire import condition_from_pb, condition_to_pb, spans_to_pb
from services.plan.query_plan import QueryPlan
from services.plan.wire import (
    clarification_from_pb,
    clarification_to_pb,
    place_from_pb,
    place_to_pb,
    plan_from_pb,
    plan_to_pb,
)
from services.platform.errors import InvalidArgument
from services.query_understanding.domain.explanation import Explanation
from services.query_understanding.domain.state import MOST_DISCUSSED, DialogueState, ShownHotel
from services.query_understanding.domain.understand import Utterance

MAX_TEXT_CHARS = 2_000
MAX_UTTERANCE_CHARS = 4_000
MAX_HISTORY = 200
MAX_SHOWN = 500
MAX_TURNS = 1_000_000


def text_of(text: str, *, at: str = "text") -> str:
    """Read the guest's text.

    Raises:
        InvalidArgument: It is empty, has nothing but blanks and control characters, or is longer
            than `MAX_TEXT_CHARS`.
    """
    if len(text) > MAX_TEXT_CHARS:
        raise InvalidArgument(f"is longer than {MAX_TEXT_CHARS} characters", field=at)
    if not any(character.isprintable() and not character.isspace() for character in text):
        raise InvalidArgument("is empty", field=at)
    return text


def history_of(messages: Iterable[conversation_pb2.Utterance]) -> list[Utterance]:
    """Read an explicit history.

    Raises:
        InvalidArgument: More than `MAX_HISTORY` turns, a turn too long, or a role not set.
    """
    history: list[Utterance] = []
    for index, message in enumerate(messages):
        at = f"history[{index}]"
        if index >= MAX_HISTORY:
            raise InvalidArgument(f"has more than {MAX_HISTORY} turns", field="history")
        if len(message.text) > MAX_UTTERANCE_CHARS:
            raise InvalidArgument(
                f"is longer than {MAX_UTTERANCE_CHARS} characters", field=f"{at}.text"
            )
        if message.role not in (conversation_pb2.ROLE_USER, conversation_pb2.ROLE_ASSISTANT):
            raise InvalidArgument("is not set", field=f"{at}.role")
        history.append(Utterance(message.role == conversation_pb2.ROLE_USER, message.text))
    return history


def command(
    request: pb.PlanQueryRequest,
) -> tuple[str, DialogueState, list[Utterance], str, str]:
    """Read a request: text, state, history, locale, city.

    Raises:
        InvalidArgument: As `text_of`, `history_of`, `state_from_pb`; or state and history both.
    """
    if request.history and request.HasField("state"):
        raise InvalidArgument("cannot be given together with state", field="history")
    return (
        text_of(request.text),
        state_from_pb(request.state),
        history_of(request.history),
        request.locale,
        request.city,
    )


def response(
    plan: QueryPlan, state: DialogueState, explanation: Explanation | None = None
) -> pb.PlanQueryResponse:
    """Return the response."""
    message = pb.PlanQueryResponse(plan=plan_to_pb(plan), state=state_to_pb(state))
    if explanation is not None:
        message.explanation.CopyFrom(_explanation(explanation))
    return message


def _explanation(explanation: Explanation) -> pb.PlanExplanation:
    message = pb.PlanExplanation(signs=explanation.signs)
    for word in explanation.words:
        (span,) = spans_to_pb((word.span,))
        message.words.add(span=span, meaning=word.meaning, source=word.source)
    for step, took_s in explanation.took_s.items():
        message.steps.add(step=step).took.FromNanoseconds(int(took_s * 1e9))
    for proposal in explanation.refused:
        (span,) = spans_to_pb((proposal.hint.span,))
        concept = f"{proposal.hint.section}.{proposal.hint.id}"
        message.refused.add(span=span, concept=concept, confidence=proposal.confidence)
    return message


def state_from_pb(message: conversation_pb2.ConversationState) -> DialogueState:
    """Read a conversation's state.

    Raises:
        InvalidArgument: A plan in it is malformed, it shows more than `MAX_SHOWN` hotels, or it
            counts turns that no conversation has.
    """
    if not 0 <= message.turn_count < MAX_TURNS:
        raise InvalidArgument(f"is not in [0, {MAX_TURNS})", field="state.turn_count")
    if len(message.shown_hotels) > MAX_SHOWN:
        raise InvalidArgument(f"has more than {MAX_SHOWN} hotels", field="state.shown_hotels")
    return DialogueState(
        plans=tuple(
            plan_from_pb(plan, at=f"state.plans[{index}]")
            for index, plan in enumerate(message.plans)
        ),
        shown=tuple(
            ShownHotel(
                hotel.hotel_id,
                hotel.name,
                hotel.price if hotel.HasField("price") else None,
                hotel.guest_rating if hotel.HasField("guest_rating") else None,
                tuple(hotel.other_names),
            )
            for hotel in message.shown_hotels
        ),
        focus_hotel_id=message.focus_hotel_id,
        focus_places=tuple(place_from_pb(place) for place in message.focus_places),
        topic=message.topic,
        pending=clarification_from_pb(message.pending_question)
        if message.HasField("pending_question")
        else None,
        turn_count=message.turn_count,
        city=message.city,
        elsewhere=tuple(
            _term(condition_from_pb(condition, at=f"state.elsewhere[{index}]"), index)
            for index, condition in enumerate(message.elsewhere)
        ),
        discussed=tuple(message.discussed_hotel_ids[-MOST_DISCUSSED:]),
    )


def _term(condition: Condition, index: int) -> Term:
    if not isinstance(condition, Term):
        raise InvalidArgument("is no value of a field", field=f"state.elsewhere[{index}]")
    return condition


def state_to_pb(state: DialogueState) -> conversation_pb2.ConversationState:
    """Return the contract's form of a state."""
    message = conversation_pb2.ConversationState(
        plans=[plan_to_pb(plan) for plan in state.plans],
        shown_hotels=[_shown_to_pb(hotel) for hotel in state.shown],
        focus_hotel_id=state.focus_hotel_id,
        focus_places=[place_to_pb(place) for place in state.focus_places],
        topic=state.topic,
        turn_count=state.turn_count,
        city=state.city,
        elsewhere=[condition_to_pb(term) for term in state.elsewhere],
        discussed_hotel_ids=state.discussed,
    )
    if state.pending is not None:
        message.pending_question.CopyFrom(clarification_to_pb(state.pending))
    return message


def _shown_to_pb(hotel: ShownHotel) -> conversation_pb2.ShownHotel:
    message = conversation_pb2.ShownHotel(
        hotel_id=hotel.hotel_id, name=hotel.name, other_names=hotel.other_names
    )
    if hotel.price is not None:
        message.price = hotel.price
    if hotel.guest_rating is not None:
        message.guest_rating = hotel.guest_rating
    return message
