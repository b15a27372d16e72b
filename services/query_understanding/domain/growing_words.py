"""Words that come while others are looked up, found wherever they stand in a text."""

from __future__ import annotations

from collections.abc import Iterator

from services.query_understanding.domain.lexemes import is_latin

_START_CHARS = 4


class GrowingWords:
    """Words by how they start. One thread may add while others look up.

    Adding costs the same however many words there are, where an automaton would have to be built
    anew. A text costs a few lookups per place, and one more for each length of the words that
    start as the text does there.
    """

    def __init__(self) -> None:
        # By the first `_START_CHARS` characters of a word, or by the whole of a shorter one.
        self._lengths: dict[str, tuple[int, ...]] = {}

    def add(self, word: str) -> None:
        """Take in a folded word of two characters or more. It stays for good."""
        start, length = word[:_START_CHARS], len(word)
        lengths = self._lengths.get(start, ())
        if length not in lengths:
            self._lengths[start] = tuple(sorted((*lengths, length)))

    def stretches(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the stretches [start, end) of a folded text that may be words.

        Every word in it is among them; whether a stretch is one has to be looked up. None begins
        inside of a Latin word or a number.
        """
        known, end = self._lengths, len(text)
        after_latin = False
        for at, character in enumerate(text):
            inside, after_latin = after_latin, is_latin(character)
            if inside and after_latin:
                continue
            for start_end in range(at + 2, min(at + _START_CHARS, end) + 1):
                lengths = known.get(text[at:start_end])
                if lengths is None:
                    continue
                for length in lengths:
                    if at + length <= end:
                        yield at, at + length
