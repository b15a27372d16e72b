"""Which words could name a place that no list has."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import yaml

from services.plan.condition import PlaceCategory
from services.platform.errors import FailedPrecondition
from services.text.analyser import word_classes
from services.text.fold import fold_text, has_han

HEADS_FILE = Path(__file__).parents[1] / "data" / "place_heads.yaml"
# Word classes that no name is made of: verbs, adverbs, pronouns, prepositions and particles.
_NOT_IN_NAMES = frozenset("vdrpcuyekfzo")
# What a proper name is called with: 平江路, 山塘街.
_WAY = re.compile(r"路|街|大街|大道|巷|老街|古街|古镇|步行街")
_BRANCH = re.compile(r"^(.*?[(（][^()（）]+[)）]).*$")
# A word of the dictionary that is no proper name: "同学聚会", "晚上".
_COMMON = frozenset({"n", "v", "vn", "t", "a", "l"})
# Words of talk before "附近"; not every adverb is one: 太 begins "太古里".
_ADVERBS = frozenset(
    [
        "就",
        "都",
        "也",
        "还",
        "再",
        "又",
        "很",
        "最",
        "最好",
        "不",
        "没",
        "更",
        "只",
        "才",
        "正",
        "刚",
        "刚好",
        "正好",
        "已经",
        "一定",
        "必须",
        "尽量",
        "尽可能",
        "可能",
        "大概",
        "还是",
        "就是",
        "不要",
        "没有",
        "顺便",
        "另外",
        "一起",
        "先",
        "也许",
        "马上",
        "直接",
        "其实",
        "反正",
        "到底",
        "究竟",
        "稍微",
        "比较",
        "非常",
    ]
)
_NO_NAME_END = re.compile(r"[来去到在住玩吃逛看走后前时]$")
_LOOSE_END = re.compile(
    r"(?:的话|的时候|以后|之后|一家|一个|这家|这个|那家|那个|好了|的|了|吧|呢|啊|呀|吗|哦)+$"
)


def tidied(name: str) -> str:
    """Return the name without what talk leaves at its end: "颐和园的话", "烤肉季(南锣店)一家"."""
    branch = _BRANCH.match(name)
    return branch[1] if branch is not None else _LOOSE_END.sub("", name)


def category_of(name: str) -> PlaceCategory | None:
    """Return what a place of this name would be, by what the name ends with."""
    folded = fold_text(name).strip()
    heads = _heads()
    for size in range(min(len(folded), max(map(len, heads))), 0, -1):
        category = heads.get(folded[-size:])
        if category is not None:
            return category
    return None


def is_bare_head(name: str) -> bool:
    """Tell whether the words are only what names of places to go to end with: "剧院", "公园"."""
    kind = _heads().get(fold_text(name).strip())
    return kind in (PlaceCategory.ATTRACTION, PlaceCategory.RESTAURANT)


@lru_cache(maxsize=4096)
def could_be_a_name(name: str) -> bool:
    """Tell whether the words could name a place: they end like one, or are nouns only."""
    folded = fold_text(name).strip()
    if not has_han(folded):
        return True
    head = category_of(folded)
    classes = word_classes(folded)
    if head is not None:
        # The head makes it a name unless a whole phrase stands before it: "不想去动物园".
        return not any(kind[0] in "drpcuyek" for _, kind in classes[:-1])
    if len(classes) == 1 and classes[0][1] in _COMMON:
        return False
    return all(kind[0] not in _NOT_IN_NAMES and kind != "zg" for _, kind in classes)


def is_proper_place(name: str) -> bool:
    """Tell whether the words are proper names of places: "三亚亚龙湾", "平江路"."""
    classes = word_classes(fold_text(name).strip())
    if len(classes) > 1 and _WAY.fullmatch(classes[-1][0]):
        classes = classes[:-1]
    return all(kind == "ns" for _, kind in classes)


@lru_cache(maxsize=4096)
def could_stand_before_near(name: str) -> bool:
    """As `could_be_a_name`, for words right before "附近": those that end as no name does are out.

    The word of nearness says by itself that a place stands before it: "司马小烧周边".
    """
    folded = fold_text(name).strip()
    if not has_han(folded) or category_of(folded) is not None:
        return True
    if _NO_NAME_END.search(folded):
        return False
    classes = word_classes(folded)
    kinds = [kind[0] for _, kind in classes]
    last = classes[-1][0]
    if any(word in _ADVERBS for word, _ in classes) or (
        len(classes) == 1 and classes[0][1] in _COMMON
    ):
        return False
    if kinds[-1] in "tf" and not (last == "里" and len(folded) > 2):  # "太古里"
        return False
    return kinds[-1] not in "drpcuyek" and not all(kind in "vdrpcuyek" for kind in kinds)


@lru_cache(maxsize=1)
def _heads() -> dict[str, PlaceCategory]:
    raw = yaml.safe_load(HEADS_FILE.read_bytes())
    try:
        return {
            fold_text(str(head)): PlaceCategory(category)
            for category, heads in raw.items()
            for head in heads
        }
    except (AttributeError, TypeError, ValueError) as error:
        raise FailedPrecondition(
            f"{HEADS_FILE.name} is not a map of place categories to lists: {error}"
        ) from error
