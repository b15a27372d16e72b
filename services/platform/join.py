"""Joining events of one key: wait for named parts, or until the budget is spent."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

from services.platform import metrics
from services.platform.deadline import Deadline

P = TypeVar("P")

# Keys remembered as finished, so that a late or duplicate part is known as such.
FINISHED_KEPT = 20_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Joined(Generic[P]):
    """What came for one key.

    Attributes:
        key: The join's key.
        parts: What came, by part name.
        missing: Names of the parts that did not come in time.
    """

    key: str
    parts: Mapping[str, P]
    missing: frozenset[str]


class _Open(Generic[P]):
    def __init__(self) -> None:
        self.parts: dict[str, P] = {}
        self.complete = asyncio.Event()
        self.ended: asyncio.Task[None] | None = None


class Joiner(Generic[P]):
    """Waits for `names` per key and calls `function` once with what came.

    `add` returns when the join of that key has ended, so a consumer that awaits it keeps the
    record unfinished, and its position at the oldest open join. An error of `function` reaches
    every part's `add`, and the key counts as not finished: a redelivery joins again.

    Args:
        names: The parts that make a join complete.
        function: Called once per key.
        budget_s: Longest wait after the first part; a deadline shortens it.
        service: For metrics.
    """

    def __init__(
        self,
        names: frozenset[str],
        function: Callable[[Joined[P]], Awaitable[None]],
        *,
        budget_s: float,
        service: str,
    ) -> None:
        self._names = names
        self._function = function
        self._budget_s = budget_s
        self._service = service
        self._open: dict[str, _Open[P]] = {}
        self._finished: OrderedDict[str, None] = OrderedDict()

    async def add(
        self, key: str, name: str, part: P, *, deadline: Deadline | None, share: float = 0.5
    ) -> None:
        """Add a part; return when its join has ended.

        Args:
            key: The join's key.
            name: Which part this is.
            part: The part; a second one of the same name replaces nothing.
            deadline: When nobody waits any more; at most `share` of what is left is waited.
            share: Of the time left.
        """
        if key in self._finished:
            metrics.JOIN_PARTS_LATE.labels(self._service).inc()
            log.info("join_part_late", service=self._service, key=key, part=name)
            return
        join = self._open.get(key)
        if join is None:
            join = self._open[key] = _Open()
            metrics.JOINS_OPEN.labels(self._service).inc()
            wait_s = (
                self._budget_s
                if deadline is None
                else deadline.budget_s(share, most_s=self._budget_s)
            )
            join.ended = asyncio.create_task(self._run(key, join, wait_s))
        join.parts.setdefault(name, part)
        if self._names <= join.parts.keys():
            join.complete.set()
        assert join.ended is not None
        await asyncio.shield(join.ended)

    async def _run(self, key: str, join: _Open[P], wait_s: float) -> None:
        try:
            try:
                async with asyncio.timeout(wait_s):
                    await join.complete.wait()
            except TimeoutError:
                metrics.JOINS_INCOMPLETE.labels(self._service).inc()
            missing = self._names - join.parts.keys()
            await self._function(Joined(key, dict(join.parts), frozenset(missing)))
            self._finished[key] = None
            while len(self._finished) > FINISHED_KEPT:
                self._finished.popitem(last=False)
        finally:
            del self._open[key]
            metrics.JOINS_OPEN.labels(self._service).dec()
