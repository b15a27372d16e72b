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
