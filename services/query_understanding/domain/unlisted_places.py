"""Places that no list names, told by the words around them: "司马小烧附近", "near Beidaihe station"."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from services.plan.condition import Field, PlaceCategory, Range
from services.plan.query_plan import PlaceMention
from services.query_understanding.domain.place_names import (
    could_be_a_name,
    could_stand_before_near,
    is_bare_head,
    is_proper_place,
)
from services.query_understanding.domain.recognised import Recognised

_ZH_STATION = re.compile(
    r"(?:^|[离在到去从住距靠近,，。;；、的是说叫看有和或跟]|附近|挨着)([\u4e00-\u9fff]{2,8}?)(?:地铁站|火车站|高铁站|站)(?=[附旁边口出到里的一二两三五四六七八九十\d,，。周有上走步]|$)"
)
_ZH_AIRPORT = re.compile(
    r"(?:^|[离在到去从住距近,，。;；、的是有和或跟])(?P<name>(?!最近|附近|[哪这那离在到去从住距近有是])[\u4e00-\u9fff]{2,5}?(?:国际)?机场)"
)
_X = r"(?P<name>[\u4e00-\u9fff0-9a-zの·&'() ]{2,20}?)"
_INTRODUCED = (
    # "离天安门最近的酒店", "靠近天安门的酒店", "a hotel near 天安门"
    re.compile(r"(?:靠近|挨着|紧挨着|紧邻|毗邻|临近|离|距)(?P<name>[\u4e00-\u9fff]{2,8}?)(?=的(?:酒店|宾馆|旅馆|民宿|公寓|住)|(?:最|比较|很|更)?近|(?<!远)不远)"),
    re.compile(r"(?:靠近|挨着|紧挨着|紧邻|毗邻|临近|邻近)(?P<name>[\u4e00-\u9fff]{3,10}?)(?=的|$|[,，。;；、!！?？ ]|附近|[吧呢啊呀哦哈]|就(?:行|好|成))"),
    re.compile(r"(?:near|near to|close to|next to|beside|around) (?P<name>[\u4e00-\u9fff]{2,8})"),
    re.compile(rf"(?:名叫|叫做|听说过?了?(?:一个|一家|个)?叫?|(?:一个|一家|个)叫){_X}的?(?:餐馆|景点|餐厅|地方|店|很|挺|还|,|。)"),
    re.compile(rf"(?:^|[,。!? ])[^,。!?去]{{0,8}}(?:去|选择?|当然是|那就){_X}(?:吧|看看|玩|转转|逛|吃|用餐|尝尝|尝一尝|游玩|溜达|散步|好了|了(?:,|。|!|$)|这个景点|这家餐馆|,|。|!|$)"),
    re.compile(rf"(?:^|[,。!? ]){_X}(?:这个景点|这家餐馆|这家店|还真|还|也|都|我|真)*(?:没去过|没有去过)"),
    re.compile(rf"(?:^|[,。!? ])(?:请问|那么?|好的?|嗯+|哦|行|告诉我|我想知道|帮我查一?下|查一?下|把|请把)?{_X}(?:这个景点|这家餐馆|这家店)?的?(?:地址|电话|评分|门票|票价|营业时间|人均|游玩时间|游玩时长|推荐菜|具体位置|在哪)"),
)  # fmt: skip
# "亚龙湾的海景酒店", "鼓浪屿上的民宿": a proper name of a place before what is there.
_PLACE_OF = re.compile(
    r"(?:^|[,，。在住去找订要个家到])(?P<name>[\u4e00-\u9fff]{2,9}?)[上里内边旁畔]?的[^,，。的]{0,6}?(?:酒店|宾馆|民宿|客栈|度假村|青旅)"
)
_NO_NAME = re.compile(
    r"[我你您它他她咱]|^[这那该此]|酒店|宾馆|哪|什么|多少|推荐|一家|一个|景点|餐馆$|餐厅$|评分|价格|电话|地址|告诉|查|住|这个|那个|饭后|免费|元|吃饭|公司|单位|一下|走走|转转|看看|逛逛|居然|竟然|时段|没有|可以|知道|非常|觉得|感觉|需要|找|能做|能玩|能吃|找到|完全|希望|听|名字|具体|时间|地方|的话|合适|小时候|联系|订房|预约|私人|不花钱|[走转逛玩看吃尝溜][一了]?[走转逛玩看吃下尝达]|休息"
)
_LAST_VERB = re.compile(
    r".*(?:在|去|到|离|查一下|查下|查查|告诉我下?|推荐|的是|看看|知道|介绍一下|介绍)"
)
_EN_NAME = r"((?:[a-z0-9][\w'.&-]*)(?: (?!that\b|which\b|with\b|w/|and\b|under\b|for\b|please\b|to\b|would\b|where\b|who\b|is\b|are\b|has\b|so\b|but\b|rated\b|score\b|within\b|or\b|at\b|if\b|can\b)[\w'.&()-]+){0,6})"
_EN_NEAR = re.compile(
    r"\b(?:near(?:by)?(?: to)?|around|close to|next to|beside|opposite|(?:walking distance|short walk|steps|stone's throw|kilomet(?:re|er)s?|km|miles?|stroll|(?:minutes?|hours?)(?: (?:by|in a) (?:taxi|car|cab|bus)| drive| walk| on foot)?)(?: to| of| from)|walk to|right by|by|not far from|within reach of|in the vicinity of|adjacent to)"
    rf" (?:both |either )?(?:the )?{_EN_NAME}"
)
_EN_STATION = re.compile(
    r"\b((?:[a-z][\w'-]{0,30})(?: (?!near|to|of|from|at|in)[a-z][\w'-]{0,30}){0,3}?) (?:railway |train |subway |metro |underground )?station\b"
)
_EN_NOT_NAMES = frozenset(
    [
        "it",
        "me",
        "my",
        "us",
        "our",
        "we",
        "them",
        "there",
        "here",
        "this",
        "that",
        "these",
        "those",
        "the",
        "same",
        "a",
        "an",
        "any",
        "some",
        "hotel",
        "hotels",
        "restaurant",
        "restaurants",
        "attraction",
        "attractions",
        "and",
        "or",
        "to",
        "for",
        "by",
        "which",
        "what",
        "one",
        "where",
        "you",
        "town",
        "city",
        "centre",
        "center",
        "area",
        "place",
        "him",
        "her",
        "its",
        "near",
        "around",
        "by",
        "within",
        "from",
        "somewhere",
        "right",
        "close",
        "next",
        "walking",
        "distance",
    ]
)
_ANY_ONE = re.compile(r"(?:an?|any|some) ")
_OF_IT = re.compile(r"(?:'s)? ?的?")
_POINTS = re.compile(r"(?:it|here|there|them)\b")
_SENTENCE_END = re.compile(r"[.](?= |$)")
_PREPOSITIONS = frozenset(
    [
        "at",
        "in",
        "for",
        "with",
        "from",
        "on",
        "of",
        "after",
        "before",
        "during",
        "until",
        "which",
        "so",
    ]
)
_LEADING = re.compile(
    r"^(?:(?:一个|一家|个|家|间|这里|顺便|好的?|嗯+|恩+|行|哦|噢|那|那么|啊|呀|呢|吧|是吗|可以|请问|请|你好|您好|我|想|要|去|住|在|到|帮我?|帮忙|查一?下?|看一?下?|看看|给我?|推荐|问一?下?|告诉我?|知道|再|还|离|就|的|有|没有|把|一下|了|麻烦|您|你|介绍|搜|找|选|名叫|叫做?|这个|那个|这家|那家|打算|准备|咱们?|我们|然后|之后|另外|顺便|最好|必须|得|靠近|挨着|最后|晚上|今晚|明天|今天|后天|周末|订|住在|听说|过|也|玩完|吃完|逛完|完)+)"
)
_TRAILING = re.compile(
    r"(?:(?:都|比较|很|更|要)?方便|这个|那个|那边|这边|那儿|那里|这里|景点|餐馆|餐厅|饭馆|的|店里|，|,)+$"
)


_PART_OF_NAMES = frozenset(
    {
        "filler", "place_word_attraction", "place_word_restaurant", "fact_near_attraction",
        "other_sight", "other_food", "fact_near_restaurant", "bare_place", "place_word_airport",
        "place_word_station",
    }
)  # fmt: skip
# Behind a city's name these are parts of it, and name nothing: "北京市中心".
_OF_A_CITY = frozenset(
    {"中心", "市中心", "城区", "主城区", "市区", "市内", "城里", "郊区", "老城", "新城", "本地"}
)
# Characters before a word of nearness in which a name, with the words that lead to it, may begin.
_LONGEST_BEFORE = 120


def unlisted(
    said: Recognised,
    known: Sequence[tuple[int, int, PlaceMention]],
    city: str,
) -> list[tuple[int, int, PlaceMention]]:
    """Names that no list has, told by the words around them."""
    text, turn = said.turn.text, said.turn
    found: list[tuple[int, int, PlaceMention]] = []
    named = _marked(
        len(text), [(s, e) for s, e, _ in known] + [(h.start, h.end) for h in said.hotels]
    )
    worded = _marked(len(text), [(a.start, a.end) for a in said.atoms if not a.implied])

    def add(start: int, end: int, tail: int, category: PlaceCategory | None) -> None:
        if end - start < 2 or any(named[start:end]):
            return
        bare = _without_areas(said, start, end)
        if bare != (start, end):
            start, end = bare
            if end - start < 2 or is_bare_head(text[start:end]) or text[start:end] in _OF_A_CITY:
                return
        if any(c.start <= start and end <= c.end for c in said.of("bare_place")):
            return  # "near the airport": which one is asked back
        inside = [
            a for a in (said.atoms if any(worded[start:end]) else ())
            if a.start < end and start < a.end and not a.implied
        ]  # fmt: skip
        if any(a.field is not Field.DISTRICT or a.end == end or a.start == start for a in inside):
            return
        if inside:
            said.atoms = [a for a in said.atoms if a not in inside]
        named[start:tail] = b"\x01" * (tail - start)
        found.append(
            (start, tail, PlaceMention(0, turn.span(start, end).text, "", category, city,
                                       (turn.span(start, tail),)))
        )  # fmt: skip

    for match in _ZH_STATION.finditer(text):
        name_start, name_end = _trim(text, *match.span(1))
        word = text[name_start:name_end]
        unnamed = any(w in word for w in ("地铁", "最近", "公里", "个", "哪"))
        unnamed = unnamed or word.endswith(("出", "进", "到", "下", "高铁", "火车"))
        if len(word) >= 2 and not unnamed:
            whole = word + "站" if word.endswith(("东", "西", "南", "北")) else word
            add(name_start, name_end + (1 if whole != word else 0), match.end(),
                PlaceCategory.STATION)  # fmt: skip
    for match in _ZH_AIRPORT.finditer(text):
        if not _NO_NAME.search(match["name"]):
            add(*match.span("name"), match.end("name"), None)
    for match in _EN_STATION.finditer(text):
        start, end = _english_name(text, *match.span(1))
        if end - start >= 3:
            keep = match.end() if "railway" in match.group() else end
            add(start, keep, match.end(), PlaceCategory.STATION)
    for match in _EN_NEAR.finditer(text):
        if _ANY_ONE.match(match[1]):
            continue  # "near a park" names none
        start, end = _english_name(text, *match.span(1))
        words = text[start:end].split()
        leads = match.group().split(" ", 1)[0]
        if words and words[0] not in _EN_NOT_NAMES and _could_follow(leads, match[1], turn.cased):
            add(start, end, end, _word_category(text[start:end]))
    for cue in said.of("near_after"):
        start, end = _before(said, cue.start)
        if end - start >= 2:
            add(start, end, end, _word_category(text[max(0, start - 8) : cue.start]))
    for match in _PLACE_OF.finditer(text):
        is_area = match.span("name") in said.areas
        if is_proper_place(match["name"]) and not is_area:
            add(*match.span("name"), match.end("name"), None)
    for pattern in _INTRODUCED:
        for match in pattern.finditer(text):
            start, end = _trim(text, *match.span("name"))
            name = text[start:end]
            if end - start >= 2 and not _NO_NAME.search(name) and could_be_a_name(name):
                add(start, end, end, _word_category(text[start : match.end() + 6]))
    return found


def _without_areas(said: Recognised, start: int, end: int) -> tuple[int, int]:
    """Leave out the city or district that stands before a name, or behind it in English.

    "北京极光灯塔", "Aurora Lighthouse in Beijing": the area is a condition of its own.
    """
    text = said.turn.text
    for area_start, area_end in said.areas:
        if area_end == end and text[start:area_start].endswith(" in "):
            end = area_start - len(" in ")
    for atom in said.atoms:
        if atom.implied or atom.field not in (Field.CITY, Field.DISTRICT):
            continue
        if atom.start == start and atom.end < end:
            of_it = _OF_IT.match(text, atom.end)
            start = of_it.end() if of_it is not None else atom.end
    return start, end


def _marked(length: int, spans: Iterable[tuple[int, int]]) -> bytearray:
    """Return which characters lie in a stretch."""
    marked = bytearray(length)
    for start, end in spans:
        marked[start:end] = b"\x01" * (end - start)
    return marked


def _before(said: Recognised, at: int) -> tuple[int, int]:
    """Return the unexplained Chinese words right before a word of nearness."""
    text = said.turn.text
    for cue in said.within(at - _LONGEST_BEFORE, at, "anaphor_attraction", "anaphor_restaurant",
                           "place_word_attraction", "place_word_restaurant"):  # fmt: skip
        # "司马台长城这个景点的周边": the name stands before the words that call it a place.
        if 0 <= at - cue.end <= 1 and text[cue.end : at] in ("", "的"):
            at = cue.start
    low, _ = said.clause_around(at, at)
    low = max(low, at - _LONGEST_BEFORE)
    # Whatever carries its own meaning cannot be part of the name.
    for index in range(bisect_right(said.cues, at, key=lambda c: c.end) - 1, -1, -1):
        cue = said.cues[index]
        if cue.end <= low:
            break
        if cue.end - cue.start >= 2 and cue.name not in _PART_OF_NAMES:
            low = cue.end
            break
    amounts = (a.end for a in said.atoms if isinstance(a.leaf, Range) and low < a.end <= at)
    low = max(amounts, default=low)
    verb = _LAST_VERB.match(text[low:at])
    if verb is not None and verb.end() < at - low:
        low += verb.end()
    start, end = _trim(text, low, at)
    name = text[start:end]
    if _NO_NAME.search(name) or not could_stand_before_near(name):
        return start, start
    if is_bare_head(name):
        return start, start  # "这个剧院", "广场" point at a place and name none
    return start, end


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    leading = _LEADING.match(text[start:end])
    if leading is not None:
        start += leading.end()
    trailing = _TRAILING.search(text[start:end])
    if trailing is not None:
        end = start + trailing.start()
    while start < end and text[start] == " ":
        start += 1
    word = text[start:end]
    if not re.search(r"[\u4e00-\u9fff]", word) or len(word) > 20:
        return start, start
    return start, end


def _english_name(text: str, start: int, end: int) -> tuple[int, int]:
    words = text[start:end]
    if _POINTS.match(words):
        return start, start  # "around it after the tour"
    for tail in (" station", " subway", " metro", " please", " thanks"):
        if words.endswith(tail):
            words = words[: -len(tail)]
    while (first := words.split(" ", 1)[0]) in _EN_NOT_NAMES | {"is", "at", "in", "of", "to"}:
        if " " not in words:
            return start, start
        start += len(first) + 1
        words = words[len(first) + 1 :]
    words = _SENTENCE_END.split(words, maxsplit=1)[0]
    return start, start + len(words.rstrip(" .'"))


def _could_follow(near: str, words: str, cased: bool) -> bool:
    """Tell whether words after one of nearness are its place: "by waiting", "around 3 hours" are not."""
    first = words.split(" ", 1)[0]
    return not (
        first[0].isdigit()
        or first in _PREPOSITIONS
        or (near == "by" and first.endswith("ing"))
        or (near == "nearby" and cased)
    )


def _word_category(around: str) -> PlaceCategory | None:
    if re.search(
        r"餐|饭|食|吃|烤|锅|烧(?!香)|面|粥|鱼|鸭|肉|羊|斋|酒家|酒楼|庄$|restaurant|cafe|bistro|noodle|eatery|kitchen",
        around,
    ):
        return PlaceCategory.RESTAURANT
    if re.search(
        r"景|园|寺|山|馆|城|宫|游|玩|湖|庙|park|museum|temple|palace|square|mountain|village|tower|attraction",
        around,
    ):
        return PlaceCategory.ATTRACTION
    return None
