"""What a record's own words say of metro stations, as a fact that guests can ask for."""

from __future__ import annotations

import re

from concierge.catalog.v1 import hotel_pb2

from services.vocabulary import NEAR_METRO

_METRO = re.compile(r"地铁|轻轨|\b(?:metro|subway|underground|mrt)\b", re.IGNORECASE)
_OTHER_STATION = re.compile(
    r"火车|高铁|动车|汽车|客运|公交|巴士|[东西南北]站$|\b(?:railway|train|rail|bus|coach)\b",
    re.IGNORECASE,
)


def tell_metro(hotel: hotel_pb2.Hotel) -> None:
    """Add that a metro station is near where the record lists one or its transport names one.

    Where no facilities are given it stays untold: a list would say that there are no others.
    """
    if not hotel.HasField("facilities"):
        return
    listed = [
        place.name
        for place in hotel.nearby_places.items
        if place.category == hotel_pb2.PLACE_CATEGORY_STATION
    ]
    near = any(not _OTHER_STATION.search(name) for name in listed)
    near = near or any(_METRO.search(text.text) for text in hotel.transport)
    if near and all(item.id != NEAR_METRO for item in hotel.facilities.items):
        hotel.facilities.items.add(id=NEAR_METRO)
