"""Conditions compiled to Elasticsearch queries.

Every filter field is a keyword or a number; which fields a record has is in the keyword `known`.
How a circle is said is the caller's, because the engine measures a little differently than the
evaluator does: see `elasticsearch_circles`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from services.keyword_search.domain.fields import NUMBER_FIELDS, TERM_FIELDS, listed_term, pairs_of
from services.plan.condition import Name, NameMatch, Near, Range, Term
from services.plan.names import fold_name
from services.plan.normal_form import Conjunction, Disjunction, Literal, NormalForm
from services.platform.errors import Unimplemented

Query: TypeAlias = dict[str, Any]
EVERYTHING: Query = {"match_all": {}}
NOTHING: Query = {"match_none": {}}

Circle: TypeAlias = Callable[[Near, bool], Query]
"""The hotels within a leaf's circle. The flag tells whether they, or the others, are wanted."""

# Elasticsearch's limit is 30 (`indices.query.bool.max_nested_depth`), of which searches need some.
DEEPEST = 24


def compile_condition(form: NormalForm, circle: Circle) -> Query:
    """Return the query of the records for which the form holds.

    Raises:
        Unimplemented: The form nests deeper than Elasticsearch allows.
    """
    query = _compile(form, circle)
    if (depth := _depth(query)) > DEEPEST:
        raise Unimplemented(
            f"elasticsearch takes conditions {DEEPEST} deep, not {depth}",
            reason="ELASTICSEARCH_CONDITION_TOO_DEEP",
        )
    return query


def all_of(parts: list[Query]) -> Query:
    """Return the query of what matches every part; everything for none."""
    if len(parts) == 1:
        return parts[0]
    return {"bool": {"filter": parts}} if parts else EVERYTHING


def any_of(parts: list[Query]) -> Query:
    """Return the query of what matches a part; nothing for none."""
    if len(parts) == 1:
        return parts[0]
    return {"bool": {"should": parts, "minimum_should_match": 1}} if parts else NOTHING


def but_not(these: Query, not_these: Query) -> Query:
    """Return the query of what matches the first and not the second."""
    return {"bool": {"filter": [these], "must_not": [not_these]}}


def known(field: str) -> Query:
    """Return the query of the records that have a field."""
    return {"term": {"known": field}}


def _compile(form: NormalForm, circle: Circle) -> Query:
    match form:
        case Conjunction(parts=parts):
            return all_of([_compile(part, circle) for part in parts])
        case Disjunction(parts=parts):
            return any_of([_compile(part, circle) for part in parts])
        case Literal(leaf=leaf, positive=positive):
            match leaf:
                case Term():
                    field = TERM_FIELDS[leaf.field]
                    return _signed(field, _values(field, leaf.values), positive)
                case Range():
                    field = NUMBER_FIELDS[leaf.field]
                    return _signed(field, _range(field, leaf), positive)
                case Name():
                    return _name(leaf) if positive else but_not(EVERYTHING, _name(leaf))
                case Near():
                    return _near(leaf, circle, positive)


def _signed(field: str, found: Query, positive: bool) -> Query:
    return found if positive else but_not(known(field), found)


def _values(field: str, values: Iterable[str]) -> Query:
    return {"terms": {field: list(values)}}


def _range(field: str, leaf: Range) -> Query:
    bounds: dict[str, float] = {}
    # Plus zero: the engine puts -0.0 below 0.0.
    if leaf.min is not None:
        bounds["gt" if leaf.min_exclusive else "gte"] = leaf.min + 0.0
    if leaf.max is not None:
        bounds["lt" if leaf.max_exclusive else "lte"] = leaf.max + 0.0
    return {"range": {field: bounds}}


def _name(leaf: Name) -> Query:
    wanted = fold_name(leaf.value)
    if leaf.match is NameMatch.EXACT:
        return {"term": {"names": wanted}}
    if len(wanted) < 2:
        return {"prefix": {"name_pairs": wanted}} if wanted else EVERYTHING
    return {"match_phrase": {"name_pairs": {"query": " ".join(pairs_of(wanted)[:-1])}}}


def _near(leaf: Near, circle: Circle, positive: bool) -> Query:
    ways: dict[str, Query] = {}
    if leaf.listed:
        ways["nearby"] = _values("nearby", [listed_term(place) for place in leaf.listed])
    if leaf.center is not None and leaf.radius_km is not None:
        ways["location"] = circle(leaf, positive)
    if positive:
        return any_of(list(ways.values()))
    # False is: every part that can tell is known, and none holds.
    return all_of([but_not(known(field), found) for field, found in ways.items()])


def _depth(query: Any) -> int:
    """Return how many bool queries lie within one another at most."""
    if isinstance(query, list):
        return max(map(_depth, query), default=0)
    if not isinstance(query, dict):
        return 0
    return max(((key == "bool") + _depth(value) for key, value in query.items()), default=0)
