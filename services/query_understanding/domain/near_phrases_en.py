"""English phrases of nearness: "any restaurants around this hotel", "a hotel near it".

What is asked for comes before the word of nearness, what it is near to after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from services.query_understanding.domain.mention import Cue
from services.query_understanding.domain.near_phrases import (
    HEADS,
    Anchor,
    Head,
    NamedPlace,
    NearPhrase,
)
from services.query_understanding.domain.recognised import Recognised

_SENTENCE: Final = re.compile(r"[^.?!;]+(?:[.](?=\w)[^.?!;]+)*")
_ANCHOR: Final = re.compile(
    r"\s*(?P<points>(?:the|this|that|these|those|my|our|your|its|said|same)\s+)*"
    r"(?P<noun>hotels?|inn|guest ?houses?|hostel|place i'm staying|accommodation"
    r"|attractions?|scenic (?:spots?|areas?)|sights?|museum|park|temple|palace|site"
    r"|restaurants?|eatery|cafe|diner|pub"
    r"|it|there|here|them|one|place|area|location|spot|this|that)\b"
)
_BARE: Final = re.compile(
    r"\s*(?:[.,?!;]|$|and\b|please\b|so\b|if\b|for\b|with\b|that\b|which\b|too\b|as\b)"
)
_ANCHOR_OF: Final = {
    "hotel": Anchor.HOTEL, "inn": Anchor.HOTEL, "guesthouse": Anchor.HOTEL,
    "guest house": Anchor.HOTEL, "hostel": Anchor.HOTEL, "accommodation": Anchor.HOTEL,
    "place i'm staying": Anchor.HOTEL,
    "attraction": Anchor.ATTRACTION, "scenic spot": Anchor.ATTRACTION,
    "scenic area": Anchor.ATTRACTION, "sight": Anchor.ATTRACTION, "museum": Anchor.ATTRACTION,
    "park": Anchor.ATTRACTION, "temple": Anchor.ATTRACTION, "palace": Anchor.ATTRACTION,
    "site": Anchor.ATTRACTION,
    "restaurant": Anchor.RESTAURANT, "eatery": Anchor.RESTAURANT, "cafe": Anchor.RESTAURANT,
    "diner": Anchor.RESTAURANT, "pub": Anchor.RESTAURANT,
}  # fmt: skip
# Words of nearness that need nothing after them.
_ALONE: Final = frozenset(
    ["nearby", "around", "in the vicinity", "in the neighborhood", "in the neighbourhood"]
)
# One such thing is wanted by its own conditions: said before the noun, or of it.
_SEEKS: Final = re.compile(
    r"\b(?:find|recommend|suggest|look(?:ing)? for|book|prefer|(?:want|need|like) (?:an?|some|to (?:find|eat|try)))\b"
)
_ITS_OWN: Final = re.compile(r"per[- ]person|entrance fee|ticket|rating of|rated")
# "Is there a hotel? I want to live nearby": it was asked for in the sentence before.
_HOTELS_ASKED: Final = re.compile(r"\b(?:is|are) there (?:an?|any|some) (?:[a-z]+ )?hotels?\W*$")
_ASKED_REACH: Final = 40
# When, not what: "if I eat late", "after dining".
_ASIDE: Final = re.compile(r"\b(?:if|when|after|before|once) (?:i|we) \w+[^,.?!;]*")
# No guest says more in one turn; what repeats without end is not read to the end.
_MOST_PHRASES: Final = 24


def english_near_phrases(said: Recognised, named: Sequence[NamedPlace]) -> tuple[NearPhrase, ...]:
    """Return the phrases of nearness of an English utterance, in order."""
    text = said.turn.text
    sentences = [match.span() for match in _SENTENCE.finditer(text)]
    cues = [*said.of("near_before"), *said.of("near_after")]
    cues = [cue for cue in cues if text[cue.start : cue.end].isascii()][:_MOST_PHRASES]
    found = []
    for cue in cues:
        start, end = next(
            ((s, e) for s, e in sentences if s <= cue.start < e), (cue.start, cue.end)
        )
        phrase = _phrase(cue, start, end, said, named)
        if phrase is not None:
            found.append(phrase)
    return tuple(found)


def _phrase(
    cue: Cue, start: int, end: int, said: Recognised, named: Sequence[NamedPlace]
) -> NearPhrase | None:
    text = said.turn.text
    anchor, noun, after = _anchor(cue, said, named)
    if anchor is None:
        return None
    heads = set(_heads(said, start, cue.start))
    if not heads and _HOTELS_ASKED.search(text, max(0, start - _ASKED_REACH), start):
        heads = {Head.HOTEL}
    if text[cue.start : cue.end] == "nearby" and not heads:
        heads = set(_heads(said, cue.end, end))
    if not heads:
        heads = set(_heads(said, max(after, cue.end), end))
    seeks = Head.HOTEL not in heads and bool(
        _SEEKS.search(text, start, cue.start) or _ITS_OWN.search(text, start, end)
    )
    return NearPhrase(cue, anchor, noun, frozenset(heads), seeks)


def _anchor(
    cue: Cue, said: Recognised, named: Sequence[NamedPlace]
) -> tuple[Anchor | None, str, int]:
    """Return what the words after a word of nearness name, its noun, and where they end."""
    text = said.turn.text
    for hotel in said.hotels:
        if 0 <= hotel.start - cue.end <= 5:
            return Anchor.HOTEL, "", hotel.end
    for start, end, _ in named:
        if 0 <= start - cue.end <= 5:
            return Anchor.PLACE, "", end
    match = _ANCHOR.match(text, cue.end)
    # "the nearby attractions" are asked for, "nearby the museum" is not.
    if match is not None and (text[cue.start : cue.end] != "nearby" or match["points"]):
        noun = match["noun"].removesuffix("s") if match["noun"] not in ("this",) else "this"
        return _ANCHOR_OF.get(noun, Anchor.PRONOUN), "", match.end()
    if text[cue.start : cue.end] in _ALONE and _BARE.match(text, cue.end):
        return Anchor.UNSAID, "", cue.end
    return (Anchor.UNSAID, "", cue.end) if text[cue.start : cue.end] == "nearby" else (None, "", 0)


def _heads(said: Recognised, start: int, end: int) -> Iterable[Head]:
    asides = [aside.span() for aside in _ASIDE.finditer(said.turn.text, start, end)]
    for cue in said.within(start, end, *HEADS):
        if not cue.name.startswith("anaphor_") and not any(s < cue.start < e for s, e in asides):
            yield HEADS[cue.name]
    if any(start <= house.start < end for house in said.houses()):
        yield Head.HOTEL
