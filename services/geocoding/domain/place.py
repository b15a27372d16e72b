"""Places of the gazetteer and what looking one up can give."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.plan.condition import PlaceCategory, Point


@dataclass(frozen=True, slots=True)
class Place:
    """A place with a position.

    Attributes:
        name: Display name.
        category: What sort of place it is.
        point: Where it is.
        city: Its city, or "".
        district: Its district, or "".
        source: Who knows it.
        confidence: In [0, 1].
    """

    name: str
    category: PlaceCategory
    point: Point
    city: str = ""
    district: str = ""
    source: str = "gazetteer"
    confidence: float = 1.0


class ResolutionStatus(StrEnum):
    """What became of a place mention."""

    LOCATED = "located"
    LISTED = "listed"
    AMBIGUOUS = "ambiguous"
    NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True)
class Resolution:
    """What became of one place mention of a plan."""

    place_id: int
    status: ResolutionStatus
    place: Place | None = None
    alternatives: tuple[Place, ...] = ()
