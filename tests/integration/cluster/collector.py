"""A collector of spans: OTLP over gRPC, as any tracing backend takes it."""

from __future__ import annotations

import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.proto.trace.v1 import trace_pb2


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """Keeps spans by trace.

    Attributes:
        port: Where it listens.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spans: defaultdict[str, list[tuple[str, trace_pb2.Span]]] = defaultdict(list)
        self._server = grpc.server(ThreadPoolExecutor(2))
        add: Any = trace_service_pb2_grpc.add_TraceServiceServicer_to_server  # untyped
        add(self, self._server)
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def Export(self, request: Any, context: Any) -> Any:
        """Take spans."""
        with self._lock:
            for resource in request.resource_spans:
                service = next(
                    a.value.string_value
                    for a in resource.resource.attributes
                    if a.key == "service.name"
                )
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        self._spans[span.trace_id.hex()].append((service, span))
        return trace_service_pb2.ExportTraceServiceResponse()

    def trace(self, trace_id: str) -> list[tuple[str, trace_pb2.Span]]:
        """Return the spans of a trace so far, each with its service's name."""
        with self._lock:
            return list(self._spans[trace_id])

    def settings(self) -> dict[str, str]:
        """Return the environment that sends a process's spans here."""
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self.port}",
            "OTEL_EXPORTER_OTLP_INSECURE": "true",
            "OTEL_BSP_SCHEDULE_DELAY": "200",
        }

    def close(self) -> None:
        """Take no more."""
        self._server.stop(0).wait()
