"""Publishing from a worker process to the process that has the bus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc
from concierge.events.v1 import event_bus_pb2, event_bus_pb2_grpc

from services.ingestion.adapters.event_publisher import EventPublisher
from services.platform.envelope import headers_of, value_of
from services.platform.errors import Unavailable
from services.platform.events import Event

# Half of what the bus takes in one call.
EVENTS_AT_ONCE = 1_000


class GrpcPublisher(EventPublisher):
    """`CataloguePublisher` over `EventBusService`."""

    def __init__(self, target: str, *, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._channel = grpc.insecure_channel(
            target, options=(("grpc.max_send_message_length", 32 * 1024 * 1024),)
        )
        self._stub = event_bus_pb2_grpc.EventBusServiceStub(self._channel)

    def send(self, events: Sequence[Event[Any]]) -> None:
        """Hand events to the bus in order; return when it has them all."""
        for start in range(0, len(events), EVENTS_AT_ONCE):
            request = event_bus_pb2.PublishEventsRequest()
            for event in events[start : start + EVENTS_AT_ONCE]:
                request.events.add(
                    topic=event.topic,
                    key=event.key,
                    value=value_of(event),
                    headers=headers_of(event),
                )
            try:
                self._stub.PublishEvents(request, timeout=self._timeout_s)
            except grpc.RpcError as error:
                raise Unavailable(
                    f"the bus did not take {len(request.events)} events", reason="BUS_AWAY"
                ) from error
