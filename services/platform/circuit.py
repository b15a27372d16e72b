"""Not asking a backend that is known to be away, and finding out by itself that it is back."""

from __future__ import annotations

import time
from collections.abc import Callable


class CircuitBreaker:
    """Refuses calls to a backend for a while after failures in a row, then tries it again.

    Closed, all calls pass. The last of `most_failures` failures in a row opens it for `open_s`
    seconds; then one call per `open_s` passes as a trial, until a success closes it. A trial
    that never reports (its caller went away) is followed by the next.

    Args:
        most_failures: Failures in a row that open it, 1 or more.
        open_s: Seconds without calls.
        clock: Monotonic seconds.
    """

    def __init__(
        self, *, most_failures: int, open_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most_failures = most_failures
        self._open_s = open_s
        self._clock = clock
        self._failures = 0
        self._next_trial_at: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether the backend counts as away."""
        return self._next_trial_at is not None

    def allows(self) -> bool:
        """Tell whether a call may go out now; a trial that may is counted as gone out."""
        if self._next_trial_at is None:
            return True
        now = self._clock()
        if now < self._next_trial_at:
            return False
        self._next_trial_at = now + self._open_s
        return True

    def succeeded(self) -> bool:
        """Note a success; return whether it closed the breaker."""
        was_open, self._next_trial_at, self._failures = self.is_open, None, 0
        return was_open

    def failed(self, *, open_s: float | None = None) -> bool:
        """Note a failure; return whether it opened the breaker.

        Args:
            open_s: The backend itself said to stay away so long: opens at once.
        """
        self._failures += 1
        if open_s is None and self._failures < self._most_failures:
            return False
        was_open = self.is_open
        self._next_trial_at = self._clock() + (self._open_s if open_s is None else open_s)
        return not was_open
