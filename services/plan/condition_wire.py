"""Conditions between the contract and the domain. What is malformed is refused, never repaired."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from concierge.catalog.v1 import hotel_pb2
from concierge.plan.v1 import plan_pb2 as pb
from google.type import latlng_pb2

from services.plan.condition import (
    RANGE_FIELDS,
    TERM_FIELDS,
    All,
    Any,
    Condition,
    Field,
    ListedPlace,
    Name,
    NameMatch,
    Near,
    Not,
    PlaceCategory,
    Point,
    Range,
    Span,
    Spans,
    Term,
)
from services.platform.errors import InvalidArgument

MAX_DEPTH: Final = 32
"""Deepest condition tree accepted; a guest's words never come near it."""
MAX_NODES: Final = 2_000
"""Most nodes in one condition tree."""

_FIELD_TO_PB: Final = {field: pb.Field.Value(f"FIELD_{field.name}") for field in Field}
FIELD_FROM_PB: Final[dict[int, Field]] = {number: field for field, number in _FIELD_TO_PB.items()}
_MATCH_TO_PB: Final = {m: pb.NameMatch.Value(f"NAME_MATCH_{m.name}") for m in NameMatch}
_MATCH_FROM_PB: Final = {number: m for m, number in _MATCH_TO_PB.items()}
CATEGORY_TO_PB: Final = {
    c: hotel_pb2.PlaceCategory.Value(f"PLACE_CATEGORY_{c.name}") for c in PlaceCategory
}
CATEGORY_FROM_PB: Final = {number: c for c, number in CATEGORY_TO_PB.items()}


def condition_to_pb(condition: Condition) -> pb.Condition:
    """Return the contract's form of a condition."""
    message = pb.Condition(spans=spans_to_pb(condition.spans))
    match condition:
        case All(items=items):
            message.all.items.extend(condition_to_pb(item) for item in items)
            message.all.SetInParent()
        case Any(items=items):
            message.any.items.extend(condition_to_pb(item) for item in items)
            message.any.SetInParent()
        case Not(item=item):
            message.negated.CopyFrom(condition_to_pb(item))
        case Term(field=field, values=values):
            message.term.field = field_to_pb(field)
            message.term.values.extend(values)
        case Range():
            leaf = message.range
            leaf.field = field_to_pb(condition.field)
            if condition.min is not None:
                leaf.min = condition.min
            if condition.max is not None:
                leaf.max = condition.max
            leaf.min_exclusive = condition.min_exclusive
            leaf.max_exclusive = condition.max_exclusive
        case Name(value=value, match=how):
            message.name.value = value
            message.name.match = _MATCH_TO_PB[how]
        case Near():
            near = message.near
            near.place_id = condition.place_id
            near.listed.extend(
                pb.ListedPlace(category=CATEGORY_TO_PB[place.category], name=place.name)
                for place in condition.listed
            )
            if condition.center is not None:
                near.center.CopyFrom(point_to_pb(condition.center))
            if condition.radius_km is not None:
                near.radius_km = condition.radius_km
    return message


def condition_from_pb(message: pb.Condition, *, at: str = "condition") -> Condition:
    """Read a condition.

    Args:
        message: The contract's form.
        at: Path of the message in the request, for errors.

    Raises:
        InvalidArgument: A node is empty, a field does not fit its leaf, a bound is missing or
            not finite, or the tree is deeper than `MAX_DEPTH` or larger than `MAX_NODES`.
    """
    return _Reader().read(message, at, 0)


class _Reader:
    def __init__(self) -> None:
        self.nodes = 0

    def read(self, message: pb.Condition, at: str, depth: int) -> Condition:
        self.nodes += 1
        if depth > MAX_DEPTH:
            raise InvalidArgument(f"the tree is deeper than {MAX_DEPTH}", field=at)
        if self.nodes > MAX_NODES:
            raise InvalidArgument(f"the tree has more than {MAX_NODES} nodes", field=at)
        spans = spans_from_pb(message.spans)
        match message.WhichOneof("node"):
            case "all":
                return All(self._items(message.all, f"{at}.all", depth), spans)
            case "any":
                return Any(self._items(message.any, f"{at}.any", depth), spans)
            case "negated":
                return Not(self.read(message.negated, f"{at}.negated", depth + 1), spans)
            case "term":
                return _term(message.term, spans, f"{at}.term")
            case "range":
                return _range(message.range, spans, f"{at}.range")
            case "name":
                return _name(message.name, spans, f"{at}.name")
            case "near":
                return _near(message.near, spans, f"{at}.near")
            case _:
                raise InvalidArgument("the node is empty", field=at)

    def _items(self, message: pb.ConditionList, at: str, depth: int) -> tuple[Condition, ...]:
        if not message.items:
            raise InvalidArgument("has no children", field=at)
        return tuple(
            self.read(item, f"{at}[{index}]", depth + 1) for index, item in enumerate(message.items)
        )


