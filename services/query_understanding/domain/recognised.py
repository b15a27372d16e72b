"""What was found in an utterance, before anything is made of it."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

from services.plan.condition import Field
from services.query_understanding.domain.mention import Atom, Break, Cue, Item
from services.query_understanding.domain.quantities import Count
from services.query_understanding.domain.travel_time import Radius
from services.query_understanding.domain.turn_text import TurnText

HOUSE = re.compile(r"酒店|宾馆|\bhotels?\b")
# What the classes of cues begin with that point at a place in a list; the place follows.
ORDINAL = "ordinal_"


@dataclass(frozen=True, slots=True)
class HotelMention:
    """A hotel named in the words."""

    start: int
    end: int
    name: str
    whole: bool
    rivals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlaceName:
    """A place named in the words that records list as near."""

    start: int
    end: int
    name: str


@dataclass(slots=True)
class Recognised:
    """All mentions of an utterance.

    Attributes:
        turn: The words.
        atoms: Conditions, one leaf each.
        cues: Words that say what the words around them do.
        breaks: Where clauses end.
        hotels: Hotels named, in the order of the words.
        places: Places named that the catalogue or a list knows.
        counts, radii: Numbers of houses and distances.
        bands: Price words where the catalogue publishes bands.
        covered: Stretches that something explains.
        unknown_houses: Houses named that the catalogue does not know.
        areas: Names of cities and districts, whether or not they are conditions here.
    """

    turn: TurnText
    atoms: list[Atom] = field(default_factory=list)
    cues: list[Cue] = field(default_factory=list)
    breaks: list[Break] = field(default_factory=list)
    hotels: list[HotelMention] = field(default_factory=list)
    places: list[PlaceName] = field(default_factory=list)
    counts: tuple[Count, ...] = ()
    radii: tuple[Radius, ...] = ()
    bands: list[Atom] = field(default_factory=list)
    covered: list[tuple[int, int]] = field(default_factory=list)
    unknown_houses: tuple[tuple[int, int], ...] = ()
    areas: list[tuple[int, int]] = field(default_factory=list)
    _classes: dict[str, list[tuple[int, Cue]]] = field(default_factory=dict)

    def hear(self, cues: list[Cue]) -> None:
        """Set the cues, in the order of the words."""
        self.cues = cues
        self._classes = {}
        for index, cue in enumerate(cues):
            self._classes.setdefault(cue.name, []).append((index, cue))

    def within(self, low: int, high: int, *names: str) -> list[Cue]:
        """Return the cues of these classes that begin in [low, high)."""
        found: list[tuple[int, Cue]] = []
        for name in names:
            of = self._classes.get(name, [])
            first = bisect_left(of, low, key=lambda entry: entry[1].start)
            last = bisect_left(of, high, lo=first, key=lambda entry: entry[1].start)
            found += of[first:last]
        found.sort(key=lambda entry: entry[0])
        return [cue for _, cue in found]

    def ordinals(self) -> list[Cue]:
        """Return the cues that point at places in a list: "the second one", "最后一家"."""
        return [cue for cue in self.cues if cue.name.startswith(ORDINAL)]

    def clause_around(self, start: int, end: int) -> tuple[int, int]:
        """Return where the breaks before and after a stretch end and begin."""
        before = bisect_right(self.breaks, start, key=lambda stop: stop.end)
        after = bisect_left(self.breaks, end, key=lambda stop: stop.start)
        low = self.breaks[before - 1].end if before else 0
        high = self.breaks[after].start if after < len(self.breaks) else len(self.turn.text)
        return low, high

    def items(self) -> list[Item]:
        """Return atoms, cues and breaks in the order of the words."""
        merged: list[Item] = [*self.atoms, *self.cues, *self.breaks]
        merged.sort(key=lambda item: (item.start, item.end))
        return merged

    def houses(self) -> list[Atom]:
        """Return the conditions whose words name a house too: "guesthouse", "budget hotel"."""
        text = self.turn.text
        return [
            a for a in self.atoms
            if a.field is Field.KIND
            or (a.field is Field.TIER and HOUSE.search(text, a.start, a.end))
        ]  # fmt: skip

    def has(self, *names: str) -> bool:
        """Tell whether a cue of one of these classes is in the words."""
        return not self._classes.keys().isdisjoint(names)

    def of(self, *names: str) -> list[Cue]:
        """Return the cues of these classes."""
        found = [entry for name in names for entry in self._classes.get(name, ())]
        if len(names) > 1 and len(found) > 1:
            found.sort(key=lambda entry: entry[0])
        return [cue for _, cue in found]
