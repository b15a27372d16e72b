"""Hotels in a requested order. Milvus can't sort, so rows are sorted here, as few as will do."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence

from services.geography.distance import haversine_km
from services.plan.condition import Field, Point
from services.plan.query_plan import Direction, SortKey
from services.vector_retrieval.adapters.milvus_client import Row
from services.vector_retrieval.adapters.milvus_conditions import Filter, Pair, both, circle, outside
from services.vector_retrieval.adapters.milvus_reads import MilvusReads, decided
from services.vector_retrieval.adapters.milvus_schema import NO_NUMBER, NUMBERS

# With fewer hotels than this all are read at once; of more, these are the sample that tells how
# far the first ones reach.
SAMPLE_ROWS = 400
_STANDING = "standing"
# Distances are measured here and boxes are drawn there: a bound is taken a little farther.
_MORE = 1 + 1e-9


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
    parts = await _parts(reads, filter, sample, keys, limit, passing)
    pages = await asyncio.gather(*(reads.rows(part.possible, columns) for part in parts))
    rows = decided(filter, [row for page in pages for row in page])
    return _first(rows, keys, limit), passing


async def _parts(
    reads: MilvusReads,
    filter: Filter,
    sample: Sequence[Row],
    keys: Sequence[SortKey],
    limit: int,
    passing: int,
) -> list[Filter]:
    """Return filters that together hold the first `limit` hotels and few others.

    A bound of the first key is taken from the sample. Where many hotels lie on the bound itself,
    the next key narrows those. Where no bound leaves enough hotels, the filter is as it was.
    """
    key = keys[0] if keys else None
    bound = await _bound(reads, filter, sample, key, limit, passing)
    if bound is None:
        return [filter]
    within, on_it = filter.narrowed(_up_to(key, bound)), _equal(key, bound)
    if key is None or on_it is None:
        return [within]
    tied = filter.narrowed(on_it)
    columns = sorted({*reads.columns(filter), *_columns(keys)})
    ties = await reads.page(tied.possible, columns, len(sample))
    if len(ties) < len(sample):
        return [within]
    better = filter.narrowed(_better(key, bound))
    ahead, equal = await asyncio.gather(reads.certain(better), reads.passing(tied))
    if ahead >= limit:
        return [better]
    return [better, *await _parts(reads, tied, ties, keys[1:], limit - ahead, equal)]


async def _bound(
    reads: MilvusReads,
    filter: Filter,
    sample: Sequence[Row],
    key: SortKey | None,
    limit: int,
    passing: int,
) -> float | None:
    """Return a cost of the sample up to which at least `limit` hotels pass; `None`: none does."""
    costs = sorted({_cost(key, row) for row in sample} - {math.inf})
    # Where about half as many again as wanted should lie.
    at = math.ceil(len(costs) * 1.5 * limit / max(passing, 1))
    while at < len(costs):
        if await reads.certain(filter.narrowed(_up_to(key, costs[at]))) >= limit:
            return costs[at]
        at = 2 * at + 1
    return None


def _up_to(key: SortKey | None, cost: float) -> Pair:
    """Return the filter of the hotels that cost at most so much."""
    if key is None:
        return Pair.exact(f"{_STANDING} >= {-cost!r}")
    if key.field is Field.DISTANCE and key.center is not None:
        near = key.direction is Direction.ASCENDING
        # The hotel that the bound is taken from lies on it, this side or the other.
        return circle(key.center, cost * _MORE) if near else outside(key.center, -cost / _MORE)
    column = NUMBERS[key.field]
    if key.direction is Direction.DESCENDING:
        return Pair.exact(f"{column} >= {-cost!r}")
    return Pair.exact(both(f"{column} > {NO_NUMBER!r}", f"{column} <= {cost!r}"))


def _better(key: SortKey, cost: float) -> Pair:
    column = NUMBERS[key.field]
    if key.direction is Direction.DESCENDING:
        return Pair.exact(f"{column} > {-cost!r}")
    return Pair.exact(both(f"{column} > {NO_NUMBER!r}", f"{column} < {cost!r}"))


def _equal(key: SortKey | None, cost: float) -> Pair | None:
    """Return the filter of the hotels on the bound; `None` where hardly two are."""
    if key is None or key.field is Field.DISTANCE:
        return None
    value = -cost if key.direction is Direction.DESCENDING else cost
    return Pair.exact(f"{NUMBERS[key.field]} == {value!r}")


def _first(rows: Sequence[Row], keys: Sequence[SortKey], limit: int) -> list[Row]:
    def place(row: Row) -> tuple[object, ...]:
        return (*(_cost(key, row) for key in keys), _cost(None, row), row["hotel_id"])

    return sorted(rows, key=place)[:limit]


def _cost(key: SortKey | None, row: Row) -> float:
    """Return what the key sorts by, least first; infinity where the hotel has no value.

    Without a key, standing.
    """
    if key is None:
        return -float(row[_STANDING])
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
