"""Nominatim, the search of OpenStreetMap, one's own or a public one. Answers in WGS-84.

A public server asks for one call a second at most and for a user agent that names the caller.
Source: the reference of Nominatim's `/search` with `format=jsonv2`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from services.geocoding.adapters.provider_http import ProviderHttp
from services.geocoding.domain.answers import position
from services.geocoding.domain.place import Place
from services.plan.condition import PlaceCategory

CONFIDENCE = 0.7
MOST_RESULTS = 10

_HAN = re.compile(r"[\u3400-\u9fff]")
# From the narrowest to the widest; a municipality such as Beijing has no "city".
_CITY = ("city", "town", "municipality", "village", "county", "state")
_DISTRICT = ("city_district", "district", "borough", "suburb")
_BY_CLASS = {
    "aeroway": PlaceCategory.AIRPORT,
    "railway": PlaceCategory.STATION,
    "public_transport": PlaceCategory.STATION,
    "tourism": PlaceCategory.ATTRACTION,
    "historic": PlaceCategory.ATTRACTION,
    "leisure": PlaceCategory.ATTRACTION,
    "place": PlaceCategory.AREA,
    "boundary": PlaceCategory.AREA,
}
_RESTAURANTS = frozenset(("restaurant", "cafe", "fast_food", "bar", "pub", "food_court"))


class NominatimProvider:
    """`PlaceProvider` on a Nominatim server."""

    name = "nominatim"

    def __init__(self, url: str, *, user_agent: str) -> None:
        self._http = ProviderHttp(self.name, url, user_agent=user_agent)

    async def find(self, name: str, *, city: str, timeout_s: float) -> Sequence[Place]:
        """Return what Nominatim finds for a name, best first."""
        wanted = f"{name}, {city}" if city else name
        query = {
            "q": wanted,
            "format": "jsonv2",
            "addressdetails": "1",
            "limit": str(MOST_RESULTS),
            # So that the city comes back as it was asked for.
            "accept-language": "zh-CN" if _HAN.search(wanted) else "en",
        }
        answer = await self._http.get("/search", query, timeout_s=timeout_s)
        try:
            if isinstance(answer, dict) and "error" in answer:
                raise self._http.failed(str(answer["error"])[:200])
            return [_place(entry) for entry in answer]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._http.unreadable() from error

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()


def _place(entry: dict[str, Any]) -> Place:
    address = entry.get("address") or {}
    return Place(
        name=str(entry.get("name") or entry["display_name"].split(",")[0]),
        category=_category(str(entry.get("category")), str(entry.get("type"))),
        point=position(float(entry["lat"]), float(entry["lon"]), "wgs84"),
        city=_first(address, _CITY),
        district=_first(address, _DISTRICT),
        source=NominatimProvider.name,
        confidence=CONFIDENCE,
    )


def _category(kind: str, type: str) -> PlaceCategory:
    if type in _RESTAURANTS:
        return PlaceCategory.RESTAURANT
    return _BY_CLASS.get(kind, PlaceCategory.OTHER)


def _first(address: dict[str, Any], names: Sequence[str]) -> str:
    return next((str(address[name]) for name in names if address.get(name)), "")
