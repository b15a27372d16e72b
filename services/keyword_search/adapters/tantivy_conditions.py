"""Conditions compiled to tantivy queries.

Every filter field is a raw text or a fast number; which fields a record has is in the raw field
`known`. Circles cannot be said in tantivy: they are boxes, with single rows taken away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import tantivy
from numpy.typing import NDArray

from services.geography.arrays import Box, bounding_box
from services.keyword_search.adapters.tantivy_order import between
from services.keyword_search.adapters.tantivy_rows import Rows
from services.keyword_search.domain.fields import NUMBER_FIELDS, TERM_FIELDS, listed_term, pairs_of
from services.plan.condition import Condition, Name, NameMatch, Near, Point, Range, Term
from services.plan.names import fold_name
from services.plan.normal_form import Conjunction, Disjunction, Literal, NormalForm
from services.plan.tree import conjuncts


class Compiler:
    """Compiles normal forms against one schema, with the positions of its rows."""

    def __init__(self, schema: tantivy.Schema, rows: Rows) -> None:
        self._schema = schema
        self._rows = rows

    def compile(self, form: NormalForm) -> tantivy.Query:
        """Return the query of the records for which the form holds."""
        match form:
            case Conjunction(parts=parts):
                return _all([self.compile(part) for part in parts])
            case Disjunction(parts=parts):
                return _any([self.compile(part) for part in parts])
            case Literal(leaf=leaf, positive=positive):
                match leaf:
                    case Term():
                        return self._term(leaf, positive)
                    case Range():
                        return self._range(leaf, positive)
                    case Name():
                        found = self._name(leaf)
                        return found if positive else _but(tantivy.Query.all_query(), found)
                    case Near():
                        return self._near(leaf, positive)

    def _known(self, field: str) -> tantivy.Query:
        return tantivy.Query.term_query(self._schema, "known", field)

    def _signed(self, field: str, found: tantivy.Query, positive: bool) -> tantivy.Query:
        return found if positive else _but(self._known(field), found)

    def _term(self, leaf: Term, positive: bool) -> tantivy.Query:
        field = TERM_FIELDS[leaf.field]
        return self._signed(field, self._values(field, leaf.values), positive)

    def _values(self, field: str, values: Iterable[str]) -> tantivy.Query:
        wanted = list(values)
        if len(wanted) == 1:
            return tantivy.Query.term_query(self._schema, field, wanted[0])
        return tantivy.Query.term_set_query(self._schema, field, wanted)

    def _range(self, leaf: Range, positive: bool) -> tantivy.Query:
        field = NUMBER_FIELDS[leaf.field]
        found = tantivy.Query.range_query(
            self._schema,
            field,
            tantivy.FieldType.Float,
            lower_bound=None if leaf.min is None else leaf.min + 0.0,
            upper_bound=None if leaf.max is None else leaf.max + 0.0,
            include_lower=not leaf.min_exclusive,
            include_upper=not leaf.max_exclusive,
        )
        return self._signed(field, found, positive)

    def _name(self, leaf: Name) -> tantivy.Query:
        wanted = fold_name(leaf.value)
        if leaf.match is NameMatch.EXACT:
            return tantivy.Query.term_query(self._schema, "names", wanted)
        if len(wanted) < 2:
            # Among a few thousand pairs, not among all names.
            return tantivy.Query.regex_query(self._schema, "name_pairs", f"{_escape(wanted)}.*")
        pairs: list[str | tuple[int, str]] = [*pairs_of(wanted)[:-1]]
        if len(pairs) == 1:
            return tantivy.Query.term_query(self._schema, "name_pairs", wanted)
        return tantivy.Query.phrase_query(self._schema, "name_pairs", pairs)

    def box(self, box: Box) -> tantivy.Query:
        """Return the query of the records that stand in a box."""
        return _all(
            [
                between(self._schema, "latitude", box.south, box.north),
                between(self._schema, "longitude", box.west, box.east),
            ]
        )

    def _circle(self, center: Point, radius_km: float) -> tantivy.Query:
        """Return the query of the records within a radius of a point.

        Single rows cost microseconds each, and a big city has tens of thousands in a circle. Few of
        them stand in the corners of the box around it.
        """
        inside, corners = self._rows.circle_and_corners(center, radius_km)
        box = bounding_box(center, radius_km)
        if box is not None and len(corners) < len(inside):
            return _but(self.box(box), self._these(corners))
        return self._these(inside)

    def _these(self, rows: NDArray[np.intp]) -> tantivy.Query:
        return tantivy.Query.term_set_query(self._schema, "row", rows.tolist())

    def listed(self, leaf: Near) -> tantivy.Query:
        """Return the query of the records that list the place, by any of its entries."""
        return self._values("nearby", [listed_term(place) for place in leaf.listed])

    def _near(self, leaf: Near, positive: bool) -> tantivy.Query:
        listed = circle = None
        if leaf.listed:
            listed = self.listed(leaf)
        if leaf.center is not None and leaf.radius_km is not None:
            circle = self._circle(leaf.center, leaf.radius_km)
        if positive:
            return _any([query for query in (listed, circle) if query is not None])
        # False is: every part that can tell is known, and none holds.
        parts = []
        if listed is not None:
            parts.append(_but(self._known("nearby"), listed))
        if circle is not None:
            parts.append(_but(self._known("location"), circle))
        return _all(parts) if parts else tantivy.Query.all_query()


def most_matches(searcher: tantivy.Searcher, condition: Condition | None) -> int:
    """Return how many can satisfy the condition at most, as far as that is known unsearched."""
    bounds = [
        _most(searcher, TERM_FIELDS[part.field], part.values)
        for part in conjuncts(condition)
        if isinstance(part, Term)
    ]
    return min([int(searcher.num_docs), *bounds])


def most_listed(searcher: tantivy.Searcher, leaf: Near) -> int:
    """Return how many records can list the place at most."""
    return _most(searcher, "nearby", [listed_term(place) for place in leaf.listed])


def _most(searcher: tantivy.Searcher, field: str, values: Iterable[str]) -> int:
    return sum([int(searcher.doc_freq(field, value)) for value in values])


def _all(parts: list[tantivy.Query]) -> tantivy.Query:
    if not parts:
        return tantivy.Query.all_query()
    if len(parts) == 1:
        return parts[0]
    return tantivy.Query.boolean_query([(tantivy.Occur.Must, part) for part in parts])


def _any(parts: list[tantivy.Query]) -> tantivy.Query:
    if not parts:
        return tantivy.Query.empty_query()
    if len(parts) == 1:
        return parts[0]
    return tantivy.Query.boolean_query([(tantivy.Occur.Should, part) for part in parts])


def _but(these: tantivy.Query, not_these: tantivy.Query) -> tantivy.Query:
    return tantivy.Query.boolean_query(
        [(tantivy.Occur.Must, these), (tantivy.Occur.MustNot, not_these)]
    )


def _escape(text: str) -> str:
    return re.sub(r"([^\w\s])", r"\\\1", text)
