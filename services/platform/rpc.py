"""gRPC: one server builder, one interceptor, one channel builder.

The interceptor is where errors become `google.rpc.Status`, where a call gets its deadline, its
span, its log line and its metrics. Handlers behind it only raise.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, NoReturn, TypeAlias

import grpc
import structlog
from google.protobuf import duration_pb2
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_reflection.v1alpha import reflection
from grpc_status import rpc_status

from services.platform import metrics
from services.platform.deadline import Deadline
from services.platform.errors import (
    ERROR_DOMAIN,
    ConciergeError,
    DeadlineExceeded,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
    Unavailable,
    Unimplemented,
)
from services.platform.health import Health
from services.platform.settings import RpcSettings
from services.platform.telemetry import TRACEPARENT_KEY, span

Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]

log = structlog.get_logger(__name__)

_CHANNEL_OPTIONS = (
    ("grpc.max_receive_message_length", 32 * 1024 * 1024),
    ("grpc.max_send_message_length", 32 * 1024 * 1024),
    # A server that is back is found within this; the default lets the wait grow to two minutes.
    ("grpc.max_reconnect_backoff_ms", 1_000),
)
# Calls that only tell about the server itself are not logged one by one.
_QUIET = ("/grpc.health.", "/grpc.reflection.")


def deadline_of(context: Context, *, default_s: float = 10.0) -> Deadline:
    """Return when the caller stops waiting; `default_s` from now when it set no deadline."""
    remaining = context.time_remaining()
    return Deadline.after(default_s if remaining is None else remaining)


def channel(target: str, credentials: grpc.ChannelCredentials | None = None) -> grpc.aio.Channel:
    """Return a channel to a service; plain text without credentials."""
    if credentials is None:
        return grpc.aio.insecure_channel(target, options=_CHANNEL_OPTIONS)
    return grpc.aio.secure_channel(target, credentials, options=_CHANNEL_OPTIONS)


class RpcServer:
    """A gRPC server of one process, with health, reflection and the interceptor.

    Args:
        address: `host:port`; port 0 takes a free one.
        settings: Limits and the default deadline.
        health: Readiness of the services behind it.
        credentials: What it shows and asks of callers; `None`: plain text.
        health_address: A plain-text door for health checks alone; empty: none.
    """

    def __init__(
        self,
        address: str,
        *,
        settings: RpcSettings,
        health: Health,
        credentials: grpc.ServerCredentials | None = None,
        health_address: str = "",
    ) -> None:
        self._address = address
        self._credentials = credentials
        self._health_address = health_address
        self._health = health
        self._names: list[str] = []
        self._port: int | None = None
        self._health_server: grpc.aio.Server | None = None
        self._server = grpc.aio.server(
            interceptors=[_Interceptor(settings.default_deadline_s)],
            options=(
                ("grpc.max_receive_message_length", settings.max_request_bytes),
                ("grpc.max_send_message_length", settings.max_response_bytes),
                ("grpc.so_reuseport", 0),
                ("grpc.keepalive_time_ms", 60_000),
            ),
            maximum_concurrent_rpcs=settings.max_concurrent_calls,
        )

    def add(
        self, add_to_server: Callable[[Any, grpc.aio.Server], None], servicer: object, name: str
    ) -> None:
        """Register a servicer under its full service name."""
        add_to_server(servicer, self._server)
        self._names.append(name)

    def bind(self) -> int:
        """Take the address; return the port. Calls are answered after `start`.

        Raises:
            Unavailable: The address cannot be bound.
        """
        self._port = _bound(self._server, self._address, self._credentials)
        return self._port

    async def start(self) -> int:
        """Start answering; return the port. Services are added before."""
        if self._port is None:
            self.bind()
        assert self._port is not None
        self._health.add_to_server(self._server, self._names)
        if self._health_address:
            self._health_server = grpc.aio.server()
            self._health.add_to_server(self._health_server, self._names)
            _bound(self._health_server, self._health_address, None)
            await self._health_server.start()
        reflection.enable_server_reflection((*self._names, reflection.SERVICE_NAME), self._server)
        await self._server.start()
        return self._port

    async def stop(self, grace_s: float) -> None:
        """Refuse new calls, let running ones finish for `grace_s` seconds, then end them."""
        await self._server.stop(grace_s)
        if self._health_server is not None:
            await self._health_server.stop(0)


def _bound(
    server: grpc.aio.Server, address: str, credentials: grpc.ServerCredentials | None
) -> int:
    try:
        if credentials is None:
            return int(server.add_insecure_port(address))
        return int(server.add_secure_port(address, credentials))
    except RuntimeError as error:
        raise Unavailable(f"cannot listen on {address}", reason="ADDRESS_IN_USE") from error


class _Undecodable:
    """Stands for request bytes that are no message of the expected type."""


_UNDECODABLE = _Undecodable()


class _Interceptor(grpc.aio.ServerInterceptor):
    def __init__(self, default_deadline_s: float) -> None:
        self._default_deadline_s = default_deadline_s

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or method.startswith(_QUIET):
            return handler
        # grpc answers UNKNOWN by itself when a deserialiser raises: so ours does not raise.
        decode = _lenient(handler.request_deserializer)
        if handler.unary_unary is not None:
            return grpc.unary_unary_rpc_method_handler(
                self._unary(method, handler.unary_unary), decode, handler.response_serializer
            )
        if handler.unary_stream is not None:
            return grpc.unary_stream_rpc_method_handler(
                self._stream(method, handler.unary_stream), decode, handler.response_serializer
            )
        return handler

    def _unary(
        self, method: str, behavior: Callable[[Any, Context], Awaitable[Any]]
    ) -> Callable[[Any, Context], Awaitable[Any]]:
        async def call(request: Any, context: Context) -> Any:
            with _Call(method, context) as current:
                try:
                    current.check(request)
                    async with asyncio.timeout(self._limit_s(context)):
                        return await behavior(request, context)
                except Exception as error:
                    await current.fail(error)

        return call

    def _stream(
        self, method: str, behavior: Callable[[Any, Context], AsyncIterator[Any]]
    ) -> Callable[[Any, Context], AsyncIterator[Any]]:
        async def call(request: Any, context: Context) -> AsyncIterator[Any]:
            with _Call(method, context) as current:
                try:
                    current.check(request)
                    async for message in behavior(request, context):
                        yield message
                except Exception as error:
                    await current.fail(error)

        return call

    def _limit_s(self, context: Context) -> float:
        remaining = context.time_remaining()
        return self._default_deadline_s if remaining is None else max(0.0, remaining)


def _lenient(deserialize: Callable[[bytes], Any] | None) -> Callable[[bytes], Any]:
    def decode(raw: bytes) -> Any:
        if deserialize is None:
            return raw
        try:
            return deserialize(raw)
        except Exception:
            return _UNDECODABLE

    return decode


class _Call:
    """One call: its span, its metrics, its log line, its error."""

    def __init__(self, method: str, context: Context) -> None:
        self._method = method
        self._context = context
        self._code = "OK"
        self._start = time.perf_counter()

    def __enter__(self) -> _Call:
        parent = None
        for key, value in self._context.invocation_metadata() or ():
            if key == TRACEPARENT_KEY:
                parent = value if isinstance(value, str) else value.decode("ascii", "replace")
        self._span = span(self._method.lstrip("/"), parent=parent)
        self._span.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: Any, trace: Any) -> None:
        if kind is not None and issubclass(kind, (asyncio.CancelledError, GeneratorExit)):
            self._code = "CANCELLED"
        took_s = time.perf_counter() - self._start
        self._span.__exit__(None, None, None)
        metrics.RPC_SECONDS.labels(self._method, self._code).observe(took_s)
        log.info(
            "rpc_finished", method=self._method, code=self._code, took_ms=round(took_s * 1e3, 3)
        )

    def check(self, request: object) -> None:
        """Refuse what cannot be answered at all."""
        if request is _UNDECODABLE:
            raise InvalidArgument("is not a message of the expected type", field="request")
        remaining = self._context.time_remaining()
        if remaining is not None and remaining <= 0:
            raise DeadlineExceeded("the deadline was over when the call arrived")

    async def fail(self, error: Exception) -> NoReturn:
        """End the call with the status of the error."""
        if isinstance(error, TimeoutError):
            error = DeadlineExceeded("the deadline passed before the answer was there")
        if isinstance(error, ConciergeError):
            self._code = error.code.name
            status = to_status(error)
        elif isinstance(error, grpc.aio.AbortError):
            raise error
        else:
            self._code = "INTERNAL"
            log.error("rpc_failed", method=self._method, exc_info=error)
            status = status_pb2.Status(code=code_pb2.INTERNAL, message="internal error")
        rich = rpc_status.to_status(status)
        await self._context.abort(rich.code, rich.details, rich.trailing_metadata)


def to_status(error: ConciergeError) -> status_pb2.Status:
    """Return the error with `ErrorInfo` and, where they apply, `RetryInfo` and `BadRequest`."""
    details: list[AnyMessage] = []

    def attach(message: Any) -> None:
        packed = AnyMessage()
        packed.Pack(message)
        details.append(packed)

    attach(
        error_details_pb2.ErrorInfo(
            reason=error.reason, domain=ERROR_DOMAIN, metadata=error.metadata
        )
    )
    if isinstance(error, ResourceExhausted):
        delay = duration_pb2.Duration()
        delay.FromNanoseconds(int(error.retry_after_s * 1e9))
        attach(error_details_pb2.RetryInfo(retry_delay=delay))
    if isinstance(error, InvalidArgument):
        violation = error_details_pb2.BadRequest.FieldViolation(
            field=error.field, description=error.message
        )
        attach(error_details_pb2.BadRequest(field_violations=[violation]))
    number, _ = error.code.value
    return status_pb2.Status(code=number, message=error.message, details=details)


_BY_CODE: dict[grpc.StatusCode, type[ConciergeError]] = {
    kind.code: kind
    for kind in (NotFound, FailedPrecondition, Unavailable, DeadlineExceeded, Unimplemented)
}


def from_rpc_error(error: grpc.aio.AioRpcError) -> ConciergeError:
    """Return our error for what a service answered; what is not ours becomes `Unavailable`."""
    info, delay_s = error_details_pb2.ErrorInfo(), 1.0
    for detail in _details(error):
        if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
            detail.Unpack(info)
        elif detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR):
            retry = error_details_pb2.RetryInfo()
            detail.Unpack(retry)
            delay_s = retry.retry_delay.ToNanoseconds() / 1e9
    message = error.details() or error.code().name.lower()
    reason, metadata = info.reason or None, dict(info.metadata)
    if error.code() is grpc.StatusCode.INVALID_ARGUMENT:
        field = metadata.get("field", "request")
        return InvalidArgument(
            message.removeprefix(f"{field}: "), field=field, reason=reason, metadata=metadata
        )
    if error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return ResourceExhausted(message, retry_after_s=delay_s, reason=reason, metadata=metadata)
    kind = _BY_CODE.get(error.code(), Unavailable)
    return kind(message, reason=reason, metadata=metadata)


def _details(error: grpc.aio.AioRpcError) -> Sequence[AnyMessage]:
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            raw = value if isinstance(value, bytes) else value.encode("latin-1")
            return status_pb2.Status.FromString(raw).details
    return ()
