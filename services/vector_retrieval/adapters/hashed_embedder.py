"""The default embedder: hashed character n-grams and concepts, no model, no download.

Honest about what it is: it knows spelling, and it knows the vocabulary, so "泳池" and "pool"
meet in the concept they share. It knows nothing else about meaning. The port lets a model on
Triton or onnxruntime replace it.

Source: Weinberger et al., Feature Hashing for Large Scale Multitask Learning, ICML 2009 (signed
hashing keeps inner products unbiased).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain

import ahocorasick
import numpy as np
from numpy.typing import NDArray

from services.platform.bulk_work import in_turn
from services.text.fold import fold_text
from services.vocabulary import Vocabulary

DIMENSION = 128
# Each feature is written to this many coordinates: fewer collisions hurt less.
COPIES = 2
GRAMS = (2, 3)
CONCEPT_WEIGHT = 3.0
_SEED = 0x9E3779B97F4A7C15
_GRAM_START, _GRAM_FACTOR = 0x1000193, 0x100000001B3
_FIRST_FACTOR = 0xBF58476D1CE4E5B9
# Texts that cost less than handing them to a thread.
_QUICK = 4
# Words whose concepts are remembered; those of a language fit in.
_REMEMBERED = 65_536
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
        self._concepts = _Concepts(vocabulary)

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
        return await in_turn(self.vectors, texts)

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
        counted.sort()
        distinct, counts = _runs(counted)
        kinds = ((distinct >> _KIND_SHIFT) & np.uint64(3)).astype(np.intp)
        # A gram said often counts more, but less than proportionally; a concept counts once.
        weights = _WEIGHTS[kinds] * counts
        weights[kinds == _CONCEPT] = CONCEPT_WEIGHT
        totals = np.sqrt(weights)
        starts = (distinct >> _ROW_SHIFT).astype(np.intp) * self._dimension
        size = len(texts) * self._dimension
        vector = np.zeros(size)
        state = distinct & _HASH_MASK
        state *= np.uint64(_SEED)
        for _ in range(COPIES):
            state ^= state >> np.uint64(29)
            state *= np.uint64(_FIRST_FACTOR)
            state ^= state >> np.uint64(32)
            slots = self._remainder(state).astype(np.intp)
            slots += starts
            signed = np.where(state >> np.uint64(63), -totals, totals)
            vector += np.bincount(slots, signed, minlength=size)
        return vector.reshape(len(texts), self._dimension).astype(np.float32)

    def _remainder(self, state: NDArray[np.uint64]) -> NDArray[np.uint64]:
        # By a power of two, as dimensions are, it is a mask, which is many times faster.
        mask = self._dimension - 1
        remainder: NDArray[np.uint64] = (
            state % np.uint64(self._dimension)
            if self._dimension & mask
            else state & np.uint64(mask)
        )
        return remainder

    def _counted(self, texts: Sequence[str]) -> NDArray[np.uint64]:
        """Return every feature of every text, once or as often as it is there."""
        # Texts are joined by blanks, and no gram crosses a blank: so word order matters little,
        # and no gram reaches into the next text.
        joined = " ".join(texts)
        lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
        row = np.repeat(np.arange(len(texts), dtype=np.uint64) << _ROW_SHIFT, lengths + 1)
        codes = np.frombuffer(joined.encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
        said = codes != 32
        found = []
        for kind, size in enumerate(GRAMS):
            count = max(0, len(codes) - size + 1)
            hashed = codes[:count] ^ np.uint64(size * _GRAM_START)
            hashed *= np.uint64(_GRAM_FACTOR)
            inside = said[:count].copy()
            for offset in range(1, size):
                hashed ^= codes[offset : offset + count]
                hashed *= np.uint64(_GRAM_FACTOR)
                inside &= said[offset : offset + count]
            hashed *= np.uint64(_SEED)
            # The high bits of a product are its well-mixed ones.
            hashed >>= np.uint64(64 - _HASH_BITS)
            hashed |= np.uint64(kind << _HASH_BITS)
            hashed |= row[:count]
            found.append(hashed[inside])
        found.append(self._concepts.of_texts(texts))
        return np.concatenate(found)


class _Concepts:
    """Finds the concepts of the vocabulary in folded text, as features without a row."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        features: dict[str, set[int]] = {}
        for section, concepts in vocabulary.sections.items():
            for concept in concepts.values():
                for word in concept.words():
                    folded = fold_text(word)
                    if len(folded) > 1:
                        feature = _packed(_CONCEPT, _stable_hash(f"{section}/{concept.id}"))
                        features.setdefault(folded, set()).add(feature)
        # What has no blank is found in words, which repeat from text to text; the rest is rare.
        self._words = _automaton({w: f for w, f in features.items() if " " not in w})
        self._phrases = _automaton({w: f for w, f in features.items() if " " in w})
        self._in_word = lru_cache(_REMEMBERED)(self._found_in_word)

    def of_texts(self, texts: Sequence[str]) -> NDArray[np.uint64]:
        """Return the features of each text with its row, once or more often."""
        in_word, phrases = self._in_word, self._phrases
        found: list[tuple[int, ...]] = []
        counts = []
        for text in texts:
            before = len(found)
            found += map(in_word, text.split(" "))
            found += [features for _, features in phrases.iter(text)]
            counts.append(len(found) - before)
        lengths = np.fromiter(map(len, found), dtype=np.intp, count=len(found))
        rows = np.repeat(np.arange(len(texts), dtype=np.uint64) << _ROW_SHIFT, counts)
        features = np.fromiter(
            chain.from_iterable(found), dtype=np.uint64, count=int(lengths.sum())
        )
        features |= np.repeat(rows, lengths)
        return features

    def _found_in_word(self, word: str) -> tuple[int, ...]:
        return tuple({f for _, features in self._words.iter(word) for f in features})


def _automaton(features: dict[str, set[int]]) -> ahocorasick.Automaton:
    automaton = ahocorasick.Automaton()
    # Without a word it cannot be asked; no folded text has this one.
    automaton.add_word("\0", ())
    for word, its_features in features.items():
        automaton.add_word(word, tuple(its_features))
    automaton.make_automaton()
    return automaton


def _packed(kind: int, hashed: int) -> int:
    mixed = (hashed * _SEED & 0xFFFFFFFFFFFFFFFF) >> (64 - _HASH_BITS)
    return kind << _HASH_BITS | mixed


def _runs(values: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.intp]]:
    """Return the distinct values of a sorted array and how often each is there."""
    if not len(values):
        return values, np.zeros(0, dtype=np.intp)
    ends = np.append(np.flatnonzero(values[1:] != values[:-1]), len(values) - 1)
    return values[ends], np.diff(ends, prepend=-1)


def _stable_hash(text: str) -> int:
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value
