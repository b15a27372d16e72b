"""What keyword search needs from outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from services.keyword_search.domain.document import Document
from services.keyword_search.domain.query import KeywordQuery
from services.recall.recalled import Recalled


class KeywordIndex(Protocol):
    """Holds hotels by their words, their facts and their records."""

    async def upsert(self, documents: Sequence[Document]) -> int:
        """Add or replace hotels; return how many were taken.

        A document older than the one held (by revision) is left out. Searchable when this
        returns.

        Raises:
            Unavailable: The index cannot be written.
        """
        ...

    async def delete(self, hotel_ids: Sequence[str]) -> None:
        """Remove hotels; unknown ids are fine."""
        ...

    async def search(self, query: KeywordQuery) -> Recalled:
        """Find the best hotels that satisfy the condition; closed ones are never among them.

        Raises:
            Unavailable: The index is away.
        """
        ...

    async def get(self, hotel_ids: Sequence[str]) -> dict[str, bytes]:
        """Return the records of those ids that exist, closed hotels included."""
        ...

    async def count(self) -> int:
        """Return how many hotels are held."""
        ...

    def version(self) -> str:
        """Return what identifies the index, for Explain."""
        ...
