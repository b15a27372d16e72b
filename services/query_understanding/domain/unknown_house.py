"""Houses named that the catalogue does not know: "the address of Sofu Hotel".

What is asked of such a house must not be answered of another one that is in focus. Told by capitals,
so only where a text has both sizes of letters.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from services.query_understanding.domain.turn_text import TurnText

_HOUSE = re.compile(r"\b(?:hotel|inn|hostel|guest ?house|motel|resort|lodge|homestay|aparthotel)\b")
_WORD = re.compile(r"[a-z0-9][a-z0-9'&.-]*")
# What is beside such a house, or like it, is not the house.
_BESIDE = re.compile(
    r"\b(?:near|nearby|around|like|to|by|from|beside|opposite|as)(?: the)? $|\bsimilar to(?: the)? $"
)
_LONGEST = 60


def unknown_houses(
    turn: TurnText, known: Sequence[tuple[int, int]], everyday: Collection[str]
) -> tuple[tuple[int, int], ...]:
    """Return where houses are named that nothing known covers.

    Args:
        turn: The text.
        known: Stretches that name something known.
        everyday: Words that by themselves are no names.
    """
    if not turn.cased:
        return ()
    found = []
    for house in _HOUSE.finditer(turn.text):
        start = _name_before(turn, house.start(), everyday)
        if start is None or any(s < house.end() and start < e for s, e in known):
            continue
        if not _BESIDE.search(turn.text, max(0, start - _LONGEST), start):
            found.append((start, house.end()))
    return tuple(found)


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
