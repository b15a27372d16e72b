"""Cutting a sentence into what it says: hotels, record values, numbers, facilities, words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from services.answering.domain.lexicon import Lexicon, Scope
from services.answering.domain.mentions import Literals
from services.answering.domain.numerals import read_number
from services.plan.condition import Field


class Kind(StrEnum):
    """What a token is."""

    HOTEL = "hotel"
    VALUE = "value"
    NUMBER = "number"
    PHRASE = "phrase"
    ECHO = "echo"
    BREAK = "break"
    QUESTION = "question"
    UNKNOWN = "unknown"


class Unit(StrEnum):
    """What a number counts."""

    PRICE = "price"
    RATING = "rating"
    STARS = "stars"
    REVIEWS = "reviews"
    DISTANCE_KM = "distance_km"
    DURATION = "duration"
    NIGHTS = "nights"
    HOTELS = "hotels"
    ORDINAL = "ordinal"
    BARE = "bare"


@dataclass(frozen=True, slots=True)
class Number:
    """A number with its unit; `more`: "四百多", above it and below the next step."""

    value: float
    unit: Unit
    currency: str = ""
    more: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """A stretch [start, end) of the folded sentence and all that it may mean."""

    kind: Kind
    start: int
    end: int
    text: str
    roles: frozenset[str] = frozenset()
    hotels: frozenset[int] = frozenset()
    field: Field | None = None
    number: Number | None = None
    facilities: frozenset[str] = frozenset()
    scope: Scope | None = None
    tier: str = ""
    house: str = ""


_NUM = r"(?P<n>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|[〇零一二两三四五六七八九十百千万]+)"
_WORD = (
    r"(?P<n>\d+|[一二两三四五六七八九十]+"
    r"|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
)
_MORE = r"(?P<more>多|余|几)?"
_CODES = (
    *("aed", "aud", "brl", "cad", "chf", "idr", "inr", "krw", "mop"),
    *("myr", "nzd", "php", "rub", "sgd", "thb", "twd", "vnd"),
)
_CURRENCIES = {
    "cny": r"元|块钱|块|人民币|yuan|rmb|cny|¥",
    "usd": r"美元|美金|us\$|dollars?|usd|\$",
    "gbp": r"英镑|pounds?|gbp|£",
    "eur": r"欧元|euros?|eur|€",
    "hkd": r"港元|港币|hk\$|hkd",
    "jpy": r"日元|円|yen|jpy",
    **dict(zip(_CODES, _CODES, strict=True)),
}
_MARKS = "|".join(f"(?:{marks})" for marks in _CURRENCIES.values())
_PATTERNS = tuple(
    (unit, re.compile(pattern))
    for unit, pattern in (
        (Unit.ORDINAL, r"第(?P<n>[一二三四五六七八九十]|\d+)(?:家店|家酒店|家|间|个)?"),
        (
            Unit.ORDINAL,
            r"(?:the |number |no\. ?|option )(?P<n>first|second|third|fourth|fifth|one|two|three"
            r"|four|five|\d)(?: one| hotel| option)?(?![\w-])(?! (?:hotels|of)\b)",
        ),
        (Unit.PRICE, rf"(?P<mark>us\$|hk\$|[$¥£€]|(?:cny|rmb|usd|gbp|eur|hkd)\b) ?{_NUM}{_MORE}"),
        (Unit.PRICE, rf"{_NUM}{_MORE} ?(?P<mark>{_MARKS})(?![a-z])"),
        (Unit.RATING, rf"{_NUM} ?(?:分(?!钟|店|之)|(?:out of|/) ?(?:5|five)(?:\.0)?|points?\b)"),
        (Unit.STARS, r"(?P<n>\d(?:\.5)?|[一二三四五])星级?"),
        (Unit.STARS, r"(?P<n>\d(?:\.5)?|one|two|three|four|five)[ -]?stars?\b"),
        (
            Unit.REVIEWS,
            rf"{_NUM} ?(?:条(?:评价|评论|点评|住客评价)|个评价|(?:guest )?reviews?\b)",
        ),
        (Unit.DISTANCE_KM, rf"{_NUM} ?(?P<km>公里|千米|km\b|kilomet(?:er|re)s?\b)"),
        (Unit.DISTANCE_KM, rf"{_NUM} ?(?P<m>米|meters?\b|metres?\b|m\b)"),
        (
            Unit.DURATION,
            rf"(?:{_NUM}|{_WORD.replace('?P<n>', '?P<w>')})[ -]?"
            r"(?:分钟|小时|minutes?\b|mins?\b|hours?\b|步|miles?\b|英里)",
        ),
        (Unit.NIGHTS, rf"{_WORD} ?(?:晚上?|夜|天|nights?\b|days?\b)"),
        (Unit.HOTELS, rf"{_WORD}(?:家店|家酒店|家|间酒店|个酒店| hotels?\b| properties\b)"),
        (
            Unit.HOTELS,
            r"(?:all (?:of the )?|these |those |of the |of these |the )"
            r"(?P<n>two|three|four|five|six|seven|eight|nine|ten|\d+)\b"
            r"(?: hotels\b| properties\b| of them\b)?",
        ),
        (Unit.HOTELS, rf"{_WORD} of (?:them|these|those)\b"),
        (Unit.HOTELS, r"(?P<both>both)(?: of (?:them|these))?\b"),
        (Unit.BARE, rf"{_NUM}{_MORE}"),
    )
)
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}
_BREAKS = ",;:.!?、-()[]{}/\"'~|%&*+·…—"
_ENDS = ".!;"
_QUOTES = {'"': '"', "「": "」", "『": "』", "《": "》"}
_WORDS = re.compile(r"[a-z0-9]+(?:['.-][a-z0-9]+)*")


def scan(text: str, *, lexicon: Lexicon, literals: Literals) -> list[Token]:
    """Cut a folded sentence from left to right, the longest reading at each place.

    What nothing explains becomes `UNKNOWN`; every other character but blanks is in a token.
    """
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        if text[at] == " ":
            at += 1
            continue
        token = _longest(text, at, lexicon, literals)
        if token.kind is Kind.UNKNOWN and tokens and tokens[-1].kind is Kind.UNKNOWN:
            start = tokens[-1].start
            if tokens[-1].end == at and not text[at].isascii():
                tokens[-1] = Token(Kind.UNKNOWN, start, token.end, text[start : token.end])
                at = token.end
                continue
        tokens.append(token)
        at = token.end
    return tokens


def _longest(text: str, at: int, lexicon: Lexicon, literals: Literals) -> Token:
    readings = [
        _echo(text, at, literals),
        literals.hotel(text, at),
        literals.value(text, at),
        _phrase(text, at, lexicon),
        _number(text, at),
        _break(text, at),
    ]
    best: Token | None = None
    for reading in readings:
        if isinstance(reading, tuple):
            end, hotels, field = reading
            kind = Kind.VALUE if field is not None else Kind.HOTEL
            reading = Token(kind, at, end, text[at:end], hotels=hotels, field=field)
        if reading is None:
            continue
        # A place the guest named is that place, even where a hotel is called after it.
        is_place = reading.kind is Kind.VALUE and reading.text in literals.places
        if best is None or reading.end > best.end or (is_place and reading.end == best.end):
            best = reading
    if best is not None:
        return best
    word = _WORDS.match(text, at)
    end = word.end() if word else at + 1
    return Token(Kind.UNKNOWN, at, end, text[at:end])


def _echo(text: str, at: int, literals: Literals) -> Token | None:
    closing = _QUOTES.get(text[at])
    if closing is None:
        return None
    end = text.find(closing, at + 1)
    if end < 0 or text[at + 1 : end].strip() not in literals.echoes:
        return None
    return Token(Kind.ECHO, at, end + 1, text[at : end + 1])


def _phrase(text: str, at: int, lexicon: Lexicon) -> Token | None:
    for length in range(min(lexicon.longest, len(text) - at), 0, -1):
        phrase = text[at : at + length]
        end = at + length
        if phrase[-1] == " " or not whole_words(text, at, end):
            continue
        singular = phrase.removesuffix("s") if phrase[-1:] == "s" and phrase.isascii() else phrase
        for form in (phrase, singular):
            if lexicon.known(form):
                return Token(
                    Kind.PHRASE,
                    at,
                    end,
                    phrase,
                    roles=lexicon.roles.get(form, frozenset()),
                    facilities=lexicon.facilities.get(form, frozenset()),
                    scope=lexicon.scopes.get(form),
                    tier=lexicon.tiers.get(form, ""),
                    house=lexicon.kinds.get(form, ""),
                )
    return None


def _number(text: str, at: int) -> Token | None:
    if at and _alnum(text[at - 1]) and _alnum(text[at]):
        return None
    for unit, pattern in _PATTERNS:
        match = pattern.match(text, at)
        if match is None:
            continue
        groups = match.groupdict()
        raw = groups.get("n") or groups.get("w") or "two"
        value = float(_ORDINALS[raw]) if raw in _ORDINALS else read_number(raw)
        if value is None:
            continue
        if groups.get("m"):
            value /= 1000
        number = Number(value, unit, _currency(groups.get("mark")), bool(groups.get("more")))
        return Token(Kind.NUMBER, at, match.end(), match.group(), number=number)
    return None


def _currency(mark: str | None) -> str:
    if mark is None:
        return ""
    return next(code for code, marks in _CURRENCIES.items() if re.fullmatch(marks, mark))


def _break(text: str, at: int) -> Token | None:
    if text[at] in "?":
        return Token(Kind.QUESTION, at, at + 1, text[at])
    if text[at] in _BREAKS or text[at] in "。，；：！、（）“”‘’「」『』《》【】":
        return Token(Kind.BREAK, at, at + 1, "." if text[at] in _ENDS + "。！；" else text[at])
    return None


def whole_words(text: str, start: int, end: int) -> bool:
    """Tell whether [start, end) does not cut an English word or a number in two."""
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    return not (_alnum(before) and _alnum(text[start])) and not (
        _alnum(text[end - 1]) and _alnum(after)
    )


def _alnum(character: str) -> bool:
    return character.isascii() and character.isalnum()
