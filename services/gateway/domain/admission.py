"""Admission: more searches at once than the deployment can serve are refused at the door."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from services.platform.errors import ResourceExhausted


class AdmissionGate:
    """Counts searches in flight and refuses those above the limit before anything queues.

    Args:
        most_in_flight: Searches admitted at once, 1 or more.
        retry_after_s: What a refused client is told to wait.
    """

    def __init__(self, most_in_flight: int, retry_after_s: float) -> None:
        self._most = most_in_flight
        self._retry_after_s = retry_after_s
        self.in_flight = 0

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """Hold a place for one search.

        Raises:
            ResourceExhausted: All places are taken.
        """
        if self.in_flight >= self._most:
            raise ResourceExhausted(
                f"{self._most} searches are in flight",
                retry_after_s=self._retry_after_s,
                reason="TOO_MANY_SEARCHES",
            )
        self.in_flight += 1
        try:
            yield
        finally:
            self.in_flight -= 1
