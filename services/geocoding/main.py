"""Wiring of geocoding."""

from __future__ import annotations

from concierge.geocoding.v1 import geocoding_pb2_grpc

from services.geocoding import consumer
from services.geocoding.grpc_server import SERVICE_NAME, GeocodingServicer
from services.geocoding.ports import PlaceIndex
from services.geocoding.settings import GeocodingSettings
from services.platform.bus import Consumption, EventBus
from services.platform.rpc import RpcServer


async def start(
    settings: GeocodingSettings, *, bus: EventBus, server: RpcServer, index: PlaceIndex
) -> list[Consumption]:
    """Open both doors on a place index."""
    server.add(
        geocoding_pb2_grpc.add_GeocodingServiceServicer_to_server,
        GeocodingServicer(index),
        SERVICE_NAME,
    )
    return await consumer.subscribe(bus, index, max_in_flight=settings.max_in_flight)
