"""AMap (高德): the place search of its web service, version 3. Answers in GCJ-02.

Source: the provider's reference of `/v3/place/text` and of its error codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.geocoding.adapters.provider_http import (
    DAILY_QUOTA_PAUSE_S,
    RATE_PAUSE_S,
    ProviderHttp,
)
from services.geocoding.domain.answers import position
from services.geocoding.domain.place import Place
from services.plan.condition import PlaceCategory

URL = "https://restapi.amap.com"
CONFIDENCE = 0.8
MOST_RESULTS = 20

_KEY_REFUSED = frozenset(
    ("10001", "10002", "10005", "10006", "10007", "10008", "10009", "10012", "10013")
)
_DAILY = frozenset(("10003", "10044", "10045"))
_BUSY_MINUTE = "10004"
_PER_SECOND = frozenset(("10010", "10014", "10015", "10019", "10020", "10021", "10029"))
# By the longest start of the type code that is known.
_CATEGORIES = {
    "05": PlaceCategory.RESTAURANT,
    "11": PlaceCategory.ATTRACTION,
    "14": PlaceCategory.ATTRACTION,
    "1501": PlaceCategory.AIRPORT,
    "1502": PlaceCategory.STATION,
    "1505": PlaceCategory.STATION,
    "0610": PlaceCategory.AREA,
    "1901": PlaceCategory.AREA,
}


class AmapProvider:
    """`PlaceProvider` on AMap."""

    name = "amap"

    def __init__(self, key: str, *, url: str = URL) -> None:
        self._key = key
        self._http = ProviderHttp(self.name, url)

    async def find(self, name: str, *, city: str, timeout_s: float) -> Sequence[Place]:
        """Return what AMap finds for a name, best first."""
        query = {"key": self._key, "keywords": name, "offset": str(MOST_RESULTS), "output": "JSON"}
        if city:
            query |= {"city": city, "citylimit": "true"}
        answer = await self._http.get("/v3/place/text", query, timeout_s=timeout_s)
        try:
            if str(answer["status"]) != "1":
                raise self._refusal(str(answer["infocode"]), str(answer["info"]))
            # An entry without a position (a bus line) has an empty list instead of one.
            return [_place(poi) for poi in answer["pois"] if isinstance(poi["location"], str)]
        except (KeyError, TypeError, ValueError) as error:
            raise self._http.unreadable() from error

    def _refusal(self, code: str, info: str) -> Exception:
        if code in _KEY_REFUSED:
            return self._http.key_refused(f"{code} {info}")
        if code in _DAILY:
            return self._http.quota_used_up(f"{code} {info}", DAILY_QUOTA_PAUSE_S)
        if code == _BUSY_MINUTE:
            return self._http.quota_used_up(f"{code} {info}", 60.0)
        if code in _PER_SECOND:
            return self._http.quota_used_up(f"{code} {info}", RATE_PAUSE_S)
        return self._http.failed(f"{code} {info}")

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()


def _place(poi: dict[str, Any]) -> Place:
    longitude, latitude = (float(number) for number in poi["location"].split(","))
    return Place(
        name=str(poi["name"]),
        category=_category(poi.get("typecode")),
        point=position(latitude, longitude, "gcj02"),
        city=_text(poi.get("cityname")),
        district=_text(poi.get("adname")),
        source=AmapProvider.name,
        confidence=CONFIDENCE,
    )


def _category(code: object) -> PlaceCategory:
    first = _text(code).split("|")[0]
    for length in (4, 2):
        if category := _CATEGORIES.get(first[:length]):
            return category
    return PlaceCategory.OTHER


def _text(value: object) -> str:
    """Return a text; AMap writes an empty list for a field without a value."""
    return value if isinstance(value, str) else ""
