"""Circles on Elasticsearch, as exact as the evaluator's.

The engine keeps positions to a centimetre and has its own radius of the Earth, so near the line of
a circle it may decide otherwise than `haversine_km`. Hotels clearly in and clearly out it tells
apart; those on the line are measured here. There are hardly ever any: a search asks with circles
drawn in the hotels' favour and lets the engine count whether one that it found lies on a line; only
then are those read and measured, and the search is asked again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from services.geography.distance import haversine_km
from services.keyword_search.adapters.elasticsearch_conditions import (
    EVERYTHING,
    NOTHING,
    Query,
    any_of,
    but_not,
)
from services.plan.condition import Condition, Near, Point
from services.plan.tree import leaves

# Half the width of the line. The engine was at most 2 cm off in the small and 5e-9 of the radius in
# the large, 0.5 m at the antipode (4,000 pairs of points, poles and the 180th meridian among them).
LINE_M = 0.05
LINE_SHARE = 5e-8
# Farther from a point than this is nowhere on Earth.
HALF_EARTH_KM = 20_020.0


@dataclass(frozen=True, slots=True)
class Circle:
    """A circle of a condition."""

    center: Point
    radius_km: float

    @property
    def line_km(self) -> float:
        """How far from its line the engine may err."""
        return LINE_M / 1e3 + LINE_SHARE * self.radius_km

    def holds(self, position: Point) -> bool:
        """Tell what the evaluator says."""
        return haversine_km(self.center, position) <= self.radius_km

    def surely_inside(self) -> Query:
        """Return the query of the hotels clearly inside."""
        return self._within(self.radius_km - self.line_km)

    def maybe_inside(self) -> Query:
        """Return the query of the hotels inside or on the line."""
        return self._within(self.radius_km + self.line_km)

    def on_the_line(self) -> Query:
        """Return the query of the hotels that have to be measured."""
        return but_not(self.maybe_inside(), self.surely_inside())

    def _within(self, radius_km: float) -> Query:
        if radius_km <= 0:
            return NOTHING
        if radius_km >= HALF_EARTH_KM:
            return {"term": {"known": "location"}}
        at = {"lat": self.center.latitude, "lon": self.center.longitude}
        return {"geo_distance": {"distance": f"{radius_km * 1e3:.6f}m", "location": at}}


def circle_of(leaf: Near) -> Circle | None:
    """Return the circle of a leaf that has one."""
    if leaf.center is None or leaf.radius_km is None:
        return None
    return Circle(leaf.center, leaf.radius_km)


def circles_of(condition: Condition | None) -> list[Circle]:
    """Return the circles of a condition."""
    found = (circle_of(leaf) for leaf in leaves(condition) if isinstance(leaf, Near))
    return list(dict.fromkeys(circle for circle in found if circle is not None))


def line_of(circles: Iterable[Circle]) -> Query:
    """Return the query of the hotels on any of the lines."""
    return any_of([circle.on_the_line() for circle in circles])


def in_favour(leaf: Near, wanted: bool) -> Query:
    """Say a circle so that a hotel on its line passes, whether inside or outside is wanted."""
    circle = circle_of(leaf)
    if circle is None:
        return EVERYTHING
    return circle.maybe_inside() if wanted else circle.surely_inside()


@dataclass(frozen=True, slots=True)
class Measured:
    """Circles whose line has been measured.

    Attributes:
        on_the_line: Ids of the hotels on a circle's line that are inside.
    """

    on_the_line: Mapping[Circle, list[str]] = field(default_factory=dict)

    def __call__(self, leaf: Near, wanted: bool) -> Query:
        """Say a circle exactly."""
        circle = circle_of(leaf)
        if circle is None:
            return EVERYTHING
        ids = self.on_the_line.get(circle, [])
        inside = circle.surely_inside()
        return any_of([inside, {"terms": {"hotel_id": ids}}]) if ids else inside
