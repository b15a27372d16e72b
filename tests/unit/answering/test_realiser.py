"""What the template realiser writes, and that the verifier always agrees."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.answering.adapters.opencc_script import to_traditional
from services.answering.domain.answer import AnswerTask, Relaxation
from services.answering.domain.plain_text import plain_text
from services.answering.domain.realiser import Realiser
from services.answering.domain.record import FacilityEntry, HotelRecord, NearbyEntry, Text
from services.answering.domain.verifier import Verifier
from services.plan.condition import Field, Not, PlaceCategory, Range, Term
from services.plan.query_plan import Outcome, RequestedFact
from tests.strategies import conditions
from tests.unit.answering.records import LAKE, TOWER, VOCABULARY, YARD, facilities, task

GYM = Term(Field.FACILITY, ("gym",))
LANGUAGES = ("zh", "zh-Hant", "en")


def texts(asked: AnswerTask) -> list[str]:
    return [sentence.text for sentence in Realiser(asked, VOCABULARY).sentences()]


def test_results_open_with_what_was_understood_and_how_many_match() -> None:
    asked = task(records=(LAKE,), condition=GYM, total=12, km=1.234)
    assert texts(asked) == [
        "按“健身房”，找到12家酒店。",
        "湖畔云庭酒店(东湖店)：每晚480元，评分4.6，312条评价，舒适型，有健身房，距天坛1.2公里。",
    ]


def test_results_tell_the_facts_asked_for_too() -> None:
    asked = (
        RequestedFact(Field.PRICE), RequestedFact(Field.PHONE), RequestedFact(Field.FACILITY, "bar")
    )  # fmt: skip
    assert texts(task(records=(TOWER,), asked=asked, total=1))[1] == (
        "江城铂悦大厦：每晚620元，评分4.2，95条评价，豪华型，电话027-55554444，有酒吧。"
    )


def test_english_answers_use_the_english_name() -> None:
    first, second = texts(task(records=(TOWER,), total=1, language="en"))
    assert first == "1 hotel was found."
    assert second == (
        "Jiangcheng Boyue Tower: 620 CNY per night, rated 4.2 out of 5, 95 reviews, luxury class."
    )


def test_no_match_names_the_conditions_and_what_would_help() -> None:
    cheap = Range(Field.PRICE, max=300)
    asked = task(
        condition=cheap,
        total=0,
        relaxations=(Relaxation(cheap, None, 7), Relaxation(cheap, Range(Field.PRICE, max=400), 2)),
    )
    assert texts(asked) == [
        "没有找到符合“价格不超过300”的酒店。",
        "去掉“价格不超过300”，有7家酒店符合。",
        "把“价格不超过300”放宽到“价格不超过400”，有2家酒店符合。",
    ]


@pytest.mark.parametrize(
    ("record", "fact", "language", "said", "values"),
    [
        (LAKE, RequestedFact(Field.PRICE), "zh", "每晚480元", ("480 CNY",)),
        (YARD, RequestedFact(Field.PRICE), "zh", "没有查到价格", ()),
        (YARD, RequestedFact(Field.PRICE), "en", "no price on record", ()),
        (YARD, RequestedFact(Field.FACILITY, "pool"), "zh", "记录里没有列出游泳池", ()),
        (YARD, RequestedFact(Field.FACILITY, "pool"), "en", "swimming pool is not listed", ()),
        (LAKE, RequestedFact(Field.FACILITY, "pool"), "zh", "有室内游泳池", ("室内游泳池",)),
        (LAKE, RequestedFact(Field.PHONE), "zh", "电话027-88886666", ("027-88886666",)),
        (LAKE, RequestedFact(Field.ADDRESS), "en", "88 Luoyu Road", None),
        (LAKE, RequestedFact(Field.NEARBY, "attraction"), "zh", "周边景点有黄鹤楼", ("黄鹤楼",)),
        (YARD, RequestedFact(Field.NEARBY, "restaurant"), "zh", "没有列出周边餐馆", ()),
        (TOWER, RequestedFact(Field.TIER), "zh", "豪华型", ("豪华型",)),
        (YARD, RequestedFact(Field.AVAILABLE), "zh", "没有查到是否有空房", ()),
        (
            replace(YARD, available=False),
            RequestedFact(Field.AVAILABLE),
            "en",
            "cannot",
            ("false",),
        ),
    ],
)
def test_a_question_about_a_shown_hotel_is_answered_from_its_record(
    record: HotelRecord,
    fact: RequestedFact,
    language: str,
    said: str,
    values: tuple[str, ...] | None,
) -> None:
    asked = task(Outcome.ABOUT_SHOWN, records=(record,), asked=(fact,), language=language)
    (sentence,) = Realiser(asked, VOCABULARY).sentences()
    assert said in sentence.text
    citation = sentence.citations[-1]
    assert (citation.hotel_id, citation.field) == (record.hotel_id, fact.field)
    assert citation.claim in sentence.text
    if values is not None:
        assert citation.values == values


@pytest.mark.parametrize(
    ("language", "cheapest", "dearest"),
    [("zh", "其中最便宜", "其中最贵"), ("en", "the cheapest", "the most expensive")],
)
def test_hotels_compared_are_told_apart(language: str, cheapest: str, dearest: str) -> None:
    compared = task(
        Outcome.ABOUT_SHOWN,
        records=(TOWER, LAKE),
        asked=(RequestedFact(Field.PRICE),),
        reason="COMPARED",
        language=language,
    )
    *_, least, most = texts(compared)
    assert (LAKE.name(language) in least, cheapest in least) == (True, True)
    assert (TOWER.name(language) in most, dearest in most) == (True, True)


def test_none_is_the_cheapest_where_a_price_is_missing() -> None:
    asked = (RequestedFact(Field.PRICE),)
    compared = task(Outcome.ABOUT_SHOWN, records=(LAKE, YARD), asked=asked, reason="COMPARED")
    assert not any("最便宜" in text for text in texts(compared))


def test_a_distance_asked_for_is_measured_to_the_place() -> None:
    asked = (RequestedFact(Field.DISTANCE),)
    (text,) = texts(task(Outcome.ABOUT_SHOWN, records=(LAKE,), asked=asked, km=2.34))
    assert "距天坛2.3公里" in text
    (text,) = texts(task(Outcome.ABOUT_SHOWN, records=(LAKE,), asked=asked))
    assert "没有查到距离" in text


@pytest.mark.parametrize(
    ("reason", "said"),
    [("THANKS", "不客气"), ("FAREWELL", "再见"), ("GREETING", "您好"), ("", "您好")],
)
def test_talk_is_answered_as_it_was_meant(reason: str, said: str) -> None:
    (text,) = texts(task(Outcome.CHITCHAT, reason=reason))
    assert text.startswith(said)


def test_a_hotel_that_is_taken_is_told_of_and_not_booked() -> None:
    told, last = texts(task(Outcome.ABOUT_SHOWN, records=(LAKE,), reason="PICKED"))
    assert LAKE.name("zh") in told
    assert "不能代订" in last


def test_what_is_not_listed_is_never_said_not_to_exist() -> None:
    for language in LANGUAGES:
        asked = task(
            Outcome.ABOUT_SHOWN,
            records=(YARD,),
            asked=tuple(RequestedFact(Field.FACILITY, id) for id in ("pool", "gym", "parking")),
            language=language,
        )
        for text in texts(asked):
            assert "没有游泳池" not in text
            assert "no swimming pool" not in text


def test_traditional_characters_are_used_where_they_are_asked_for() -> None:
    assert to_traditional("记录里没有列出游泳池") == "記錄裡沒有列出游泳池"


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("Hotel\u202e\u200b A", "Hotel A"),
        ("<b>Cosy</b> <script>x()</script>", "Cosy x()"),
        ("[book](https://pay.example/x) now", "book now"),
        ("预订请点 https://pay.example/r?u=1 ，谢谢", "预订请点 ，谢谢"),
        ("某路1号（请注意：改为广场对面）", "某路1号"),
        ("{{user_id}} ok", "ok"),
        ("line\nbreak\ttab", "line break tab"),
        ("x" * 500, "x" * 160),
    ],
)
def test_record_text_becomes_plain(raw: str, plain: str) -> None:
    assert plain_text(raw) == plain


# --- the realiser and the verifier agree ---------------------------------------------------------
NAMES = (
    "北京饭店",
    "Beijing Hotel",
    "温泉酒店",
    "如家(天坛店)",
    "7天酒店(王府井店)",
    "Hotel A.B (East)",
    "Quiet Inn; the best",
    "不接待有限公司酒店",
    "500元酒店",
    "Zu 2. Stock",
    "Is it? Hotel",
    "三家酒店",
)
PLACES = ("故宫", "天坛", "King's Cross", "老通城(总店)", "YUAN' mousse& flower", "第一家烤鸭")
ADDRESSES = ("北京东城区东长安街33号", "12 Mill Road, Cambridge", "没有路1号", "5 The Street; rear")


def maybe(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | values


def hotel_records() -> st.SearchStrategy[HotelRecord]:
    unknown = st.sampled_from(("rooftop cinema", "无烟楼层", "24小时热水，电话请改拨 400-000-0199"))
    known = st.lists(st.sampled_from(sorted(VOCABULARY.section("facilities"))), max_size=4)
    return st.builds(
        HotelRecord,
        st.uuids().map(str),
        st.lists(
            st.builds(Text, st.sampled_from(("zh", "en", "")), st.sampled_from(NAMES)),
            min_size=1,
            max_size=2,
        ).map(tuple),
        price=maybe(st.sampled_from((0.0, 99.5, 458.0, 12_000.0))),
        currency=st.sampled_from(("CNY", "GBP", "USD", "JPY", "THB", "")),
        guest_rating=maybe(st.sampled_from((0.0, 3.45, 4.7, 5.0))),
        review_count=maybe(st.sampled_from((0, 1, 250))),
        star_rating=maybe(st.sampled_from((0.0, 1.0, 3.5, 5.0))),
        tier=maybe(st.sampled_from(("economy", "luxury"))),
        kind=maybe(st.sampled_from(("hotel", "hostel", "resort"))),
        price_band=maybe(st.sampled_from(("cheap", "moderate", "expensive"))),
        brand=maybe(st.sampled_from((*sorted(VOCABULARY.section("brands"))[:3], "acme stays"))),
        district=maybe(st.sampled_from(("朝阳区", "east"))),
        city=maybe(st.sampled_from(("北京", "Cambridge"))),
        addresses=st.lists(
            st.builds(Text, st.sampled_from(("zh", "en")), st.sampled_from(ADDRESSES)), max_size=2
        ).map(tuple),
        phone=maybe(st.sampled_from(("010-65137766", "+44 1223 315702", "01223366611"))),
        transport=st.lists(
            st.builds(
                Text, st.just("zh"), st.sampled_from(("王府井地铁站A口", "near the bus stop"))
            ),
            max_size=1,
        ).map(tuple),
        facilities=maybe(
            st.tuples(known, st.lists(unknown, max_size=1)).map(
                lambda both: (*facilities(*both[0]), *(FacilityEntry(u, u) for u in both[1]))
            )
        ),
        room_types=maybe(
            st.lists(
                st.sampled_from((*sorted(VOCABULARY.section("room_types")), "bunk")), max_size=3
            ).map(tuple)
        ),
        nearby=maybe(
            st.lists(
                st.builds(
                    NearbyEntry,
                    st.sampled_from((*PlaceCategory, None)),
                    st.sampled_from(PLACES),
                    maybe(st.sampled_from((0.0, 1.25))),
                ),
                max_size=7,
            ).map(tuple)
        ),
        available=maybe(st.booleans()),
        extra=st.sampled_from(((), (("postcode", "CB1 2AD"),))),
    )


def requested_facts() -> st.SearchStrategy[RequestedFact]:
    plain = st.sampled_from([f for f in Field if f not in (Field.RELEVANCE, Field.HOTEL_ID)])
    known = st.sampled_from(sorted(VOCABULARY.section("facilities")))
    return (
        plain.map(RequestedFact)
        | known.map(lambda id: RequestedFact(Field.FACILITY, id))
        | st.sampled_from(("attraction", "restaurant", "station")).map(
            lambda category: RequestedFact(Field.NEARBY, category)
        )
    )


def tasks() -> st.SearchStrategy[AnswerTask]:
    return st.builds(
        task,
        st.sampled_from((Outcome.SEARCH, Outcome.ABOUT_SHOWN)),
        language=st.sampled_from(LANGUAGES),
        records=st.lists(hotel_records(), max_size=4, unique_by=lambda r: r.hotel_id).map(tuple),
        condition=maybe(conditions()),
        asked=st.lists(requested_facts(), max_size=4).map(tuple),
        relaxations=st.lists(
            st.builds(Relaxation, conditions(), maybe(conditions()), st.integers(1, 99)), max_size=2
        ).map(tuple),
        total=maybe(st.integers(0, 400)),
        km=maybe(st.floats(0, 30)),
    )


@settings(max_examples=400, deadline=None)
@given(tasks())
def test_every_realised_sentence_passes_the_verifier(asked: AnswerTask) -> None:
    realiser = Realiser(asked, VOCABULARY)
    verifier = Verifier(realiser.evidence())
    for sentence in realiser.sentences():
        said = to_traditional(sentence.text) if asked.language == "zh-Hant" else sentence.text
        cited = [citation.hotel_id for citation in sentence.citations]
        assert verifier.verify(said, hotel_ids=cited).problems == (), said


def test_areas_are_called_as_the_language_calls_them() -> None:
    city = Term(Field.CITY, ("上海",))
    (first, *_) = texts(task(records=(LAKE,), condition=city, language="en", total=1))
    assert "Shanghai" in first


def test_conditions_of_every_shape_have_words() -> None:
    asked = task(condition=Not(GYM), records=(LAKE,))
    assert texts(asked)[0] == "按“不要健身房”，为您找到以下酒店。"
