"""One partition of a compacted topic that lives in a log, with its newest records in memory."""

from __future__ import annotations

import asyncio
import contextlib
from bisect import bisect_left
from collections.abc import Sequence

from services.platform.adapters.sqlite_log import SqliteLog
from services.platform.events import Record

# Records kept for the groups that have not read them yet.
MOST_KEPT = 6_000
# Who has read all of them waits so long for the slowest group before it reads on by itself.
LEAD_WAIT_S = 5.0


class LoggedPartition:
    """Reads a partition from the log once for all groups that keep about the same pace.

    What was written or read last stays in a window until every group has passed it. So groups get
    the same `Record`, and with it what the first of them made of it. A group that is a window ahead
    waits for the others: apart, each would read and decode the log on its own. One that hangs holds
    the others up by `lead_wait_s` a time, and no longer. All calls on one loop.

    Args:
        topic: The topic.
        number: Of the partition.
        log_file: Where it lives.
        most_kept: Records in the window at most.
        lead_wait_s: See above.
    """

    def __init__(
        self,
        topic: str,
        number: int,
        log_file: SqliteLog,
        *,
        most_kept: int = MOST_KEPT,
        lead_wait_s: float = LEAD_WAIT_S,
    ) -> None:
        self.topic = topic
        self.number = number
        self._log = log_file
        self._most_kept = most_kept
        self._lead_wait_s = lead_wait_s
        # All that the log has, or had, from one position up to another, ascending.
        self._window: list[Record] = []
        self._window_end = 0
        self._reading = asyncio.Lock()
        self._passed = asyncio.Event()

    @property
    def end(self) -> int:
        """Position the next record will have."""
        return self._log.end(self.topic, self.number)

    async def read(self, position: int, limit: int) -> Sequence[Record]:
        """Return at most `limit` records at or after a position, oldest first."""
        if kept := self._kept(position, limit):
            return kept
        if position == self._window_end and not self._has_room(limit):
            self._passed.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._passed.wait(), self._lead_wait_s)
        async with self._reading:
            # Another group may have read them while this one waited.
            if kept := self._kept(position, limit):
                return kept
            records = await asyncio.to_thread(
                self._log.read, self.topic, self.number, position, limit
            )
            if not self._window:
                self._window_end = position
            self._keep(position, records)
            return records

    def written(self, record: Record) -> None:
        """Keep a record that the log has just taken, if all before it are kept or passed."""
        self._keep(record.offset, (record,))

    def drop_before(self, position: int) -> None:
        """Forget what every group has passed; the log keeps the latest record per key for ever."""
        if passed := self._place(position):
            del self._window[:passed]
            self._passed.set()

    def _kept(self, position: int, limit: int) -> Sequence[Record]:
        if not self._window or not self._window[0].offset <= position < self._window_end:
            return ()
        first = self._place(position)
        return self._window[first : first + limit]

    def _keep(self, position: int, records: Sequence[Record]) -> None:
        if position != self._window_end or not self._has_room(len(records)):
            return
        self._window += records
        if records:
            self._window_end = records[-1].offset + 1

    def _has_room(self, count: int) -> bool:
        return len(self._window) + count <= self._most_kept

    def _place(self, position: int) -> int:
        return bisect_left(self._window, position, key=lambda record: record.offset)
