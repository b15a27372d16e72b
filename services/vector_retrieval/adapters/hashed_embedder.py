"""The default embedder: hashed character n-grams and concepts, no model, no download.

Honest about what it is: it knows spelling, and it knows the vocabulary, so "泳池" and "pool"
meet in the concept they share. It knows nothing else about meaning. The port lets a model on
Triton or onnxruntime replace it.

Source: Weinberger et al., Feature Hashing for Large Scale Multitask Learning, ICML 2009 (signed
hashing keeps inner products unbiased).
"""

from __future__ import annotations

from collections.abc import Sequence

import ahocorasick
import numpy as np
from numpy.typing import NDArray

from services.text.fold import fold
from services.vocabulary import Vocabulary

DIMENSION = 128
# Each feature is written to this many coordinates: fewer collisions hurt less.
COPIES = 2
GRAMS = (2, 3)
CONCEPT_WEIGHT = 3.0
_SEED = 0x9E3779B97F4A7C15


class HashedEmbedder:
    """`Embedder` by signed feature hashing of character 2- and 3-grams and concepts."""

    def __init__(self, vocabulary: Vocabulary, *, dimension: int = DIMENSION) -> None:
        self._dimension = dimension
        self._version = f"hashed-ngrams-1/{dimension}/{vocabulary.version}"
        self._concepts = ahocorasick.Automaton()
        words: dict[str, list[int]] = {}
        for section, concepts in vocabulary.sections.items():
            for concept in concepts.values():
                for word in concept.words():
                    folded = fold(word).text
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
        return self.vectors(texts)

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As `embed`, for callers that have a thread of their own."""
        out = np.zeros((len(texts), self._dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            out[row] = self._vector(fold(text).text)
        norms = np.linalg.norm(out, axis=1, keepdims=True)
        np.divide(out, norms, out=out, where=norms > 0)
        return out

    def _vector(self, text: str) -> NDArray[np.float32]:
        codes = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
        # Blanks separate words: no gram crosses one, so word order matters little.
        blank = codes == 32
        features, weights = [], []
        for size in GRAMS:
            if len(codes) < size:
                continue
            count = len(codes) - size + 1
            hashed = np.full(count, size * 0x1000193, dtype=np.uint64)
            inside = np.ones(count, dtype=bool)
            for offset in range(size):
                part = codes[offset : offset + count]
                hashed = (hashed ^ part) * np.uint64(0x100000001B3)
                inside &= ~blank[offset : offset + count]
            features.append(hashed[inside])
            weights.append(np.full(int(inside.sum()), 1.0 if size == 2 else 1.5))
        concepts = {f for _, found in self._concepts.iter(text) for f in found}
        if concepts:
            features.append(np.fromiter(concepts, dtype=np.uint64, count=len(concepts)))
            weights.append(np.full(len(concepts), CONCEPT_WEIGHT))
        if not features:
            return np.zeros(self._dimension, dtype=np.float32)
        return self._project(np.concatenate(features), np.concatenate(weights))

    def _project(
        self, features: NDArray[np.uint64], weights: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        distinct, index = np.unique(features, return_inverse=True)
        # A gram said often counts more, but less than proportionally.
        totals = np.sqrt(np.bincount(index, weights))
        vector = np.zeros(self._dimension)
        state = distinct * np.uint64(_SEED)
        for _ in range(COPIES):
            state ^= state >> np.uint64(29)
            state *= np.uint64(0xBF58476D1CE4E5B9)
            state ^= state >> np.uint64(32)
            slots = (state % np.uint64(self._dimension)).astype(np.int64)
            signs = np.where(state >> np.uint64(63), -1.0, 1.0)
            vector += np.bincount(slots, totals * signs, minlength=self._dimension)
        return vector.astype(np.float32)


def _stable_hash(text: str) -> int:
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value
