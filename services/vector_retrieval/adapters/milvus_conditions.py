"""Conditions as Milvus filters.

Most leaves are a filter that is true for exactly the hotels that pass. Milvus can't measure a
circle nor look for a text within a name, so such a leaf becomes two: one that only passing hotels
satisfy (`certain`) and one that all passing hotels satisfy (`possible`); between them the
evaluator decides, hotel by hotel. NOT stands at the leaves only (`normal_form`), so both filters
of a tree are built from both filters of its leaves.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from services.geography.arrays import bounding_box
from services.geography.distance import EARTH_RADIUS_KM
from services.plan.condition import Condition, Name, NameMatch, Near, Point, Range, Term
from services.plan.names import fold_name
from services.plan.normal_form import Conjunction, Disjunction, Literal, NormalForm, normal_form
from services.plan.tree import conjunction, conjuncts
from services.vector_retrieval.adapters.milvus_schema import (
    LISTS,
    NO_NUMBER,
    NO_TEXT,
    NUMBERS,
    TEXTS,
    Coding,
    grams,
    known,
    listed_place,
)

# Milvus has no constants true and false; every hotel has an id.
ALWAYS = 'hotel_id != ""'
NEVER = 'hotel_id == ""'
OPEN = "open == true"
# Boxes within are a metre smaller than they may be, in degrees: far more than rounding costs.
_MARGIN = 1e-5
# Directions of the corners of boxes within a circle: a flat and a high one cover most of it.
_CORNERS = (math.radians(31.7), math.radians(58.3))
_LARGEST = 1.7e308


@dataclass(frozen=True, slots=True)
class Pair:
    """Two filters around a condition; equal ones are exact."""

    certain: str
    possible: str

    @classmethod
    def exact(cls, text: str) -> Pair:
        """Return a filter that is true for exactly the hotels that pass."""
        return cls(text, text)

    @property
    def is_exact(self) -> bool:
        """Whether Milvus decides alone."""
        return self.certain == self.possible


@dataclass(frozen=True, slots=True)
class Filter:
    """A whole condition, and that the hotel is open.

    Attributes:
        certain: Only hotels that pass satisfy it.
        possible: All hotels that pass satisfy it.
        unsure: The hotels between: the evaluator decides.
        undecided: What the evaluator must find true of them; `None` when the filter is exact.
    """

    certain: str
    possible: str
    unsure: str
    undecided: Condition | None

    def narrowed(self, by: Pair) -> Filter:
        """Return what passes this and one more filter, which no evaluator has to decide."""
        return Filter(
            both(self.certain, by.certain),
            both(self.possible, by.possible),
            both(self.unsure, by.possible),
            self.undecided,
        )


def compiled(condition: Condition | None, coding: Coding) -> Filter:
    """Return the filter of a condition."""
    exact, certain, possible, undecided = [OPEN], [], [], []
    for part in conjuncts(condition):
        pair = _compile(normal_form(part), coding)
        if pair.is_exact:
            exact.append(pair.certain)
        else:
            certain.append(pair.certain)
            possible.append(pair.possible)
            undecided.append(part)
    return Filter(
        certain=both(*exact, *certain),
        possible=both(*exact, *possible),
        unsure=both(*exact, *possible, f"not ({both(*certain)})"),
        undecided=conjunction(tuple(undecided)),
    )


def circle(center: Point, radius_km: float) -> Pair:
    """Return the filters of the hotels at most so far away: boxes within and a box around.

    Every box costs as much as another condition; two fill four fifths of the circle.
    """
    within = either(*(_box_within(center, radius_km, angle) for angle in _CORNERS))
    box = bounding_box(center, radius_km)
    # Over a pole or the 180th meridian the evaluator decides for all with a position.
    return Pair(within, _located() if box is None else _box(*box))


def outside(center: Point, radius_km: float) -> Pair:
    """Return the filters of the hotels known to be farther away."""
    near = circle(center, radius_km)
    return Pair(
        both(_located(), f"not ({near.possible})"), both(_located(), f"not ({near.certain})")
    )


def _compile(form: NormalForm, coding: Coding) -> Pair:
    match form:
        case Conjunction(parts=parts) | Disjunction(parts=parts):
            pairs = [_compile(part, coding) for part in parts]
            join = both if isinstance(form, Conjunction) else either
            return Pair(join(*(p.certain for p in pairs)), join(*(p.possible for p in pairs)))
        case Literal(leaf=leaf, positive=positive):
            match leaf:
                case Term():
                    return Pair.exact(_term(leaf, positive, coding))
                case Range():
                    return Pair.exact(_range(leaf, positive))
                case Name():
                    return _name(leaf, positive)
                case Near():
                    return _near(leaf, positive)


def _term(leaf: Term, positive: bool, coding: Coding) -> str:
    if leaf.field not in LISTS:
        column = TEXTS[leaf.field]
        return (
            f"{column} in {_texts(leaf.values)}"
            if positive
            else f"{column} not in {_texts((NO_TEXT, *leaf.values))}"
        )
    places = {value: coding.place(leaf.field, value) for value in leaf.values}
    others = [value for value, place in places.items() if place is None]
    coded = [place for place in places.values() if place is not None]
    if positive:
        parts = [f"{column} % {prime} == 0" for column, prime in coded]
        if others:
            parts.append(f"array_contains_any({LISTS[leaf.field]}, {_texts(others)})")
        return either(*parts)
    parts = [f"{known(leaf.field)} == true"]
    parts += [f"{column} % {prime} != 0" for column, prime in coded]
    if others:
        parts.append(f"not array_contains_any({LISTS[leaf.field]}, {_texts(others)})")
    return both(*parts)


def _range(leaf: Range, positive: bool) -> str:
    column, low, high = NUMBERS[leaf.field], _finite(leaf.min), _finite(leaf.max)
    parts = [f"{column} > {NO_NUMBER!r}"]
    if positive:
        if low is not None:
            parts.append(f"{column} {'>' if leaf.min_exclusive else '>='} {low!r}")
        if high is not None:
            parts.append(f"{column} {'<' if leaf.max_exclusive else '<='} {high!r}")
        # A bound from below says "known" by itself.
        return both(*(parts[1:] if low is not None and low > NO_NUMBER else parts))
    outside = []
    if low is not None:
        outside.append(f"{column} {'<=' if leaf.min_exclusive else '<'} {low!r}")
    if high is not None:
        outside.append(f"{column} {'>=' if leaf.max_exclusive else '>'} {high!r}")
    return both(*parts, either(*outside))


def _name(leaf: Name, positive: bool) -> Pair:
    wanted = fold_name(leaf.value)
    if leaf.match is NameMatch.EXACT:
        found = f"array_contains(names, {_text(wanted)})"
        return Pair.exact(found if positive else f"not {found}")
    # A name with the text has all its pairs; one with all its pairs may still lack the text.
    pairs = sorted(grams(wanted))
    candidates = f"array_contains_all(name_grams, {pairs})" if pairs else ALWAYS
    return Pair(NEVER, candidates) if positive else Pair(f"not ({candidates})", ALWAYS)


def _near(leaf: Near, positive: bool) -> Pair:
    parts: list[Pair] = []
    if leaf.listed:
        found = f"array_contains_any(nearby, {_texts(map(listed_place, leaf.listed))})"
        unknown = f"array_contains(nearby, {_text(NO_TEXT)})"
        parts.append(Pair.exact(found if positive else f"not {unknown} and not {found}"))
    if leaf.center is not None and leaf.radius_km is not None:
        measured = circle if positive else outside
        parts.append(measured(leaf.center, leaf.radius_km))
    # Listed or within the circle; not near: neither.
    join = either if positive else both
    return Pair(join(*(part.certain for part in parts)), join(*(part.possible for part in parts)))


def _box_within(center: Point, radius_km: float, angle: float) -> str:
    """Return a box within the circle, its corners in the direction of the angle.

    With c the largest cosine of a latitude in the box, the haversine of a corner's distance is at
    most haversine(height) + c^2 haversine(width / c). As sin x <= x, that is at most
    (height / 2)^2 + (width / 2)^2, which here is the haversine of the radius.
    """
    radius = min(radius_km / EARTH_RADIUS_KM, math.pi)
    reach = 2 * math.sin(radius / 2)
    height = math.degrees(reach * math.sin(angle)) - _MARGIN
    south, north = center.latitude - height, center.latitude + height
    if height <= 0 or south <= -90 or north >= 90:
        return NEVER
    nearest = 0.0 if south <= 0 <= north else min(abs(south), abs(north))
    width = math.degrees(reach * math.cos(angle) / math.cos(math.radians(nearest))) - _MARGIN
    west, east = center.longitude - width, center.longitude + width
    return _box(south, north, west, east) if width > 0 and west >= -180 and east <= 180 else NEVER


def _box(south: float, north: float, west: float, east: float) -> str:
    return both(f"{south!r} <= latitude <= {north!r}", f"{west!r} <= longitude <= {east!r}")


def _located() -> str:
    return f"latitude > {NO_NUMBER!r}"


def _finite(bound: float | None) -> float | None:
    return None if bound is None else max(-_LARGEST, min(_LARGEST, float(bound)))


def both(*filters: str) -> str:
    """Return the filter of what satisfies all; of none, everything."""
    return _joined(" and ", filters, ALWAYS)


def either(*filters: str) -> str:
    """Return the filter of what satisfies one; of none, nothing."""
    return _joined(" or ", filters, NEVER)


def _joined(word: str, filters: Iterable[str], empty: str) -> str:
    several = list(dict.fromkeys(filters))
    if not several:
        return empty
    return several[0] if len(several) == 1 else word.join(f"({part})" for part in several)


def id_in(hotel_ids: Iterable[str]) -> str:
    """Return the filter of these hotels."""
    return f"hotel_id in {_texts(hotel_ids)}"


def id_after(hotel_id: str) -> str:
    """Return the filter of the hotels after one, in the order of their ids."""
    return f"hotel_id > {_text(hotel_id)}"


def _texts(values: Iterable[str]) -> str:
    return f"[{', '.join(map(_text, values))}]"


def _text(value: str) -> str:
    """Return a string literal of Go, which is what Milvus reads."""
    return f'"{value.translate(_ESCAPES)}"'


_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(32), 127)}
_ESCAPES |= {ord("\\"): "\\\\", ord('"'): '\\"'}
