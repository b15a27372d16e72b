"""Conditions in one line: `pool & (kind=hotel | kind=resort) & !district=朝阳区 & price<=500`.

Facilities stand alone; other terms are `field=value` or `field=one,other`; numbers `price<=500`,
`300<=price<=500` or `star_rating=5`; names `name="…"` (whole) or `name~"…"` (a part); places
`near(天安门)`, with a radius where it is not the usual one: `near(国贸 1km)`. The order of what AND
or OR joins does not count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from services.plan.condition import All, Any, Condition, Field, Name, NameMatch, Near, Range, Term
from services.plan.normal_form import Conjunction, Disjunction, Literal, NormalForm, normal_form
from services.plan.query_plan import QueryPlan
from services.query_understanding.domain.places import NEAR_KM

# A leaf, or "and" | "or" | "not" with what it joins.
Shape: TypeAlias = str | tuple[str, frozenset["Shape"]]

_TOKEN = re.compile(r'\s*([&|!]|near\([^)]*\)|[()]|(?:"[^"]*"|[^()&|!"])+)')


def shape(plan: QueryPlan) -> Shape | None:
    """Return the shape of a plan's condition, `None` for none."""
    return None if plan.condition is None else shape_of(plan.condition, place_names(plan))


def place_names(plan: QueryPlan) -> dict[int, str]:
    """Return the names of a plan's places by their numbers."""
    return {place.id: place.canonical_name or place.name for place in plan.places}


def shape_of(condition: Condition, places: Mapping[int, str]) -> Shape:
    """Return the shape of a condition."""
    match condition:
        case All(items=items):
            return _joined("and", frozenset(shape_of(item, places) for item in items))
        case Any(items=items):
            return _joined("or", frozenset(shape_of(item, places) for item in items))
        case Term() | Range() | Name() | Near():
            return leaf(condition, places)
        case _:
            return ("not", frozenset({shape_of(condition.item, places)}))


def leaf(condition: Condition, places: Mapping[int, str]) -> str:
    """Return a leaf in one word."""
    match condition:
        case Term(field=field, values=values):
            return ",".join(values) if field is Field.FACILITY else f"{field}={','.join(values)}"
        case Range():
            return _range(condition)
        case Name(value=value, match=match):
            return f'name{"=" if match is NameMatch.EXACT else "~"}"{value}"'
        case Near(place_id=place_id, radius_km=radius):
            usual = radius is None or radius == NEAR_KM
            return f"near({places[place_id]}{'' if usual else f' {radius:g}km'})"
        case _:
            raise AssertionError(condition)


def _range(leaf: Range) -> str:
    if leaf.min is not None and leaf.min == leaf.max:
        return f"{leaf.field}={leaf.min:g}"
    low = "" if leaf.min is None else f"{leaf.min:g}{'<' if leaf.min_exclusive else '<='}"
    high = "" if leaf.max is None else f"{'<' if leaf.max_exclusive else '<='}{leaf.max:g}"
    if low and not high:
        return f"{leaf.field}{'>' if leaf.min_exclusive else '>='}{leaf.min:g}"
    return f"{low}{leaf.field}{high}"


def normal_shape(plan: QueryPlan) -> Shape | None:
    """Return the shape of the condition's normal form, free of the order of the words."""
    places = place_names(plan)

    def of(form: NormalForm) -> Shape:
        match form:
            case Literal(leaf=own, positive=positive):
                word = leaf(own, places)
                return word if positive else ("not", frozenset({word}))
            case Conjunction(parts=parts):
                return _joined("and", frozenset(of(part) for part in parts))
            case Disjunction(parts=parts):
                return _joined("or", frozenset(of(part) for part in parts))

    return None if plan.condition is None else of(normal_form(plan.condition))


def parse(text: str) -> Shape:
    """Read the notation.

    Raises:
        ValueError: The text is malformed.
    """
    tokens = [match[1].strip() for match in _TOKEN.finditer(text)]
    tokens = [token for token in tokens if token]
    found, rest = _either(tokens)
    if rest:
        raise ValueError(f"cannot read {rest} in {text}")
    return found


def words(found: Shape | None) -> str:
    """Return a shape in the notation, parts in order of their letters."""
    if found is None:
        return "nothing"
    if isinstance(found, str):
        return found
    kind, parts = found
    inner = sorted(words(part) for part in parts)
    if kind == "not":
        return f"!{inner[0]}"
    return "(" + (" & " if kind == "and" else " | ").join(inner) + ")"


def _joined(kind: str, parts: frozenset[Shape]) -> Shape:
    """Join, with joins of the same kind inside laid flat; one part stays itself."""
    flat: set[Shape] = set()
    for part in parts:
        if isinstance(part, tuple) and part[0] == kind:
            flat |= part[1]
        else:
            flat.add(part)
    return next(iter(flat)) if len(flat) == 1 else (kind, frozenset(flat))


def _either(tokens: list[str]) -> tuple[Shape, list[str]]:
    return _list(tokens, "|", "or", lambda rest: _list(rest, "&", "and", _one))


def _list(
    tokens: list[str],
    sign: str,
    kind: str,
    inner: Callable[[list[str]], tuple[Shape, list[str]]],
) -> tuple[Shape, list[str]]:
    first, rest = inner(tokens)
    parts = {first}
    while rest and rest[0] == sign:
        part, rest = inner(rest[1:])
        parts.add(part)
    return _joined(kind, frozenset(parts)), rest


def _one(tokens: list[str]) -> tuple[Shape, list[str]]:
    if not tokens:
        raise ValueError("ends too early")
    head, rest = tokens[0], tokens[1:]
    if head == "!":
        inner, rest = _one(rest)
        return ("not", frozenset({inner})), rest
    if head == "(":
        inner, rest = _either(rest)
        if rest[:1] != [")"]:
            raise ValueError("a bracket is not closed")
        return inner, rest[1:]
    return head, rest
