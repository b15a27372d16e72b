"""A turn that asks for hotels: its conditions and wishes as a change of the plan in force."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from services.plan.condition import (
    All,
    Condition,
    Field,
    Name,
    NameMatch,
    PlaceCategory,
    Term,
)
from services.plan.query_plan import (
    DeltaKind,
    Direction,
    PlanDelta,
    Preference,
    QueryPlan,
    SortKey,
    Trend,
)
from services.plan.tree import conjunction, conjuncts, leaves, map_leaves
from services.query_understanding.domain import gate, wishes
from services.query_understanding.domain.assemble import Part
from services.query_understanding.domain.catalog_names import CatalogLexicon
from services.query_understanding.domain.clause import family
from services.query_understanding.domain.compose import Composed, compose
from services.query_understanding.domain.continuation import (
    at_another_distance,
    in_force,
    moves,
    with_city,
    with_places,
)
from services.query_understanding.domain.deltas import fields_of, last_added, merge
from services.query_understanding.domain.heads import Heads
from services.query_understanding.domain.kinds import (
    any_house,
    as_the_other,
    settle_kind,
    two_kinds,
)
from services.query_understanding.domain.mention import Atom, Cue
from services.query_understanding.domain.near_phrases import HOTELS_EXIST, Anchor, Head
from services.query_understanding.domain.places import (
    DEICTIC,
    NEAR_KM,
    NearReading,
    PlaceReadings,
    listed_entries,
)
from services.query_understanding.domain.questions import question_back
from services.query_understanding.domain.recognised import Recognised
from services.query_understanding.domain.reference import (
    place_meant,
    referred,
    resolve_hotel,
    settled,
)
from services.query_understanding.domain.request_heads import requests
from services.query_understanding.domain.state import MOST_PLANS, DialogueState
from services.query_understanding.domain.told_elsewhere import alike

_MOST_KEYWORD_CHARS = 400


def search(
    base: QueryPlan,
    said: Recognised,
    places: PlaceReadings,
    state: DialogueState,
    lexicon: CatalogLexicon,
) -> tuple[QueryPlan, tuple[QueryPlan, ...]]:
    """Return the plan of a turn that asks for hotels, and the plans to remember."""
    settle_kind(said, state, lexicon)
    said.atoms = [*said.atoms, *alike(said, state)]
    unknown = question_back(base, said, places, state, lexicon)
    near = [_settled(reading, state, lexicon) for reading in places.near]
    anaphoric = at_another_distance(said, places, state)
    if anaphoric is None and unknown is None:
        anaphoric = _anaphoric_place(said, places, state, lexicon)
    if anaphoric is not None:
        near.append(anaphoric)
    named = _named_hotel(said, near, state, lexicon) if unknown is None else None
    sorts = wishes.sort_keys(said)
    if not sorts and said.has("closer") and places.named:
        sorts = (SortKey(Field.DISTANCE, Direction.ASCENDING),)  # "anything closer to the Bund?"
    moved = moves(said, places, state)
    if unknown is None:
        near += _implied_places(said, places, near, sorts, state, lexicon, moved=moved)
    before, resumed = in_force(said, near, state, moved=moved)
    mentions = tuple(
        replace(reading.mention, id=index) for index, reading in enumerate(near, start=1)
    )
    in_sort = {id(r) for r in near if sorts and any(k.field is Field.DISTANCE for k in sorts)}
    atoms = [
        reading.atom(index) for index, reading in enumerate(near, start=1)
        if id(reading) not in in_sort or reading.radius_km != NEAR_KM
    ]  # fmt: skip
    said.atoms = [*said.atoms, *atoms]
    said.atoms = [atom for atom in _of_hotels(said) if not _of_another_domain(atom, said.turn.text)]
    composed = compose(said.items(), said.turn.text, in_force=fields_of(before))
    hard = [_spanned(p, said) for p in composed.parts if p.strength != "wish"]
    soft = [_spanned(p, said) for p in composed.parts if p.strength == "wish"]
    if two_kinds(lexicon):
        hard = [replace(part, condition=as_the_other(part.condition)) for part in hard]
    if any_house(said, lexicon):
        composed.dropped_fields.append(Field.KIND)
    beyond_shown = wishes.relative(said, state, lexicon)
    hard += [Part(c, ()) for _, c in beyond_shown]
    if composed.waived_all and state.pending is not None:
        now = {family(atom.field) for part in composed.parts for atom in part.atoms}
        composed.waived += [
            f for f in _pending_fields(state) if f not in composed.waived and family(f) not in now
        ]
    condition, deltas = merge(before, hard, composed, last_added(state.plan))
    if before is None and not near and not said.has("restart"):
        condition = with_city(condition, state)
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
    condition, mentions = with_places(condition, mentions, last if continues else None)
    preferences = [Preference(part.condition, 0.6, part.condition.spans) for part in soft]
    # An order or a bound says it already: "再便宜点的" is cheaper than what was shown.
    settled_fields = {field for field, _ in beyond_shown} | {key.field for key in sorts}
    preferences += [
        wished
        for wished in wishes.trends(said, lexicon)
        if not (isinstance(wished.wish, Trend) and wished.wish.field in settled_fields)
    ]
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
        unneeded_facilities=_unneeded(composed, condition, last if continues else None),
        deltas=tuple(_worded(delta, said, composed.dropped) for delta in deltas),
        requested_facts=gate.requested_facts(said, Heads(said, places, state)) if named else (),
        shown_references=referred(said, state, lexicon)
        if named is not None and said.hotels
        else (),
    )
    if unknown is not None:
        # What else was asked for waits for the answer, which completes it.
        plan = replace(
            plan,
            outcome=unknown.outcome,
            clarification=unknown.clarification,
            outcome_reason=unknown.outcome_reason,
        )
    # The first request stays: guests go back to "what I said at the start".
    kept = state.plans if len(state.plans) < MOST_PLANS else (state.plans[0], *state.plans[2:])
    return plan, (*kept, plan)


def _unneeded(
    composed: Composed, condition: Condition | None, last: QueryPlan | None
) -> tuple[str, ...]:
    """Return the facilities that the guest can do without, earlier turns' first."""
    before = last.unneeded_facilities if last is not None else ()
    now = [
        value
        for atom in composed.unneeded
        if isinstance(atom.leaf, Term) and atom.leaf.field is Field.FACILITY
        for value in atom.leaf.values
    ]
    asked = {
        value
        for leaf in leaves(condition)
        if isinstance(leaf, Term) and leaf.field is Field.FACILITY
        for value in leaf.values
    }
    return tuple(value for value in dict.fromkeys((*before, *now)) if value not in asked)


