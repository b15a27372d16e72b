"""What vector retrieval needs from outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from services.recall.facts_change import ChangesTaken, FactsChange
from services.recall.recalled import Recalled
from services.vector_retrieval.domain.item import Item, VectorQuery

# Engines sum products in orders of their own; beyond these decimals their scores differ.
SCORE_DIGITS = 5


class Embedder(Protocol):
    """Turns texts into vectors."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        ...

    @property
    def version(self) -> str:
        """Name and version; vectors of different versions must not be compared."""
        ...

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return `(n, dimension)` float32 rows of unit length, in the order of texts.

        A text without any feature gives a row of zeros.

        Raises:
            Unavailable: The model server is away or past its deadline.
        """
        ...


class VectorIndex(Protocol):
    """Holds hotels by their vector, their facts and their records."""

    async def upsert(self, items: Sequence[Item], vectors: NDArray[np.float32]) -> int:
        """Add or replace hotels; return how many were taken.

        Args:
            items: The hotels; one older than the one held (by revision) is left out. One that
                replaces another takes over its newer fast facts (`keep_newer_facts`).
            vectors: `(n, d)` float32 rows of unit length, in the order of items.

        Raises:
            Unavailable: The index cannot be written.
        """
        ...

    async def change_facts(self, changes: Sequence[FactsChange]) -> ChangesTaken:
        """Write changes of price, availability and status into the hotels held.

        The vectors stay: no text changes. A change older than what is held changes nothing.

        Raises:
            Unavailable: The index cannot be written.
        """
        ...

    async def delete(self, hotel_ids: Sequence[str]) -> None:
        """Remove hotels; unknown ids are fine."""
        ...

    async def search(self, query: VectorQuery) -> Recalled:
        """Find the nearest hotels that satisfy the condition; closed ones are never among them.

        A score is the inner product of the unit vectors, rounded to `SCORE_DIGITS`. Hotels with
        equal scores are in the order of their ids; sorted ones with equal values by standing,
        then id; those without the value come last.

        Raises:
            Unavailable: The index is away.
        """
        ...

    async def count(self) -> int:
        """Return how many hotels are held."""
        ...

    def version(self) -> str:
        """Return what identifies the index, for Explain."""
        ...
