"""What a keyword search is asked."""

from __future__ import annotations

from dataclasses import dataclass

from services.plan.condition import Condition
from services.plan.query_plan import Preference, SortKey


@dataclass(frozen=True, slots=True)
class KeywordQuery:
    """One search.

    Attributes:
        tokens: Analysed words to search by; empty means that only the condition counts.
        condition: What every candidate satisfies.
        preferences: Wishes; those with a condition raise what satisfies them.
        sort: Requested order; candidates then are the first ones by its first key, equal ones by
            standing, those without the value last. Ranking settles the other keys.
        limit: Most candidates, 1 or more.
        counted: Whether matches have to be counted, and an empty result explained; where not, an
            index that would have to search for it leaves it.
    """

    tokens: tuple[str, ...] = ()
    condition: Condition | None = None
    preferences: tuple[Preference, ...] = ()
    sort: tuple[SortKey, ...] = ()
    limit: int = 100
    counted: bool = True
