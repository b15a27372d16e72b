"""The final order: the guest's if asked for, else by score; ties are settled always the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic

from services.plan.condition import Condition, Field, Point
from services.plan.evaluate import number, passes
from services.plan.query_plan import Direction, Preference, SortKey
from services.ranking.domain.candidates import Candidate, R
from services.ranking.domain.features import (
    Features,
    Part,
    Weights,
    distance_km,
    features_of,
)


@dataclass(frozen=True, slots=True)
class Ranked(Generic[R]):
    """A candidate with its score and the feature values it is made of.

    `added` are addends of later stages, such as the reranker's.
    """

    candidate: Candidate[R]
    score: float
    values: tuple[float, ...]
    features: Features
    added: tuple[Part, ...] = ()

    @property
    def parts(self) -> tuple[Part, ...]:
        """Return the addends of the score."""
        return self.features.parts(self.values) + self.added


def allowed(condition: Condition | None, candidates: Sequence[Candidate[R]]) -> list[Candidate[R]]:
    """Return the candidates that satisfy the hard condition and are not closed.

    The gate: whatever a recall stage proposed, nothing else reaches a guest.
    """
    suits = passes(condition)
    return [c for c in candidates if not c.facts.closed and suits(c.facts)]


def scored(
    candidates: Sequence[Candidate[R]],
    *,
    preferences: Sequence[Preference],
    points: Mapping[int, Point],
    weights: Weights,
) -> list[Ranked[R]]:
    """Return every candidate with its score: the sum of value times weight over its features."""
    features = features_of(candidates, preferences=preferences, points=points, weights=weights)
    ranked = []
    for candidate in candidates:
        values = features.values(candidate)
        ranked.append(Ranked(candidate, features.score(values), values, features))
    return ranked


def ordered(ranked: Sequence[Ranked[R]], sort: Sequence[SortKey]) -> list[Ranked[R]]:
    """Return the best first: by the sort keys, hotels without the value last; then by score.

    Ties: higher guest rating, more reviews, then the id.
    """

    def key(entry: Ranked[R]) -> tuple[object, ...]:
        facts = entry.candidate.facts
        asked = tuple(_sort_value(k, entry) for k in sort)
        return (
            *asked,
            -round(entry.score, 9),
            -(facts.guest_rating or 0.0),
            -(facts.review_count or 0),
            facts.hotel_id,
        )

    return sorted(ranked, key=key)


def reranked(
    ranked: Sequence[Ranked[R]], probabilities: Mapping[str, float], *, weight: float
) -> list[Ranked[R]]:
    """Return the list with the reranker's probability times `weight` added, best first.

    Hotels that the reranker did not see stay behind those it saw, in their order.
    """
    seen, unseen = [], []
    for entry in ranked:
        value = probabilities.get(entry.candidate.facts.hotel_id)
        if value is None:
            unseen.append(entry)
            continue
        part = Part("reranker", min(1.0, max(0.0, value)), weight)
        score = entry.score + part.value * weight
        seen.append(replace(entry, score=score, added=(*entry.added, part)))
    return ordered(seen, ()) + unseen


def _sort_value(key: SortKey, entry: Ranked[R]) -> tuple[bool, float]:
    if key.field is Field.RELEVANCE:
        value: float | None = entry.score
    elif key.field is Field.DISTANCE:
        value = distance_km(entry.candidate.facts, key.center)
    else:
        value = number(key.field, entry.candidate.facts)
    if value is None:
        return (True, 0.0)
    return (False, -value if key.direction is Direction.DESCENDING else value)
