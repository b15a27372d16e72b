"""The plan between the contract and the domain. A malformed plan is refused, never repaired."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from concierge.catalog.v1 import hotel_pb2
from concierge.plan.v1 import plan_pb2 as pb
from google.type import latlng_pb2

from services.plan.condition import (
    RANGE_FIELDS,
    SORT_FIELDS,
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
from services.plan.query_plan import (
    Clarification,
    DeltaKind,
    Direction,
    Outcome,
    PlaceMention,
    PlanDelta,
    Planner,
    Preference,
    QueryPlan,
    RequestedFact,
    ShownReference,
    SortKey,
    Trend,
)
from services.platform.errors import InvalidArgument

MAX_DEPTH: Final = 32
"""Deepest condition tree accepted; a guest's words never come near it."""
MAX_NODES: Final = 2_000
"""Most nodes in one condition tree."""

_FIELD_TO_PB: Final = {field: pb.Field.Value(f"FIELD_{field.name}") for field in Field}
_FIELD_FROM_PB: Final[dict[int, Field]] = {number: field for field, number in _FIELD_TO_PB.items()}
_OUTCOME_TO_PB: Final = {o: pb.Outcome.Value(f"OUTCOME_{o.name}") for o in Outcome}
_OUTCOME_FROM_PB: Final = {number: o for o, number in _OUTCOME_TO_PB.items()}
_DIRECTION_TO_PB: Final = {d: pb.Direction.Value(f"DIRECTION_{d.name}") for d in Direction}
_DIRECTION_FROM_PB: Final[dict[int, Direction]] = {
    number: d for d, number in _DIRECTION_TO_PB.items()
}
_DELTA_TO_PB: Final = {d: pb.DeltaKind.Value(f"DELTA_KIND_{d.name}") for d in DeltaKind}
_DELTA_FROM_PB: Final = {number: d for d, number in _DELTA_TO_PB.items()}
_MATCH_TO_PB: Final = {m: pb.NameMatch.Value(f"NAME_MATCH_{m.name}") for m in NameMatch}
_MATCH_FROM_PB: Final = {number: m for m, number in _MATCH_TO_PB.items()}
CATEGORY_TO_PB: Final = {
    c: hotel_pb2.PlaceCategory.Value(f"PLACE_CATEGORY_{c.name}") for c in PlaceCategory
}
CATEGORY_FROM_PB: Final = {number: c for c, number in CATEGORY_TO_PB.items()}


# --- conditions ----------------------------------------------------------------------------------
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
            message.term.field = _FIELD_TO_PB[field]
            message.term.values.extend(values)
        case Range():
            leaf = message.range
            leaf.field = _FIELD_TO_PB[condition.field]
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
    field = _field(leaf.field, f"{at}.field")
    if field not in TERM_FIELDS:
        raise InvalidArgument(f"{field} is not a field of terms", field=f"{at}.field")
    if not leaf.values or not all(leaf.values):
        raise InvalidArgument("needs one or more non-empty values", field=f"{at}.values")
    return Term(field, tuple(leaf.values), spans)


def _range(leaf: pb.RangeLeaf, spans: Spans, at: str) -> Range:
    field = _field(leaf.field, f"{at}.field")
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


def trend_to_pb(trend: Trend) -> pb.Trend:
    """Return the contract's form of a wish for more or less of a number."""
    message = pb.Trend(field=_FIELD_TO_PB[trend.field], direction=_DIRECTION_TO_PB[trend.direction])
    if trend.place_id is not None:
        message.place_id = trend.place_id
    return message


def _field(number: int, at: str) -> Field:
    field = _FIELD_FROM_PB.get(number)
    if field is None:
        raise InvalidArgument("is not a known field", field=at)
    return field


