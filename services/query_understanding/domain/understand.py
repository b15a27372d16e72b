"""One turn: words and state to plan and state. Pure; nothing here waits or fails on words."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.plan.condition import Field, Name, NameMatch, PlaceCategory, Range
from services.plan.query_plan import (
    Outcome,
    Planner,
    QueryPlan,
    Reason,
    ShownReference,
)
from services.plan.tree import leaves
from services.query_understanding.domain import gate
from services.query_understanding.domain.catalog_names import CatalogLexicon
from services.query_understanding.domain.heads import STRONG_TRANSPORT
from services.query_understanding.domain.lexemes import Lexemes
from services.query_understanding.domain.listen import listen
from services.query_understanding.domain.of_shown import FIRST_OF_SHOWN, compares_with_focus
from services.query_understanding.domain.offers import accepted
from services.query_understanding.domain.places import PlaceReadings, read_places
from services.query_understanding.domain.proposal import Hint
from services.query_understanding.domain.questions import which_hotel
from services.query_understanding.domain.recognise import recognise
from services.query_understanding.domain.recognised import Recognised
from services.query_understanding.domain.reference import by_ordinal, referred, resolve_hotel
from services.query_understanding.domain.search import search
from services.query_understanding.domain.state import MOST_DISCUSSED, MOST_PLACES, DialogueState
from services.query_understanding.domain.told_elsewhere import told
from services.query_understanding.domain.turn_text import read
from services.query_understanding.domain.unexplained import unexplained

RULES_VERSION = "1"


@dataclass(frozen=True, slots=True)
class Utterance:
    """One utterance of an explicit history."""

    by_guest: bool
    text: str


def replay(
    history: Sequence[Utterance], state: DialogueState, lexemes: Lexemes, lexicon: CatalogLexicon
) -> DialogueState:
    """Return the state after a history, turn by turn through the same functions."""
    for utterance in history:
        if utterance.by_guest:
            _, state = understand(utterance.text, state, lexemes, lexicon)
        else:
            state = listen(utterance.text, state, lexemes, lexicon)
    return state


def understand(
    text: str,
    state: DialogueState,
    lexemes: Lexemes,
    lexicon: CatalogLexicon,
    *,
    locale: str = "",
    hints: Sequence[Hint] = (),
) -> tuple[QueryPlan, DialogueState]:
    """Read one turn of the guest.

    Args:
        text: What the guest said.
        state: What was before.
        lexemes: Words of the vocabulary, and cues.
        lexicon: Names of the catalogue.
        locale: BCP 47 tag; empty: told from the text.
        hints: Words of the turn to take for words of the vocabulary.

    Returns:
        The plan, and the state to pass with the next turn (without the hotels it will show).
    """
    start = time.perf_counter()
    turn = read(text, locale or _language(text, state))
    taken = accepted(turn, state)
    said = recognise(turn, lexemes, lexicon, _asked(state, turn.text), (*taken, *hints))
    places = read_places(said, lexicon, state.city)
    verdict = gate.judge(said, places, state, lexicon)
    base = QueryPlan(
        outcome=verdict.outcome,
        planner=Planner("rules", f"{RULES_VERSION}+{lexemes.version}", 1.0),
        semantic_text=text,
        keyword_text=text,
        language=turn.language,
        unexplained=unexplained(said, [(start, end) for start, end, _ in places.named]),
        outcome_reason=verdict.reason,
    )
    match verdict.outcome:
        case Outcome.SEARCH:
            plan, new_plans = search(base, said, places, state, lexicon)
        case Outcome.ABOUT_SHOWN:
            about = _about(base, said, verdict, state, lexicon)
            plan, new_plans = _with_places(about, places), state.plans
        case _:
            plan, new_plans = base, state.plans
    after = _after(plan, new_plans, said, places, state, lexicon)
    confidence = 1.0 if not plan.unexplained else max(0.3, 1 - 0.15 * len(plan.unexplained))
    took = time.perf_counter() - start
    return replace(plan, planner=replace(plan.planner, confidence=confidence, took_s=took)), after


def _language(text: str, state: DialogueState) -> str:
    """Return the conversation's language for words that have none: "700"."""
    wordless = not any(character.isalpha() for character in text)
    return state.plan.language if wordless and state.plan is not None else ""


# "are there any 5 star hotels?" – "what about 4?"
_ANOTHER = re.compile(
    r"(?:ok(?:ay)?,? )?(?:and |or )?(?:what|how) about (?:[0-5]|one|two|three|four|five)\b[ ?]*$"
)


def _counted_before(text: str, state: DialogueState) -> Field | None:
    """Return stars where a bare number takes the place of those asked for before."""
    if state.plan is None or not _ANOTHER.match(text):
        return None
    starred = any(
        isinstance(leaf, Range) and leaf.field is Field.STAR_RATING
        for leaf in leaves(state.plan.condition)
    )
    return Field.STAR_RATING if starred else None


def _asked(state: DialogueState, text: str) -> Field | None:
    if state.pending is None:
        return _counted_before(text, state)
    known = {field.value: field for field in Field}
    about = [known[word] for word in state.pending.about.split(",") if word in known]
    return Field.PRICE if Field.PRICE_BAND in about else about[0] if about else None


