"""The words that names are made of: folded alike in texts, in Latin names and in Chinese ones."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

import yaml

from services.platform.errors import FailedPrecondition
from services.text.romanise import syllable

FILE: Final = Path(__file__).parents[1] / "data" / "name_words.yaml"

Slot: TypeAlias = tuple[str, ...]
"""One word of a name in every form it may be said in."""


class NameSlots(NamedTuple):
    """The words of a name, each once, those in brackets last.

    Attributes:
        slots: The words.
        head: How many stand outside brackets.
        overlaps: Whether a word shares a syllable with the one before: 时光漫步 is "shiguang",
            "guangman" and "manbu".
    """

    slots: tuple[Slot, ...]
    head: int
    overlaps: tuple[bool, ...]

    def unsaid(self, said: Container[int]) -> list[tuple[int, float]]:
        """Return the places of words that are unsaid, and how much of each.

        Words that overlap have a syllable more than there are of them, and a word has two, so
        three unsaid words of four syllables are two. What the words beside say is said.
        """
        overlaps, count = self.overlaps, len(self.slots)
        found: list[tuple[int, float]] = []
        at = 0
        while at < count:
            if at in said:
                at += 1
                continue
            first, at = at, at + 1
            while at < count and overlaps[at] and at not in said:
                at += 1
            after = at < count and overlaps[at]
            share = (at - first + 1 - overlaps[first] - after) / (2 * (at - first))
            found += [(place, share) for place in range(first, at)]
        return found


_WORD: Final = re.compile(r"[a-z0-9]+(?:'[a-z]+)*|[()\[\],.!?;:\"/&]|[\u3400-\u9fff]+")
_LATIN_PIECE: Final = re.compile(r"[a-z0-9]+(?:'[a-z]+)*")
_NEXT_WORD: Final = re.compile(r" ([a-z0-9]+)")
_BRACKETED: Final = re.compile(r"\(([^()]*)\)")
# "一六九" is a number read digit by digit.
_DIGITS: Final = re.compile(r"[零一二三四五六七八九]{2,}")
_DIGIT: Final = re.compile(r"[0-9]")
_BREAKS: Final = frozenset('.!?;:"')
_LOOSENING: Final = frozenset(["and", "to", "at", "by", "on", "in", "for"])
_LONGEST_TRANSLATED: Final = 6


@dataclass(frozen=True, slots=True)
class NameWord:
    """A word of a text.

    Attributes:
        start, end: Place in the text.
        form: Folded: possessive and plural endings gone, one spelling per word.
        marked: It looks like part of a name.
        known: It is a word of the vocabulary, so it is no other word misspelt.
        breaks: A stop stands before it: no name goes on over it.
        loosens: A comma or "and" stands before it: a name may go on, or another begin.
    """

    start: int
    end: int
    form: str
    marked: bool = False
    known: bool = False
    breaks: bool = False
    loosens: bool = False

    @property
    def parted(self) -> bool:
        """Whether anything stands between the word and the one before."""
        return self.breaks or self.loosens


@dataclass(frozen=True, slots=True)
class _Words:
    same: dict[str, str]
    light: frozenset[str]
    houses: frozenset[str]
    dropped: frozenset[str]
    come_and_go: tuple[str, ...]
    left_unsaid: tuple[str, ...]
    translated: dict[str, tuple[Slot, ...]]
    either: dict[str, Slot]
    first: frozenset[str]
    piece: re.Pattern[str]

    def translation(self, run: str, at: int) -> tuple[int, tuple[Slot, ...]]:
        """Return the longest word at a place of Chinese text that names translate, and how.

        A single character is one only at the end: "店" is a branch, "店铺" is not.
        """
        if run[at] in self.first:
            for size in range(min(_LONGEST_TRANSLATED, len(run) - at), 0, -1):
                meant = self.translated.get(run[at : at + size])
                if meant is not None and (size > 1 or at + 1 == len(run)):
                    return size, meant
        return 1, ()


def words_of_text(
    text: str,
    capital: Callable[[int], bool] | None = None,
    everyday: Container[str] = frozenset(),
) -> list[NameWord]:
    """Cut a folded text into the words that names could be made of.

    Args:
        text: Folded.
        capital: Tells whether the original has a capital or a digit at a place of `text`; `None`
            where the original has no capitals to go by.
        everyday: Words that make no name by themselves: at the start of a sentence a capital
            says nothing of them, and where there are no capitals they mark nothing.
    """
    dropped = _words().dropped
    words: list[NameWord] = []
    breaks, loosens = True, False
    for match in _WORD.finditer(text):
        word = match.group()
        if not (word[0].isascii() and word[0].isalnum()):
            breaks = breaks or word in _BREAKS or not word[0].isascii()
            loosens = loosens or word in ",/"
            continue
        if word in dropped:
            loosens = loosens or word in _LOOSENING
            continue
        if capital is None:
            marked = word not in everyday and not word[0].isdigit()
        else:
            plain = breaks and word.partition("'")[0] in everyday
            marked = capital(match.start()) and not (
                plain and not _house_after(text, match.end(), capital)
            )
        if word[0].isdigit():
            # "Hotel 81", "169 Business Hotel": a number belongs to the name beside it.
            goes_on = not (breaks or loosens) and bool(words) and words[-1].marked
            marked = goes_on or _begins(text, match.end(), capital)
        words.append(
            NameWord(*match.span(), form_of(word), marked, word in everyday, breaks, loosens)
        )
        breaks, loosens = False, False
    return words


def _begins(text: str, at: int, capital: Callable[[int], bool] | None) -> bool:
    """Tell whether a word written large follows."""
    after = _NEXT_WORD.match(text, at)
    return after is not None and capital is not None and capital(after.start(1))


def _house_after(text: str, at: int, capital: Callable[[int], bool]) -> bool:
    """Tell whether a word for a house follows, written large: "Joy Inn", "Capital Hotel"."""
    after = _NEXT_WORD.match(text, at)
    return after is not None and form_of(after[1]) in _words().houses and capital(after.start(1))


def slots_of_name(name: str) -> NameSlots:
    """Return the words of a folded name. Chinese words are translated or spelt."""
    if "(" not in name:
        slots, overlaps = _slots(name)
        head = len(slots)
    else:
        slots, overlaps = _shared_slots(_BRACKETED.sub(" ", name))
        head = len(slots)
        for inside in _BRACKETED.findall(name):
            words, sharing = _shared_slots(inside)
            slots, overlaps = slots + words, overlaps + sharing
    # Few names say a word twice, and one look tells.
    if len(set(slots)) == len(slots):
        return NameSlots(slots, head, overlaps)
    whole = dict(zip(slots[:head], overlaps, strict=False))
    distinct = len(whole)
    for slot, shares in zip(slots[head:], overlaps[head:], strict=True):
        whole.setdefault(slot, shares)
    return NameSlots(tuple(whole), distinct, tuple(whole.values()))


_Slots: TypeAlias = tuple[tuple[Slot, ...], tuple[bool, ...]]
"""Words, and of each whether it overlaps with the one before."""


def _slots(words: str) -> _Slots:
    slots: list[Slot] = []
    overlaps: list[bool] = []
    # Without Chinese there is none of its words with numbers either.
    for piece in (_LATIN_PIECE if words.isascii() else _words().piece).findall(words):
        more, sharing = _piece_slots(piece)
        slots += more
        overlaps += sharing
    return tuple(slots), tuple(overlaps)


# Chains and branches come in many names: 汉庭酒店, (春熙路店).
_shared_slots = lru_cache(maxsize=16_384)(_slots)


# Towns and words for houses come in many names, whatever stands beside them.
@lru_cache(maxsize=65_536)
def _piece_slots(piece: str) -> _Slots:
    if piece.isascii():
        return ((), ()) if piece in _words().dropped else (((form_of(piece),),), (False,))
    slots = _han_slots(piece)
    return tuple(slot for slot, _ in slots), tuple(overlaps for _, overlaps in slots)


@lru_cache(maxsize=65_536)
def form_of(word: str) -> str:
    """Return the one form of a word's spellings."""
    same = _words().same
    word = word.removesuffix("'s").replace("'", "")
    word = same.get(word, word)
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    return same.get(word, word)


