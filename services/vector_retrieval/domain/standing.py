"""The order of hotels without any words."""

from __future__ import annotations

from services.plan.facts import HotelFacts

# What a hotel without any review is taken to score: below a good one, above a bad one.
PRIOR_RATING = 3.5
PRIOR_REVIEWS = 20


def standing(facts: HotelFacts) -> float:
    """Return the guest rating shrunk by its review count, in [0, 5], to five decimals.

    Source: the Bayesian average with a fixed prior weight.
    """
    if facts.guest_rating is None:
        return PRIOR_RATING - 0.5
    weight = facts.review_count if facts.review_count is not None else PRIOR_REVIEWS
    total = facts.guest_rating * weight + PRIOR_RATING * PRIOR_REVIEWS
    return round(total / (weight + PRIOR_REVIEWS), 5)
