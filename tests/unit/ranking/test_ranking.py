"""Order, gate, reasons, relaxations."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from services.plan.condition import All, Any, Condition, Field, Not, Range, Term
from services.plan.evaluate import satisfies
from services.plan.facts import HotelFacts
from services.plan.query_plan import (
    Direction,
    Outcome,
    Planner,
    Preference,
    QueryPlan,
    SortKey,
    Trend,
)
from services.platform.errors import Unavailable
from services.ranking.domain.candidates import Candidate, normalised, reciprocal_ranks
from services.ranking.domain.features import Weights
from services.ranking.handlers import Ranking, Stage, rank_candidates
from tests.strategies import catalogues, conditions

GYM = Term(Field.FACILITY, ("gym",))
POOL = Term(Field.FACILITY, ("pool",))


def hotel(id: str, **facts: object) -> HotelFacts:
    return HotelFacts(id, (id,), **facts)  # type: ignore[arg-type]


def stage(name: str, hotels: list[HotelFacts], **more: object) -> Stage[str]:
    return Stage(
        name,
        {h.hotel_id: Candidate(h, h.hotel_id) for h in hotels},
        {h.hotel_id: 1.0 / (n + 1) for n, h in enumerate(hotels)},
        len(hotels),
        **more,  # type: ignore[arg-type]
    )


def rank(
    hotels: list[HotelFacts],
    condition: Condition | None = None,
    preferences: tuple[Preference, ...] = (),
    sort: tuple[SortKey, ...] = (),
    count: int | None = None,
) -> Ranking[str]:
    plan = QueryPlan(Outcome.SEARCH, Planner("t", "1", 1.0), condition, preferences, sort, count)
    return rank_candidates(
        plan,
        [stage("vector", hotels), stage("keyword", hotels)],
        points={},
        weights=Weights(),
        fusion="normalised",
        limit=50,
    )


def ids(ranking: Ranking[str]) -> list[str]:
    return [hit.ranked.candidate.record for hit in ranking.hits]


@settings(max_examples=150, deadline=None, database=None)
@given(catalogues(), conditions())
def test_no_hit_ever_violates_the_condition(hotels: list[HotelFacts], condition: Condition) -> None:
    ranking = rank(hotels, condition)
    assert set(ids(ranking)) == {
        h.hotel_id for h in hotels if not h.closed and satisfies(condition, h)
    }
    for hit in ranking.hits:
        assert all(entry.truth is True for entry in hit.evidence if entry.hard)


def test_a_wish_orders_and_does_not_filter() -> None:
    hotels = [hotel("a", facilities=frozenset()), hotel("b", facilities=frozenset({"gym"}))]
    assert ids(rank(hotels)) == ["a", "b"]
    assert ids(rank(hotels, preferences=(Preference(GYM, 0.5),))) == ["b", "a"]
    assert ids(rank(hotels, preferences=(Preference(GYM, -0.5),))) == ["a", "b"]


def test_cheap_is_a_wish_for_the_low_end() -> None:
    hotels = [hotel("a", price=900.0), hotel("b", price=100.0), hotel("c")]
    cheap = Preference(Trend(Field.PRICE, Direction.ASCENDING), 0.8)
    assert ids(rank(hotels, preferences=(cheap,)))[0] == "b"


@pytest.mark.parametrize(
    ("direction", "order"),
    [(Direction.ASCENDING, ["b", "a", "c"]), (Direction.DESCENDING, ["a", "b", "c"])],
)
def test_an_asked_order_is_kept_with_missing_values_last(
    direction: Direction, order: list[str]
) -> None:
    hotels = [hotel("c"), hotel("a", price=900.0), hotel("b", price=100.0)]
    assert ids(rank(hotels, sort=(SortKey(Field.PRICE, direction),))) == order


def test_a_count_limits_the_hits() -> None:
    assert len(rank([hotel(str(n)) for n in range(9)], count=3).hits) == 3


def test_a_failed_stage_is_named_and_the_other_ranks_alone() -> None:
    plan = QueryPlan(Outcome.SEARCH, Planner("t", "1", 1.0))
    result = rank_candidates(
        plan,
        [stage("keyword", [hotel("a")]), stage("vector", [], failure="AWAY")],
        points={},
        weights=Weights(),
        fusion="rrf",
        limit=5,
    )
    assert (ids(result), result.skipped) == (["a"], ("vector",))


def test_without_any_stage_the_search_is_unavailable() -> None:
    plan = QueryPlan(Outcome.SEARCH, Planner("t", "1", 1.0))
    with pytest.raises(Unavailable):
        rank_candidates(
            plan,
            [stage("keyword", [], failure="AWAY")],
            missing=["vector"],
            points={},
            weights=Weights(),
            fusion="rrf",
            limit=5,
        )


def test_only_the_branches_of_an_or_that_hold_are_reasons() -> None:
    ranking = rank([hotel("a", facilities=frozenset({"gym"}))], Any((GYM, POOL)))
    assert [entry.wish for entry in ranking.hits[0].evidence] == [GYM]


def test_what_is_absent_is_a_reason_too() -> None:
    ranking = rank([hotel("a", facilities=frozenset({"gym"}))], Not(POOL))
    [entry] = ranking.hits[0].evidence
    assert (entry.wish, entry.negated, entry.truth) == (POOL, True, True)


def test_the_condition_that_frees_most_hotels_is_the_first_relaxation() -> None:
    plan = QueryPlan(
        Outcome.SEARCH,
        Planner("t", "1", 1.0),
        condition=All((GYM, Range(Field.PRICE, max=10))),
    )
    empty = stage("keyword", [], leave_one_out=(0, 7))
    result = rank_candidates(plan, [empty], points={}, weights=Weights(), fusion="rrf", limit=5)
    assert [(r.condition, r.match_count) for r in result.relaxations] == [
        (Range(Field.PRICE, max=10), 7)
    ]


def test_scores_are_scaled_to_the_unit_interval() -> None:
    assert normalised({"a": 3.0, "b": 1.0, "c": 2.0}) == {"a": 1.0, "b": 0.0, "c": 0.5}
    assert normalised({"a": 2.0}) == {"a": 1.0}
    ranks = reciprocal_ranks({"a": 3.0, "b": 1.0})
    assert ranks == {"a": 1.0, "b": pytest.approx(61 / 62)}
