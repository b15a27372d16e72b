"""Known Chinese words typed in Latin letters: "tingchechang", "ting che chang" for 停车场."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, Generic, TypeVar

from services.text.fold import has_han
from services.text.romanise import romanised, spelt

Meaning = TypeVar("Meaning")

_LEAST_HAN: Final = 2
_MOST_HAN: Final = 6
# Shorter ones are English words too often: "dan", "shan", "bang".
_LEAST_LATIN: Final = 5
# Of the Latin words of a turn so many must spell Chinese, or the turn is taken to be English.
_LEAST_SHARE: Final = 0.6
_LATIN_WORD = re.compile(r"[a-z]+")


class PinyinWords(Generic[Meaning]):
    """What Chinese words mean, by their spelling without tones and blanks."""

    def __init__(self, words: Iterable[tuple[str, Meaning]]) -> None:
        self._meanings: dict[str, list[Meaning]] = {}
        for word, meaning in words:
            if not (_LEAST_HAN <= len(word) <= _MOST_HAN and has_han(word)):
                continue
            if len(latin := romanised(word)) >= _LEAST_LATIN:
                self._meanings.setdefault(latin, []).append(meaning)

    def find(self, text: str) -> Iterator[tuple[int, int, Meaning]]:
        """Yield stretches of a folded text that spell words, with what each means."""
        typed = list(_LATIN_WORD.finditer(text))
        if not typed or not _is_pinyin([match.group() for match in typed]):
            return
        for first, match in enumerate(typed):
            word = ""
            for last in typed[first : first + _MOST_HAN]:
                if word and text[last.start() - 1 : last.start()] != " ":
                    break
                word += last.group()
                for meaning in self._meanings.get(word, ()):
                    yield match.start(), last.end(), meaning


def _is_pinyin(words: list[str]) -> bool:
    return sum(1 for word in words if spelt(word)) >= _LEAST_SHARE * len(words)
