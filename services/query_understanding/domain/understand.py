"""One turn: words and state to plan and state. Pure; nothing here waits or fails on words."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.plan.condition import (
    All,
    Condition,
    Field,
    Name,
    NameMatch,
    Near,
    PlaceCategory,
    Span,
)
from services.plan.query_plan import (
    Clarification,
    DeltaKind,
    Outcome,
    PlaceMention,
    PlanDelta,
    Planner,
    Preference,
    QueryPlan,
    ShownReference,
    SortKey,
)
from services.plan.tree import conjunction, conjuncts, map_leaves
from services.query_understanding.domain import gate, wishes
from services.query_understanding.domain.catalog_names import CatalogLexicon
from services.query_understanding.domain.compose import Part, compose
from services.query_understanding.domain.deltas import fields_of, merge
from services.query_understanding.domain.lexemes import Lexemes
from services.query_understanding.domain.listen import listen
from services.query_understanding.domain.mention import Atom
from services.query_understanding.domain.places import (
    NEAR_KM,
    NearReading,
    PlaceReadings,
    _listed,
    read_places,
)
from services.query_understanding.domain.recognise import Recognised, recognise
from services.query_understanding.domain.reference import place_meant, referred, resolve_hotel
from services.query_understanding.domain.state import MOST_PLACES, MOST_PLANS, DialogueState
from services.query_understanding.domain.turn_text import read

RULES_VERSION = "1"
_CONTENT = re.compile(r"[\u4e00-\u9fff]{2,}|[a-z]{4,}")
_MOST_KEYWORD_CHARS = 400
_REFINES = re.compile(
    r"哪(?:一)?(?:家|个)(?!酒店)|这些|这几|这两|其中|里面|里边|当中|有没有(?!.{0,30}酒店)|里(?:有|哪)|再加|还得|还要求|也要|换|提到|降到|放宽|别光|不对|改|最好|要求|再|"
    r"which (?:one|of)|these|those|of them|any one|is there one|instead|actually|how about|what about|make it|make that|should|change|either"
)
_FRESH = re.compile(
    r"(?:帮我|给我|帮忙|帮我们|再)(?:再)?(?:找|推荐|安排|介绍|订)(?:一下)?(?:个|一个|一家|家|间)|"
    r"(?:找|推荐|订|预订|预定|安排|介绍|选|住|去|要|有没有|有)(?:一下|下)?(?:一|个|家|间|两|几|好一点)?[^。！？]{0,60}(?:酒店|宾馆|住宿|住处|旅馆)|"
    r"\b(?:find|looking for|recommend|need|want|book|suggest|live in|stay in|go to|is there|are there|like)\b[^.?!]{0,40}?\b(?:an?|another|one|some|any)\b[^.?!]{0,60}\b(?:hotel|hotels|accommodation|place to stay)\b"
)
_POINTS_BACK = re.compile(
    r"这些|这几|这两|那些|那几|其中|里面|里边|当中|哪家|哪个|这俩|these|those|of them|which one"
)


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
) -> tuple[QueryPlan, DialogueState]:
    """Read one turn of the guest.

    Returns:
        The plan, and the state to pass with the next turn (without the hotels it will show).
    """
    start = time.perf_counter()
    turn = read(text, locale)
    said = recognise(turn, lexemes, lexicon, _asked(state))
    places = read_places(said, lexicon, state.city)
    verdict = gate.judge(said, places, state)
    base = QueryPlan(
        outcome=verdict.outcome,
        planner=Planner("rules", f"{RULES_VERSION}+{lexemes.version}", 1.0),
        semantic_text=text,
        keyword_text=text,
        language=turn.language,
        unexplained=_unexplained(said, places),
        outcome_reason=verdict.reason,
    )
    match verdict.outcome:
        case Outcome.SEARCH:
            plan, new_plans = _search(base, said, places, state, lexicon)
        case Outcome.ABOUT_SHOWN:
            plan, new_plans = _about(base, said, verdict, state, lexicon), state.plans
        case _:
            plan, new_plans = base, state.plans
    after = _after(plan, new_plans, said, places, state, lexicon)
    confidence = 1.0 if not plan.unexplained else max(0.3, 1 - 0.15 * len(plan.unexplained))
    took = time.perf_counter() - start
    return replace(plan, planner=replace(plan.planner, confidence=confidence, took_s=took)), after


def _asked(state: DialogueState) -> Field | None:
    if state.pending is None:
        return None
    known = {field.value: field for field in Field}
    about = [known[word] for word in state.pending.about.split(",") if word in known]
    return Field.PRICE if Field.PRICE_BAND in about else about[0] if about else None


# --- a search ------------------------------------------------------------------------------------
def _search(
    base: QueryPlan,
    said: Recognised,
    places: PlaceReadings,
    state: DialogueState,
    lexicon: CatalogLexicon,
) -> tuple[QueryPlan, tuple[QueryPlan, ...]]:
    _settle_bands(said, state, lexicon)
    unknown = _clarify(base, said, places, state)
    if unknown is not None:
        return unknown, state.plans
    near = list(places.near)
    anaphoric = _anaphoric_place(said, places, state, lexicon)
    if anaphoric is not None:
        near.append(anaphoric)
    named = _named_hotel(said, near, state, lexicon)
    sorts = wishes.sort_keys(said)
    implied = _implied_places(said, places, near, sorts, lexicon)
    near += implied
    before, resumed = _in_force(said, near, state)
    mentions = tuple(
        replace(reading.mention, id=index) for index, reading in enumerate(near, start=1)
    )
    in_sort = {id(r) for r in near if sorts and any(k.field is Field.DISTANCE for k in sorts)}
    atoms = [
        reading.atom(index) for index, reading in enumerate(near, start=1)
        if id(reading) not in in_sort or reading.radius_km != NEAR_KM
    ]  # fmt: skip
    said.atoms = [*said.atoms, *atoms]
    said.atoms = [a for a in said.atoms if not _of_another_domain(a, said.turn.text)]
    composed = compose(said.items(), said.turn.text, in_force=fields_of(before))
    hard = [_spanned(p, said) for p in composed.parts if p.strength != "wish"]
    soft = [_spanned(p, said) for p in composed.parts if p.strength == "wish"]
    hard += [Part(c, ()) for _, c in wishes.relative(said, state, lexicon)]
    if composed.waived_all and state.pending is not None:
        composed.waived += [f for f in _pending_fields(state) if f not in composed.waived]
    condition, deltas = merge(before, hard, composed)
    if named is not None:
        condition, deltas = (
            named,
            [PlanDelta(DeltaKind.RESET), PlanDelta(DeltaKind.ADD, Field.NAME, named)],
        )
    if resumed:
        deltas.insert(0, PlanDelta(DeltaKind.RESUME))
    elif before is None and state.plan is not None and named is None:
        deltas.insert(0, PlanDelta(DeltaKind.RESET))
    if any(k.field is Field.DISTANCE for k in sorts):
        sorts = tuple(
            replace(k, place_id=1) if k.field is Field.DISTANCE and mentions else k for k in sorts
        )
        sorts = tuple(k for k in sorts if k.field is not Field.DISTANCE or mentions)
    continues = before is not None and named is None
    last = state.plan
    condition, mentions = _with_places(condition, mentions, last if continues else None)
    preferences = [Preference(part.condition, 0.6, part.condition.spans) for part in soft]
    preferences += wishes.trends(said, said.bands, bool(lexicon.values(Field.PRICE_BAND)))
    if continues and last is not None and not preferences:
        preferences = [*last.preferences]
    waived = tuple(dict.fromkeys([*(last.waived if continues and last else ()), *composed.waived]))
    stated = fields_of(condition)
    keyword = base.keyword_text
    if continues and last is not None:
        keyword = f"{last.keyword_text} {keyword}"[-_MOST_KEYWORD_CHARS:]
    plan = replace(
        base,
        condition=condition,
        preferences=tuple(preferences),
        sort=sorts or (last.sort if continues and last is not None else ()),
        count=wishes.count(said, sorts),
        places=mentions,
        keyword_text=keyword,
        semantic_text=keyword,
        waived=tuple(f for f in waived if f not in stated),
        deltas=tuple(deltas),
        requested_facts=gate.requested_facts(said, gate._Heads(said, places, state))
        if named
        else (),
        shown_references=referred(said, state, lexicon)
        if named is not None and said.hotels
        else (),
    )
    # The first request stays: guests go back to "what I said at the start".
    kept = state.plans if len(state.plans) < MOST_PLANS else (state.plans[0], *state.plans[2:])
    return plan, (*kept, plan)


def _of_another_domain(atom: Atom, text: str) -> bool:
    """A meal's price or a ticket's is no room's: "人均150元的餐馆，周边有酒店没"."""
    if atom.field not in (Field.PRICE, Field.GUEST_RATING):
        return False
    before = text[max(0, atom.start - 10) : atom.start]
    return (
        re.search(r"人均|门票|票价|per[- ]person|entrance|ticket|admission|fee of", before)
        is not None
    )


