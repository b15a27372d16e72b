"""Negation normal form: NOT only at the leaves, which is what engines can run.

In three-valued logic the records where `NOT x` is true are those where x is *false*, not those
where x is not true. With NOT pushed to the leaves an engine needs, per leaf, two sets: the
records where it is true, and the records where it is false (field known and not matching).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from services.plan.condition import All, Any, Condition, Leaf, Not


@dataclass(frozen=True, slots=True)
class Literal:
    """A leaf that must be true (`positive`) or false (not `positive`; unknown fails both)."""

    leaf: Leaf
    positive: bool


@dataclass(frozen=True, slots=True)
class Conjunction:
    """All parts must hold; empty holds always."""

    parts: tuple[NormalForm, ...]


@dataclass(frozen=True, slots=True)
class Disjunction:
    """A part must hold; empty never holds."""

    parts: tuple[NormalForm, ...]


NormalForm: TypeAlias = Literal | Conjunction | Disjunction


def normal_form(condition: Condition, *, positive: bool = True) -> NormalForm:
    """Return the condition with every NOT pushed down to its leaves (De Morgan)."""
    match condition:
        case Not(item=item):
            return normal_form(item, positive=not positive)
        case All(items=items) | Any(items=items):
            parts = tuple(normal_form(item, positive=positive) for item in items)
            conjunctive = isinstance(condition, All) is positive
            return Conjunction(parts) if conjunctive else Disjunction(parts)
        case _:
            return Literal(condition, positive)
