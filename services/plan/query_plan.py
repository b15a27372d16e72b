"""The plan around the condition: outcome, wishes, order, places, what is asked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.plan.condition import Condition, Field, PlaceCategory, Point, Spans


class Outcome(StrEnum):
    """What a turn asks the system to do."""

    SEARCH = "search"
    ABOUT_SHOWN = "about_shown"
    CLARIFY = "clarify"
    CHITCHAT = "chitchat"
    OUT_OF_DOMAIN = "out_of_domain"


class Reason(StrEnum):
    """Why an outcome is what it is, where the outcome alone does not tell.

    Other planners may have reasons of their own: `QueryPlan.outcome_reason` is any text.
    """

    # The turn is about hotels that were shown.
    PICKED = "PICKED"  # one is taken, and nobody here can book it
    COMPARED = "COMPARED"  # all of them are compared
    NOT_ON_RECORD = "NOT_ON_RECORD"  # what is asked no record tells; the hotel itself knows
    WHY_SHOWN = "WHY_SHOWN"
    # Something has to be asked back. Geocoding adds PLACE_ and what became of the place.
    UNKNOWN_PLACE = "UNKNOWN_PLACE"
    UNKNOWN_HOTEL = "UNKNOWN_HOTEL"
    AMBIGUOUS_HOTEL = "AMBIGUOUS_HOTEL"
    FOREIGN_CURRENCY = "FOREIGN_CURRENCY"
    NOT_UNDERSTOOD = "NOT_UNDERSTOOD"
    # Talk.
    ACKNOWLEDGED = "ACKNOWLEDGED"
    FAREWELL = "FAREWELL"
    GREETING = "GREETING"
    HELP = "HELP"
    SMALL_TALK = "SMALL_TALK"
    THANKS = "THANKS"
    # Nothing to do with hotels.
    OTHER_DOMAIN = "OTHER_DOMAIN"
    PROMPT_INJECTION = "PROMPT_INJECTION"


class Direction(StrEnum):
    """An end of a scale: which comes first, or which is good."""

    ASCENDING = "ascending"
    DESCENDING = "descending"


class DeltaKind(StrEnum):
    """How a turn changed the plan before it."""

    ADD = "add"
    DROP = "drop"
    REPLACE = "replace"
    RELAX = "relax"
    WAIVE = "waive"
    RESET = "reset"
    RESUME = "resume"


@dataclass(frozen=True, slots=True)
class Trend:
    """A wish for more or less of a number; `direction` is the good end."""

    field: Field
    direction: Direction
    place_id: int | None = None


@dataclass(frozen=True, slots=True)
class Preference:
    """What orders without filtering. `weight` in [-1, 1], not 0; below 0 is a dislike."""

    wish: Condition | Trend
    weight: float
    spans: Spans = ()


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key of the requested order; hotels without the value come last."""

    field: Field
    direction: Direction
    place_id: int | None = None
    center: Point | None = None


@dataclass(frozen=True, slots=True)
class PlaceMention:
    """A place in the guest's words; `id` counts from 1 within the plan."""

    id: int
    name: str
    canonical_name: str = ""
    category: PlaceCategory | None = None
    city: str = ""
    spans: Spans = ()

    def called(self, language: str) -> str:
        """Return what to call it: as the guest did in English, else as records write it."""
        if language == "en" and self.name.isascii():
            return self.name
        return self.canonical_name or self.name


@dataclass(frozen=True, slots=True)
class ShownReference:
    """A hotel of an earlier answer that the words point at."""

    hotel_id: str
    spans: Spans = ()


@dataclass(frozen=True, slots=True)
class RequestedFact:
    """A fact the guest asks for; `value` is a facility's id or a category of nearby places."""

    field: Field
    value: str = ""
    spans: Spans = ()


@dataclass(frozen=True, slots=True)
class PlanDelta:
    """One change of the plan in this turn, with the words that caused it."""

    kind: DeltaKind
    field: Field | None = None
    node: Condition | None = None
    spans: Spans = ()


@dataclass(frozen=True, slots=True)
class Clarification:
    """A question back to the guest."""

    question: str
    about: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Planner:
    """Who made the plan. `confidence` in [0, 1]; `degraded`: the better planner was away."""

    name: str
    version: str
    confidence: float
    took_s: float = 0.0
    degraded: bool = False


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """What a guest's words mean; the contract's `QueryPlan` says what each field is."""

    outcome: Outcome
    planner: Planner
    condition: Condition | None = None
    preferences: tuple[Preference, ...] = ()
    sort: tuple[SortKey, ...] = ()
    count: int | None = None
    places: tuple[PlaceMention, ...] = ()
    semantic_text: str = ""
    keyword_text: str = ""
    shown_references: tuple[ShownReference, ...] = ()
    requested_facts: tuple[RequestedFact, ...] = ()
    unexplained: Spans = ()
    deltas: tuple[PlanDelta, ...] = ()
    clarification: Clarification | None = None
    language: str = ""
    waived: tuple[Field, ...] = ()
    outcome_reason: str = ""
    unneeded_facilities: tuple[str, ...] = ()