def _settle_bands(said: Recognised, state: DialogueState, lexicon: CatalogLexicon) -> None:
    """Decide what words of a price band and of "hotel" mean in this catalogue."""
    from services.plan.condition import Term

    if "hotel" not in lexicon.values(Field.KIND):
        return
    text = said.turn.text
    pattern = (
        r"type of hotel|hotel type|type (?:should be |is )?(?:a )?hotel|hotel,? not|(?:rather|instead) (?:than|of) (?:a )?guest|"
        r"\ban? hotel\b(?! (?:room|called|named|i |near))|not (?:a )?guest ?house|(?:prefer|be|actually) a hotel\b|a hotel (?:instead|rather|please)"
    )
    asked = state.pending is not None and Field.KIND.value in state.pending.about
    match = re.search(pattern, text) or (re.search(r"\bhotels?\b", text) if asked else None)
    if match is not None and not any(
        a.field is Field.KIND and "type of hotel" not in match.group() for a in said.atoms
        if not re.search(r"not|rather|instead", text)
    ):  # fmt: skip
        if (
            any(a.field is Field.KIND for a in said.atoms)
            and "rather" not in text
            and "not" not in text
            and "instead" not in text
        ):
            return
        said.atoms = [a for a in said.atoms if a.field is not Field.KIND]
        at = re.search(r"\bhotels?\b", text)
        if at is not None:
            said.atoms.append(Atom(*at.span(), Field.KIND, Term(Field.KIND, ("hotel",)), "hotel"))


