"""When a number of a sentence agrees with a number of a record."""

from __future__ import annotations

import math

from services.answering.domain.tokens import Number

APPROXIMATE = 0.05
""""About", "almost": at most this share away."""
JUST_OVER = 0.10
"""A little above: at most this share."""


def agrees(number: Number, value: float | None, words: frozenset[str]) -> bool:
    """Tell whether the number, with the words around it, is true of the record's value.

    Args:
        number: As the sentence says it.
        value: The record's; `None`, which agrees with nothing.
        words: Roles of the words around the number, such as "approximate" or "below".
    """
    if value is None:
        return False
    said = number.value
    if "just_over" in words:
        return said < value <= said * (1 + JUST_OVER)
    if number.more:
        return said < value < said + _step(said)
    if "below" in words:
        return value < said
    if "at_most" in words:
        return value <= said
    if "above" in words:
        return value > said
    if "at_least" in words:
        return value >= said
    if "approximate" in words:
        return abs(value - said) <= said * APPROXIMATE
    if "nearly" in words:
        return said * (1 - APPROXIMATE) <= value < said
    return math.isclose(value, said, abs_tol=0.005)


def _step(said: float) -> float:
    """Return the unit of the last digit that is not 0: 100 for 400, 10 for 150."""
    step = 1.0
    while said and said % (step * 10) == 0:
        step *= 10
    return step
