"""One request in many sayings gives one plan."""

from __future__ import annotations

import pytest
import yaml

from services.plan.query_plan import QueryPlan
from tests.unit.query_understanding import cases, notation
from tests.unit.query_understanding.catalogue import catalogue
from tests.unit.query_understanding.speaking import say

BEIJING = catalogue("beijing")


def sayings() -> list[object]:
    found: list[object] = []
    table = yaml.safe_load((cases.HERE / "paraphrases.yaml").read_text(encoding="utf-8"))
    for first, *others in table:
        for other in others:
            found.append(pytest.param(first, other, id=other))
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
