"""One search on tantivy: what is matched, how it is scored, what is counted."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any, TypeAlias

import numpy as np
import tantivy
from numpy.typing import NDArray

from services.geography.arrays import bounding_box, inside
from services.keyword_search.adapters.tantivy_conditions import Compiler, most_listed, most_matches
from services.keyword_search.adapters.tantivy_order import by_distance, by_number
from services.keyword_search.adapters.tantivy_rows import Rows
from services.keyword_search.domain.query import KeywordQuery
from services.keyword_search.domain.scoring import (
    BASE_SCORE,
    BOOSTS,
    PREFERENCE_BOOST,
    most_common,
    standing,
)
from services.plan.condition import Condition, Field, Near, Point
from services.plan.normal_form import normal_form
from services.plan.query_plan import Trend
from services.plan.tree import conjunction, conjuncts
from services.recall.recalled import Found, Recalled

# Up to here every match is scored.
SCORED_AT_MOST = 10_000
# Above that, so many times as many as wanted are found by their words, and the best of them taken.
OVERFETCH = 4
# Reading all that lists a place costs as much as looking up this share of it by row.
LOOKED_UP_SHARE = 0.2

_Clause: TypeAlias = tuple[tantivy.Occur, tantivy.Query]
# What the engine ordered by, and which document it is.
_Hit: TypeAlias = tuple[float, tantivy.DocAddress]


@dataclass(frozen=True, slots=True)
class _Circle:
    """A circle.

    Attributes:
        center: Its center.
        radius_km: Its radius.
        listed: What counts as near whatever its distance.
        most_listed: How many that can be at most.
        most: How many can be near at most.
    """

    center: Point
    radius_km: float
    listed: tantivy.Query | None
    most_listed: int
    most: int


@dataclass(frozen=True, slots=True)
class _Match:
    """What the engine matches, and the circles that hits must lie in besides.

    Attributes:
        query: Matches what satisfies the rest of the condition and is open.
        circles: The circles.
        all_open: The query leaves out nothing but what is closed.
    """

    query: tantivy.Query
    circles: tuple[_Circle, ...]
    all_open: bool


class Search:
    """A search of the index as it stood at one moment.

    Args:
        searcher: The engine at that moment.
        schema: Its fields.
        rows: What lies beside it.
        scored_at_most: Up to so many matches all are scored.
    """

    def __init__(
        self,
        searcher: tantivy.Searcher,
        schema: tantivy.Schema,
        rows: Rows,
        *,
        scored_at_most: int = SCORED_AT_MOST,
    ) -> None:
        self._searcher = searcher
        self._schema = schema
        self._rows = rows
        self._compiler = Compiler(schema, rows)
        self._closed = tantivy.Query.term_query(schema, "known", "closed")
        self._scored_at_most = scored_at_most

    def run(self, query: KeywordQuery) -> Recalled:
        """Find the best hotels that satisfy the condition."""
        match = self._match(query.condition)
        if query.sort:
            return self._sorted(match, query)
        words = self._words(query)
        count: int | None = None
        most = most_matches(self._searcher, query.condition)
        most = min([most, *(circle.most for circle in match.circles)])
        if most <= self._scored_at_most:
            hits, count = self._all_ranked(match, words, query.limit, most)
        else:
            if query.counted:
                count = self._count(query.condition)
            hits = self._ranked(match, words, query.limit, count)
        return self._recalled(
            [address for _, address in hits],
            [score for score, _ in hits],
            count,
            "ranked" if query.tokens else "prior",
            query,
        )

    def _match(self, condition: Condition | None) -> _Match:
        """Take circles that every hit must lie in out of the engine's hands.

        The engine would need the row of every hotel in the circle, at microseconds each. It gets
        the box around it instead, and hits are measured.
        """
        boxes: list[tantivy.Query] = []
        circles: list[_Circle] = []
        others: list[Condition] = []
        for part in conjuncts(condition):
            if isinstance(part, Near) and part.center and part.radius_km:
                box = bounding_box(part.center, part.radius_km)
                if box is not None:
                    near = self._compiler.box(box)
                    listed, count = None, most_listed(self._searcher, part)
                    if count:
                        listed = self._compiler.listed(part)
                        near = tantivy.Query.boolean_query(
                            [(tantivy.Occur.Should, near), (tantivy.Occur.Should, listed)]
                        )
                    most = self._rows.in_box(part.center, part.radius_km) + count
                    circles.append(_Circle(part.center, part.radius_km, listed, count, most))
                    boxes.append(near)
                    continue
            others.append(part)
        wanted = self._filter(conjunction(tuple(others)))
        parts = [(tantivy.Occur.Must, part) for part in (wanted, *boxes)]
        query = tantivy.Query.boolean_query(parts) if boxes else wanted
        return _Match(query, tuple(circles), not (boxes or others))

    def _rows_of(self, query: tantivy.Query, most: int) -> NDArray[np.int64]:
        """Return the rows of everything that matches, where `most` can match at most."""
        if most == 0:
            return np.zeros(0, dtype=np.int64)
        hits = self._searcher.search(query, most, count=False, order_by_field="row").hits
        return np.array([row for row, _ in hits], dtype=np.int64)

    def _inside(self, rows: NDArray[np.int64], circles: Sequence[_Circle]) -> NDArray[np.bool_]:
        """Return which rows lie in every circle."""
        in_all = np.ones(len(rows), dtype=bool)
        positions = self._rows.positions()[rows]
        for circle in circles:
            near = inside(positions, circle.center, circle.radius_km)
            # Rows are small numbers: a table of them costs less than sorting.
            near |= np.isin(rows, self._listed(circle, rows[~near]), kind="table")
            in_all &= near
        return in_all

    def _listed(self, circle: _Circle, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return those of the rows, and maybe others, that are near whatever their distance."""
        if circle.listed is None or not len(rows):
            return np.zeros(0, dtype=np.int64)
        if LOOKED_UP_SHARE * circle.most_listed < len(rows):
            return self._rows_of(circle.listed, circle.most_listed)
        these = tantivy.Query.term_set_query(self._schema, "row", rows.tolist())
        both = [(tantivy.Occur.Must, circle.listed), (tantivy.Occur.Must, these)]
        return self._rows_of(tantivy.Query.boolean_query(both), len(rows))

    def _best(
        self,
        query: tantivy.Query,
        limit: int,
        circles: Sequence[_Circle],
        **order: Any,
    ) -> list[_Hit]:
        """Return the first hits that lie in every circle."""
        if not circles:
            return list(self._searcher.search(query, limit, count=False, **order).hits)
        inside = partial(self._those_inside, circles=circles)
        return self._first(query, limit, 2 * limit, inside, **order)

    def _first(
        self,
        query: tantivy.Query,
        limit: int,
        asked: int,
        keep: Callable[[Sequence[_Hit]], list[_Hit]],
        **order: Any,
    ) -> list[_Hit]:
        """Return the first hits that are kept, asking for more while they are too few."""
        while True:
            hits = self._searcher.search(query, asked, count=False, **order).hits
            good = keep(hits)
            if len(good) >= limit or len(hits) < asked:
                return good[:limit]
            asked *= 4

    def _all_ranked(
        self, match: _Match, words: list[_Clause], limit: int, most: int
    ) -> tuple[list[_Hit], int]:
        """Return the best of few matches, at most `most`, and how many they are.

        All are scored, so they are counted in passing.
        """
        every = tantivy.Query.boolean_query([_based_on(match.query), *words])
        if not match.circles:
            found = self._searcher.search(every, limit, weight_by_field="prior")
            return list(found.hits), int(found.count)
        # A hotel that is being replaced may match by a row that is no longer among `most`.
        found = self._searcher.search(every, most + limit, weight_by_field="prior")
        inside = self._those_inside(found.hits, match.circles)
        return inside[:limit], len(inside)

    def _those_inside(self, hits: Sequence[_Hit], circles: Sequence[_Circle]) -> list[_Hit]:
        in_all = self._inside(np.array(self._rows_at(hits), dtype=np.int64), circles)
        return list(itertools.compress(hits, in_all))

    def _those_open(self, hits: Sequence[_Hit]) -> list[_Hit]:
        closed = self._rows.closed
        rows = self._rows_at(hits)
        return [hit for hit, row in zip(hits, rows, strict=True) if row not in closed]

    def _rows_at(self, hits: Sequence[_Hit]) -> list[int]:
        return self._searcher.fast_field_values("row", [at for _, at in hits]) if hits else []

    def _ranked(
        self,
        match: _Match,
        words: list[_Clause],
        limit: int,
        count: int | None,
    ) -> list[_Hit]:
        """Return the best by words and standing of so many matches; `None`: many."""
        base = _based_on(match.query)
        if count is not None and count <= self._scored_at_most:
            every = tantivy.Query.boolean_query([base, *words])
            return self._best(every, limit, match.circles, weight_by_field="prior")
        # Among many, most have none of the words: first those with any, by the words alone, so
        # that the engine can skip what can't come first; then, where they are few, the others.
        said = tantivy.Query.boolean_query(words)
        if match.all_open:
            # It can skip far more where nothing else is asked of what has them.
            wanted = OVERFETCH * limit
            ahead = wanted + wanted // 4
            by_words = self._first(said, wanted, ahead, self._those_open)
            found = [(score + BASE_SCORE, at) for score, at in by_words]
        else:
            ranked = tantivy.Query.boolean_query([(tantivy.Occur.Must, said), base])
            found = self._best(ranked, OVERFETCH * limit, match.circles)
        priors = self._searcher.fast_field_values("prior", [at for _, at in found]) if found else []
        hits = [
            (score * standing(prior), at) for (score, at), prior in zip(found, priors, strict=True)
        ]
        hits.sort(key=itemgetter(0), reverse=True)
        del hits[limit:]
        if len(hits) < limit:
            others = tantivy.Query.boolean_query(
                [(tantivy.Occur.Must, match.query), (tantivy.Occur.MustNot, said)]
            )
            rest = self._best(others, limit - len(hits), match.circles, order_by_field="prior")
            hits += [(BASE_SCORE * standing(prior), at) for prior, at in rest]
        return hits

    def _count(self, condition: Condition | None) -> int:
        """Return how many satisfy the condition."""
        if condition is None:
            return int(self._searcher.num_docs - self._searcher.search(self._closed, 1).count)
        return int(self._searcher.search(self._filter(condition), 1).count)

    def _filter(self, condition: Condition | None) -> tantivy.Query:
        wanted = (
            tantivy.Query.all_query()
            if condition is None
            else self._compiler.compile(normal_form(condition))
        )
        return tantivy.Query.boolean_query(
            [(tantivy.Occur.Must, wanted), (tantivy.Occur.MustNot, self._closed)]
        )

    def _words(self, query: KeywordQuery) -> list[_Clause]:
        most = most_common(query.limit, self._searcher.num_docs)
        words = [
            tantivy.Query.boost_query(
                tantivy.Query.term_query(self._schema, field, token, index_option="freq"), boost
            )
            for token in query.tokens
            for field, boost in BOOSTS.items()
            # What is nowhere adds nothing, and looking for it takes its time.
            if 0 < self._searcher.doc_freq(field, token) <= most
        ]
        for preference in query.preferences:
            if not isinstance(preference.wish, Trend):
                form = normal_form(preference.wish, positive=preference.weight > 0)
                wished = tantivy.Query.const_score_query(
                    self._compiler.compile(form), PREFERENCE_BOOST * abs(preference.weight)
                )
                words.append(wished)
        return [(tantivy.Occur.Should, word) for word in words]

    def _sorted(self, match: _Match, query: KeywordQuery) -> Recalled:
        count = self._count(query.condition) if query.counted else None
        key, limit = query.sort[0], query.limit
        if key.field is Field.DISTANCE and key.center is not None:
            matching = int(self._searcher.search(match.query, 1).count)
            hits = self._searcher.search(match.query, max(1, matching), count=False).hits
            if match.circles:
                hits = self._those_inside(hits, match.circles)
            found = [at for _, at in hits]
            positions = self._rows.positions()
            addresses = by_distance(self._searcher, found, key, key.center, positions)[:limit]
        else:
            best = partial(self._best, circles=match.circles)
            addresses = by_number(self._searcher, self._schema, match.query, key, limit, best=best)
        scores = [1.0 / rank for rank in range(1, len(addresses) + 1)]
        return self._recalled(addresses, scores, count, "sorted", query)

    def _recalled(
        self,
        addresses: list[tantivy.DocAddress],
        scores: list[float],
        count: int | None,
        method: str,
        query: KeywordQuery,
    ) -> Recalled:
        rows = self._searcher.fast_field_values("row", addresses) if addresses else []
        ids, records = self._rows.ids, self._rows.records
        candidates = tuple(
            [
                Found(ids[row], score, record)
                for row, score in zip(rows, scores, strict=True)
                if (record := records[row])
            ]
        )
        explained = query.counted and count == 0
        without = self._leave_one_out(query.condition) if explained else ()
        return Recalled(candidates, count, method, without)

    def _leave_one_out(self, condition: Condition | None) -> tuple[int, ...]:
        parts = conjuncts(condition)
        counts = []
        for index in range(len(parts)):
            others = conjunction(parts[:index] + parts[index + 1 :])
            counts.append(self._count(others))
        return tuple(counts)


def _based_on(query: tantivy.Query) -> _Clause:
    return tantivy.Occur.Must, tantivy.Query.const_score_query(query, BASE_SCORE)
