"""Chinese phrases of nearness: what is near what.

A phrase reads "ANCHOR 的 附近 有什么 HEAD": what is asked for follows the word of nearness, what it
is near to comes before it. With "离" the anchor stands between: "离 ANCHOR 近的 HEAD". English has
the other order and is read by its own patterns in `places.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.plan.query_plan import PlaceMention
from services.query_understanding.domain.mention import Cue
from services.query_understanding.domain.recognise import Recognised

NamedPlace = tuple[int, int, PlaceMention]


class Anchor(StrEnum):
    """What something is to be near to."""

    HOTEL = "hotel"
    RESTAURANT = "restaurant"
    ATTRACTION = "attraction"
    PLACE = "place"
    PRONOUN = "pronoun"
    UNSAID = "unsaid"


class Head(StrEnum):
    """What is asked for."""

    HOTEL = "hotel"
    RESTAURANT = "restaurant"
    ATTRACTION = "attraction"


@dataclass(frozen=True, slots=True)
class NearPhrase:
    """One phrase of nearness.

    Attributes:
        cue: The word of nearness.
        anchor: What kind of thing stands before it.
        noun: The noun after "这个", "那座" where that is all the anchor says: "这个剧院".
        heads: What is asked for near it; empty where nothing is said.
        seeks: One such thing is to be found by its own conditions, not listed.
    """

    cue: Cue
    anchor: Anchor
    noun: str
    heads: frozenset[Head]
    seeks: bool


HEADS = {
    "hotel_word": Head.HOTEL,
    "place_word_restaurant": Head.RESTAURANT,
    "other_food": Head.RESTAURANT,
    "fact_near_restaurant": Head.RESTAURANT,
    "anaphor_restaurant": Head.RESTAURANT,
    "place_word_attraction": Head.ATTRACTION,
    "other_sight": Head.ATTRACTION,
    "fact_near_attraction": Head.ATTRACTION,
    "anaphor_attraction": Head.ATTRACTION,
}
_ANCHORS = {
    "anaphor_restaurant": Anchor.RESTAURANT,
    "place_word_restaurant": Anchor.RESTAURANT,
    "anaphor_attraction": Anchor.ATTRACTION,
    "place_word_attraction": Anchor.ATTRACTION,
    "hotel_word": Anchor.HOTEL,
    "anaphor_hotel": Anchor.PRONOUN,
}
_HOTEL_NOUN = re.compile(r"酒店|宾馆|旅馆|旅店|住处|客栈")
# Between an anchor and its word of nearness: "这家餐馆的周边", "酒店那附近", "故宫这个景点周边".
_GLUE = re.compile(r"(?:的|这个|那个|这|那|个|家|店|里|就|它|景点|餐馆|餐厅|饭店|地方|一下|,| )*")
_AFTER_APART = re.compile(r"(?:比较|稍微|很|更)?(?:近|不远|\d|[一二两三四五六七八九十半])")
_DEMONSTRATIVE = re.compile(
    r"(?:这|那|该)(?:个|家|座|间|处|条|片|所|栋)?(?P<noun>[\u4e00-\u9fff]{1,4}?)的?$"
)
# No guest says more in one turn; what repeats without end is not read to the end.
_MOST_PHRASES = 24
_STOPS = re.compile(r"[,，。！？!?;；]")
# One thing of its own: "找个酒店附近的餐馆", "周边的餐馆里有没有…", and what only meals and sights have.
_SEEKS = re.compile(
    r"(?:找|推荐|选|挑|安排|介绍)(?:一|个|家|几|处)|人均|推荐菜|门票|票价|游玩时|消费|免费|想吃|能吃|吃到|"
    r"(?:餐馆|餐厅|饭馆|饭店|景点|馆子)(?:里|中|当中|之中|里面|哪)"
)
_ONLY_THEIRS = re.compile(r"人均|推荐菜|招牌菜|门票|票价|游玩时")
_NOMINAL = re.compile(r"\s*的\s*$")


def near_phrases(said: Recognised, named: Sequence[NamedPlace]) -> tuple[NearPhrase, ...]:
    """Return the phrases of nearness of a Chinese utterance, in order."""
    text = said.turn.text
    if text.isascii():
        return ()
    cues = [c for c in said.of("near_after", "near_before") if not text[c.start : c.end].isascii()]
    cues = cues[:_MOST_PHRASES]
    return tuple(_phrase(cue, cues, said, named) for cue in cues)


def _phrase(
    cue: Cue, cues: Sequence[Cue], said: Recognised, named: Sequence[NamedPlace]
) -> NearPhrase:
    text = said.turn.text
    if cue.name == "near_before":
        apart = _AFTER_APART.search(text, cue.end)
        start = apart.end() if apart is not None else cue.end
        anchor, noun = _anchor(said, named, cue.end, start - 1 if apart is not None else start)
    else:
        stop = max((m.end() for m in _STOPS.finditer(text, 0, cue.start)), default=0)
        anchor, noun = _anchor(said, named, stop, cue.start)
        start = cue.end
    end = _clause_end(text, start)
    heads = _heads_in(said, cues, start, end)
    if not heads and _NOMINAL.fullmatch(text[start:end].rstrip("吧呢啊呀吗了")):
        # "看看住的地方，最好是这个餐馆附近的": the noun was said before.
        before = _heads_in(said, cues, 0, cue.start)
        heads = before & {Head.HOTEL}
    elif not heads and end < len(text):
        end = _clause_end(text, end + 1)
        heads = _heads_in(said, cues, start, end)
    clause = text[max((m.end() for m in _STOPS.finditer(text, 0, cue.start)), default=0) : end]
    seeks = bool(_SEEKS.search(clause)) or bool(_ONLY_THEIRS.search(text, end))
    return NearPhrase(cue, anchor, noun, frozenset(heads), seeks)


def _clause_end(text: str, start: int) -> int:
    stop = _STOPS.search(text, start)
    return stop.start() if stop is not None else len(text)


def _heads_in(said: Recognised, cues: Sequence[Cue], start: int, end: int) -> set[Head]:
    text = said.turn.text
    found: set[Head] = set()
    for cue in said.cues:
        if not start <= cue.start < end:
            continue
        # What stands right before another word of nearness is that one's anchor.
        if any(
            other.start >= cue.end and text[cue.end : other.start] in ("", "的") for other in cues
        ):
            continue
        head = HEADS.get(cue.name)
        if cue.name == "anaphor_hotel" and text[cue.start : cue.start + 2] in ("酒店", "宾馆"):
            head = Head.HOTEL
        if head is not None:
            found.add(head)
    return found


def _anchor(
    said: Recognised, named: Sequence[NamedPlace], start: int, end: int
) -> tuple[Anchor, str]:
    """Return what stands at the end of a stretch, and its bare noun after "这个"."""
    text = said.turn.text
    best: tuple[int, int, Anchor] | None = None

    def offer(at: int, upto: int, anchor: Anchor) -> None:
        nonlocal best
        if at < start or upto > end or not _GLUE.fullmatch(text, upto, end):
            return
        if best is None or (upto, upto - at) > best[:2]:
            best = (upto, upto - at, anchor)

    for hotel in said.hotels:
        offer(hotel.start, hotel.end, Anchor.HOTEL)
    for at, upto, _ in named:
        offer(at, upto, Anchor.PLACE)
    for cue in said.cues:
        anchor = _ANCHORS.get(cue.name)
        if anchor is Anchor.PRONOUN and _HOTEL_NOUN.search(text[cue.start : cue.end]):
            anchor = Anchor.HOTEL
        if anchor is not None:
            offer(cue.start, cue.end, anchor)
    noun = _DEMONSTRATIVE.search(text, start, end)
    if best is not None and best[2] not in (Anchor.PRONOUN, Anchor.UNSAID):
        return best[2], ""
    if noun is not None and not any(
        a.start < noun.end("noun") and noun.start("noun") < a.end for a in said.cues
        if a.name not in ("filler", "request", "new_request", "ask")
    ):  # fmt: skip
        return Anchor.PRONOUN, noun["noun"]
    return (best[2], "") if best is not None else (Anchor.UNSAID, "")
