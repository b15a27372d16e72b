"""What a turn asks for: a search, facts of a hotel, talk, something else, or a question back."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from services.plan.condition import Field
from services.plan.query_plan import Outcome, Reason, RequestedFact
from services.query_understanding.domain.asked_facts import FACTS, NEAR_FACTS
from services.query_understanding.domain.catalog_names import CatalogLexicon
from services.query_understanding.domain.continuation import at_another_distance, moves
from services.query_understanding.domain.heads import Heads, asked_aside
from services.query_understanding.domain.mention import Cue
from services.query_understanding.domain.of_shown import (
    compares_shown,
    points_at_shown,
    refuses_shown,
)
from services.query_understanding.domain.places import LIST_WORDS, PlaceReadings
from services.query_understanding.domain.questions import LAST_TIME
from services.query_understanding.domain.recognised import Recognised
from services.query_understanding.domain.state import DialogueState
from services.query_understanding.domain.unexplained import unexplained
from services.vocabulary import NEAR_METRO

_FIELD_CUES = (
    "field_price", "field_rating", "field_star", "field_tier", "field_district", "field_kind",
    "field_room_type", "field_facility", "field_brand",
)  # fmt: skip
# "这里真安静": said of what was found, not asked for.
_PRAISED = re.compile(
    r"真|挺|(?<!不要)(?<!别)(?<!不能)(?<!不想)太|好[安温干漂]|非常|特别|\b(?:so|very|really|it's|it is|that's)\b"
)
_UP_TO_YOU = re.compile(
    r"(?:你|您|随便|帮我|给我)(?:来|给我?)?推荐|你(?:看着办|定|说了算)|\b(?:you (?:choose|pick|decide)|surprise me|up to you|your (?:top )?pick|(?:pick|choose) (?:one )?for me|pick one)\b"
)
_ASKS_ELSE = re.compile(
    r"怎么|怎样|什么|多少|几[岁点个]|谁|为何|\b(?:how|what|what's|why|when|who|where)\b"
)
# What a house is called beside what it is like: "boutique place with character".
_A_HOUSE = re.compile(r" ?\b(?:places?|spots?|ones?|rooms?)\b ?")
# What is wanted without a noun: "带院子的", "要有落地窗", "with floor heating".
_ELLIPTIC = re.compile(
    r"^(?:我?(?:要(?![去是不看问])|有(?!没)|得有|必须有|需要有|想要有|带|有没有)|(?:must|should|has to|have to|needs? to) have"
    r"|(?:(?:something|somewhere|anything|anywhere|one) )?with) ?(?![吗么])"
    r"|的[吗么呢啊吧。!！?？ ]*$"
)
_ITS_HOUSE = re.compile(
    r"(?:,? [a-z]+){0,2} (?:place|spot|room|getaway)s?\b(?! to (?:eat|go|see|visit|dine))"
)
# Characters of a stretch that a quality is a part of: "海景房", "quiet one".
_MOST_BESIDE = 2
_QUESTION = re.compile(r"吗|多少|几|[?？]")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the turn asks for, and why when it is no search."""

    outcome: Outcome
    reason: str = ""
    facts: tuple[RequestedFact, ...] = ()


