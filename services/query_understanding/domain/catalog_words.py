"""What the catalogue's names and values, and shorter forms of them, mean as words of a text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeAlias

from services.plan.condition import Field
from services.query_understanding.domain.catalog_names import NameKind
from services.text.fold import fold_text, has_han
from services.text.romanise import romanised
from services.vocabulary import Vocabulary

Meaning: TypeAlias = tuple[NameKind, str, Field | None]
"""A meaning of a word: what kind of name, the name itself, the field it is a value of."""
Key: TypeAlias = tuple[str, Meaning]
"""A word and one of its meanings."""

_BRACKETED = re.compile(r"\s*[(（][^()（）]*[)）]\s*")
_OLD_NAME = re.compile(r"[(（](?:原|formerly(?: the)?)\s*([^()（）]+)[)）]", re.IGNORECASE)
_HAN_GAP = re.compile(r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])")
# What a district or city is: "浦东新区" is called 浦东.
_AREA = re.compile(r"(?:新区|区|县|市| district| county| city)$")
_SHORTEST_LATIN = 4
_SHORTEST_HAN_NAME, _SHORTEST_LATIN_NAME = 3, 4
# Shorter ones are words of other languages too often.
_SHORTEST_PLACE_IN_LATIN = 6
_NUMBERS_ONLY = re.compile(r"[\d\W_]+")
# Words that many names begin or end with and that alone name nothing.
_GENERIC = frozenset(
    [
        "酒店",
        "宾馆",
        "饭店",
        "大酒店",
        "旅馆",
        "公寓",
        "大厦",
        "hotel",
        "inn",
        "house",
        "lodge",
        "the",
        "hostel",
        "motel",
        "餐厅",
        "酒吧",
        "咖啡",
        "商务",
    ]
)
_CITY_CHARS = (2, 3, 4)
# "金鸡湖凯宾斯基" is 苏州金鸡湖凯宾斯基大酒店. What ends like a place, or is short, may be one.
_HAN_SUFFIX = re.compile(r"(?:国际|商务|度假|假日)?(?:大酒店|酒店|大饭店|饭店|宾馆|度假村)$")
_SHORTEST_HAN_CORE = 4
_ENDS_OF_PLACES = frozenset(
    "心港口市省县铁堂殿阁亭台巷坊同里场园站路街山湖寺城村区桥门宫馆院校学井镇岛庙塔际海江河楼厦"
)
# Words for houses that names end with; most names need no search for them.
_EN_ENDS = (
    "hotel", "guesthouse", "guest house", "lodge", "inn", "hostel", "bed and breakfast", "b&b",
)  # fmt: skip
_EN_SUFFIX = re.compile(rf"^(?:the )?(.+?)(?: (?:{'|'.join(map(re.escape, _EN_ENDS))}))$")


@lru_cache(maxsize=1)
def cities() -> frozenset[str]:
    """Return what cities are called in Chinese."""
    concepts = Vocabulary.load().section("cities").values()
    return frozenset(fold_text(word) for concept in concepts for word in concept.words())


def hotel_keys(display: str, names: Iterable[str]) -> tuple[Key, ...]:
    """Return what a hotel's folded names, and shorter forms of them, mean; each once."""
    whole: Meaning = (NameKind.HOTEL, display, None)
    keys: dict[Key, None] = {}
    for name in names:
        folded = tidy(name)
        if _names_something(folded):
            keys[folded, whole] = None
        for alias in _aliases_of(folded):
            if alias != folded and _names_something(alias) and not _one_latin_word(alias, folded):
                keys[alias, (NameKind.HOTEL_PART, alias, None)] = None
    return tuple(keys)


def tidy(name: str) -> str:
    """Return a name with its blanks as `TurnText` has them: single, none between Chinese."""
    if " " not in name and name.isprintable():
        return name
    single = " ".join(name.split())
    return single if single.isascii() else _HAN_GAP.sub("", single)


def value_keys(value: str, label: str, field: Field) -> Iterable[Key]:
    """Yield what the words for a value of a field mean."""
    for word in _value_words(fold_text(label), field):
        yield word, (NameKind.VALUE, value, field)


def _aliases_of(name: str) -> list[str]:
    """Return shorter forms of a folded name under which guests know the house."""
    han, bracketed = has_han(name), "(" in name or "（" in name
    plain = name
    if bracketed:
        plain = _BRACKETED.sub("", name) if han else tidy(_BRACKETED.sub(" ", name))
    aliases = [plain]
    old = _OLD_NAME.search(name) if bracketed else None
    if old is not None:
        aliases.append(tidy(old[1]))
    if han:
        known = cities()
        aliases += [plain[size:] for size in _CITY_CHARS if plain[:size] in known]
        if not bracketed:
            known_as = _HAN_SUFFIX.sub("", aliases[-1] if len(aliases) > 1 else plain)
            if len(known_as) >= _SHORTEST_HAN_CORE and known_as[-1] not in _ENDS_OF_PLACES:
                aliases.append(known_as)
        if name.endswith(("店)", "店")) and "(" in name:
            aliases.append(name.replace("店)", ")"))
        return aliases
    if plain.startswith("the "):
        aliases.append(plain.replace("the ", "", 1))
    stripped = _EN_SUFFIX.match(plain) if plain.endswith(_EN_ENDS) else None
    if stripped is not None and len(stripped[1]) > 5:
        aliases.append(stripped[1])
    if "guest house" in plain or "guesthouse" in plain:
        aliases.append(plain.replace("guesthouse", "guest house"))
        aliases.append(plain.replace("guest house", "guesthouse"))
    if "'" in plain:
        aliases.append(plain.replace("'", ""))
    if " and " in plain:
        aliases.append(plain.replace(" and ", " & "))
    return aliases


def _names_something(word: str) -> bool:
    if len(word) < _SHORTEST_LATIN_NAME and not (len(word) >= _SHORTEST_HAN_NAME and has_han(word)):
        return False
    # What begins with a letter is no number, and needs no look at the rest.
    return word not in _GENERIC and (word[0].isalpha() or not _NUMBERS_ONLY.fullmatch(word))


def _one_latin_word(alias: str, name: str) -> bool:
    """ "Beijing" is left of many a name when its brackets go, and names no house."""
    return "(" in name and alias.isascii() and " " not in alias


def known_place_words(folded: str) -> set[str]:
    """Return the words for a place known besides, one in Latin letters among them."""
    words = set(place_words(folded))
    words |= {word for word in _pinyin(folded) if len(word) >= _SHORTEST_PLACE_IN_LATIN}
    return {word for word in words if word not in _GENERIC and not _NUMBERS_ONLY.fullmatch(word)}


def place_words(folded: str) -> Iterable[str]:
    """Yield the words for a place that hotels list as near, given its folded name."""
    name = tidy(folded)
    if len(name) >= 2:
        yield name
    plain = _BRACKETED.sub("", name)
    if plain != name and len(plain) >= 2:
        yield plain
    if not has_han(name) and name.startswith("the ") and len(name) > 8:
        yield name[4:]


def _value_words(folded: str, field: Field) -> Iterable[str]:
    if len(folded) >= 2:
        yield folded
    if field not in (Field.DISTRICT, Field.CITY):
        return
    short = _AREA.sub("", folded)
    if len(short) >= 2 and short != folded:
        yield short
    yield from (word for word in _pinyin(short) if len(word) >= _SHORTEST_LATIN)


def _pinyin(folded: str) -> set[str]:
    """Return how a Chinese name is spelt in Latin letters: "jingan" and "jing'an"."""
    return {romanised(folded), romanised(folded, "'")} if has_han(folded) else set()