def _clarify(
    base: QueryPlan, said: Recognised, places: PlaceReadings, state: DialogueState
) -> QueryPlan | None:
    zh = base.language != "en"
    if places.unknown is not None and not places.near:
        question = "请问具体在哪里？" if zh else "Where is that, please?"
        asked = Clarification(question, "place")
        return replace(
            base, outcome=Outcome.CLARIFY, clarification=asked, outcome_reason="UNKNOWN_PLACE"
        )
    if (
        re.search(
            r"same (?:place|hotel|one) as (?:last|before|usual)|the usual|上次那家|上回那家|老地方|上次住的|上回住的",
            said.turn.text,
        )
        and not state.shown
    ):
        question = "请问上次住的是哪家？" if zh else "Which hotel was that, please?"
        asked = Clarification(question, "hotel")
        return replace(
            base, outcome=Outcome.CLARIFY, clarification=asked, outcome_reason="UNKNOWN_HOTEL"
        )
    return None


def _anaphoric_place(
    said: Recognised, places: PlaceReadings, state: DialogueState, lexicon: CatalogLexicon
) -> NearReading | None:
    cue = places.anaphoric
    if cue is None or places.near:
        return None
    if (
        said.turn.text[cue.start : cue.end]
        in ("这边", "那边", "那儿", "那片", "around", "by", "一带")
        and not places.named
    ):
        return None
    mention = place_meant(said, places, state)
    if mention is None:
        return None
    category = mention.category
    if category not in (
        None,
        PlaceCategory.ATTRACTION,
        PlaceCategory.RESTAURANT,
        PlaceCategory.STATION,
        PlaceCategory.OTHER,
        PlaceCategory.AREA,
    ):
        return None
    spans = (said.turn.span(cue.start, cue.end),)
    mention = replace(mention, spans=spans)
    return NearReading(cue.start, cue.end, mention, _listed(mention, lexicon), NEAR_KM)


