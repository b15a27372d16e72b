"""A keyword query as Elasticsearch's search: the same scores and orders as the other engine's."""

from __future__ import annotations

import math
from typing import Any

from services.keyword_search.adapters.elasticsearch_circles import in_favour
from services.keyword_search.adapters.elasticsearch_conditions import (
    EVERYTHING,
    Circle,
    Query,
    compile_condition,
)
from services.keyword_search.domain.fields import sort_field
from services.keyword_search.domain.query import KeywordQuery
from services.keyword_search.domain.scoring import (
    BASE_SCORE,
    BOOSTS,
    PREFERENCE_BOOST,
    most_common,
)
from services.plan.condition import Condition, Field
from services.plan.normal_form import normal_form
from services.plan.query_plan import Direction, SortKey, Trend

_ORDER = {Direction.ASCENDING: "asc", Direction.DESCENDING: "desc"}
_BY_STANDING = {"prior": "desc"}


def allowed(condition: Condition | None, circle: Circle) -> Query:
    """Return the query of the hotels that satisfy a condition and are not closed."""
    wanted = EVERYTHING
    if condition is not None:
        wanted = compile_condition(normal_form(condition), circle)
    return {"bool": {"filter": [wanted], "must_not": [{"term": {"closed": True}}]}}


def search_of(query: KeywordQuery, circle: Circle, *, hotel_count: int) -> dict[str, Any]:
    """Return the parts of a search: its query, and its order where that is not the score.

    Args:
        query: What is asked.
        circle: How the condition's circles are said.
        hotel_count: Hotels in the index, about; tells which words are common.
    """
    wanted = allowed(query.condition, circle)
    if query.sort:
        return {"query": wanted, "sort": order_of(query.sort[0])}
    scored = {
        "bool": {
            "filter": [wanted],
            "must": [{"match_all": {"boost": BASE_SCORE}}],
            "should": [*_words(query, hotel_count), *_preferences(query)],
        }
    }
    standing = {"field": "prior", "modifier": "ln2p"}
    return {
        "query": {
            "function_score": {
                "query": scored,
                "functions": [{"field_value_factor": standing, "weight": 1 / math.log(2)}],
                "boost_mode": "multiply",
            }
        }
    }


def order_of(key: SortKey) -> list[dict[str, Any]]:
    """Return the order by a key: equal ones by standing, those without the value last."""
    order = _ORDER[key.direction]
    if key.field is Field.DISTANCE and key.center is not None:
        at = {"lat": key.center.latitude, "lon": key.center.longitude}
        return [
            {"located": "desc"},
            {"_geo_distance": {"location": at, "order": order, "unit": "km"}},
            _BY_STANDING,
        ]
    field = sort_field(key)
    if field == "prior":
        return [{field: order}]
    return [{field: {"order": order, "missing": "_last"}}, _BY_STANDING]


def _words(query: KeywordQuery, hotel_count: int) -> list[Query]:
    """Return what each field adds by its words.

    `more_like_this` is the query that leaves out words by how many documents have them: with all
    other limits open it is the sum of the words' BM25.
    """
    if not query.tokens:
        return []
    return [
        {
            "more_like_this": {
                "fields": [field],
                "like": " ".join(query.tokens),
                "max_doc_freq": int(most_common(query.limit, hotel_count)),
                "min_doc_freq": 1,
                "min_term_freq": 1,
                "max_query_terms": len(query.tokens),
                "minimum_should_match": "1",
                "boost": boost,
            }
        }
        for field, boost in BOOSTS.items()
    ]


def _preferences(query: KeywordQuery) -> list[Query]:
    return [
        {
            "constant_score": {
                "filter": compile_condition(
                    normal_form(preference.wish, positive=preference.weight > 0), in_favour
                ),
                "boost": PREFERENCE_BOOST * abs(preference.weight),
            }
        }
        for preference in query.preferences
        if not isinstance(preference.wish, Trend)
    ]
