"""The reranker that ships: shared words, weighed by how rare they are among the passages.

Honest about what it is: a baseline that fills the slot, without a model and without training. It
knows no more than keyword search does, its probability is a fixed curve over the share of words
found, calibrated on nothing, and so ranking leaves it off by default. What earns a place is a
cross-encoder, served under the same name (infra/triton/README.md).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from services.text import analyser

# The curve's slope; half of the query's weight found is a probability of a half.
_SLOPE = 6.0


class WordReranker:
    """`Reranker` in process."""

    async def score(self, query: str, passages: Mapping[str, str]) -> Mapping[str, float]:
        """Return a probability in [0, 1] for every hotel given."""
        scores = probabilities(query, list(passages.values()))
        return dict(zip(passages, scores, strict=True))


def probabilities(query: str, passages: Sequence[str]) -> list[float]:
    """Return how probably each passage answers the query, in [0, 1], in the order of passages.

    A word of the query weighs ln(1 + n / (1 + passages that have it)); the logistic curve over
    the share of the weight found gives the probability. A query without words tells nothing: 0.5.
    """
    wanted = analyser.query(query)
    had = [set(analyser.tokens(passage)) for passage in passages]
    # In the query's order, so that equal words give the very same sum.
    found = [[word for word in wanted if word in words] for words in had]
    having = Counter(word for words in found for word in words)
    weights = {word: math.log1p(len(passages) / (1 + having[word])) for word in wanted}
    total = sum(weights.values())
    shares = [
        sum(map(weights.__getitem__, sorted(words))) / total if total else 0.5 for words in found
    ]
    return [1.0 / (1.0 + math.exp(-_SLOPE * (share - 0.5))) for share in shares]
