"""What speaks for a hotel: features in [0, 1] and their weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from services.geography.distance import haversine_km
from services.plan.condition import Condition, Field, Near, Point
from services.plan.evaluate import evaluator, number
from services.plan.facts import HotelFacts
from services.plan.query_plan import Direction, Preference, QueryPlan, Trend
from services.plan.tree import leaves
from services.ranking.domain.candidates import KEYWORD, VECTOR, Candidate, R

PRIOR_RATING = 3.5
PRIOR_REVIEWS = 20
# A review count that is as good as any.
MANY_REVIEWS = 5_000
_LOG_MANY_REVIEWS = math.log1p(MANY_REVIEWS)
# At this distance the feature has fallen to one half.
HALF_KM = 2.0


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each feature counts; 0 switches one off.

    Attributes:
        vector, keyword: The recall stages.
        preference: Each wish, times its own signed weight.
        distance: Nearness to the plan's places.
        guest_rating: The guest score, shrunk by its review count.
        popularity: The review count.
    """

    vector: float = 0.15
    keyword: float = 0.25
    preference: float = 1.0
    distance: float = 0.3
    guest_rating: float = 0.3
    popularity: float = 0.05


@dataclass(frozen=True, slots=True)
class Part:
    """One addend of a score: value in [0, 1] times weight."""

    feature: str
    value: float
    weight: float


@dataclass(frozen=True, slots=True)
class Spread:
    """Least and greatest of a number among the candidates, for wishes like "cheap"."""

    low: float
    high: float

    def fit(self, value: float | None, direction: Direction) -> float:
        """Return 1 for the good end, 0 for the bad end and for a missing value."""
        if value is None:
            return 0.0
        if self.high <= self.low:
            return 1.0
        share = (value - self.low) / (self.high - self.low)
        return 1.0 - share if direction is Direction.ASCENDING else share


def spread(values: Sequence[float | None]) -> Spread:
    """Return the spread of the known values."""
    known = [value for value in values if value is not None]
    return Spread(min(known), max(known)) if known else Spread(0.0, 0.0)


def shrunk_rating(facts: HotelFacts) -> float:
    """Return the guest rating shrunk to `PRIOR_RATING` by `PRIOR_REVIEWS`, in [0, 5].

    Source: the Bayesian average. A rating without a review count counts like one resting on
    as many reviews as the prior.
    """
    if facts.guest_rating is None:
        return PRIOR_RATING - 0.5
    reviews = PRIOR_REVIEWS if facts.review_count is None else facts.review_count
    total = facts.guest_rating * reviews + PRIOR_RATING * PRIOR_REVIEWS
    return total / (reviews + PRIOR_REVIEWS)


def distance_km(facts: HotelFacts, point: Point | None) -> float | None:
    """Return the kilometres to a point, `None` where either is unknown."""
    if point is None or facts.location is None:
        return None
    return haversine_km(point, facts.location)


Fit: TypeAlias = Callable[[HotelFacts], float]
"""How well a hotel meets a wish, in [0, 1]."""


@dataclass(frozen=True, slots=True)
class Features:
    """The features of one search: what is the same for all its candidates is settled once.

    Attributes:
        names: Feature names, in the order of `weights` and of `values`.
        weights: How much each counts; a wish's carries its sign.
        points: Positions of the plan's places.
        wishes: How well a hotel meets each of the plan's wishes.
    """

    names: tuple[str, ...]
    weights: tuple[float, ...]
    points: tuple[Point, ...]
    wishes: tuple[Fit, ...]

    def values(self, candidate: Candidate[R]) -> tuple[float, ...]:
        """Return the candidate's feature values in [0, 1], in the order of `names`."""
        facts, scores = candidate.facts, candidate.scores
        popularity = math.log1p(facts.review_count or 0) / _LOG_MANY_REVIEWS
        values = [
            scores.get(VECTOR, 0.0),
            scores.get(KEYWORD, 0.0),
            min(1.0, max(0.0, shrunk_rating(facts) / 5.0)),
            min(1.0, popularity),
        ]
        for point in self.points:
            km = distance_km(facts, point)
            values.append(0.0 if km is None else HALF_KM / (HALF_KM + km))
        values += [wish(facts) for wish in self.wishes]
        return tuple(values)

    def score(self, values: Sequence[float]) -> float:
        """Return the sum of value times weight."""
        return sum([value * weight for value, weight in zip(values, self.weights, strict=True)])

    def parts(self, values: Sequence[float]) -> tuple[Part, ...]:
        """Return the addends of a score."""
        return tuple(map(Part, self.names, values, self.weights))


def features_of(
    candidates: Sequence[Candidate[R]],
    *,
    preferences: Sequence[Preference],
    points: Mapping[int, Point],
    weights: Weights,
) -> Features:
    """Return the features of a search over these candidates.

    Args:
        candidates: All that are ranked together; wishes like "cheap" are relative to them.
        preferences: The plan's wishes.
        points: Positions of the plan's places by place id.
        weights: How much each feature counts.
    """
    return Features(
        names=(
            *(VECTOR, KEYWORD, "guest_rating", "popularity"),
            *(f"distance_{id}" for id in points),
            *(f"preference_{index}" for index in range(len(preferences))),
        ),
        weights=(
            *(weights.vector, weights.keyword, weights.guest_rating, weights.popularity),
            *(weights.distance for _ in points),
            *(weights.preference * wish.weight for wish in preferences),
        ),
        points=tuple(points.values()),
        wishes=tuple(_fit(wish.wish, candidates, points) for wish in preferences),
    )


def _fit(
    wish: Condition | Trend, candidates: Sequence[Candidate[R]], points: Mapping[int, Point]
) -> Fit:
    if not isinstance(wish, Trend):
        truth = evaluator(wish)
        return lambda facts: 1.0 if truth(facts) is True else 0.0
    number_of = trend_number(wish, points)
    among = spread([number_of(candidate.facts) for candidate in candidates])
    return lambda facts: among.fit(number_of(facts), wish.direction)


def trend_number(trend: Trend, points: Mapping[int, Point]) -> Callable[[HotelFacts], float | None]:
    """Return what reads the number a trend is about, `None` where it is unknown."""
    if trend.field is Field.DISTANCE:
        point = points.get(trend.place_id or 0)
        return lambda facts: distance_km(facts, point)
    if trend.field is Field.RELEVANCE:
        return lambda facts: None
    return partial(number, trend.field)


def points_of_plan(plan: QueryPlan) -> dict[int, Point]:
    """Return the centers that the plan's own leaves and sort keys carry, by place id."""
    wishes = [p.wish for p in plan.preferences]
    trees = [*(wish for wish in wishes if not isinstance(wish, Trend)), plan.condition]
    points = {
        key.place_id: key.center
        for key in plan.sort
        if key.place_id is not None and key.center is not None
    }
    for tree in trees:
        for leaf in leaves(tree):
            if isinstance(leaf, Near) and leaf.center is not None:
                points[leaf.place_id] = leaf.center
    return points
