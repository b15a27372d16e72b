"""The text of a hotel that is embedded."""

from __future__ import annotations

from concierge.catalog.v1 import hotel_pb2

MAX_DESCRIPTION_CHARS = 400


def passage_of(hotel: hotel_pb2.Hotel) -> str:
    """Return names, place, kind, facilities and the beginning of each description."""
    parts = [name.text for name in hotel.names]
    parts += [hotel.city, hotel.district, hotel.brand, hotel.kind, hotel.tier]
    parts += [address.text for address in hotel.addresses]
    parts += [item.label or item.id for item in hotel.facilities.items]
    parts += [text.text[:MAX_DESCRIPTION_CHARS] for text in hotel.descriptions]
    return " ".join(part for part in parts if part)
