"""Chinese in Latin letters: pinyin without tones, read from names and cut out of words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

PINYIN_FILE: Final = Path(__file__).with_name("data") / "pinyin.tsv"
_LONGEST: Final = 6
# Syllables that begin with one are set off by an apostrophe where another stands before them.
_VOWELS: Final = "aeo"


def syllable(character: str) -> str | None:
    """Return how a simplified character is read, `None` for any other character."""
    return _readings().get(character)


def romanised(han: str, apart: str = "") -> str:
    """Return a name as its pinyin in one word, "" where a character has no reading.

    Args:
        han: Simplified characters.
        apart: Stands before a syllable that would otherwise run on from the last: "xi'an".
    """
    read = [syllable(character) for character in han]
    if None in read:
        return ""
    first, *others = map(str, read)
    return first + "".join(apart + one if one[0] in _VOWELS else one for one in others)


@lru_cache(maxsize=4096)
def spelt(word: str) -> Sequence[str]:
    """Cut a lower-case word into the fewest syllables that spell it; empty where none do.

    >>> spelt("songjiazhuang"), spelt("tiananmen"), spelt("garden")
    (('song', 'jia', 'zhuang'), ('tian', 'an', 'men'), ())
    """
    best: list[tuple[str, ...] | None] = [()] + [None] * len(word)
    known = _syllables()
    for end in range(1, len(word) + 1):
        for start in range(max(0, end - _LONGEST), end):
            before = best[start]
            if before is None or word[start:end] not in known:
                continue
            now = best[end]
            if now is None or len(before) + 1 < len(now):
                best[end] = (*before, word[start:end])
    return best[-1] or ()


@lru_cache(maxsize=1)
def _readings() -> dict[str, str]:
    readings: dict[str, str] = {}
    for line in PINYIN_FILE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            reading, characters = line.split("\t")
            readings |= dict.fromkeys(characters, reading)
    return readings


@lru_cache(maxsize=1)
def _syllables() -> frozenset[str]:
    # Lü and nü are typed with a u on most keyboards abroad.
    readings = set(_readings().values())
    return frozenset(readings | {reading.replace("v", "u") for reading in readings})
