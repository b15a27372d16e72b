"""What to make of a provider's answers, which come by likeness rather than by name."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from services.geocoding.domain.place import Place
from services.geography.datum import to_wgs84
from services.plan.condition import Point

MOST_PLACES = 10
_BRACKETS = re.compile(r"\s*[(（][^()（）]*[)）]\s*$")


def position(latitude: float, longitude: float, datum: str) -> Point:
    """Return a provider's position in WGS-84.

    Args:
        latitude: Degrees north in the datum.
        longitude: Degrees east in the datum.
        datum: "wgs84", "gcj02" or "bd09".

    Raises:
        ValueError: It is not on Earth.
    """
    point = Point(*to_wgs84(latitude, longitude, datum))
    if not (math.isfinite(point.latitude) and math.isfinite(point.longitude)):
        raise ValueError("a coordinate is no number")
    if not (-90 <= point.latitude <= 90 and -180 <= point.longitude <= 180):
        raise ValueError("a coordinate is out of range")
    return point


def relevant(
    places: Sequence[Place], name: str, *, fold: Callable[[str], str]
) -> tuple[Place, ...]:
    """Return the places that a guest who says `name` may mean, best first.

    Those of exactly that name, a branch or kind in brackets aside ("国贸(地铁站)"); where there
    are none the provider's first of each city, since further down it guesses. Several places of
    one name stay several: which one is meant is the guest's to say.

    Args:
        places: The provider's, best first.
        name: As asked.
        fold: Makes spellings of one name equal.
    """
    wanted = fold(name)
    exact = [p for p in places if wanted in (fold(p.name), fold(_BRACKETS.sub("", p.name)))]
    if exact:
        return tuple(exact[:MOST_PLACES])
    first_by_city: dict[str, Place] = {}
    for place in places:
        first_by_city.setdefault(place.city, place)
    return tuple(first_by_city.values())[:MOST_PLACES]
