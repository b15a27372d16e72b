"""A circuit breaker that tells when it opens and closes."""

from __future__ import annotations

import structlog

from services.platform import metrics
from services.platform.circuit import CircuitBreaker

log = structlog.get_logger(__name__)


class BackendCircuit:
    """The breaker in front of one backend; people see its state in metrics and logs.

    Args:
        backend: The backend's name in them.
        breaker: Decides.
    """

    def __init__(self, backend: str, breaker: CircuitBreaker) -> None:
        self._backend = backend
        self._breaker = breaker

    def allows(self) -> bool:
        """Tell whether a call may go out now."""
        return self._breaker.allows()

    def succeeded(self) -> None:
        """Note that the backend answered."""
        if self._breaker.succeeded():
            metrics.CIRCUIT_OPEN.labels(self._backend).set(0)
            log.info("circuit_closed", backend=self._backend)

    def failed(self, reason: str, *, open_s: float | None = None) -> None:
        """Note that it did not, for a reason; `open_s` as of `CircuitBreaker.failed`."""
        if self._breaker.failed(open_s=open_s):
            metrics.CIRCUIT_OPEN.labels(self._backend).set(1)
            log.warning("circuit_opened", backend=self._backend, reason=reason)
