"""Names said loosely: "Regent Hotel Beijing" for "The Regent Beijing", "Yao Ji" for "Yaoji".

Names reach guests translated, reordered and cut short. A name is found by the words it shares with
the text, each counting for what it tells: a word of many names tells little.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import heappush, heappushpop
from itertools import chain
from operator import itemgetter
from typing import Final, Generic, NamedTuple, TypeVar

from services.query_understanding.domain.name_candidate import Candidate
from services.query_understanding.domain.name_words import (
    NameSlots,
    NameWord,
    Slot,
    slots_of_name,
    tells_only_a_sort,
)
from services.text.romanise import spelt

Meaning = TypeVar("Meaning", bound=Hashable)

LEAST_SCORE: Final = 0.58
"""Below this a stretch names nothing; of the names guests say wrongly most are above."""
MARGIN: Final = 0.04
"""How much better the best name must fit than the next to be the one meant."""
UNSURE_MARGIN: Final = 0.12
"""The same where the word that tells most of the best name is left unsaid."""
_LIGHT_WEIGHT: Final = 0.4
_MOST_LOOKED_UP: Final = 1500
_MOST_CANDIDATES: Final = 24
_LEAST_SHARE: Final = 0.4
_LEAST_TYPO_CHARS: Final = 5
_TYPO_FACTOR: Final = 0.85
# A word between or beside the words of a name counts against it, one that no name has the most.
_EXTRA_FACTOR: Final = 0.8
# Weight of disagreement that every fit starts with: what rests on more words is surer.
_DOUBT: Final = 0.8
_MOST_WEIGHED: Final = 200
_MOST_FORGOTTEN: Final = 1000
_MOST_PLAIN: Final = 2
# What must be said of a name that is not said whole, as a share of the weight of a word of its own.
_LEAST_MATCHED: Final = 0.6


@dataclass(frozen=True, slots=True)
class Resemblance(Generic[Meaning]):
    """A stretch of the text that resembles names.

    Attributes:
        start, end: Place in the text.
        meanings: What the best name means, then what others mean that fit as well.
        score: In (0, 1]: the harmonic mean of the shares of name and stretch that agree.
    """

    start: int
    end: int
    meanings: tuple[Meaning, ...]
    score: float


class _Entry(NamedTuple, Generic[Meaning]):
    """A name and what it means. A tuple, because a catalogue of names is one each."""

    words: NameSlots
    meaning: Meaning


@dataclass(frozen=True, slots=True)
class _Hit:
    """Words [first, last) of the text say a form that names have; `part` of it, if one word."""

    first: int
    last: int
    form: str
    factor: float = 1.0
    part: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class _Fit(Generic[Meaning]):
    score: float
    first: int
    last: int
    meaning: Meaning
    sure: bool = True


class NameIndex(Generic[Meaning]):
    """Names by their words. One thread may learn while others ask."""

    def __init__(self) -> None:
        self._entries: dict[int, _Entry[Meaning]] = {}
        self._numbers: dict[tuple[str, Meaning], int] = {}
        self._next = 0
        # Numbers of names by form; only ever grown, so that they can be read meanwhile. Those of
        # names forgotten stay until they are many.
        self._postings: dict[str, list[int]] = {}
        self._misspellings: dict[str, frozenset[str]] = {}
        # Reckoned when asked for; what is learnt or forgotten changes them all a little.
        self._weights: dict[str, float] = {}
        self._leasts: dict[Slot, float] = {}
        self._totals: dict[int, float] = {}

    def __len__(self) -> int:
        """Return the number of names."""
        return len(self._entries)

    def add(self, name: str, meaning: Meaning) -> None:
        """Take in a folded name."""
        key = (name, meaning)
        if key in self._numbers:
            return
        words = slots_of_name(name)
        if not words.slots:
            return
        number = self._numbers[key] = self._next
        self._next += 1
        self._entries[number] = _Entry(words, meaning)
        self._post(number, words.slots)
        self._weights, self._leasts, self._totals = {}, {}, {}

    def discard(self, name: str, meaning: Meaning) -> None:
        """Forget a name."""
        number = self._numbers.pop((name, meaning), None)
        if number is None:
            return
        del self._entries[number]
        self._weights, self._leasts, self._totals = {}, {}, {}
        if self._next > 2 * len(self._entries) + _MOST_FORGOTTEN:
            self._renumber()

    def _post(self, number: int, slots: Iterable[Slot]) -> None:
        for form in set(chain.from_iterable(slots)):
            postings = self._postings.get(form)
            if postings is not None:
                postings.append(number)
                continue
            self._postings[form] = [number]
            for cut in _cuts(form):
                self._misspellings[cut] = self._misspellings.get(cut, frozenset()) | {form}

    def _renumber(self) -> None:
        """Leave out what was forgotten."""
        numbers = {old: new for new, old in enumerate(self._entries)}
        entries = {numbers[old]: entry for old, entry in self._entries.items()}
        fresh: NameIndex[Meaning] = NameIndex()
        for number, entry in entries.items():
            fresh._post(number, entry.words.slots)
        self._postings, self._misspellings = fresh._postings, fresh._misspellings
        self._numbers = {key: numbers[old] for key, old in self._numbers.items()}
        self._entries, self._next = entries, len(entries)

    def find(self, words: Sequence[NameWord]) -> list[Resemblance[Meaning]]:
        """Return the stretches that resemble names, best first, without overlaps."""
        if not self._entries:
            return []
        # A name begins with a word that looks like one and goes on at most a little in plain words.
        near = [
            at for at in range(len(words))
            if any(word.marked for word in words[max(0, at - _MOST_PLAIN) : at + 1])
        ]  # fmt: skip
        hits = [hit for at in near for hit in self._hits(words, at)]
        fits = [
            fit for name in self._candidates(hits) for fit in self._align(name, hits, words)
        ]  # fmt: skip
        # A name that explains more words is rather meant than a surer one inside it.
        fits.sort(key=lambda fit: -fit.score * math.sqrt(fit.last - fit.first))
        found: list[Resemblance[Meaning]] = []
        taken: list[_Fit[Meaning]] = []
        for fit in fits:
            if any(fit.first < other.last and other.first < fit.last for other in taken):
                continue
            taken.append(fit)
            meanings = dict.fromkeys([fit.meaning, *_rivals(fit, fits)])
            start, end = words[fit.first].start, words[fit.last - 1].end
            found.append(Resemblance(start, end, tuple(meanings), fit.score))
        return found

    # --- which names --------------------------------------------------------------------------------
    def _hits(self, words: Sequence[NameWord], at: int) -> Iterable[_Hit]:
        word = words[at]
        if word.form in self._postings:
            yield _Hit(at, at + 1, word.form)
        joined = word.form
        for last in range(at + 1, min(at + 3, len(words))):
            if words[last].breaks or words[last].loosens:
                break
            joined += words[last].form
            if joined in self._postings:
                yield _Hit(at, last + 1, joined)
        if not word.form.isalpha():
            return
        for start, end in _pieces(word.form):
            if end - start < len(word.form) and word.form[start:end] in self._postings:
                yield _Hit(at, at + 1, word.form[start:end], part=(start, end))
        if word.marked and not word.known and word.form not in self._postings:
            yield from (_Hit(at, at + 1, near, _TYPO_FACTOR) for near in self._misspelt(word.form))

    def _misspelt(self, word: str) -> Iterable[str]:
        """Return known words at one letter's distance."""
        if len(word) < _LEAST_TYPO_CHARS:
            return ()
        near = set(self._misspellings.get(word, ()))
        for cut in _cuts(word):
            near |= self._misspellings.get(cut, frozenset())
            if cut in self._postings:
                near.add(cut)
        return sorted(near)

    def _candidates(self, hits: Sequence[_Hit]) -> list[Candidate[Meaning]]:
        """Return the names that share most with the text, looked up by their rarest words."""
        forms = {hit.form for hit in hits if not tells_only_a_sort(hit.form)}
        shared: dict[int, float] = {}
        looked_up = 0
        common: list[tuple[Sequence[int], float]] = []
        for form in sorted(forms, key=lambda form: len(self._postings[form])):
            postings, weight = self._postings[form], self._weight(form)
            looked_up += len(postings)
            if looked_up > _MOST_LOOKED_UP:
                common.append((postings, weight))
                continue
            sharing = dict.fromkeys(postings, weight)
            for number in shared.keys() & sharing.keys():
                sharing[number] += shared[number]
            shared |= sharing
        best = sorted(shared.items(), key=itemgetter(1), reverse=True)[:_MOST_WEIGHED]
        # Words of more names than there are weigh less than nothing: then no sum bounds the others.
        most = math.inf if any(w < 0 for _, w in common) else sum([w for _, w in common])
        likely: list[tuple[float, _Entry[Meaning]]] = []
        leading: list[float] = []
        for number, weight in best:
            if len(leading) == _MOST_CANDIDATES and leading[0] >= weight + most:
                break  # none of the rest comes before those found
            entry = self._entries.get(number)
            if entry is None:
                continue
            weight += sum([w for postings, w in common if _holds(postings, number)])
            if weight >= _LEAST_SHARE * self._total(number, entry):
                likely.append((weight, entry))
                if len(leading) < _MOST_CANDIDATES:
                    heappush(leading, weight)
                else:
                    heappushpop(leading, weight)
        likely.sort(key=itemgetter(0), reverse=True)
        return [self._candidate(entry) for _, entry in likely[:_MOST_CANDIDATES]]

    def _candidate(self, entry: _Entry[Meaning]) -> Candidate[Meaning]:
        words, meaning = entry
        return Candidate(words, meaning, [self._least(slot) for slot in words.slots])

    def _weight(self, form: str) -> float:
        """Return what a word tells; of a word that no name has, as much as a word can."""
        weight = self._weights.get(form)
        if weight is None:
            if tells_only_a_sort(form):
                weight = _LIGHT_WEIGHT
            else:
                count = len(self._postings.get(form, ()))
                weight = math.log((len(self._entries) + 1) / (count + 0.5))
            self._weights[form] = weight
        return weight

    def _least(self, slot: Slot) -> float:
        """Return what a word of a name tells in the form that tells least."""
        least = self._leasts.get(slot)
        if least is None:
            least = self._leasts[slot] = min(map(self._weight, slot))
        return least

    def _total(self, number: int, entry: _Entry[Meaning]) -> float:
        total = self._totals.get(number)
        if total is None:
            total = sum([weight for _, weight in self._candidate(entry).missing(())])
            self._totals[number] = total
        return total

    # --- how well ------------------------------------------------------------------------------------
    def _align(
        self, name: Candidate[Meaning], hits: Sequence[_Hit], words: Sequence[NameWord]
    ) -> Iterable[_Fit[Meaning]]:
        """Fit the name to every run of words that say parts of it."""
        slot_of = {form: at for at, slot in enumerate(name.words.slots) for form in slot}
        run: dict[int, _Hit] = {}
        end = 0
        for hit in hits:
            slot = slot_of.get(hit.form)
            if slot is None:
                continue
            if run and _ends(words, end, hit, again=slot in run):
                yield from self._fit(name, run, words)
                run = {}
            if not run and not words[hit.first].marked:
                continue
            if slot not in run or hit.factor > run[slot].factor:
                run[slot] = hit
            end = max(end, hit.last)
        if run:
            yield from self._fit(name, run, words)

    def _fit(
        self, name: Candidate[Meaning], run: Mapping[int, _Hit], words: Sequence[NameWord]
    ) -> Iterable[_Fit[Meaning]]:
        """Score a run, whole and cut where one of its names might end and another begin."""
        whole = {hit.first for hit in run.values() if hit.part is None}
        run = {at: hit for at, hit in run.items() if hit.part is None or hit.first not in whole}
        first = min([hit.first for hit in run.values()])
        last = max([hit.last for hit in run.values()])
        joints = [at for at in range(first + 1, last) if words[at].loosens]
        for low, high in zip([first, *joints], [*joints, last], strict=True) if joints else ():
            part = {at: hit for at, hit in run.items() if low <= hit.first and hit.last <= high}
            if part and len(part) < len(run):
                yield from self._scored(name, part, words)
        yield from self._scored(name, run, words)

    def _scored(
        self, name: Candidate[Meaning], run: Mapping[int, _Hit], words: Sequence[NameWord]
    ) -> Iterable[_Fit[Meaning]]:
        unsaid = name.missing(run)
        if not name.names_head(run, unsaid):
            return
        said = run.values()
        first, last = min([hit.first for hit in said]), max([hit.last for hit in said])
        telling = [hit for hit in said if not tells_only_a_sort(hit.form)]
        if all(hit.part is not None for hit in telling):
            # A part of a word is told by others beside: "Lakeview Hotel" is not any hotel at a lake.
            partly = {at for at, _ in _unsaid(said, first, last, words)}
            if all(hit.first in partly for hit in telling):
                return
        low, high = first, last
        while low > 0 and words[low - 1].marked and not words[low].parted:
            low -= 1
        while high < len(words) and words[high].marked and not words[high].parted:
            high += 1
        matched = sum([hit.factor * self._weight(hit.form) for hit in said])
        missing = sum([weight for _, weight in unsaid])
        extra = _EXTRA_FACTOR * sum(
            share * self._weight(words[at].form if share == 1 else "")
            for at, share in _unsaid(said, low, high, words)
        )
        if missing + extra == 0:
            yield _Fit(1.0, first, last, name.meaning)
            return
        score = 2 * matched / (2 * matched + missing + extra + _DOUBT)
        if score >= LEAST_SCORE and matched >= _LEAST_MATCHED * self._weight(""):
            yield _Fit(score, first, last, name.meaning, name.tells_most(run))


