"""The gRPC door of geocoding."""

from __future__ import annotations

from concierge.geocoding.v1 import geocoding_pb2 as pb
from concierge.geocoding.v1 import geocoding_pb2_grpc

from services.geocoding import handlers, wire
from services.geocoding.lookup import PlaceLookup
from services.platform.rpc import Context

SERVICE_NAME = "concierge.geocoding.v1.GeocodingService"


class GeocodingServicer(geocoding_pb2_grpc.GeocodingServiceServicer):
    """Geocoding over gRPC."""

    def __init__(self, lookup: PlaceLookup) -> None:
        self._lookup = lookup

    async def Geocode(self, request: pb.GeocodeRequest, context: Context) -> pb.GeocodeResponse:
        """Find a place by its name."""
        query, city, category = wire.geocode_command(request)
        choice = await handlers.geocode(query, city=city, category=category, lookup=self._lookup)
        return wire.geocode_response(choice)

    async def ReverseGeocode(
        self, request: pb.ReverseGeocodeRequest, context: Context
    ) -> pb.ReverseGeocodeResponse:
        """Name what is at a position."""
        point, radius_km, limit = wire.reverse_command(request)
        found = await handlers.reverse_geocode(
            point, radius_km=radius_km, limit=limit, index=self._lookup.index
        )
        return wire.reverse_response(found)
