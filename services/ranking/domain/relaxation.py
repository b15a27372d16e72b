"""What would help when nothing matches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.plan.condition import Condition
from services.plan.tree import conjuncts


@dataclass(frozen=True, slots=True)
class Relaxation:
    """Dropping `condition` gives `match_count` hotels, as a recall stage counted."""

    condition: Condition
    match_count: int


def relaxations(
    condition: Condition | None, leave_one_out: Sequence[Sequence[int]]
) -> list[Relaxation]:
    """Return which top-level conditions to drop, the one that frees most hotels first.

    Args:
        condition: The plan's condition.
        leave_one_out: Per stage that counted, the matches without each top-level condition.
            Stages hold the same catalogue; the larger count is the newer index's.
    """
    parts = conjuncts(condition)
    best = [0] * len(parts)
    for counts in leave_one_out:
        for index, count in enumerate(counts[: len(parts)]):
            best[index] = max(best[index], count)
    helpful = [Relaxation(part, count) for part, count in zip(parts, best, strict=True) if count]
    return sorted(helpful, key=lambda relaxation: -relaxation.match_count)
