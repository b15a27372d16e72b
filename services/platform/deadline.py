"""Absolute deadlines: a moment on the wall clock that travels with the work."""

from __future__ import annotations

import time
from dataclasses import dataclass

from services.platform.errors import DeadlineExceeded


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment after which nobody waits for the answer any more.

    Attributes:
        expires_at: Unix time in seconds. The wall clock, because it crosses processes.
    """

    expires_at: float

    @classmethod
    def after(cls, seconds: float, *, now: float | None = None) -> Deadline:
        """Return the deadline `seconds` from now (or from `now`, Unix seconds)."""
        return cls((time.time() if now is None else now) + seconds)

    def remaining_s(self, *, now: float | None = None) -> float:
        """Return the seconds left; zero or less once it has passed."""
        return self.expires_at - (time.time() if now is None else now)

    def expired(self, *, now: float | None = None) -> bool:
        """Tell whether the moment has passed."""
        return self.remaining_s(now=now) <= 0

    def check(self, doing: str) -> None:
        """Raise when the moment has passed.

        Raises:
            DeadlineExceeded: With `doing` in the message.
        """
        if self.expired():
            raise DeadlineExceeded(f"the deadline passed before {doing}")

    def budget_s(self, share: float, *, most_s: float | None = None) -> float:
        """Return `share` in (0, 1] of the time left, at most `most_s`, never below zero."""
        budget = max(0.0, self.remaining_s() * share)
        return budget if most_s is None else min(budget, most_s)