def _implied_places(
    said: Recognised,
    places: PlaceReadings,
    near: list[NearReading],
    sorts: Sequence[SortKey],
    lexicon: CatalogLexicon,
) -> list[NearReading]:
    """Places named without a word of nearness, in a search: "国贸的酒店"."""
    if near or not places.named:
        return []
    found = []
    for start, end, mention in places.named:
        after = said.turn.text[end : end + 3]
        distance = any(k.field is Field.DISTANCE for k in sorts)
        if mention.category is PlaceCategory.STATION or after.startswith("的") or distance:
            found.append(NearReading(start, end, mention, _listed(mention, lexicon), NEAR_KM))
    return found


def _named_hotel(
    said: Recognised, near: list[NearReading], state: DialogueState, lexicon: CatalogLexicon
) -> Condition | None:
    """Return the condition of a named hotel; it overrides every other condition."""
    if near:
        return None
    for mention in said.hotels:
        spans = (said.turn.span(mention.start, mention.end),)
        records = resolve_hotel(mention, state, lexicon)
        if mention.whole or len(records) == 1:
            name = records[0].name if records else mention.name
            return Name(name, NameMatch.EXACT, spans)
        leaf = Name(mention.name, NameMatch.CONTAINS, spans)
        said.atoms.append(Atom(mention.start, mention.end, Field.NAME, leaf, mention.name))
    return None


def _in_force(
    said: Recognised, near: list[NearReading], state: DialogueState
) -> tuple[Condition | None, bool]:
    """Return the condition that this turn changes, and whether it was taken up again."""
    text = said.turn.text
    if not state.plans:
        return None, False
    if said.has("resume"):
        first = said.has("first_of_all")
        if first:
            return state.plans[0].condition, True
        if len(state.plans) > 1 and not said.atoms and not re.search(r"接着|继续", text):
            return state.plans[-2].condition, True
        return state.plans[-1].condition, True
    last = state.plans[-1]
    if _is_name(last.condition):
        earlier = [p for p in state.plans if not _is_name(p.condition)]
        last_condition = earlier[-1].condition if earlier else None
    else:
        last_condition = last.condition
    if _is_new_request(said, near, state):
        return None, False
    return last_condition, False


def _is_name(condition: Condition | None) -> bool:
    return isinstance(condition, Name) and condition.match is NameMatch.EXACT


def _is_new_request(said: Recognised, near: list[NearReading], state: DialogueState) -> bool:
    text = said.turn.text
    if said.has(
        "keep", "cheaper", "dearer", "better_rated", "other_than_shown", "correct", "closer"
    ):
        return bool(_FRESH.search(text)) and state.topic not in ("hotel", "")
    if _POINTS_BACK.search(text):
        return False
    if near and not said.atoms:
        return True
    if state.topic not in ("hotel", ""):
        return bool(_FRESH.search(text)) or bool(near)
    if state.pending is not None:
        return False
    if not text.isascii():
        return bool(_FRESH.search(text))
    return bool(_FRESH.search(text)) and bool(
        re.search(r"\b(?:also|another|else|different|next|then|finally|recommend)\b", text)
    )


