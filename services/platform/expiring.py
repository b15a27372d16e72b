"""Values by key in memory, bounded in number and time."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

V = TypeVar("V")


class ExpiringValues(Generic[V]):
    """The newest values by key, each for its own time.

    Args:
        most: Values kept at once; above it the oldest goes first.
        clock: Monotonic seconds.
    """

    def __init__(self, *, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, V]] = OrderedDict()

    def get(self, key: str) -> V | None:
        """Return the value, `None` when there is none or its time is over."""
        found = self._kept.get(key)
        if found is None or found[0] <= self._clock():
            self._kept.pop(key, None)
            return None
        return found[1]

    def put(self, key: str, value: V, *, ttl_s: float) -> None:
        """Keep the value for `ttl_s` seconds, replacing an earlier one."""
        now = self._clock()
        self._kept[key] = (now + ttl_s, value)
        self._kept.move_to_end(key)
        # Oldest first: where all live equally long, what has expired is at the front.
        while self._kept and (
            len(self._kept) > self._most or next(iter(self._kept.values()))[0] <= now
        ):
            self._kept.popitem(last=False)