def judge(
    said: Recognised, places: PlaceReadings, state: DialogueState, lexicon: CatalogLexicon
) -> Verdict:
    """Decide what a turn asks for; the first rule that fits decides."""
    text = said.turn.text
    if said.has("injection"):
        return Verdict(Outcome.OUT_OF_DOMAIN, Reason.PROMPT_INJECTION)
    heads = Heads(said, places, state)
    if places.near and LIST_WORDS.search(text):
        return Verdict(Outcome.SEARCH)
    if LAST_TIME.search(text):
        return Verdict(Outcome.SEARCH)
    if state.asked_where and places.named and not heads.other_head:
        return Verdict(Outcome.SEARCH)
    if moves(said, places, state):
        return Verdict(Outcome.SEARCH)
    if (
        state.plans
        and state.topic == "hotel"
        and (
            (said.has("keep", "drop", "correct") and said.atoms)
            or _beside(said, said.of("widen"), [atom.start for atom in said.atoms])
            or (
                _beside(said, said.of("waive", "drop"), [c.start for c in said.of(*_FIELD_CUES)])
                and not (said.atoms or heads.other_head or _QUESTION.search(text))
            )
        )
    ):
        return Verdict(Outcome.SEARCH)
    if refuses_shown(said, state):
        return Verdict(Outcome.SEARCH)
    elsewhere = at_another_distance(said, places, state)
    if elsewhere is not None and not (heads.other_head or _QUESTION.search(text)):
        return Verdict(Outcome.SEARCH)
    compared = compares_shown(said, state)
    if compared is not None:
        return Verdict(Outcome.ABOUT_SHOWN, Reason.COMPARED, (RequestedFact(compared, "", ()),))
    if heads.picks and state.shown and not said.has("other_than_shown"):
        facts = _and_checked(requested_facts(said, heads), said)
        return Verdict(
            Outcome.ABOUT_SHOWN, "", tuple(f for f in facts if f.field is not Field.BRAND)
        )
    if said.has("resume") and (state.plans or said.atoms):
        return Verdict(Outcome.SEARCH)
    if _asks_how_far(said, heads, state):
        facts = requested_facts(said, heads)
        if not places.named and (said.atoms or said.has("fact_transport")):
            # A station, whichever it is: no distance is told to it.
            told = (f for f in facts if f.field not in (Field.DISTANCE, Field.TRANSPORT))
            facts = (RequestedFact(Field.TRANSPORT, "", ()), *told)
        return Verdict(Outcome.ABOUT_SHOWN, "", _and_checked(facts, said))
    if heads.transport and not heads.wants_hotel_strongly:
        return Verdict(Outcome.OUT_OF_DOMAIN, Reason.OTHER_DOMAIN)
    if said.has("fact_policy") and state.topic == "hotel" and state.hotel_in_focus():
        return Verdict(
            Outcome.ABOUT_SHOWN, Reason.NOT_ON_RECORD, (RequestedFact(Field.PHONE, "", ()),)
        )
    if heads.nothing_but_talk:
        return Verdict(Outcome.CHITCHAT, _talk(said))
    if (
        said.has("help")
        and not (said.atoms or heads.hotel_words or said.has("request", "other_misc"))
        and not unexplained(said, ())
    ):
        return Verdict(Outcome.CHITCHAT, Reason.HELP)
    if points_at_shown(said, state) and not (heads.requests_other or heads.near_other):
        facts = _and_checked(requested_facts(said, heads), said)
        taken = not facts and (said.has("pick") or _TAKES.search(text) is not None)
        return Verdict(Outcome.ABOUT_SHOWN, Reason.PICKED if taken else "", facts)
    # "the weather in Tokyo", "a flight to Tokyo": a city asks for no hotel.
    only_where = all(atom.field is Field.CITY for atom in said.atoms)
    if only_where and (
        said.has("other_misc")
        or (said.atoms and said.has("fact_distance") and not heads.hotel_words)
        or (said.atoms and said.has("other_transport") and not heads.hotel_words)
    ):
        return Verdict(Outcome.OUT_OF_DOMAIN, Reason.OTHER_DOMAIN)
    if said.has("about_why") and (state.shown or heads.anaphor) and not said.atoms:
        return Verdict(Outcome.ABOUT_SHOWN, Reason.WHY_SHOWN)
    if heads.requests_other:
        return Verdict(Outcome.OUT_OF_DOMAIN, Reason.OTHER_DOMAIN)
    if heads.near_hotel:
        return Verdict(Outcome.SEARCH)
    facts = requested_facts(said, heads)
    if heads.near_other:
        if heads.anchor_is_hotel and not heads.seeks_other:
            return Verdict(Outcome.ABOUT_SHOWN, "", _and_checked(facts, said))
        return Verdict(Outcome.OUT_OF_DOMAIN, Reason.OTHER_DOMAIN)
    if _of_meals_or_sights(said, heads, state, lexicon.values(Field.FACILITY)):
        return Verdict(Outcome.OUT_OF_DOMAIN, Reason.OTHER_DOMAIN)
    if facts and not said.hotels and not heads.hotel_words and _foreign_name(said):
        return Verdict(Outcome.OUT_OF_DOMAIN, Reason.OTHER_DOMAIN)
    of_named = bool(said.hotels and facts) and not said.turn.text.isascii()
    if heads.seeks_other and not heads.hotel_head and not of_named:
        return Verdict(Outcome.OUT_OF_DOMAIN, Reason.OTHER_DOMAIN)
    if said.unknown_houses and not said.hotels and facts and not places.near:
        return Verdict(Outcome.ABOUT_SHOWN, "", _and_checked(facts, said))
    if said.hotels and (facts or heads.fact_words):
        return Verdict(Outcome.ABOUT_SHOWN, "", _and_checked(facts, said))
    if heads.checks_hotel:
        return Verdict(Outcome.ABOUT_SHOWN, "", _and_checked(facts, said))
    superlative = said.has("cheapest", "dearest", "best_rated", "worst_rated", "most_stars")
    if facts and not heads.hotel_request and not said.atoms and not superlative:
        if heads.anaphor_other or (heads.topic_other and not heads.anaphor_hotel):
            return Verdict(Outcome.OUT_OF_DOMAIN, Reason.OTHER_DOMAIN)
        if asked_aside(state) and not heads.hotel_words and not heads.anaphor_hotel:
            return Verdict(Outcome.OUT_OF_DOMAIN, Reason.OTHER_DOMAIN)
        if heads.anaphor_hotel or state.hotel_in_focus():
            return Verdict(Outcome.ABOUT_SHOWN, "", facts)
    if (
        heads.anaphor_hotel and said.has("ask") and not said.atoms and not heads.hotel_request
        and not heads.other_head and state.hotel_in_focus()
    ):  # fmt: skip
        return Verdict(Outcome.ABOUT_SHOWN, "", facts)
    if said.hotels:
        return Verdict(Outcome.SEARCH)
    if said.atoms or said.bands or places.near:
        if heads.topic_other and not heads.hotel_head and heads.other_head:
            return Verdict(Outcome.OUT_OF_DOMAIN, Reason.OTHER_DOMAIN)
        if (
            heads.topic_other
            and not heads.hotel_head
            and all(
                a.field in (Field.PRICE, Field.GUEST_RATING, Field.DISTRICT, Field.PRICE_BAND)
                for a in (*said.atoms, *said.bands)
            )
        ):
            return Verdict(Outcome.OUT_OF_DOMAIN, Reason.OTHER_DOMAIN)
        return Verdict(Outcome.SEARCH)
    if heads.hotel_head and (heads.requests_hotel or not heads.anaphor_other):
        return Verdict(Outcome.SEARCH)
    if heads.other_head or heads.anaphor_other:
        return Verdict(Outcome.OUT_OF_DOMAIN, Reason.OTHER_DOMAIN)
    continues = said.has(
        "waive", "drop", "cheaper", "dearer", "better_rated", "more_stars", "closer", "other_than_shown", "keep",
        "cheapest", "dearest", "best_rated", "worst_rated", "nearest", "most_stars",
        "modest", "well_rated", "popular",
    ) or bool(said.counts)  # fmt: skip
    if state.topic == "hotel" and (continues or said.has("pick")):
        if state.hotel_in_focus() and not continues:
            return Verdict(Outcome.ABOUT_SHOWN, Reason.PICKED)
        return Verdict(Outcome.SEARCH)
    if said.has("thanks", "bye", "greet", "smalltalk"):
        return Verdict(Outcome.CHITCHAT, _talk(said))
    if said.has("fact_policy") and not (heads.topic_other or heads.other_head):
        wanted = _ELLIPTIC.search(text) is not None
        return Verdict(Outcome.SEARCH if wanted else Outcome.ABOUT_SHOWN)
    asks = facts and state.plans and state.topic == "hotel" and not unexplained(said, ())
    if asks or (said.ordinals() and not heads.topic_other):
        return Verdict(Outcome.ABOUT_SHOWN, "", facts)  # of which hotel is asked back
    if state.topic in ("attraction", "restaurant", "transport"):
        return Verdict(Outcome.OUT_OF_DOMAIN, Reason.OTHER_DOMAIN)
    of_a_house = _ELLIPTIC.search(text) is not None and _ASKS_ELSE.search(text) is None
    if (
        state.turn_count == 0
        and of_a_house
        and unexplained(said, ())
        and not _of_others(said, heads)
    ):
        return Verdict(Outcome.SEARCH)  # "带院子的", in a first turn
    if places.unknown is not None or _says_what_it_is_like(said) or _wants_one_like(said):
        return Verdict(Outcome.SEARCH)
    if state.topic == "hotel" and state.plans and _UP_TO_YOU.search(text):
        return Verdict(Outcome.SEARCH)
    if state.topic == "hotel" and state.plans:
        asks = said.has("request", "new_request")
        return Verdict(Outcome.SEARCH) if asks else Verdict(Outcome.CHITCHAT, Reason.ACKNOWLEDGED)
    if continues:
        return Verdict(Outcome.SEARCH)
    if _UP_TO_YOU.search(text) and not unexplained(said, ()):
        return Verdict(Outcome.SEARCH)
    if not re.search(r"\w", text):
        return Verdict(Outcome.CLARIFY, Reason.NOT_UNDERSTOOD)
    return Verdict(Outcome.OUT_OF_DOMAIN, Reason.OTHER_DOMAIN)


