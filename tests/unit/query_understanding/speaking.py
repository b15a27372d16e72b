"""Conversations with the parser: the server keeps the state, or the client the history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any as Json

from services.plan.query_plan import QueryPlan
from services.query_understanding import wire
from services.query_understanding.domain.state import DialogueState
from services.query_understanding.domain.understand import Utterance, replay, understand
from tests.unit.query_understanding.catalogue import LEXEMES, Catalogue


def say(
    text: str, catalogue: Catalogue, state: DialogueState | None = None
) -> tuple[QueryPlan, DialogueState]:
    """Say one turn; the state comes back as it arrives over the wire."""
    plan, after = understand(text, state or DialogueState(), LEXEMES, catalogue.lexicon)
    return plan, wire.state_from_pb(wire.state_to_pb(after))


def spoken(
    turns: Sequence[Mapping[str, Json]], catalogue: Catalogue
) -> list[tuple[QueryPlan, DialogueState]]:
    """Say the turns to a server that keeps the state; the gateway adds what was shown."""
    state = DialogueState()
    answers = []
    for turn in turns:
        plan, state = say(turn["say"], catalogue, state)
        if "shown" in turn:
            state = replace(state, shown=catalogue.shown(turn["shown"]))
        answers.append((plan, state))
    return answers


def retold(turns: Sequence[Mapping[str, Json]], catalogue: Catalogue) -> DialogueState:
    """Return the state that a client's own history of the turns gives."""
    history: list[Utterance] = []
    for turn in turns:
        history.append(Utterance(True, turn["say"]))
        names = [hotel.name for hotel in catalogue.shown(turn.get("shown", []))]
        if names:
            history.append(Utterance(False, f"为您找到{'、'.join(names)}。"))
    return replay(history, DialogueState(), LEXEMES, catalogue.lexicon)
