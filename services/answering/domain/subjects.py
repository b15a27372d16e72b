"""Whom the claims of a sentence are about: names, ordinals, groups, pronouns."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from services.answering.domain.clauses import Clause, Quantity, Subject
from services.answering.domain.evidence import Evidence
from services.answering.domain.tokens import Kind, Token, Unit


class SubjectReader:
    """Follows who is spoken of through the sentences of one text.

    Attributes:
        everyone: All hotels shown.
        current: Who is spoken of, `None` before anybody was mentioned.
        scope: The hotels that comparisons of this sentence range over.
        mentioned: Single hotels in the order of their first mention.
    """

    def __init__(
        self,
        evidence: Evidence,
        cited: frozenset[int],
        fail: Callable[[Token, str], None],
    ) -> None:
        self._evidence = evidence
        self._cited = cited
        self._records = evidence.records
        self._fail = fail
        self.everyone = Subject(tuple(range(len(evidence.records))))
        self.current: Subject | None = None
        self.scope = self.everyone
        self.mentioned: list[int] = []

    def begin(self) -> None:
        """Start a sentence: comparisons range over all hotels again."""
        self.scope = self.everyone

    def take(self, found: Subject) -> None:
        """Make the hotels mentioned the ones that are spoken of from here on."""
        self.current = found
        if found.single:
            if found.hotels[0] not in self.mentioned:
                self.mentioned.append(found.hotels[0])
        elif found.quantity is Quantity.ALL:
            self.scope = found

    def mention(self, token: Token, clause: Clause, index: int) -> Subject | None:
        """Return the hotels that a token of the clause means, `None` when it means none."""
        if token.kind is Kind.HOTEL:
            return Subject(tuple(sorted(token.hotels & self._cited or token.hotels)))
        if "former" in token.roles or "latter" in token.roles:
            return self._pair(token)
        if "one_of" in token.roles and len(self.scope.hotels) > 1:
            return Subject(self.scope.hotels, Quantity.SOME)
        number = token.number
        if number is None or number.unit not in (Unit.ORDINAL, Unit.HOTELS):
            return None
        if number.unit is Unit.ORDINAL:
            place = int(number.value) - 1
            if 0 <= place < len(self._records):
                return Subject((place,))
            self._fail(token, "so many hotels were not shown")
            return None
        return self._group(token, int(number.value), clause, index)

    def _pair(self, token: Token) -> Subject | None:
        pair = self.mentioned[-2:] if len(self.mentioned) >= 2 else list(self.everyone.hotels)
        if len(pair) != 2:
            self._fail(token, "it is not clear which hotel this is")
            return None
        return Subject((pair[0] if "former" in token.roles else pair[1],))

    def _group(self, token: Token, count: int, clause: Clause, index: int) -> Subject | None:
        if clause.has("matching") and count in self._evidence.counts:
            return None
        everyone = self.everyone.hotels
        if count == 1 or (token.text.startswith("both") and len(everyone) < 2):
            return None
        before = clause.tokens[index - 1] if index else None
        after = clause.tokens[index + 1] if index + 1 < len(clause.tokens) else None
        if any("priced" in t.roles for t in clause.tokens):
            priced = tuple(n for n in everyone if self._records[n].price is not None)
            if len(priced) == count:
                return Subject(priced)
        elif count == len(everyone):
            return Subject(everyone)
        elif after is not None and after.kind is Kind.HOTEL and len(after.hotels) == count:
            return Subject(tuple(sorted(after.hotels)))
        elif self._counts_a_part(token, before, clause) and count < len(everyone):
            return Subject(self.scope.hotels, Quantity.EXACTLY, count)
        elif count == len(self.mentioned):
            return Subject(tuple(self.mentioned))
        self._fail(token, f"{len(everyone)} hotels were shown")
        return None

    @staticmethod
    def _counts_a_part(token: Token, before: Token | None, clause: Clause) -> bool:
        if re.search(r"of (?:them|these|those)", token.text):
            return True
        texts = [t.text for t in clause.tokens if t.start < token.start]
        return "其中" in texts or bool(before and before.text in ("有", "里有", "只有"))

    def first_single(self, clauses: Sequence[Clause]) -> Subject | None:
        """Return the first hotel that the clauses name."""
        for clause in clauses:
            for token in clause.tokens:
                number = token.number
                if token.kind is Kind.HOTEL:
                    return Subject(tuple(sorted(token.hotels & self._cited or token.hotels)))
                if number is not None and number.unit is Unit.ORDINAL:
                    place = int(number.value) - 1
                    if 0 <= place < len(self._records):
                        return Subject((place,))
        return None


def among(clause: Clause, index: int) -> bool:
    """Tell whether "the three" is who somebody is compared with, not who is spoken of."""
    token = clause.tokens[index]
    following = clause.tokens[index + 1].text if index + 1 < len(clause.tokens) else ""
    return token.text.startswith("of ") or following in ("里", "中", "里面", "之中", "当中")
