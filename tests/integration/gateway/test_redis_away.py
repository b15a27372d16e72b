"""A Redis that is killed or frozen costs a little time once, and is used again when it is back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.platform.adapters.guarded_redis import GuardedRedis
from services.platform.errors import Unavailable
from services.platform.settings import RedisSettings
from tests.integration.private_redis import PrivateRedis, private_redis
from tests.waiting import eventually

pytestmark = pytest.mark.integration


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PrivateRedis]:
    with private_redis(tmp_path) as running:
        yield running


@pytest.fixture
async def guarded(server: PrivateRedis) -> AsyncIterator[GuardedRedis]:
    settings = RedisSettings(url=SecretStr(server.url), most_failures=3, pause_ms=200)
    opened = GuardedRedis(settings)

    async def answers() -> bool:
        return await _reason(opened) is None

    await eventually(answers)
    yield opened
    await opened.close()


async def _reason(guarded: GuardedRedis) -> str | None:
    """Return why a call failed, `None` when it worked."""
    try:
        await guarded.set("k", b"v", ttl_s=60.0)
    except Unavailable as error:
        return error.reason
    return None


async def _fails_then_is_not_asked(guarded: GuardedRedis, reason: str) -> None:
    reasons = [await _reason(guarded) for _ in range(4)]
    assert reasons == [reason, reason, reason, "REDIS_PAUSED"]


async def _works_again_by_itself(guarded: GuardedRedis) -> None:
    async def works() -> bool:
        return await _reason(guarded) is None

    await eventually(works)
    assert await guarded.get("k") == b"v"


async def test_killed_and_started_again(server: PrivateRedis, guarded: GuardedRedis) -> None:
    server.kill()
    await _fails_then_is_not_asked(guarded, "REDIS_AWAY")
    await asyncio.to_thread(server.start)
    await _works_again_by_itself(guarded)


async def test_frozen_and_thawed(server: PrivateRedis, guarded: GuardedRedis) -> None:
    server.freeze()
    await _fails_then_is_not_asked(guarded, "REDIS_TIMEOUT")
    server.thaw()
    await _works_again_by_itself(guarded)


async def test_many_callers_of_a_frozen_redis_all_get_their_answer(
    server: PrivateRedis, guarded: GuardedRedis
) -> None:
    server.freeze()
    reasons = await asyncio.gather(*(_reason(guarded) for _ in range(200)))
    assert set(reasons) <= {"REDIS_TIMEOUT", "REDIS_AWAY", "REDIS_PAUSED"}
    server.thaw()
    await _works_again_by_itself(guarded)


async def test_values_outlive_a_kill(server: PrivateRedis, guarded: GuardedRedis) -> None:
    await guarded.set("kept", b"value", ttl_s=60.0)
    server.kill()
    await asyncio.to_thread(server.start)
    await _works_again_by_itself(guarded)
    assert await guarded.get("kept") == b"value"
