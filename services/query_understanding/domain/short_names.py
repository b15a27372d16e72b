"""Chinese names of houses said short: "汉庭观前街店" for "汉庭酒店(苏州观前街店)".

Guests leave out the city, the brackets, the words that many chains have ("酒店", "连锁") and the
beginning of a branch ("北广场店" for "苏州火车站北广场店"). What they do say has to be in the name, and
the branch to its end: a branch that the catalogue has not is no short name of another.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from services.query_understanding.domain.lexemes import bounded
from services.query_understanding.domain.name_words import come_and_go, left_unsaid
from services.text.analyser import word_classes
from services.text.fold import has_han

_TAIL_CHARS: Final = 3
_LEAST_CORE_CHARS: Final = 2
# Of a branch cut short, without its "店": "东店" may be any that lies in the east.
_LEAST_CUT_CHARS: Final = 2
# A branch is cut after a word, not inside one: "前街店" is not "观前街店".
_LEAST_WORD_CHARS: Final = 2
_REACH: Final = 32
_CITY_CHARS: Final = (4, 3, 2)
_BRACKETED: Final = re.compile(r"\((?:原)?([^()]+)\)")
_POINT: Final = re.compile(r"[·•・]")
# "苏州书香府邸·平江府", "全季酒店湖东店": a branch that no brackets tell.
_BARE: Final = re.compile(
    r"([^·•・]{2,})[·•・]([^·•・]{3,})|(.{2,}?酒店)(.{2,}(?<![酒饭旅商])店)"
)  # fmt: skip
_JOINT: Final = r"[ ·•・-]?"
_GAP: Final = r"[ ·•・,的-]?\(?"


@dataclass(frozen=True, slots=True)
class ShortName:
    """A stretch of a text, and the display names of all houses whose name it says short."""

    start: int
    end: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Branch:
    """A folded name before its branch, "汉庭酒店", and the branch, "苏州观前街店"."""

    head: str
    words: str


@dataclass(frozen=True, slots=True)
class _Head:
    """How the name before a branch may be said.

    Attributes:
        whole: The name without its city.
        optional: Words that may be left out.
        said: Group 1 is the name, one more group for each of `optional`.
    """

    whole: str
    optional: tuple[str, ...]
    said: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Fit:
    start: int
    end: int
    display: str
    left_out: int


class ShortNames:
    """Branches of houses by how they end. One thread may learn while others ask."""

    def __init__(self, cities: Container[str] = frozenset()) -> None:
        self._cities = cities
        # Names with their display names. A dict, because a set forgets the order of learning.
        self._names: dict[str, dict[tuple[str, str], None]] = {}

    def add(self, name: str, display: str) -> None:
        """Take in a folded name."""
        for tail in _tails(name):
            self._names.setdefault(tail, {})[name, display] = None

    def discard(self, name: str, display: str) -> None:
        """Forget a name."""
        for tail in _tails(name):
            alike = self._names.get(tail, {})
            alike.pop((name, display), None)
            if not alike:
                self._names.pop(tail, None)

    def find(self, text: str) -> list[ShortName]:
        """Return the stretches of a folded text that say names short."""
        found: list[ShortName] = []
        for end in range(_TAIL_CHARS, len(text) + 1):
            alike = self._names.get(text[end - _TAIL_CHARS : end])
            if alike is None:
                continue
            fits = [
                self._fit(branch, display, text, end)
                # A copy, because names may be learnt in another thread meanwhile.
                for name, display in tuple(alike) for branch in _branches(name)
            ]  # fmt: skip
            if best := _best([fit for fit in fits if fit is not None]):
                found.append(best)
        return found

    def _fit(self, branch: _Branch, display: str, text: str, end: int) -> _Fit | None:
        """Fit a branch to the text that ends at a place."""
        own = self._city_of(branch.head)
        begins = branch.head[len(own) :][:_LEAST_CORE_CHARS]
        # Most names that end alike begin otherwise, and need no look at how they are said.
        head = _head(branch.head, own) if begins in text[max(0, end - _REACH) : end] else None
        if head is None:
            return None
        city = own or self._city_of(branch.words)
        cut = _cut(_without(branch.words, city), branch.words, text, end)
        if cut is None:
            return None
        said, unsaid = cut
        match = head.said.search(text, max(0, end - _REACH), end - said)
        if match is None:
            return None
        start = match.start(1)
        if city:
            start -= len(city) if text[:start].endswith(city) else 0
        if not bounded(text, start, end) or self._is_elsewhere(text, start, city):
            return None
        if match[1] != head.whole or unsaid:
            unsaid += 1 + sum(
                len(word) for at, word in enumerate(head.optional, 2) if match[at] is None
            )
        closes = text[end : end + 1] == ")" and "(" in text[start:end]
        return _Fit(start, end + closes, display, unsaid)

    def _city_of(self, name: str) -> str:
        """Return the city that a name begins with, "" for none."""
        return next((name[:size] for size in _CITY_CHARS if name[:size] in self._cities), "")

    def _is_elsewhere(self, text: str, start: int, city: str) -> bool:
        """Tell whether another city stands before a name: "北京汉庭观前街店"."""
        before = text[max(0, start - _CITY_CHARS[0] - 1) : start].removesuffix("市")
        named = next((c for size in _CITY_CHARS if (c := before[-size:]) in self._cities), city)
        return bool(city) and named != city


def _tails(name: str) -> Sequence[str]:
    """Return how the branches of a folded name end. Hotels are learnt by it, so it is quick."""
    closing = name.rfind(")")
    if closing > 0 and name.count(")") == 1:
        tail = name[closing - _TAIL_CHARS : closing]
        return (tail,) if has_han(tail) else ()
    if closing < 0 and not (name.endswith("店") or _POINT.search(name)):
        return ()
    return [branch.words[-_TAIL_CHARS:] for branch in _branches(name)]


@lru_cache(maxsize=8192)
def _branches(name: str) -> Sequence[_Branch]:
    opening = name.find("(")
    if opening > 0:
        told = [words for words in _BRACKETED.findall(name) if len(words) >= _TAIL_CHARS]
        return [_Branch(name[:opening], words) for words in told if has_han(words)]
    bare = _BARE.fullmatch(name)
    if bare is None or not has_han(name):
        return ()
    return (_Branch(bare[1] or bare[3], bare[2] or bare[4]),)


def _without(words: str, city: str) -> str:
    """Return a branch without its city: "观前街店" of "苏州市观前街店"."""
    return words.removeprefix(city).removeprefix("市") if city else words


def _cut(whole: str, words: str, text: str, end: int) -> tuple[int, int] | None:
    """Return how many characters of a branch the text before a place says, and leaves out.

    `None` where it says none of the branch, or cuts it inside a word.
    """
    if text.endswith(words, 0, end):
        return len(words), 0
    if text.endswith(whole, 0, end):
        return len(whole), 0
    for at in _cuts(whole):
        if text.endswith(whole[at:], 0, end):
            return len(whole) - at, at
    return None


@lru_cache(maxsize=8192)
def _cuts(whole: str) -> Sequence[int]:
    """Return where a branch may begin when it is cut short, the least cut first."""
    stem = whole.removesuffix("店")
    cuts, at = [], 0
    for word, _ in word_classes(stem):
        at += len(word)
        if len(word) >= _LEAST_WORD_CHARS and len(stem) - at >= _LEAST_CUT_CHARS:
            cuts.append(at)
    return cuts


@lru_cache(maxsize=8192)
def _head(name: str, city: str) -> _Head | None:
    """Return how a name before a branch may be said, `None` where it tells nothing."""
    whole = name.removeprefix(city).strip()
    plain = _POINT.sub("", whole)
    comes_and_goes = f"(?:{_JOINT}(?:{_either(come_and_go())}))*"
    parts = re.split(f"({_either((*come_and_go(), *left_unsaid()))})", plain)
    core = [part for part in parts[::2] if part]
    if not core or not plain.startswith(core[0]) or len("".join(core)) < _LEAST_CORE_CHARS:
        return None
    optional = tuple(word for word in parts[1::2] if word not in come_and_go())
    pattern = "".join(
        f"{_JOINT}{re.escape(part)}{comes_and_goes}" if at % 2 == 0
        else f"(?:{_JOINT}({part}))?{comes_and_goes}"
        for at, part in enumerate(parts) if part and part not in come_and_go()
    )  # fmt: skip
    said = re.compile(rf"({pattern.removeprefix(_JOINT)}){_GAP}$")
    return _Head(whole, optional, said)


def _either(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


def _best(fits: Sequence[_Fit]) -> ShortName | None:
    """Return what says most: the longest stretch, of its houses those that it says most whole."""
    if not fits:
        return None
    start = min(fit.start for fit in fits)
    longest = [fit for fit in fits if fit.start == start]
    least = min(fit.left_out for fit in longest)
    meant = [fit for fit in longest if fit.left_out == least]
    names = tuple(sorted({fit.display for fit in meant}))
    return ShortName(start, max(fit.end for fit in meant), names)
