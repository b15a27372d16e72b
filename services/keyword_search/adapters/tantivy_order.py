"""Requested orders on tantivy, which sorts by one number and takes any of equals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import tantivy
from numpy.typing import NDArray

from services.geography.arrays import kilometres
from services.keyword_search.domain.fields import sort_field
from services.plan.condition import Point
from services.plan.query_plan import Direction, SortKey


class Best(Protocol):
    """Finds the first hits of a query by a number: that number, and the document."""

    def __call__(
        self, query: tantivy.Query, limit: int, **order: Any
    ) -> list[tuple[float, tantivy.DocAddress]]:
        """Return at most `limit`; `order` is as the engine's own search takes it."""
        ...


def by_number(
    searcher: tantivy.Searcher,
    schema: tantivy.Schema,
    allowed: tantivy.Query,
    key: SortKey,
    limit: int,
    *,
    best: Best,
) -> list[tantivy.DocAddress]:
    """Return the first matches by a number, equal ones by standing, those without it last."""
    field = sort_field(key)
    order = tantivy.Order.Asc if key.direction is Direction.ASCENDING else tantivy.Order.Desc
    if field == "prior":
        hits = best(allowed, limit, order_by_field=field, order=order)
        return [address for _, address in hits]
    known = tantivy.Query.term_query(schema, "known", field)
    with_value = tantivy.Query.boolean_query(
        [(tantivy.Occur.Must, allowed), (tantivy.Occur.Must, known)]
    )
    hits = best(with_value, limit, order_by_field=field, order=order)
    if len(hits) == limit:
        # Of those that are equal to the last one, the engine took any.
        last = hits[-1][0]
        hits = [hit for hit in hits if hit[0] != last]
        equal = tantivy.Query.boolean_query(
            [
                (tantivy.Occur.Must, with_value),
                (tantivy.Occur.Must, between(schema, field, last, last)),
            ]
        )
        more = best(equal, limit - len(hits), order_by_field="prior")
        hits += [(last, address) for _, address in more]
    addresses = _in_order(searcher, [at for _, at in hits], [value for value, _ in hits], key)
    if len(addresses) < limit:
        without = tantivy.Query.boolean_query(
            [(tantivy.Occur.Must, allowed), (tantivy.Occur.MustNot, known)]
        )
        rest = best(without, limit - len(addresses), order_by_field="prior")
        addresses += [address for _, address in rest]
    return addresses


def by_distance(
    searcher: tantivy.Searcher,
    matches: Sequence[tantivy.DocAddress],
    key: SortKey,
    center: Point,
    positions: NDArray[np.float64],
) -> list[tantivy.DocAddress]:
    """Return matches by distance, equal ones by standing, those without a position last.

    Args:
        positions: Latitude and longitude by row, NaN where there is none.
    """
    if not matches:
        return []
    rows = np.array(searcher.fast_field_values("row", list(matches)), dtype=np.int64)
    return _in_order(searcher, matches, kilometres(positions[rows], center), key)


def between(schema: tantivy.Schema, field: str, least: float, most: float) -> tantivy.Query:
    """Return the query of the hotels whose number is within bounds, both included."""
    return tantivy.Query.range_query(schema, field, tantivy.FieldType.Float, least, most)


def _in_order(
    searcher: tantivy.Searcher,
    addresses: Sequence[tantivy.DocAddress],
    values: Sequence[float] | NDArray[np.float64],
    key: SortKey,
) -> list[tantivy.DocAddress]:
    """Return the addresses by their values, equal ones by standing, those with NaN last."""
    if not addresses:
        return []
    priors = np.array(searcher.fast_field_values("prior", list(addresses)))
    numbers = np.asarray(values, dtype=np.float64)
    if key.direction is Direction.DESCENDING:
        numbers = -numbers
    order = np.lexsort((-priors, np.where(np.isnan(numbers), np.inf, numbers)))
    return [addresses[i] for i in order]
