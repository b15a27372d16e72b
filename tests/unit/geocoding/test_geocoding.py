"""Places found, ambiguous, listed only, and unknown."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from services.geocoding import handlers
from services.geocoding.adapters.file_gazetteer import FileGazetteer
from services.geocoding.domain.place import Place, ResolutionStatus
from services.geocoding.lookup import PlaceLookup
from services.geography import SHIPPED_PLACES
from services.plan.condition import (
    All,
    Field,
    ListedPlace,
    Near,
    Not,
    PlaceCategory,
    Point,
    Range,
)
from services.plan.query_plan import (
    Direction,
    Outcome,
    PlaceMention,
    Planner,
    QueryPlan,
    SortKey,
)
from services.platform.errors import FailedPrecondition

BEIJING = Point(39.9087, 116.3975)
STATION = PlaceCategory.STATION
INDEX = FileGazetteer(
    [
        (Place("天安门", PlaceCategory.ATTRACTION, BEIJING, "北京"), ["Tiananmen"]),
        (Place("中山公园", STATION, Point(31.2188, 121.4167), "上海"), []),
        (Place("中山公园", PlaceCategory.ATTRACTION, Point(39.911, 116.394), "北京"), []),
        (Place("国贸", STATION, Point(39.9085, 116.4598), "北京"), []),
        (Place("国贸", PlaceCategory.OTHER, Point(39.9090, 116.4601), "北京"), []),
    ]
)
LOOKUP = PlaceLookup(INDEX)


def plan(name: str, near: Near | None = None, **more: object) -> QueryPlan:
    base = QueryPlan(
        Outcome.SEARCH,
        Planner("test", "1", 1.0),
        condition=near or Near(1, radius_km=3.0),
        places=(PlaceMention(1, name),),
        language="zh",
    )
    return replace(base, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["天安门", "天安門", "Tiananmen", " tiananmen ", "国贸站"])
async def test_a_known_place_gets_its_position(name: str) -> None:
    located = await handlers.locate(plan(name), city="", lookup=LOOKUP)
    assert located.plan.outcome is Outcome.SEARCH
    assert isinstance(located.plan.condition, Near)
    assert located.plan.condition.center is not None


async def test_an_unknown_place_is_asked_for_and_no_condition_is_dropped() -> None:
    located = await handlers.locate(plan("乌有乡"), city="", lookup=LOOKUP)
    assert located.plan.outcome is Outcome.CLARIFY
    assert located.plan.clarification is not None
    assert "乌有乡" in located.plan.clarification.question
    assert located.plan.condition == plan("乌有乡").condition


async def test_a_name_of_two_cities_is_asked_for_unless_the_city_is_known() -> None:
    asked = await handlers.locate(plan("中山公园"), city="", lookup=LOOKUP)
    assert asked.plan.outcome is Outcome.CLARIFY
    assert asked.plan.clarification is not None
    assert len(asked.plan.clarification.options) == 2
    settled = await handlers.locate(plan("中山公园"), city="上海市", lookup=LOOKUP)
    assert settled.plan.outcome is Outcome.SEARCH


async def test_a_place_that_records_list_needs_no_position() -> None:
    listed = (ListedPlace(PlaceCategory.RESTAURANT, "乌有乡"),)
    near = Near(1, listed=listed, radius_km=3.0)
    located = await handlers.locate(plan("乌有乡", near), city="", lookup=LOOKUP)
    assert located.plan.outcome is Outcome.SEARCH
    assert located.resolutions[0].status is ResolutionStatus.LISTED


async def test_places_under_not_and_in_the_order_are_found_too() -> None:
    condition = All((Range(Field.PRICE, max=500), Not(Near(1, radius_km=1.0))))
    sort = (SortKey(Field.DISTANCE, Direction.ASCENDING, place_id=1),)
    located = await handlers.locate(
        plan("天安门", condition=condition, sort=sort), city="", lookup=LOOKUP
    )
    assert located.plan.sort[0].center == BEIJING
    assert isinstance(located.plan.condition, All)
    negated = located.plan.condition.items[1]
    assert isinstance(negated, Not)
    assert isinstance(negated.item, Near)
    assert negated.item.center == BEIJING


async def test_places_around_a_position_come_nearest_first() -> None:
    found = await handlers.reverse_geocode(BEIJING, radius_km=2.0, limit=5, index=INDEX)
    assert [place.name for place, _ in found] == ["天安门", "中山公园"]
    assert found[0][1] == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("city", ["北京", ""])
async def test_a_place_of_ones_own_takes_the_place_of_the_shipped_one(
    tmp_path: Path, city: str
) -> None:
    own = {"name": "五道口站", "city": city, "category": "station", "lat": 39.9915, "lon": 116.3317}
    file = tmp_path / "places.jsonl"
    file.write_text(json.dumps(own), encoding="utf-8")
    gazetteer = FileGazetteer.load((file, SHIPPED_PLACES))
    (found,) = await gazetteer.by_name("五道口")
    assert (found.point.latitude, found.point.longitude) == (39.9915, 116.3317)
    assert len(await gazetteer.by_name("天安门")) == 1


async def test_of_one_file_all_places_of_a_name_are_kept(tmp_path: Path) -> None:
    lines = [{"name": "人民广场", "city": "济南", "lat": 36.6, "lon": at} for at in (117.0, 117.1)]
    file = tmp_path / "places.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    # Two of its own, and the shipped one, which is in Shanghai.
    assert len(await FileGazetteer.load((file, SHIPPED_PLACES)).by_name("人民广场")) == 3


def test_a_malformed_gazetteer_is_refused_by_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "places.jsonl"
    file.write_text(json.dumps({"name": "x", "lat": 1, "lon": 2}) + '\n{"name": "y"}\n')
    with pytest.raises(FailedPrecondition, match="line 2"):
        FileGazetteer.load((file,))
