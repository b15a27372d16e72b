"""Turns about the hotels shown: picked, pointed at, compared, refused."""

from __future__ import annotations

import re

from services.plan.condition import Field
from services.query_understanding.domain.asked_facts import CHECK, FACTS, NEAR_FACTS
from services.query_understanding.domain.recognised import Recognised
from services.query_understanding.domain.state import DialogueState

_PICKED = re.compile(
    r"(?:便宜|实惠|划算|贵|(?:评分|分|口碑|评价)(?:最|更)?(?:高|好))(?:的)?(?:那|这)(?:一)?(?:家|个)(?!附近|周边)"
    r"|the (?:cheap|pric|more exp|most exp|better[- ]rated|best[- ]rated|higher[- ]rated|highest[- ]rated)\w* one"
)
_NOTHING_MORE = re.compile(r"(?:那|就|我要|要|选|看看|呢|吧|嗯|好的?|[,，。.!！?？ ])*")


# "这两家哪个便宜": which of those on the screen.
_OF_SHOWN = re.compile(
    r"[这那](?:几|两|俩|三|些)(?:家|个|间)?|它们|(?:其|当|之)中|这里面"
    r"|\b(?:of|between|among|out of) (?:these|those|them|the (?:two|three))\b|\bwhich of (?:these|those|them)\b"
)
# "compare the first two", "前两家比一比"
FIRST_OF_SHOWN = re.compile(r"前(?P<zh>[两2三3])[家个]|\bfirst (?P<en>two|three)\b")
# Characters between a refusal and the place in the list that it refuses.
_BESIDE = 2
_REFUSALS = ("not_before", "not_after", "except_open", "other_than_shown", "drop")


def points_at_shown(said: Recognised, state: DialogueState) -> bool:
    """Tell whether hotels are pointed at by their place in the list, to be told of or taken."""
    return (
        bool(state.shown)
        and bool(said.ordinals())
        and not said.has(*_REFUSALS, "near_after", "near_before", "resume")
        and all(a.field in (Field.FACILITY, Field.ROOM_TYPE) for a in said.atoms)
    )


def refuses_shown(said: Recognised, state: DialogueState) -> bool:
    """Tell whether hotels of the list are not wanted: "不要第一家", "除了第一家还有吗"."""
    if not state.shown:
        return False
    refusals = said.of("not_before", "except_open")
    return any(
        any(0 <= ordinal.start - cue.end <= _BESIDE for cue in refusals)
        or any(0 <= cue.start - ordinal.end <= _BESIDE for cue in said.of("not_after"))
        for ordinal in said.ordinals()
    )


_THAN = re.compile(r"比第|\bthan the\b")


def compares_with_focus(said: Recognised, state: DialogueState) -> bool:
    """Tell whether the hotel under discussion is set against one of the list: "比第一家贵多少"."""
    ordinal = bool(said.ordinals())
    return ordinal and bool(state.focus_hotel_id) and _THAN.search(said.turn.text) is not None


def compares_shown(said: Recognised, state: DialogueState) -> Field | None:
    """Return what the hotels shown are compared by, `None` where they are not."""
    text = said.turn.text
    several = len({cue.start for cue in said.ordinals()}) > 1
    several = several or FIRST_OF_SHOWN.search(text) is not None or said.has("compare")
    several = several or compares_with_focus(said, state)
    # "苏州W酒店怎么样", "那香格里拉呢", "这两家哪个便宜": each was shown alone.
    known = max(len(state.shown), len(state.discussed))
    if known < 2 or not (several or _OF_SHOWN.search(text)) or said.atoms:
        return None
    by = next((field for field, cues in _COMPARED_BY if said.has(*cues)), None)
    return Field.DESCRIPTION if by is None and said.has("compare") else by


_COMPARED_BY = (
    (
        Field.PRICE,
        ("cheapest", "dearest", "cheaper", "dearer", "modest", "fact_price", "money_apart"),
    ),
    (
        Field.GUEST_RATING,
        ("best_rated", "worst_rated", "better_rated", "well_rated", "fact_rating"),
    ),
    (Field.STAR_RATING, ("most_stars", "more_stars", "fact_star")),
)


def picks_of_shown(said: Recognised) -> bool:
    """Tell whether one of the hotels shown is picked and asked about, or just named by its place."""
    text = said.turn.text
    ordinals = said.ordinals()
    if len({c.start for c in ordinals}) > 1 and said.has(
        "nearest", "cheapest", "dearest", "best_rated"
    ):
        return True
    if ordinals:
        rest = text[: ordinals[0].start] + text[ordinals[0].end :]
        return _NOTHING_MORE.fullmatch(rest) is not None
    if _PICKED.search(text):
        return bool(CHECK.search(text)) or said.has(*FACTS, *NEAR_FACTS)
    brands = [a for a in said.atoms if a.field is Field.BRAND]
    return (
        bool(brands)
        and len(brands) == len(said.atoms)
        and said.has(*FACTS)
        and not said.has("request")
    )
