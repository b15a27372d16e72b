"""Tracing: W3C trace context over gRPC and events. Costs next to nothing when not configured."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

TRACEPARENT_KEY = "traceparent"

_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("concierge")


def configure_from_environment(service: str) -> TracerProvider | None:
    """Export over OTLP where `OTEL_EXPORTER_OTLP_ENDPOINT` says where to; else return `None`."""
    names = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
    if not any(os.environ.get(name) for name in names):
        return None
    # Imported where it is used: it takes a third of a second that a short command can't spare.
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    return configure(service, OTLPSpanExporter())


def configure(service: str, exporter: SpanExporter) -> TracerProvider:
    """Send spans to the exporter from now on; return the provider, to be shut down at the end."""
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return provider


def span(name: str, *, parent: str | None = None) -> AbstractContextManager[object]:
    """Open a span under a parent given as `traceparent`, else under the current span."""
    if not parent and isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        # Nobody records spans, and there is no context to pass on.
        return nullcontext()
    context = _propagator.extract({TRACEPARENT_KEY: parent}) if parent else None
    return _tracer.start_as_current_span(name, context=context)


def traceparent() -> str | None:
    """Return the current span's W3C header, `None` outside a recorded span."""
    if not trace.get_current_span().get_span_context().is_valid:
        return None
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get(TRACEPARENT_KEY)


def call_metadata() -> tuple[tuple[str, str], ...]:
    """Return the gRPC metadata that puts a call into the current trace."""
    header = traceparent()
    return () if header is None else ((TRACEPARENT_KEY, header),)