# --- the plan ------------------------------------------------------------------------------------
def plan_to_pb(plan: QueryPlan) -> pb.QueryPlan:
    """Return the contract's form of a plan."""
    message = pb.QueryPlan(
        outcome=_OUTCOME_TO_PB[plan.outcome],
        preferences=[preference_to_pb(preference) for preference in plan.preferences],
        sort=[_sort_to_pb(key) for key in plan.sort],
        count=plan.count,
        places=[place_to_pb(place) for place in plan.places],
        semantic_text=plan.semantic_text,
        keyword_text=plan.keyword_text,
        shown_references=[
            pb.ShownHotelReference(hotel_id=r.hotel_id, spans=spans_to_pb(r.spans))
            for r in plan.shown_references
        ],
        requested_facts=[
            pb.RequestedFact(
                field=_FIELD_TO_PB[fact.field], value=fact.value, spans=spans_to_pb(fact.spans)
            )
            for fact in plan.requested_facts
        ],
        unexplained=spans_to_pb(plan.unexplained),
        deltas=[_delta_to_pb(delta) for delta in plan.deltas],
        language=plan.language,
        waived=[_FIELD_TO_PB[field] for field in plan.waived],
        outcome_reason=plan.outcome_reason,
        unneeded_facilities=plan.unneeded_facilities,
    )
    if plan.condition is not None:
        message.condition.CopyFrom(condition_to_pb(plan.condition))
    if plan.clarification is not None:
        message.clarification.CopyFrom(clarification_to_pb(plan.clarification))
    planner = message.planner
    planner.name, planner.version = plan.planner.name, plan.planner.version
    planner.confidence, planner.degraded = plan.planner.confidence, plan.planner.degraded
    planner.took.FromNanoseconds(int(plan.planner.took_s * 1e9))
    return message


def plan_from_pb(message: pb.QueryPlan, *, at: str = "plan") -> QueryPlan:
    """Read a plan.

    Raises:
        InvalidArgument: As `condition_from_pb`; or the outcome, a sort key, a wish or a weight
            is not valid. The error names the field.
    """
    if message.outcome not in _OUTCOME_FROM_PB:
        raise InvalidArgument("is not set", field=f"{at}.outcome")
    if message.HasField("count") and message.count < 1:
        raise InvalidArgument("must be 1 or more", field=f"{at}.count")
    return QueryPlan(
        outcome=_OUTCOME_FROM_PB[message.outcome],
        planner=Planner(
            message.planner.name,
            message.planner.version,
            message.planner.confidence,
            message.planner.took.ToNanoseconds() / 1e9,
            message.planner.degraded,
        ),
        condition=condition_from_pb(message.condition, at=f"{at}.condition")
        if message.HasField("condition")
        else None,
        preferences=tuple(
            preference_from_pb(preference, at=f"{at}.preferences[{index}]")
            for index, preference in enumerate(message.preferences)
        ),
        sort=tuple(
            _sort_from_pb(key, at=f"{at}.sort[{index}]") for index, key in enumerate(message.sort)
        ),
        count=message.count if message.HasField("count") else None,
        places=tuple(place_from_pb(place) for place in message.places),
        semantic_text=message.semantic_text,
        keyword_text=message.keyword_text,
        shown_references=tuple(
            ShownReference(reference.hotel_id, spans_from_pb(reference.spans))
            for reference in message.shown_references
        ),
        requested_facts=tuple(
            RequestedFact(
                _field(fact.field, f"{at}.requested_facts[{index}].field"),
                fact.value,
                spans_from_pb(fact.spans),
            )
            for index, fact in enumerate(message.requested_facts)
        ),
        unexplained=spans_from_pb(message.unexplained),
        deltas=tuple(
            _delta_from_pb(delta, at=f"{at}.deltas[{index}]")
            for index, delta in enumerate(message.deltas)
        ),
        clarification=clarification_from_pb(message.clarification)
        if message.HasField("clarification")
        else None,
        language=message.language,
        waived=tuple(
            _field(number, f"{at}.waived[{index}]") for index, number in enumerate(message.waived)
        ),
        outcome_reason=message.outcome_reason,
        unneeded_facilities=tuple(message.unneeded_facilities),
    )


def preference_to_pb(preference: Preference) -> pb.Preference:
    """Return the contract's form of a wish."""
    message = pb.Preference(weight=preference.weight, spans=spans_to_pb(preference.spans))
    if isinstance(preference.wish, Trend):
        message.trend.CopyFrom(trend_to_pb(preference.wish))
    else:
        message.condition.CopyFrom(condition_to_pb(preference.wish))
    return message


