"""Every PlaceCache on the contract."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from services.geocoding.adapters.memory_cache import MemoryPlaceCache
from services.geocoding.adapters.redis_cache import RedisPlaceCache
from services.platform.adapters.guarded_redis import GuardedRedis
from services.platform.settings import RedisSettings
from tests.contract.geocoding.place_cache_contract import MakeCache, PlaceCacheContract
from tests.endpoints import endpoint


class TestMemoryPlaceCache(PlaceCacheContract):
    @pytest.fixture
    def make_cache(self) -> MakeCache:
        return lambda found_s, nothing_s: MemoryPlaceCache(
            most=100, found_ttl_s=found_s, nothing_ttl_s=nothing_s
        )


@pytest.mark.integration
class TestRedisPlaceCache(PlaceCacheContract):
    @pytest.fixture
    async def make_cache(self) -> AsyncIterator[MakeCache]:
        settings = RedisSettings(
            url=SecretStr(endpoint("REDIS")), connect_timeout_ms=5_000, read_timeout_ms=5_000
        )
        redis, prefix = GuardedRedis(settings), f"test-{uuid.uuid4().hex}"
        yield lambda found_s, nothing_s: RedisPlaceCache(
            redis, key_prefix=prefix, found_ttl_s=found_s, nothing_ttl_s=nothing_s
        )
        await redis.close()
