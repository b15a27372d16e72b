"""Hotels in a requested order. Milvus can't sort, so rows are sorted here, as few as will do."""

from __future__ import annotations

import math
from collections.abc import Sequence

from services.geography.distance import haversine_km
from services.plan.condition import Field, Point
from services.plan.query_plan import Direction, SortKey
from services.vector_retrieval.adapters.milvus_client import Row
from services.vector_retrieval.adapters.milvus_conditions import Filter, Pair, both, circle
from services.vector_retrieval.adapters.milvus_reads import MilvusReads, decided
from services.vector_retrieval.adapters.milvus_schema import NO_NUMBER, NUMBERS

# With fewer hotels than this all are read at once; of more, these are the sample that tells how
# far the first ones reach.
SAMPLE_ROWS = 2_000
_STANDING = "standing"


async def in_order(
    reads: MilvusReads,
    filter: Filter,
    sort: Sequence[SortKey],
    limit: int,
    *,
    sample_rows: int,
) -> tuple[list[Row], int]:
    """Return the first hotels by the keys, then standing, then id, and how many pass at all.

    The rows have `hotel_id` and `standing`. Hotels without a key's value come last. `sample_rows`
    is how many are read to see whether there are more.
    """
    keys = [key for key in sort if _tells(key)]
    columns = sorted({*reads.columns(filter), *_columns(keys)})
    sample = await reads.page(filter.possible, columns, sample_rows)
    if len(sample) < sample_rows:
        rows = decided(filter, sample)
        return _first(rows, keys, limit), len(rows)
    passing = await reads.passing(filter)
    reach = await _reach(reads, filter, sample, keys, limit, passing)
    text = filter.possible if reach is None else both(filter.possible, reach.possible)
    rows = decided(filter, await reads.rows(text, columns))
    return _first(rows, keys, limit), passing


async def _reach(
    reads: MilvusReads,
    filter: Filter,
    sample: Sequence[Row],
    keys: Sequence[SortKey],
    limit: int,
    passing: int,
) -> Pair | None:
    """Return a filter of the first key that leaves at least `limit` hotels, better than others.

    `None` when the sample shows none, as where fewer hotels than that have the value.
    """
    values = sorted({_cost(keys[0], row) if keys else -row[_STANDING] for row in sample})
    values = [value for value in values if math.isfinite(value)]
    # The sample's value above which about half as many again should lie.
    at = math.ceil(len(values) * 1.5 * limit / max(passing, 1))
    while at < len(values):
        reach = _within(keys[0] if keys else None, values[at])
        if reach is None:
            return None
        if await reads.certain(filter, reach.certain) >= limit:
            return reach
        at = 2 * at + 1
    return None


def _within(key: SortKey | None, cost: float) -> Pair | None:
    if key is None:
        return Pair.exact(f"{_STANDING} >= {-cost!r}")
    if key.field is Field.DISTANCE:
        ascending = key.direction is Direction.ASCENDING
        return circle(key.center, cost) if ascending and key.center is not None else None
    column = NUMBERS[key.field]
    if key.direction is Direction.DESCENDING:
        return Pair.exact(f"{column} >= {-cost!r}")
    return Pair.exact(f"({column} > {NO_NUMBER!r}) and ({column} <= {cost!r})")


def _first(rows: Sequence[Row], keys: Sequence[SortKey], limit: int) -> list[Row]:
    def place(row: Row) -> tuple[object, ...]:
        return (*(_cost(key, row) for key in keys), -row[_STANDING], row["hotel_id"])

    return sorted(rows, key=place)[:limit]


def _cost(key: SortKey, row: Row) -> float:
    """Return what the key sorts by, least first; infinity where the hotel has no value."""
    if key.field is Field.DISTANCE:
        if row["latitude"] == NO_NUMBER or key.center is None:
            return math.inf
        value = haversine_km(key.center, Point(row["latitude"], row["longitude"]))
    else:
        value = row[NUMBERS[key.field]]
        if value == NO_NUMBER:
            return math.inf
    return -value if key.direction is Direction.DESCENDING else value


def _tells(key: SortKey) -> bool:
    """Whether the key orders anything: relevance and a distance from nowhere do not."""
    return key.field in NUMBERS or (key.field is Field.DISTANCE and key.center is not None)


def _columns(keys: Sequence[SortKey]) -> set[str]:
    columns = {_STANDING}
    for key in keys:
        columns |= (
            {"latitude", "longitude"} if key.field is Field.DISTANCE else {NUMBERS[key.field]}
        )
    return columns
