"""The reply lane: one partition of the completed topic, and who waits for what on it."""

from __future__ import annotations

import asyncio

import structlog
from concierge.search.v1 import search_events_pb2

from services.platform.bus import Consumption, EventBus
from services.platform.deadline import Deadline
from services.platform.envelope import decode
from services.platform.errors import Unavailable
from services.platform.events import Record

COMPLETED_TOPIC = "concierge.search.completed.v1"

log = structlog.get_logger(__name__)


class ReplyLane:
    """Hands each `SearchCompleted` on this gateway's partition to the call that waits for it.

    A reply that nobody waits for any more (the client went away, or it is a duplicate of a
    redelivered search) is dropped and counted in `late_count`.
    """

    def __init__(self, bus: EventBus, lane: int) -> None:
        self._bus = bus
        self.lane = lane
        self.late_count = 0
        self._waiting: dict[str, asyncio.Future[search_events_pb2.SearchCompleted]] = {}
        self._consumption: Consumption | None = None

    async def start(self) -> None:
        """Fix the position on the lane; replies to later requests are not missed."""
        self._consumption = await self._bus.read_lane(COMPLETED_TOPIC, self.lane, self._receive)

    async def stop(self) -> None:
        """Stop reading; calls that still wait get `Unavailable`."""
        if self._consumption is not None:
            await self._consumption.stop()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(
                    Unavailable("the gateway is stopping", reason="SHUTTING_DOWN")
                )

    def expect(self, search_id: str) -> asyncio.Future[search_events_pb2.SearchCompleted]:
        """Register the wait before the request is published."""
        future: asyncio.Future[search_events_pb2.SearchCompleted] = (
            asyncio.get_running_loop().create_future()
        )
        self._waiting[search_id] = future
        return future

    def forget(self, search_id: str) -> None:
        """Stop waiting."""
        self._waiting.pop(search_id, None)

    async def wait(
        self, search_id: str, *, deadline: Deadline
    ) -> search_events_pb2.SearchCompleted:
        """Return the reply to a search registered with `expect`.

        Raises:
            Unavailable: No reply came before the deadline.
        """
        try:
            return await asyncio.wait_for(
                self._waiting[search_id], timeout=max(0.0, deadline.remaining_s())
            )
        except TimeoutError as error:
            raise Unavailable(
                "no stage completed the search in time", reason="SEARCH_TIMED_OUT"
            ) from error
        finally:
            self.forget(search_id)

    async def _receive(self, record: Record) -> None:
        completed = decode(record, search_events_pb2.SearchCompleted)
        waiting = self._waiting.get(completed.context.search_id)
        if waiting is None or waiting.done():
            self.late_count += 1
            log.info("late_reply_dropped", search_id=completed.context.search_id)
            return
        waiting.set_result(completed)
