"""Which plan a turn changes: the last, an earlier one taken up again, or none: a new request."""

from __future__ import annotations

import re
from dataclasses import replace

from services.plan.condition import Condition, Field, Name, NameMatch, Near, Term
from services.plan.query_plan import PlaceMention, QueryPlan
from services.plan.tree import conjunction, conjuncts, leaves, map_leaves
from services.query_understanding.domain.deltas import fields_of
from services.query_understanding.domain.places import NearReading, PlaceReadings, distance_said
from services.query_understanding.domain.recognised import Recognised
from services.query_understanding.domain.state import DialogueState

_FRESH = re.compile(
    r"(?:帮我|给我|帮忙|帮我们|再)(?:再)?(?:找|推荐|安排|介绍|订)(?:一下)?(?:个|一个|一家|家|间)|"
    r"(?:找|推荐|订|预订|预定|安排|介绍|选|住|去|要|有没有|有)(?:一下|下)?(?:一|个|家|间|两|几|好一点)?[^。！？]{0,60}(?:酒店|宾馆|住宿|住处|旅馆)|"
    r"\b(?:find|looking for|recommend|need|want|book|suggest|live in|stay in|go to|is there|are there|like)\b[^.?!]{0,40}?\b(?:an?|another|one|some|any)\b[^.?!]{0,60}\b(?:hotel|hotels|accommodation|place to stay)\b"
)
_ANEW = re.compile(r"\b(?:also|another|else|different|next|then|finally|recommend)\b")
_POINTS_BACK = re.compile(
    r"这些|这几|这两|那些|那几|其中|里面|里边|当中|哪家|哪个|这俩|these|those|of them|which one"
)


_GO_BACK = re.compile(
    r"(?:刚才|刚刚|之前|前面|先前|最早)[^,，。]{0,8}?那(?:个|家|些|次|边)|\b(?:go(?:ing)? )?back to (?:the|my)\b"
)


def in_force(
    said: Recognised, near: list[NearReading], state: DialogueState, *, moved: bool
) -> tuple[Condition | None, bool]:
    """Return the condition that this turn changes, and whether it was taken up again.

    Args:
        said: The mentions.
        near: The places that hotels are to be near to.
        state: What was before.
        moved: The turn only puts another place where the last plan had one.
    """
    text = said.turn.text
    if not state.plans:
        return None, False
    if said.has("restart"):
        return None, False
    meant = _gone_back_to(said, state)
    if meant is not None:
        return meant.condition, True
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
    if not moved and _is_new_request(said, near, state):
        return None, False
    return last_condition, False


def _gone_back_to(said: Recognised, state: DialogueState) -> QueryPlan | None:
    """Return the latest earlier plan of an area named with words that go back: "刚才成都那个"."""
    if not (said.has("resume") or _GO_BACK.search(said.turn.text)):
        return None
    named = _areas(*(atom.leaf for atom in said.atoms))
    earlier = reversed(state.plans[:-1])
    return next((plan for plan in earlier if named & _areas(*leaves(plan.condition))), None)


def _areas(*conditions: Condition) -> set[tuple[Field, tuple[str, ...]]]:
    terms = [leaf for leaf in conditions if isinstance(leaf, Term)]
    return {(t.field, t.values) for t in terms if t.field in (Field.CITY, Field.DISTRICT)}


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
    asked_back = state.pending is not None and state.plans[-1].clarification is not None
    if asked_back or state.asked_where:
        return bool(_FRESH.search(text))  # what answers the question back completes the request
    if near and not said.atoms:
        # "near the Bund" says where, after all that was said before; "有什么酒店" asks anew.
        return state.topic != "hotel" or said.has("hotel_word") or bool(_FRESH.search(text))
    if state.topic not in ("hotel", ""):
        return bool(_FRESH.search(text)) or bool(near)
    if state.pending is not None:
        return False
    if not _FRESH.search(text):
        return False
    # Hotels were only asked after beside a place: a request with conditions is the first.
    beside_a_place = isinstance(state.plans[-1].condition, Near) and bool(said.atoms)
    return not text.isascii() or beside_a_place or _ANEW.search(text) is not None


# "换成人民广场", "还是外滩吧", "the Bund instead".
_INSTEAD_ZH = re.compile(r"(?:换成?|改成?|换到|改到|还是|就)(?:在|去|住|要|到)?$")
_INSTEAD_EN = re.compile(
    r"\b(?:make it|change (?:it |that )?to|switch to|go (?:back )?to|rather|actually|instead of that)(?: the| near)? $"
)


def moves(said: Recognised, places: PlaceReadings, state: DialogueState) -> bool:
    """Tell whether the words put another place where the last plan had one."""
    last = state.plan.condition if state.plan is not None else None
    if state.topic != "hotel" or places.near or not places.named or said.atoms:
        return False
    if not any(isinstance(leaf, Near) for leaf in leaves(last)):
        return False
    text = said.turn.text
    start, end, _ = places.named[0]
    return bool(
        _INSTEAD_ZH.search(text, 0, start)
        or _INSTEAD_EN.search(text, 0, start)
        or re.match(r" instead\b", text[end:])
    )


def at_another_distance(
    said: Recognised, places: PlaceReadings, state: DialogueState
) -> NearReading | None:
    """Return the place of the plan in force with the distance said alone: "两公里以内"."""
    last = state.plan
    if last is None or state.topic != "hotel" or places.near or places.named:
        return None
    near = [leaf for leaf in leaves(last.condition) if isinstance(leaf, Near)]
    radius_km = distance_said(said)
    if len(near) != 1 or radius_km is None:
        return None
    # A client's own state may tell of a place and not name it.
    mention = next((m for m in last.places if m.id == near[0].place_id), None)
    if mention is None:
        return None
    at = said.radii[0] if said.radii else said.of("walk")[0]
    mention = replace(mention, spans=(*mention.spans, said.turn.span(at.start, at.end)))
    return NearReading(at.start, at.end, mention, near[0].listed, radius_km)


def with_city(condition: Condition | None, state: DialogueState) -> Condition | None:
    """Keep the city of the last plan in a new request that names neither a city nor a place."""
    last = state.plan.condition if state.plan is not None else None
    if any(isinstance(leaf, Term) and leaf.field is Field.CITY for leaf in leaves(condition)):
        return condition
    city = [part for part in conjuncts(last) if fields_of(part) == {Field.CITY}]
    return conjunction((*city, *conjuncts(condition)))


def with_places(
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
    return [leaf for leaf in leaves(condition) if isinstance(leaf, Near)]
