"""What geocoding does: find places, and fill the positions into a plan."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from services.geocoding.domain.choice import Choice
from services.geocoding.domain.place import Place, Resolution, ResolutionStatus
from services.geocoding.lookup import PlaceLookup
from services.geocoding.ports import PlaceIndex
from services.plan.condition import Condition, Leaf, Near, PlaceCategory, Point
from services.plan.query_plan import (
    Clarification,
    Outcome,
    PlaceMention,
    QueryPlan,
    SortKey,
    Trend,
)
from services.plan.tree import leaves, map_leaves
from services.platform.errors import Unavailable

MOST_OPTIONS = 5
# How a result says that providers could not be asked.
PROVIDERS = "geocoding_providers"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LocatedPlan:
    """A plan whose leaves and sort keys carry positions, and what became of each place.

    `skipped` names the providers' stage when a place was not found because they were away.
    """

    plan: QueryPlan
    resolutions: tuple[Resolution, ...]
    skipped: tuple[str, ...] = ()


async def geocode(
    query: str, *, city: str, category: PlaceCategory | None, lookup: PlaceLookup
) -> Choice:
    """Return the places of a name, best first.

    Raises:
        Unavailable: The gazetteer does not know it and the providers are away.
    """
    choice = await lookup.known((query,), city=city, category=category)
    return choice if choice.places else await lookup.asked(query, city=city, category=category)


async def reverse_geocode(
    point: Point, *, radius_km: float, limit: int, index: PlaceIndex
) -> Sequence[tuple[Place, float]]:
    """Return the places around a position, nearest first, with kilometres."""
    return await index.near(point, radius_km=radius_km, limit=limit)


async def locate(
    plan: QueryPlan, *, city: str, lookup: PlaceLookup, most_s: float | None = None
) -> LocatedPlan:
    """Fill positions into the plan's leaves and sort keys.

    A place that a hard condition or a sort key needs and nobody knows, or that could be
    several, turns the plan into a clarification naming it: a condition is never dropped.
    A place only wished for stays without a position and is reported as not found.

    Args:
        plan: The plan.
        city: Where the guest is looking, or "".
        lookup: Who knows places.
        most_s: Longest wait for providers.
    """
    found = await asyncio.gather(
        *(
            _resolve(mention, plan, city=city, lookup=lookup, most_s=most_s)
            for mention in plan.places
        )
    )
    resolutions = tuple(resolution for resolution, _ in found)
    skipped = (PROVIDERS,) if any(away for _, away in found) else ()
    needed = _needed(plan)
    for mention, resolution in zip(plan.places, resolutions, strict=True):
        if mention.id in needed and resolution.status in (
            ResolutionStatus.AMBIGUOUS,
            ResolutionStatus.NOT_FOUND,
        ):
            return LocatedPlan(_ask(plan, mention, resolution), resolutions, skipped)
    points = {
        resolution.place_id: resolution.place.point
        for resolution in resolutions
        if resolution.place is not None
    }
    return LocatedPlan(_with_points(plan, points), resolutions, skipped)


async def _resolve(
    mention: PlaceMention, plan: QueryPlan, *, city: str, lookup: PlaceLookup, most_s: float | None
) -> tuple[Resolution, bool]:
    """Return what became of a place, and whether providers that might know it were away."""
    city = mention.city or city
    names = tuple(dict.fromkeys(filter(None, (mention.canonical_name, mention.name))))
    listed = mention.id in _listed(plan)
    choice = await lookup.known(names, city=city, category=mention.category)
    if not choice.places and names and not listed:
        try:
            choice = await lookup.asked(
                names[0], city=city, category=mention.category, most_s=most_s
            )
        except Unavailable as error:
            log.warning("place_not_asked", reason=error.reason)
            return Resolution(mention.id, ResolutionStatus.NOT_FOUND), True
    if choice.unambiguous:
        return Resolution(mention.id, ResolutionStatus.LOCATED, choice.places[0]), False
    # The records' own lists settle what the gazetteer cannot.
    if listed:
        status = ResolutionStatus.LISTED
    elif choice.places:
        status = ResolutionStatus.AMBIGUOUS
    else:
        status = ResolutionStatus.NOT_FOUND
    return Resolution(mention.id, status, alternatives=choice.places[:MOST_OPTIONS]), False


def _listed(plan: QueryPlan) -> set[int]:
    """Return the places that hotels' own lists name."""
    wishes = [p.wish for p in plan.preferences if not isinstance(p.wish, Trend)]
    trees = [plan.condition, *wishes]
    return {
        leaf.place_id
        for tree in trees
        for leaf in leaves(tree)
        if isinstance(leaf, Near) and leaf.listed
    }


def _needed(plan: QueryPlan) -> set[int]:
    """Return the places without which the plan cannot be run."""
    by_radius = {
        leaf.place_id
        for leaf in leaves(plan.condition)
        if isinstance(leaf, Near) and not leaf.listed and leaf.center is None
    }
    return by_radius | {
        key.place_id for key in plan.sort if key.place_id is not None and key.center is None
    }


def _with_points(plan: QueryPlan, points: dict[int, Point]) -> QueryPlan:
    def fill(leaf: Leaf) -> Condition:
        if not isinstance(leaf, Near) or leaf.radius_km is None or leaf.center is not None:
            return leaf
        return replace(leaf, center=points.get(leaf.place_id))

    def fill_key(key: SortKey) -> SortKey:
        if key.place_id is None or key.center is not None:
            return key
        return replace(key, center=points.get(key.place_id))

    return replace(
        plan,
        condition=None if plan.condition is None else map_leaves(plan.condition, fill),
        preferences=tuple(
            preference
            if isinstance(preference.wish, Trend)
            else replace(preference, wish=map_leaves(preference.wish, fill))
            for preference in plan.preferences
        ),
        sort=tuple(fill_key(key) for key in plan.sort),
    )


def _ask(plan: QueryPlan, mention: PlaceMention, resolution: Resolution) -> QueryPlan:
    chinese = plan.language.startswith("zh")
    if resolution.status is ResolutionStatus.NOT_FOUND:
        question = (
            f"我不知道“{mention.name}”在哪里,能说一个附近的地标、车站或者区吗?"
            if chinese
            else f"I do not know where “{mention.name}” is. Could you name a landmark, "
            "a station or a district near it?"
        )
        options: tuple[str, ...] = ()
    else:
        question = (
            f"“{mention.name}”有好几处,您指的是哪一处?"
            if chinese
            else f"There are several places called “{mention.name}”. Which one do you mean?"
        )
        options = tuple(
            "，".join(filter(None, (p.name, p.district, p.city)))
            if chinese
            else ", ".join(filter(None, (p.name, p.district, p.city)))
            for p in resolution.alternatives
        )
    return replace(
        plan,
        outcome=Outcome.CLARIFY,
        outcome_reason=f"PLACE_{resolution.status.name}",
        clarification=Clarification(question, "place", tuple(dict.fromkeys(options))),
    )