def _term(leaf: pb.TermLeaf, spans: Spans, at: str) -> Term:
    field = field_from_pb(leaf.field, at=f"{at}.field")
    if field not in TERM_FIELDS:
        raise InvalidArgument(f"{field} is not a field of terms", field=f"{at}.field")
    if not leaf.values or not all(leaf.values):
        raise InvalidArgument("needs one or more non-empty values", field=f"{at}.values")
    return Term(field, tuple(leaf.values), spans)


def _range(leaf: pb.RangeLeaf, spans: Spans, at: str) -> Range:
    field = field_from_pb(leaf.field, at=f"{at}.field")
    if field not in RANGE_FIELDS:
        raise InvalidArgument(f"{field} is not a number", field=f"{at}.field")
    low = leaf.min if leaf.HasField("min") else None
    high = leaf.max if leaf.HasField("max") else None
    if low is None and high is None:
        raise InvalidArgument("needs a bound", field=at)
    for name, bound in (("min", low), ("max", high)):
        if bound is not None and not math.isfinite(bound):
            raise InvalidArgument("is not a finite number", field=f"{at}.{name}")
    return Range(field, low, high, leaf.min_exclusive, leaf.max_exclusive, spans)


def _name(leaf: pb.NameLeaf, spans: Spans, at: str) -> Name:
    if not leaf.value.strip():
        raise InvalidArgument("is empty", field=f"{at}.value")
    if leaf.match not in _MATCH_FROM_PB:
        raise InvalidArgument("is not a way to match", field=f"{at}.match")
    return Name(leaf.value, _MATCH_FROM_PB[leaf.match], spans)


def _near(leaf: pb.NearLeaf, spans: Spans, at: str) -> Near:
    listed = []
    for index, place in enumerate(leaf.listed):
        if place.category not in CATEGORY_FROM_PB:
            raise InvalidArgument("is unknown", field=f"{at}.listed[{index}].category")
        listed.append(ListedPlace(CATEGORY_FROM_PB[place.category], place.name))
    radius = leaf.radius_km if leaf.HasField("radius_km") else None
    if radius is not None and not (math.isfinite(radius) and radius > 0):
        raise InvalidArgument("must be above 0", field=f"{at}.radius_km")
    center = point_from_pb(leaf.center, at=f"{at}.center") if leaf.HasField("center") else None
    return Near(leaf.place_id, tuple(listed), center, radius, spans)


def field_to_pb(field: Field) -> pb.Field.ValueType:
    """Return the contract's form of a field."""
    return _FIELD_TO_PB[field]


def field_from_pb(number: int, *, at: str) -> Field:
    """Read a field.

    Raises:
        InvalidArgument: It is not set or not known.
    """
    field = FIELD_FROM_PB.get(number)
    if field is None:
        raise InvalidArgument("is not a known field", field=at)
    return field


def spans_to_pb(spans: Spans) -> list[pb.TextSpan]:
    """Return the contract's form of spans."""
    return [pb.TextSpan(start=span.start, end=span.end, text=span.text) for span in spans]


def spans_from_pb(messages: Iterable[pb.TextSpan]) -> Spans:
    """Read spans."""
    return tuple(Span(span.start, span.end, span.text) for span in messages)


def point_to_pb(point: Point) -> latlng_pb2.LatLng:
    """Return the contract's form of a position."""
    return latlng_pb2.LatLng(latitude=point.latitude, longitude=point.longitude)


def point_from_pb(message: latlng_pb2.LatLng, *, at: str) -> Point:
    """Read a position.

    Raises:
        InvalidArgument: A degree is not finite or out of range.
    """
    if not (math.isfinite(message.latitude) and -90 <= message.latitude <= 90):
        raise InvalidArgument("must be in [-90, 90]", field=f"{at}.latitude")
    if not (math.isfinite(message.longitude) and -180 <= message.longitude <= 180):
        raise InvalidArgument("must be in [-180, 180]", field=f"{at}.longitude")
    return Point(message.latitude, message.longitude)
