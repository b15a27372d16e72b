"""Names said loosely are found, told apart, and refused where too little of them is said."""

from __future__ import annotations

import pytest

from services.query_understanding.domain.name_index import NameIndex
from services.query_understanding.domain.name_words import words_of_text
from services.text.fold import fold_text

NAMES = {
    "regent": ["The Regent Northport", "北港丽晶酒店"],
    "mulan": ["Mulan Garden Hotel", "木兰花园酒店"],
    "mulan hill": ["Mulan Hill Resort", "木兰山度假村"],
    "pine west": ["Pine Inn (Northport West Railway Station)", "青松酒店(北港西站店)"],
    "pine lake": ["Pine Inn (Crane Lake)", "青松酒店(鹤湖店)"],
    "pine tower": ["Pine Inn (Old Tower Street)", "青松酒店(古楼大街店)"],
    "duck": ["Old Wharf Roast Duck (Lantern Street Branch)", "老码头烤鸭(灯笼街店)"],
    "court north": ["Lantern Court Hotel"],
    "court south": ["Lantern Court Inn"],
    "cannon": ["Cannon House", "炮台旅舍"],
    "museum": ["Museum of Salt and Sea", "盐海博物馆"],
    "silver": ["银泉大厦"],
    "jade": ["玉泉大厦"],
    "nostalgia": ["云间小筑怀旧主题酒店(北港清真寺店)"],
    "seven lake": ["7天连锁酒店(北港鹤湖店)"],
    "seven tower": ["7天连锁酒店(北港古楼店)"],
    "scented lake": ["青林香湖酒店"],
    "gui": ["簋街小吃"],
    "number": ["北港一六九商务酒店"],
    "boutique a": ["Northport Quillon Boutique Hotel"],
    "boutique b": ["Northport Marrowby Boutique Hotel"],
}


@pytest.fixture(scope="module")
def index() -> NameIndex[str]:
    index: NameIndex[str] = NameIndex()
    for meaning, names in NAMES.items():
        for name in names:
            index.add(fold_text(name), meaning)
    # Other houses, so that common words are common.
    for number in range(40):
        index.add(f"northport house of guests {chr(97 + number % 26)}x{number} hotel", f"n{number}")
    return index


def found(index: NameIndex[str], text: str) -> list[tuple[str, ...]]:
    folded = fold_text(text)
    words = words_of_text(
        folded, lambda at: text[at].isupper(), frozenset({"is", "what", "we", "xicheng"})
    )
    return [likeness.meanings for likeness in index.find(words)]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("What is the phone of Regent Hotel Northport?", "regent"),
        ("Mulan Gardens is fine", "mulan"),
        ("we stayed at the Mu Lan Garden", "mulan"),
        ("Pine Inn (Northport West Station)", "pine west"),
        ("Qingsong Hotel (Hehu)", "pine lake"),
        ("the Oldwharf Roast Duck in Lantern Street", "duck"),
        ("the Canon House", "cannon"),
        ("Salt & Sea Museum", "museum"),
        ("Laomatou Roast Duck", "duck"),
        ("Silver Spring Tower", "silver"),
        ("Yinquan Building", "silver"),
        ("Jade Spring Tower", "jade"),
        # What is unsaid of a Chinese word counts once, however many pairs of syllables it has.
        ("the Nostalgia Hotel (Beigang Mosque)", "nostalgia"),
        ("7 Days Inn (Hehu)", "seven lake"),
        ("169 Business Hotel is nice", "number"),
        ("Gui Street Snacks", "gui"),
        ("the Beigang 169 Business Hotel", "number"),
    ],
)
def test_a_name_is_found_by_what_is_said_of_it(
    index: NameIndex[str], text: str, meaning: str
) -> None:
    assert found(index, text) == [(meaning,)]


def test_names_that_fit_alike_are_told_as_rivals(index: NameIndex[str]) -> None:
    (meanings,) = found(index, "is the Lantern Court free")
    assert set(meanings) == {"court north", "court south"}


def test_where_what_tells_most_is_unsaid_other_names_are_rivals(index: NameIndex[str]) -> None:
    (meanings,) = found(index, "the Northport Boutique Hotel")
    assert {"boutique a", "boutique b"} <= set(meanings)


def test_where_the_branch_is_none_that_is_known_all_are_rivals() -> None:
    own: NameIndex[str] = NameIndex()
    for branch in ("fenwick", "alder", "harrow"):
        own.add(f"quillon marrowby hotel ({branch})", branch)
    # A branch whose name tells less fits no better than the others.
    for number in range(200):
        own.add(f"guests{number} of {'fenwick' if number < 8 else 'thornaby'} hotel", f"n{number}")
    (meanings,) = found(own, "the Quillon Marrowby Hotel (Zanzibar)")
    assert set(meanings) == {"fenwick", "alder", "harrow"}
    assert found(own, "the Quillon Marrowby Hotel (Alder)") == [("alder",)]


def test_a_word_of_the_vocabulary_is_no_name_misspelt() -> None:
    own: NameIndex[str] = NameIndex()
    for name in ("京西晨光饭店", *(f"京华{number}号饭店" for number in range(60))):
        own.add(name, name)
    assert found(own, "which Xichen Hotel") == [("京西晨光饭店",)]
    assert found(own, "which Xicheng Hotel") == []


@pytest.mark.parametrize(
    "text", ["the Lakewood Hotel", "Northport", "Old Tower Street", "What is it", "a garden", ""]
)
def test_where_a_house_is_or_what_it_has_is_no_name(index: NameIndex[str], text: str) -> None:
    assert found(index, text) == []


def test_two_names_side_by_side_are_two(index: NameIndex[str]) -> None:
    assert found(index, "Mulan Hill Resort and Cannon House") == [("mulan hill",), ("cannon",)]


def test_a_forgotten_name_is_no_longer_found(index: NameIndex[str]) -> None:
    own: NameIndex[str] = NameIndex()
    for number in range(3000):
        own.add(f"house {number} of reeds", "reeds")
        own.discard(f"house {number} of reeds", "reeds")
    own.add("crane lake lodge", "crane")
    assert len(own) == 1
    assert found(own, "Crane Lake Lodge") == [("crane",)]
    own.discard("crane lake lodge", "crane")
    assert found(own, "Crane Lake Lodge") == []
