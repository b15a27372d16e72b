"""A hotel as the vector index takes it, and a search as it is asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.plan.condition import Condition
from services.plan.facts import HotelFacts
from services.plan.query_plan import SortKey


@dataclass(frozen=True, slots=True)
class Item:
    """One hotel: what conditions read, the serialised `Hotel`, its revision."""

    facts: HotelFacts
    record: bytes
    revision: int


@dataclass(frozen=True, slots=True)
class VectorQuery:
    """One search.

    Attributes:
        vector: `(d,)` float32 of unit length; `None` or zeros: by standing, not by meaning.
        condition: What every candidate satisfies.
        sort: Requested order; candidates then are the first ones in that order.
        limit: Most candidates, 1 or more.
    """

    vector: NDArray[np.float32] | None
    condition: Condition | None = None
    sort: tuple[SortKey, ...] = ()
    limit: int = 100
