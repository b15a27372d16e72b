"""What the gateway needs from outside."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from concierge.answering.v1 import answering_pb2
from concierge.catalog.v1 import hotel_pb2
from concierge.search.v1 import conversation_pb2, search_events_pb2

from services.platform.deadline import Deadline


class ConversationStore(Protocol):
    """Remembers conversations for a time. Of two writers at once the last one stands."""

    async def load(self, conversation_id: str) -> conversation_pb2.ConversationState | None:
        """Return the state, `None` when there is none or it has expired.

        Raises:
            Unavailable: The store is away.
        """
        ...

    async def save(self, conversation_id: str, state: conversation_pb2.ConversationState) -> None:
        """Keep the state for the store's time to live.

        Raises:
            Unavailable: The store is away, or the state is larger than it takes.
        """
        ...


class SearchArchive(Protocol):
    """Keeps finished searches for paging and Explain, for a time."""

    async def load(self, search_id: str) -> search_events_pb2.SearchCompleted | None:
        """Return the search, `None` when there is none or it has expired.

        Raises:
            Unavailable: The archive is away.
        """
        ...

    async def save(self, completed: search_events_pb2.SearchCompleted) -> None:
        """Keep the search for the archive's time to live.

        Raises:
            Unavailable: The archive is away, or the search is larger than it takes.
        """
        ...


class RecordReader(Protocol):
    """Reads hotel records by id."""

    async def read(self, hotel_ids: Sequence[str], *, deadline: Deadline) -> list[hotel_pb2.Hotel]:
        """Return the records that exist, in the order asked.

        Raises:
            Unavailable: The reader is away or late.
        """
        ...


class Answerer(Protocol):
    """Writes an answer from records."""

    def answer(
        self, request: answering_pb2.AnswerRequest, *, deadline: Deadline
    ) -> AsyncIterator[answering_pb2.AnswerResponse]:
        """Stream verified sentences, then the summary.

        Raises:
            Unavailable: The answering service is away or late.
        """
        ...