# --- facts of a hotel --------------------------------------------------------------------------------
def _about(
    base: QueryPlan,
    said: Recognised,
    verdict: gate.Verdict,
    state: DialogueState,
    lexicon: CatalogLexicon,
) -> QueryPlan:
    references = referred(said, state, lexicon)
    if verdict.reason == Reason.COMPARED:
        references = _compared(said, state) or references
    shown = {hotel.hotel_id for hotel in state.shown}
    if not references:
        alike = [r.name for m in said.hotels for r in resolve_hotel(m, state, lexicon)]
        return replace(which_hotel(base, alike), requested_facts=verdict.facts)
    record = lexicon.record(references[0].hotel_id)
    name = record.name if record is not None else ""
    condition = Name(name, NameMatch.EXACT, references[0].spans) if name else None
    named_new = bool(said.hotels) and references[0].hotel_id not in shown
    return replace(
        base,
        outcome=Outcome.SEARCH if named_new else Outcome.ABOUT_SHOWN,
        condition=condition,
        shown_references=references,
        requested_facts=verdict.facts,
    )


_LEAST_COMPARED = 2
_TWO = re.compile(r"[这那](?:两|俩)|\b(?:the|these|those) two\b|\bboth\b")
_FIRST = {"两": 2, "2": 2, "two": 2, "三": 3, "3": 3, "three": 3}


def _compared(said: Recognised, state: DialogueState) -> tuple[ShownReference, ...]:
    """Return the hotels that are set against each other, by the list or by what was asked of."""
    text, pointed = said.turn.text, by_ordinal(said, state)
    if compares_with_focus(said, state):
        return tuple(dict.fromkeys((ShownReference(state.focus_hotel_id), *pointed)))
    first = FIRST_OF_SHOWN.search(text)
    if pointed and first is None:
        return tuple(dict.fromkeys(pointed))
    many = _FIRST[first["zh"] or first["en"]] if first is not None else len(state.shown)
    alone = min(many, len(state.shown)) < _LEAST_COMPARED
    if alone or (_TWO.search(text) and len(state.shown) != _LEAST_COMPARED):
        asked_of = state.discussed[-_LEAST_COMPARED:]
        if len(asked_of) == _LEAST_COMPARED:
            return tuple(map(ShownReference, asked_of))
    return tuple(ShownReference(hotel.hotel_id) for hotel in state.shown[:many])


def _with_places(plan: QueryPlan, places: PlaceReadings) -> QueryPlan:
    """Add the places that distances are asked to; geocoding finds them."""
    if not any(fact.field is Field.DISTANCE for fact in plan.requested_facts):
        return plan
    mentions = (mention for _, _, mention in places.named)
    numbered = tuple(replace(m, id=number) for number, m in enumerate(mentions, start=1))
    return replace(plan, places=numbered)


# --- the state after -----------------------------------------------------------------------------------
def _after(
    plan: QueryPlan,
    plans: tuple[QueryPlan, ...],
    said: Recognised,
    places: PlaceReadings,
    state: DialogueState,
    lexicon: CatalogLexicon,
) -> DialogueState:
    focus = state.focus_hotel_id
    shown = state.shown
    picked: tuple[ShownReference, ...] = ()
    if said.hotels or plan.outcome is Outcome.ABOUT_SHOWN:
        picked = referred(said, state, lexicon)
    topic = state.topic
    if plan.outcome in (Outcome.SEARCH, Outcome.ABOUT_SHOWN, Outcome.CLARIFY):
        topic = "hotel"
        if picked:
            focus = picked[0].hotel_id
        elif plan.outcome is Outcome.SEARCH or said.unknown_houses:
            focus = ""
        if said.unknown_houses and len(shown) == 1:
            shown = ()  # "its phone number" means the house that nobody knows
    elif plan.outcome is Outcome.OUT_OF_DOMAIN:
        topic = _other_topic(said, state)
    named = tuple(mention for _, _, mention in places.named)
    if topic in ("attraction", "restaurant"):
        category = PlaceCategory(topic)
        named = tuple(replace(m, category=m.category or category) for m in named)
    return replace(
        state,
        plans=plans,
        shown=shown,
        focus_hotel_id=focus,
        discussed=_discussed(state, picked),
        focus_places=(state.focus_places + named)[-MOST_PLACES:],
        topic=topic,
        pending=plan.clarification,
        turn_count=state.turn_count + 1,
        elsewhere=told(said, state.elsewhere)
        if plan.outcome is Outcome.OUT_OF_DOMAIN
        else state.elsewhere,
    )


def _discussed(state: DialogueState, picked: Sequence[ShownReference]) -> tuple[str, ...]:
    now = [reference.hotel_id for reference in picked]
    return (*(id for id in state.discussed if id not in now), *now)[-MOST_DISCUSSED:]


def _other_topic(said: Recognised, state: DialogueState) -> str:
    text = said.turn.text
    if STRONG_TRANSPORT.search(text):
        return "transport"
    if said.has("anaphor_restaurant"):
        return "restaurant"
    if said.has("anaphor_attraction"):
        return "attraction"
    # "景点周边的餐馆": what is asked for comes last in Chinese.
    heads = [
        (c.start, "restaurant" if c.name in ("other_food", "place_word_restaurant") else "attraction")
        for c in said.of("other_food", "other_sight", "place_word_restaurant", "place_word_attraction")
    ]  # fmt: skip
    if not heads:
        return (
            state.topic
            if state.topic != "hotel" or not said.has("other_transport")
            else "transport"
        )
    chosen = max(heads) if not text.isascii() else min(heads)
    return chosen[1]
