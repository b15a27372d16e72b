"""Redis for what a caller can do without: short waits, and no asking while it is away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from redis import exceptions
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from services.platform import metrics
from services.platform.backend_circuit import BackendCircuit
from services.platform.circuit import CircuitBreaker
from services.platform.errors import Unavailable
from services.platform.settings import RedisSettings

BACKEND = "redis"


class GuardedRedis:
    """Values by key on a Redis that may be away at any time; made on the event loop.

    A call lasts `connect_timeout_ms` + `read_timeout_ms` at most, and nothing while the circuit
    breaker is open; the first call after it finds out whether Redis is back.

    Every call raises `Unavailable` with reason `REDIS_AWAY` (no connection), `REDIS_TIMEOUT`,
    `REDIS_REFUSED` (password, memory, a read-only replica) or `REDIS_PAUSED` (breaker open).
    """

    def __init__(
        self, settings: RedisSettings, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        connect_s, read_s = settings.connect_timeout_ms / 1e3, settings.read_timeout_ms / 1e3
        self._most_s = connect_s + read_s
        self._circuit = BackendCircuit(
            BACKEND,
            CircuitBreaker(
                most_failures=settings.most_failures, open_s=settings.pause_ms / 1e3, clock=clock
            ),
        )
        self._redis = Redis.from_pool(
            BlockingConnectionPool.from_url(
                settings.url.get_secret_value(),
                max_connections=settings.most_connections,
                timeout=read_s,
                socket_connect_timeout=connect_s,
                socket_timeout=read_s,
                # RESP2 has the shortest greeting, and no server messages of its own.
                protocol=2,
                # One more try for a pooled connection that a restart has broken; its own
                # default tries for seconds.
                retry=Retry(NoBackoff(), 1, supported_errors=(exceptions.ConnectionError,)),
            )
        )

    async def get(self, key: str) -> bytes | None:
        """Return the value, `None` when there is none or it has expired."""
        value: bytes | None = await self._call("GET", lambda: self._redis.get(key))
        return value

    async def set(self, key: str, value: bytes, *, ttl_s: float) -> None:
        """Keep the value for `ttl_s` seconds, replacing an earlier one."""
        await self._call("SET", lambda: self._redis.set(key, value, px=max(1, int(ttl_s * 1e3))))

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def _call(self, operation: str, command: Callable[[], Awaitable[Any]]) -> Any:
        if not self._circuit.allows():
            raise Unavailable("redis is away and not asked for now", reason="REDIS_PAUSED")
        start, result = time.perf_counter(), "cancelled"
        try:
            async with asyncio.timeout(self._most_s):
                value = await command()
            result = "ok"
        except (exceptions.RedisError, OSError, TimeoutError) as error:
            result = _reason(error)
            self._circuit.failed(result)
            raise Unavailable(
                f"redis did not answer {operation}: {error or 'too slow'}", reason=result
            ) from error
        finally:
            took_s = time.perf_counter() - start
            metrics.BACKEND_SECONDS.labels(BACKEND, operation, result.lower()).observe(took_s)
        self._circuit.succeeded()
        return value


def _reason(error: Exception) -> str:
    if isinstance(error, (exceptions.TimeoutError, TimeoutError)):
        return "REDIS_TIMEOUT"
    if isinstance(error, (exceptions.ResponseError, exceptions.AuthenticationError)):
        return "REDIS_REFUSED"
    return "REDIS_AWAY"
