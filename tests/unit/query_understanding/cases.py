"""The tables of cases: what they may say, and how a plan is read to be compared with them.

Keys of an expectation:

| key | what it expects |
|---|---|
| outcome | `search` when left out |
| reason | the outcome's reason; anything when left out |
| must | the condition, in the notation of `notation.py`; none when left out |
| sort | keys in order, `price low`, `guest_rating high`; none when left out |
| count | how many hotels are asked for; none when left out |
| wish | wishes, as conditions or `price low`; none when left out |
| facts | fields asked for; none when left out |
| refers | hotels pointed at; anything when left out |
| waived | fields that do not matter; anything when left out |
| unneeded | facilities the guest can do without; anything when left out |
| changes | kinds of change; anything when left out |
| unexplained | words that matter and stay unexplained; anything when left out |

A case has `say` (or `turns`, each with its `say`), may name its `catalogue`, and `xfail: reason`
says what the rules do not yet read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any as Json

import pytest
import yaml

from services.plan.condition import Condition
from services.plan.query_plan import Direction, Outcome, Preference, QueryPlan, SortKey, Trend
from tests.unit.query_understanding import notation

HERE = Path(__file__).parent
_EXPECTATIONS = frozenset(
    ("outcome", "reason", "must", "sort", "count", "wish", "facts", "refers", "waived", "changes")
) | {"unexplained", "unneeded"}
_CASE = _EXPECTATIONS | {"say", "catalogue", "xfail"}
_TURN = _EXPECTATIONS | {"say", "shown"}
_DIALOGUE = frozenset({"turns", "catalogue", "xfail"})


def single_turns(*files: str) -> list[Json]:
    """Return the cases of one turn as parameters for pytest."""
    found = []
    for topic, case in _entries(files):
        _known(case, _CASE)
        found.append(_parameter(case, f"{topic}: {case['say']}"))
    return found


def dialogues(*files: str, marked: bool = True) -> list[Json]:
    """Return the cases of several turns as parameters for pytest; `marked`: xfail where said."""
    found = []
    for topic, case in _entries(files):
        _known(case, _DIALOGUE)
        for turn in case["turns"]:
            _known(turn, _TURN)
        title = f"{topic}: {' / '.join(turn['say'] for turn in case['turns'])}"
        found.append(_parameter(case if marked else {**case, "xfail": None}, title))
    return found


def expected(case: Mapping[str, Json]) -> dict[str, Json]:
    """Return what a case expects, spelled out."""
    must = case.get("must")
    found: dict[str, Json] = {
        "outcome": case.get("outcome", "search"),
        "must": notation.words(notation.parse(must) if must is not None else None),
        "sort": case.get("sort", []),
        "count": case.get("count"),
        "wish": sorted(_wish_words(wish) for wish in case.get("wish", ())),
        "facts": case.get("facts", []),
    }
    found |= {
        key: case[key]
        for key in ("reason", "refers", "waived", "unneeded", "changes", "unexplained")
        if key in case
    }
    return found


def observed(plan: QueryPlan, case: Mapping[str, Json]) -> dict[str, Json]:
    """Return the same of a plan."""
    # A question back carries what else was asked for.
    searched = plan.outcome in (Outcome.SEARCH, Outcome.CLARIFY)
    found: dict[str, Json] = {
        "outcome": plan.outcome.value,
        "must": notation.words(notation.shape(plan) if searched else None),
        "sort": [_order(key) for key in plan.sort] if searched else [],
        "count": plan.count,
        "wish": wishes(plan) if searched else [],
        "facts": [fact.field.value for fact in plan.requested_facts],
    }
    also = {
        "reason": plan.outcome_reason,
        "refers": [reference.hotel_id for reference in plan.shown_references],
        "waived": [field.value for field in plan.waived],
        "unneeded": [*plan.unneeded_facilities],
        "changes": [delta.kind.value for delta in plan.deltas],
        "unexplained": [span.text for span in plan.unexplained],
    }
    return found | {key: value for key, value in also.items() if key in case}


def wishes(plan: QueryPlan) -> list[str]:
    """Return the wishes of a plan, in order of their letters."""
    places = notation.place_names(plan)
    return sorted(_preference(preference, places) for preference in plan.preferences)


def _entries(files: tuple[str, ...]) -> Iterator[tuple[str, Mapping[str, Json]]]:
    for file in files:
        topics = yaml.safe_load((HERE / file).read_text(encoding="utf-8"))
        for topic, cases in topics.items():
            for case in cases:
                yield topic, case


def _parameter(case: Mapping[str, Json], title: str) -> Json:
    reason = case.get("xfail")
    marks = pytest.mark.xfail(strict=True, reason=reason) if reason is not None else ()
    return pytest.param(case, id=title, marks=marks)


def _known(case: Mapping[str, Json], keys: frozenset[str]) -> None:
    unknown = set(case) - keys
    assert not unknown, f"{case}: unknown keys {unknown}"


def _wish_words(wish: str) -> str:
    return wish if wish.endswith((" low", " high")) else notation.words(notation.parse(wish))


def _preference(preference: Preference, places: Mapping[int, str]) -> str:
    wish: Condition | Trend = preference.wish
    if isinstance(wish, Trend):
        return f"{wish.field.value} {_end(wish.direction)}"
    return notation.words(notation.shape_of(wish, places))


def _order(key: SortKey) -> str:
    return f"{key.field.value} {_end(key.direction)}"


def _end(direction: Direction) -> str:
    return "low" if direction is Direction.ASCENDING else "high"
