"""The connection to Triton: requests, streams, and what its failures are called here.

Triton's own contract over our channel: the stubs are tritonclient's, its asyncio client is not
used, because that cannot ask for the empty final response, by which a stream that is whole is
known from one that broke off (docs/adr/0020).
"""

from __future__ import annotations

import struct
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import grpc
import numpy as np
from numpy.typing import NDArray
from tritonclient.grpc import InferResult, service_pb2, service_pb2_grpc
from tritonclient.utils import InferenceServerException, np_to_triton_dtype, serialize_byte_tensor

from services.platform import metrics, rpc
from services.platform.backend_circuit import BackendCircuit
from services.platform.circuit import CircuitBreaker
from services.platform.deadline import Deadline
from services.platform.errors import ConciergeError, DeadlineExceeded, Unavailable
from services.platform.settings import TritonSettings
from services.platform.telemetry import span
from services.platform.tls import credentials_of

Tensors: TypeAlias = Mapping[str, NDArray[Any]]

BACKEND = "triton"
# Failures of the server, not of one request.
_AWAY = ("TRITON_AWAY", "TRITON_TIMEOUT", "TRITON_MODEL_AWAY")

_REASONS = {
    grpc.StatusCode.DEADLINE_EXCEEDED: "TRITON_TIMEOUT",
    grpc.StatusCode.INVALID_ARGUMENT: "TRITON_REFUSED",
    grpc.StatusCode.NOT_FOUND: "TRITON_MODEL_AWAY",
    grpc.StatusCode.UNAVAILABLE: "TRITON_AWAY",
}
# What Triton says in words alone.
_SAID = {
    "maximum queue size": "TRITON_BUSY",
    "unknown model": "TRITON_MODEL_AWAY",
    "is not ready": "TRITON_MODEL_AWAY",
}


def strings(texts: Sequence[str]) -> NDArray[np.object_]:
    """Return texts as the elements of a BYTES tensor."""
    return np.array([text.encode() for text in texts], dtype=object)


