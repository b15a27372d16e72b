"""Metrics of query understanding."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from services.plan.query_plan import QueryPlan

PLAN_SECONDS = Histogram(
    "concierge_query_understanding_plan_seconds",
    "Time to read one turn.",
    buckets=(0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.05),
)
PLANS = Counter("concierge_query_understanding_plans_total", "Plans by outcome.", ("outcome",))
UNEXPLAINED = Counter(
    "concierge_query_understanding_unexplained_total",
    "Plans that left words unexplained.",
)
PLANNERS = Counter(
    "concierge_query_understanding_planners_total",
    "Plans by who made them, and whether a better planner did not answer.",
    ("planner", "degraded"),
)
LEXICON_HOTELS = Gauge(
    "concierge_query_understanding_lexicon_hotels", "Hotels whose names are known."
)


def observe(plan: QueryPlan) -> None:
    """Count a plan."""
    PLAN_SECONDS.observe(plan.planner.took_s)
    PLANS.labels(plan.outcome.value).inc()
    PLANNERS.labels(plan.planner.name, str(plan.planner.degraded).lower()).inc()
    if plan.unexplained:
        UNEXPLAINED.inc()
