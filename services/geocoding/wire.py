"""Geocoding's requests and responses between the contract and its own types."""

from __future__ import annotations

import math
from collections.abc import Sequence

from concierge.geocoding.v1 import geocoding_pb2 as pb

from services.geocoding.domain.choice import Choice
from services.geocoding.domain.place import Place, Resolution
from services.plan.condition import PlaceCategory, Point
from services.plan.condition_wire import (
    CATEGORY_FROM_PB,
    CATEGORY_TO_PB,
    point_from_pb,
    point_to_pb,
)
from services.platform.errors import InvalidArgument

MAX_QUERY_CHARS = 200
MAX_PLACES = 50
DEFAULT_PLACES = 5
DEFAULT_RADIUS_KM = 2.0
MAX_RADIUS_KM = 500.0


def geocode_command(request: pb.GeocodeRequest) -> tuple[str, str, PlaceCategory | None]:
    """Read query, city, category.

    Raises:
        InvalidArgument: Naming the field.
    """
    if not request.query.strip():
        raise InvalidArgument("is empty", field="query")
    if len(request.query) > MAX_QUERY_CHARS:
        raise InvalidArgument(f"is longer than {MAX_QUERY_CHARS} characters", field="query")
    if request.category and request.category not in CATEGORY_FROM_PB:
        raise InvalidArgument("is unknown", field="category")
    return request.query, request.city, CATEGORY_FROM_PB.get(request.category)


def reverse_command(request: pb.ReverseGeocodeRequest) -> tuple[Point, float, int]:
    """Read position, radius in kilometres, limit.

    Raises:
        InvalidArgument: Naming the field.
    """
    if not request.HasField("location"):
        raise InvalidArgument("is required", field="location")
    if not 0 <= request.page_size <= MAX_PLACES:
        raise InvalidArgument(f"must be 0 to {MAX_PLACES}", field="page_size")
    radius = request.radius_km or DEFAULT_RADIUS_KM
    if not (math.isfinite(radius) and 0 < radius <= MAX_RADIUS_KM):
        raise InvalidArgument(f"must be above 0 and at most {MAX_RADIUS_KM}", field="radius_km")
    return (
        point_from_pb(request.location, at="location"),
        radius,
        request.page_size or DEFAULT_PLACES,
    )


def place_to_pb(place: Place) -> pb.GeocodedPlace:
    """Return the contract's form of a place."""
    return pb.GeocodedPlace(
        name=place.name,
        category=CATEGORY_TO_PB[place.category],
        city=place.city,
        district=place.district,
        location=point_to_pb(place.point),
        source=place.source,
        confidence=place.confidence,
    )


def geocode_response(choice: Choice) -> pb.GeocodeResponse:
    """Return the places found."""
    return pb.GeocodeResponse(
        places=[place_to_pb(place) for place in choice.places], unambiguous=choice.unambiguous
    )


def reverse_response(found: Sequence[tuple[Place, float]]) -> pb.ReverseGeocodeResponse:
    """Return the places around."""
    return pb.ReverseGeocodeResponse(
        places=[
            pb.NearbyGeocodedPlace(place=place_to_pb(place), distance_km=km) for place, km in found
        ]
    )


def resolution_to_pb(resolution: Resolution) -> pb.ResolvedPlace:
    """Return what became of a place mention."""
    return pb.ResolvedPlace(
        place_id=resolution.place_id,
        place=place_to_pb(resolution.place) if resolution.place else None,
        status=pb.ResolutionStatus.Value(f"RESOLUTION_STATUS_{resolution.status.name}"),
        alternatives=[place_to_pb(place) for place in resolution.alternatives],
    )