def preference_from_pb(message: pb.Preference, *, at: str) -> Preference:
    """Read a wish.

    Raises:
        InvalidArgument: It wishes for nothing, or the weight is 0 or outside [-1, 1].
    """
    if not (-1.0 <= message.weight <= 1.0) or message.weight == 0.0:
        raise InvalidArgument("must be in [-1, 1] and not 0", field=f"{at}.weight")
    spans = spans_from_pb(message.spans)
    match message.WhichOneof("wish"):
        case "condition":
            wish = condition_from_pb(message.condition, at=f"{at}.condition")
            return Preference(wish, message.weight, spans)
        case "trend":
            trend = message.trend
            field = _field(trend.field, f"{at}.trend.field")
            if field not in SORT_FIELDS:
                raise InvalidArgument("has no order", field=f"{at}.trend.field")
            place_id = trend.place_id if trend.HasField("place_id") else None
            direction = _direction(trend.direction, f"{at}.trend.direction")
            return Preference(Trend(field, direction, place_id), message.weight, spans)
        case _:
            raise InvalidArgument("wishes for nothing", field=at)


def _sort_to_pb(key: SortKey) -> pb.SortKey:
    message = pb.SortKey(field=_FIELD_TO_PB[key.field], direction=_DIRECTION_TO_PB[key.direction])
    if key.place_id is not None:
        message.place_id = key.place_id
    if key.center is not None:
        message.center.CopyFrom(point_to_pb(key.center))
    return message


def _sort_from_pb(message: pb.SortKey, *, at: str) -> SortKey:
    field = _field(message.field, f"{at}.field")
    if field not in SORT_FIELDS:
        raise InvalidArgument("has no order", field=f"{at}.field")
    return SortKey(
        field,
        _direction(message.direction, f"{at}.direction"),
        message.place_id if message.HasField("place_id") else None,
        point_from_pb(message.center, at=f"{at}.center") if message.HasField("center") else None,
    )


def _direction(number: int, at: str) -> Direction:
    if number not in _DIRECTION_FROM_PB:
        raise InvalidArgument("is not set", field=at)
    return _DIRECTION_FROM_PB[number]


def place_to_pb(place: PlaceMention) -> pb.PlaceMention:
    """Return the contract's form of a place mention."""
    return pb.PlaceMention(
        id=place.id,
        name=place.name,
        canonical_name=place.canonical_name,
        category=CATEGORY_TO_PB[place.category]
        if place.category
        else hotel_pb2.PLACE_CATEGORY_UNSPECIFIED,
        city=place.city,
        spans=spans_to_pb(place.spans),
    )


def place_from_pb(message: pb.PlaceMention) -> PlaceMention:
    """Read a place mention."""
    return PlaceMention(
        message.id,
        message.name,
        message.canonical_name,
        CATEGORY_FROM_PB.get(message.category),
        message.city,
        spans_from_pb(message.spans),
    )


def clarification_to_pb(clarification: Clarification) -> pb.Clarification:
    """Return the contract's form of a question back."""
    return pb.Clarification(
        question=clarification.question,
        about=clarification.about,
        options=clarification.options,
    )


def clarification_from_pb(message: pb.Clarification) -> Clarification:
    """Read a question back."""
    return Clarification(message.question, message.about, tuple(message.options))


def _delta_to_pb(delta: PlanDelta) -> pb.PlanDelta:
    message = pb.PlanDelta(kind=_DELTA_TO_PB[delta.kind], spans=spans_to_pb(delta.spans))
    if delta.field is not None:
        message.field = _FIELD_TO_PB[delta.field]
    if delta.node is not None:
        message.node.CopyFrom(condition_to_pb(delta.node))
    return message


def _delta_from_pb(message: pb.PlanDelta, *, at: str) -> PlanDelta:
    if message.kind not in _DELTA_FROM_PB:
        raise InvalidArgument("is not set", field=f"{at}.kind")
    return PlanDelta(
        _DELTA_FROM_PB[message.kind],
        _FIELD_FROM_PB.get(message.field),
        condition_from_pb(message.node, at=f"{at}.node") if message.HasField("node") else None,
        spans_from_pb(message.spans),
    )


# --- small parts ---------------------------------------------------------------------------------
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
