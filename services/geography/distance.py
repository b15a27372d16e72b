"""Distances on the sphere."""

from __future__ import annotations

import math
from typing import Protocol

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the Earth. Source: Moritz, Geodetic Reference System 1980."""


class Position(Protocol):
    """Anything with WGS-84 degrees."""

    @property
    def latitude(self) -> float:
        """Degrees north, [-90, 90]."""
        ...

    @property
    def longitude(self) -> float:
        """Degrees east, [-180, 180]."""
        ...


def haversine_km(a: Position, b: Position) -> float:
    """Return the great-circle distance in kilometres, 0 or more.

    Source: Sinnott, Virtues of the Haversine, Sky and Telescope 68 (2), 1984.
    """
    lat_a, lat_b = math.radians(a.latitude), math.radians(b.latitude)
    chord = (
        math.sin((lat_b - lat_a) / 2) ** 2
        + math.cos(lat_a)
        * math.cos(lat_b)
        * math.sin(math.radians(b.longitude - a.longitude) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(chord)))
