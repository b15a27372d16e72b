"""Cutting a sentence into what it says: hotels, record values, numbers, facilities, words."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
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
    """Cut a folded sentence so that the least of it stays unexplained, in the fewest tokens.

    What nothing explains becomes `UNKNOWN`; every other character but blanks is in a token.
    """
    # Shortest path from the start to each place; places are reached from left to right.
    cost: list[float] = [0.0, *([math.inf] * len(text))]
    last: list[Token | None] = [None] * (len(text) + 1)
    back = [0] * (len(text) + 1)
    for at in range(len(text)):
        if cost[at] == math.inf:
            continue
        if text[at] == " ":
            if cost[at] < cost[at + 1]:
                cost[at + 1], last[at + 1], back[at + 1] = cost[at], None, at
            continue
        for token in _readings(text, at, lexicon, literals):
            total = cost[at] + _cost(token)
            if total < cost[token.end]:
                cost[token.end], last[token.end], back[token.end] = total, token, at
    tokens: list[Token] = []
    at = len(text)
    while at > 0:
        best = last[at]
        if best is not None:
            tokens.append(best)
        at = back[at]
    return _joined(tokens[::-1], text)


def _cost(token: Token) -> float:
    return 100.0 * (token.end - token.start) if token.kind is Kind.UNKNOWN else 1.0


def _joined(tokens: Sequence[Token], text: str) -> list[Token]:
    """Return the tokens with unknown characters side by side as one."""
    joined: list[Token] = []
    for token in tokens:
        before = joined[-1] if joined else None
        if before and before.kind is token.kind is Kind.UNKNOWN and before.end == token.start:
            stretch = text[before.start : token.end]
            joined[-1] = Token(Kind.UNKNOWN, before.start, token.end, stretch)
        else:
            joined.append(token)
    return joined


def _readings(text: str, at: int, lexicon: Lexicon, literals: Literals) -> list[Token]:
    """Return what may stand at a place; of several as long as each other the best one."""
    phrases = _phrases(text, at, lexicon)
    found = [_echo(text, at, literals), _number(text, at), _break(text, at), *phrases]
    value = literals.value(text, at)
    if value is not None:
        end, hotels, field = value
        same = next((phrase for phrase in phrases if phrase.end == end), None)
        found.insert(0, _value(text, at, end, hotels, field, same))
    hotel = literals.hotel(text, at)
    if hotel is not None:
        end, hotels, _ = hotel
        name = Token(Kind.HOTEL, at, end, text[at:end], hotels=hotels)
        # Part of a name that is also a place or a district is that place.
        found.insert(0 if literals.is_full_name(name.text) else 1, name)
    longest: dict[int, Token] = {}
    for token in found:
        if token is not None:
            longest.setdefault(token.end, token)
    if not longest:
        word = _WORDS.match(text, at)
        end = word.end() if word else at + 1
        return [Token(Kind.UNKNOWN, at, end, text[at:end])]
    if text[at] >= "\u3400":
        # A Chinese word may be read wrongly; leaving it unexplained must stay possible.
        longest.setdefault(at + 1, Token(Kind.UNKNOWN, at, at + 1, text[at]))
    return list(longest.values())


def _value(
    text: str, at: int, end: int, hotels: frozenset[int], field: Field, same: Token | None
) -> Token:
    """Return a record value; a facility of the vocabulary with the same words stays one."""
    facilities = same.facilities if same else frozenset()
    return Token(
        Kind.VALUE, at, end, text[at:end], hotels=hotels, field=field, facilities=facilities
    )


def _echo(text: str, at: int, literals: Literals) -> Token | None:
    closing = _QUOTES.get(text[at])
    if closing is None:
        return None
    end = text.find(closing, at + 1)
    if end < 0 or text[at + 1 : end].strip() not in literals.echoes:
        return None
    return Token(Kind.ECHO, at, end + 1, text[at : end + 1])


def _phrases(text: str, at: int, lexicon: Lexicon) -> list[Token]:
    """Return the phrases at a place, the longest first."""
    found = []
    for length in range(min(lexicon.longest, len(text) - at), 0, -1):
        phrase = text[at : at + length]
        if phrase[-1] == " " or not whole_words(text, at, at + length):
            continue
        singular = phrase.removesuffix("s") if phrase.isascii() else phrase
        form = phrase if lexicon.known(phrase) else singular
        if lexicon.known(form):
            found.append(
                Token(
                    Kind.PHRASE,
                    at,
                    at + length,
                    phrase,
                    roles=lexicon.roles.get(form, frozenset()),
                    facilities=lexicon.facilities.get(form, frozenset()),
                    scope=lexicon.scopes.get(form),
                    tier=lexicon.tiers.get(form, ""),
                    house=lexicon.kinds.get(form, ""),
                )
            )
    return found


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
