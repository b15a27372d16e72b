"""Which of several places of one name is meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.geocoding.domain.place import Place
from services.geography.distance import haversine_km
from services.plan.condition import PlaceCategory

SAME_PLACE_KM = 2.0
"""Entries of one name closer than this are one place (a station and its sight, two lines)."""

# When one name is several things side by side, a guest who wants to be near it means the first.
_ORDER = {
    PlaceCategory.STATION: 0,
    PlaceCategory.AIRPORT: 1,
    PlaceCategory.ATTRACTION: 2,
    PlaceCategory.AREA: 3,
    PlaceCategory.RESTAURANT: 4,
    PlaceCategory.OTHER: 5,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """Places of a name, best first; `unambiguous` when the first is clearly meant."""

    places: tuple[Place, ...]
    unambiguous: bool


def choose(
    places: Sequence[Place], *, city: str = "", category: PlaceCategory | None = None
) -> Choice:
    """Order the places of one name and tell whether the first is clearly meant.

    A city narrows to that city; a category is preferred. Without them the name is
    unambiguous only when all its places lie within `SAME_PLACE_KM` of the first. A place in
    another city than the one given is never silently taken.
    """
    if city:
        places = [place for place in places if same_city(place.city, city) or not place.city]
    ordered = sorted(
        places, key=lambda place: (place.category is not category, _ORDER[place.category])
    )
    if category is not None and ordered and ordered[0].category is category:
        rivals = [place for place in ordered if place.category is category]
    else:
        rivals = ordered
    unambiguous = bool(ordered) and all(
        haversine_km(ordered[0].point, rival.point) <= SAME_PLACE_KM for rival in rivals
    )
    return Choice(tuple(ordered), unambiguous)


def same_city(a: str, b: str) -> bool:
    """Tell whether two names are of one city; a trailing 市 does not count."""
    return a.casefold().removesuffix("市") == b.casefold().removesuffix("市")
