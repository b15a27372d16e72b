"""What sentences are checked against, and what was found wrong with one."""

from __future__ import annotations

from dataclasses import dataclass

from services.answering.domain.record import HotelRecord


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a sentence may rest on; nothing else of the catalogue or the world counts.

    Attributes:
        records: The cited hotels, in the order shown.
        request: The guest's own words: what he said of his budget and nights.
        distances: For each record kilometres by name of a place of the plan.
        counts: Numbers of matching hotels that the search measured.
        asked: Words of facilities asked for, which an answer may say are not listed.
        echoes: Texts of the request, as the answer quotes them.
        system: Whole sentences that claim nothing of any hotel, such as a question back.
    """

    records: tuple[HotelRecord, ...]
    request: str = ""
    distances: tuple[tuple[tuple[str, float], ...], ...] = ()
    counts: frozenset[int] = frozenset()
    asked: tuple[str, ...] = ()
    echoes: tuple[str, ...] = ()
    system: frozenset[str] = frozenset()

    def places(self) -> list[str]:
        """Return the names of the plan's places with a distance."""
        return [name for distances in self.distances for name, _ in distances]


@dataclass(frozen=True, slots=True)
class Problem:
    """Words of a sentence that nothing supports, and why."""

    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether every claim of a sentence follows from the evidence."""

    problems: tuple[Problem, ...] = ()

    @property
    def supported(self) -> bool:
        """Tell whether nothing was found wrong."""
        return not self.problems