# The words that cause a change which no condition of the turn carries.
_CAUSES = {
    DeltaKind.DROP: ("drop", "widen", "correct"),
    DeltaKind.WAIVE: ("waive",),
    DeltaKind.RESUME: ("resume",),
    DeltaKind.RESET: ("new_request", "request"),
}


def _worded(delta: PlanDelta, said: Recognised, dropped: Sequence[Atom]) -> PlanDelta:
    """Put the words on a change that caused it."""
    if delta.spans:
        return delta
    found = [(c.start, c.end) for c in said.of(*_CAUSES.get(delta.kind, ()))]
    if delta.kind is DeltaKind.DROP:
        found += [(a.start, a.end) for a in dropped if a.field is delta.field]
    spans = tuple(said.turn.span(start, end) for start, end in sorted(set(found)))
    return replace(delta, spans=spans or (said.turn.span(0, len(said.turn.text)),))


def _of_hotels(said: Recognised) -> list[Atom]:
    """Leave out the conditions of what else is requested: "找家4.5分以上的餐馆，周边有酒店吗"."""
    elsewhere = bytearray(len(said.turn.text) + 1)
    for request in requests(said):
        if request.head is not Head.HOTEL:
            elsewhere[request.start : request.end] = b"\x01" * (request.end - request.start)
    return [a for a in said.atoms if a.field is Field.NEARBY or not elsewhere[a.start]]


