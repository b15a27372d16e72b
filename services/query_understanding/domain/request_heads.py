"""What a Chinese request is for: its head noun, which comes last in its clause."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from services.query_understanding.domain.mention import Cue
from services.query_understanding.domain.near_phrases import HEADS, Head, before_near
from services.query_understanding.domain.recognised import Recognised

# "找一个…", "推荐家…", "哪家餐馆…": one thing of a kind is asked for.
_REQUEST = re.compile(
    r"(?:找|推荐|选|挑|介绍|安排|预订|预定|订|求推荐)(?:一下|下|出|到)?(?:一?(?:个|家|间|处)|几(?:个|家)|点|些|(?<=求推荐))"
    r"|(?:推荐|介绍|找)(?:一下|下|找|几下)"
    r"|哪一?(?:个|家)(?=景点|餐馆|餐厅|饭馆|公园|博物馆)"
)
_SENTENCE_END = re.compile(r"[。！？!?]")
_CLAUSE_END = re.compile(r"[,，;；]")
# What a thing has is not the thing: "有餐厅的酒店".
_HAS = re.compile(r"(?:有|带|含|提供|配)(?:个|一个|一家)?$")

# Characters in which a request and its conditions are said.
_REACH = 120
# A room may be booked of the hotel already chosen; a 饭店 may be a hotel or a restaurant.
_TELLS_NOTHING = frozenset({"房", "房间", "客房", "订房", "开房", "饭店"})


@dataclass(frozen=True, slots=True)
class Request:
    """A request with its conditions, [start, end), and what it is for."""

    start: int
    end: int
    head: Head


def requests(said: Recognised) -> tuple[Request, ...]:
    """Return the requests of a Chinese utterance whose head is said, in order."""
    text = said.turn.text
    if text.isascii():
        return ()
    near = frozenset(cue.start for cue in said.of("near_after"))
    nouns = [
        cue for cue in said.of(*HEADS)
        if text[cue.start : cue.end] not in _TELLS_NOTHING and not before_near(text, cue.end, near)
    ]  # fmt: skip
    found = (_request(text, match, nouns) for match in _REQUEST.finditer(text))
    return tuple(request for request in found if request is not None)


def _request(text: str, match: re.Match[str], nouns: Sequence[Cue]) -> Request | None:
    stop = _SENTENCE_END.search(text, match.end(), match.end() + _REACH)
    end = stop.start() if stop is not None else min(len(text), match.end() + _REACH)
    clause_start, head = match.end(), None
    while clause_start < end:
        comma = _CLAUSE_END.search(text, clause_start, end)
        clause_end = comma.start() if comma is not None else end
        inside = nouns[
            bisect_left(nouns, clause_start, key=_at) : bisect_left(nouns, clause_end, key=_at)
        ]
        if head is not None and any(HEADS[cue.name] is Head.HOTEL for cue in inside):
            # The next clause asks for a hotel: the conditions of this request are over.
            return Request(match.start(), clause_start, head)
        heads = [cue for cue in inside if not _HAS.search(text, clause_start, cue.start)]
        if head is None and heads:
            head = HEADS[heads[-1].name]
        clause_start = clause_end + 1
    return Request(match.start(), end, head) if head is not None else None


def _at(cue: Cue) -> int:
    return cue.start
