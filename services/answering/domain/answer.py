"""What is to be answered, and the sentences an answer is made of."""

from __future__ import annotations

from dataclasses import dataclass

from services.answering.domain.record import HotelRecord
from services.plan.condition import Condition, Field
from services.plan.query_plan import QueryPlan


@dataclass(frozen=True, slots=True)
class Citation:
    """A claim's evidence.

    Attributes:
        hotel_id: The hotel.
        field: The field of its record.
        claim: The words of the sentence that rest on it.
        values: The record's values in words; empty: the record has none, and the claim says so.
        asked_value: The value asked about: a facility's id, a category of places.
    """

    hotel_id: str
    field: Field
    claim: str
    values: tuple[str, ...] = ()
    asked_value: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and what supports it."""

    text: str
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class PlaceDistance:
    """Great-circle kilometres from a hotel to a place of the plan."""

    place_name: str
    distance_km: float


@dataclass(frozen=True, slots=True)
class ShownHit:
    """A hit of the search."""

    record: HotelRecord
    distances: tuple[PlaceDistance, ...] = ()


@dataclass(frozen=True, slots=True)
class Relaxation:
    """A change of the plan that would give hits; without `replacement` the part is dropped."""

    condition: Condition
    replacement: Condition | None
    match_count: int


@dataclass(frozen=True, slots=True)
class AnswerTask:
    """What is to be answered.

    Attributes:
        text: The guest's text.
        plan: What it means.
        language: "zh", "zh-Hant" or "en".
        hits: Of a search, best first.
        shown: The hotels that a question is about, with the distances it may ask for.
        relaxations: What would help when there are no hits, best first.
        total_matches: Hotels that satisfy the condition, `None` when nobody counted.
    """

    text: str
    plan: QueryPlan
    language: str
    hits: tuple[ShownHit, ...] = ()
    shown: tuple[ShownHit, ...] = ()
    relaxations: tuple[Relaxation, ...] = ()
    total_matches: int | None = None

    def records(self) -> tuple[HotelRecord, ...]:
        """Return the records an answer may speak of, in the order shown."""
        return tuple(hit.record for hit in self.shown or self.hits)

    def distances(self) -> tuple[tuple[PlaceDistance, ...], ...]:
        """Return the distances of the records, in their order."""
        return tuple(hit.distances for hit in self.shown or self.hits)
