"""What ranking does: order what recall found, best first, and say why."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic

import structlog

from services.plan.condition import Point
from services.plan.query_plan import QueryPlan
from services.platform.errors import DeadlineExceeded, Unavailable
from services.ranking.domain.candidates import (
    Candidate,
    R,
    normalised,
    reciprocal_ranks,
)
from services.ranking.domain.features import Weights, points_of_plan
from services.ranking.domain.order import Ranked, allowed, ordered, reranked, scored
from services.ranking.domain.reasons import Evidence, Reasons
from services.ranking.domain.relaxation import Relaxation, relaxations
from services.ranking.ports import Reranker

RERANKER = "reranker"
"""Its name among the skipped stages."""

log = structlog.get_logger(__name__)


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


@dataclass(frozen=True, slots=True)
class Rerank(Generic[R]):
    """How the best hits are looked at again.

    Attributes:
        reranker: Who looks.
        passage_of: What is known of a hotel in words.
        depth: How many of the best are looked at.
        weight: How much the reranker's probability counts.
        budget_s: Longest wait for it.
    """

    reranker: Reranker
    passage_of: Callable[[R], str]
    depth: int
    weight: float
    budget_s: float


async def rank_and_rerank(
    plan: QueryPlan,
    stages: Sequence[Stage[R]],
    *,
    missing: Sequence[str] = (),
    points: Mapping[int, Point],
    weights: Weights,
    fusion: str,
    limit: int,
    rerank: Rerank[R] | None = None,
) -> Ranking[R]:
    """Order what recall found, let a reranker look at the best, where one is configured.

    A reranker that fails or is late is named in `skipped`, and the fused order stands. An order
    that the guest asked for is never reranked. Arguments and errors as `rank_candidates`.
    """
    if plan.sort:
        rerank = None
    deep = limit if rerank is None else max(limit, rerank.depth)
    ranking = rank_candidates(
        plan,
        stages,
        missing=missing,
        points=points,
        weights=weights,
        fusion=fusion,
        limit=deep,
    )
    if rerank is None or not ranking.hits:
        return ranking
    best = ranking.hits[: rerank.depth]
    by_id = {hit.ranked.candidate.facts.hotel_id: hit for hit in best}
    passages = {id: rerank.passage_of(h.ranked.candidate.record) for id, h in by_id.items()}
    try:
        async with asyncio.timeout(rerank.budget_s):
            scores = await rerank.reranker.score(plan.semantic_text, passages)
    except (Unavailable, DeadlineExceeded, TimeoutError) as error:
        log.warning("reranker_skipped", error=str(error))
        return replace(ranking, hits=ranking.hits[:limit], skipped=(*ranking.skipped, RERANKER))
    order = reranked([hit.ranked for hit in best], scores, weight=rerank.weight)
    hits = [replace(by_id[e.candidate.facts.hotel_id], ranked=e) for e in order]
    return replace(ranking, hits=(*hits, *ranking.hits[rerank.depth :])[:limit])


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
    places = {**points_of_plan(plan), **points}
    passed = allowed(plan.condition, _merged(answered, fusion))
    ranked = ordered(
        scored(passed, preferences=plan.preferences, points=places, weights=weights), plan.sort
    )
    reasons = Reasons(plan.condition, plan.preferences, places)
    counts = [stage.match_count for stage in answered if stage.match_count is not None]
    return Ranking(
        hits=tuple(
            RankedHit(entry, reasons.evidence(entry.candidate.facts))
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
