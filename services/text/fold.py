"""Folding: the form in which words are compared, with the way back to the guest's characters."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import opencc

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹣－"), "-")
_QUOTES = {ord(c): "'" for c in "‘’‛`´"} | {ord(c): '"' for c in "“”„«»"}
_TABLE = _DASHES | _QUOTES

# Folding leaves these as they are, but for their case and for traditional characters.
_HAN_RANGE = range(0x4E00, 0xA000)
_PLAIN = re.compile(r"[ -~\u4e00-\u9fff、。「」]*")

_to_simplified = opencc.OpenCC("t2s")


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text.

    Attributes:
        text: NFKC, case-folded, simplified characters, control characters as blanks.
        offsets: For each character of `text` the index of its source in the original, and one
            more entry: the original's length.
    """

    text: str
    offsets: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the original [start, end) of a stretch of `text`."""
        if end <= start:
            return self.offsets[start], self.offsets[start]
        return self.offsets[start], self.offsets[end - 1] + 1


def fold(text: str) -> Folded:
    """Fold a text, keeping where each character came from."""
    if text.isascii() and text.isprintable():
        return Folded(text.lower(), tuple(range(len(text) + 1)))
    characters: list[str] = []
    offsets: list[int] = []
    for index, character in enumerate(text):
        for folded in _fold_character(character):
            characters.append(folded)
            offsets.append(index)
    joined = "".join(characters)
    offsets.append(len(text))
    return Folded(simplify(joined), tuple(offsets))


@lru_cache(maxsize=8192)
def _fold_character(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    if category[0] == "C" or category[0] == "Z":
        return " "
    return unicodedata.normalize("NFKC", character).translate(_TABLE).casefold()


class _Folds(dict[int, str]):
    """`str.translate` table of `_fold_character`, filled as characters are met."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _fold_character(chr(code))
        return folded


class _Simplified(dict[int, str]):
    """`str.translate` table of `_simplify_character`, filled as characters are met."""

    def __missing__(self, code: int) -> str:
        self[code] = simplified = _simplify_character(chr(code))
        return simplified


_folds = _Folds()
_simplified = _Simplified()


def fold_text(text: str) -> str:
    """Return the text of `fold(text)`, at a fraction of its cost."""
    if text.isascii() and text.isprintable():
        return text.lower()
    if _PLAIN.fullmatch(text):
        lowered = text.lower()
        return simplify(lowered) if _changing().search(lowered) else lowered
    return simplify(text.translate(_folds))


@lru_cache(maxsize=1)
def _changing() -> re.Pattern[str]:
    """Return what finds a character of `_HAN_RANGE` that has another simplified form."""
    characters = list(map(chr, _HAN_RANGE))
    # In lines of their own, so that no two of them make a phrase.
    converted = str(_to_simplified.convert("\n".join(characters))).split("\n")
    changing = [one for one, other in zip(characters, converted, strict=True) if one != other]
    return re.compile(f"[{''.join(changing)}]")


def simplify(text: str) -> str:
    """Return the text in simplified characters, as many characters as before."""
    # Phrases are only looked at where a character has another simplified form: most text has none.
    if text.translate(_simplified) == text:
        return text
    converted = _to_simplified.convert(text)
    if len(converted) == len(text):
        return str(converted)
    # A phrase changed its length: convert character by character, so that offsets stay right.
    return "".join(_simplify_character(character) for character in text)


@lru_cache(maxsize=8192)
def _simplify_character(character: str) -> str:
    converted = str(_to_simplified.convert(character))
    return converted if len(converted) == 1 else character


def has_han(text: str) -> bool:
    """Tell whether the text has Chinese characters."""
    return _HAN.search(text) is not None
