"""Distances from one point to many, in numpy."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.geography.distance import EARTH_RADIUS_KM, Position, haversine_km

# Added to the box around a circle, in degrees: a metre, far more than rounding costs.
_MARGIN = 1e-5
# As near to the line of a circle, numpy and the C library may not agree on which side one is:
# they differ in the last place, which is 20 cm at the antipode.
_LINE_KM = 1e-3


def kilometres(positions: NDArray[np.float64], center: Position) -> NDArray[np.float64]:
    """Return the great-circle kilometres of `(n, 2)` degrees (latitude, longitude) to a point.

    NaN stays NaN. Source: as `haversine_km`.
    """
    chords = _chords(positions, center)
    km: NDArray[np.float64] = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(1.0, chords)))
    return km


def _chords(positions: NDArray[np.float64], center: Position) -> NDArray[np.float64]:
    """Return the squares of the halves of the chords to a point, on a sphere of radius 1."""
    latitudes, longitudes = np.radians(positions[:, 0]), np.radians(positions[:, 1])
    lat, lon = math.radians(center.latitude), math.radians(center.longitude)
    chords: NDArray[np.float64] = (
        np.sin((latitudes - lat) / 2) ** 2
        + math.cos(lat) * np.cos(latitudes) * np.sin((longitudes - lon) / 2) ** 2
    )
    return chords


def _chord(km: float) -> float:
    """Return that of a distance; what is further than the antipode is there."""
    return math.sin(min(max(km, 0.0) / (2 * EARTH_RADIUS_KM), math.pi / 2)) ** 2


class _Degrees(NamedTuple):
    latitude: float
    longitude: float


def inside(positions: NDArray[np.float64], center: Position, radius_km: float) -> NDArray[np.bool_]:
    """Tell which of `(n, 2)` degrees are at most `radius_km` from a point, as `haversine_km` does.

    NaN is nowhere.
    """
    # Chords grow with distances and are less work.
    chords = _chords(positions, center)
    near = chords <= _chord(radius_km)
    line = (chords >= _chord(radius_km - _LINE_KM)) & (chords <= _chord(radius_km + _LINE_KM))
    for row in np.flatnonzero(line):
        near[row] = haversine_km(center, _Degrees(*positions[row].tolist())) <= radius_km
    return near


class Box(NamedTuple):
    """Degrees that hold a circle; `west` above `east` never occurs."""

    south: float
    north: float
    west: float
    east: float


def bounding_box(center: Position, radius_km: float) -> Box | None:
    """Return the box of a circle; `None` where it holds a pole or crosses the 180th meridian.

    Source: the spherical law of sines in the right triangle of pole, center and the easternmost
    point of the circle: sin(half width) = sin(reach) / cos(latitude).
    """
    reach = radius_km / EARTH_RADIUS_KM
    height = math.degrees(reach) + _MARGIN
    south, north = center.latitude - height, center.latitude + height
    if south <= -90 or north >= 90:
        return None
    half = math.degrees(math.asin(math.sin(reach) / math.cos(math.radians(center.latitude))))
    west, east = center.longitude - half - _MARGIN, center.longitude + half + _MARGIN
    return Box(south, north, west, east) if west >= -180 and east <= 180 else None


def within(positions: NDArray[np.float64], center: Position, radius_km: float) -> NDArray[np.intp]:
    """Return the rows of `(n, 2)` degrees at most `radius_km` from a point, in order.

    Only rows in the box around the circle are measured.
    """
    return circle_and_corners(positions, center, radius_km)[0]


def circle_and_corners(
    positions: NDArray[np.float64], center: Position, radius_km: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows of `(n, 2)` degrees in a circle, and those in the box around it besides.

    Both are in order. Where the circle has no box, all other rows are in the corners.
    """
    box = bounding_box(center, radius_km)
    if box is None:
        near = inside(positions, center, radius_km)
        return np.flatnonzero(near), np.flatnonzero(~near)
    rows = _there(positions, box)
    near, unsure = _by_bounds(positions, rows, center, radius_km, box)
    near[unsure] = inside(positions[rows[unsure]], center, radius_km)
    return rows[near], rows[~near]


def _by_bounds(
    positions: NDArray[np.float64],
    rows: NDArray[np.intp],
    center: Position,
    radius_km: float,
    box: Box,
) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """Return which rows of a box are surely in its circle, and where the bounds cannot tell.

    Bounds of the chords need no sines of each row: of the cosine of a latitude the least and the
    most in the box serve, and t - t³/6 <= sin t <= t. In a circle of some kilometres they leave one
    row in a thousand.
    """
    half = math.pi / 360
    latitude = ((positions[:, 0][rows] - center.latitude) * half) ** 2
    longitude = ((positions[:, 1][rows] - center.longitude) * half) ** 2
    own = math.cos(math.radians(center.latitude))
    ends = [math.cos(math.radians(edge)) for edge in (box.south, box.north)]
    most = 1.0 if box.south <= 0 <= box.north else max(ends)
    widest = max(box.north - box.south, box.east - box.west) * half
    shrunk = max(0.0, 1 - widest**2 / 3)
    near = latitude + own * most * longitude <= _chord(radius_km - _LINE_KM)
    maybe = shrunk * (latitude + own * min(ends) * longitude) <= _chord(radius_km + _LINE_KM)
    return near, np.flatnonzero(maybe & ~near)


def count_in_box(positions: NDArray[np.float64], center: Position, radius_km: float) -> int:
    """Return how many of `(n, 2)` degrees are in the box around a circle, all where it has none."""
    box = bounding_box(center, radius_km)
    return len(positions) if box is None else len(_there(positions, box))


def _there(positions: NDArray[np.float64], box: Box) -> NDArray[np.intp]:
    """Return the rows that stand in a box, in order."""
    latitudes, longitudes = positions[:, 0], positions[:, 1]
    # Few are as far north or south: of the others no longitude is looked at.
    rows = np.flatnonzero((latitudes >= box.south) & (latitudes <= box.north))
    beside = longitudes[rows]
    return rows.take(np.flatnonzero((beside >= box.west) & (beside <= box.east)))
