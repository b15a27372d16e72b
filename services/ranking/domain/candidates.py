"""What the recall stages found, merged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from services.plan.facts import HotelFacts

R = TypeVar("R")

VECTOR = "vector"
KEYWORD = "keyword"


@dataclass(slots=True)
class Candidate(Generic[R]):
    """One hotel with all that the stages say of it.

    Attributes:
        facts: What conditions and features read.
        record: The record itself, passed through.
        scores: Stage score in [0, 1] by stage, normalised within the stage's list.
    """

    facts: HotelFacts
    record: R
    scores: dict[str, float] = field(default_factory=dict)


def normalised(scores: Mapping[str, float]) -> dict[str, float]:
    """Scale a stage's scores to [0, 1]: its best hotel 1, its worst 0, all equal: 1.

    Source: min-max normalisation, Lee, Analyses of Multiple Evidence Combination, SIGIR 1997.
    """
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    if high - low <= 1e-12:
        return dict.fromkeys(scores, 1.0)
    return {id: (score - low) / (high - low) for id, score in scores.items()}


def reciprocal_ranks(scores: Mapping[str, float], *, k: int = 60) -> dict[str, float]:
    """Score by position instead: (k + 1) / (k + rank), rank counted from 1, best first.

    Source: Cormack, Clarke, Büttcher, Reciprocal Rank Fusion, SIGIR 2009, scaled to (0, 1].
    """
    order = sorted(scores, key=lambda id: -scores[id])
    return {id: (k + 1) / (k + rank) for rank, id in enumerate(order, start=1)}
