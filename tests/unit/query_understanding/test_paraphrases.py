"""One request in many sayings gives one plan."""

from __future__ import annotations

import pytest
import yaml

from services.plan.query_plan import QueryPlan
from tests.unit.query_understanding import cases, notation
from tests.unit.query_understanding.catalogue import catalogue
from tests.unit.query_understanding.speaking import say

BEIJING = catalogue("beijing")
# What the rules do not yet read, by its saying.
NOT_YET = {
    "靠近天安门的酒店": "a place no list has, after the word of nearness",
    "a hotel near 天安门": "a place in Chinese that no list has, in an English sentence",
    "a hotel close to 天安门": "a place in Chinese that no list has, in an English sentence",
    "价格最低的三家酒店": "最低 before a number is read as a bound",
}


def sayings() -> list[object]:
    found: list[object] = []
    table = yaml.safe_load((cases.HERE / "paraphrases.yaml").read_text(encoding="utf-8"))
    for first, *others in table:
        for other in others:
            marks = pytest.mark.xfail(reason=NOT_YET[other]) if other in NOT_YET else ()
            found.append(pytest.param(first, other, id=other, marks=marks))
    return found


@pytest.mark.parametrize(("first", "other"), sayings())
def test_another_way_of_saying_it_gives_the_same_plan(first: str, other: str) -> None:
    assert meaning(say(other, BEIJING)[0]) == meaning(say(first, BEIJING)[0])


def meaning(plan: QueryPlan) -> tuple[object, ...]:
    """Return what a plan asks for, free of words, language and order."""
    return (
        plan.outcome,
        notation.words(notation.normal_shape(plan)),
        frozenset(cases.wishes(plan)),
        plan.sort,
        plan.count,
    )
