"""Houses named that the catalogue does not know: "the address of Sofu Hotel".

What is asked of such a house must not be answered of another one that is in focus. In English names
are told by their capitals, so only where a text has both sizes of letters; in Chinese by what only one
house has, its telephone or its address.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from services.query_understanding.domain.turn_text import TurnText
from services.text.fold import has_han

_HOUSE = re.compile(r"\b(?:hotel|inn|hostel|guest ?house|motel|resort|lodge|homestay|aparthotel)\b")
_NOUN_ZH = r"大?(?:酒店|宾馆|饭店|民宿|客栈|旅馆|旅舍|度假村)"
_HOUSE_ZH = re.compile(
    r"(?:^|[,，。!！?？;；\s]|请问|那么?|好的|查一?下|查查|知道|告诉我|问一?下|觉得|选|订|去)"
    rf"(?P<name>(?P<stem>[\u4e00-\u9fff]{{2,8}}?){_NOUN_ZH})"
    r"(?=的?(?:电话|联系方式|地址|在哪))"
)
_HOUSE_NOUN_ZH = re.compile(rf"{_NOUN_ZH}$")
_LEAST_WORD = 3
_NO_STEM = re.compile(r"[这那该此哪家个间的几我你您他它最把将给让请能可会帮想也还再就]")
_WORD = re.compile(r"[a-z0-9][a-z0-9'&.-]*")
# What is beside such a house, or like it, is not the house.
_BESIDE = re.compile(
    r"\b(?:near|nearby|around|(?<!do you )like|to|by|from|beside|opposite|as)(?: the)? $|\bsimilar to(?: the)? $"
)
_LONGEST = 60


def unknown_houses(
    turn: TurnText,
    named: Sequence[tuple[int, int]],
    worded: Sequence[tuple[int, int]],
    everyday: Collection[str],
) -> tuple[tuple[int, int], ...]:
    """Return where houses are named that nothing known covers.

    Args:
        turn: The text.
        named: Stretches that name a hotel, a place or a brand.
        worded: Stretches of other words known, of which no Chinese name is made here.
        everyday: Latin words that by themselves are no names.
    """
    known = (*named, *worded)
    found = [
        match.span("name")
        for match in _HOUSE_ZH.finditer(turn.text)
        if not _NO_STEM.search(match["stem"]) and not _touches(match.span("stem"), known)
    ]
    if not turn.cased:
        return tuple(found)
    for house in _HOUSE.finditer(turn.text):
        start = _name_before(turn, house.start(), everyday)
        if start is None or _touches((start, house.end()), named):
            continue
        if not _BESIDE.search(turn.text, max(0, start - _LONGEST), start):
            found.append((start, house.end()))
    return tuple(found)


def is_like(name: str, others: Iterable[str]) -> bool:
    """Tell whether a name cut short or misspelt may be one of the others, all folded."""
    stem = _HOUSE.sub("", _HOUSE_NOUN_ZH.sub("", name)).strip()
    if has_han(stem):
        pieces = {stem[at : at + 2] for at in range(len(stem) - 1)}
    else:
        pieces = {word for word in stem.split() if len(word) > _LEAST_WORD}
    return any(piece in other for other in others for piece in pieces)


def _touches(span: tuple[int, int], known: Sequence[tuple[int, int]]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in known)


def _name_before(turn: TurnText, noun: int, everyday: Collection[str]) -> int | None:
    """Return where the capitalised words before a capitalised noun begin, `None` without a name."""
    if not turn.is_capital(noun):
        return None
    words = list(_WORD.finditer(turn.text, max(0, noun - _LONGEST), noun))
    name: list[re.Match[str]] = []
    until = noun
    for word in reversed(words):
        if turn.text[word.end() : until] != " " or not turn.is_capital(word.start()):
            break
        name.insert(0, word)
        until = word.start()
    # "Does Morden Star Hotel": the sentence begins with a capital too.
    while name and name[0].group() in everyday:
        name.pop(0)
    return name[0].start() if name else None
