"""Searches at a steady rate, each with what became of it; ends by itself."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import grpc
from concierge.search.v1 import search_pb2, search_pb2_grpc

from services.plan.evaluate import satisfies
from services.plan.hotel_wire import facts_of
from services.plan.wire import plan_from_pb
from services.platform.errors import ConciergeError
from services.platform.rpc import channel, from_rpc_error

QUERIES = (
    "北京的五星级酒店,有停车场,不要青年旅舍",
    "上海外滩附近的酒店,五百以内",
    "hotel in Beijing with a pool or a gym, under 900",
    "成都春熙路附近有健身房的酒店,评分4.5以上",
    "苏州的经济型酒店",
)
# What a client sees where the deadline's own error comes in a hair before the typed one.
MARGIN_S = 0.5
MOST_S = 180.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one search ended.

    Attributes:
        at: When it was asked, seconds from the load's start.
        took_s: Until its answer or error.
        error: The typed error, `None` for an answer.
        response: The answer.
    """

    at: float
    took_s: float
    error: ConciergeError | None = None
    response: search_pb2.SearchHotelsResponse | None = None

    @property
    def ok(self) -> bool:
        """Whether the guest got an answer to which nothing is missing."""
        return (
            self.response is not None
            and not self.response.skipped_stages
            and not self.response.conversation_degraded
        )


@dataclass
class SteadyLoad:
    """Asks the gateway `rate` times a second until told to stop.

    Args:
        target: The gateway's address.
        rate: Searches started per second, however long they take.
        deadline_s: Of each search.
        conversations: Whether searches belong to conversations that the server keeps.
    """

    target: str
    rate: float = 5.0
    deadline_s: float = 4.0
    conversations: bool = False
    outcomes: list[Outcome] = field(default_factory=list)
    asked: int = 0

    async def __aenter__(self) -> SteadyLoad:
        self._start = time.monotonic()
        self._running: set[asyncio.Task[None]] = set()
        self._door = channel(self.target)
        self._task = asyncio.create_task(self._ask())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Ask no more, let what is asked end, check what holds whatever fails."""
        self._task.cancel()
        while self._running:
            await asyncio.wait(self._running)
        await self._door.close()
        self.check()

    def now(self) -> float:
        """Return the seconds since the load began."""
        return time.monotonic() - self._start

    def since(self, at: float) -> list[Outcome]:
        """Return what became of the searches asked after a moment."""
        return [outcome for outcome in self.outcomes if outcome.at >= at]

    def failed(self, at: float) -> list[str]:
        """Return the searches asked after a moment that ended with an error."""
        return [shown(outcome) for outcome in self.since(at) if outcome.error is not None]

    async def until(
        self, holds: Callable[[Sequence[Outcome]], bool], *, last: int, timeout_s: float = 60.0
    ) -> None:
        """Return when the last so many outcomes since now satisfy a condition.

        Raises:
            TimeoutError: They did not in time; with the last of them.
        """
        first = len(self.outcomes)
        try:
            async with asyncio.timeout(timeout_s):
                while not (
                    len(self.outcomes) - first >= last and holds(self.outcomes[first:][-last:])
                ):
                    await asyncio.sleep(0.05)
        except TimeoutError as error:
            told = [shown(outcome) for outcome in self.outcomes[first:][-last:]]
            raise TimeoutError(f"after {timeout_s} s the last searches are {told}") from error

    async def until_whole(self, *, last: int = 15, timeout_s: float = 60.0) -> None:
        """Return when the last so many searches were answered with nothing missing."""
        await self.until(lambda all_: all(o.ok for o in all_), last=last, timeout_s=timeout_s)

    def check(self) -> None:
        """Every search ended, once, before its deadline, and no hit violates its plan."""
        assert len(self.outcomes) == self.asked
        for outcome in self.outcomes:
            assert outcome.took_s <= self.deadline_s + MARGIN_S
            if outcome.response is None:
                continue
            condition = plan_from_pb(outcome.response.plan).condition
            for hit in outcome.response.hits:
                assert satisfies(condition, facts_of(hit.hotel)), hit.hotel.id

    async def _ask(self) -> None:
        stub = search_pb2_grpc.SearchServiceStub(self._door)
        for number in itertools.count():
            wait_s = number / self.rate - self.now()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            if self.now() > MOST_S:
                return
            task = asyncio.create_task(self._one(stub, number))
            self.asked += 1
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _one(self, stub: search_pb2_grpc.SearchServiceAsyncStub, number: int) -> None:
        turn = search_pb2.GuestTurn(
            text=QUERIES[number % len(QUERIES)],
            conversation_id=f"load-{number}" if self.conversations else "",
        )
        at = self.now()
        try:
            response = await stub.SearchHotels(
                search_pb2.SearchHotelsRequest(turn=turn), timeout=self.deadline_s
            )
        except grpc.aio.AioRpcError as error:
            self.outcomes.append(Outcome(at, self.now() - at, error=from_rpc_error(error)))
        else:
            self.outcomes.append(Outcome(at, self.now() - at, response=response))


def shown(outcome: Outcome) -> str:
    """Return when a search was asked, how long it took, its error or what it lacks."""
    lacks = [outcome.error.reason] if outcome.error is not None else []
    if outcome.response is not None:
        lacks += outcome.response.skipped_stages
        lacks += ["conversation"] * outcome.response.conversation_degraded
    return f"at {outcome.at:.1f} s for {outcome.took_s:.2f} s: {' '.join(lacks) or 'whole'}"
