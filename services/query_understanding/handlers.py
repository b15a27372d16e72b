"""What query understanding does: read a turn by rules, then ask about the words they leave."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from services.plan.query_plan import QueryPlan
from services.platform.deadline import Deadline
from services.platform.errors import DeadlineExceeded, Unavailable
from services.query_understanding.domain.cascade import Reading, Turn, question, take_up
from services.query_understanding.domain.catalog_names import CatalogLexicon
from services.query_understanding.domain.lexemes import Lexemes
from services.query_understanding.domain.listen import listen
from services.query_understanding.domain.state import DialogueState
from services.query_understanding.domain.understand import Utterance
from services.query_understanding.ports import ConceptReader

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Readers:
    """Who is asked about words that the rules do not explain.

    Attributes:
        local: Answers in process; asked in every turn, those of a history included, so that a
            history leads to the same state as the same turns did.
        remote: Asked once a turn, after `local`, about what is still unexplained.
        budget_s: Longest wait for `remote`, above 0.
        share: Most of the time left that `remote` may take, in (0, 1].
    """

    local: ConceptReader | None = None
    remote: ConceptReader | None = None
    budget_s: float = 0.5
    share: float = 0.5


@dataclass(frozen=True, slots=True)
class Planned:
    """A turn with its reading: all that explaining it needs."""

    turn: Turn
    reading: Reading

    @property
    def plan(self) -> QueryPlan:
        """The plan."""
        return self.reading.plan

    @property
    def state(self) -> DialogueState:
        """The state to pass with the next turn."""
        return self.reading.after


async def plan_query(
    text: str,
    state: DialogueState,
    history: Sequence[Utterance],
    *,
    locale: str,
    city: str,
    lexemes: Lexemes,
    lexicon: CatalogLexicon,
    readers: Readers,
    deadline: Deadline,
) -> Planned:
    """Read one turn after a state, or after an explicit history.

    A reader that is away or late leaves the plan of the rules, flagged as degraded.

    """
    if city and not state.city:
        state = replace(state, city=city)
    for utterance in history:
        if utterance.by_guest:
            turn = Turn(utterance.text, state, "", lexemes, lexicon)
            state = (await _read(turn, readers.local, deadline)).after
        else:
            state = listen(utterance.text, state, lexemes, lexicon)
    start = time.perf_counter()
    turn = Turn(text, state, locale, lexemes, lexicon)
    reading = await _read(turn, readers.local, deadline)
    if readers.remote is not None and question(reading) is not None:
        budget = Deadline.after(deadline.budget_s(readers.share, most_s=readers.budget_s))
        try:
            reading = await _asked(turn, reading, readers.remote, budget)
        except (Unavailable, DeadlineExceeded) as error:
            log.warning("reader_not_heard", reader=readers.remote.name, reason=error.reason)
            reading = reading.with_planner(replace(reading.plan.planner, degraded=True))
    took_s = time.perf_counter() - start
    reading = reading.with_planner(replace(reading.plan.planner, took_s=took_s))
    return Planned(turn, reading)


async def _read(turn: Turn, local: ConceptReader | None, deadline: Deadline) -> Reading:
    reading = turn.read()
    return reading if local is None else await _asked(turn, reading, local, deadline)


async def _asked(
    turn: Turn, reading: Reading, reader: ConceptReader, deadline: Deadline
) -> Reading:
    """Return the reading with what a reader says of its unexplained words, as far as that holds."""
    asked = question(reading)
    if asked is None:
        return reading
    proposals = await reader.read(asked, deadline=deadline)
    taken = take_up(turn, reading, proposals)
    for refused in taken.refused:
        log.info("proposal_refused", reader=reader.name, concept=refused.hint.id)
    return taken.credited(reader.name, reader.version) if taken.taken else taken
