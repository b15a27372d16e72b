"""Chinese datums to WGS-84.

GCJ-02 is WGS-84 under a published-by-reverse-engineering offset; BD-09 is GCJ-02 under another.
Both are inverted by iteration, to well below a metre.
Source: the formulas as published in the eviltransform project's description of GCJ-02.
"""

from __future__ import annotations

import math
from collections.abc import Callable

_AXIS_M = 6378245.0
_ECCENTRICITY_2 = 0.00669342162296594323
_BD_PI = math.pi * 3000.0 / 180.0

Degrees = tuple[float, float]


def to_wgs84(latitude: float, longitude: float, datum: str) -> Degrees:
    """Return a position in WGS-84.

    Args:
        latitude: Degrees north in the datum.
        longitude: Degrees east in the datum.
        datum: "wgs84", "gcj02" or "bd09".
    """
    match datum:
        case "wgs84":
            return latitude, longitude
        case "gcj02":
            return _inverse(wgs84_to_gcj02, latitude, longitude)
        case "bd09":
            return to_wgs84(*_inverse(gcj02_to_bd09, latitude, longitude), "gcj02")
        case _:
            raise ValueError(f"unknown datum {datum}")


def wgs84_to_gcj02(latitude: float, longitude: float) -> Degrees:
    """Return a WGS-84 position in GCJ-02; outside China the two are the same."""
    if not (0.8293 <= latitude <= 55.8271 and 72.004 <= longitude <= 137.8347):
        return latitude, longitude
    x, y = longitude - 105.0, latitude - 35.0
    shared = (20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)) * 2 / 3
    north = (
        -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + shared
        + (20.0 * math.sin(y * math.pi) + 40.0 * math.sin(y / 3.0 * math.pi)) * 2 / 3
        + (160.0 * math.sin(y / 12.0 * math.pi) + 320 * math.sin(y * math.pi / 30.0)) * 2 / 3
    )  # fmt: skip
    east = (
        300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + shared
        + (20.0 * math.sin(x * math.pi) + 40.0 * math.sin(x / 3.0 * math.pi)) * 2 / 3
        + (150.0 * math.sin(x / 12.0 * math.pi) + 300.0 * math.sin(x / 30.0 * math.pi)) * 2 / 3
    )  # fmt: skip
    radians = math.radians(latitude)
    magic = 1 - _ECCENTRICITY_2 * math.sin(radians) ** 2
    root = math.sqrt(magic)
    north = math.degrees(north / ((_AXIS_M * (1 - _ECCENTRICITY_2)) / (magic * root)))
    east = math.degrees(east / (_AXIS_M / root * math.cos(radians)))
    return latitude + north, longitude + east


def gcj02_to_bd09(latitude: float, longitude: float) -> Degrees:
    """Return a GCJ-02 position in BD-09."""
    radius = math.hypot(longitude, latitude) + 0.00002 * math.sin(latitude * _BD_PI)
    angle = math.atan2(latitude, longitude) + 0.000003 * math.cos(longitude * _BD_PI)
    return radius * math.sin(angle) + 0.006, radius * math.cos(angle) + 0.0065


def _inverse(
    forward: Callable[[float, float], Degrees], latitude: float, longitude: float
) -> Degrees:
    guess = latitude, longitude
    for _ in range(20):
        there = forward(*guess)
        off = latitude - there[0], longitude - there[1]
        guess = guess[0] + off[0], guess[1] + off[1]
        if abs(off[0]) + abs(off[1]) < 1e-11:
            break
    return guess
