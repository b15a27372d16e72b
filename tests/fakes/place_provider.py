"""A PlaceProvider that knows what it is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.geocoding.domain.place import Place
from services.platform.errors import ConciergeError


class FakeProvider:
    """`PlaceProvider` on a table by name; `error` is raised instead of an answer."""

    def __init__(self, name: str = "fake", places: Mapping[str, Sequence[Place]] = {}) -> None:
        self.name = name
        self.places = dict(places)
        self.error: ConciergeError | None = None
        self.asked: list[tuple[str, str]] = []

    async def find(self, name: str, *, city: str, timeout_s: float) -> Sequence[Place]:
        self.asked.append((name, city))
        if self.error is not None:
            raise self.error
        return [p for p in self.places.get(name, ()) if not city or p.city.startswith(city)]

    async def close(self) -> None:
        """Nothing is open."""
