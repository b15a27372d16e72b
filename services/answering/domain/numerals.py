"""Reading numbers as guests and writers write them: digits, Chinese numerals, English words."""

from __future__ import annotations

_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1_000}
_WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
ENGLISH = {word: number for number, word in enumerate([*_WORDS, "eleven", "twelve"])}


def read_number(text: str) -> float | None:
    """Return the number, `None` when the text is none.

    >>> read_number("1,398"), read_number("一百五十"), read_number("四百五"), read_number("two")
    (1398.0, 150.0, 450.0, 2.0)
    """
    if text in ENGLISH:
        return float(ENGLISH[text])
    if text[:1].isdigit():
        try:
            return float(text.replace(",", ""))
        except ValueError:
            return None
    return _chinese(text)


def _chinese(text: str) -> float | None:
    total, section, digit, last_unit = 0, 0, -1, 1
    for character in text:
        if character in _DIGITS:
            digit = _DIGITS[character]
            if digit == 0:
                last_unit, digit = 1, -1
        elif character in _UNITS:
            last_unit = _UNITS[character]
            section += (1 if digit < 0 else digit) * last_unit
            digit = -1
        elif character == "万":
            total += (section + max(digit, 0)) * 10_000
            section, digit, last_unit = 0, -1, 10_000
        else:
            return None
    if digit >= 0:
        # "四百五" is 450: a digit without unit after a unit counts tenths of it.
        section += digit * max(1, last_unit // 10)
    return float(total + section) if text else None
