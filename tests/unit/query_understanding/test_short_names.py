"""Chinese names said short are found where what is said is all in them, and forgotten with them."""

from __future__ import annotations

import pytest

from services.query_understanding.domain.short_names import ShortNames
from services.text.fold import fold_text

NAMES = [
    "如家快捷酒店(北京朝阳门雅宝路店)",
    "天天如家公寓(北京雅宝路店)",
    "7天连锁酒店(北京西站南广场店)",
    "99旅馆连锁(北京四惠店)(原高碑店店)",
    "桔子酒店·精选(北京望京店)",
    "桔子水晶酒店(北京望京店)",
    "维也纳国际酒店(北京马连道店)",
    "花筑·北京柿子胡同四合院",
    "连锁酒店(北京马连道店)",
    "The Chain Inn (Wangjing Branch)",
]


@pytest.fixture(scope="module")
def names() -> ShortNames:
    names = ShortNames(frozenset(["北京", "天津"]))
    for name in NAMES:
        names.add(fold_text(name), name)
    return names


def found(names: ShortNames, text: str) -> list[tuple[str, tuple[str, ...]]]:
    folded = fold_text(text)
    return [(folded[short.start : short.end], short.names) for short in names.find(folded)]


@pytest.mark.parametrize(
    ("text", "said", "name"),
    [
        ("如家雅宝路店贵吗", "如家雅宝路店", NAMES[0]),
        ("如家快捷朝阳门雅宝路店", "如家快捷朝阳门雅宝路店", NAMES[0]),
        ("去天天如家雅宝路店", "天天如家雅宝路店", NAMES[1]),
        ("北京7天酒店西站南广场店", "北京7天酒店西站南广场店", NAMES[2]),
        ("99旅馆高碑店店", "99旅馆高碑店店", NAMES[3]),
        ("桔子精选望京店", "桔子精选望京店", NAMES[4]),
        ("桔子酒店（望京店）", "桔子酒店(望京店)", NAMES[4]),
        ("住桔子水晶·望京店", "桔子水晶·望京店", NAMES[5]),
        ("维也纳马连道店", "维也纳马连道店", NAMES[6]),
        ("花筑柿子胡同四合院", "花筑柿子胡同四合院", NAMES[7]),
    ],
)
def test_a_name_is_found_by_a_short_form(
    names: ShortNames, text: str, said: str, name: str
) -> None:
    assert found(names, text) == [(said, (name,))]


@pytest.mark.parametrize(
    "text",
    [
        "如家宝路店",
        "如家崇文门雅宝路店",
        "如家雅宝路",
        "17天西站南广场店",
        "7天广场店",
        "7天西站店",
        "7天洋桥西站南广场店",
        "天津桔子望京店",
        "汉庭望京店",
        "望京店",
        "连锁酒店马连道店",
        "桔子酒店在望京店",
        "",
    ],
)
def test_what_is_not_in_a_name_says_no_name(names: ShortNames, text: str) -> None:
    assert found(names, text) == []


def test_a_forgotten_name_is_not_found() -> None:
    names = ShortNames()
    names.add(NAMES[0], NAMES[0])
    names.discard(NAMES[0], NAMES[0])
    names.discard(NAMES[1], NAMES[1])
    assert found(names, "如家雅宝路店") == []
