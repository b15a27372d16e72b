"""Trace context, whether or not anybody records spans here."""

from __future__ import annotations

from services.platform.telemetry import span, traceparent

TRACE = "0af7651916cd43dd8448eb211c80319c"


def test_a_callers_trace_is_passed_on() -> None:
    with span("call", parent=f"00-{TRACE}-b7ad6b7169203331-01"):
        with span("event"):
            passed_on = traceparent()
    assert passed_on is not None
    assert TRACE in passed_on


def test_outside_a_span_there_is_no_trace() -> None:
    assert traceparent() is None
