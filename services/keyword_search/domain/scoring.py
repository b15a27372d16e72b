"""How a hotel scores, in every engine the same.

    score = (BASE_SCORE + words + preferences) * standing

words: BM25 (k1 1.2, b 0.75) of each token in each field, times the field's boost, without words
that more than `COMMON_SHARE` of the hotels have; preferences: `PREFERENCE_BOOST` times the weight
of each one satisfied; standing: log2(2 + prior).
"""

from __future__ import annotations

import math

# Which words count how much: a hotel's own name most, prose least.
BOOSTS = {"name": 3.0, "place": 1.5, "facility": 1.0, "description": 0.5}
# Of satisfying the condition without any word.
BASE_SCORE = 0.1
# A word that most hotels have tells none apart, and costs more than all others.
COMMON_SHARE = 0.5
PREFERENCE_BOOST = 4.0


def standing(prior: float) -> float:
    """Return the factor of a hotel's standing without words, in [1, 2.81]."""
    return math.log2(2.0 + prior)


def most_common(limit: int, hotel_count: int) -> float:
    """Return how many hotels may have a word that is searched by."""
    return max(limit, hotel_count * COMMON_SHARE)
