"""What geocoding needs from outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from services.geocoding.domain.place import Place
from services.plan.condition import Point


class PlaceIndex(Protocol):
    """Knows places by name and by position."""

    async def by_name(self, name: str) -> Sequence[Place]:
        """Return every place of that name, in no particular order.

        Case, width, script (traditional or simplified) and blanks do not count, nor do words
        that only say what sort of place it is ("地铁站", "station").

        Raises:
            Unavailable: The index is away.
        """
        ...

    async def near(
        self, point: Point, *, radius_km: float, limit: int
    ) -> Sequence[tuple[Place, float]]:
        """Return at most `limit` places within the radius with their distance, nearest first.

        Raises:
            Unavailable: The index is away.
        """
        ...


class PlaceProvider(Protocol):
    """Somebody else's geocoding service."""

    @property
    def name(self) -> str:
        """Who it is, for `Place.source`, logs and metrics."""
        ...

    async def find(self, name: str, *, city: str, timeout_s: float) -> Sequence[Place]:
        """Return what the provider finds for a name, best first; empty when nothing.

        Args:
            name: As the guest says it.
            city: Where to look, "" for everywhere.
            timeout_s: For the whole call.

        Raises:
            Unavailable: It is away, late, in error, or answers what cannot be read.
            ResourceExhausted: It says that our quota is used up, and until when.
            FailedPrecondition: It refuses our key.
        """
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


class PlaceCache(Protocol):
    """Remembers for a time what providers said, "nothing" included."""

    async def get(self, name: str, city: str) -> Sequence[Place] | None:
        """Return the answer, `None` when none is kept.

        Raises:
            Unavailable: The cache is away.
        """
        ...

    async def put(self, name: str, city: str, places: Sequence[Place]) -> None:
        """Keep an answer.

        Raises:
            Unavailable: The cache is away.
        """
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...
