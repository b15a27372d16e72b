"""One service as a process of its own: started in order, ready when its checks pass, drained at
SIGTERM.

    async with ServiceProcess("ranking", settings) as process:
        bus = await process.open_bus()
        process.reads(await start(settings, bus=bus, server=process.server))
        await process.run()
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import TypeVar

import grpc
import structlog
from pydantic import ValidationError

from services.platform import interpreter, logs, metrics, telemetry
from services.platform.bus import Consumption, EventBus
from services.platform.errors import ConciergeError, FailedPrecondition
from services.platform.health import Check, Health
from services.platform.lifecycle import until_stopped
from services.platform.rpc import RpcServer, channel
from services.platform.settings import ServiceSettings
from services.platform.tls import channel_credentials, server_credentials
from services.platform.topics import load_topics

S = TypeVar("S", bound=ServiceSettings)

log = structlog.get_logger(__name__)


class ServiceProcess:
    """What a service's `serve` builds on. All that is registered is released in reverse order.

    Attributes:
        server: The gRPC server; answers from `run` on.
    """

    def __init__(self, service: str, settings: ServiceSettings) -> None:
        self._service = service
        self._settings = settings
        self._closing = AsyncExitStack()
        self._health = Health()
        host = settings.address.rpartition(":")[0]
        self.server = RpcServer(
            settings.address,
            settings=settings.rpc,
            health=self._health,
            credentials=server_credentials(settings.tls),
            health_address=f"{host}:{settings.health_port}" if settings.health_port else "",
        )

    async def __aenter__(self) -> ServiceProcess:
        settings = self._settings
        interpreter.for_searches()
        logs.configure(level=settings.log.level, as_json=settings.log.as_json)
        tracing = telemetry.configure_from_environment(self._service)
        if tracing is not None:
            self._closing.callback(tracing.shutdown)
        metrics.serve(settings.metrics_port)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._closing.__aexit__(kind, error, trace)
        log.info("service_stopped", service=self._service)

    async def open_bus(self) -> EventBus:
        """Return the event bus, connected; closed at the end.

        Raises:
            Unavailable: The brokers are away.
        """
        # Imported here: answering and ingestion's door have no bus, and their images no client.
        from services.platform.adapters.kafka_bus import KafkaBus

        bus = KafkaBus(self._settings.kafka, load_topics(), client_id=f"concierge-{self._service}")
        self._closing.push_async_callback(bus.close)
        await bus.start()
        return bus

    def reads(self, consumptions: Sequence[Consumption]) -> None:
        """Stop these at the end, before the bus closes."""
        for consumption in consumptions:
            self._closing.push_async_callback(consumption.stop)

    def closes(self, close: Callable[[], Awaitable[object]]) -> None:
        """Await this at the end."""
        self._closing.push_async_callback(close)

    def calls(self, target: str) -> grpc.aio.Channel:
        """Return a channel to another service, closed at the end."""
        opened = channel(target, channel_credentials(self._settings.tls))
        self._closing.push_async_callback(opened.close)
        return opened

    def ready_when(self, name: str, check: Check) -> None:
        """Be ready only while the check passes."""
        self._health.add(name, check)

    def ready_once_caught_up(self, name: str, consumption: Consumption) -> None:
        """Be ready from the moment at which the consumption had no lag for the first time."""
        caught_up = False

        async def check() -> bool:
            nonlocal caught_up
            if not caught_up and consumption.lag() == 0:
                caught_up = True
                interpreter.filled()
            return caught_up

        self._health.add(name, check)

    async def run(self) -> None:
        """Answer until SIGTERM or SIGINT, then finish what is in work.

        Raises:
            Unavailable: The address cannot be bound.
        """
        port = await self.server.start()
        # Left in reverse order: first not ready, then no new calls, then no new events.
        self._closing.push_async_callback(self.server.stop, self._settings.rpc.grace_s)
        await self._health.start()
        self._closing.push_async_callback(self._health.stop)
        log.info("service_started", service=self._service, port=port)
        await until_stopped()
        log.info("service_stopping", service=self._service)


def read_settings(kind: type[S]) -> S:
    """Read a service's settings from the environment and `.env`.

    Raises:
        FailedPrecondition: A value is not allowed; names its variable.
    """
    try:
        return kind()
    except ValidationError as error:
        prefix = str(kind.model_config.get("env_prefix", ""))
        wrong = [
            f"{prefix}{'__'.join(str(part) for part in problem['loc'])}".upper()
            + f": {problem['msg'].lower()}"
            for problem in error.errors()
        ]
        raise FailedPrecondition("; ".join(wrong), reason="BAD_SETTINGS") from error


def main(serve: Callable[[S], Awaitable[None]], kind: type[S]) -> int:
    """Run a service until it is told to stop; return the exit code."""
    try:
        asyncio.run(_awaited(serve(read_settings(kind))))
    except asyncio.CancelledError:
        return 0  # told to stop while it started
    except ConciergeError as error:
        print(f"error: {error.message}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


async def _awaited(work: Awaitable[None]) -> None:
    # Process 1 of a container ignores SIGTERM without a handler, also while the service starts.
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await work
