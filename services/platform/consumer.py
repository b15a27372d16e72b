"""What wraps a service's event function for the bus: decode, span, log line, metrics."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from google.protobuf.message import Message

from services.platform import metrics
from services.platform.bus import Handler
from services.platform.envelope import decode
from services.platform.events import Record
from services.platform.telemetry import span

M = TypeVar("M", bound=Message)

log = structlog.get_logger(__name__)


def group_of(service: str) -> str:
    """Return the consumer group of a service."""
    return f"concierge.{service}"


def consume(
    kind: type[M], function: Callable[[M, Record], Awaitable[None]], *, service: str
) -> Handler:
    """Return a bus handler that calls `function` with the decoded message.

    Errors pass through to the bus, which retries or dead-letters; an undecodable record is an
    `InvalidArgument`, so it is dead-lettered.
    """
    group = group_of(service)

    async def handle(record: Record) -> None:
        start = time.perf_counter()
        result = "failed"
        try:
            with span(f"{service} {record.topic}", parent=record.traceparent):
                await function(decode(record, kind), record)
            result = "ok"
        finally:
            took_s = time.perf_counter() - start
            metrics.EVENT_SECONDS.labels(group, record.topic, result).observe(took_s)
            log.info(
                "event_finished",
                service=service,
                topic=record.topic,
                key=record.key,
                result=result,
                attempt=record.attempt,
                took_ms=round(took_s * 1e3, 3),
            )

    return handle