def _holds(postings: Sequence[int], number: int) -> bool:
    """Tell whether a number is among postings, which are in ascending order."""
    at = bisect_left(postings, number)
    return at < len(postings) and postings[at] == number


def _ends(words: Sequence[NameWord], end: int, hit: _Hit, *, again: bool) -> bool:
    """Tell whether a run ends before a hit: at a stop, at plain words, where a name begins again."""
    if hit.first < end:
        return False
    between = words[end : hit.first]
    joints = words[end : hit.first + 1]
    return (
        len(between) > 1
        or any(not word.marked for word in between)
        or any(word.breaks for word in joints)
        or (again and any(word.loosens for word in joints))
    )


def _unsaid(
    hits: Iterable[_Hit], low: int, high: int, words: Sequence[NameWord]
) -> list[tuple[int, float]]:
    """Return the words of a stretch that the hits leave unsaid, with the share that is unsaid."""
    said: defaultdict[int, set[int]] = defaultdict(set)
    for hit in hits:
        for at in range(hit.first, hit.last):
            said[at].update(range(*(hit.part or (0, len(words[at].form)))))
    shares = ((at, 1 - len(said[at]) / len(words[at].form)) for at in range(low, high))
    return [(at, share) for at, share in shares if share]


def _rivals(best: _Fit[Meaning], fits: Sequence[_Fit[Meaning]]) -> list[Meaning]:
    """Return what else the stretch of the best fit could mean."""
    margin = MARGIN if best.sure else UNSURE_MARGIN
    least = best.score - (margin if best.score < 1 else 0)
    return [
        fit.meaning for fit in fits
        if fit.score >= least and fit.first < best.last and best.first < fit.last
    ]  # fmt: skip


@lru_cache(maxsize=4096)
def _pieces(word: str) -> tuple[tuple[int, int], ...]:
    """Return the stretches of a word that names may have as words: pairs of syllables, halves."""
    ends = [0]
    for syllable in spelt(word):
        ends.append(ends[-1] + len(syllable))
    pairs = zip(ends, ends[2:], strict=False)
    halves = ((0, cut) for cut in range(3, len(word) - 2))
    other = ((cut, len(word)) for cut in range(3, len(word) - 2))
    return tuple(dict.fromkeys([*pairs, *halves, *other]))


def _cuts(word: str) -> set[str]:
    """Return the word with one letter left out, for each letter."""
    if len(word) < _LEAST_TYPO_CHARS or not word.isalpha():
        return set()
    return {word[:at] + word[at + 1 :] for at in range(len(word))}
