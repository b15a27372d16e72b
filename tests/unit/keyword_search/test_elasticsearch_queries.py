"""What is sent to Elasticsearch, without one."""

from __future__ import annotations

from typing import Any

import pytest

from services.keyword_search.adapters.elasticsearch_circles import Circle, Measured, in_favour
from services.keyword_search.adapters.elasticsearch_conditions import (
    compile_condition,
    known,
)
from services.keyword_search.adapters.elasticsearch_search import search_of
from services.keyword_search.domain.fields import pairs_of
from services.keyword_search.domain.query import KeywordQuery
from services.plan.condition import All, Condition, Field, Near, Not, Point, Range, Term
from services.plan.condition import Any as AnyOf
from services.plan.normal_form import normal_form
from services.platform.errors import Unimplemented

CENTER = Point(39.9, 116.4)
ONE_KM = Near(1, center=CENTER, radius_km=1.0)


def _metres(query: dict[str, Any]) -> float:
    return float(query["geo_distance"]["distance"].removesuffix("m"))


def test_a_negated_leaf_is_known_and_not_matching() -> None:
    gym = Term(Field.FACILITY, ("gym",))
    assert compile_condition(normal_form(Not(gym)), in_favour) == {
        "bool": {"filter": [known("facilities")], "must_not": [{"terms": {"facilities": ["gym"]}}]}
    }


def test_bounds_are_open_or_closed_and_zero_has_no_sign() -> None:
    price = Range(Field.PRICE, -0.0, 500, max_exclusive=True)
    query = compile_condition(normal_form(price), in_favour)
    assert query == {"range": {"price": {"gte": 0.0, "lt": 500}}}
    assert str(query["range"]["price"]["gte"]) == "0.0"


def test_a_circle_is_drawn_in_the_favour_of_a_hotel_on_its_line() -> None:
    assert _metres(in_favour(ONE_KM, True)) > 1_000 > _metres(in_favour(ONE_KM, False)) > 999.9


def test_a_measured_circle_holds_those_on_the_line_that_are_inside() -> None:
    circle = Circle(CENTER, 1.0)
    query = Measured({circle: ["a"]})(ONE_KM, True)
    assert {"terms": {"hotel_id": ["a"]}} in query["bool"]["should"]
    assert Measured({circle: []})(ONE_KM, False) == circle.surely_inside()


@pytest.mark.parametrize("radius_km", [20_030.0, 1e9])
def test_a_circle_larger_than_the_earth_is_every_position(radius_km: float) -> None:
    assert Circle(CENTER, radius_km).surely_inside() == known("location")


def test_a_circle_thinner_than_its_line_is_all_line() -> None:
    assert Circle(CENTER, 1e-6).surely_inside() == {"match_none": {}}


def test_a_condition_deeper_than_the_engine_takes_is_refused() -> None:
    tree: Condition = Term(Field.CITY, ("a",))
    for level in range(31):
        other = Term(Field.KIND, (str(level),))
        tree = AnyOf((tree, other)) if level % 2 else All((tree, other))
    with pytest.raises(Unimplemented):
        compile_condition(normal_form(tree), in_favour)


def test_pairs_overlap_and_the_last_character_stands_alone() -> None:
    assert [pairs_of(name) for name in ("", "店", "北京店")] == [[], ["店"], ["北京", "京店", "店"]]


def test_common_words_are_left_out_by_their_share_of_the_hotels() -> None:
    body = search_of(KeywordQuery(("pool",), limit=50), in_favour, hotel_count=1_001)
    (name, *_) = body["query"]["function_score"]["query"]["bool"]["should"]
    assert name["more_like_this"]["max_doc_freq"] == 500