_TAKES = re.compile(r"订|就(?:要|选|住|定|是)?第|\b(?:book|reserve|take|choose|go with|go for)\b")
_TALK = (
    ("bye", Reason.FAREWELL),
    ("thanks", Reason.THANKS),
    ("smalltalk", Reason.SMALL_TALK),
    ("greet", Reason.GREETING),
)


def _talk(said: Recognised) -> str:
    return next((reason for cue, reason in _TALK if said.has(cue)), "")


def _asks_how_far(said: Recognised, heads: Heads, state: DialogueState) -> bool:
    """Tell whether it is asked how far a hotel is from a place: "how far is it from the Bund?"."""
    of_hotel = heads.anaphor_hotel or bool(said.hotels) or state.topic == "hotel"
    known = bool(said.hotels) or bool(state.hotel_in_focus())
    return (
        said.has("fact_distance") and of_hotel and known
        and not (heads.anaphor_other or heads.other_head or said.has("request", "new_request"))
        and all(atom.value == NEAR_METRO for atom in said.atoms)
    )  # fmt: skip


def _says_what_it_is_like(said: Recognised) -> bool:
    """Tell whether a turn says what a house is to be like and nothing else: "adults only".

    "孩子发烧了怎么办" and "a romantic movie" speak of something else with the same words.
    """
    qualities = said.of("quality")
    text = said.turn.text
    if not qualities or _PRAISED.search(text) or _ASKS_ELSE.search(text):
        return False
    spans = [said.turn.span(cue.start, cue.end) for cue in qualities]
    for stretch in unexplained(said, ()):
        of_it = sum(max(0, min(stretch.end, s.end) - max(stretch.start, s.start)) for s in spans)
        idle = sum(map(len, _A_HOUSE.findall(stretch.text.casefold())))
        if not of_it or stretch.end - stretch.start - of_it - idle > _MOST_BESIDE:
            return False
    return True


