"""Clauses of a sentence and whom each speaks of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.answering.domain.tokens import Kind, Token, Unit


class Quantity(StrEnum):
    """How many of a subject's hotels a claim is about."""

    ALL = "all"
    SOME = "some"
    EXACTLY = "exactly"


@dataclass(frozen=True, slots=True)
class Subject:
    """The hotels a claim is about, by position; `count` goes with EXACTLY."""

    hotels: tuple[int, ...]
    quantity: Quantity = Quantity.ALL
    count: int = 0

    @property
    def single(self) -> bool:
        """Tell whether it is one hotel."""
        return len(self.hotels) == 1


@dataclass(frozen=True, slots=True)
class Clause:
    """Tokens between two breaks, and the roles of all their words."""

    tokens: tuple[Token, ...]
    roles: frozenset[str]

    def has(self, *roles: str) -> bool:
        """Tell whether a word of the clause has one of the roles."""
        return any(role in self.roles for role in roles)

    @property
    def unlisted(self) -> bool:
        """Tell whether the clause says that something is not on record."""
        return self.has("unlisted") or (self.has("negation") and self.has("listing"))

    def denies(self, token: Token) -> bool:
        """Tell whether a negation stands before the token, or behind a token it belongs to."""
        return any("negation" in t.roles and t.start <= token.start for t in self.tokens) or (
            self.has("negation") and self.tokens[-1].start > token.start and not self.has("turns")
        )


def sentences(tokens: Sequence[Token]) -> Iterator[list[Clause]]:
    """Yield the clauses of each sentence; a question claims nothing and is left out."""
    current: list[Token] = []
    for token in tokens:
        if token.kind is Kind.QUESTION:
            current = []
        elif token.kind is Kind.BREAK and token.text == ".":
            if current:
                yield _clauses(current)
            current = []
        else:
            current.append(token)
    if current:
        yield _clauses(current)


def _clauses(tokens: Sequence[Token]) -> list[Clause]:
    clauses: list[Clause] = []
    current: list[Token] = []

    def close() -> None:
        if current:
            roles = frozenset(role for token in current for role in token.roles)
            clauses.append(Clause(tuple(current), roles))
            current.clear()

    for index, token in enumerate(tokens):
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        if token.kind is Kind.BREAK:
            if token.text in ",:()":
                close()
            continue
        if "turns" in token.roles or (token.text == "and" and _says_anew(following)):
            close()
        current.append(token)
    close()
    return clauses


def _says_anew(token: Token | None) -> bool:
    return token is not None and (
        bool(token.roles & {"negation", "unlisted", "only"})
        or (
            token.kind is Kind.NUMBER
            and token.number is not None
            and token.number.unit is Unit.ORDINAL
        )
    )
