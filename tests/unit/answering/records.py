"""Records and plans for the tests of answering."""

from __future__ import annotations

from services.answering.domain.answer import AnswerTask, PlaceDistance, Relaxation, ShownHit
from services.answering.domain.record import FacilityEntry, HotelRecord, NearbyEntry, Text
from services.plan.condition import Condition, PlaceCategory
from services.plan.query_plan import Outcome, PlaceMention, Planner, QueryPlan, RequestedFact
from services.vocabulary import Vocabulary

VOCABULARY = Vocabulary.load()
RULES = Planner("rules", "1", 1.0)


def facilities(*ids: str) -> tuple[FacilityEntry, ...]:
    """Return the facilities as ingestion writes them: listed ones, then implied ones."""
    listed = [FacilityEntry(id, VOCABULARY.section("facilities")[id].labels["zh"]) for id in ids]
    implied = sorted(VOCABULARY.closure("facilities", ids) - set(ids))
    return (*listed, *(FacilityEntry(id) for id in implied))


LAKE = HotelRecord(
    "lake",
    (Text("zh", "湖畔云庭酒店(东湖店)"), Text("en", "Lakeside Cloud Hotel (East Lake)")),
    price=480.0,
    currency="CNY",
    guest_rating=4.6,
    review_count=312,
    tier="comfort",
    kind="hotel",
    addresses=(Text("zh", "武汉洪山区珞喻路88号"), Text("en", "88 Luoyu Road, Hongshan, Wuhan")),
    phone="027-88886666",
    transport=(Text("zh", "广埠屯地铁站C口"),),
    facilities=facilities("free_parking", "gym", "wifi_public_areas", "indoor_pool"),
    nearby=(
        NearbyEntry(PlaceCategory.ATTRACTION, "黄鹤楼"),
        NearbyEntry(PlaceCategory.RESTAURANT, "老通城(总店)"),
    ),
    district="洪山区",
    city="武汉",
)
TOWER = HotelRecord(
    "tower",
    (Text("zh", "江城铂悦大厦"), Text("en", "Jiangcheng Boyue Tower")),
    price=620.0,
    currency="CNY",
    guest_rating=4.2,
    review_count=95,
    tier="luxury",
    facilities=facilities("breakfast", "bar", "paid_parking"),
    nearby=(),
    addresses=(Text("zh", "武汉江岸区沿江大道9号"),),
    phone="027-55554444",
)
YARD = HotelRecord("yard", (Text("zh", "青禾小院"), Text("en", "Qinghe Courtyard")))


def task(
    outcome: Outcome = Outcome.SEARCH,
    *,
    language: str = "zh",
    records: tuple[HotelRecord, ...] = (),
    condition: Condition | None = None,
    asked: tuple[RequestedFact, ...] = (),
    relaxations: tuple[Relaxation, ...] = (),
    total: int | None = None,
    km: float | None = None,
    reason: str = "",
    text: str = "",
) -> AnswerTask:
    """Return a task; `km` is the distance of every hit to 天坛."""
    plan = QueryPlan(
        outcome,
        RULES,
        condition=condition,
        places=(PlaceMention(1, "天坛"),),
        requested_facts=asked,
        outcome_reason=reason,
    )
    distances = () if km is None else (PlaceDistance("天坛", km),)
    about = outcome is Outcome.ABOUT_SHOWN
    return AnswerTask(
        text,
        plan,
        language,
        hits=() if about else tuple(ShownHit(record, distances) for record in records),
        shown=tuple(ShownHit(record, distances) for record in records) if about else (),
        relaxations=relaxations,
        total_matches=total,
    )
