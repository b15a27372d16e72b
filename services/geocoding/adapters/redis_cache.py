"""What providers said, in Redis: asked once for all replicas."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple

from services.geocoding.adapters.memory_cache import cache_key
from services.geocoding.domain.place import Place
from services.plan.condition import PlaceCategory, Point
from services.platform.adapters.guarded_redis import GuardedRedis


class RedisPlaceCache:
    """`PlaceCache` in Redis.

    Args:
        redis: Where.
        key_prefix: Start of the keys.
        found_ttl_s: For places.
        nothing_ttl_s: For "nothing": shorter, since places come to be.
    """

    def __init__(
        self, redis: GuardedRedis, *, key_prefix: str, found_ttl_s: float, nothing_ttl_s: float
    ) -> None:
        self._redis = redis
        # The form of the value; another form gets another number.
        self._prefix = f"{key_prefix}:place:1:"
        self._found_ttl_s = found_ttl_s
        self._nothing_ttl_s = nothing_ttl_s

    async def get(self, name: str, city: str) -> Sequence[Place] | None:
        """Return the answer, `None` when none is kept."""
        raw = await self._redis.get(self._prefix + cache_key(name, city))
        if raw is None:
            return None
        return tuple(
            Place(name, PlaceCategory(category), Point(*point), *more)
            for name, category, point, *more in json.loads(raw)
        )

    async def put(self, name: str, city: str, places: Sequence[Place]) -> None:
        """Keep an answer."""
        raw = json.dumps([astuple(place) for place in places], ensure_ascii=False).encode()
        ttl_s = self._found_ttl_s if places else self._nothing_ttl_s
        await self._redis.set(self._prefix + cache_key(name, city), raw, ttl_s=ttl_s)

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.close()
