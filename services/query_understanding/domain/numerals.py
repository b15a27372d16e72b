"""Numbers in every spelling: digits, Chinese numerals, English words, "1k5", "四五百", "二百八"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_DIGITS: Final = {c: i for i, c in enumerate("零一二三四五六七八九")} | {
    "〇": 0, "两": 2, "俩": 2, "仨": 3, "幺": 1, "兩": 2,
}  # fmt: skip
_UNITS: Final = {"十": 10, "百": 100, "千": 1000, "万": 10_000}
_ENGLISH: Final = {
    word: value
    for value, word in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
    )
} | {
    word: 10 * value
    for value, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
}  # fmt: skip
_WORD = "|".join(sorted(_ENGLISH, key=len, reverse=True))
_ENGLISH_NUMBER = (
    rf"\b(?:(?:a|{_WORD})(?:[ -](?:{_WORD}))? (?:hundred|thousand|grand)"
    rf"(?: (?:and )?(?:{_WORD})(?:[ -](?:{_WORD}))?)?|(?:{_WORD})(?:[ -](?:{_WORD}))?"
    rf"(?: point (?:{_WORD}))?)\b"
)
_ZH_DIGIT = "零〇一二两三四五六七八九幺"
NUMBER: Final = re.compile(
    r"(?P<some>大?几[百千](?=[块元的左上以之,，。]|$))"
    r"|(?P<half>半(?=个?(?:小时|钟头))|\bhalf an(?= hour))"
    r"|(?P<arabic>\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?P<scale>\s?(?:k|w|grand)(?![a-z])|[百千万])?"
    r"(?P<tail>(?<=[kw百千万])\d(?![\d.]))?"
    rf"|(?P<zh>(?!一[起下些样直定般边共切旦向再])[{_ZH_DIGIT}十百千万]+(?:点[{_ZH_DIGIT}]+|个半|半)?(?:[多来几]?(?=[块元]))?)"
    rf"|(?P<en>{_ENGLISH_NUMBER})"
)

_A_NIGHT: Final = re.compile(r"(?<=[十百千万])一[晚夜宿天]$")


@dataclass(frozen=True, slots=True)
class Number:
    """A number in the text: [start, end), its value, and a second one where two are said.

    `high` is set for spellings that name two values, such as "四五百" (400 and 500).
    `exact` digits were written, not words.
    """

    start: int
    end: int
    value: float
    high: float | None = None
    digits: bool = True
    decimal: bool = False


def numbers(text: str) -> list[Number]:
    """Return the numbers of a folded text from left to right."""
    found: list[Number] = []
    for match in NUMBER.finditer(text):
        if match["some"] is not None:
            unit = _UNITS[match["some"][-1]]
            least = 6 if match["some"].startswith("大") else 2
            found.append(Number(*match.span(), least * unit, 9.0 * unit, False))
        elif match["half"] is not None:
            found.append(Number(*match.span(), 0.5, digits=False))
        elif match["arabic"] is not None:
            value = float(match["arabic"].replace(",", ""))
            scale = _scale(match["scale"])
            value *= scale
            if match["tail"]:
                value += int(match["tail"]) * scale / 10
            found.append(
                Number(*match.span(), value, decimal="." in match["arabic"] and scale == 1)
            )
        elif match["zh"] is not None:
            start, end = match.span()
            if _A_NIGHT.search(text, start, end + 1):
                end -= 1  # "四五百一晚": the one is the night's
            word = text[start:end]
            pair = chinese(word.rstrip("多来几"))
            if pair is not None:
                found.append(Number(start, end, pair[0], pair[1], False, "点" in word))
        else:
            found.append(
                Number(*match.span(), english(match["en"]), None, False, " point " in match["en"])
            )
    return found


def _scale(word: str | None) -> float:
    match (word or "").strip():
        case "k" | "千" | "grand":
            return 1000.0
        case "w" | "万":
            return 10_000.0
        case "百":
            return 100.0
        case _:
            return 1.0


def chinese(word: str) -> tuple[float, float | None] | None:
    """Return the value of a Chinese numeral, and the second value of a pair such as "四五百".

    >>> chinese("一千二"), chinese("四五百"), chinese("四点五"), chinese("一万零五十")
    ((1200.0, None), (400.0, 500.0), (4.5, None), (10050.0, None))
    """
    if "点" in word:
        whole, _, part = word.partition("点")
        base = chinese(whole)
        if base is None or not part:
            return None
        return base[0] + float("0." + "".join(str(_DIGITS[c]) for c in part)), None
    if word.endswith("个半"):
        word = word[:-2] + "半"
    half = word.endswith("半")
    if half:
        word = word[:-1]
        base = chinese(word)
        return None if base is None else (base[0] + 0.5, None)
    if not word:
        return None
    if all(c in _DIGITS for c in word):
        if len(word) == 1:
            return float(_DIGITS[word]), None
        if len(word) == 2 and _DIGITS[word[1]] == _DIGITS[word[0]] + 1 and "零" not in word:
            return float(_DIGITS[word[0]]), float(_DIGITS[word[1]])
        return float("".join(str(_DIGITS[c]) for c in word)), None
    pair = re.fullmatch(rf"(.*?)([{_ZH_DIGIT}])([{_ZH_DIGIT}])([十百千万]+)", word)
    if pair is not None and _DIGITS[pair[3]] == _DIGITS[pair[2]] + 1:
        low, high = _plain(pair[1] + pair[2] + pair[4]), _plain(pair[1] + pair[3] + pair[4])
        return (low, high) if low is not None and high is not None else None
    value = _plain(word)
    return None if value is None else (value, None)


def _plain(word: str) -> float | None:
    total, section, digit, last_unit = 0, 0, None, 0
    zero = False
    for character in word:
        if character in _DIGITS:
            digit = _DIGITS[character] if digit is None else digit * 10 + _DIGITS[character]
            zero = zero or character in "零〇"
            continue
        unit = _UNITS[character]
        if unit == 10_000:
            total += (section + (digit or 0) or 1) * unit
            section, digit, last_unit = 0, None, unit
        else:
            section += (1 if digit is None else digit) * unit
            digit, last_unit = None, unit
        zero = False
    if digit is not None:
        # "一千二" means 1200, "一千零二" means 1002.
        section += digit * last_unit // 10 if last_unit > 10 and not zero and digit < 10 else digit
    value = total + section
    return float(value)


def english(words: str) -> float:
    """Return the value of English number words.

    >>> english("two hundred and fifty"), english("four point five"), english("twenty-one")
    (250.0, 4.5, 21.0)
    """
    if " point " in words:
        whole, _, part = words.partition(" point ")
        return english(whole) + _ENGLISH[part] / 10
    total, current = 0.0, 0.0
    for word in re.split(r"[ -]", words):
        if word in ("and", ""):
            continue
        if word == "a":
            current = 1
        elif word == "hundred":
            current = (current or 1) * 100
        elif word in ("thousand", "grand"):
            total, current = total + (current or 1) * 1000, 0
        else:
            current += _ENGLISH[word]
    return total + current
