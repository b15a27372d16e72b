"""Conversations and finished searches in this process's memory, bounded in number and time."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from concierge.search.v1 import conversation_pb2, search_events_pb2
from google.protobuf.message import Message

M = TypeVar("M", bound=Message)


class _ExpiringMessages(Generic[M]):
    """The newest messages by key. Serialised, so that nobody changes what is kept."""

    def __init__(
        self, kind: type[M], *, ttl_s: float, most: int, clock: Callable[[], float]
    ) -> None:
        self._kind = kind
        self._ttl_s = ttl_s
        self._most = most
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    def get(self, key: str) -> M | None:
        found = self._kept.get(key)
        if found is None or found[0] <= self._clock():
            self._kept.pop(key, None)
            return None
        return self._kind.FromString(found[1])

    def put(self, key: str, message: M) -> None:
        now = self._clock()
        self._kept[key] = (now + self._ttl_s, message.SerializeToString())
        self._kept.move_to_end(key)
        # Oldest first, and every entry lives equally long: what has expired is at the front.
        while self._kept and (
            len(self._kept) > self._most or next(iter(self._kept.values()))[0] <= now
        ):
            self._kept.popitem(last=False)


class MemoryConversations:
    """`ConversationStore` in memory; a restart forgets."""

    def __init__(
        self, *, ttl_s: float, most: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._kept = _ExpiringMessages(
            conversation_pb2.ConversationState, ttl_s=ttl_s, most=most, clock=clock
        )

    async def load(self, conversation_id: str) -> conversation_pb2.ConversationState | None:
        """Return the state, `None` when there is none or it has expired."""
        return self._kept.get(conversation_id)

    async def save(self, conversation_id: str, state: conversation_pb2.ConversationState) -> None:
        """Keep the state."""
        self._kept.put(conversation_id, state)


class MemoryArchive:
    """`SearchArchive` in memory; a restart forgets."""

    def __init__(
        self, *, ttl_s: float, most: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._kept = _ExpiringMessages(
            search_events_pb2.SearchCompleted, ttl_s=ttl_s, most=most, clock=clock
        )

    async def load(self, search_id: str) -> search_events_pb2.SearchCompleted | None:
        """Return the search, `None` when there is none or it has expired."""
        return self._kept.get(search_id)

    async def save(self, completed: search_events_pb2.SearchCompleted) -> None:
        """Keep the search."""
        self._kept.put(completed.context.search_id, completed)
