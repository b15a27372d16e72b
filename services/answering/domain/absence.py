"""When a record lacks what a word names: "no price on record" is a claim too."""

from __future__ import annotations

from collections.abc import Callable

from services.answering.domain.record import HotelRecord

MISSING: dict[str, Callable[[HotelRecord], bool]] = {
    "price_words": lambda record: record.price is None,
    "rating_words": lambda record: record.guest_rating is None,
    "phone_words": lambda record: record.phone is None,
    "address_words": lambda record: not record.addresses,
    "transport_words": lambda record: not record.transport,
    "tier_words": lambda record: record.tier is None,
    "kind_words": lambda record: record.kind is None,
    "star_words": lambda record: record.star_rating is None,
    "band_words": lambda record: record.price_band is None,
    "review_words": lambda record: record.review_count is None,
    "room_words": lambda record: not record.room_types,
    "brand_words": lambda record: record.brand is None,
    "district_words": lambda record: record.district is None,
    "city_words": lambda record: record.city is None,
    "postcode_words": lambda record: not any(key == "postcode" for key, _ in record.extra),
    "distance_words": lambda record: (
        not any(p.distance_km is not None for p in record.nearby or ())
    ),
    "availability_words": lambda record: record.available is None,
    "attraction_words": lambda record: not record.places("attraction"),
    "station_words": lambda record: not record.places("station"),
    "airport_words": lambda record: not record.places("airport"),
    "restaurant_words": lambda record: not record.places("restaurant"),
}
"""Roles of words that name a field, and whether a record lacks it."""
