"""How often a provider may be asked."""

from __future__ import annotations

DAY_S = 86_400
# Chinese providers count by their own midnight.
DAY_STARTS_AT_S = 16 * 3600


class Quota:
    """Calls evenly spaced, and at most so many a day (from midnight, UTC+8). Of one process.

    Args:
        per_second: Calls a second, above 0.
        per_day: Calls a day, 1 or more.
    """

    def __init__(self, *, per_second: float, per_day: int) -> None:
        self._spacing_s = 1.0 / per_second
        self._per_day = per_day
        self._asked_at = self._free_at = 0.0
        self._day = -1
        self._left = 0

    def reserve(self, now_s: float, *, most_wait_s: float) -> float | None:
        """Take the next free place; return the seconds until it, `None` when none is near enough.

        Args:
            now_s: Unix seconds.
            most_wait_s: Longest wait that is of use.
        """
        day = int((now_s - DAY_STARTS_AT_S) // DAY_S)
        if day != self._day:
            self._day, self._left = day, self._per_day
        if now_s < self._asked_at:  # the clock was set back
            self._free_at = now_s
        self._asked_at = now_s
        wait_s = max(0.0, self._free_at - now_s)
        if not self._left or wait_s > most_wait_s:
            return None
        self._left -= 1
        self._free_at = now_s + wait_s + self._spacing_s
        return wait_s
