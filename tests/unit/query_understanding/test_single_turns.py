"""One turn without a past, by the tables `cases_*.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any as Json

import pytest

from services.query_understanding.domain.state import DialogueState
from services.query_understanding.domain.understand import understand
from tests.unit.query_understanding import cases
from tests.unit.query_understanding.catalogue import LEXEMES, catalogue


@pytest.mark.parametrize("case", cases.single_turns("cases_zh.yaml", "cases_en.yaml"))
def test_the_words_give_the_plan(case: Mapping[str, Json]) -> None:
    lexicon = catalogue(case.get("catalogue", "beijing")).lexicon
    plan, _ = understand(case["say"], DialogueState(), LEXEMES, lexicon)
    assert cases.observed(plan, case) == cases.expected(case)
