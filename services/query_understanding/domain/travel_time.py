"""Distances said as the time they take: "步行10分钟", "a 20-minute drive"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from services.query_understanding.domain.numerals import Number

_MINUTES: Final = re.compile(
    r"\s*-?(?:分钟|min(?:ute)?s?\b|(?P<hours>个?(?:小时|钟头)|hours?\b|hrs?\b))"
)
_HOW: Final = r"(?:大概|大约|约|差不多|最多|不超过|不到|只要|只需|需要|要|在|about|around)*\s*$"
_ON_FOOT: Final = (
    re.compile(rf"(?:步行|走路|徒步|走){_HOW}"),
    re.compile(r"['’]?s?[ -]*(?:walk(?:ing)?|on foot|stroll)\b|的?(?:步行|脚程|步程)"),
)
_BY_CAR: Final = (
    re.compile(rf"(?:开车|驾车|打车|自驾|坐车|车程){_HOW}"),
    re.compile(
        r"['’]?s?[ -]*(?:drive|driving|(?:by|in a) (?:car|taxi)|(?:taxi|car) ride)\b|的?车程"
    ),
)
# Kilometres in a minute: 5 an hour on foot, 30 in the traffic of a city, in a straight line.
_WALKED_KM: Final = 5 / 60
_DRIVEN_KM: Final = 30 / 60
# Characters before a number in which the way is said.
_REACH: Final = 24


@dataclass(frozen=True, slots=True)
class Radius:
    """A distance in kilometres."""

    start: int
    end: int
    km: float


def travelled(text: str, minutes: Number) -> Radius | None:
    """Return how far one gets on foot or by car in so many minutes, where that is said."""
    unit = _MINUTES.match(text, minutes.end)
    if unit is None:
        return None
    since = max(0, minutes.start - _REACH)
    for (before, after), km in ((_ON_FOOT, _WALKED_KM), (_BY_CAR, _DRIVEN_KM)):
        first, last = before.search(text[since : minutes.start]), after.match(text, unit.end())
        if first is not None or last is not None:
            start = minutes.start if first is None else since + first.start()
            end = unit.end() if last is None else last.end()
            length = minutes.value * (60 if unit["hours"] else 1)
            return Radius(start, end, round(length * km, 2))
    return None
