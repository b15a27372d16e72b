"""Admission: what the deployment cannot serve without queueing is refused at the door."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from services.platform.errors import ResourceExhausted

# After a cut, what is still in flight was admitted under the old limit and says nothing new.
CUT = 0.8


@dataclass(slots=True)
class Place:
    """What one search holds.

    Attributes:
        queued_s: How long its events waited in queues in all; `None` until that is known.
    """

    queued_s: float | None = None


class AdmissionGate:
    """Limits the searches in flight, and learns the limit from how long events wait in queues.

    The limit rises by one for every limit's worth of searches that waited less than the target
    while the gate was in use, before its first fall for every such search, and falls to `CUT` of
    itself when one waited longer, at most once per round trip. Time that a stage works, or that a
    lost stage is waited for, does not count: only queues tell of overload. A search that is in
    flight for long waits for something that is away and takes no one's time: it holds a place of
    the most that there may be, none of the limit's.

    Source: additive increase, multiplicative decrease: Chiu and Jain, Analysis of the Increase
    and Decrease Algorithms for Congestion Avoidance in Computer Networks, 1989; the slow start:
    Jacobson, Congestion Avoidance and Control, 1988.

    Args:
        most_in_flight: Searches admitted at once at most, 1 or more.
        first_in_flight: Searches admitted at once before anything was learnt, 1 or more.
        least_in_flight: Searches admitted at once in any case, 1 or more.
        queue_target_s: Time in queues over all stages of a search that is still fine.
        stalled_after_s: Time in flight after which a search waits for something that is away.
        retry_after_s: What a refused client is told to wait.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        most_in_flight: int,
        *,
        first_in_flight: int,
        least_in_flight: int,
        queue_target_s: float,
        stalled_after_s: float,
        retry_after_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = most_in_flight
        self._least = min(least_in_flight, most_in_flight)
        self._target_s = queue_target_s
        self._stalled_after_s = stalled_after_s
        self._retry_after_s = retry_after_s
        self._clock = clock
        self._cut_at = float("-inf")
        self.limit = float(min(first_in_flight, most_in_flight))
        # When each search in flight entered, by a number of its own.
        self._entered: dict[int, float] = {}
        self._numbers = itertools.count()

    @property
    def in_flight(self) -> int:
        """How many searches hold a place."""
        return len(self._entered)

    def _at_work(self, now: float) -> int:
        return sum(1 for at in self._entered.values() if now - at < self._stalled_after_s)

    @contextmanager
    def admitted(self) -> Iterator[Place]:
        """Hold a place for one search; learn at its end from what the place was told.

        Raises:
            ResourceExhausted: All places are taken.
        """
        entered_at = self._clock()
        at_work = self._at_work(entered_at)
        if at_work >= int(self.limit) or self.in_flight >= self._most:
            raise ResourceExhausted(
                f"{self.in_flight} searches are in flight",
                retry_after_s=self._retry_after_s,
                reason="TOO_MANY_SEARCHES",
            )
        # A gate that is half empty learns nothing of what more would do.
        place, was_used = Place(), (at_work + 1) * 2 >= self.limit
        number = next(self._numbers)
        self._entered[number] = entered_at
        try:
            yield place
        finally:
            del self._entered[number]
            if place.queued_s is not None:
                self._learn(place.queued_s, entered_at, was_used)

    def _learn(self, queued_s: float, entered_at: float, was_used: bool) -> None:
        if queued_s > self._target_s:
            if entered_at > self._cut_at:
                self.limit = max(float(self._least), self.limit * CUT)
                self._cut_at = self._clock()
        elif was_used:
            was_cut = self._cut_at > float("-inf")
            self.limit = min(float(self._most), self.limit + (1.0 / self.limit if was_cut else 1.0))
