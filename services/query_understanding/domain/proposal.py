"""What a reader of concepts is asked and what it proposes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from services.plan.condition import Field, Span, Spans

PROPOSABLE: dict[str, Field] = {
    "facilities": Field.FACILITY,
    "kinds": Field.KIND,
    "tiers": Field.TIER,
    "room_types": Field.ROOM_TYPE,
}
"""Sections of the vocabulary that may be proposed, with the field each is about."""

_CLAUSE_END = re.compile(r"[,，。;；:：!！?？\n…]")


@dataclass(frozen=True, slots=True)
class Hint:
    """Words that mean a concept: read as if the vocabulary had them.

    Attributes:
        span: The guest's words.
        section: Section of the vocabulary, one of `PROPOSABLE`.
        id: The concept's id there, or a value of the catalogue.
    """

    span: Span
    section: str
    id: str


@dataclass(frozen=True, slots=True)
class Question:
    """A turn with the stretches of it that nothing explains; none of them empty."""

    text: str
    stretches: Spans
    language: str

    def clause(self, stretch: Span) -> str:
        """Return the clause around a stretch: what stands between two marks of punctuation."""
        before = [m.end() for m in _CLAUSE_END.finditer(self.text, 0, stretch.start)]
        after = _CLAUSE_END.search(self.text, stretch.end)
        low = before[-1] if before else 0
        return self.text[low : after.start() if after is not None else len(self.text)].strip()


@dataclass(frozen=True, slots=True)
class Proposal:
    """A reader's claim that words mean a concept.

    Attributes:
        hint: Words and concept.
        wanted: Whether the guest asks for it, or wants to be without it.
        wish: Whether it is liked rather than required.
        confidence: In [0, 1].
    """

    hint: Hint
    wanted: bool = True
    wish: bool = False
    confidence: float = 1.0
