"""The default embedder: hashed character n-grams and concepts, no model, no download.

Honest about what it is: it knows spelling, and it knows the vocabulary, so "泳池" and "pool"
meet in the concept they share. It knows nothing else about meaning. The port lets a model on
Triton or onnxruntime replace it.

Source: Weinberger et al., Feature Hashing for Large Scale Multitask Learning, ICML 2009 (signed
hashing keeps inner products unbiased).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import ahocorasick
import numpy as np
from numpy.typing import NDArray

from services.text.fold import fold_text
from services.vocabulary import Vocabulary

DIMENSION = 128
# Each feature is written to this many coordinates: fewer collisions hurt less.
COPIES = 2
GRAMS = (2, 3)
CONCEPT_WEIGHT = 3.0
_SEED = 0x9E3779B97F4A7C15
# Texts that cost less than handing them to a thread.
_QUICK = 4
# Rows worked on at once, and how a row, a kind and a hash share 64 bits.
_MOST_ROWS = 512
_HASH_BITS = 50
_KIND_SHIFT = np.uint64(_HASH_BITS)
_ROW_SHIFT = np.uint64(_HASH_BITS + 2)
_HASH_MASK = np.uint64((1 << _HASH_BITS) - 1)
_CONCEPT = len(GRAMS)
_WEIGHTS = np.array([1.0, 1.5, 0.0, 0.0])


class HashedEmbedder:
    """`Embedder` by signed feature hashing of character 2- and 3-grams and concepts."""

    def __init__(self, vocabulary: Vocabulary, *, dimension: int = DIMENSION) -> None:
        self._dimension = dimension
        self._version = f"hashed-ngrams-2/{dimension}/{vocabulary.version}"
        self._concepts = ahocorasick.Automaton()
        words: dict[str, list[int]] = {}
        for section, concepts in vocabulary.sections.items():
            for concept in concepts.values():
                for word in concept.words():
                    folded = fold_text(word)
                    if len(folded) > 1:
                        words.setdefault(folded, []).append(_stable_hash(f"{section}/{concept.id}"))
        for word, features in words.items():
            self._concepts.add_word(word, features)
        self._concepts.make_automaton()

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._dimension

    @property
    def version(self) -> str:
        """Name and version."""
        return self._version

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return `(n, dimension)` float32 rows of unit length."""
        if len(texts) <= _QUICK:
            return self.vectors(texts)
        return await asyncio.to_thread(self.vectors, texts)

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As `embed`, for callers that have a thread of their own."""
        parts = [
            self._project(texts[first : first + _MOST_ROWS])
            for first in range(0, len(texts), _MOST_ROWS)
        ]
        if not parts:
            return np.zeros((0, self._dimension), dtype=np.float32)
        out = np.concatenate(parts)
        norms = np.linalg.norm(out, axis=1, keepdims=True)
        np.divide(out, norms, out=out, where=norms > 0)
        return out

    def _project(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the rows before they are brought to unit length.

        All texts are worked on at once: a numpy call costs more than the grams of one text.
        """
        counted = self._counted([fold_text(text) for text in texts])
        # One number says it all: row, kind of feature, hash. Sorting brings equal ones together.
        distinct, counts = _runs(np.sort(counted))
        rows = (distinct >> _ROW_SHIFT).astype(np.int64)
        kinds = ((distinct >> _KIND_SHIFT) & np.uint64(3)).astype(np.int64)
        # A gram said often counts more, but less than proportionally; a concept counts once.
        weights = np.where(kinds == _CONCEPT, CONCEPT_WEIGHT, _WEIGHTS[kinds] * counts)
        totals = np.sqrt(weights)
        size = len(texts) * self._dimension
        vector = np.zeros(size)
        state = (distinct & _HASH_MASK) * np.uint64(_SEED)
        for _ in range(COPIES):
            state ^= state >> np.uint64(29)
            state *= np.uint64(0xBF58476D1CE4E5B9)
            state ^= state >> np.uint64(32)
            slots = (state % np.uint64(self._dimension)).astype(np.int64)
            signs = np.where(state >> np.uint64(63), -1.0, 1.0)
            vector += np.bincount(rows * self._dimension + slots, totals * signs, minlength=size)
        return vector.reshape(len(texts), self._dimension).astype(np.float32)

    def _counted(self, texts: Sequence[str]) -> NDArray[np.uint64]:
        """Return every feature of every text as often as it is there."""
        # Texts are joined by blanks, and no gram crosses a blank: so word order matters little,
        # and no gram reaches into the next text.
        joined = " ".join(texts)
        lengths = np.fromiter((len(text) for text in texts), dtype=np.int64, count=len(texts))
        row = np.repeat(np.arange(len(texts), dtype=np.uint64), lengths + 1)
        codes = np.frombuffer(joined.encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
        blank = codes == 32
        found = []
        for kind, size in enumerate(GRAMS):
            count = max(0, len(codes) - size + 1)
            hashed = np.full(count, size * 0x1000193, dtype=np.uint64)
            inside = np.ones(count, dtype=bool)
            for offset in range(size):
                hashed = (hashed ^ codes[offset : offset + count]) * np.uint64(0x100000001B3)
                inside &= ~blank[offset : offset + count]
            found.append(_packed(row[:count][inside], kind, hashed[inside]))
        concepts = [
            (index, feature)
            for index, text in enumerate(texts)
            for feature in {f for _, features in self._concepts.iter(text) for f in features}
        ]
        if concepts:
            pairs = np.array(concepts, dtype=np.uint64)
            found.append(_packed(pairs[:, 0], _CONCEPT, pairs[:, 1]))
        return np.concatenate(found)


def _packed(rows: NDArray[np.uint64], kind: int, hashed: NDArray[np.uint64]) -> NDArray[np.uint64]:
    # The high bits of a product are its well-mixed ones.
    mixed = (hashed * np.uint64(_SEED)) >> np.uint64(64 - _HASH_BITS)
    packed: NDArray[np.uint64] = (rows << _ROW_SHIFT) | (np.uint64(kind) << _KIND_SHIFT) | mixed
    return packed


def _runs(values: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return the distinct values of a sorted array and how often each is there."""
    starts = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))
    if not len(values):
        return values, np.zeros(0, dtype=np.int64)
    return values[starts], np.diff(np.append(starts, len(values)))


def _stable_hash(text: str) -> int:
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value
