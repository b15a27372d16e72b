"""Metrics that both recall stages have."""

from __future__ import annotations

from prometheus_client import Counter

from services.recall.facts_change import ChangesTaken

CHANGES = Counter(
    "concierge_recall_facts_changes_total",
    "Changes of the fast lane: taken, late (the record knows better), early (no such hotel yet).",
    ("service", "result"),
)


def note_changes(service: str, count: int, taken: ChangesTaken) -> None:
    """Count what became of a batch of changes."""
    early = len(taken.unknown)
    CHANGES.labels(service, "taken").inc(taken.taken)
    CHANGES.labels(service, "early").inc(early)
    CHANGES.labels(service, "late").inc(count - taken.taken - early)
