"""Requested orders on tantivy, which sorts by one number and takes any of equals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tantivy
from numpy.typing import NDArray

from services.geography.arrays import kilometres
from services.keyword_search.domain.fields import sort_field
from services.plan.condition import Point
from services.plan.query_plan import Direction, SortKey


def by_number(
    searcher: tantivy.Searcher,
    schema: tantivy.Schema,
    allowed: tantivy.Query,
    key: SortKey,
    limit: int,
) -> list[tantivy.DocAddress]:
    """Return the first matches by a number, equal ones by standing, those without it last."""
    field = sort_field(key)
    order = tantivy.Order.Asc if key.direction is Direction.ASCENDING else tantivy.Order.Desc
    if field == "prior":
        hits = searcher.search(allowed, limit, order_by_field=field, order=order).hits
        return [address for _, address in hits]
    known = tantivy.Query.term_query(schema, "known", field)
    with_value = tantivy.Query.boolean_query(
        [(tantivy.Occur.Must, allowed), (tantivy.Occur.Must, known)]
    )
    hits = searcher.search(with_value, limit, order_by_field=field, order=order).hits
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
        more = searcher.search(equal, limit - len(hits), order_by_field="prior").hits
        hits += [(last, address) for _, address in more]
    addresses = _in_order(searcher, [at for _, at in hits], [value for value, _ in hits], key)
    if len(addresses) < limit:
        without = tantivy.Query.boolean_query(
            [(tantivy.Occur.Must, allowed), (tantivy.Occur.MustNot, known)]
        )
        rest = searcher.search(without, limit - len(addresses), order_by_field="prior").hits
        addresses += [address for _, address in rest]
    return addresses


def by_distance(
    searcher: tantivy.Searcher,
    allowed: tantivy.Query,
    key: SortKey,
    center: Point,
    positions: NDArray[np.float64],
) -> list[tantivy.DocAddress]:
    """Return all matches by distance, equal ones by standing, those without a position last.

    Args:
        positions: Latitude and longitude by row, NaN where there is none.
    """
    count = int(searcher.search(allowed, 1).count)
    if count == 0:
        return []
    addresses = [address for _, address in searcher.search(allowed, count).hits]
    rows = np.array(searcher.fast_field_values("row", addresses), dtype=np.int64)
    return _in_order(searcher, addresses, kilometres(positions[rows], center), key)


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
