"""Which sentences follow from records: a table, written for this test alone."""

from __future__ import annotations

import pytest

from services.answering.domain.evidence import Evidence
from services.answering.domain.verifier import Verifier
from tests.unit.answering.records import LAKE, TOWER, YARD

SUPPORTED = [
    "湖畔云庭酒店每晚480元，评分4.6。",
    "湖畔云庭东湖店有室内泳池和健身房。",
    "Lakeside Cloud Hotel costs 480 yuan a night and is rated 4.6 out of 5.",
    "湖畔雲庭酒店(東湖店)設有健身房。",
    "湖畔云庭酒店约500元一晚。",
    "湖畔云庭酒店不到500元，江城铂悦大厦六百多。",
    "湖畔云庭酒店将近500元一晚。",
    "江城铂悦大厦比湖畔云庭酒店贵140元。",
    "The first hotel is cheaper than the second.",
    "第二家有酒吧，停车要收费。",
    "湖畔云庭酒店有免费停车位。",
    "湖畔云庭酒店有停车场，而且免费。",
    "三家里青禾小院没有查到价格。",
    "青禾小院的记录里没有列出停车场。",
    "有价格记录的两家里，湖畔云庭酒店最便宜。",
    "只有江城铂悦大厦有酒吧。",
    "湖畔云庭酒店周边有黄鹤楼，靠近广埠屯地铁站C口。",
    "湖畔云庭酒店的电话是027-88886666，地址在洪山区珞喻路88号。",
    "江城铂悦大厦是豪华型酒店。",
    "住两晚湖畔云庭酒店一共960元。",
    "您想看看别的酒店吗？",
    "祝您旅途愉快！",
    "Qinghe Courtyard has no price on record.",
]

UNSUPPORTED = [
    ("湖畔云庭酒店每晚408元。", "408"),
    ("湖畔云庭酒店评分4.2。", "4.2"),
    ("湖畔云庭酒店每晚480美元。", "480美元"),
    ("湖畔云庭酒店每人480元。", "每人"),
    ("湖畔云庭酒店有酒吧。", "酒吧"),
    ("湖畔云庭酒店没有健身房。", "健身房"),
    ("青禾小院没有停车场。", "停车场"),
    ("青禾小院每晚大约300元。", "300"),
    ("江城铂悦大厦停车免费。", "停车"),
    ("江城铂悦大厦有停车场，而且免费。", "免费"),
    ("湖畔云庭酒店是免费的。", "免费"),
    ("The hotel is free of charge.", "free of charge"),
    ("It is complimentary.", "complimentary"),
    ("湖畔云庭酒店所有房间都有wifi。", "wifi"),
    ("湖畔云庭酒店是豪华型。", "豪华型"),
    ("江城铂悦大厦比湖畔云庭酒店便宜。", "便宜"),
    ("三家里湖畔云庭酒店最便宜。", "最便宜"),
    ("三家都有停车场。", "停车场"),
    ("四家都有停车场。", "四家"),
    ("第四家有酒吧。", "第四"),
    ("湖畔云庭酒店走路五分钟到黄鹤楼。", "五分钟"),
    ("湖畔云庭酒店距黄鹤楼1.2公里。", "1.2公里"),
    ("湖畔云庭酒店很安静。", "安静"),
    ("湖畔云庭酒店附近有东湖梅园。", "梅园"),
    ("青禾小院附近没有景点。", "景点"),
    ("湖畔云庭酒店的电话是027-88886667。", "88886667"),
    ("云顶威斯汀酒店也不错。", "云顶威斯汀"),
    ("住三晚湖畔云庭酒店一共480元。", "480元"),
    ("Jiangcheng Boyue Tower has a gym.", "gym"),
    ("Jiangcheng Boyue Tower does not have a bar.", "bar"),
    ("Jiangcheng Boyue Tower is a five-star hotel.", "five-star"),
    ("Qinghe Courtyard is fully booked.", "fully"),
    ("Lakeside Cloud Hotel is popular with families.", "popular"),
    ("Only Lakeside Cloud Hotel lists parking.", "parking"),
    ("Lakeside Cloud Hotel is at 89 Luoyu Road.", "89"),
]


def verifier(request: str = "") -> Verifier:
    return Verifier(Evidence((LAKE, TOWER, YARD), request=request))


@pytest.mark.parametrize("sentence", SUPPORTED)
def test_a_sentence_that_follows_from_the_records_passes(sentence: str) -> None:
    assert verifier().verify(sentence).problems == ()


@pytest.mark.parametrize(("sentence", "words"), UNSUPPORTED)
def test_a_sentence_that_does_not_follow_is_caught_at_its_words(sentence: str, words: str) -> None:
    problems = verifier().verify(sentence).problems
    assert any(words in p.text or p.text in words for p in problems), problems


@pytest.mark.parametrize(
    ("request_text", "sentence", "supported"),
    [
        ("预算500以内", "湖畔云庭酒店在您500元的预算之内。", True),
        ("预算500以内", "江城铂悦大厦在您的预算之内。", False),
        ("预算500以内", "青禾小院在您的预算之内。", False),
        ("", "湖畔云庭酒店在您的预算之内。", False),
        ("max 500", "Lakeside Cloud Hotel is within your budget of 700 yuan.", False),
    ],
)
def test_the_budget_is_the_guests_own(request_text: str, sentence: str, supported: bool) -> None:
    assert verifier(request_text).verify(sentence).supported is supported


def test_a_count_of_matches_is_what_the_search_measured() -> None:
    counted = Verifier(Evidence((LAKE,), counts=frozenset([12])))
    assert counted.verify("找到12家酒店。").supported
    assert not counted.verify("找到13家酒店。").supported


def test_a_distance_is_the_one_to_the_place_named() -> None:
    measured = Verifier(Evidence((LAKE,), distances=((("天坛", 1.234), ("故宫", 3.0)),)))
    assert measured.verify("湖畔云庭酒店距天坛1.2公里。").supported
    assert not measured.verify("湖畔云庭酒店距故宫1.2公里。").supported


def test_only_the_request_may_be_quoted() -> None:
    quoting = Verifier(Evidence((LAKE,), echoes=("安静",)))
    assert quoting.verify("按“安静”，找到以下酒店。").supported
    assert not quoting.verify("按“豪华”，找到以下酒店。").supported


def test_an_empty_sentence_claims_nothing() -> None:
    assert verifier().verify("").supported
