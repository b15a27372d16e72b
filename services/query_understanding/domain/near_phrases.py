"""Chinese phrases of nearness: what is near what.

A phrase reads "ANCHOR 的 附近 有什么 HEAD": what is asked for follows the word of nearness, what it
is near to comes before it. With "离" the anchor stands between: "离 ANCHOR 近的 HEAD". English has
the other order: `near_phrases_en.py`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.plan.query_plan import PlaceMention
from services.query_understanding.domain.mention import Cue
from services.query_understanding.domain.place_names import is_bare_head
from services.query_understanding.domain.recognised import HotelMention, Recognised

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
# Characters around a word of nearness in which what belongs to it is said.
_REACH = 48
# Characters after it that leave what is asked for to the next clause: "那附近呢，有酒店吗".
_BARE_REACH = 3
_HOTEL_NOUN = re.compile(r"酒店|宾馆|旅馆|旅店|住处|客栈")
# Between an anchor and its word of nearness: "这家餐馆的周边", "酒店那附近", "故宫这个景点周边".
_GLUE = re.compile(r"(?:的|这个|那个|这|那|个|家|店|里|就|它|景点|餐馆|餐厅|饭店|地方|一下|,| )*")
_AFTER_APART = re.compile(r"(?:比较|稍微|很|更)?(?:近|不远|\d|[一二两三四五六七八九十半])")
_DEMONSTRATIVE = re.compile(
    r"(?:这|那|该)(?:个|家|座|间|处|条|片|所|栋)?(?P<noun>[\u4e00-\u9fff]{1,4}?)的?$"
)
_LAST_NOUN = re.compile(r"(?P<noun>[\u4e00-\u9fff]{2})的?$")
# One thing of its own: "找个酒店附近的餐馆", "周边的餐馆里有没有…", and what only meals and sights have.
_SEEKS = re.compile(
    r"(?:找|推荐|选|挑|安排|介绍)(?:一(?!下)|个|家|几|处)|人均|推荐菜|门票|票价|游玩时|消费|免费|想吃|能吃|吃到|"
    r"(?:餐馆|餐厅|饭馆|饭店|景点|馆子)(?:里|中|当中|之中|里面|哪)"
)
_ONLY_THEIRS = re.compile(r"人均|推荐菜|招牌菜|门票|票价|游玩时")
# "它周边有什么景点？有酒店吗？": what is asked next is asked of the same place.
HOTELS_EXIST = re.compile(
    r"有(?:没有|什么|哪些|啥|其他|其它|别的|合适|不错|好|的)*(?:酒店|宾馆|旅馆|住的地方|住宿)(?!的?(?:设施|服务))"
)
# Nobody means more; a text that says "near" a thousand times is read in time all the same.
_MOST_PHRASES = 100
_NOMINAL = re.compile(r"\s*的\s*$")


def near_phrases(said: Recognised, named: Sequence[NamedPlace]) -> tuple[NearPhrase, ...]:
    """Return the phrases of nearness of a Chinese utterance, in order.

    Args:
        said: The mentions.
        named: The places named, in the order of the words.
    """
    text = said.turn.text
    if text.isascii():
        return ()
    cues = [c for c in said.of("near_after", "near_before") if not text[c.start : c.end].isascii()]
    reader = _Reader(said, named, frozenset(cue.start for cue in cues))
    return tuple(reader.phrase(cue) for cue in cues[:_MOST_PHRASES])


@dataclass(frozen=True, slots=True)
class _Reader:
    said: Recognised
    named: Sequence[NamedPlace]
    near: frozenset[int]

    def phrase(self, cue: Cue) -> NearPhrase:
        said, text = self.said, self.said.turn.text
        low, high = said.clause_around(cue.start, cue.end)
        low, high = max(low, cue.start - _REACH), min(high, cue.end + _REACH)
        start = cue.end
        if cue.name == "near_before":
            apart = _AFTER_APART.search(text, cue.end, high)
            start = apart.end() if apart is not None else cue.end
            anchor, noun = self._anchor(cue.end, start - 1 if apart is not None else start)
        else:
            anchor, noun = self._anchor(low, cue.start)
        heads = self._heads(start, high)
        if not heads and _NOMINAL.fullmatch(text[start:high].rstrip("吧呢啊呀吗了")):
            # "看看住的地方，最好是这个餐馆附近的": the noun was said before.
            heads = self._heads(max(0, cue.start - 2 * _REACH), cue.start) & {Head.HOTEL}
        elif not heads and high < len(text) and high - start <= _BARE_REACH:
            high = min(said.clause_around(high + 1, high + 1)[1], high + _REACH)
            heads = self._heads(start, high)
        after = min(len(text), high + 2 * _REACH)
        if heads and Head.HOTEL not in heads and HOTELS_EXIST.search(text, high, after):
            heads.add(Head.HOTEL)
        seeks = bool(_SEEKS.search(text, low, high) or _ONLY_THEIRS.search(text, high, after))
        return NearPhrase(cue, anchor, noun, frozenset(heads), seeks)

    def _heads(self, start: int, end: int) -> set[Head]:
        text = self.said.turn.text
        found: set[Head] = set()
        for cue in self.said.within(start, end, *HEADS, "anaphor_hotel"):
            if before_near(text, cue.end, self.near):
                continue
            head = HEADS.get(cue.name)
            if cue.name == "anaphor_hotel" and text[cue.start : cue.start + 2] in ("酒店", "宾馆"):
                head = Head.HOTEL
            if head is not None:
                found.add(head)
        return found

    def _anchor(self, start: int, end: int) -> tuple[Anchor, str]:
        """Return what stands at the end of a stretch, and its bare noun after "这个"."""
        said, text = self.said, self.said.turn.text
        start = max(start, end - _REACH)
        cues = said.within(start, end, *_ANCHORS)
        offers = [(h.start, h.end, Anchor.HOTEL) for h in _inside(said.hotels, start, end)]
        offers += [
            (at, upto, Anchor.PLACE)
            for at, upto, _ in self.named[
                bisect_left(self.named, start, key=_at) : bisect_left(self.named, end, key=_at)
            ]
        ]
        for cue in cues:
            anchor = _ANCHORS[cue.name]
            if anchor is Anchor.PRONOUN and _HOTEL_NOUN.search(text[cue.start : cue.end]):
                anchor = Anchor.HOTEL
            offers.append((cue.start, cue.end, anchor))
        fitting = [o for o in offers if o[1] <= end and _GLUE.fullmatch(text, o[1], end)]
        # The nearest wins, of these the longest.
        best = max(fitting, key=lambda o: (o[1], o[1] - o[0]), default=None)
        if best is not None and best[2] is not Anchor.PRONOUN:
            return best[2], ""
        noun = self._noun(start, end)
        if noun:
            return Anchor.PRONOUN, noun
        return (best[2] if best is not None else Anchor.UNSAID), ""

    def _noun(self, start: int, end: int) -> str:
        text = self.said.turn.text
        noun = _DEMONSTRATIVE.search(text, start, end)
        if noun is None:
            noun = _LAST_NOUN.search(text, start, end)
            if noun is None or not is_bare_head(noun["noun"]):
                return ""
        # Words that mean something by themselves are no such noun.
        first, last = noun.span("noun")
        known = any(c.end > first for c in self.said.within(max(0, first - 4), last, *_ANCHORS))
        return "" if known else noun["noun"]


def before_near(text: str, end: int, near: frozenset[int]) -> bool:
    """Tell whether a word that ends there is the anchor of a word of nearness: "餐馆的周边"."""
    return end in near or (text[end : end + 1] == "的" and end + 1 in near)


def _inside(hotels: Sequence[HotelMention], start: int, end: int) -> Sequence[HotelMention]:
    low = bisect_left(hotels, start, key=lambda hotel: hotel.start)
    return hotels[low : bisect_left(hotels, end, key=lambda hotel: hotel.start)]


def _at(place: NamedPlace) -> int:
    return place[0]
