"""What keyword search needs from outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from services.keyword_search.domain.document import Document
from services.keyword_search.domain.query import KeywordQuery
from services.recall.facts_change import ChangesTaken, FactsChange
from services.recall.recalled import Recalled


class KeywordIndex(Protocol):
    """Holds hotels by their words, their facts and their records.

    What is written is read by id at once. It is found by `search` and counted by `count` soon: in
    this process when the writing returns, on a cluster within its refresh interval of a second.
    """

    async def upsert(self, documents: Sequence[Document]) -> int:
        """Add or replace hotels; return how many were taken.

        A document older than the one held (by revision) is left out. What changed on its own in
        the one held, and later than the document says, stands (docs/adr/0010).

        Raises:
            Unavailable: The index cannot be written; none, some or all were taken.
            InvalidArgument: The index can never take one of them.
        """
        ...

    async def change_facts(self, changes: Sequence[FactsChange]) -> ChangesTaken:
        """Change fast fields of hotels that are held; return what became of the changes.

        A change is left out where the hotel is not held, and where its record knows better.

        Raises:
            Unavailable: The index cannot be written; none, some or all were taken.
        """
        ...

    async def delete(self, hotel_ids: Sequence[str]) -> None:
        """Remove hotels; unknown ids are fine.

        Raises:
            Unavailable: The index cannot be written; none, some or all were removed.
        """
        ...

    async def search(self, query: KeywordQuery) -> Recalled:
        """Find the best hotels that satisfy the condition; closed ones are never among them.

        Raises:
            Unavailable: The index is away.
        """
        ...

    async def get(self, hotel_ids: Sequence[str]) -> dict[str, bytes]:
        """Return the records of those ids that exist, closed hotels included.

        Raises:
            Unavailable: The index is away.
        """
        ...

    async def count(self) -> int:
        """Return how many hotels are held.

        Raises:
            Unavailable: The index is away.
        """
        ...

    def version(self) -> str:
        """Return what identifies the index, for Explain."""
        ...
