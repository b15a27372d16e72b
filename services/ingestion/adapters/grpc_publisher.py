"""Publishing from a worker process to the process that has the bus."""

from __future__ import annotations

from collections.abc import Sequence

import grpc
from concierge.catalog.v1 import catalog_events_pb2, hotel_pb2
from concierge.events.v1 import event_bus_pb2, event_bus_pb2_grpc

from services.platform.envelope import headers_of
from services.platform.errors import Unavailable
from services.platform.events import Event

HOTEL_TOPIC = "concierge.catalog.hotel.v1"


class GrpcPublisher:
    """`CataloguePublisher` over `EventBusService`."""

    def __init__(self, target: str, *, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._channel = grpc.insecure_channel(
            target, options=(("grpc.max_send_message_length", 32 * 1024 * 1024),)
        )
        self._stub = event_bus_pb2_grpc.EventBusServiceStub(self._channel)

    def publish(self, hotels: Sequence[hotel_pb2.Hotel], *, job_id: str) -> None:
        """Publish all; on return the bus has them."""
        request = event_bus_pb2.PublishEventsRequest()
        for hotel in hotels:
            message = catalog_events_pb2.HotelUpserted(hotel=hotel, job_id=job_id)
            event = Event(HOTEL_TOPIC, message, source="concierge/ingestion", key=hotel.id)
            request.events.add(
                topic=event.topic,
                key=event.key,
                value=message.SerializeToString(),
                headers=headers_of(event),
            )
        try:
            self._stub.PublishEvents(request, timeout=self._timeout_s)
        except grpc.RpcError as error:
            raise Unavailable(
                f"the bus did not take {len(hotels)} hotels", reason="BUS_AWAY"
            ) from error
