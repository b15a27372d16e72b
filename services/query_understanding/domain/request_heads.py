"""What a Chinese request is for: its head noun, which comes last in its clause."""

from __future__ import annotations

import re
from collections.abc import Sequence

from services.query_understanding.domain.mention import Cue
from services.query_understanding.domain.near_phrases import HEADS, Head
from services.query_understanding.domain.recognise import Recognised

# "找一个…", "推荐家…", "哪家餐馆…": one thing of a kind is asked for.
_REQUEST = re.compile(
    r"(?:找|推荐|选|挑|介绍|安排|预订|预定|订|求推荐)(?:一下|下|出|到)?(?:一?(?:个|家|间|处)|几(?:个|家)|点|些|(?<=求推荐))"
    r"|哪一?(?:个|家)(?=景点|餐馆|餐厅|饭馆|公园|博物馆)"
)
_SENTENCE_END = re.compile(r"[。！？!?]")
_CLAUSE_END = re.compile(r"[,，;；]")
# What a thing has is not the thing: "有餐厅的酒店".
_HAS = re.compile(r"(?:有|带|含|提供|配)(?:个|一个|一家)?$")

# A room may be booked of the hotel already chosen; a 饭店 may be a hotel or a restaurant.
_TELLS_NOTHING = frozenset({"房", "房间", "客房", "订房", "开房", "饭店"})


def requested_heads(said: Recognised) -> frozenset[Head]:
    """Return what the requests of a Chinese utterance are for; empty where none says it."""
    text = said.turn.text
    if text.isascii():
        return frozenset()
    nouns = _nouns(said)
    found = (_head(text, request.end(), nouns) for request in _REQUEST.finditer(text))
    return frozenset(head for head in found if head is not None)


def _head(text: str, start: int, nouns: Sequence[tuple[Cue, Head]]) -> Head | None:
    stop = _SENTENCE_END.search(text, start)
    end = stop.start() if stop is not None else len(text)
    clause_start = start
    while clause_start < end:
        comma = _CLAUSE_END.search(text, clause_start, end)
        clause_end = comma.start() if comma is not None else end
        inside = [
            head for cue, head in nouns
            if clause_start <= cue.start < clause_end
            and not _HAS.search(text, clause_start, cue.start)
        ]  # fmt: skip
        if inside:
            return inside[-1]
        clause_start = clause_end + 1
    return None


def _nouns(said: Recognised) -> list[tuple[Cue, Head]]:
    """Return the nouns that are no anchor of a word of nearness, in order."""
    text = said.turn.text
    near = said.of("near_after")
    found = []
    for cue in said.cues:
        head = HEADS.get(cue.name)
        if (
            head is None
            or text[cue.start : cue.end] in _TELLS_NOTHING
            or any(n.start >= cue.end and text[cue.end : n.start] in ("", "的") for n in near)
        ):
            continue
        found.append((cue, head))
    return found
