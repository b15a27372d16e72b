"""The words of a turn that matter and that nothing explains."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import yaml

from services.plan.condition import Span
from services.platform.errors import FailedPrecondition
from services.query_understanding.domain.recognised import Recognised
from services.text.analyser import word_classes
from services.text.fold import has_han

DATA = Path(__file__).parents[1] / "data" / "idle_words.yaml"
MOST_STRETCHES: Final = 16
_LEAST_HAN, _LEAST_LATIN = 2, 4
# In a Chinese sentence a Latin word is said on purpose: "KTV", "spa".
_LEAST_LATIN_IN_HAN = 3
# Classes of Chinese words that carry content: nouns, verbs, adjectives, idioms and what is unknown.
_CONTENT: Final = frozenset("navijlzbx")
# Besides, what a compound may end with: "台", "间", "室".
_ENDS: Final = frozenset("nq")
_CLAUSE = re.compile(r"[^,，。;；!！?？\n]+")
_LATIN = re.compile(r"[a-z][a-z'-]*")


def unexplained(said: Recognised, named: Iterable[tuple[int, int]]) -> tuple[Span, ...]:
    """Return stretches of words that nothing explains and that may ask for something.

    Words side by side make one stretch; idle words at its ends are left out.

    Args:
        said: The mentions of the turn.
        named: Where places are named.

    Returns:
        At most `MOST_STRETCHES`, in the order of the words.
    """
    text = said.turn.text
    taken = bytearray(len(text))
    for start, end in (*said.covered, *named, *((a.start, a.end) for a in said.atoms)):
        taken[start:end] = b"\x01" * (end - start)
    found: list[Span] = []
    # No stretch goes on over a stop; cutting Chinese into words costs the most of a turn's time.
    for clause in _CLAUSE.finditer(text):
        if all(taken[clause.start() : clause.end()]):
            continue
        run: list[_Word] = []
        for word in _words(clause.group(), clause.start(), said.turn.in_capitals):
            if any(taken[word.start : word.end]):
                found += _stretch(said, run)
                run = []
                continue
            if run and text[run[-1].end : word.start].strip(" "):
                found += _stretch(said, run)
                run = []
            run.append(word)
        found += _stretch(said, run)
        if len(found) >= MOST_STRETCHES:
            break
    return tuple(_with_qualities(said, found)[:MOST_STRETCHES])


def _with_qualities(said: Recognised, found: list[Span]) -> list[Span]:
    """Add what a house is to be like where its words are part of others: "海景房", "no chains"."""
    idle = _idle_words()
    for cue in said.of("quality")[:MOST_STRETCHES]:
        if said.turn.text[cue.start : cue.end] not in idle:
            span = said.turn.span(cue.start, cue.end)
            if not any(other.start < span.end and span.start < other.end for other in found):
                found.append(span)
    return sorted(found, key=lambda span: span.start)


class _Word(NamedTuple):
    """A word: whether it may ask for something, and whether it may end what does."""

    start: int
    end: int
    matters: bool
    ends: bool


def _stretch(said: Recognised, run: list[_Word]) -> list[Span]:
    first = next((word for word in run if word.matters), None)
    if first is None:
        return []
    last = next(word for word in reversed(run) if word.matters or word.ends)
    return [said.turn.span(first.start, last.end)]


def _words(text: str, since: int, capitals: Callable[[int, int], bool]) -> Iterator[_Word]:
    """Yield the words of a clause that begins at `since`; punctuation is left out.

    Args:
        text: The clause.
        since: Where it begins.
        capitals: Tells whether a stretch is in capitals among small letters: "JI", "IHG".
    """
    idle = _idle_words()
    if not has_han(text):
        for match in _LATIN.finditer(text):
            least = 2 if capitals(since + match.start(), since + match.end()) else _LEAST_LATIN
            matters = len(match.group()) >= least and match.group() not in idle
            yield _Word(since + match.start(), since + match.end(), matters, matters)
        return
    at = 0
    for word, kind in word_classes(text):
        start = text.index(word, at)
        at = start + len(word)
        if word.isalnum():
            least = _LEAST_HAN if has_han(word) else _LEAST_LATIN_IN_HAN
            content = kind == "eng" or kind[:1] in _CONTENT
            matters = content and len(word) >= least and word not in idle
            ends = matters or (kind[:1] in _ENDS and word not in idle)
            yield _Word(since + start, since + at, matters, ends)


@lru_cache(maxsize=1)
def _idle_words() -> frozenset[str]:
    raw = yaml.load(DATA.read_bytes(), Loader=yaml.BaseLoader)
    if not isinstance(raw, dict) or not all(isinstance(words, list) for words in raw.values()):
        raise FailedPrecondition("idle_words.yaml is not a map of lists of words")
    return frozenset(word for words in raw.values() for word in words)
