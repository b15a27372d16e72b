"""The same questions to an embedded deployment and to a cluster: do they answer alike?"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

TOP = 10
# Scores are printed with six digits; below this two hits are as good as each other.
TIE = 1e-4


class Difference(StrEnum):
    """Why two answers to one line differ; the first that applies."""

    NONE = "same top 10"
    STAGE = "a stage was skipped"
    PLAN = "the plan differs"
    TIE = "hits with equal scores stand in another order"
    SCORE = "same hotels in another order: scores differ"
    HOTELS = "other hotels"


@dataclass
class Parity:
    """How many lines of a benchmark agree, and why the others do not.

    Attributes:
        counts: Lines by difference.
        examples: Ids of lines that differ, by difference.
    """

    counts: Counter[Difference] = field(default_factory=Counter)
    examples: dict[Difference, list[str]] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """Lines with the same top 10, in [0, 1]; 1 without any line."""
        total = self.counts.total()
        return self.counts[Difference.NONE] / total if total else 1.0


def compare(one: Path, other: Path) -> Parity:
    """Compare two runs of the same benchmark line by line.

    Raises:
        ValueError: The runs are not of the same lines.
    """
    parity = Parity()
    lines = zip(_lines(one), _lines(other), strict=True)
    for left, right in lines:
        if left["id"] != right["id"]:
            raise ValueError(f"{one} and {other} are not of the same lines")
        difference = difference_of(left, right)
        parity.counts[difference] += 1
        if difference is not Difference.NONE:
            parity.examples.setdefault(difference, []).append(str(left["id"]))
    return parity


def difference_of(left: Mapping[str, Any], right: Mapping[str, Any]) -> Difference:
    """Return how two answers to one line differ."""
    ours, theirs = left["ranked"][:TOP], right["ranked"][:TOP]
    if ours == theirs and left["outcome"] == right["outcome"]:
        return Difference.NONE
    if left["skipped_stages"] != right["skipped_stages"]:
        return Difference.STAGE
    if any(left[part] != right[part] for part in ("outcome", "condition", "constraints")):
        return Difference.PLAN
    if _tied(left, right):
        return Difference.TIE
    return Difference.SCORE if set(ours) == set(theirs) else Difference.HOTELS


def _tied(left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    """Tell whether wherever the hotels differ, the scores do not."""
    ours, theirs = left["scores"][:TOP], right["scores"][:TOP]
    return len(ours) == len(theirs) and all(
        abs(one - other) < TIE for one, other in zip(ours, theirs, strict=True)
    )


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
