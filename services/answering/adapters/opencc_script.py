"""Simplified characters to traditional ones, by OpenCC."""

from __future__ import annotations

import opencc

from services.text.fold import simplify

_converter = opencc.OpenCC("s2tw")


def to_traditional(text: str) -> str:
    """Return the text in traditional characters.

    A character whose way back would be another one stays as it is, so that the text still says
    what it said when it is compared with records.
    """
    converted = str(_converter.convert(text))
    if simplify(converted) == simplify(text):
        return converted
    return "".join(_character(character) for character in text)


def _character(character: str) -> str:
    converted = str(_converter.convert(character))
    return converted if simplify(converted) == simplify(character) else character
