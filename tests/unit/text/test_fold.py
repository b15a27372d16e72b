"""Folding: one form for comparing, with the way back to the guest's characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.text.fold import fold, fold_text, has_han, simplify


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Grand HOTEL", "grand hotel"),
        ("ＷｉＦｉ５００", "wifi500"),
        ("機場接送", "机场接送"),
        ("“京华”—饭店", '"京华"-饭店'),
        ("zero\u200bwidth", "zerowidth"),
        ("tab\tand\nline", "tab and line"),
        ("", ""),
    ],
)
def test_case_width_script_quotes_and_controls_fold(text: str, folded: str) -> None:
    assert fold(text).text == folded


@given(st.text())
def test_both_ways_of_folding_agree(text: str) -> None:
    assert fold_text(text) == fold(text).text


@given(st.text())
def test_every_folded_character_knows_its_source(text: str) -> None:
    folded = fold(text)
    assert len(folded.offsets) == len(folded.text) + 1
    assert list(folded.offsets) == sorted(folded.offsets)
    assert folded.offsets[-1] == len(text)


def test_a_span_is_the_guests_own_characters() -> None:
    text = "要ＷＩＦＩ的酒店"
    folded = fold(text)
    at = folded.text.index("wifi")
    start, end = folded.span(at, at + 4)
    assert text[start:end] == "ＷＩＦＩ"


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)))
def test_simplifying_keeps_the_length(text: str) -> None:
    assert len(simplify(text)) == len(text)


def test_han_is_told_from_latin() -> None:
    assert has_han("a酒店")
    assert not has_han("hotel ２")
