"""Reading only what a plan speaks of changes nothing that the plan can tell."""

from __future__ import annotations

from concierge.catalog.v1 import hotel_pb2
from google.type import latlng_pb2, money_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from services.plan.condition import Condition
from services.plan.condition_wire import CATEGORY_TO_PB
from services.plan.evaluate import evaluate
from services.plan.facts import HotelFacts
from services.plan.hotel_wire import facts_of
from services.plan.query_plan import Outcome, Planner, Preference, QueryPlan
from services.ranking.facts_wire import reader_of
from tests.strategies import conditions, hotels


def record_of(facts: HotelFacts) -> hotel_pb2.Hotel:
    record = hotel_pb2.Hotel(
        id=facts.hotel_id, names=[hotel_pb2.LocalizedText(text=name) for name in facts.names]
    )
    for field in (
        *("brand", "kind", "tier", "star_rating", "price_band", "guest_rating", "review_count"),
        *("district", "city"),
    ):
        if (value := getattr(facts, field)) is not None:
            setattr(record, field, value)
    if facts.price is not None:
        record.price.CopyFrom(
            money_pb2.Money(
                units=int(facts.price), nanos=round((facts.price - int(facts.price)) * 1e9)
            )
        )
    if facts.facilities is not None:
        record.facilities.SetInParent()
        for id in facts.facilities:
            record.facilities.items.add(id=id)
    if facts.room_types is not None:
        record.room_types.SetInParent()
        record.room_types.items.extend(facts.room_types)
    if facts.nearby is not None:
        record.nearby_places.SetInParent()
        for place in facts.nearby:
            record.nearby_places.items.add(category=CATEGORY_TO_PB[place.category], name=place.name)
    if facts.location is not None:
        record.location.CopyFrom(
            latlng_pb2.LatLng(latitude=facts.location.latitude, longitude=facts.location.longitude)
        )
    if facts.closed:
        record.operating_status = hotel_pb2.OPERATING_STATUS_PERMANENTLY_CLOSED
    return record


@settings(deadline=None)
@given(hotels(), st.none() | conditions(), conditions())
def test_condition_and_wishes_read_the_same_as_from_all_facts(
    hotel: HotelFacts, hard: Condition | None, wish: Condition
) -> None:
    plan = QueryPlan(
        Outcome.SEARCH,
        Planner("rules", "1", 1.0),
        condition=hard,
        preferences=(Preference(wish, 0.5),),
    )
    record = record_of(hotel)
    some, every = reader_of(plan)(record), facts_of(record)
    for condition in (hard, wish):
        if condition is not None:
            assert evaluate(condition, some) == evaluate(condition, every)
    assert (some.closed, some.price, some.location) == (every.closed, every.price, every.location)