def tells_a_house(text: str) -> bool:
    """Tell whether a folded text has a word for a house to stay in."""
    houses = _words().houses
    return any(form_of(word) in houses for word in _WORD.findall(text))


def come_and_go() -> tuple[str, ...]:
    """Return the Chinese words that a chain's name is said with or without, as one likes."""
    return _words().come_and_go


def left_unsaid() -> tuple[str, ...]:
    """Return the Chinese words that are often left out of a chain's name, and never put in."""
    return _words().left_unsaid


def tells_only_a_sort(form: str) -> bool:
    """Tell whether a word says what sort of place a name names, and nothing more."""
    return form in _words().light


def _han_slots(run: str) -> tuple[tuple[Slot, bool], ...]:
    """Translate what is translated; spell the rest by pairs of syllables."""
    words = _words()
    slots: list[tuple[Slot, bool]] = []
    meant: tuple[Slot, ...]
    since = at = 0
    while at < len(run):
        digits = _DIGITS.match(run, at)
        if digits is not None:
            size = len(digits[0])
            meant = ((_read_digits(digits[0]), _spelling(digits[0])),)
        else:
            size, meant = words.translation(run, at)
        if meant:
            slots += _spelt_slots(run[since:at])
            slots += [(slot, False) for slot in meant]
            since = at + size
        at += size
    return (*slots, *_spelt_slots(run[since:]))


