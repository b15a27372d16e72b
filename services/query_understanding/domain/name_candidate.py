"""A name that words of a text may say: what of it is unsaid, and whether enough is said."""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from services.query_understanding.domain.name_words import NameSlots

Meaning = TypeVar("Meaning", bound=Hashable)

_LEAST_HEAD_SHARE: Final = 0.25


@dataclass(frozen=True, slots=True)
class Candidate(Generic[Meaning]):
    """A name that may be meant, with the weights of its words reckoned once.

    Attributes:
        words: Its words.
        meaning: What it means.
        least: For each word what it tells in the form that tells least.
    """

    words: NameSlots
    meaning: Meaning
    least: Sequence[float]

    def missing(self, said: Container[int]) -> list[tuple[int, float]]:
        """Return the words unsaid of the name and their weights, where syllables count but once."""
        least = self.least
        if True not in self.words.overlaps:
            return [(at, weight) for at, weight in enumerate(least) if at not in said]
        return [(at, share * least[at]) for at, share in self.words.unsaid(said)]

    def tells_most(self, run: Container[int]) -> bool:
        """Tell whether the word is said that tells the name from others.

        It is in the branch where a chain has one, else in the head.
        """
        telling = self.least[self.words.head :] or self.least
        return self.least.index(max(telling), len(self.least) - len(telling)) in run

    def names_head(self, run: Container[int], missing: Iterable[tuple[int, float]]) -> bool:
        """Tell whether the run says more of the name than where it is: "Wangfujing" is no hotel."""
        head = self.words.head
        said = sum([weight for at, weight in enumerate(self.least[:head]) if at in run])
        unsaid = sum([weight for at, weight in missing if at < head])
        return said >= _LEAST_HEAD_SHARE * (said + unsaid)
