"""What has to be asked back before hotels can be searched."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from services.plan.condition import Field, Near
from services.plan.query_plan import Clarification, Outcome, QueryPlan, Reason
from services.plan.tree import leaves
from services.query_understanding.domain.catalog_names import CatalogLexicon
from services.query_understanding.domain.currency import is_foreign
from services.query_understanding.domain.deltas import fields_of
from services.query_understanding.domain.near_phrases import Anchor, Head
from services.query_understanding.domain.places import DEICTIC, PlaceReadings
from services.query_understanding.domain.recognised import Recognised
from services.query_understanding.domain.reference import place_meant, resolve_hotel
from services.query_understanding.domain.request_heads import requests
from services.query_understanding.domain.state import DialogueState
from services.query_understanding.domain.told_elsewhere import asked_alike

# The hotel of an earlier stay, which no record here tells of.
LAST_TIME = re.compile(
    r"same (?:place|hotel|one) as (?:last|before|usual)|the usual\b|(?:跟|和|同)上[次回]一样|老样子|上次那家|上回那家|老地方|上次住的|上回住的"
)
_MOST_OPTIONS = 5


def question_back(
    base: QueryPlan,
    said: Recognised,
    places: PlaceReadings,
    state: DialogueState,
    lexicon: CatalogLexicon,
) -> QueryPlan | None:
    """Return the plan with the question to ask, `None` where nothing has to be asked.

    An amount in a currency that the catalogue does not have is taken out of what was said.
    """
    zh = base.language != "en"
    for mention in said.hotels if not places.near else ():
        options = resolve_hotel(mention, state, lexicon)
        if mention.rivals and len(options) > 1:
            return which_hotel(base, [record.names[-1 if not zh else 0] for record in options])
    if said.unknown_houses and not said.hotels and not places.near:
        return which_hotel(base)
    if not places.near and (places.unknown is not None or _near_nothing(said, places, state)):
        question = "请问具体在哪里？" if zh else "Where is that, please?"
        asked = Clarification(question, "place")
        return replace(
            base, outcome=Outcome.CLARIFY, clarification=asked, outcome_reason=Reason.UNKNOWN_PLACE
        )
    if Field.DISTRICT in asked_alike(said) and not _area_is_known(said, state):
        question = "请问是哪个区域？" if zh else "Which area is that, please?"
        return replace(
            base, outcome=Outcome.CLARIFY, outcome_reason=Reason.UNKNOWN_PLACE,
            clarification=Clarification(question, Field.DISTRICT.value),
        )  # fmt: skip
    if LAST_TIME.search(said.turn.text) and not state.shown:
        question = "请问上次住的是哪家？" if zh else "Which hotel was that, please?"
        asked = Clarification(question, "hotel")
        return replace(
            base, outcome=Outcome.CLARIFY, clarification=asked, outcome_reason=Reason.UNKNOWN_HOTEL
        )
    return _in_our_money(base, said, lexicon)


def _in_our_money(base: QueryPlan, said: Recognised, lexicon: CatalogLexicon) -> QueryPlan | None:
    """Ask for an amount in the catalogue's currency where it was told in another.

    The amount itself is left out of the conditions: it bounds nothing here.
    """
    held = lexicon.values(Field.PRICE)
    text = said.turn.text
    foreign = [
        a for a in said.atoms
        if a.field is Field.PRICE and is_foreign(text[a.start : a.end], held)
    ]  # fmt: skip
    if not foreign:
        return None
    told = {id(a) for a in foreign}
    said.atoms = [a for a in said.atoms if id(a) not in told]
    money = ", ".join(sorted(held))
    question = (
        f"How much is that in {money}, please? Prices here are in {money}."
        if base.language == "en"
        else f"这里的房价以 {money} 计，请问您的预算合多少 {money}？"
    )
    return replace(
        base, outcome=Outcome.CLARIFY, outcome_reason=Reason.FOREIGN_CURRENCY,
        clarification=Clarification(question, Field.PRICE.value),
    )  # fmt: skip


def _near_nothing(said: Recognised, places: PlaceReadings, state: DialogueState) -> bool:
    """Tell whether hotels near something are asked for, and nothing says near what."""
    cue = places.anaphoric
    if cue is None or places.named or state.hotel_in_focus():
        return False
    # "推荐一家餐馆，再看看周边有酒店吗": near what is still to be found.
    elsewhere = any(request.head is not Head.HOTEL for request in requests(said))
    in_an_area = any(atom.field in (Field.DISTRICT, Field.CITY) for atom in said.atoms)
    if elsewhere or in_an_area or said.turn.text[cue.start : cue.end] in DEICTIC:
        return False
    last = state.plan.condition if state.plan is not None else None
    if any(isinstance(leaf, Near) for leaf in leaves(last)):
        return False
    return any(
        phrase.cue == cue
        and phrase.anchor in _UNSAID
        and Head.HOTEL in phrase.heads
        and place_meant(said, places, state, phrase) is None
        for phrase in places.phrases
    )


_UNSAID = (Anchor.PRONOUN, Anchor.UNSAID, Anchor.RESTAURANT, Anchor.ATTRACTION)


def _area_is_known(said: Recognised, state: DialogueState) -> bool:
    last = state.plan.condition if state.plan is not None else None
    return (
        state.topic == "hotel"
        or Field.DISTRICT in fields_of(last)
        or any(a.field in (Field.DISTRICT, Field.NEARBY) for a in said.atoms)
    )


def which_hotel(base: QueryPlan, options: Sequence[str] = ()) -> QueryPlan:
    """Ask which hotel is meant, of those that could be."""
    question = "请问您说的是哪家酒店？" if base.language != "en" else "Which hotel do you mean?"
    return replace(
        base,
        outcome=Outcome.CLARIFY,
        clarification=Clarification(question, "hotel", tuple(options[:_MOST_OPTIONS])),
        outcome_reason=Reason.UNKNOWN_HOTEL if not options else Reason.AMBIGUOUS_HOTEL,
    )