def _spelt_slots(piece: str) -> Iterable[tuple[Slot, bool]]:
    if not piece:
        return
    either = _words().either
    readings = [syllable(character) or "" for character in piece]
    if len(piece) == 1:
        forms = tuple(filter(None, (readings[0], *either.get(piece, ()))))
        if forms:
            yield forms, False
    for at, pair in enumerate(pairwise(readings)):
        after, before = either.get(piece[at + 1], ()), either.get(piece[0], ()) if at == 0 else ()
        # "Gui Street" is one name and "street" a part of one: 簋街, 北新桥大街. 银泉 is two words.
        joined = (first + word for first in (pair[0], *before) for word in after)
        whole = joined if len(piece) == 2 else ()
        forms = tuple(filter(None, ("".join(pair), *whole, *(after or before))))
        if forms:
            yield tuple(dict.fromkeys(forms)), at > 0


def _read_digits(han: str) -> str:
    return "".join(str("零一二三四五六七八九".index(digit)) for digit in han)


def _spelling(han: str) -> str:
    return "".join(syllable(character) or "" for character in han)


def _piece(numbered: Iterable[str]) -> re.Pattern[str]:
    """Return what a name is cut into: "7天" and its like, Chinese without a blank, Latin words."""
    one = "|".join(map(re.escape, numbered))
    return re.compile(rf"{one}|(?:(?!{one})[\u3400-\u9fff])+|{_LATIN_PIECE.pattern}")


@lru_cache(maxsize=1)
def _words() -> _Words:
    try:
        raw = yaml.load(FILE.read_bytes(), Loader=yaml.BaseLoader)
        same = {other: word for word, others in raw["same"].items() for other in others}
        either: defaultdict[str, Slot] = defaultdict(tuple)
        for words, hans in raw["either"].items():
            for han in hans:
                either[han] += ("".join(same.get(word, word) for word in words.split()),)
        translated: dict[str, tuple[Slot, ...]] = {
            han: tuple((word,) for word in words.split())
            for words, hans in raw["translated"].items()
            for han in hans
        }
        for han, forms in either.items():
            if len(han) > 1:
                translated[han] = ((*forms, _spelling(han)),)
        return _Words(
            same,
            frozenset(raw["light"]),
            frozenset(raw["houses"]),
            frozenset(raw["dropped"]),
            tuple(raw["come_and_go"]),
            tuple(raw["left_unsaid"]),
            translated,
            dict(either),
            frozenset(han[0] for han in translated),
            _piece([han for han in translated if _DIGIT.search(han)]),
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise FailedPrecondition(f"{FILE.name} lacks a section: {error}") from error