def _of_others(said: Recognised, heads: Heads) -> bool:
    return heads.other_head or said.has("other_misc", "other_transport", "about_why")


def _wants_one_like(said: Recognised) -> bool:
    """Tell whether a place is asked for by what it is like: "I need a romantic place"."""
    return said.has("request", "new_request") and any(
        _ITS_HOUSE.match(said.turn.text, cue.end) for cue in said.of("quality")
    )


def _beside(said: Recognised, cues: Sequence[Cue], starts: Sequence[int]) -> bool:
    """Tell whether one of the places lies in the clause of one of the cues.

    "也可以，有早餐吗" and "没关系，那评分呢" only answer what was said before.
    """
    clauses = [said.clause_around(cue.start, cue.end) for cue in cues[:_MOST_CLAUSES]]
    return any(low <= start < high for low, high in clauses for start in starts)


_MOST_CLAUSES = 8
_HAVING_REACH = 40
# "somewhere with a pool", "must have an indoor pool": of a house, whatever it is called.
_HAVING = re.compile(
    r"\b(?:with|w/|have|has|having|offer(?:s|ing)?|includ(?:es?|ing)|featur(?:es?|ing)|provid(?:es?|ing)|got)"
    r"(?: (?:an?|the|its|own|good|nice|big|large|heated|private|free|some|any|either|both|at|least|one))* $"
)
_DOUBLE_MEANING = frozenset(
    {"chinese_restaurant", "western_restaurant", "pool", "indoor_pool", "outdoor_pool", "bar"}
)


