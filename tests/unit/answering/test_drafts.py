"""What a model wrote becomes sentences with citations."""

from __future__ import annotations

import pytest

from services.answering.domain.drafts import DraftReader
from services.plan.condition import Field
from services.plan.query_plan import Outcome
from tests.unit.answering.records import LAKE, TOWER, VOCABULARY, task

READER = DraftReader(task(records=(LAKE, TOWER), total=2, km=1.234), VOCABULARY)
ENGLISH = DraftReader(task(Outcome.ABOUT_SHOWN, language="en", records=(LAKE,)), VOCABULARY)


@pytest.mark.parametrize(
    ("line", "texts"),
    [
        ("", []),
        ("-", []),
        ("  \t", []),
        (
            "湖畔云庭酒店每晚480元。[1] 江城铂悦大厦有酒吧。[2]",
            ["湖畔云庭酒店每晚480元。", "江城铂悦大厦有酒吧。"],
        ),
        ("它说“您好。”然后走了。", ["它说“您好。”", "然后走了。"]),
        ("- **Bold** words <b>here</b>", ["Bold words here"]),
        ("2. Rated 4.6 out of 5.", ["Rated 4.6 out of 5."]),
        (
            "It costs 480 yuan [1]. The pool is indoors [1].",
            ["It costs 480 yuan.", "The pool is indoors."],
        ),
        ("It is near St. Regis Road.", ["It is near St. Regis Road."]),
        ("4.6 points. Good", ["4.6 points.", "Good"]),
        ("see http://evil.example now", ["see now"]),
    ],
)
def test_a_line_is_cut_into_plain_sentences(line: str, texts: list[str]) -> None:
    assert [sentence.text for sentence in READER.sentences(line)] == texts


def cited(reader: DraftReader, line: str) -> list[tuple[str, Field, str, tuple[str, ...], str]]:
    return [
        (c.hotel_id, c.field, c.claim, c.values, c.asked_value)
        for sentence in reader.sentences(line)
        for c in sentence.citations
    ]


def test_a_hotel_that_is_named_is_cited_with_the_values_repeated() -> None:
    assert cited(READER, "湖畔雲庭酒店(東湖店)每晚480元，評分4.6，设有健身房。") == [
        ("lake", Field.NAME, "湖畔雲庭酒店(東湖店)", ("湖畔云庭酒店(东湖店)",), ""),
        ("lake", Field.PRICE, "480", ("480 CNY",), ""),
        ("lake", Field.GUEST_RATING, "4.6", ("4.6",), ""),
        ("lake", Field.FACILITY, "健身房", ("健身房",), "gym"),
    ]


def test_a_number_in_brackets_cites_a_hotel_that_is_not_named() -> None:
    assert cited(READER, "它距天坛1.2公里。[1]") == [
        ("lake", Field.NAME, "它距天坛1.2公里。", ("湖畔云庭酒店(东湖店)",), ""),
        ("lake", Field.DISTANCE, "天坛", ("1.2 km",), "天坛"),
    ]


@pytest.mark.parametrize("line", ["每晚480元。", "每晚480元。[3]", "每晚480元。[0]"])
def test_values_of_no_hotel_are_not_cited(line: str) -> None:
    assert cited(READER, line) == []


def test_a_number_inside_another_is_not_the_value() -> None:
    line = "Lakeside Cloud Hotel costs 1480 yuan and has 4.65 of something."
    assert [field for _, field, *_ in cited(ENGLISH, line)] == [Field.NAME]


def test_the_short_name_in_another_language_cites_the_name() -> None:
    assert cited(ENGLISH, "The LAKESIDE Cloud hotel is fine.") == [
        ("lake", Field.NAME, "LAKESIDE Cloud hotel", ("Lakeside Cloud Hotel (East Lake)",), "")
    ]
