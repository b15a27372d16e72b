"""Amounts with their bounds: "三百五以内", "4.5分以上", "between 200 and 300 yuan", "一千出头"."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from services.plan.condition import Field, Range
from services.query_understanding.domain.amount_words import (
    CURRENCY_BEFORE,
    GIVE_OR_TAKE,
    JOIN,
    LOWEST,
    PER_NIGHT,
    POST,
    PRE,
    RANKED,
    UNIT,
)
from services.query_understanding.domain.mention import Atom, Cue
from services.query_understanding.domain.nights import nights_paid, stays
from services.query_understanding.domain.numerals import Number, numbers
from services.query_understanding.domain.travel_time import Radius, travelled

_FIELDS: Final = {
    "field_price": Field.PRICE,
    "field_rating": Field.GUEST_RATING,
    "field_star": Field.STAR_RATING,
    "field_reviews": Field.REVIEW_COUNT,
    "field_distance": Field.DISTANCE,
    "cheapest": Field.PRICE,
}
_WILL_DO: Final = re.compile(r"(?:也|就|都|还)?(?:行|可以|成|好|能接受|没问题|够了)")
_LEAST_PRICE = 50.0
# Characters within which a field's name may stand beside a number.
_FIELD_REACH: Final = 24
# "three or four stars": the word is said once.
_OR_STARS: Final = re.compile(r" (?:or|and) \w+[ -]stars?\b")
_OTHERWISE: Final = re.compile(r"\b(?:otherwise|else) $")
_HOURS_BEFORE: Final = re.compile(r"\d:$")


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
    nights = stays(text, found)
    index = 0
    while index < len(found):
        first = found[index]
        second: Number | None = None
        join = None
        if index + 1 < len(found):
            join = JOIN.fullmatch(text, first.end, found[index + 1].start)
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
                leaf = reading.range(
                    nights_paid(text, nights, reading.start, reading.first.start, reading.end)
                )
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
class _Spread:
    """How far an amount may be off, where the words for that end, and if it may only be more."""

    within: float
    end: int
    upwards: bool


def _spread(text: str, pair: Sequence[Number]) -> _Spread | None:
    """Read "300上下浮动50" and "500 give or take 10%" at the first of two numbers."""
    said = GIVE_OR_TAKE.fullmatch(text, pair[0].end, pair[1].start) if len(pair) > 1 else None
    if said is None:
        return None
    amount, within = pair
    end, upwards = within.end, said["up"] is not None
    if text.startswith("%", end):
        return _Spread(amount.value * within.value / 100, end + 1, upwards)
    unit = UNIT.match(text, end)
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
        currency = CURRENCY_BEFORE.search(before)
        if currency is not None:
            self.start -= len(before) - currency.start()
            before = before[: currency.start()]
        self.pre = PRE.search(before)
        unit = UNIT.match(text, self.end)
        early = None if unit is not None else POST.match(text, self.end)
        if early is not None:
            self.end = early.end()
            unit = UNIT.match(text, self.end)
            if unit is not None and unit.lastgroup in ("stay", "count"):
                unit = None  # "500以内天安门附近" counts no days
        self.unit = (unit.lastgroup or "") if unit is not None else ""
        self.unit_text = unit.group().strip() if unit is not None else ""
        self.half = 0.0
        if unit is not None:
            self.end = unit.end()
            if self.unit == "distance" and text.startswith("半", self.end):
                self.half, self.end = 0.5, self.end + 1
        if self.unit in ("price", "note", "") and (night := PER_NIGHT.match(text, self.end)):
            if self.unit:
                self.end = night.end()
            elif first.value >= _LEAST_PRICE and night.group().strip():
                self.unit, self.end = "price", night.end()
        post = early or POST.match(text, self.end)
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
        if RANKED.search(self.before):
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
        if self.kind == "price" and self.second is None and LOWEST.search(self.before):
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
