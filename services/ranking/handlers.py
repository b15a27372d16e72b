"""What ranking does: order what recall found, best first, and say why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic

from services.plan.condition import Point
from services.plan.query_plan import QueryPlan
from services.platform.errors import Unavailable
from services.ranking.domain.candidates import (
    Candidate,
    R,
    normalised,
    reciprocal_ranks,
)
from services.ranking.domain.features import Weights, points_of_condition
from services.ranking.domain.order import Ranked, allowed, ordered, scored
from services.ranking.domain.reasons import Evidence, evidence
from services.ranking.domain.relaxation import Relaxation, relaxations


@dataclass(frozen=True, slots=True)
class Stage(Generic[R]):
    """What one recall stage found.

    Attributes:
        name: "vector" or "keyword".
        candidates: The hotels by id.
        scores: The stage's own scores by id.
        match_count: Hotels that satisfy the condition, `None` when not counted.
        leave_one_out: Matches without each top-level condition, for an empty result.
        failure: Why it failed, "" when it answered.
    """

    name: str
    candidates: Mapping[str, Candidate[R]]
    scores: Mapping[str, float]
    match_count: int | None = None
    leave_one_out: tuple[int, ...] = ()
    failure: str = ""


@dataclass(frozen=True, slots=True)
class RankedHit(Generic[R]):
    """A hit with its evidence."""

    ranked: Ranked[R]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Ranking(Generic[R]):
    """The outcome: hits best first, totals, what would help, what was skipped."""

    hits: tuple[RankedHit[R], ...]
    total_matches: int | None
    relaxations: tuple[Relaxation, ...]
    skipped: tuple[str, ...]
    fusion: str
    points: Mapping[int, Point]


def rank_candidates(
    plan: QueryPlan,
    stages: Sequence[Stage[R]],
    *,
    missing: Sequence[str] = (),
    points: Mapping[int, Point],
    weights: Weights,
    fusion: str,
    limit: int,
) -> Ranking[R]:
    """Order what recall found, best first.

    A hotel that violates a hard condition never passes, whichever stage proposed it.

    Args:
        plan: The plan, geocoded.
        stages: What the stages found; failed ones included.
        missing: Stages that did not answer in time.
        points: Positions of the plan's places by place id.
        weights: How much each feature counts.
        fusion: "normalised" scores or "rrf".
        limit: Most hits.

    Raises:
        Unavailable: Every recall stage failed.
    """
    answered = [stage for stage in stages if not stage.failure]
    skipped = (*(stage.name for stage in stages if stage.failure), *missing)
    if not answered:
        raise Unavailable("no recall stage answered", reason="NO_RECALL_STAGE")
    places = {**points_of_condition(plan.condition), **points}
    passed = allowed(plan.condition, _merged(answered, fusion))
    ranked = ordered(
        scored(passed, preferences=plan.preferences, points=places, weights=weights), plan.sort
    )
    counts = [stage.match_count for stage in answered if stage.match_count is not None]
    return Ranking(
        hits=tuple(
            RankedHit(
                entry,
                tuple(evidence(plan.condition, plan.preferences, entry.candidate.facts, places)),
            )
            for entry in ranked[: min(limit, plan.count or limit)]
        ),
        total_matches=max(counts) if counts else None,
        relaxations=()
        if ranked
        else tuple(relaxations(plan.condition, [stage.leave_one_out for stage in answered])),
        skipped=skipped,
        fusion=fusion,
        points=places,
    )


def _merged(stages: Sequence[Stage[R]], fusion: str) -> list[Candidate[R]]:
    """Return each hotel once, with its normalised score per stage."""
    scale = reciprocal_ranks if fusion == "rrf" else normalised
    merged: dict[str, Candidate[R]] = {}
    for stage in stages:
        for id, score in scale(stage.scores).items():
            merged.setdefault(id, stage.candidates[id]).scores[stage.name] = score
    return list(merged.values())
