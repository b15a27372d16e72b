"""The errors that cross a service's border, named as gRPC names them.

A handler raises one of these; the gRPC interceptor turns it into `google.rpc.Status` with
`ErrorInfo`, the consumer loop into a retry or a dead letter. Anything else is a bug.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import grpc

ERROR_DOMAIN = "concierge"


class ConciergeError(Exception):
    """Base of the errors a caller may see.

    Args:
        message: Lower case, no full stop; names the field or the backend.
        reason: UPPER_SNAKE_CASE, stable, for programs.
        metadata: The changing parts of the message, as strings.
    """

    code: ClassVar[grpc.StatusCode] = grpc.StatusCode.INTERNAL
    retryable: ClassVar[bool] = False
    default_reason: ClassVar[str] = "INTERNAL"

    def __init__(
        self,
        message: str,
        *,
        reason: str | None = None,
        metadata: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason or self.default_reason
        self.metadata = {key: str(value) for key, value in (metadata or {}).items()}


class InvalidArgument(ConciergeError):
    """The request can never succeed as it is; `field` names what is wrong with it."""

    code = grpc.StatusCode.INVALID_ARGUMENT
    default_reason = "INVALID_ARGUMENT"

    def __init__(
        self,
        message: str,
        *,
        field: str,
        reason: str | None = None,
        metadata: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(
            f"{field}: {message}", reason=reason, metadata={**(metadata or {}), "field": field}
        )
        self.field = field


class NotFound(ConciergeError):
    """What the request names does not exist, or has expired."""

    code = grpc.StatusCode.NOT_FOUND
    default_reason = "NOT_FOUND"


class FailedPrecondition(ConciergeError):
    """The system is not in a state in which the request makes sense."""

    code = grpc.StatusCode.FAILED_PRECONDITION
    default_reason = "FAILED_PRECONDITION"


class ResourceExhausted(ConciergeError):
    """Too much work at once; try again after `retry_after_s` seconds."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED
    retryable = True
    default_reason = "RESOURCE_EXHAUSTED"

    def __init__(
        self,
        message: str,
        *,
        retry_after_s: float,
        reason: str | None = None,
        metadata: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message, reason=reason, metadata=metadata)
        self.retry_after_s = retry_after_s


class Unavailable(ConciergeError):
    """A backend is away or too slow; the same call may succeed later."""

    code = grpc.StatusCode.UNAVAILABLE
    retryable = True
    default_reason = "UNAVAILABLE"


class DeadlineExceeded(ConciergeError):
    """The caller's deadline passed before the work was done."""

    code = grpc.StatusCode.DEADLINE_EXCEEDED
    default_reason = "DEADLINE_EXCEEDED"


class Unimplemented(ConciergeError):
    """This deployment's adapter cannot do what was asked, and says so."""

    code = grpc.StatusCode.UNIMPLEMENTED
    default_reason = "UNIMPLEMENTED"
