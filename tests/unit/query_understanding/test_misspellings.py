from __future__ import annotations

import pytest

from services.query_understanding.domain.misspellings import Misspellings

WORDS = Misspellings(["parking", "guesthouse", "center", "pool", "spa", "heating", "seating area"])


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("parkin", "parking"),
        ("parkking", "parking"),
        ("pakring", "parking"),
        ("buesthouse", "guesthouse"),
        ("guestouse", "guesthouse"),
        ("pooll", "pool"),
    ],
)
def test_a_mistyped_word_is_the_one_it_is_nearest_to(typed: str, meant: str) -> None:
    assert WORDS.meant(typed) == meant


@pytest.mark.parametrize("typed", ["enter", "seating", "spas", "barking", "pol", "", "restaurant"])
def test_other_words_are_no_misspellings(typed: str) -> None:
    assert WORDS.meant(typed) is None
