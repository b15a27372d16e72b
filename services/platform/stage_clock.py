"""Times of one stage on an event's way."""

from __future__ import annotations

import time
from typing import Any

from services.platform.events import Record


class StageClock:
    """Started when a handler takes an event; tells how long it waited and how long it worked."""

    def __init__(self, record: Record) -> None:
        published = record.time
        # Clocks of two machines are compared here, so the difference may be negative.
        self._waited_s = 0.0 if published is None else max(0.0, time.time() - published)
        self._start_ns = time.perf_counter_ns()

    def note(self, timings: Any, stage: str) -> None:
        """Add the stage to a repeated field of messages with `stage`, `took` and `waited`."""
        timing = timings.add(stage=stage)
        timing.took.FromNanoseconds(time.perf_counter_ns() - self._start_ns)
        timing.waited.FromNanoseconds(int(self._waited_s * 1e9))
