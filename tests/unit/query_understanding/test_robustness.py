"""What no wording may do: crash, point outside the words, change with fillers, lose a denial."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import FrameType
from typing import Any as Json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.plan.query_plan import Outcome, QueryPlan
from services.plan.wire import plan_from_pb, plan_to_pb
from services.query_understanding.domain.state import DialogueState
from services.query_understanding.domain.understand import understand
from services.text.fold import has_han
from tests.unit.query_understanding import cases, notation
from tests.unit.query_understanding.catalogue import (
    LEXEMES,
    VOCABULARY,
    catalogue,
    cue_words,
)
from tests.unit.query_understanding.speaking import say
from tests.unit.query_understanding.test_paraphrases import meaning

BEIJING = catalogue("beijing")
MOST_CHARS = 2_000

# What the rules do not yet read, by its filler or denial.
NOT_YET = {
    "除了带{}的酒店都行": ["早餐服务免费"],
}

# --- any input ------------------------------------------------------------------------------------
NAMES = ("天安门", "京华饭店", "王府井", "Hilton Wangjing", "三里屯", "国贸地铁站", "朝阳区")
AMOUNTS = (
    "500",
    "三百五",
    "4.5分",
    "1k",
    "两三百",
    "200-300元",
    "五星",
    "1公里",
    "二",
    "：",
    "7天",
)


def texts() -> st.SearchStrategy[str]:
    """Any characters; words that mean something in any order; one piece over and over."""
    anything = st.text(max_size=200)
    pieces = st.sampled_from(
        (*cue_words(), *NAMES, *AMOUNTS, "，", "。", " ", "\n", "\u202e", "😀")
    )
    jumbled = st.lists(pieces | st.text(max_size=3), max_size=40).map("".join)
    repeated = st.tuples(pieces | st.text(min_size=1, max_size=5), st.integers(1, 60)).map(
        lambda drawn: drawn[0] * drawn[1]
    )
    return (anything | jumbled | repeated).map(lambda text: text[:MOST_CHARS])


@settings(max_examples=300, deadline=None)
@given(st.lists(texts(), min_size=1, max_size=3))
def test_no_words_crash_it_and_its_spans_are_the_guests_words(turns: list[str]) -> None:
    state = None
    for text in turns:
        plan, state = say(text, BEIJING, state)
        assert plan_from_pb(plan_to_pb(plan)).outcome is plan.outcome
        for span in plan.unexplained:
            assert text[span.start : span.end] == span.text


# --- long input -----------------------------------------------------------------------------------
REPEATED = (
    "天安门附近", "除了朝阳", "没有", "五星级", "三百到五百，", "酒店最便宜一百", "那附近",
    "推荐一家叫", "国贸、", "near the hotel ", "not a pool or ", "x-", "within 1 km of ",
    "要么有泳池", "离天安门", "离",
)  # fmt: skip


@pytest.mark.parametrize("text", ["两公里以内", "走路能到的", "within 1 km", "近一点的"])
def test_a_state_that_does_not_name_its_places_harms_nothing(text: str) -> None:
    _, state = say("故宫附近的酒店", BEIJING)
    nameless = replace(state, plans=tuple(replace(plan, places=()) for plan in state.plans))
    plan, _ = understand(text, nameless, LEXEMES, BEIJING.lexicon)
    assert plan.outcome in (Outcome.SEARCH, Outcome.CHITCHAT)


@pytest.mark.parametrize("piece", REPEATED)
def test_work_grows_no_faster_than_the_text(piece: str) -> None:
    """Counted in steps of the interpreter, which regular expressions are no part of."""
    short = (piece * 400)[:400]
    assert steps(4 * short) <= 6 * steps(short)


def steps(text: str) -> int:
    """Return how many bytecodes reading a text takes."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Json:
        nonlocal count
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return trace

    say(text, BEIJING)
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        understand(text, DialogueState(), LEXEMES, BEIJING.lexicon)
    finally:
        sys.settrace(before)
    return count


