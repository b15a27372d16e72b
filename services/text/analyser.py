"""The analyser: text to the tokens that every keyword engine indexes and searches."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

import rjieba
import Stemmer

from services.text.fold import fold_text

_PIECE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+|[a-z0-9]+(?:[.'][a-z0-9]+)*")
_stemmer = Stemmer.Stemmer("english")

# Words that every query has and no hotel is found by. They stay in the index, so that a phrase
# of them is still a match; they are only left out of queries.
_STOP = frozenset(
    [
        "a",
        "an",
        "and",
        "any",
        "are",
        "at",
        "be",
        "by",
        "can",
        "do",
        "find",
        "for",
        "from",
        "get",
        "give",
        "have",
        "hotel",
        "hotels",
        "i",
        "i'd",
        "i'm",
        "in",
        "is",
        "it",
        "like",
        "looking",
        "me",
        "my",
        "near",
        "need",
        "of",
        "on",
        "one",
        "or",
        "please",
        "room",
        "show",
        "some",
        "stay",
        "that",
        "the",
        "there",
        "to",
        "want",
        "we",
        "with",
        "would",
        "you",
        "的",
        "了",
        "吗",
        "呢",
        "吧",
        "啊",
        "我",
        "你",
        "您",
        "要",
        "想",
        "找",
        "住",
        "一",
        "一家",
        "一间",
        "酒店",
        "宾馆",
        "帮",
        "帮我",
        "推荐",
        "请",
        "给",
        "个",
        "家",
        "间",
        "有",
        "在",
        "附近",
        "和",
        "或",
        "或者",
        "不",
        "不要",
        "是",
        "最好",
    ]
)


def tokens(text: str) -> list[str]:
    """Return the tokens of a text in order.

    Chinese is cut for search, so a long word comes with the words in it; English is lower-cased
    and stemmed; numbers stay.
    """
    found: list[str] = []
    for piece in _PIECE.findall(fold_text(text)):
        if piece[0] >= "\u3400":
            found.extend(_cut(piece))
        else:
            found.append(_stem(piece))
    return found


def field(texts: Iterable[str]) -> str:
    """Return the tokens of several texts, joined by blanks: what goes into an engine's field."""
    found = [
        _remembered(text) if len(text) <= _REMEMBERED_CHARS else _joined(text) for text in texts
    ]
    return " ".join(filter(None, found))


def query(text: str) -> list[str]:
    """Return the distinct tokens to search by, in order, without words that find nothing."""
    return [token for token in dict.fromkeys(tokens(text)) if token not in _STOP]


def word_classes(text: str) -> list[tuple[str, str]]:
    """Return the words of a Chinese text with their classes, as ICTCLAS names them: n, v, r, ..."""
    return [(word, kind) for word, kind in rjieba.tag(text)]


# Longer texts, descriptions for one, hardly come twice, but their parts do.
_REMEMBERED_CHARS = 32
# What stands between tokens in folded text and in any other.
_PARTS = re.compile(r"[ ,;:!?()\[\]、。，；：！？（）【】《》“”\n]+")


@lru_cache(maxsize=65536)
def _remembered(text: str) -> str:
    return _joined(text)


def _joined(text: str) -> str:
    return " ".join(filter(None, map(_part, _PARTS.split(text))))


@lru_cache(maxsize=65536)
def _part(text: str) -> str:
    return " ".join(tokens(text))


@lru_cache(maxsize=65536)
def _cut(piece: str) -> tuple[str, ...]:
    return tuple(rjieba.cut_for_search(piece))


@lru_cache(maxsize=65536)
def _stem(word: str) -> str:
    return str(_stemmer.stemWord(word.removesuffix("'s")))
