"""Readiness that means something, told by grpc.health.v1."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import grpc
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import SERVICE_NAME
from grpc_health.v1.health import aio as health_aio

from services.platform.errors import ConciergeError

log = structlog.get_logger(__name__)

Check = Callable[[], Awaitable[bool]]
LIVENESS = "liveness"


class Health:
    """Named checks; the process is ready when all of them pass.

    The service name `liveness` is always SERVING while the process answers at all; the empty
    name and every registered service follow readiness.
    """

    def __init__(self, *, interval_s: float = 1.0) -> None:
        self._checks: dict[str, Check] = {}
        self._interval_s = interval_s
        self._servicer = health_aio.HealthServicer()
        self._names: Sequence[str] = ()
        self._task: asyncio.Task[None] | None = None
        self.failing: tuple[str, ...] = ("not started",)

    def add(self, name: str, check: Check) -> None:
        """Add a check; an error of a backend in it counts as not ready and is logged."""
        self._checks[name] = check

    def add_to_server(self, server: grpc.aio.Server, names: Sequence[str]) -> None:
        """Serve health for these services."""
        health_pb2_grpc.add_HealthServicer_to_server(self._servicer, server)
        self._names = ("", SERVICE_NAME, *names)

    async def start(self) -> None:
        """Run the checks now and then every interval."""
        await self._servicer.set(LIVENESS, health_pb2.HealthCheckResponse.SERVING)
        await self.refresh()
        self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Say not serving and stop checking."""
        if self._task is not None:
            self._task.cancel()
        await self._servicer.enter_graceful_shutdown()

    async def refresh(self) -> bool:
        """Run the checks; return whether all passed."""
        failing = [name for name, check in self._checks.items() if not await _passes(name, check)]
        if tuple(failing) != self.failing:
            log.info("readiness_changed", failing=failing)
        self.failing = tuple(failing)
        status = (
            health_pb2.HealthCheckResponse.NOT_SERVING
            if failing
            else health_pb2.HealthCheckResponse.SERVING
        )
        for name in self._names:
            await self._servicer.set(name, status)
        return not failing

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._interval_s)
            await self.refresh()


async def _passes(name: str, check: Check) -> bool:
    try:
        return await check()
    except (ConciergeError, OSError, TimeoutError) as error:
        log.warning("readiness_check_failed", check=name, error=str(error))
        return False
