"""What the catalogue calls things, as reading words needs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from services.plan.condition import Field, ListedPlace, PlaceCategory
from services.query_understanding.domain.name_index import Resemblance
from services.query_understanding.domain.name_words import NameWord


class NameKind(StrEnum):
    """What a name of the catalogue names."""

    HOTEL = "hotel"
    HOTEL_PART = "hotel_part"
    PLACE = "place"
    VALUE = "value"

    # What every word means is looked up by it; an enum hashes its members by Python code.
    __hash__ = str.__hash__


@dataclass(frozen=True, slots=True)
class NameMatch:
    """A name of the catalogue in the text.

    Attributes:
        start, end: Place in the folded text.
        kind: What it names. HOTEL: a whole name or alias; HOTEL_PART: a piece shared by several
            hotels' names; PLACE: an entry of nearby lists or a part of one; VALUE: a value of a
            field such as a district.
        name: As the catalogue writes it (the display name of a hotel; the value of a field).
        field: The field, for VALUE.
        rivals: What else the words could name as well, for names said loosely.
    """

    start: int
    end: int
    kind: NameKind
    name: str
    field: Field | None = None
    rivals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HotelRecord:
    """The little of a hotel that reading needs."""

    hotel_id: str
    name: str
    names: tuple[str, ...]
    price: float | None = None
    guest_rating: float | None = None
    star_rating: float | None = None
    brand: str | None = None


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """A place that guests may name whether or not a hotel lists it as near.

    Attributes:
        name: As records would write it.
        other_names: Its names in other languages, its short names.
        category: `None` where nobody says what it is.
    """

    name: str
    other_names: tuple[str, ...] = ()
    category: PlaceCategory | None = None


class CatalogLexicon(Protocol):
    """What the catalogue calls things. Reading never blocks and never fails."""

    def find(self, text: str) -> list[NameMatch]:
        """Return the names in a folded text, overlaps included."""
        ...

    def resembling(self, words: Sequence[NameWord]) -> list[Resemblance[tuple[NameKind, str]]]:
        """Return the stretches of a text's words that resemble names of hotels and places."""
        ...

    def said_short(self, text: str) -> list[NameMatch]:
        """Return the stretches of a folded text that say Chinese names of hotels short."""
        ...

    def hotels_named(self, name: str) -> Sequence[HotelRecord]:
        """Return the hotels whose folded name or alias is exactly this."""
        ...

    def hotels_with_part(self, part: str) -> Sequence[HotelRecord]:
        """Return hotels that are also known by this piece of their name, at most 64."""
        ...

    def record(self, hotel_id: str) -> HotelRecord | None:
        """Return the short record of a hotel."""
        ...

    def places_containing(self, name: str) -> Sequence[ListedPlace]:
        """Return the entries of nearby lists whose name contains this, at most 64."""
        ...

    def place_named(self, name: str) -> Sequence[ListedPlace]:
        """Return the places whose folded name is exactly this, listed by hotels or known besides."""
        ...

    def values(self, field: Field) -> frozenset[str]:
        """Return the values that records hold in a field of terms; empty when none has it."""
        ...

    def names_contain(self, part: str) -> bool:
        """Tell whether a hotel's folded name contains the folded part."""
        ...

    def size(self) -> int:
        """Return the number of hotels known."""
        ...
