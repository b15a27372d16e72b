"""Jobs whose tasks were lost with the broker, taken up again.

Celery's Redis transport takes a message off its queue and notes it as unacknowledged in two steps.
A broker that is killed between them has neither, and a job that waits for that chunk would never
end. What tells such a job is exact: it is open while nothing is queued and nothing is in work.
"""

from __future__ import annotations

import asyncio

import structlog

from services.ingestion.ports import JobStore, TaskQueue
from services.platform.errors import Unavailable

LOOK_EVERY_S = 10.0
# Jobs looked at, newest first.
_MOST_JOBS = 1_000

log = structlog.get_logger(__name__)


class LostTasks:
    """Looks after the jobs of a store. Splitting again is harmless: what is done stays done."""

    def __init__(self, store: JobStore, queue: TaskQueue) -> None:
        self._store = store
        self._queue = queue
        self._suspected: frozenset[str] = frozenset()

    def look(self) -> list[str]:
        """Enqueue again the jobs that two looks in a row found lost; return their ids.

        One look may fall between two steps of a task that is on its way.

        Raises:
            Unavailable: The broker or the store is away.
        """
        if not self._queue.is_idle():
            self._suspected = frozenset()
            return []
        jobs = self._store.jobs(limit=_MOST_JOBS, offset=0)
        waiting = frozenset(job.id for job in jobs if job.ended_at is None)
        lost = sorted(waiting & self._suspected)
        for job_id in lost:
            log.warning("job_taken_up_again", job_id=job_id)
            self._queue.enqueue(job_id)
        self._suspected = waiting.difference(lost)
        return lost

    async def watch(self, every_s: float = LOOK_EVERY_S) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(every_s)
            try:
                await asyncio.to_thread(self.look)
            except Unavailable as error:
                log.warning("lost_tasks_not_looked_for", reason=error.reason)
