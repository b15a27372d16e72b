"""The plan between the contract and the domain. A malformed plan is refused, never repaired."""

from __future__ import annotations

from typing import Final

from concierge.catalog.v1 import hotel_pb2
from concierge.plan.v1 import plan_pb2 as pb

from services.plan.condition import (
    SORT_FIELDS,
)
from services.plan.condition_wire import (
    CATEGORY_FROM_PB,
    CATEGORY_TO_PB,
    FIELD_FROM_PB,
    condition_from_pb,
    condition_to_pb,
    field_from_pb,
    field_to_pb,
    point_from_pb,
    point_to_pb,
    spans_from_pb,
    spans_to_pb,
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

_OUTCOME_TO_PB: Final = {o: pb.Outcome.Value(f"OUTCOME_{o.name}") for o in Outcome}
_OUTCOME_FROM_PB: Final = {number: o for o, number in _OUTCOME_TO_PB.items()}
_DIRECTION_TO_PB: Final = {d: pb.Direction.Value(f"DIRECTION_{d.name}") for d in Direction}
_DIRECTION_FROM_PB: Final[dict[int, Direction]] = {
    number: d for d, number in _DIRECTION_TO_PB.items()
}
_DELTA_TO_PB: Final = {d: pb.DeltaKind.Value(f"DELTA_KIND_{d.name}") for d in DeltaKind}
_DELTA_FROM_PB: Final = {number: d for d, number in _DELTA_TO_PB.items()}


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
                field=field_to_pb(fact.field), value=fact.value, spans=spans_to_pb(fact.spans)
            )
            for fact in plan.requested_facts
        ],
        unexplained=spans_to_pb(plan.unexplained),
        deltas=[_delta_to_pb(delta) for delta in plan.deltas],
        language=plan.language,
        waived=[field_to_pb(field) for field in plan.waived],
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
                field_from_pb(fact.field, at=f"{at}.requested_facts[{index}].field"),
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
            field_from_pb(number, at=f"{at}.waived[{index}]")
            for index, number in enumerate(message.waived)
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
            field = field_from_pb(trend.field, at=f"{at}.trend.field")
            if field not in SORT_FIELDS:
                raise InvalidArgument("has no order", field=f"{at}.trend.field")
            place_id = trend.place_id if trend.HasField("place_id") else None
            direction = _direction(trend.direction, f"{at}.trend.direction")
            return Preference(Trend(field, direction, place_id), message.weight, spans)
        case _:
            raise InvalidArgument("wishes for nothing", field=at)


def _sort_to_pb(key: SortKey) -> pb.SortKey:
    message = pb.SortKey(field=field_to_pb(key.field), direction=_DIRECTION_TO_PB[key.direction])
    if key.place_id is not None:
        message.place_id = key.place_id
    if key.center is not None:
        message.center.CopyFrom(point_to_pb(key.center))
    return message


def _sort_from_pb(message: pb.SortKey, *, at: str) -> SortKey:
    field = field_from_pb(message.field, at=f"{at}.field")
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
        message.field = field_to_pb(delta.field)
    if delta.node is not None:
        message.node.CopyFrom(condition_to_pb(delta.node))
    return message


def _delta_from_pb(message: pb.PlanDelta, *, at: str) -> PlanDelta:
    if message.kind not in _DELTA_FROM_PB:
        raise InvalidArgument("is not set", field=f"{at}.kind")
    return PlanDelta(
        _DELTA_FROM_PB[message.kind],
        FIELD_FROM_PB.get(message.field),
        condition_from_pb(message.node, at=f"{at}.node") if message.HasField("node") else None,
        spans_from_pb(message.spans),
    )


def trend_to_pb(trend: Trend) -> pb.Trend:
    """Return the contract's form of a wish for more or less of a number."""
    message = pb.Trend(field=field_to_pb(trend.field), direction=_DIRECTION_TO_PB[trend.direction])
    if trend.place_id is not None:
        message.place_id = trend.place_id
    return message
