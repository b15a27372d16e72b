"""A hotel as the vector index takes it, and a search as it is asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from concierge.catalog.v1 import hotel_pb2
from numpy.typing import NDArray

from services.plan.condition import Condition
from services.plan.facts import HotelFacts
from services.plan.hotel_wire import facts_of
from services.plan.query_plan import SortKey
from services.recall.facts_change import FactsChange, change, keep_newer_facts


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
        counted: Whether the matches have to be counted; where not, an index that counts by
            asking once more leaves it.
    """

    vector: NDArray[np.float32] | None
    condition: Condition | None = None
    sort: tuple[SortKey, ...] = ()
    limit: int = 100
    counted: bool = True


def item_of(hotel: hotel_pb2.Hotel) -> Item:
    """Return a record as the index takes it."""
    return Item(facts_of(hotel), hotel.SerializeToString(), hotel.revision)


def with_newer_facts(item: Item, held: bytes) -> Item:
    """Return the item that may replace the record held: what changed there on its own stays."""
    before = hotel_pb2.Hotel.FromString(held)
    if not before.HasField("fast_field_times"):
        return item
    hotel = hotel_pb2.Hotel.FromString(item.record)
    return item_of(hotel) if keep_newer_facts(hotel, before) else item


def with_changes(held: bytes, changes: Iterable[FactsChange]) -> tuple[Item, int]:
    """Return the hotel after changes of its fast facts, and how many of them changed it."""
    hotel = hotel_pb2.Hotel.FromString(held)
    taken = sum(change(hotel, facts) for facts in changes)
    return item_of(hotel), taken
