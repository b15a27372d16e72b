"""Amounts for a whole stay: "2000 for 4 nights", "一千块三晚", "总预算1500，住三晚"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.query_understanding.domain.amount_words import PER_NIGHT, UNIT
from services.query_understanding.domain.numerals import Number

_TOTAL: Final = re.compile(
    r"平摊|平均|总共|一共|总预算|in total|\btotal\b|altogether|for the whole|split"
)
_NIGHTS: Final = re.compile(r"晚|夜|宿|天|nights?|days?")
# "2000 for 4 nights", "一千块三晚", "三晚预算一千": an amount beside the nights it is to pay.
_PAYS: Final = re.compile(r"\s*(?:for|over|住|玩|能住|够住|可以住|要住)?\s*")
_PAID_BY: Final = re.compile(r"\s*(?:的|一)?(?:总?预算|总价|共|花费?)[是有在只就花]*\s*")


@dataclass(frozen=True, slots=True)
class Stay:
    """How many nights are stayed."""

    start: int
    end: int
    nights: float


def stays(text: str, found: Sequence[Number]) -> list[Stay]:
    """Return the stays of a folded text, given its numbers."""
    nights = []
    for number in found:
        unit = UNIT.match(text, number.end)
        if unit is not None and unit["stay"] and _NIGHTS.fullmatch(unit["stay"]):
            nights.append(Stay(number.start, unit.end(), number.value))
    return nights


def nights_paid(text: str, said: Sequence[Stay], start: int, number: int, end: int) -> float:
    """Return among how many nights an amount is to be shared, 1 where it is for a night.

    Args:
        text: A folded text.
        said: Its stays.
        start: Where the amount with the words for its bound begins.
        number: Where the number itself does.
        end: Where the amount with its unit ends.
    """
    if not said or PER_NIGHT.search(text, start, end):
        return 1.0
    for stay in said:
        if _PAYS.fullmatch(text, end, stay.start) or _PAID_BY.fullmatch(text, stay.end, number):
            return stay.nights
    return said[-1].nights if _TOTAL.search(text) else 1.0
