"""One utterance, folded, with the way back to the guest's characters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.plan.condition import Span
from services.text.fold import fold, has_han

_HAN = re.compile(r"[\u3400-\u9fff]")
_TRADITIONAL_HINT = re.compile(
    r"[這個們嗎為來說請給還與對區點錢開會過裡價訂離車後樓邊兩這麼間號塊評豐東經濟館賓舊機場]"
)
# Corpora and speech recognisers write "do n't", "I 'm", "4 - star": the blank goes, the words stay.
_SQUEEZE = re.compile(
    r"(?<=\w) (?=n't\b)|(?<=\w) (?='(?:m|s|d|ll|ve|re)\b)|(?<=\w) (?=-)|(?<=-) (?=\w)"
    r"|(?<=[\u3400-\u9fff]) +(?=[\u3400-\u9fff])|(?<= ) +"
    r"|(?<= \d\.) (?=\d (?:points?|stars?)\b)"
)
_CIRCLED = frozenset("①②③④⑤⑥⑦⑧⑨⑩")
_NUMBERED = re.compile(r"(?:^|(?<=[\s,;:。]))(?P<number>[1-9])[.、)]")
_SMALL = re.compile(r"[a-z]")
# "I" is written large by nearly everybody and tells nothing.
_CAPITAL = re.compile(r"[A-Z](?<!\bI)|\bI\w")


@dataclass(frozen=True, slots=True)
class TurnText:
    """What was said.

    Attributes:
        original: As it came in.
        text: Folded: lower case, simplified characters, half width, single blanks.
        offsets: For each character of `text` its place in `original`; one more entry: the end.
        language: "zh", "zh-Hant" or "en".
        cased: The original tells capitals from small letters.
    """

    original: str
    text: str
    offsets: tuple[int, ...]
    language: str
    cased: bool = False

    def span(self, start: int, end: int) -> Span:
        """Return the guest's own characters for a stretch of `text`."""
        if end <= start:
            at = self.offsets[start]
            return Span(at, at, "")
        first, last = self.offsets[start], self.offsets[end - 1] + 1
        return Span(first, last, self.original[first:last])

    def in_capitals(self, start: int, end: int) -> bool:
        """Tell whether a stretch of `text` is in capitals, in words that are not all so."""
        return self.cased and all(self.is_capital(at) for at in range(start, end))

    def is_capital(self, at: int) -> bool:
        """Tell whether the original has a capital at a place of `text`."""
        return self.original[self.offsets[at]].isupper()


def read(original: str, locale: str = "") -> TurnText:
    """Fold an utterance and tell its language."""
    folded = fold(original)
    text, offsets = folded.text, folded.offsets
    text = _without_numbering(text, original, offsets)
    holes = [match.span() for match in _SQUEEZE.finditer(text)]
    if holes:
        keep = _kept(len(text), holes)
        offsets = (*(offsets[index] for index in keep), offsets[-1])
        text = "".join(text[index] for index in keep)
    cased = bool(_SMALL.search(original) and _CAPITAL.search(original))
    return TurnText(original, text, offsets, _language(original, text, locale), cased)


def _without_numbering(text: str, original: str, offsets: Sequence[int]) -> str:
    """Put commas for the numbers of a list: "1.五星级 2.有泳池", "①近外滩 ②带早餐".

    They are numbers of a list where they count up from one.
    """
    if not _CIRCLED.isdisjoint(original):
        text = "".join(
            "," if original[at] in _CIRCLED else character
            for character, at in zip(text, offsets, strict=False)
        )
    expected = 1
    marks: list[int] = []
    for match in _NUMBERED.finditer(text):
        if int(match["number"]) == expected:
            marks.append(match.start("number"))
            expected += 1
    if len(marks) > 1:
        for at in marks:
            text = f"{text[:at]}, {text[at + 2 :]}"
    return text


def _kept(length: int, holes: list[tuple[int, int]]) -> list[int]:
    gone = {index for start, end in holes for index in range(start, end)}
    return [index for index in range(length) if index not in gone]


def _language(original: str, text: str, locale: str) -> str:
    han = len(_HAN.findall(text)) if has_han(text) else 0
    letters = sum(1 for character in text if "a" <= character <= "z")
    if han == 0 and letters == 0:
        return _of_locale(locale)
    if han * 3 < letters:
        return "en"
    return "zh-Hant" if _TRADITIONAL_HINT.search(original) else "zh"


def _of_locale(locale: str) -> str:
    lowered = locale.lower()
    if lowered.startswith("en"):
        return "en"
    if lowered.startswith(("zh-hant", "zh-tw", "zh-hk")):
        return "zh-Hant"
    return "zh"
