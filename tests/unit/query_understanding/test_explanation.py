"""An explanation says of each word what it was taken for, and by what."""

from __future__ import annotations

from services.plan.condition import Span
from services.query_understanding.domain.cascade import Turn
from services.query_understanding.domain.explanation import Explanation, explain
from services.query_understanding.domain.proposal import Hint
from services.query_understanding.domain.state import DialogueState
from tests.unit.query_understanding.catalogue import LEXEMES, catalogue

BEIJING = catalogue("beijing")


def explained(text: str, *hints: Hint) -> Explanation:
    turn = Turn(text, DialogueState(), "", LEXEMES, BEIJING.lexicon)
    return explain(turn, turn.read(hints))


def told(explanation: Explanation) -> set[tuple[str, str, str]]:
    return {(word.span.text, word.meaning, word.source) for word in explanation.words}


def test_conditions_say_where_they_come_from() -> None:
    found = told(explained("朝阳区五百以内带泳池的酒店，我奶奶坐轮椅，三里屯附近"))
    assert ("泳池", "facility pool", "vocabulary") in found
    assert ("五百以内", "price ..500", "number") in found
    assert ("轮椅", "facility accessible", "need") in found or (
        "坐轮椅", "facility accessible", "need"
    ) in found  # fmt: skip
    assert ("三里屯", "三里屯", "place") in found


def test_words_that_steer_are_named_by_their_class() -> None:
    assert ("不要", "not_before, not_after", "cues") in told(explained("不要青旅的酒店"))


def test_a_models_reading_is_told() -> None:
    hint = Hint(Span(1, 3, "灶台"), "facilities", "kitchen")
    assert ("灶台", "facility kitchen", "model") in told(explained("带灶台的酒店", hint))


def test_the_gates_signs_and_the_time_of_each_step_are_told() -> None:
    explanation = explained("帮我叫一辆出租车")
    assert "transport" in explanation.signs
    assert list(explanation.took_s) == ["fold", "recognise", "places", "heads", "whole turn"]
    assert all(took_s >= 0 for took_s in explanation.took_s.values())
