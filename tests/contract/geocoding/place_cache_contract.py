"""What every PlaceCache must do, whatever keeps the answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from services.geocoding.domain.place import Place
from services.geocoding.ports import PlaceCache
from services.plan.condition import PlaceCategory, Point
from tests.waiting import eventually

# Makes a cache with these seconds for places and for "nothing".
MakeCache: TypeAlias = Callable[[float, float], PlaceCache]

GUOMAO = Place(
    "国贸", PlaceCategory.STATION, Point(39.9085, 116.4598), "北京市", "朝阳区", "amap", 0.8
)
SANLITUN = Place("三里屯", PlaceCategory.AREA, Point(39.9339, 116.4477))


class PlaceCacheContract:
    """Fixture `make_cache`; the caches it makes may share what they keep."""

    async def test_places_come_back_as_they_were_kept(self, make_cache: MakeCache) -> None:
        cache = make_cache(60.0, 60.0)
        await cache.put("两处", "", [GUOMAO, SANLITUN])
        assert list(await cache.get("两处", "") or ()) == [GUOMAO, SANLITUN]

    async def test_nothing_found_is_an_answer_and_not_kept_is_none(
        self, make_cache: MakeCache
    ) -> None:
        cache = make_cache(60.0, 60.0)
        await cache.put("乌有乡", "", [])
        assert list(await cache.get("乌有乡", "") or ()) == []
        assert await cache.get("乌有乡", "") is not None
        assert await cache.get("never asked", "") is None

    async def test_spellings_of_a_question_are_one_and_cities_are_two(
        self, make_cache: MakeCache
    ) -> None:
        cache = make_cache(60.0, 60.0)
        await cache.put("Workers Stadium", "北京", [SANLITUN])
        assert await cache.get(" workers stadium ", "北京") is not None
        assert await cache.get("Workers Stadium", "上海") is None
        assert await cache.get("Workers Stadium", "") is None

    async def test_nothing_expires_before_places_do(self, make_cache: MakeCache) -> None:
        cache = make_cache(60.0, 0.2)
        await cache.put("故宫", "北京", [SANLITUN])
        await cache.put("未建成", "北京", [])

        async def nothing_is_gone() -> bool:
            return await cache.get("未建成", "北京") is None

        await eventually(nothing_is_gone)
        assert await cache.get("故宫", "北京") is not None

    async def test_places_expire(self, make_cache: MakeCache) -> None:
        cache = make_cache(0.2, 60.0)
        await cache.put("搬走了", "", [SANLITUN])

        async def is_gone() -> bool:
            return await cache.get("搬走了", "") is None

        await eventually(is_gone)
