"""Known words mistyped: a letter doubled, left out, swapped with the next; in long words one wrong.

Only what is far from any other known word is taken for one: short words never are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

_LEAST_TYPED: Final = 5
_LEAST_MEANT: Final = 4
# From this length on one wrong letter still leaves a word that is no other.
_LEAST_WRONG: Final = 8


class Misspellings:
    """The words that mistyped ones mean."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = {w for w in words if len(w) >= _LEAST_MEANT and w.isascii() and w.isalpha()}
        self._by_cut: defaultdict[str, set[str]] = defaultdict(set)
        for word in self._words:
            for cut in _cuts(word):
                self._by_cut[cut].add(word)

    def meant(self, typed: str) -> str | None:
        """Return the one word that was meant, `None` where there is none or several."""
        if len(typed) < _LEAST_TYPED:
            return None
        cuts = _cuts(typed)
        near = (cuts & self._words) | self._by_cut.get(typed, set())
        near |= {swapped for swapped in _swaps(typed) if swapped in self._words}
        # The first letter is rarely the wrong one: "enter" is no "center".
        near = {word for word in near if word[0] == typed[0]}
        if not near and len(typed) >= _LEAST_WRONG:
            near = {w for cut in cuts for w in self._by_cut.get(cut, ()) if len(w) == len(typed)}
        return next(iter(near)) if len(near) == 1 else None


def _cuts(word: str) -> set[str]:
    return {word[:at] + word[at + 1 :] for at in range(len(word))}


def _swaps(word: str) -> Iterable[str]:
    for at in range(len(word) - 1):
        yield word[:at] + word[at + 1] + word[at] + word[at + 2 :]
