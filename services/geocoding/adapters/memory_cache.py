"""What providers said, in this process's memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from services.geocoding.domain.place import Place
from services.platform.expiring import ExpiringValues
from services.text.fold import fold_text


class MemoryPlaceCache:
    """`PlaceCache` in memory; a restart forgets.

    Args:
        most: Answers kept at once.
        found_ttl_s: For places.
        nothing_ttl_s: For "nothing": shorter, since places come to be.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        *,
        most: int,
        found_ttl_s: float,
        nothing_ttl_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._found_ttl_s = found_ttl_s
        self._nothing_ttl_s = nothing_ttl_s
        self._kept = ExpiringValues[tuple[Place, ...]](most=most, clock=clock)

    async def get(self, name: str, city: str) -> Sequence[Place] | None:
        """Return the answer, `None` when none is kept."""
        return self._kept.get(cache_key(name, city))

    async def put(self, name: str, city: str, places: Sequence[Place]) -> None:
        """Keep an answer."""
        ttl_s = self._found_ttl_s if places else self._nothing_ttl_s
        self._kept.put(cache_key(name, city), tuple(places), ttl_s=ttl_s)

    async def close(self) -> None:
        """Nothing is open."""


def cache_key(name: str, city: str) -> str:
    """Return one key for all spellings of a question."""
    return f"{fold_text(city).strip()}|{fold_text(name).strip()}"
