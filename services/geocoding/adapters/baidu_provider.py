"""Baidu Maps (百度): its place search, version 2. Answers in BD-09.

Source: the provider's reference of `/place/v2/search` and of its status codes.
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

URL = "https://api.map.baidu.com"
CONFIDENCE = 0.8
MOST_RESULTS = 20
# What the search takes for a region when it is to look everywhere.
EVERYWHERE = "全国"

_KEY_REFUSED = frozenset((3, 5, 101, 102))
_DAILY = frozenset((4, 301, 302))
_PER_SECOND = frozenset((401, 402))
# By the start of the tag.
_CATEGORIES = {
    "交通设施;飞机场": PlaceCategory.AIRPORT,
    "交通设施;火车站": PlaceCategory.STATION,
    "交通设施;地铁站": PlaceCategory.STATION,
    "旅游景点": PlaceCategory.ATTRACTION,
    "文化传媒;展览馆": PlaceCategory.ATTRACTION,
    "美食": PlaceCategory.RESTAURANT,
    "行政地标": PlaceCategory.AREA,
    "购物;商圈": PlaceCategory.AREA,
}


class BaiduProvider:
    """`PlaceProvider` on Baidu Maps."""

    name = "baidu"

    def __init__(self, key: str, *, url: str = URL) -> None:
        self._key = key
        self._http = ProviderHttp(self.name, url)

    async def find(self, name: str, *, city: str, timeout_s: float) -> Sequence[Place]:
        """Return what Baidu finds for a name, best first."""
        query = {
            "ak": self._key,
            "query": name,
            "region": city or EVERYWHERE,
            "city_limit": "true" if city else "false",
            "page_size": str(MOST_RESULTS),
            "scope": "2",
            "output": "json",
        }
        answer = await self._http.get("/place/v2/search", query, timeout_s=timeout_s)
        try:
            if (status := int(answer["status"])) != 0:
                raise self._refusal(status, str(answer.get("message")))
            # Without a city the answer may be a count by city, which has no positions.
            return [_place(result) for result in answer["results"] if "location" in result]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._http.unreadable() from error

    def _refusal(self, status: int, message: str) -> Exception:
        if status in _KEY_REFUSED or 200 <= status < 300:
            return self._http.key_refused(f"{status} {message}")
        if status in _DAILY:
            return self._http.quota_used_up(f"{status} {message}", DAILY_QUOTA_PAUSE_S)
        if status in _PER_SECOND:
            return self._http.quota_used_up(f"{status} {message}", RATE_PAUSE_S)
        return self._http.failed(f"{status} {message}")

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()


def _place(result: dict[str, Any]) -> Place:
    where = result["location"]
    return Place(
        name=str(result["name"]),
        category=_category(str((result.get("detail_info") or {}).get("tag") or "")),
        point=position(float(where["lat"]), float(where["lng"]), "bd09"),
        city=str(result.get("city") or ""),
        district=str(result.get("area") or ""),
        source=BaiduProvider.name,
        confidence=CONFIDENCE,
    )


def _category(tag: str) -> PlaceCategory:
    for start, category in _CATEGORIES.items():
        if tag.startswith(start):
            return category
    return PlaceCategory.OTHER
