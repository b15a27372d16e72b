"""Nearness to any station, not to one by name: "离地铁近", "walking distance to the metro".

It is a fact of a house like its facilities, where records tell it; a station with a name is a place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.plan.condition import Field, Term
from services.query_understanding.domain.mention import Atom
from services.vocabulary import NEAR_METRO

_METRO = r"(?:地铁|轻轨)(?:站口|站|口)?"
_CLOSE = r"(?:近(?:一?点儿?|一?些|的)?|不要?太远|别太远|不能太远|不远|很近|方便)"
_ZH = re.compile(
    # "不要离地铁太远" asks for what "离地铁不要太远" asks for.
    rf"(?:不要|别|不能|不想|不希望)?(?:离|距离|距)(?:最近的)?{_METRO}太远"
    rf"|(?:离|距离|距|靠近|挨着|紧邻|临近|紧挨着?)(?:最近的)?{_METRO}(?:比较|要|得|都|很|不要|别|尽量)?{_CLOSE}?"
    rf"|(?<![\u4e00-\u9fffa-z0-9]){_METRO}(?:附近|旁边?|边上?|周边|沿线|方便|近)"
    rf"|(?<=[的在找要住选订个家间有])(?<!里有){_METRO}(?:附近|旁边?|边上?|周边|沿线)"
    # "地铁能直达的", "坐地铁可以直达吗", "直达地铁", "地铁能到就行"
    rf"|(?:坐|乘坐?)?{_METRO}(?:是否|是不是|能不能|可不可以|能够?|可以?|就|是|也|要|直接)*(?:直达|到达|能到|可到|(?<=[能以])到(?=$|[的就吗么,，。?？!！]))"
    rf"|直达{_METRO}|(?<![附最远])近(?:着)?{_METRO}"
    rf"|(?:走路|步行|走)(?:[一二两三四五六七八九十\d]+来?分钟)?(?:就|能|可以|就能)*到(?:最近的)?{_METRO}"
)
_NEAR = (
    r"(?:within [\w. -]{1,16}? of|(?:less than|under|no more than|at most|up to)? ?[\d.]+ ?(?:k?m|met(?:er|re)s?|kilomet(?:er|re)s?|min(?:ute)?s?(?: (?:walk|on foot))?) (?:from|of|to)|near|nearby|closer to|nearer to|closest to|nearest to|close to|next to|by|beside|around|within walking distance (?:of|to)"
    r"|walking distance (?:of|to|from)|a short walk (?:to|from)|steps from|not (?:too )?far from"
    r"|with (?:good |easy )?access to|right by|handy for)"
)
_EN = re.compile(
    rf"\b{_NEAR} (?:the |a |an |any |some )?(?:nearest )?"
    r"(?:metro|subway|underground|tube|mrt)(?: (?:station|stop|line|system))?s?\b(?! to\b)"
)


def near_any_station(text: str) -> Iterator[Atom]:
    """Yield the wish to be near a station, whichever it is, at most once."""
    match = _ZH.search(text) or _EN.search(text)
    if match is not None:
        leaf = Term(Field.FACILITY, (NEAR_METRO,))
        yield Atom(*match.span(), Field.FACILITY, leaf, NEAR_METRO)
