"""Several turns, by the tables `dialogues_*.yaml`: the server's state and the client's history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any as Json

import pytest

from services.query_understanding.domain.state import DialogueState
from tests.unit.query_understanding import cases, notation
from tests.unit.query_understanding.catalogue import catalogue
from tests.unit.query_understanding.speaking import retold, say, spoken

TABLES = ("dialogues_zh.yaml", "dialogues_en.yaml")


@pytest.mark.parametrize("case", cases.dialogues(*TABLES))
def test_every_turn_gives_its_plan(case: Mapping[str, Json]) -> None:
    answers = spoken(case["turns"], catalogue(case.get("catalogue", "beijing")))
    for turn, (plan, _) in zip(case["turns"], answers, strict=True):
        assert cases.observed(plan, turn) == cases.expected(turn), turn["say"]


@pytest.mark.parametrize("case", cases.dialogues(*TABLES, marked=False))
def test_a_history_leads_where_the_servers_state_leads(case: Mapping[str, Json]) -> None:
    known = catalogue(case.get("catalogue", "beijing"))
    *before, last = case["turns"]
    server = spoken(before, known)[-1][1]
    client = retold(before, known)
    assert _matters(client) == _matters(server)
    by_client, _ = say(last["say"], known, client)
    by_server, _ = say(last["say"], known, server)
    assert cases.observed(by_client, last) == cases.observed(by_server, last)


def _matters(state: DialogueState) -> dict[str, Json]:
    return {
        "plans": [(plan.outcome, notation.words(notation.shape(plan))) for plan in state.plans],
        "shown": [hotel.hotel_id for hotel in state.shown],
        "topic": state.topic,
        "places": [place.name for place in state.focus_places],
        "turns": state.turn_count,
    }