def _pending_fields(state: DialogueState) -> list[Field]:
    known = {field.value: field for field in Field}
    assert state.pending is not None
    return [known[w] for w in state.pending.about.split(",") if w in known]


def _with_places(
    condition: Condition | None, mentions: tuple[PlaceMention, ...], last: QueryPlan | None
) -> tuple[Condition | None, tuple[PlaceMention, ...]]:
    """Carry over the places that conditions still in force point at, under new numbers."""
    if condition is None or last is None or not last.places:
        return condition, mentions
    used = {mention.id for mention in mentions}
    carried: dict[int, int] = {}
    kept = list(mentions)
    old = {mention.id: mention for mention in last.places}

    held = _near_ids(last.condition)

    def renumber(leaf: Condition) -> Condition:
        if not isinstance(leaf, Near) or leaf not in held:
            return leaf
        mention = old.get(leaf.place_id)
        if mention is None:
            return leaf
        if leaf.place_id not in carried:
            number = max(used, default=0) + 1
            used.add(number)
            carried[leaf.place_id] = number
            kept.append(replace(mention, id=number))
        return replace(leaf, place_id=carried[leaf.place_id])

    return map_leaves(condition, renumber), tuple(kept)


def _near_ids(condition: Condition | None) -> list[Near]:
    from services.plan.tree import leaves

    return [leaf for leaf in leaves(condition) if isinstance(leaf, Near)]


def _spanned(part: Part, said: Recognised) -> Part:
    """Put the guest's words on the conjunct they gave."""
    spans = tuple(said.turn.span(a.start, a.end) for a in part.atoms)
    by_leaf = {id(a.leaf): (said.turn.span(a.start, a.end),) for a in part.atoms}

    def mark(leaf: Condition) -> Condition:
        return replace(leaf, spans=by_leaf.get(id(leaf), leaf.spans))

    condition = map_leaves(part.condition, mark)
    if not condition.spans:
        condition = replace(condition, spans=spans)
    if isinstance(condition, All):
        condition = conjunction(conjuncts(condition)) or condition
    return Part(condition, part.atoms, part.strength)


# --- facts of a hotel --------------------------------------------------------------------------------
def _about(
    base: QueryPlan,
    said: Recognised,
    verdict: gate.Verdict,
    state: DialogueState,
    lexicon: CatalogLexicon,
) -> QueryPlan:
    references = referred(said, state, lexicon)
    shown = {hotel.hotel_id for hotel in state.shown}
    if not references:
        zh = base.language != "en"
        question = "请问您说的是哪家酒店？" if zh else "Which hotel do you mean?"
        return replace(
            base, outcome=Outcome.CLARIFY, clarification=Clarification(question, "hotel"),
            outcome_reason="UNKNOWN_HOTEL", requested_facts=verdict.facts,
        )  # fmt: skip
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
    if plan.outcome in (Outcome.SEARCH, Outcome.ABOUT_SHOWN):
        topic = "hotel"
        if picked:
            focus = picked[0].hotel_id
        elif plan.outcome is Outcome.SEARCH:
            focus = ""
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
        focus_places=(state.focus_places + named)[-MOST_PLACES:],
        topic=topic,
        pending=plan.clarification,
        turn_count=state.turn_count + 1,
    )


def _other_topic(said: Recognised, state: DialogueState) -> str:
    text = said.turn.text
    if gate._STRONG_TRANSPORT.search(text):
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


# --- what was not explained ----------------------------------------------------------------------------
def _unexplained(said: Recognised, places: PlaceReadings) -> tuple[Span, ...]:
    text = said.turn.text
    free = bytearray(b"\x01" * len(text))
    spans = [*said.covered, *((s, e) for s, e, _ in places.named)]
    spans += [(a.start, a.end) for a in said.atoms]
    for start, end in spans:
        free[start:end] = b"\x00" * (end - start)
    left = "".join(c if free[i] else " " for i, c in enumerate(text))
    return tuple(said.turn.span(*match.span()) for match in _CONTENT.finditer(left))[:16]
