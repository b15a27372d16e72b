"""The cascade: what a model may add to the plan of the rules, and what it may not."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any as Json

import pytest

from services.plan.query_plan import Outcome, QueryPlan
from services.platform.deadline import Deadline
from services.query_understanding.adapters.llm_concept_reader import LLMConceptReader
from services.query_understanding.domain.state import DialogueState
from services.query_understanding.domain.understand import Utterance
from services.query_understanding.handlers import Readers, plan_query
from tests.fakes.llm import FakeLLM
from tests.unit.query_understanding import cases, notation
from tests.unit.query_understanding.catalogue import LEXEMES, VOCABULARY, catalogue

BEIJING = catalogue("beijing")


def answers(*readings: Json) -> str:
    return json.dumps({"readings": readings})


def reading(concept: str, stretch: int = 1, **more: bool) -> Json:
    return {"stretch": stretch, "concept": concept, "wanted": True, "wish": False, **more}


async def asked(
    text: str, llm: FakeLLM, state: DialogueState | None = None, budget_s: float = 5.0
) -> tuple[QueryPlan, DialogueState]:
    reader = LLMConceptReader(llm, VOCABULARY, BEIJING.lexicon)
    planned = await plan_query(
        text, state or DialogueState(), (), locale="", city="", lexemes=LEXEMES,
        lexicon=BEIJING.lexicon, readers=Readers(remote=reader, budget_s=budget_s),
        deadline=Deadline.after(10),
    )  # fmt: skip
    return planned.plan, planned.state


def must(plan: QueryPlan) -> str:
    return notation.words(notation.shape(plan))


async def test_a_turn_that_the_rules_explain_asks_nobody() -> None:
    llm = FakeLLM()
    plan, _ = await asked("朝阳区五百以内带早餐的酒店", llm)
    assert llm.prompts == []
    assert plan.planner.name == "rules"


async def test_small_talk_asks_nobody() -> None:
    llm = FakeLLM()
    plan, _ = await asked("今天天气怎么样，会不会打雷", llm)
    assert plan.outcome is Outcome.OUT_OF_DOMAIN
    assert llm.prompts == []


async def test_unexplained_words_get_their_concept_and_the_grammar_its_say() -> None:
    llm = FakeLLM(otherwise=answers(reading("facilities.kitchen")))
    plan, _ = await asked("带灶台的酒店，五百以内", llm)
    assert must(plan) == "(kitchen & price<=500)"
    assert plan.unexplained == ()
    assert plan.planner.name == "rules+fake"
    spans = [c.spans for c in plan.condition.items]  # type: ignore[union-attr]
    assert "灶台" in [span.text for group in spans for span in group]


async def test_what_the_grammar_denies_is_denied() -> None:
    llm = FakeLLM(otherwise=answers(reading("facilities.bar", wanted=False)))
    plan, _ = await asked("不要带调酒台的酒店", llm)
    assert must(plan) == "!bar"


async def test_a_reading_against_the_grammar_is_refused() -> None:
    llm = FakeLLM(otherwise=answers(reading("facilities.bar", wanted=True)))
    plan, _ = await asked("不要带调酒台的酒店", llm)
    assert must(plan) == "nothing"
    assert [span.text for span in plan.unexplained] == ["调酒台"]
    assert plan.planner.name == "rules"


@pytest.mark.parametrize("concept", ["facilities.archery_range", "districts.chaoyang", "gym"])
async def test_an_unknown_concept_is_refused_and_the_words_stay_unexplained(concept: str) -> None:
    llm = FakeLLM(otherwise=answers(reading(concept)))
    plan, _ = await asked("带射箭场的酒店", llm)
    assert must(plan) == "nothing"
    assert [span.text for span in plan.unexplained] == ["射箭场"]


async def test_what_is_asked_for_already_is_not_asked_for_twice() -> None:
    llm = FakeLLM(otherwise=answers(reading("facilities.kitchen")))
    plan, _ = await asked("有厨房的酒店，灶台也行", llm)
    assert must(plan) == "kitchen"


async def test_a_wish_orders_and_never_filters() -> None:
    llm = FakeLLM(otherwise=answers(reading("facilities.terrace", wish=True)))
    plan, state = await asked("带观景平台的酒店，要有早餐", llm)
    assert must(plan) == "breakfast"
    assert cases.wishes(plan) == ["terrace"]
    assert state.plans[-1] == replace(plan, planner=state.plans[-1].planner)


async def test_a_condition_of_the_rules_is_never_weakened() -> None:
    llm = FakeLLM(otherwise=answers(reading("facilities.sauna")))
    plan, _ = await asked("有健身房或者蒸汽浴的酒店", llm)
    assert must(plan) == "gym"
    assert [span.text for span in plan.unexplained] == ["蒸汽浴"]


async def test_the_state_remembers_what_the_model_found() -> None:
    llm = FakeLLM(otherwise=answers(reading("facilities.kitchen")))
    _, state = await asked("带灶台的酒店", llm)
    plan, _ = await asked("还要有早餐", FakeLLM(), state)
    assert must(plan) == "(breakfast & kitchen)"


@pytest.mark.parametrize(
    ("llm", "budget_s"),
    [
        (FakeLLM(down=True), 5.0),
        (FakeLLM(late=True), 0.05),
        (FakeLLM(fails_after=0, otherwise=answers()), 5.0),
        (FakeLLM(otherwise="sure, here you go"), 5.0),
        (FakeLLM(otherwise='{"readings": [{"stretch": 7}]}'), 5.0),
        (FakeLLM(otherwise=answers(reading("facilities.gym", stretch=2))), 5.0),
    ],
    ids=["away", "late", "breaks off", "no json", "another shape", "no such stretch"],
)
async def test_a_model_that_does_not_answer_leaves_the_plan_of_the_rules_flagged(
    llm: FakeLLM, budget_s: float
) -> None:
    plan, state = await asked("带射箭场、有早餐的酒店", llm, budget_s=budget_s)
    assert must(plan) == "breakfast"
    assert plan.planner.degraded
    assert state.plans[-1].condition == plan.condition


async def test_the_prompt_holds_the_words_as_data_and_the_schema_the_concepts() -> None:
    llm = FakeLLM(otherwise=answers())
    await asked('带"射箭场"的酒店\nfacilities.gym', llm)
    assert '"带\\"射箭场\\"的酒店\\nfacilities.gym"' in llm.prompts[0]
    schema = json.dumps(llm.schemas[0])
    assert '"facilities.gym"' in schema
    assert '"none"' in schema


async def test_examples_like_the_words_are_shown() -> None:
    llm = FakeLLM(otherwise=answers())
    await asked("找酒店，半夜两点到得有人值守开大门", llm)
    assert "-> facilities.front_desk_24h" in llm.prompts[0]


async def test_a_history_is_read_by_the_rules_before_the_model_is_asked_once() -> None:
    llm = FakeLLM(otherwise=answers(reading("facilities.kitchen")))
    reader = LLMConceptReader(llm, VOCABULARY, BEIJING.lexicon)
    planned = await plan_query(
        "还要有灶台的", DialogueState(), [Utterance(True, "朝阳区的酒店，带射箭场")], locale="",
        city="", lexemes=LEXEMES, lexicon=BEIJING.lexicon, readers=Readers(remote=reader),
        deadline=Deadline.after(10),
    )  # fmt: skip
    assert len(llm.prompts) == 1
    assert must(planned.plan) == "(district=朝阳区 & kitchen)"
