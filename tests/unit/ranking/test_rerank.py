"""The reranker: it reorders the best, and its absence only shows in the skipped stages."""

from __future__ import annotations

import pytest

from services.plan.condition import Field
from services.plan.facts import HotelFacts
from services.plan.query_plan import Direction, Outcome, Planner, QueryPlan, SortKey
from services.ranking.domain.candidates import Candidate
from services.ranking.domain.features import Weights
from services.ranking.handlers import Ranking, Rerank, Stage, rank_and_rerank
from tests.fakes.reranker import FakeReranker

PASSAGES = {"h1": "airport", "h2": "bar", "h3": "quiet garden", "h4": "quiet"}


async def rank(
    reranker: FakeReranker | None,
    *,
    sort: tuple[SortKey, ...] = (),
    depth: int = 3,
    limit: int = 10,
) -> Ranking[str]:
    hotels = [HotelFacts(id, (id,), price=float(n)) for n, id in enumerate(PASSAGES)]
    stage = Stage(
        "keyword",
        {h.hotel_id: Candidate(h, h.hotel_id) for h in hotels},
        {h.hotel_id: 1.0 / (n + 1) for n, h in enumerate(hotels)},
    )
    plan = QueryPlan(
        Outcome.SEARCH, Planner("rules", "1", 1.0), semantic_text="quiet garden", sort=sort
    )
    return await rank_and_rerank(
        plan,
        [stage],
        points={},
        weights=Weights(),
        fusion="normalised",
        limit=limit,
        rerank=Rerank(reranker, PASSAGES.__getitem__, depth, 1.0, 0.05) if reranker else None,
    )


def ids(ranking: Ranking[str]) -> list[str]:
    return [hit.ranked.candidate.record for hit in ranking.hits]


async def test_without_a_reranker_the_fused_order_stands() -> None:
    ranking = await rank(None)
    assert (ids(ranking), ranking.skipped) == (["h1", "h2", "h3", "h4"], ())


async def test_the_best_are_reordered_and_the_rest_stay_behind_them() -> None:
    ranking = await rank(FakeReranker())
    assert ids(ranking) == ["h3", "h1", "h2", "h4"]
    (part,) = [p for p in ranking.hits[0].ranked.parts if p.feature == "reranker"]
    assert (part.value, part.weight) == (1.0, 1.0)


async def test_the_score_is_the_sum_of_its_parts() -> None:
    for hit in (await rank(FakeReranker())).hits:
        parts = hit.ranked.parts
        assert hit.ranked.score == pytest.approx(sum(p.value * p.weight for p in parts))


async def test_the_limit_counts_after_reranking() -> None:
    assert ids(await rank(FakeReranker(), limit=1)) == ["h3"]


@pytest.mark.parametrize("reranker", [FakeReranker(down=True), FakeReranker(hangs=True)])
async def test_a_reranker_that_fails_or_is_late_is_skipped_and_named(
    reranker: FakeReranker,
) -> None:
    ranking = await rank(reranker, limit=2)
    assert (ids(ranking), ranking.skipped) == (["h1", "h2"], ("reranker",))


async def test_an_order_that_was_asked_for_is_not_reranked() -> None:
    ranking = await rank(FakeReranker(), sort=(SortKey(Field.PRICE, Direction.DESCENDING),))
    assert ids(ranking) == ["h4", "h3", "h2", "h1"]