# --- fillers and punctuation ----------------------------------------------------------------------
FILLERS_ZH = (
    "嗯，{}",
    "那个，{}",
    "请问一下，{}",
    "你好，{}",
    "{}，谢谢",
    "{}。",
    "{}！！",
    "  {}  ",
    "麻烦你，{}吧",
)
FILLERS_EN = (
    "um, {}", "hello, {}", "well, {}", "{}, please", "{}, thanks!", "{}...", "  {}  ", "ok so {}",
)  # fmt: skip


def plain_searches() -> Iterator[str]:
    for parameter in cases.single_turns("cases_zh.yaml", "cases_en.yaml"):
        case = parameter.values[0]
        if "must" in case and not {"catalogue", "outcome", "xfail"} & set(case):
            yield case["say"]


@pytest.mark.parametrize("filler", [*FILLERS_ZH, *FILLERS_EN])
def test_fillers_and_punctuation_change_nothing(filler: str) -> None:
    changed = [
        text
        for text in plain_searches()
        if has_han(text) is (filler in FILLERS_ZH)
        and meaning(say(filler.format(text), BEIJING)[0]) != meaning(say(text, BEIJING)[0])
    ]
    assert changed == NOT_YET.get(filler, [])


# --- order ----------------------------------------------------------------------------------------
CONDITIONS_ZH = (
    "有泳池",
    "五百以内",
    "在朝阳区",
    "评分4.5以上",
    "不要青旅",
    "四星级以上",
    "能停车",
    "天安门附近",
)
CONDITIONS_EN = (
    "with a pool", "under 500 yuan", "in Chaoyang", "rated at least 4.5", "with at least 4 stars",
    "without a bar", "near 三里屯",
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(CONDITIONS_ZH), min_size=2, max_size=5, unique=True), st.data())
def test_the_order_of_independent_conditions_does_not_count(
    conditions: list[str], data: st.DataObject
) -> None:
    other = data.draw(st.permutations(conditions))
    assert _listed("找家酒店，", "，", conditions) == _listed("找家酒店，", "，", other)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(CONDITIONS_EN), min_size=2, max_size=4, unique=True), st.data())
def test_the_order_of_independent_conditions_does_not_count_in_english(
    conditions: list[str], data: st.DataObject
) -> None:
    other = data.draw(st.permutations(conditions))
    assert _listed("find a hotel ", ", ", conditions) == _listed("find a hotel ", ", ", other)


def _listed(head: str, comma: str, conditions: Sequence[str]) -> str:
    plan, _ = say(head + comma.join(conditions), BEIJING)
    return notation.words(notation.normal_shape(plan))


# --- denial ---------------------------------------------------------------------------------------
DENIALS_ZH = (
    "酒店不要{}",
    "找家酒店，别带{}的",
    "不要有{}的酒店",
    "酒店，{}不要",
    "没有{}的酒店",
    "除了带{}的酒店都行",
)
DENIALS_EN = (
    "a hotel without {}", "a hotel with no {}", "find a hotel, but not one with {}",
    "a hotel that doesn't have {}",
)  # fmt: skip


@pytest.mark.parametrize("denial", [*DENIALS_ZH, *DENIALS_EN])
def test_what_is_denied_is_never_asked_for(denial: str) -> None:
    language = "zh" if denial in DENIALS_ZH else "en"
    asked_for = []
    for concept in VOCABULARY.section("facilities").values():
        plan, _ = say(denial.format(concept.labels[language]), BEIJING)
        if plan.outcome is Outcome.SEARCH and concept.id in _positive(plan):
            asked_for.append(concept.labels[language])
    assert asked_for == NOT_YET.get(denial, [])


def _positive(plan: QueryPlan) -> set[str]:
    """Return the leaves that must hold, in the notation."""
    open_shapes = [notation.normal_shape(plan)]
    found: set[str] = set()
    while open_shapes:
        shape = open_shapes.pop()
        if isinstance(shape, str):
            found.add(shape)
        elif shape is not None and shape[0] != "not":
            open_shapes.extend(shape[1])
    return found
