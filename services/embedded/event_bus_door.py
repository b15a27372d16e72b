"""The gRPC door onto the in-memory bus, for this deployment's worker processes."""

from __future__ import annotations

from concierge.events.v1 import event_bus_pb2 as pb
from concierge.events.v1 import event_bus_pb2_grpc

from services.platform.adapters.memory_bus import InMemoryBus
from services.platform.adapters.sqlite_log import Entry
from services.platform.errors import InvalidArgument, ResourceExhausted
from services.platform.rpc import Context

SERVICE_NAME = "concierge.events.v1.EventBusService"
MAX_EVENTS = 2_000
# Only bulk topics: nobody outside this process has business on the others.
OPEN_TOPICS = frozenset({"concierge.catalog.hotel.v1", "concierge.catalog.facts.v1"})
# Records that the slowest index may be behind before publishers are told to wait.
MOST_LAG = 12_000


class EventBusServicer(event_bus_pb2_grpc.EventBusServiceServicer):
    """Appends to the in-memory bus."""

    def __init__(self, bus: InMemoryBus) -> None:
        self._bus = bus

    async def PublishEvents(
        self, request: pb.PublishEventsRequest, context: Context
    ) -> pb.PublishEventsResponse:
        """Append events; return when all are stored."""
        if len(request.events) > MAX_EVENTS:
            raise InvalidArgument(f"has more than {MAX_EVENTS}", field="events")
        entries = []
        for index, event in enumerate(request.events):
            if event.topic not in OPEN_TOPICS:
                raise InvalidArgument("is not open to workers", field=f"events[{index}].topic")
            if not event.key:
                raise InvalidArgument("is empty", field=f"events[{index}].key")
            entries.append(
                Entry(
                    event.topic,
                    self._bus.partition_for(event.topic, event.key),
                    event.key,
                    dict(event.headers),
                    event.value if event.HasField("value") else None,
                )
            )
        if self._bus.lag() > MOST_LAG:
            raise ResourceExhausted("the indexes are behind", retry_after_s=0.5)
        await self._bus.append(entries)
        return pb.PublishEventsResponse(stored_count=len(entries))
