"""The condition tree: AND, OR, NOT over typed leaves."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Field(StrEnum):
    """A field of the hotel record that plans speak of. Values are the contract's names."""

    HOTEL_ID = "hotel_id"
    NAME = "name"
    BRAND = "brand"
    KIND = "kind"
    TIER = "tier"
    STAR_RATING = "star_rating"
    PRICE = "price"
    PRICE_BAND = "price_band"
    GUEST_RATING = "guest_rating"
    REVIEW_COUNT = "review_count"
    FACILITY = "facility"
    ROOM_TYPE = "room_type"
    DISTRICT = "district"
    CITY = "city"
    DISTANCE = "distance"
    NEARBY = "nearby"
    ADDRESS = "address"
    PHONE = "phone"
    TRANSPORT = "transport"
    DESCRIPTION = "description"
    AVAILABLE = "available"
    RELEVANCE = "relevance"
    POSTCODE = "postcode"


TERM_FIELDS = frozenset(
    {
        Field.HOTEL_ID,
        Field.BRAND,
        Field.KIND,
        Field.TIER,
        Field.PRICE_BAND,
        Field.FACILITY,
        Field.ROOM_TYPE,
        Field.DISTRICT,
        Field.CITY,
    }
)
RANGE_FIELDS = frozenset({Field.PRICE, Field.GUEST_RATING, Field.STAR_RATING, Field.REVIEW_COUNT})
SORT_FIELDS = RANGE_FIELDS | {Field.DISTANCE, Field.RELEVANCE}


class NameMatch(StrEnum):
    """How a name is compared."""

    EXACT = "exact"
    CONTAINS = "contains"


class PlaceCategory(StrEnum):
    """Sorts of places."""

    ATTRACTION = "attraction"
    RESTAURANT = "restaurant"
    STATION = "station"
    AIRPORT = "airport"
    AREA = "area"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the guest's text: code points [start, end) and the characters."""

    start: int
    end: int
    text: str


Spans: TypeAlias = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """A position, WGS-84 degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class ListedPlace:
    """An entry of a record's list of nearby places."""

    category: PlaceCategory
    name: str


@dataclass(frozen=True, slots=True)
class Term:
    """True when the field holds one of the values. Unknown when the record lacks the field."""

    field: Field
    values: tuple[str, ...]
    spans: Spans = ()


@dataclass(frozen=True, slots=True)
class Range:
    """True when the number is within the bounds. Unknown when the record lacks the number.

    At least one bound is set; `min_exclusive` and `max_exclusive` make a bound itself fail.
    """

    field: Field
    min: float | None = None
    max: float | None = None
    min_exclusive: bool = False
    max_exclusive: bool = False
    spans: Spans = ()

    def holds(self, value: float) -> bool:
        """Tell whether the value is within the bounds."""
        if self.min is not None and (value <= self.min if self.min_exclusive else value < self.min):
            return False
        return self.max is None or (value < self.max if self.max_exclusive else value <= self.max)


@dataclass(frozen=True, slots=True)
class Name:
    """True by a hotel's name, folded by `names.fold_name`. Never unknown."""

    value: str
    match: NameMatch
    spans: Spans = ()


@dataclass(frozen=True, slots=True)
class Near:
    """True when the record lists the place as near, or stands within the radius of its center.

    `listed` holds the entries that name the place, any of them; the circle counts only when both
    `center` and `radius_km` are set. Unknown where neither list nor position can tell.
    """

    place_id: int
    listed: tuple[ListedPlace, ...] = ()
    center: Point | None = None
    radius_km: float | None = None
    spans: Spans = ()


@dataclass(frozen=True, slots=True)
class All:
    """AND: true when every child is true."""

    items: tuple[Condition, ...]
    spans: Spans = ()


@dataclass(frozen=True, slots=True)
class Any:
    """OR: true when a child is true."""

    items: tuple[Condition, ...]
    spans: Spans = ()


@dataclass(frozen=True, slots=True)
class Not:
    """NOT: true when the child is false; unknown stays unknown."""

    item: Condition
    spans: Spans = ()


Leaf: TypeAlias = Term | Range | Name | Near
Condition: TypeAlias = All | Any | Not | Term | Range | Name | Near
