"""Words are found wherever they stand, whenever they came."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.query_understanding.domain.growing_words import GrowingWords
from services.query_understanding.domain.lexemes import bounded

_LETTERS = st.text("ab1 北京店", min_size=2, max_size=9)


@given(words=st.sets(_LETTERS, max_size=12), text=st.text("ab1 北京店", max_size=40))
def test_every_word_that_stands_alone_is_found_once(words: set[str], text: str) -> None:
    known = GrowingWords()
    for word in words:
        known.add(word)
    found = [(a, b) for a, b in known.stretches(text) if text[a:b] in words and bounded(text, a, b)]
    expected = [
        (at, at + len(word))
        for word in words
        for at in range(len(text) - len(word) + 1)
        if text.startswith(word, at) and bounded(text, at, at + len(word))
    ]
    assert sorted(found) == sorted(expected)


def test_a_long_text_is_read_though_many_words_start_alike() -> None:
    known = GrowingWords()
    for length in range(2, 60):
        known.add("the " + "a" * length)
    assert sum(1 for _ in known.stretches("the aa " * 300)) < 60 * 300