def _of_meals_or_sights(
    said: Recognised, heads: Heads, state: DialogueState, held: Collection[str]
) -> bool:
    """A restaurant or a swimming pool that is asked for itself, not as a hotel's facility.

    Where hotels have it, it is theirs.
    """
    text = said.turn.text
    if heads.hotel_words or not text.isascii():
        return False
    facilities = [a for a in said.atoms if a.field is Field.FACILITY and not a.implied]
    if any(_HAVING.search(text, max(0, a.start - _HAVING_REACH), a.start) for a in facilities):
        return False
    others = [a for a in said.atoms if a.field in (Field.PRICE, Field.GUEST_RATING)]
    return (
        bool(facilities) and not others
        and all(a.value in _DOUBLE_MEANING and a.value not in held for a in facilities)
        and state.topic != "hotel"
    ) or (
        heads.other_head and not facilities and bool(said.atoms)
        and bool(re.search(r"\b(?:restaurants?|food|cuisine|museums?|colleges?|attractions?|dine|dining|places? to (?:go|eat|visit))\b", said.turn.text))
    )  # fmt: skip


def _foreign_name(said: Recognised) -> bool:
    """Tell whether a fact is asked of something by a name that is no hotel's."""
    return bool(
        re.search(
            r"\b(?:for|of|at|about|called) (?:the )?(?!(?:It|That|This|One|Them|Those|Each|Hotel|Guest|WiFi|Wifi|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|I|Beijing)\b)[A-Z][a-z]+",
            said.turn.original,
        )
    )


def requested_facts(said: Recognised, heads: Heads) -> tuple[RequestedFact, ...]:
    """Return the facts the words ask for."""
    facts: list[RequestedFact] = []
    near = said.of("near_after", "near_before")
    for cue in said.cues:
        spans = (said.turn.span(cue.start, cue.end),)
        field = FACTS.get(cue.name)
        if field is not None and not any(f.field is field for f in facts):
            if cue.name == "fact_tier" and any(a.field is Field.TIER for a in said.atoms):
                continue
            facts.append(RequestedFact(field, "", spans))
        category = NEAR_FACTS.get(cue.name)
        told = any(f.field is Field.NEARBY and f.value == category for f in facts)
        if category is not None and (near or heads.anchor_is_hotel) and not told:
            facts.append(RequestedFact(Field.NEARBY, category, spans))
    return tuple(facts)


def _and_checked(facts: tuple[RequestedFact, ...], said: Recognised) -> tuple[RequestedFact, ...]:
    """Return the facts asked for and those a question checks: "有叫醒服务吗" asks for one facility."""
    asked = list(facts)
    for atom in said.atoms:
        value = atom.value if atom.field is Field.FACILITY else ""
        if not any(f.field is atom.field and f.value == value for f in asked):
            spans = (said.turn.span(atom.start, atom.end),)
            asked.append(RequestedFact(atom.field, value, spans))
    return tuple(asked)
