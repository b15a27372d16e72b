"""Metrics of answering."""

from __future__ import annotations

from prometheus_client import Counter

SENTENCES = Counter(
    "concierge_answering_sentences_total",
    "Sentences by writer and result: passed, rewritten, dropped.",
    ("writer", "result"),
)
