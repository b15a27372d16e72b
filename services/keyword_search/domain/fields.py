"""What both engines index of a hotel's facts, and under which names."""

from __future__ import annotations

from operator import add, attrgetter
from typing import Any

from services.plan.condition import Field, ListedPlace
from services.plan.facts import HotelFacts
from services.plan.query_plan import SortKey

TERM_FIELDS = {
    Field.BRAND: "brand",
    Field.KIND: "kind",
    Field.TIER: "tier",
    Field.PRICE_BAND: "price_band",
    Field.DISTRICT: "district",
    Field.CITY: "city",
    Field.FACILITY: "facilities",
    Field.ROOM_TYPE: "room_types",
    Field.HOTEL_ID: "hotel_id",
}
NUMBER_FIELDS = {
    Field.PRICE: "price",
    Field.GUEST_RATING: "guest_rating",
    Field.STAR_RATING: "star_rating",
    Field.REVIEW_COUNT: "review_count",
}
# Facts that a record may lack. Which ones it has is indexed too, as terms of the field `known`:
# an empty list is known, and "known and not matching" is what a NOT means in three-valued logic.
_MAY_LACK = (
    *(field for field in TERM_FIELDS.values() if field != "hotel_id"),
    *NUMBER_FIELDS.values(),
    "nearby",
    "location",
)
_facts_that_may_lack = attrgetter(*_MAY_LACK)


def held_facts(facts: HotelFacts) -> dict[str, Any]:
    """Return which of the facts that a record may lack it has, by the names of the fields."""
    values = zip(_MAY_LACK, _facts_that_may_lack(facts), strict=True)
    return {name: value for name, value in values if value is not None}


def known_fields(facts: HotelFacts) -> list[str]:
    """Return which fields a record has, as the terms of the field `known`."""
    return ["hotel_id", *held_facts(facts)]


def indexed_facts(facts: HotelFacts) -> dict[str, Any]:
    """Return the facts a record has as both engines take them, by the names of the fields.

    The location is left as it is: the engines differ in how they take a position.
    """
    values = held_facts(facts)
    known = ["hotel_id", *values]
    for field in NUMBER_FIELDS.values():
        if field in values:
            # Plus zero: the engines put -0.0 below 0.0.
            values[field] += 0.0
    for field in ("facilities", "room_types"):
        if field in values:
            values[field] = list(values[field])
    if "nearby" in values:
        values["nearby"] = [listed_term(place) for place in values["nearby"]]
    values["known"] = known
    values["names"] = list(facts.names)
    values["name_pairs"] = [" ".join(pairs_of(name)) for name in facts.names]
    values["hotel_id"] = facts.hotel_id
    return values


def listed_term(place: ListedPlace) -> str:
    """Return the term of the field `nearby` for an entry of a record's list of places."""
    return f"{place.category}/{place.name}"


def pairs_of(folded_name: str) -> list[str]:
    """Return each character with the next one, the last one alone: `ab`, `bc`, `c` for `abc`.

    They are the words of the field `name_pairs`: a part of a name, of two characters or more, is
    where the phrase of its pairs is. Looking at every name takes 100 to 300 ms among 100,000 hotels
    in either engine.
    """
    return [*map(add, folded_name, folded_name[1:]), *folded_name[-1:]]


def sort_field(key: SortKey) -> str:
    """Return the number that a key sorts by; a key that is none of a record's sorts by standing."""
    return NUMBER_FIELDS.get(key.field, "prior")
