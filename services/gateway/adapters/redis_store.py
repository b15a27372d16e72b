"""Conversations and finished searches in Redis: shared by all gateways, for a time.

A value is one serialised message under one key and replaced as a whole: of two turns of one
conversation at once the last written stands, and neither is mixed with the other.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from concierge.search.v1 import conversation_pb2, search_events_pb2
from google.protobuf.message import DecodeError, Message

from services.platform.adapters.guarded_redis import GuardedRedis
from services.platform.errors import Unavailable

M = TypeVar("M", bound=Message)


class _Messages(Generic[M]):
    def __init__(
        self, redis: GuardedRedis, kind: type[M], *, prefix: str, ttl_s: float, most_bytes: int
    ) -> None:
        self._redis = redis
        self._kind = kind
        self._prefix = prefix
        self._ttl_s = ttl_s
        self._most_bytes = most_bytes

    async def load(self, id: str) -> M | None:
        raw = await self._redis.get(self._prefix + id)
        if raw is None:
            return None
        try:
            return self._kind.FromString(raw)
        except DecodeError as error:
            raise Unavailable(
                f"redis holds no {self._kind.DESCRIPTOR.full_name} at {self._prefix}{id}",
                reason="REDIS_VALUE_UNREADABLE",
            ) from error

    async def save(self, id: str, message: M) -> None:
        raw = message.SerializeToString()
        if len(raw) > self._most_bytes:
            raise Unavailable(
                f"{self._prefix}{id} would take {len(raw)} bytes, more than {self._most_bytes}",
                reason="REDIS_VALUE_TOO_LARGE",
            )
        await self._redis.set(self._prefix + id, raw, ttl_s=self._ttl_s)


class RedisConversations:
    """`ConversationStore` in Redis.

    Args:
        redis: Shared with the archive, so that both learn at once that it is away.
        key_prefix: Start of the keys.
        ttl_s: Seconds since the last turn.
        most_bytes: Larger states are not kept, and the turn is flagged.
    """

    def __init__(
        self, redis: GuardedRedis, *, key_prefix: str, ttl_s: float, most_bytes: int
    ) -> None:
        self._kept = _Messages(
            redis,
            conversation_pb2.ConversationState,
            prefix=f"{key_prefix}:conversation:",
            ttl_s=ttl_s,
            most_bytes=most_bytes,
        )

    async def load(self, conversation_id: str) -> conversation_pb2.ConversationState | None:
        """Return the state, `None` when there is none or it has expired."""
        return await self._kept.load(conversation_id)

    async def save(self, conversation_id: str, state: conversation_pb2.ConversationState) -> None:
        """Keep the state."""
        await self._kept.save(conversation_id, state)


class RedisArchive:
    """`SearchArchive` in Redis; arguments as of `RedisConversations`."""

    def __init__(
        self, redis: GuardedRedis, *, key_prefix: str, ttl_s: float, most_bytes: int
    ) -> None:
        self._kept = _Messages(
            redis,
            search_events_pb2.SearchCompleted,
            prefix=f"{key_prefix}:search:",
            ttl_s=ttl_s,
            most_bytes=most_bytes,
        )

    async def load(self, search_id: str) -> search_events_pb2.SearchCompleted | None:
        """Return the search, `None` when there is none or it has expired."""
        return await self._kept.load(search_id)

    async def save(self, completed: search_events_pb2.SearchCompleted) -> None:
        """Keep the search."""
        await self._kept.save(completed.context.search_id, completed)
