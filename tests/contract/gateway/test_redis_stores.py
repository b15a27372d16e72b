"""The stores on a real Redis."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import pytest
import redis.asyncio
from pydantic import SecretStr

from services.gateway.adapters.redis_store import RedisArchive, RedisConversations
from services.platform.adapters.guarded_redis import GuardedRedis
from services.platform.errors import Unavailable
from services.platform.settings import RedisSettings
from tests.contract.gateway.conversation_store_contract import (
    ConversationStoreContract,
    MakeStore,
    state,
)
from tests.contract.gateway.search_archive_contract import MakeArchive, SearchArchiveContract
from tests.endpoints import endpoint

pytestmark = pytest.mark.integration


@pytest.fixture
def prefix() -> str:
    return f"test-{uuid.uuid4().hex}"


@pytest.fixture
async def guarded() -> AsyncIterator[GuardedRedis]:
    # A busy machine is no broken Redis: the contract is about what is kept.
    settings = RedisSettings(
        url=SecretStr(endpoint("REDIS")), connect_timeout_ms=5_000, read_timeout_ms=5_000
    )
    opened = GuardedRedis(settings)
    yield opened
    await opened.close()


class TestRedisConversations(ConversationStoreContract):
    @pytest.fixture
    def make_store(self, guarded: GuardedRedis, prefix: str) -> MakeStore:
        return lambda ttl_s: RedisConversations(
            guarded, key_prefix=prefix, ttl_s=ttl_s, most_bytes=100_000
        )

    async def test_a_state_too_large_is_refused_and_the_one_before_stands(
        self, guarded: GuardedRedis, prefix: str
    ) -> None:
        store = RedisConversations(guarded, key_prefix=prefix, ttl_s=60.0, most_bytes=100)
        await store.save("c", state("h1"))
        with pytest.raises(Unavailable) as refused:
            await store.save("c", state(*(f"h{n}" for n in range(50))))
        assert refused.value.reason == "REDIS_VALUE_TOO_LARGE"
        assert await store.load("c") == state("h1")

    async def test_what_is_no_state_is_unavailable(
        self, guarded: GuardedRedis, prefix: str
    ) -> None:
        await guarded.set(f"{prefix}:conversation:c", b"\xff\xff\xff", ttl_s=60.0)
        store = RedisConversations(guarded, key_prefix=prefix, ttl_s=60.0, most_bytes=100)
        with pytest.raises(Unavailable) as refused:
            await store.load("c")
        assert refused.value.reason == "REDIS_VALUE_UNREADABLE"


class TestRedisArchive(SearchArchiveContract):
    @pytest.fixture
    def make_archive(self, guarded: GuardedRedis, prefix: str) -> MakeArchive:
        return lambda ttl_s: RedisArchive(
            guarded, key_prefix=prefix, ttl_s=ttl_s, most_bytes=100_000
        )


async def test_a_user_and_password_open_the_door_and_a_wrong_one_is_refused(prefix: str) -> None:
    url = endpoint("REDIS")
    admin = redis.asyncio.Redis.from_url(url)
    user = prefix
    await admin.acl_setuser(
        user, enabled=True, passwords=["+right"], keys=["*"], categories=["+@all"]
    )
    try:
        for password, works in (("right", True), ("wrong", False)):
            secret = SecretStr(url.replace("redis://", f"redis://{user}:{password}@"))
            opened = GuardedRedis(
                RedisSettings(url=secret, connect_timeout_ms=5_000, read_timeout_ms=5_000)
            )
            try:
                if works:
                    assert await opened.get("nothing") is None
                else:
                    with pytest.raises(Unavailable) as refused:
                        await opened.get("nothing")
                    assert refused.value.reason == "REDIS_REFUSED"
                    assert "wrong" not in str(refused.value)
            finally:
                await opened.close()
    finally:
        await admin.acl_deluser(user)
        await admin.aclose()
