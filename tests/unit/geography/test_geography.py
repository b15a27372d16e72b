"""Distances, boxes and datums."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.geography.arrays import bounding_box, circle_and_corners, kilometres, within
from services.geography.datum import gcj02_to_bd09, to_wgs84, wgs84_to_gcj02
from services.geography.distance import EARTH_RADIUS_KM, haversine_km


class Place(NamedTuple):
    latitude: float
    longitude: float


BEIJING, SHANGHAI = Place(39.9087, 116.3975), Place(31.2304, 121.4737)
PLACES = st.builds(Place, st.floats(-90, 90), st.floats(-180, 180))
IN_CHINA = st.builds(Place, st.floats(20, 50), st.floats(80, 130))


def test_beijing_to_shanghai_is_1067_km() -> None:
    assert haversine_km(BEIJING, SHANGHAI) == pytest.approx(1067, abs=2)


def test_a_quarter_of_the_equator() -> None:
    quarter = haversine_km(Place(0, 0), Place(0, 90))
    assert quarter == pytest.approx(math.pi / 2 * EARTH_RADIUS_KM)


@given(PLACES, PLACES)
def test_a_distance_is_the_same_both_ways_and_at_most_half_way_round(a: Place, b: Place) -> None:
    assert haversine_km(a, b) == pytest.approx(haversine_km(b, a), abs=1e-6)
    assert 0 <= haversine_km(a, b) <= math.pi * EARTH_RADIUS_KM + 1e-6


@given(st.lists(PLACES, min_size=1, max_size=20), PLACES)
def test_distances_to_many_are_those_to_each(places: list[Place], center: Place) -> None:
    each = [haversine_km(place, center) for place in places]
    assert kilometres(np.array(places), center) == pytest.approx(each, abs=1e-6)


@given(st.lists(PLACES, min_size=1, max_size=20), PLACES, st.floats(0.01, 20_000))
def test_within_a_circle_are_those_not_farther(
    places: list[Place], center: Place, radius_km: float
) -> None:
    positions = np.array(places)
    wanted = np.flatnonzero(kilometres(positions, center) <= radius_km)
    assert list(within(positions, center, radius_km)) == list(wanted)


@given(st.lists(IN_CHINA, min_size=1, max_size=20), IN_CHINA, st.floats(100, 2_000))
def test_circle_and_corners_are_the_box(
    places: list[Place], center: Place, radius_km: float
) -> None:
    positions = np.array(places)
    box = bounding_box(center, radius_km)
    assert box is not None
    in_box = [
        row
        for row, (latitude, longitude) in enumerate(places)
        if box.south <= latitude <= box.north and box.west <= longitude <= box.east
    ]
    inside, outside = map(set, circle_and_corners(positions, center, radius_km))
    assert inside == set(within(positions, center, radius_km))
    assert not inside & outside
    assert sorted(inside | outside) == in_box


def test_a_box_over_a_pole_or_the_date_line_is_none() -> None:
    assert bounding_box(Place(89.9, 0), 50) is None
    assert bounding_box(Place(0, 179.9), 50) is None
    assert bounding_box(BEIJING, 50) is not None


def test_a_missing_position_is_in_no_circle() -> None:
    positions = np.array([[math.nan, math.nan], BEIJING])
    assert list(within(positions, BEIJING, 1.0)) == [1]


@given(IN_CHINA)
def test_datums_come_back_to_a_metre(place: Place) -> None:
    gcj = wgs84_to_gcj02(*place)
    metres = 1e3 * haversine_km(Place(*to_wgs84(*gcj, "gcj02")), place)
    assert metres < 1
    bd = gcj02_to_bd09(*gcj)
    assert 1e3 * haversine_km(Place(*to_wgs84(*bd, "bd09")), place) < 1


@given(IN_CHINA)
def test_the_chinese_datum_is_some_hundred_metres_off(place: Place) -> None:
    assert 0.02 < haversine_km(Place(*wgs84_to_gcj02(*place)), place) < 1.5


@given(PLACES)
def test_outside_china_the_datums_are_one(place: Place) -> None:
    assume(not (0.8 <= place.latitude <= 55.9 and 72 <= place.longitude <= 137.9))
    assert wgs84_to_gcj02(*place) == place


def test_an_unknown_datum_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown datum"):
        to_wgs84(0, 0, "nad27")
