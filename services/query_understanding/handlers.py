"""What query understanding does: read one turn, after the turns before it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from services.plan.query_plan import QueryPlan
from services.platform.errors import InvalidArgument
from services.query_understanding.domain.lexemes import Lexemes
from services.query_understanding.domain.state import DialogueState
from services.query_understanding.domain.understand import Utterance, replay, understand
from services.query_understanding.ports import CatalogLexicon

MAX_TEXT_CHARS = 2_000
MAX_HISTORY = 200


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
    """Read one turn into a plan; return it and the state to pass with the next turn.

    An explicit history is replayed through the same function, turn by turn, so it gives the
    state that the same turns spoken to the server would have given.

    Raises:
        InvalidArgument: The text is empty or too long, or the history is.
    """
    if len(text) > MAX_TEXT_CHARS:
        raise InvalidArgument(f"is longer than {MAX_TEXT_CHARS} characters", field="text")
    if not any(unicodedata.category(character)[0] not in "CZ" for character in text):
        raise InvalidArgument("is empty", field="text")
    if len(history) > MAX_HISTORY:
        raise InvalidArgument(f"has more than {MAX_HISTORY} turns", field="history")
    if city and not state.city:
        state = replace(state, city=city)
    state = replay(history, state, lexemes, lexicon)
    return understand(text, state, lexemes, lexicon, locale=locale)
