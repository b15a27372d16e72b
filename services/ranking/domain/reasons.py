"""Why a hotel is in the list: each condition and wish with the field and value that meets it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from services.plan.condition import (
    All,
    Any,
    Condition,
    Field,
    Leaf,
    Near,
    Not,
    Point,
    Range,
    Term,
)
from services.plan.evaluate import Evaluate, Truth, evaluator, held, negate, number
from services.plan.facts import HotelFacts
from services.plan.query_plan import Preference, Trend
from services.ranking.domain.features import distance_km, trend_number


@dataclass(frozen=True, slots=True)
class Evidence:
    """One leaf or trend and what the record says to it.

    Attributes:
        wish: The leaf or the trend.
        hard: Whether it is a hard condition.
        truth: Whether the record meets it; `None`: the record does not tell.
        field: The field that tells.
        values: The ids or texts of the record that meet it; labels are the wire's work.
        number: The record's number, for numbers and distances.
        negated: The leaf stands under a NOT; `truth` is of the NOT.
    """

    wish: Leaf | Trend
    hard: bool
    truth: Truth
    field: Field
    values: tuple[str, ...] = ()
    number: float | None = None
    negated: bool = False


Tell: TypeAlias = Callable[[HotelFacts], Iterable[Evidence]]
"""What one record says to a part of the plan."""


class Reasons:
    """Says for one hotel after the other why it is in the list; the plan is read once.

    Args:
        condition: The plan's condition; the hotels asked about pass it.
        preferences: The plan's wishes.
        points: Positions of the plan's places by place id.
    """

    def __init__(
        self,
        condition: Condition | None,
        preferences: Sequence[Preference],
        points: Mapping[int, Point],
    ) -> None:
        self._tells: list[Tell] = [] if condition is None else [_hard(condition, negated=False)]
        for preference in preferences:
            self._tells += _soft(preference, points)

    def evidence(self, facts: HotelFacts) -> tuple[Evidence, ...]:
        """Return the evidence for one hotel that passes the condition.

        Of an OR only the branches that hold are shown: the others are no reason.
        """
        return tuple([entry for tell in self._tells for entry in tell(facts)])


def _hard(condition: Condition, *, negated: bool) -> Tell:
    match condition:
        case Not(item=item):
            return _hard(item, negated=not negated)
        case All(items=items) | Any(items=items):
            tells = [_hard(item, negated=negated) for item in items]
            if isinstance(condition, All) is not negated:
                return lambda facts: [entry for tell in tells for entry in tell(facts)]
            branches = list(zip([evaluator(item) for item in items], tells, strict=True))
            return lambda facts: [
                entry
                for truth, tell in branches
                if truth(facts) is (not negated)
                for entry in tell(facts)
            ]
        case _:
            truth = evaluator(condition)
            return lambda facts: (
                [_leaf(condition, facts, True, True, negated)]
                if truth(facts) is (not negated)
                else []
            )


def _soft(preference: Preference, points: Mapping[int, Point]) -> Iterator[Tell]:
    wish = preference.wish
    if isinstance(wish, Trend):
        yield partial(_trend, wish, trend_number(wish, points))
        return
    for leaf, negated in _leaves(wish, preference.weight < 0):
        yield partial(_wish, leaf, negated, evaluator(leaf))


def _trend(
    wish: Trend, number_of: Callable[[HotelFacts], float | None], facts: HotelFacts
) -> Iterable[Evidence]:
    value = number_of(facts)
    yield Evidence(wish, False, None if value is None else True, wish.field, number=value)


def _wish(leaf: Leaf, negated: bool, truth_of: Evaluate, facts: HotelFacts) -> Iterable[Evidence]:
    truth = truth_of(facts)
    yield _leaf(leaf, facts, False, negate(truth) if negated else truth, negated)


def _leaves(condition: Condition, negated: bool) -> Iterator[tuple[Leaf, bool]]:
    match condition:
        case Not(item=item):
            yield from _leaves(item, not negated)
        case All(items=items) | Any(items=items):
            for item in items:
                yield from _leaves(item, negated)
        case _:
            yield condition, negated


def _leaf(leaf: Leaf, facts: HotelFacts, hard: bool, truth: Truth, negated: bool) -> Evidence:
    match leaf:
        case Term(field=field, values=wanted):
            has = held(field, facts)
            meets = tuple([value for value in wanted if value in has])
            shown = meets or (() if field in (Field.FACILITY, Field.ROOM_TYPE) else tuple(has))
            return Evidence(leaf, hard, truth, field, shown, negated=negated)
        case Range(field=field):
            value = number(field, facts)
            return Evidence(leaf, hard, truth, field, number=value, negated=negated)
        case Near():
            names = tuple(
                place.name for place in leaf.listed if facts.nearby and place in facts.nearby
            )
            km = distance_km(facts, leaf.center)
            field = Field.NEARBY if names else Field.DISTANCE
            return Evidence(leaf, hard, truth, field, names, km, negated)
        case _:
            return Evidence(leaf, hard, truth, Field.NAME, negated=negated)
