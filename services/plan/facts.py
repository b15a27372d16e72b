"""What conditions read of a hotel record. A missing fact is `None`, never zero or empty."""

from __future__ import annotations

from dataclasses import dataclass

from services.plan.condition import ListedPlace, Point


@dataclass(frozen=True, slots=True)
class HotelFacts:
    """The facts of one hotel.

    Attributes:
        hotel_id: Id in the catalogue.
        names: Folded names (`names.fold_name`), at least one.
        brand, kind, tier, price_band, district, city: Exact values, or `None`.
        star_rating: 0 to 5.
        price: Catalogue currency per room and night.
        guest_rating: 0 to 5.
        review_count: 0 or more.
        facilities: Ids, implied ones included; `None` when the source has no list.
        room_types: Ids; `None` when the source has no list.
        nearby: Listed places; `None` when the source has no list.
        location: WGS-84.
        closed: Whether the house is closed for a time or for good.
    """

    hotel_id: str
    names: tuple[str, ...]
    brand: str | None = None
    kind: str | None = None
    tier: str | None = None
    star_rating: float | None = None
    price_band: str | None = None
    price: float | None = None
    guest_rating: float | None = None
    review_count: int | None = None
    facilities: frozenset[str] | None = None
    room_types: frozenset[str] | None = None
    district: str | None = None
    city: str | None = None
    nearby: frozenset[ListedPlace] | None = None
    location: Point | None = None
    closed: bool = False
