"""What is remembered between turns."""

from __future__ import annotations

from dataclasses import dataclass

from services.plan.condition import Term
from services.plan.query_plan import Clarification, PlaceMention, QueryPlan

MOST_PLANS = 8
MOST_PLACES = 8
MOST_DISCUSSED = 5


@dataclass(frozen=True, slots=True)
class ShownHotel:
    """A hotel the guest has seen; price and score as they were told."""

    hotel_id: str
    name: str
    price: float | None = None
    guest_rating: float | None = None
    other_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DialogueState:
    """The state of a conversation; the contract's `ConversationState` says what each field is."""

    plans: tuple[QueryPlan, ...] = ()
    shown: tuple[ShownHotel, ...] = ()
    focus_hotel_id: str = ""
    focus_places: tuple[PlaceMention, ...] = ()
    topic: str = ""
    pending: Clarification | None = None
    turn_count: int = 0
    city: str = ""
    elsewhere: tuple[Term, ...] = ()
    discussed: tuple[str, ...] = ()

    @property
    def plan(self) -> QueryPlan | None:
        """Return the plan in force."""
        return self.plans[-1] if self.plans else None

    @property
    def asked_where(self) -> bool:
        """Whether the last turn was asked back where a place is."""
        return self.pending is not None and self.pending.about == "place"

    def hotel_in_focus(self) -> str:
        """Return the id of the hotel that "it" means: the one that stands out, else the first."""
        if self.focus_hotel_id:
            return self.focus_hotel_id
        return self.shown[0].hotel_id if self.shown else ""
