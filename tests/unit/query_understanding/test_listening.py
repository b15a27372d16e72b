"""What the assistant's own turns in a history say of hotels: what is shown, and what is meant."""

from __future__ import annotations

import pytest

from services.query_understanding.domain.listen import listen
from services.query_understanding.domain.state import DialogueState
from tests.unit.query_understanding.catalogue import LEXEMES, catalogue


def heard(text: str, name: str, *shown: str, topic: str = "hotel") -> DialogueState:
    known = catalogue(name)
    state = DialogueState(shown=known.shown(list(shown)), topic=topic)
    return listen(text, state, LEXEMES, known.lexicon)


@pytest.mark.parametrize(
    ("text", "hotel"),
    [
        ("为您推荐汉庭观前街店。", "h1"),
        ("可以看看枫桥国际会议中心酒店，停车免费。", "h11"),
        ("推荐您住嘉华酒店。", "h13"),
        ("推荐全季凯马广场店，价格360元。", "h8"),
        ("I recommend 全季凯马广场店. Its price for a night is 350 yuan.", "h9"),
        ("I recommend 全季凯马广场店. The rating is 4.6 points.", "h8"),
    ],
)
def test_a_hotel_named_short_or_loosely_is_shown(text: str, hotel: str) -> None:
    state = heard(text, "chains")
    assert [shown.hotel_id for shown in state.shown] == [hotel]
    assert state.hotel_in_focus() == hotel


@pytest.mark.parametrize(
    "text",
    [
        "How do you like Marlow Bridge Hotel? The price is 762 yuan.",
        "Then I recommend you the Marlow Bridge Hotel.",
    ],
)
def test_a_house_that_nobody_knows_is_none_of_those_shown(text: str) -> None:
    assert heard(text, "beijing", "b1", "b4").hotel_in_focus() == ""


def test_a_shown_hotel_under_another_name_stays() -> None:
    text = "Then I recommend you the Jinghua Palace Guesthouse."
    assert heard(text, "beijing", "b4").hotel_in_focus() == "b4"


@pytest.mark.parametrize(
    ("text", "name", "topic"),
    [
        ("They are at 32 Gatehouse Road.", "cambridge", "hotel"),
        ("推荐您去嘉华酒店，人均100元。", "chains", "restaurant"),
    ],
)
def test_a_piece_of_a_name_elsewhere_is_no_hotel(text: str, name: str, topic: str) -> None:
    assert heard(text, name, topic=topic).shown == ()


def test_of_several_that_fit_none_is_shown() -> None:
    assert heard("为您推荐全季凯马广场店。", "chains").shown == ()
