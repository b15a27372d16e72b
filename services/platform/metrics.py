"""The platform's metrics, and the page Prometheus reads."""

from __future__ import annotations

import threading
from wsgiref.simple_server import WSGIServer

from prometheus_client import Counter, Gauge, Histogram, start_http_server

_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)

RPC_SECONDS = Histogram(
    "concierge_rpc_seconds", "Time of a gRPC call.", ("method", "code"), buckets=_SECONDS
)
EVENT_SECONDS = Histogram(
    "concierge_event_seconds",
    "Time of a handler on one event or batch.",
    ("group", "topic", "result"),
    buckets=_SECONDS,
)
EVENTS_EXPIRED = Counter(
    "concierge_events_expired_total", "Events dropped after their deadline.", ("group", "topic")
)
EVENTS_DEAD_LETTERED = Counter(
    "concierge_events_dead_lettered_total",
    "Events sent to a dead-letter topic.",
    ("group", "topic"),
)
EVENTS_RETRIED = Counter(
    "concierge_events_retried_total", "Deliveries repeated in place.", ("group", "topic")
)
PUBLISH_SECONDS = Histogram(
    "concierge_publish_seconds",
    "Time from publishing to the brokers' acknowledgement, by call.",
    ("lane", "result"),
    buckets=_SECONDS,
)
PUBLISH_UNACKNOWLEDGED = Gauge(
    "concierge_publish_unacknowledged", "Messages that wait for acknowledgement.", ("lane",)
)
PRODUCER_RESTARTS = Counter(
    "concierge_producer_restarts_total", "Producers replaced after a failed message.", ("lane",)
)
CONSUMER_LAG = Gauge(
    "concierge_consumer_lag_records",
    "Records not finished on the partitions this member reads.",
    ("group", "topic"),
)
CONSUMER_PARTITIONS = Gauge(
    "concierge_consumer_partitions", "Partitions this member reads.", ("group", "topic")
)
CONSUMER_PAUSES = Counter(
    "concierge_consumer_pauses_total", "Times reading paused because work was slow.", ("group",)
)
CONSUMER_RESTARTS = Counter(
    "concierge_consumer_restarts_total", "Consumers replaced: stuck or failed.", ("group",)
)
JOINS_OPEN = Gauge("concierge_joins_open", "Joins that wait for parts.", ("service",))
JOINS_INCOMPLETE = Counter(
    "concierge_joins_incomplete_total", "Joins that ended without all parts.", ("service",)
)
JOIN_PARTS_LATE = Counter(
    "concierge_join_parts_late_total", "Parts that came after their join ended.", ("service",)
)
# A language model takes longer than anything else here.
_MODEL_SECONDS = (*_SECONDS, 10.0, 30.0, 60.0)
BACKEND_SECONDS = Histogram(
    "concierge_backend_seconds",
    "Time of a call to a backend.",
    ("backend", "operation", "result"),
    buckets=_MODEL_SECONDS,
)
CIRCUIT_OPEN = Gauge(
    "concierge_circuit_open", "1 while a backend counts as away and is not asked.", ("backend",)
)
TRITON_FIRST_RESPONSE_SECONDS = Histogram(
    "concierge_triton_first_response_seconds",
    "Time to the first response of a stream: what a model server is scaled by.",
    ("model",),
    buckets=_MODEL_SECONDS,
)
TRITON_IN_FLIGHT = Gauge("concierge_triton_in_flight", "Requests that wait for Triton.", ("model",))


def serve(port: int) -> tuple[WSGIServer, threading.Thread] | None:
    """Serve the metrics over HTTP on a port; 0 serves nothing."""
    return None if port == 0 else start_http_server(port)
