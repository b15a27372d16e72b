"""Names of the catalogue said loosely in an utterance: which are believed, and as what."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from services.query_understanding.domain.catalog_names import (
    CatalogLexicon,
    NameKind,
    NameMatch,
)
from services.query_understanding.domain.lexemes import Lexemes
from services.query_understanding.domain.name_index import Resemblance
from services.query_understanding.domain.name_words import (
    tells_a_house,
    tells_only_a_sort,
    words_of_text,
)
from services.query_understanding.domain.turn_text import TurnText

_CAPITAL: Final = re.compile(r"[A-Z]")
_SMALL: Final = re.compile(r"[a-z]")
_NEAR_BEFORE: Final = re.compile(
    r"(?:near(?:by)?|around|close to|next to|beside|by|opposite|from|of|visit(?:ing)?)\s+(?:the\s+)?$"
)
# A hotel's name is believed without a word such as "hotel" beside it from this fit on.
_LEAST_BARE: Final = 0.8
# Where no capital tells names from words, only names said almost whole are believed.
_LEAST_UNCASED: Final = 0.85
_REACH: Final = 16
_COUNTED: Final = re.compile(r", ?\d")
_STARTS: Final = re.compile(r"(?:^|[.!?])\s*$")


def loose_names(turn: TurnText, lexemes: Lexemes, lexicon: CatalogLexicon) -> list[NameMatch]:
    """Return the names that stretches of the text resemble.

    A match has rivals where the stretch fits several names as well.
    """
    if not (_CAPITAL.search(turn.original) or _SMALL.search(turn.original)):
        return []
    words = words_of_text(turn.text, turn.is_capital if turn.cased else None, lexemes.everyday)
    found: list[NameMatch] = []
    for likeness in lexicon.resembling(words):
        several = " " in turn.text[likeness.start : likeness.end]
        if turn.cased or (likeness.score >= _LEAST_UNCASED and several):
            found += _believed(turn, likeness)
    return found


def is_said_as_name(match: NameMatch, turn: TurnText, lexemes: Lexemes) -> bool:
    """Tell whether a name found word for word is meant as one: "a comfort hotel" names none.

    Latin words that are also plain words name something only where they are written large.
    """
    stretch = turn.text[match.start : match.end]
    if not stretch.isascii() or match.kind is NameKind.VALUE:
        return True
    words = words_of_text(stretch)
    plain = all(
        tells_only_a_sort(word.form) or stretch[word.start : word.end] in lexemes.everyday
        for word in words
    )
    if plain and len(words) == 1:
        return False
    if len(words) > 2 or (not plain and (len(words) > 1 or match.kind is not NameKind.PLACE)):
        return True
    if not turn.cased:
        return not plain
    large = all(turn.is_capital(match.start + word.start) for word in words)
    return large and (len(words) > 1 or not _STARTS.search(turn.text[: match.start]))


def _believed(turn: TurnText, likeness: Resemblance[tuple[NameKind, str]]) -> Iterable[NameMatch]:
    start, end = likeness.start, likeness.end
    kinds = dict.fromkeys(kind for kind, _ in likeness.meanings)
    house = tells_a_house(turn.text[max(0, start - _REACH) : end + _REACH])
    near = _NEAR_BEFORE.search(turn.text[:start]) is not None
    # "near X" wants a place where X is one; elsewhere a house is meant if its name says so.
    order = (NameKind.PLACE, NameKind.HOTEL) if near else (NameKind.HOTEL, NameKind.PLACE)
    for kind in order:
        if kind not in kinds:
            continue
        if kind is NameKind.HOTEL and likeness.score < _LEAST_BARE and not house:
            continue
        if _COUNTED.search(turn.text, start, end):
            continue  # "Shanghai, 2 adults" tells no house by its number
        names = [name for other, name in likeness.meanings if other is kind]
        yield NameMatch(start, end, kind, names[0], rivals=tuple(names[1:]))
        return
