"""Amounts with their bounds: "三百五以内", "4.5分以上", "between 200 and 300 yuan", "一千出头"."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from services.plan.condition import Field, Range
from services.query_understanding.domain.mention import Atom, Cue
from services.query_understanding.domain.numerals import Number, numbers
from services.query_understanding.domain.travel_time import Radius, travelled

_PRE: Final = re.compile(
    r"(?:(?P<max><=|≤|不(?:能|可以|要|得)?(?:超过|超|高于|大于|多于|过)|不能?过|别超过|别超|甭超过|别高于|别过|不高过|(?:最多|至多|顶多|最高)(?!的)|上限(?:是|为)?|封顶|控制在|压在|压到|压在|撑死|"
    r"no more than|not more than|not exceeding|not exceed|not over|not above|at most|up to|maximum(?: of)?|max(?: of)?|"
    r"within|no higher than|capped at|cap of|cap at|limit of|tops out at|top out at|go up to|doesn't exceed|don't exceed|can't exceed|cannot exceed|nothing fancier than|nothing over|nothing above|keep it under|budget(?: is| of| around| about)?|预算(?:在|是|只有|就|也就|大概|大约|差不多)?|"
    r"no pricier than|nothing pricier than|nothing more than|at or below|at or under|only have|only got|i have|spend(?: up to)?|afford)"
    r"|(?P<less><|不到|不足|低于|少于|小于|未满|不满|低过|under|below|less than|cheaper than|lower than|fewer than|beneath|south of|worse than)"
    r"|(?P<more>>(?!=)|高于|大于|超过|多于|高过|超出|over|above|more than|higher than|greater than|better than|north of|exceeding|exceeds)"
    r"|(?P<min>>=|≥|不(?:能|可以|要|得)?(?:低于|少于|小于)|别低于|甭低于|别少于|至少(?:要|得|有|是|在)?|最少(?!的)|最低(?!的)(?:是|要|得)?|起码(?:要|得|有)?|不低过|保底|起价|从|at least|no less than|not less than|not below|not under|no lower than|not lower than|minimum(?: of| is)?|min(?: of)?|starting (?:at|from)|starts? (?:at|from)|from|nothing below|nothing under|nothing less than|upwards of)"
    r"|(?P<about>大概|大约|约|差不多|接近|靠近|around|about|approximately|roughly|some|circa|closer? to|nearer? to))"
    r"(?:在|是|为|到|于|要|得|的|有|\s+an?)?\s*$"
)
_POST: Final = re.compile(
    r"\s*(?:(?P<max>(?:块钱|块|元)?(?:以内|之内|以里|里头|内|封顶|顶天|为限|打住|到顶|是上限|上限|为上限|是极限|最多了|就到头|为止|is (?:my|our|the) (?:limit|max|maximum|ceiling|cap)|or less|or under|or below|or lower|or cheaper|or fewer|and under|and below|and less|max(?:imum)?|tops|at most|at the most|is the most|ceiling|以下|之下|及以下|及以内|往下))"
    r"|(?P<min>(?:及|或者?|和)?(?:以上|之上)|(?:或|及)更[高多]|(?:分|块|元)?(?:往上|朝上|起步|开外|开始)|起(?![来床飞])|or (?:higher|above|more|better|up|over|greater)|and (?:up|above|over|higher|better|more)|upwards|plus|\+|at (?:the )?(?:least|minimum)|min(?:imum)?\b|打底)"
    r"|(?P<just>出头|冒头|挂零|多点|多一点|多一些|and change|-odd)"
    r"|(?P<about>左右|上下|前后|样子|or so|or thereabouts|ish)"
    r"|(?P<more>(?<=\d)(?:元|块钱|块)?(?:还|要|更)?贵(?=的|些|点|$))"
    r"|(?P<less>都?不到|(?<=\d)(?:元|块钱|块)?(?:还|要|更)?(?:便宜|低)(?=的|些|点|$)))"
)
_UNIT: Final = re.compile(
    r"\s*(?:-|个)?(?:(?P<note>张?(?:红票子|大钞|毛爷爷|张毛爷爷))"
    r"|(?P<price>元|块钱|块|蚊|大洋|人民币|圆|刀|美[元金刀]|欧元|英镑|日[元圆]|港[币元]|yuans?|rmb|cny|kuai|pounds?|gbp|£|dollars?|usd|bucks?|euros?|quid|yen|hkd)"
    r"|(?P<distance>公里|千米|km|kms|kilomet(?:er|re)s?|里地|miles?|米|m(?:et(?:er|re)s?)?(?![a-z])|里(?![面头边]))"
    r"|(?P<star>星级|钻级|钻(?!石)|颗星|颗|星(?!期)|[- ]?stars?|-?starred|\*)"
    r"|(?P<rating>分(?!店|钟|之|别|公司|数)|points?|/5|out of (?:5|five))"
    r"|(?P<reviews>条(?:评论|点评|评价)|reviews)"
    r"|(?P<count>家(?!人|里|庭|属)|间|个(?:酒店|宾馆|选择|选项|就)|所|hotels?|places|options|choices|of them|of tehm|results|recommendations|suggestions|处)"
    r"|(?P<stay>晚|夜|宿|天|日|nights?|days?|people|persons?|guests?|adults?|人|位|口|岁|月|号|点钟|点半|点(?!评)|小时|分钟|钟头|hours?|minutes?|mins?|hrs?|am|pm|[ap]\.m\.|o'clock|周|星期|week|weeks|months?|years?|%|折|楼|层|号线|路|kids|children|tickets|张|次|趟|遍|个(?:行李|人|孩子|小时|娃|月)|年|届|strokes|laps|页|pages?|page|suitcases|bags|parking|rooms?|beds?|meetings|star-hotel))"
)
# "top 3 rated hotels": how many, not how good.
_RANKED: Final = re.compile(r"\b(?:top|best|first)\s+$")
_CURRENCY_BEFORE: Final = re.compile(r"(?:(?:us|hk)?\$|[¥￥£€]|rmb|cny|usd|gbp|eur|hkd)\s*$")
_JOIN: Final = re.compile(
    r"\s*(?:元|块钱|块|分|星级|星|公里|yuan|rmb|pounds|points|stars?|km)?\s*(?:到|至|-|~|—|－|、|和|与|to|and|or|或|—)\s*(?:between )?[¥￥£$]?\s*"
)
# "300上下浮动50", "500 give or take 50", "1000以内，可以上浮200".
_GIVE_OR_TAKE: Final = re.compile(
    r"\s*(?:元|块钱|块|分|yuan|rmb|pounds|points)?\s*(?:左右|上下|以内|之内|以下)?[,，]?\s*"
    r"(?:(?:可以?|允许|能|最多|再)*(?P<up>上浮|超出|多出)(?:个|不超过|最多)*"
    r"|(?:可以|允许|能|上下|左右|正负|有|的)*(?:浮动|波动|相差|误差)(?:不要?超过|不超|最多|在|个)*"
    r"|give or take|plus or minus|plus/minus|±|\+/-|\+-)\s*[¥￥£$]?\s*"
)
_PER_NIGHT: Final = re.compile(
    r"\s*(?:/|每|一)?\s*(?:晚上?|夜|宿|天|per night|a night|/night|nightly|each night|per room)"
)
_FIELDS: Final = {
    "field_price": Field.PRICE,
    "field_rating": Field.GUEST_RATING,
    "field_star": Field.STAR_RATING,
    "field_reviews": Field.REVIEW_COUNT,
    "field_distance": Field.DISTANCE,
    "cheapest": Field.PRICE,
}
_TOTAL: Final = re.compile(
    r"平摊|平均|总共|一共|总预算|in total|\btotal\b|altogether|for the whole|split"
)
_NIGHTS: Final = re.compile(r"晚|夜|宿|天|nights?|days?")
# "2000 for 4 nights", "一千块三晚", "三晚预算一千": an amount beside the nights it is to pay.
_PAYS: Final = re.compile(r"\s*(?:for|over|住|玩|能住|够住|可以住|要住)?\s*")
_PAID_BY: Final = re.compile(r"\s*(?:的|一)?(?:总?预算|总价|共|花费?)[是有在只就花]*\s*")
_WILL_DO: Final = re.compile(r"(?:也|就|都|还)?(?:行|可以|成|好|能接受|没问题|够了)")
_LEAST_PRICE = 50.0
# "最低价格是1000元": the lowest price of a room is 1000, so prices start there.
_LOWEST: Final = re.compile(
    r"(?:最低价格?|最低房价|起步价|(?:minimum|lowest|min) (?:room )?(?:price|rate)(?: of| is)?)"
    r"(?:在|是|为|要|大概|大约|得|需要|should be|that is)?\s*$"
)
# Characters within which a field's name may stand beside a number.
_FIELD_REACH: Final = 24
# "three or four stars": the word is said once.
_OR_STARS: Final = re.compile(r" (?:or|and) \w+[ -]stars?\b")
_OTHERWISE: Final = re.compile(r"\b(?:otherwise|else) $")
_HOURS_BEFORE: Final = re.compile(r"(?:\d+:|:)$")


@dataclass(frozen=True, slots=True)
class Count:
    """How many hotels are asked for."""

    start: int
    end: int
    value: int


@dataclass(frozen=True, slots=True)
class Quantities:
    """What the numbers of an utterance say."""

    atoms: tuple[Atom, ...] = ()
    counts: tuple[Count, ...] = ()
    radii: tuple[Radius, ...] = ()
    covered: tuple[tuple[int, int], ...] = ()


def quantities(
    text: str, cues: Sequence[Cue], taken: Sequence[tuple[int, int]], asked: Field | None = None
) -> Quantities:
    """Read the amounts of a folded text.

    Args:
        text: Folded text.
        cues: Cues of the text; those that name a field tell what a bare number means.
        taken: Stretches that belong to names and facilities; numbers in them are not amounts.
        asked: The field the system asked about last: what a bare number answers.
    """
    # "第二家" points into a list; it counts nothing.
    occupied = bytearray(len(text))
    for start, end in taken:
        occupied[start:end] = b"\x01" * (end - start)
    found = [
        n for n in numbers(text)
        if not any(occupied[n.start : n.end])
        and not text.startswith("第", max(0, n.start - 1))
    ]  # fmt: skip
    fields = [cue for cue in cues if cue.name in _FIELDS]
    atoms: list[Atom] = []
    counts: list[Count] = []
    radii: list[Radius] = []
    covered: list[tuple[int, int]] = []
    stays = _stays(text, found)
    index = 0
    while index < len(found):
        first = found[index]
        second: Number | None = None
        join = None
        if index + 1 < len(found):
            join = _JOIN.fullmatch(text, first.end, found[index + 1].start)
            if join is not None and _is_range(text, first, found[index + 1], join.group()):
                second = found[index + 1]
        spread = _spread(text, found[index : index + 2]) if second is None else None
        index += 2 if second is not None or spread is not None else 1
        last = second or first
        if (
            _HOURS_BEFORE.search(text[max(0, first.start - 3) : first.start])
            or text[last.end : last.end + 1] == ":"
        ):
            continue
        starred = bool(atoms) and atoms[-1].field is Field.STAR_RATING
        reading = _Reading(text, first, second, fields, asked, starred=starred)
        match reading.kind:
            case "price" | "rating" if spread is not None:
                around = reading.around(spread)
                reading.end = spread.end
                atoms.append(Atom(reading.start, reading.end, around.field, around))
            case "price" | "rating" | "star" | "reviews":
                leaf = reading.range(_nights_paid(text, reading, stays))
                if leaf is not None:
                    atoms.append(Atom(reading.start, reading.end, leaf.field, leaf))
            case "count":
                counts.append(Count(reading.start, reading.end, int(first.value)))
            case "distance":
                radii.append(Radius(reading.start, reading.end, reading.km()))
            case "stay":
                way = travelled(text, last)
                if way is None:
                    continue
                radii.append(way)
                reading.start, reading.end = way.start, way.end
            case _:
                continue
        covered.append((reading.start, reading.end))
    return Quantities(tuple(atoms), tuple(counts), tuple(radii), tuple(covered))


@dataclass(frozen=True, slots=True)
class _Stay:
    """How many nights are stayed."""

    start: int
    end: int
    nights: float


def _stays(text: str, found: Sequence[Number]) -> list[_Stay]:
    stays = []
    for number in found:
        unit = _UNIT.match(text, number.end)
        if unit is not None and unit["stay"] and _NIGHTS.fullmatch(unit["stay"]):
            stays.append(_Stay(number.start, unit.end(), number.value))
    return stays


def _nights_paid(text: str, reading: _Reading, stays: Sequence[_Stay]) -> float:
    """Return among how many nights an amount is to be shared, 1 where it is for a night."""
    if not stays or _PER_NIGHT.search(text, reading.start, reading.end):
        return 1.0
    for stay in stays:
        if _PAYS.fullmatch(text, reading.end, stay.start) or _PAID_BY.fullmatch(
            text, stay.end, reading.first.start
        ):
            return stay.nights
    return stays[-1].nights if _TOTAL.search(text) else 1.0


@dataclass(frozen=True, slots=True)
class _Spread:
    """How far an amount may be off, where the words for that end, and if it may only be more."""

    within: float
    end: int
    upwards: bool


def _spread(text: str, pair: Sequence[Number]) -> _Spread | None:
    """Read "300上下浮动50" and "500 give or take 10%" at the first of two numbers."""
    said = _GIVE_OR_TAKE.fullmatch(text, pair[0].end, pair[1].start) if len(pair) > 1 else None
    if said is None:
        return None
    amount, within = pair
    end, upwards = within.end, said["up"] is not None
    if text.startswith("%", end):
        return _Spread(amount.value * within.value / 100, end + 1, upwards)
    unit = _UNIT.match(text, end)
    end = unit.end() if unit is not None and unit["price"] else end
    return _Spread(within.value, end, upwards)


# Units said with the first of two numbers: "300元到500元".
_UNITS_AROUND = re.compile(r"^(?:[元块钱分星级公里 ]|yuan|rmb|points?)+|[ ]+$")


def _is_range(text: str, first: Number, second: Number, join: str) -> bool:
    word = _UNITS_AROUND.sub("", join)
    if second.high is not None or first.high is not None:
        return False
    if first.value >= second.value and not (second.value < 10 <= first.value):
        return False
    if word in ("、", "和", "与", "and", "or", "或"):
        between = word == "and" and text[max(0, first.start - 14) : first.start].rstrip(
            " ¥￥£$"
        ).endswith(("between", "from"))
        # "200、300元" is a range of prices; "四星、五星" are two stars, "4 and 5 star" too.
        return between or (first.value >= 50 and second.value >= 50)
    return True


class _Reading:
    """One amount: its numbers, bound words and unit, and so its field."""

    def __init__(
        self,
        text: str,
        first: Number,
        second: Number | None,
        fields: Sequence[Cue],
        asked: Field | None,
        *,
        starred: bool,
    ) -> None:
        self.starred = starred
        self.first, self.second = first, second
        self.start, self.end = first.start, (second or first).end
        before = text[max(0, self.start - 24) : self.start]
        currency = _CURRENCY_BEFORE.search(before)
        if currency is not None:
            self.start -= len(before) - currency.start()
            before = before[: currency.start()]
        self.pre = _PRE.search(before)
        unit = _UNIT.match(text, self.end)
        early = None if unit is not None else _POST.match(text, self.end)
        if early is not None:
            self.end = early.end()
            unit = _UNIT.match(text, self.end)
        self.unit = (unit.lastgroup or "") if unit is not None else ""
        self.unit_text = unit.group().strip() if unit is not None else ""
        self.half = 0.0
        if unit is not None:
            self.end = unit.end()
            if self.unit == "distance" and text.startswith("半", self.end):
                self.half, self.end = 0.5, self.end + 1
        if self.unit in ("price", "note", "") and (night := _PER_NIGHT.match(text, self.end)):
            if self.unit:
                self.end = night.end()
            elif first.value >= _LEAST_PRICE and night.group().strip():
                self.unit, self.end = "price", night.end()
        post = early or _POST.match(text, self.end)
        if early is None and post is not None:
            self.end = post.end()
        self.post = post
        if self.pre is not None:
            self.start -= len(before) - self.pre.start()
        self.before = before
        self.kind = self._kind(text, fields, asked, currency is not None)
        if self.kind == "count":
            # "评分最高的三家": the order is no bound of the number.
            self.start = first.start

    def _kind(self, text: str, fields: Sequence[Cue], asked: Field | None, money: bool) -> str:
        if money or self.unit == "note":
            return "price"
        if self.unit == "rating" and self.first.value > 5:
            return ""
        if self.unit == "price" and self.first.value < 5 and not self.first.digits:
            return ""
        if self.unit == "count" and not self.first.digits and self.first.value == 1:
            return ""
        if (
            not self.unit
            and not self.first.digits
            and self.first.value < 10
            and not (self.pre or self.post or self.first.decimal or self.second or asked)
            and not text[self.first.start].isascii()
        ):
            return ""
        if self.unit == "stay":
            # "一晚不到一百五", "一天": a stay; "三百一晚" was read as a price before.
            return "stay"
        if self.unit == "star" and self.first.value > 5:
            return ""
        if self.unit:
            return self.unit
        if _RANKED.search(self.before):
            return ""
        value = self.first.value
        if self.second is not None and value < 10 and self.second.value >= 100:
            value = self.second.value  # "five to six hundred": the unit belongs to both
        if value <= 5 and _OR_STARS.match(text, self.end):
            return "star"
        field = self._field_beside(text, fields)
        if (
            field is Field.STAR_RATING
            and value <= 5
            and (
                self.pre
                or self.first.digits
                or text[: self.start].endswith((" of ", "rating ", " not "))
            )
        ):
            return "star"
        if value <= 5 and (self.first.decimal or field is Field.GUEST_RATING):
            return "rating" if field is not Field.STAR_RATING else "star"
        if field is Field.PRICE and value >= 10:
            return "price"
        if value >= _LEAST_PRICE and (
            self.pre or self.post or self.second or self.first.high or asked is Field.PRICE
            or self._clause_is_number(text)
        ):  # fmt: skip
            return "price" if value < 100_000 else ""
        if value <= 5 and (
            asked is Field.STAR_RATING
            or (self.starred and (self.pre or self.post or _OTHERWISE.search(self.before)))
        ):
            return "star"  # "five stars, four and up is fine"
        if asked is Field.GUEST_RATING and value <= 5:
            return "rating"
        return ""

    def _clause_is_number(self, text: str) -> bool:
        """A number that is a clause of its own, or ends its clause: "预算嘛五百"."""
        return self.first.value >= _LEAST_PRICE and (
            self.end >= len(text)
            or text[self.end] in ",，。;；!！?？ 的吧对呢"
            or _WILL_DO.match(text, self.end) is not None
        )

    def _field_beside(self, text: str, fields: Sequence[Cue]) -> Field | None:
        best: tuple[int, Field] | None = None
        first = bisect_left(fields, self.start - _FIELD_REACH, key=lambda cue: cue.end)
        for cue in islice(fields, first, None):
            if cue.start > self.end + _FIELD_REACH:
                break
            if cue.end <= self.start:
                gap = text[cue.end : self.start]
                distance = len(gap) + (12 if re.search(r"[,，。;；!?！？]", gap) else 0)
                limit = 14 if not gap.isascii() else 24
            elif cue.start >= self.end:
                gap = text[self.end : cue.start]
                distance = len(gap) + 4 + (12 if re.search(r"[,，。;；!?！？]", gap) else 0)
                limit = 7 if not gap.isascii() else 12
            else:
                return _FIELDS[cue.name]
            if distance <= limit and (best is None or distance < best[0]):
                best = (distance, _FIELDS[cue.name])
        return best[1] if best is not None else None

    def km(self) -> float:
        """Return a distance in kilometres."""
        value = (self.second or self.first).value + self.half
        if self.unit_text in ("米",) or re.fullmatch(r"m(?:et(?:er|re)s?)?", self.unit_text):
            return value / 1000
        if self.unit_text.startswith("mile"):
            return value * 1.609344
        if self.unit_text in ("里", "里地"):
            return value / 2
        return value

    def range(self, nights: float) -> Range | None:
        """Return the bounds; a total is shared among its `nights`."""
        field = {
            "price": Field.PRICE,
            "note": Field.PRICE,
            "rating": Field.GUEST_RATING,
            "star": Field.STAR_RATING,
            "reviews": Field.REVIEW_COUNT,
        }[self.kind]
        scale = 100.0 if self.unit == "note" else 1.0
        if nights > 1 and field is Field.PRICE:
            scale /= nights
        low, high = self.first.value, self.first.high
        if self.second is not None:
            high = self.second.value
            if high < low and low >= 100 and high < 10:
                return None
            if low < 10 <= high and field is Field.PRICE:
                # "四到五百": the unit belongs to both.
                low *= 10 ** (len(str(int(high))) - 1)
        low, high = low * scale, None if high is None else high * scale
        return _bounded(field, low, high, self._bound())

    def around(self, spread: _Spread) -> Range:
        """Return the bounds of an amount that may be off by so much."""
        field = Field.PRICE if self.kind == "price" else Field.GUEST_RATING
        value, within = self.first.value, spread.within
        low = None if spread.upwards else max(0.0, value - within)
        return Range(field, min=low, max=value + within)

    def _bound(self) -> str:
        """Return the bound word's class, the one after the number first."""
        post = self.post.lastgroup if self.post is not None else None
        pre = self.pre.lastgroup if self.pre is not None else None
        if post in ("max", "min", "just", "more"):
            return post
        if pre in ("max", "less", "more", "min"):
            return pre
        if self.kind == "price" and self.second is None and _LOWEST.search(self.before):
            return "min"
        return post or pre or ""


def _bounded(field: Field, low: float, high: float | None, bound: str) -> Range | None:
    if high is not None:
        if bound in ("max", "less") and field is not Field.PRICE:
            return Range(field, max=high)
        return Range(field, min=low, max=high)
    match bound:
        case "max":
            return Range(field, max=low)
        case "less":
            return Range(field, max=low, max_exclusive=True)
        case "more":
            return Range(field, min=low, min_exclusive=True)
        case "min":
            return Range(field, min=low)
        case "just":
            return Range(field, min=low, max=low * 1.1)
    if field is Field.STAR_RATING:
        return Range(field, min=low, max=low)
    if field in (Field.GUEST_RATING, Field.REVIEW_COUNT):
        return Range(field, min=low)
    if bound == "about":
        spread = 0.1 if low >= 100 else 0.2
        return Range(field, min=round(low * (1 - spread), 2), max=round(low * (1 + spread), 2))
    return Range(field, max=low)
