"""What ranking needs from outside: nothing, or a reranker where one is configured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Reranker(Protocol):
    """Scores how well hotels answer a query."""

    async def score(self, query: str, passages: Mapping[str, str]) -> Mapping[str, float]:
        """Return a probability in [0, 1] for every hotel given.

        Args:
            query: The guest's words, as the plan gives them to vector retrieval.
            passages: What is known of each hotel in words, by hotel id.

        Raises:
            Unavailable: The model server is away or past its deadline.
        """
        ...