_STAYS = re.compile(r"(?:左右|上下|以内|以下)?(?:能|可以|就能)?的?(?:住|酒店|宾馆|民宿|房)")


def _of_another_domain(atom: Atom, text: str) -> bool:
    """A meal's price or a ticket's is no room's: "人均150元的餐馆，周边有酒店没"."""
    if atom.field not in (Field.PRICE, Field.GUEST_RATING):
        return False
    before = text[max(0, atom.start - 10) : atom.start]
    if _STAYS.match(text, atom.end):
        return False  # "人均200能住的"
    return (
        re.search(
            r"(?<!预算)人均(?!预算)|门票|票价|per[- ]person|entrance|ticket|admission|fee of",
            before,
        )
        is not None
    )


def _settled(reading: NearReading, state: DialogueState, lexicon: CatalogLexicon) -> NearReading:
    mention = settled(reading.mention, state, lexicon)
    if mention is reading.mention:
        return reading
    return replace(reading, mention=mention, listed=listed_entries(mention, lexicon))


def _hotels_exist(said: Recognised, places: PlaceReadings, state: DialogueState) -> Cue | None:
    """Find "那有什么酒店么", said of the place under discussion without a word of nearness."""
    elsewhere = state.topic in ("attraction", "restaurant") and state.focus_places
    if not elsewhere or places.phrases or said.atoms or requests(said):
        return None
    found = HOTELS_EXIST.search(said.turn.text)
    return Cue(found.start(), found.end(), "near_after") if found is not None else None


def _anaphoric_place(
    said: Recognised, places: PlaceReadings, state: DialogueState, lexicon: CatalogLexicon
) -> NearReading | None:
    cue = places.anaphoric or _hotels_exist(said, places, state)
    if cue is None or places.near or (said.has("waive") and said.has("field_distance")):
        return None
    phrase = next((p for p in places.phrases if p.cue == cue), None)
    said_near = said.turn.text[cue.start : cue.end]
    if said_near in DEICTIC and not places.named:
        return None
    if phrase is None and said_near in ("around", "by", "一带") and not places.named:
        return None
    if phrase is not None and phrase.anchor is Anchor.HOTEL:
        return None
    mention = place_meant(said, places, state, phrase)
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
    return NearReading(cue.start, cue.end, mention, listed_entries(mention, lexicon), NEAR_KM)


# "去外滩玩，住哪里方便": near what is visited.
_WHERE_TO_STAY = re.compile(
    r"住(?:在)?(?:哪|什么地方|啥地方)|\bwhere (?:should|do|can|could|would) (?:i|we|you) (?:recommend )?(?:stay|sleep)"
)


def _implied_places(
    said: Recognised,
    places: PlaceReadings,
    near: list[NearReading],
    sorts: Sequence[SortKey],
    state: DialogueState,
    lexicon: CatalogLexicon,
    *,
    moved: bool,
) -> list[NearReading]:
    """Places named without a word of nearness, in a search: "国贸的酒店", or as an answer: "国贸"."""
    if near or not places.named:
        return []
    found = []
    for start, end, mention in places.named:
        after = said.turn.text[end : end + 3].lstrip("上里内边旁畔")
        distance = any(k.field is Field.DISTANCE for k in sorts)
        station = mention.category is PlaceCategory.STATION
        visited = _WHERE_TO_STAY.search(said.turn.text) is not None
        if station or after.startswith("的") or distance or state.asked_where or moved or visited:
            found.append(
                NearReading(start, end, mention, listed_entries(mention, lexicon), NEAR_KM)
            )
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


def _pending_fields(state: DialogueState) -> list[Field]:
    known = {field.value: field for field in Field}
    assert state.pending is not None
    return [known[w] for w in state.pending.about.split(",") if w in known]


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
    return replace(part, condition=condition)
