"""What query understanding does: read a turn, learn the catalogue's names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.plan.query_plan import QueryPlan
from services.query_understanding.domain.catalog_names import CatalogLexicon
from services.query_understanding.domain.lexemes import Lexemes
from services.query_understanding.domain.state import DialogueState
from services.query_understanding.domain.understand import Utterance, replay, understand


def plan_query(
    text: str,
    state: DialogueState,
    history: Sequence[Utterance],
    *,
    locale: str,
    city: str,
    lexemes: Lexemes,
    lexicon: CatalogLexicon,
) -> tuple[QueryPlan, DialogueState]:
    """Read one turn after a state, or after an explicit history.

    Returns:
        The plan, and the state to pass with the next turn.
    """
    if city and not state.city:
        state = replace(state, city=city)
    state = replay(history, state, lexemes, lexicon)
    return understand(text, state, lexemes, lexicon, locale=locale)
