"""How long ranking takes: `uv run python -m tests.load.ranking_bench`.

Two recall stages with 100 candidates each, half of them shared, a condition of six leaves, two
wishes and a place, ranked with reasons: the handler alone, and with the contract's messages read
and written as the doors do it. Read medians; machines are noisy.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from concierge.catalog.v1 import hotel_pb2
from concierge.recall.v1 import candidate_pb2

from services.ingestion.domain.generator import generate
from services.plan.condition import All, Any, Field, Near, Not, Point, Range, Term
from services.plan.evaluate import satisfies
from services.plan.hotel_wire import facts_of
from services.plan.query_plan import (
    Direction,
    Outcome,
    PlaceMention,
    Planner,
    Preference,
    QueryPlan,
    Trend,
)
from services.ranking import wire
from services.ranking.domain.features import Weights
from services.ranking.handlers import Ranking, Stage, rank_candidates
from services.vocabulary import Vocabulary

PLAN = QueryPlan(
    Outcome.SEARCH,
    Planner("bench", "1", 1.0),
    condition=All(
        (
            Any((Term(Field.FACILITY, ("luggage_storage",)), Term(Field.FACILITY, ("gym",)))),
            Not(Term(Field.KIND, ("hostel",))),
            Range(Field.PRICE, min=1),
            Range(Field.GUEST_RATING, min=0.5),
            # Half the circumference of the Earth: every hotel with a position.
            Near(1, center=Point(39.9087, 116.3975), radius_km=20_100.0),
        )
    ),
    preferences=(
        Preference(Trend(Field.PRICE, Direction.ASCENDING), 0.5),
        Preference(Term(Field.FACILITY, ("gym",)), 0.4),
    ),
    places=(PlaceMention(1, "天安门"),),
    language="zh",
)


def hotels(count: int) -> list[hotel_pb2.Hotel]:
    """Return the first generated hotels that satisfy the plan."""
    rows = []
    for hotel in generate(count * 40, 1):
        if satisfies(PLAN.condition, facts_of(hotel)):
            rows.append(hotel)
            if len(rows) == count:
                return rows
    raise SystemExit("error: too few generated hotels satisfy the plan")


def stages(candidates: int) -> list[candidate_pb2.StageResult]:
    """Return both stages' results, half of the hotels in both."""
    rows = hotels(candidates * 3 // 2)
    found = []
    for stage, part in (
        (candidate_pb2.RECALL_STAGE_VECTOR, rows[:candidates]),
        (candidate_pb2.RECALL_STAGE_KEYWORD, rows[-candidates:]),
    ):
        result = candidate_pb2.StageResult(stage=stage, match_count=len(rows))
        for rank, hotel in enumerate(part, start=1):
            result.candidates.add(hotel_id=hotel.id, rank=rank, score=1.0 / rank, hotel=hotel)
        found.append(result)
    return found


def measure(name: str, work: Callable[[], object], repeats: int) -> None:
    """Print the median and the 99th percentile of a piece of work."""
    for _ in range(20):
        work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter_ns()
        work()
        times.append((time.perf_counter_ns() - start) / 1e6)
    p50, p99 = np.percentile(times, (50, 99))
    print(f"{name:34} p50 {p50:7.3f} ms   p99 {p99:7.3f} ms")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", type=int, default=100, help="per stage")
    parser.add_argument("--repeats", type=int, default=500)
    arguments = parser.parse_args()
    messages = stages(arguments.candidates)
    vocabulary = Vocabulary.load()

    def rank(read: list[Stage[hotel_pb2.Hotel]], limit: int) -> Ranking[hotel_pb2.Hotel]:
        return rank_candidates(
            PLAN, read, points={}, weights=Weights(), fusion="normalised", limit=limit
        )

    read = wire.stages_from_pb(messages, PLAN)
    measure("read", lambda: wire.stages_from_pb(messages, PLAN), arguments.repeats)
    for limit in (10, 30, arguments.candidates):
        ranked = rank(read, limit)
        measure(f"rank, {limit} hits", lambda n=limit: rank(read, n), arguments.repeats)  # type: ignore[misc]
        measure(
            f"write, {limit} hits",
            lambda done=ranked: wire.result_to_pb(done, PLAN, vocabulary),  # type: ignore[misc]
            arguments.repeats,
        )
        measure(
            f"read, rank and write, {limit} hits",
            lambda n=limit: wire.result_to_pb(  # type: ignore[misc]
                rank(wire.stages_from_pb(messages, PLAN), n), PLAN, vocabulary
            ),
            arguments.repeats,
        )


if __name__ == "__main__":
    main()
