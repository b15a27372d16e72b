"""Comparisons, superlatives and orders between the hotels shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from services.answering.domain.clauses import Clause, Subject
from services.answering.domain.record import HotelRecord
from services.answering.domain.tokens import Kind, Number, Token, Unit
from services.plan.condition import Field

_COMPARATIVES = ("cheaper", "dearer", "higher", "lower", "same", "difference")
# Superlative: field, whether the least wins.
_SUPERLATIVES: dict[str, tuple[Field | None, bool]] = {
    "cheapest": (Field.PRICE, True),
    "dearest": (Field.PRICE, False),
    "best_rated": (Field.GUEST_RATING, False),
    "worst_rated": (Field.GUEST_RATING, True),
    "lowest": (None, True),
    "highest": (None, False),
}
_ORDERS: dict[str, tuple[Field, bool]] = {
    "ascending": (Field.PRICE, True),
    "descending": (Field.PRICE, False),
    "rating_descending": (Field.GUEST_RATING, False),
}
# "和", "with" and the like compare only beside a word of comparison.
_WEAK_VERSUS = frozenset({"和", "与", "跟"})

Fail = Callable[[Token, str], None]
FirstSingle = Callable[[Sequence[Clause]], Subject | None]


class ComparisonReader:
    """Reads the comparisons of one sentence.

    Attributes:
        other: The hotels that the last comparison was against.
    """

    def __init__(self, records: Sequence[HotelRecord], fail: Fail) -> None:
        self._records = records
        self._fail = fail
        self._order: tuple[Token, Field, bool] | None = None
        self._in_order: list[int] = []
        self.other: Subject | None = None

    def compares(self, clause: Clause) -> bool:
        """Tell whether the clause compares hotels."""
        return clause.has(*_COMPARATIVES) or self.other_side(clause) is not None

    def other_side(self, clause: Clause) -> Token | None:
        """Return the word after which the clause names what it compares with."""
        for index, token in enumerate(clause.tokens):
            followers = clause.tokens[index + 1 : index + 3]
            named = any(_names(t) for t in followers)
            strong = token.text not in _WEAK_VERSUS or clause.has("same", "difference")
            compares = clause.has(*_COMPARATIVES) or token.text.startswith("compared")
            if "versus" in token.roles and named and strong and compares:
                return token
            if token.roles & {"above", "below"} and named:
                return token
        return None

    def take_other(self, other: Subject) -> None:
        """Note what the clause compares with."""
        self.other = other

    def take_subject(self, subject: Subject) -> None:
        """Note a hotel of an order."""
        if self._order is not None and subject.single:
            self._in_order.append(subject.hotels[0])

    def difference(
        self, number: Number, unit: Unit, subject: Subject, scope: Subject, budget: float | None
    ) -> bool:
        """Tell whether the number is the exact difference of the hotels compared."""
        field = Field.PRICE if unit is Unit.PRICE else Field.GUEST_RATING
        if unit not in (Unit.PRICE, Unit.RATING):
            return False
        if subject.single:
            others = self._others(subject, scope)
            pairs = [(subject.hotels[0], n) for n in others] if len(others) == 1 else []
        else:
            pairs = [(subject.hotels[0], subject.hotels[1])] if len(subject.hotels) == 2 else []
        differences = [
            abs(a - b)
            for a, b in ((self._value(x, field), self._value(y, field)) for x, y in pairs)
            if a is not None and b is not None
        ]
        price = self._value(subject.hotels[0], Field.PRICE) if subject.single else None
        if budget is not None and price is not None and price <= budget:
            differences.append(budget - price)
        return any(abs(d - number.value) < 0.005 for d in differences)

    def clause(
        self,
        clause: Clause,
        subject: Subject,
        scope: Subject,
        field: Field | None,
        rest: Sequence[Clause],
        first_single: FirstSingle,
    ) -> None:
        """Check the comparisons of a clause whose subject is known."""
        for token in clause.tokens:
            for role in token.roles & _ORDERS.keys():
                self._order = (token, *_ORDERS[role])
                self._in_order = []
            for role in token.roles & _SUPERLATIVES.keys():
                winner = subject if subject.single else first_single(rest)
                self._superlative(token, role, winner, scope, field)
        if clause.unlisted:
            return
        for token in clause.tokens:
            if token.kind is not Kind.NUMBER:
                for role in sorted(token.roles & set(_COMPARATIVES)):
                    self._comparative(token, role, subject, scope, field)
        side = self.other_side(clause)
        if side is not None and side.roles & {"above", "below"} and self.other is not None:
            role = "higher" if "above" in side.roles else "lower"
            self._comparative(side, role, subject, scope, field or Field.PRICE)

    def end(self) -> None:
        """Check the order that the sentence announced."""
        if self._order is None or len(self._in_order) < 2:
            return
        token, field, ascending = self._order
        values = [self._value(n, field) for n in self._in_order]
        known = [v if ascending else -v for v in values if v is not None]
        if len(known) < len(values) or known != sorted(known):
            self._fail(token, "the hotels do not stand in this order")

    def _comparative(
        self, token: Token, role: str, subject: Subject, scope: Subject, field: Field | None
    ) -> None:
        if role == "difference":
            return
        if role in ("cheaper", "dearer"):
            field = Field.PRICE
        elif "评" in token.text or "rated" in token.text or field is None:
            field = Field.GUEST_RATING
        if role == "same":
            group = (
                subject.hotels
                if not subject.single
                else (*subject.hotels, *self._others(subject, scope))
            )
            values = [self._value(n, field) for n in group]
            if len(set(values)) != 1 or None in values:
                self._fail(token, "the records differ")
            return
        if not subject.single:
            return
        ours = self._value(subject.hotels[0], field)
        others = self._others(subject, scope)
        if not others:
            return
        theirs = [self._value(n, field) for n in others]
        less = role in ("cheaper", "lower")
        for value in theirs:
            if ours is None or value is None or not (ours < value if less else ours > value):
                self._fail(token, "the records say otherwise or do not tell")
                return

    def _superlative(
        self, token: Token, role: str, winner: Subject | None, scope: Subject, field: Field | None
    ) -> None:
        own, least = _SUPERLATIVES[role]
        own = own or field or Field.PRICE
        if winner is None or not winner.single or len(scope.hotels) < 2:
            self._fail(token, "it is not clear which hotel wins over which others")
            return
        best = self._value(winner.hotels[0], own)
        for n in scope.hotels:
            value = self._value(n, own)
            if n == winner.hotels[0]:
                continue
            if best is None or value is None or not (best < value if least else best > value):
                self._fail(token, "another hotel shown is no worse, or its record does not tell")
                return

    def _others(self, subject: Subject, scope: Subject) -> tuple[int, ...]:
        if self.other is not None and not set(self.other.hotels) & set(subject.hotels):
            return self.other.hotels
        return tuple(n for n in scope.hotels if n not in subject.hotels)

    def _value(self, n: int, field: Field) -> float | None:
        record = self._records[n]
        return record.price if field is Field.PRICE else record.guest_rating


def _names(token: Token) -> bool:
    return token.kind is Kind.HOTEL or (
        token.number is not None and token.number.unit is Unit.ORDINAL
    )