class Triton:
    """One model on one server.

    Connects at the first request, in the running loop. A server that is away is asked once per
    `pause_ms` and not at all in between, so that nobody waits for it.

    Every `Unavailable` has one of these reasons: `TRITON_AWAY` (no connection), `TRITON_TIMEOUT`,
    `TRITON_PAUSED` (known to be away), `TRITON_MODEL_AWAY`, `TRITON_BUSY` (the model's queue is
    full), `TRITON_REFUSED` (of the request), `TRITON_FAILED`, `TRITON_MALFORMED` (the answer).

    Raises:
        OSError: A certificate's file cannot be read.
    """

    def __init__(
        self, settings: TritonSettings, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._circuit = BackendCircuit(
            f"{BACKEND}/{settings.model}",
            CircuitBreaker(
                most_failures=settings.most_failures, open_s=settings.pause_ms / 1e3, clock=clock
            ),
        )
        self._credentials = (
            credentials_of(
                settings.root_certificates_file, settings.key_file, settings.certificate_file
            )
            if settings.tls
            else None
        )
        self._channel: grpc.aio.Channel | None = None
        self._known_stub: service_pb2_grpc.GRPCInferenceServiceStub | None = None

    @property
    def model(self) -> str:
        """The model's name."""
        return self._settings.model

    async def infer(self, inputs: Tensors, *, priority: int = 0) -> Tensors:
        """Ask once and return the outputs; `timeout_s` of the settings is the longest wait.

        Args:
            inputs: By name; an array of objects holds bytes.
            priority: 1 is the highest, 0 the model's default.

        Raises:
            Unavailable: The server or the model is away, too slow, or failed.
        """
        request = self._request(inputs)
        if priority:
            request.parameters["priority"].uint64_param = priority
        with self._guarded(), span(f"triton {self.model}"):
            try:
                response = await self._stub().ModelInfer(request, timeout=self._settings.timeout_s)
            except grpc.aio.AioRpcError as error:
                raise self._unavailable(error.code(), error.details()) from error
            return self._outputs(response)

    async def stream(self, inputs: Tensors, *, deadline: Deadline) -> AsyncGenerator[Tensors, None]:
        """Ask and yield the outputs of each response; closing the generator cancels the request.

        Raises:
            Unavailable: The server or the model is away or failed, or the stream broke off.
            DeadlineExceeded: The deadline passed before the stream was whole.
        """
        deadline.check(f"{self.model} was asked")
        request = self._request(inputs)
        request.parameters["triton_enable_empty_final_response"].bool_param = True
        with self._guarded():
            begun, final = time.perf_counter(), False
            call = self._stub().ModelStreamInfer(iter((request,)), timeout=deadline.remaining_s())
            try:
                with span(f"triton {self.model} first response"):
                    response = await call.read()
                metrics.TRITON_FIRST_RESPONSE_SECONDS.labels(self.model).observe(
                    time.perf_counter() - begun
                )
                while response is not grpc.aio.EOF:
                    if response.error_message:
                        raise self._unavailable(None, response.error_message)
                    # It is there, even if this text takes too long.
                    self._circuit.succeeded()
                    answer = response.infer_response
                    final = answer.parameters["triton_final_response"].bool_param
                    if answer.outputs:
                        yield self._outputs(answer)
                    response = await call.read()
            except grpc.aio.AioRpcError as error:
                if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                    raise DeadlineExceeded(
                        f"the deadline passed before {self.model} was done",
                        reason="TRITON_TIMEOUT",
                        metadata={"model": self.model},
                    ) from error
                raise self._unavailable(error.code(), error.details()) from error
            finally:
                call.cancel()
            if not final:
                raise self._unavailable(None, "the stream ended before its final response")

    async def close(self) -> None:
        """Give the connection back; running requests are cancelled."""
        if self._channel is not None:
            await self._channel.close()

    def malformed(self, what: str) -> Unavailable:
        """Return the error for an answer that is not what the contract says."""
        return Unavailable(
            f"triton's model {self.model} answered {what}",
            reason="TRITON_MALFORMED",
            metadata={"model": self.model},
        )

    def _stub(self) -> service_pb2_grpc.GRPCInferenceServiceStub:
        if self._known_stub is None:
            self._channel = rpc.channel(self._settings.url, self._credentials)
            self._known_stub = service_pb2_grpc.GRPCInferenceServiceStub(self._channel)
        return self._known_stub

    def _request(self, inputs: Tensors) -> service_pb2.ModelInferRequest:
        request = service_pb2.ModelInferRequest(model_name=self.model)
        for name, values in inputs.items():
            kind = np_to_triton_dtype(values.dtype)
            request.inputs.add(name=name, datatype=kind, shape=values.shape)
            content = serialize_byte_tensor(values).item() if kind == "BYTES" else values.tobytes()
            request.raw_input_contents.append(content)
        return request

    def _outputs(self, response: service_pb2.ModelInferResponse) -> Tensors:
        result = InferResult(response)
        try:
            return {output.name: result.as_numpy(output.name) for output in response.outputs}
        except (InferenceServerException, ValueError, struct.error) as error:
            raise self.malformed(f"tensors that cannot be read: {error}") from error

    def _unavailable(self, code: grpc.StatusCode | None, details: str | None) -> Unavailable:
        said = details or "nothing"
        reason = next((reason for words, reason in _SAID.items() if words in said), None)
        if reason is None:
            reason = "TRITON_FAILED" if code is None else _REASONS.get(code, "TRITON_FAILED")
        return Unavailable(
            f"triton's model {self.model} did not answer: {said}",
            reason=reason,
            metadata={"model": self.model},
        )

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Count a request and how it ended; refuse it while the server is known to be away."""
        if not self._circuit.allows():
            raise Unavailable(
                f"triton's model {self.model} is away and not asked for now",
                reason="TRITON_PAUSED",
                metadata={"model": self.model},
            )
        begun, result = time.perf_counter(), "cancelled"
        in_flight = metrics.TRITON_IN_FLIGHT.labels(self.model)
        in_flight.inc()
        try:
            yield
            result = "ok"
            self._circuit.succeeded()
        except ConciergeError as error:
            result = error.reason.lower()
            if error.reason in _AWAY:
                self._circuit.failed(error.reason)
            raise
        finally:
            in_flight.dec()
            took_s = time.perf_counter() - begun
            metrics.BACKEND_SECONDS.labels(BACKEND, self.model, result).observe(took_s)
