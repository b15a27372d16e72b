"""Making outside text plain: no markup, no links, nothing invisible, one line."""

from __future__ import annotations

import re
import unicodedata

MAX_CHARACTERS = 160
"""Longest piece of record text that an answer repeats."""

_TAG = re.compile(r"<[^<>]*>")
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\$\{.*?\}|\{%.*?%\}")
_MARKDOWN_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()]*\)")
_LINK = re.compile(
    r"(?i)\b(?:[a-z][a-z0-9+.-]*://|mailto:|javascript:|data:|www\.)[^\s，。；、）)】」]*"
    r"|\b[\w.+-]+@[\w-]+\.[\w.-]+"
    r"|\b(?:[a-z0-9-]+\.)+(?:com|net|org|cn|io|example|test|invalid|info|biz|xyz|top|co)\b"
    r"(?:/[^\s，。；、）)】」]*)?"
)
# A bracket that holds a sentence is no part of a name or an address.
_SENTENCE_IN_BRACKETS = re.compile(
    r"[(（\[【][^()（）\[\]【】]*[:：!！?？。;；“”][^()（）\[\]【】]*[)）\]】]"
)
_MARKS = str.maketrans("", "", "<>`{}[]|\\*_#~^")


def plain_text(text: str, *, limit: int = MAX_CHARACTERS) -> str:
    """Return the text fit to be shown: what could act or hide in it is gone.

    Control, bidirectional, zero-width and tag characters, markup, template marks, links and
    mail addresses are removed, blanks are single, and the rest is cut to `limit` characters.
    """
    visible = "".join(" " if c.isspace() else c for c in text if _visible(c))
    for pattern in (_MARKDOWN_LINK, _TAG, _TEMPLATE):
        visible = pattern.sub(r"\1" if pattern is _MARKDOWN_LINK else " ", visible)
    visible = _SENTENCE_IN_BRACKETS.sub("", _LINK.sub("", visible)).translate(_MARKS)
    return " ".join(visible.split())[:limit].rstrip()


def _visible(character: str) -> bool:
    return character.isspace() or unicodedata.category(character)[0] != "C"
