"""Taking up what readers propose for words the rules do not know, without losing what they do.

A proposal is taken up only when the catalogue can decide it and when the turn, read anew with it,
asks for everything that it asked for before. Anything else leaves the words unexplained.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from services.plan.condition import All, Any, Condition, Not, Term
from services.plan.normal_form import Conjunction, Disjunction, Literal, NormalForm, normal_form
from services.plan.query_plan import Outcome, Planner, Preference, QueryPlan
from services.plan.tree import conjuncts, leaves
from services.query_understanding.domain.catalog_names import CatalogLexicon
from services.query_understanding.domain.lexemes import Lexemes
from services.query_understanding.domain.proposal import PROPOSABLE, Hint, Proposal, Question
from services.query_understanding.domain.state import DialogueState
from services.query_understanding.domain.terms import TermReader
from services.query_understanding.domain.understand import understand

WISH_WEIGHT = 0.6


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn with the state before it: all that reading it anew needs."""

    text: str
    before: DialogueState
    locale: str
    lexemes: Lexemes
    lexicon: CatalogLexicon

    def read(self, hints: Sequence[Hint] = ()) -> Reading:
        """Read the turn, the hints taken for words of the vocabulary."""
        plan, after = understand(
            self.text, self.before, self.lexemes, self.lexicon, locale=self.locale, hints=hints
        )
        return Reading(plan, after, tuple(hints))


@dataclass(frozen=True, slots=True)
class Reading:
    """A plan with the state after it.

    Attributes:
        hints: Hints that it was read with.
        taken: Proposals taken up, the last reader's.
        refused: Those that were not.
    """

    plan: QueryPlan
    after: DialogueState
    hints: tuple[Hint, ...] = ()
    taken: tuple[Proposal, ...] = ()
    refused: tuple[Proposal, ...] = ()

    def with_plan(self, plan: QueryPlan) -> Reading:
        """Put another plan into the reading, and into the state that remembers it."""
        plans = self.after.plans
        if plans and replace(plans[-1], planner=self.plan.planner) == self.plan:
            plans = (*plans[:-1], plan)
        return replace(self, plan=plan, after=replace(self.after, plans=plans))

    def with_planner(self, planner: Planner) -> Reading:
        """Say who made the plan."""
        return self.with_plan(replace(self.plan, planner=planner))

    def credited(self, name: str, version: str) -> Reading:
        """Name a reader beside those that made the plan so far."""
        planner = self.plan.planner
        both = replace(
            planner, name=f"{planner.name}+{name}", version=f"{planner.version}+{version}"
        )
        return self.with_planner(both)


def question(reading: Reading) -> Question | None:
    """Return what to ask a reader, `None` when every word that matters is explained.

    Only a search has conditions to find: what the gate decided is not put up for discussion.
    """
    plan = reading.plan
    if plan.outcome is not Outcome.SEARCH or not plan.unexplained:
        return None
    return Question(plan.semantic_text, plan.unexplained, plan.language)


def take_up(turn: Turn, reading: Reading, proposals: Sequence[Proposal]) -> Reading:
    """Return the reading with the proposals that hold: the surest first, wishes last.

    Of two for the same words the second is refused.
    """
    planner = reading.plan.planner
    taken: list[Proposal] = []
    refused: list[Proposal] = []
    for proposal in sorted(proposals, key=lambda p: (p.wish, -p.confidence)):
        tried = _tried(turn, reading, proposal)
        if tried is None:
            refused.append(proposal)
        else:
            reading = tried
            taken.append(proposal)
    sure = min([reading.plan.planner.confidence, *(p.confidence for p in taken)])
    planned = reading.with_planner(replace(planner, confidence=sure))
    return replace(planned, taken=tuple(taken), refused=tuple(refused))


def _tried(turn: Turn, reading: Reading, proposal: Proposal) -> Reading | None:
    """Return the reading with one proposal, `None` where it does not hold."""
    if not _decidable(proposal, turn) or proposal.hint.span not in reading.plan.unexplained:
        return None
    if proposal.wish:
        return _wished(turn, reading, proposal)
    tried = turn.read((*reading.hints, proposal.hint))
    adds = _says(tried.plan, proposal) and not _repeats(reading.plan, tried.plan, proposal)
    return tried if adds and _keeps(reading.plan, tried.plan) else None


def _decidable(proposal: Proposal, turn: Turn) -> bool:
    """Tell whether vocabulary or catalogue know the concept: nothing is searched by a guess."""
    section, id = proposal.hint.section, proposal.hint.id
    field = PROPOSABLE.get(section)
    if field is None:
        return False
    known = id in turn.lexemes.vocabulary.section(section)
    return known or id in turn.lexicon.values(field)


def _keeps(before: QueryPlan, after: QueryPlan) -> bool:
    """Tell whether everything that was asked for still is, as firmly, and the outcome stands."""
    left = [_bare(condition) for condition in conjuncts(after.condition)]
    return (
        after.outcome is before.outcome
        and all(_bare(condition) in left for condition in conjuncts(before.condition))
        and after.sort == before.sort
        and after.count == before.count
        and after.waived == before.waived
        and after.unneeded_facilities == before.unneeded_facilities
        and after.shown_references == before.shown_references
        and set(before.preferences) <= set(after.preferences)
    )


def _says(plan: QueryPlan, proposal: Proposal) -> bool:
    """Tell whether the words, as the grammar reads them, ask for the concept as proposed."""
    if plan.condition is None:
        return False
    signs = [
        literal.positive
        for literal in _literals(normal_form(plan.condition))
        if proposal.hint.span in literal.leaf.spans
    ]
    return bool(signs) and all(sign is proposal.wanted for sign in signs)


def _repeats(before: QueryPlan, after: QueryPlan, proposal: Proposal) -> bool:
    """Tell whether what the words give is asked for already, by other words."""
    asked = {_bare(leaf) for leaf in leaves(before.condition)}
    given = [leaf for leaf in leaves(after.condition) if proposal.hint.span in leaf.spans]
    return any(_bare(leaf) in asked for leaf in given)


def _literals(form: NormalForm) -> Iterator[Literal]:
    match form:
        case Literal():
            yield form
        case Conjunction(parts=parts) | Disjunction(parts=parts):
            for part in parts:
                yield from _literals(part)


def _bare(condition: Condition) -> Condition:
    """Return a condition without the words that gave it."""
    match condition:
        case All(items=items) | Any(items=items):
            return replace(condition, items=tuple(_bare(item) for item in items), spans=())
        case Not(item=item):
            return Not(_bare(item))
        case _:
            return replace(condition, spans=())


def _wished(turn: Turn, reading: Reading, proposal: Proposal) -> Reading:
    """Add a wish: it orders and never filters, so nothing needs to be read anew."""
    hint = proposal.hint
    terms = TermReader(turn.lexemes.vocabulary, turn.lexicon)
    id = terms.facility(hint.id) if hint.section == "facilities" else hint.id
    liked = Preference(
        Term(PROPOSABLE[hint.section], (id,), (hint.span,)),
        WISH_WEIGHT if proposal.wanted else -WISH_WEIGHT,
        (hint.span,),
    )
    return reading.with_plan(
        replace(
            reading.plan,
            preferences=(*reading.plan.preferences, liked),
            unexplained=tuple(span for span in reading.plan.unexplained if span != hint.span),
        )
    )
