"""Conversations and finished searches in this process's memory, bounded in number and time."""

from __future__ import annotations

import time
from collections.abc import Callable

from concierge.search.v1 import conversation_pb2, search_events_pb2

from services.platform.expiring import ExpiringValues


class MemoryConversations:
    """`ConversationStore` in memory; a restart forgets."""

    def __init__(
        self, *, ttl_s: float, most: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ttl_s = ttl_s
        # Serialised, so that nobody changes what is kept.
        self._kept = ExpiringValues[bytes](most=most, clock=clock)

    async def load(self, conversation_id: str) -> conversation_pb2.ConversationState | None:
        """Return the state, `None` when there is none or it has expired."""
        kept = self._kept.get(conversation_id)
        return None if kept is None else conversation_pb2.ConversationState.FromString(kept)

    async def save(self, conversation_id: str, state: conversation_pb2.ConversationState) -> None:
        """Keep the state."""
        self._kept.put(conversation_id, state.SerializeToString(), ttl_s=self._ttl_s)


class MemoryArchive:
    """`SearchArchive` in memory; a restart forgets."""

    def __init__(
        self, *, ttl_s: float, most: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ttl_s = ttl_s
        self._kept = ExpiringValues[bytes](most=most, clock=clock)

    async def load(self, search_id: str) -> search_events_pb2.SearchCompleted | None:
        """Return the search, `None` when there is none or it has expired."""
        kept = self._kept.get(search_id)
        return None if kept is None else search_events_pb2.SearchCompleted.FromString(kept)

    async def save(self, completed: search_events_pb2.SearchCompleted) -> None:
        """Keep the search."""
        self._kept.put(
            completed.context.search_id, completed.SerializeToString(), ttl_s=self._ttl_s
        )
