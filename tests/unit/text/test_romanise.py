from __future__ import annotations

import pytest

from services.text.romanise import spelt, syllable


@pytest.mark.parametrize(
    ("character", "reading"),
    [("京", "jing"), ("长", "chang"), ("绿", "lv"), ("a", None), ("の", None)],
)
def test_a_character_is_read_as_in_names_of_places(character: str, reading: str | None) -> None:
    assert syllable(character) == reading


@pytest.mark.parametrize(
    ("word", "syllables"),
    [
        ("songjiazhuang", ("song", "jia", "zhuang")),
        ("tiananmen", ("tian", "an", "men")),
        ("lusongyuan", ("lu", "song", "yuan")),
        ("garden", ()),
        ("", ()),
    ],
)
def test_a_word_is_cut_into_the_fewest_syllables(word: str, syllables: tuple[str, ...]) -> None:
    assert tuple(spelt(word)) == syllables
