"""A provider that is asked no more than it allows, and not while it is away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from services.geocoding.domain.place import Place
from services.geocoding.domain.quota import Quota
from services.geocoding.ports import PlaceProvider
from services.platform import metrics
from services.platform.backend_circuit import BackendCircuit
from services.platform.circuit import CircuitBreaker
from services.platform.errors import (
    ConciergeError,
    FailedPrecondition,
    ResourceExhausted,
    Unavailable,
)

# A key that is refused is for a person to mend.
KEY_REFUSED_PAUSE_S = 600.0


class GuardedProvider:
    """A `PlaceProvider` behind a quota and a circuit breaker.

    Args:
        provider: Who is asked.
        quota: How often.
        breaker: Whether at all.
        clock: Unix seconds.
    """

    def __init__(
        self,
        provider: PlaceProvider,
        *,
        quota: Quota,
        breaker: CircuitBreaker,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._provider = provider
        self._quota = quota
        self._circuit = BackendCircuit(provider.name, breaker)
        self._clock = clock
        self.name = provider.name

    async def find(self, name: str, *, city: str, timeout_s: float) -> Sequence[Place]:
        """Return what the provider finds; errors as of `PlaceProvider`.

        Raises:
            Unavailable: Also while it is not asked.
            ResourceExhausted: Also where our own quota has no place within half the time.
        """
        if not self._circuit.allows():
            raise Unavailable(
                f"{self.name} is away and not asked for now", reason="PROVIDER_PAUSED"
            )
        wait_s = self._quota.reserve(self._clock(), most_wait_s=timeout_s / 2)
        if wait_s is None:
            raise ResourceExhausted(
                f"our quota at {self.name} is used up", retry_after_s=1.0, reason="PROVIDER_QUOTA"
            )
        await asyncio.sleep(wait_s)
        start, result = time.perf_counter(), "cancelled"
        try:
            places = await self._provider.find(name, city=city, timeout_s=timeout_s - wait_s)
            result = "ok"
        except (Unavailable, ResourceExhausted, FailedPrecondition) as error:
            result = error.reason.lower()
            self._failed(error)
            raise
        finally:
            took_s = time.perf_counter() - start
            metrics.BACKEND_SECONDS.labels(self.name, "find", result).observe(took_s)
        self._circuit.succeeded()
        return places

    async def close(self) -> None:
        """Close the connections."""
        await self._provider.close()

    def _failed(self, error: ConciergeError) -> None:
        pause_s = None
        if isinstance(error, ResourceExhausted):
            pause_s = error.retry_after_s
        elif isinstance(error, FailedPrecondition):
            pause_s = KEY_REFUSED_PAUSE_S
        self._circuit.failed(error.reason, open_s=pause_s)
