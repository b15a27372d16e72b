"""Query understanding between the contract and the domain."""

from __future__ import annotations

from collections.abc import Iterable

from concierge.search.v1 import conversation_pb2 as pb
from services.plan.wire import (
    clarification_from_pb,
    clarification_to_pb,
    place_from_pb,
    place_to_pb,
    plan_from_pb,
    plan_to_pb,
)
from services.platform.errors import InvalidArgument
from services.query_understanding.domain.state import DialogueState, ShownHotel
from services.query_understanding.domain.understand import Utterance


def state_from_pb(message: pb.ConversationState) -> DialogueState:
    """Read a conversation's state.

    Raises:
        InvalidArgument: A plan in it is malformed; naming the field.
    """
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
    )


def state_to_pb(state: DialogueState) -> pb.ConversationState:
    """Return a conversation's state."""
    return pb.ConversationState(
        plans=[plan_to_pb(plan) for plan in state.plans],
        shown_hotels=[
            pb.ShownHotel(
                hotel_id=hotel.hotel_id,
                name=hotel.name,
                price=hotel.price,
                guest_rating=hotel.guest_rating,
                other_names=hotel.other_names,
            )
            for hotel in state.shown
        ],
        focus_hotel_id=state.focus_hotel_id,
        focus_places=[place_to_pb(place) for place in state.focus_places],
        topic=state.topic,
        pending_question=clarification_to_pb(state.pending) if state.pending else None,
        turn_count=state.turn_count,
        city=state.city,
    )


def history_from_pb(messages: Iterable[pb.Utterance]) -> list[Utterance]:
    """Read an explicit history.

    Raises:
        InvalidArgument: A role is not set.
    """
    history = []
    for index, utterance in enumerate(messages):
        if utterance.role not in (pb.ROLE_USER, pb.ROLE_ASSISTANT):
            raise InvalidArgument(
                "must be ROLE_USER or ROLE_ASSISTANT", field=f"history[{index}].role"
            )
        history.append(Utterance(utterance.role == pb.ROLE_USER, utterance.text[:4_000]))
    return history
