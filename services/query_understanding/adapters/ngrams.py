"""Texts as numbers of character n-grams: what the learned reader of concepts reads."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from services.text.fold import fold_text, has_han

BUCKETS = 1 << 14
"""Numbers of n-grams are in [1, BUCKETS); 0 fills a row."""
MOST_NGRAMS = 512
_PIECE = re.compile(r"[\u3400-\u9fff]+|[a-z0-9']+")


def ngrams(text: str) -> list[str]:
    """Return the n-grams of a text: of one to three Han; English words, their pairs and parts."""
    found: list[str] = []
    before = "<"
    for piece in _PIECE.findall(fold_text(text)):
        if has_han(piece):
            found += [piece[at : at + n] for n in (1, 2, 3) for at in range(len(piece) - n + 1)]
            continue
        marked = f"<{piece}>"
        found += [marked, f"{before} {piece}"]
        found += [marked[at : at + n] for n in (4, 5) for at in range(len(marked) - n + 1)]
        before = piece
    return found[:MOST_NGRAMS]


def numbered(texts: Sequence[str]) -> NDArray[np.int64]:
    """Return the numbers of each text's n-grams, repeats once, rows filled with 0.

    Returns:
        `(len(texts), longest)` int64, at least one column.
    """
    rows = [sorted(_numbers(ngrams(text))) for text in texts]
    width = max([1, *map(len, rows)])
    return np.array([row + [0] * (width - len(row)) for row in rows], dtype=np.int64)


def _numbers(grams: Iterable[str]) -> set[int]:
    return {1 + zlib.crc32(gram.encode()) % (BUCKETS - 1) for gram in grams}
