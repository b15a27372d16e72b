"""Mentions: stretches of the text with what they say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from services.plan.condition import Condition, Field

Slot: TypeAlias = Field
"""The field of the record a mention speaks of."""

SINGLE_VALUED: frozenset[Field] = frozenset(
    {
        Field.TIER,
        Field.KIND,
        Field.STAR_RATING,
        Field.DISTRICT,
        Field.CITY,
        Field.BRAND,
        Field.PRICE_BAND,
        Field.NAME,
        Field.PRICE,
        Field.NEARBY,
    }
)
"""Fields of which a hotel has one value, so that two values can only be a choice."""


@dataclass(frozen=True, slots=True)
class Atom:
    """A stretch that gives a condition.

    Attributes:
        start, end: Place in the folded text.
        field: The field it speaks of.
        leaf: The condition it gives.
        value: What was recognised, for display and for deltas (an id, a name).
        implied: Read from a need rather than from the thing's own name.
        together: It holds beside its neighbours, not instead of them: "between A and B".
    """

    start: int
    end: int
    field: Field
    leaf: Condition
    value: str = ""
    implied: bool = False
    together: bool = False


class Cue(NamedTuple):
    """A stretch that says what the words around it do; `name` is its class in `cues.yaml`.

    A tuple, because every turn makes dozens.
    """

    start: int
    end: int
    name: str


@dataclass(frozen=True, slots=True)
class Break:
    """The end of a clause; `strong` at a full stop."""

    start: int
    end: int
    strong: bool


Item: TypeAlias = Atom | Cue | Break
Polarity: TypeAlias = Literal["positive", "negative"]
