"""Distances from one point to many, in numpy."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from services.geography.distance import EARTH_RADIUS_KM, Position

# Added to the box around a circle, in degrees: a metre, far more than rounding costs.
_MARGIN = 1e-5


def kilometres(positions: NDArray[np.float64], center: Position) -> NDArray[np.float64]:
    """Return the great-circle kilometres of `(n, 2)` degrees (latitude, longitude) to a point.

    NaN stays NaN. Source: as `haversine_km`.
    """
    radians = np.radians(positions)
    lat, lon = math.radians(center.latitude), math.radians(center.longitude)
    chord = (
        np.sin((radians[:, 0] - lat) / 2) ** 2
        + math.cos(lat) * np.cos(radians[:, 0]) * np.sin((radians[:, 1] - lon) / 2) ** 2
    )
    km: NDArray[np.float64] = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(1.0, chord)))
    return km


def within(positions: NDArray[np.float64], center: Position, radius_km: float) -> NDArray[np.intp]:
    """Return the rows of `(n, 2)` degrees at most `radius_km` from a point, in order.

    Only rows in the box of latitudes and longitudes around the circle are measured.

    Source of the box: the spherical law of sines in the right triangle of pole, center and the
    easternmost point of the circle: sin(half width) = sin(reach) / cos(latitude).
    """
    reach = radius_km / EARTH_RADIUS_KM
    height = math.degrees(reach) + _MARGIN
    latitudes, longitudes = positions[:, 0], positions[:, 1]
    inside = np.abs(latitudes - center.latitude) <= height
    # Near a pole, or over half the Earth, every longitude is within reach.
    narrow = math.sin(min(reach, math.pi / 2)) < math.cos(math.radians(center.latitude))
    if narrow and abs(center.latitude) + height < 90:
        width = math.degrees(math.asin(math.sin(reach) / math.cos(math.radians(center.latitude))))
        apart = np.abs(longitudes - center.longitude)
        inside &= np.minimum(apart, 360 - apart) <= width + _MARGIN
    rows = np.flatnonzero(inside)
    return rows[kilometres(positions[rows], center) <= radius_km]
