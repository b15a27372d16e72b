"""What was told of other places than hotels: "a hotel in the same area as the restaurant"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from services.plan.condition import Field, Term
from services.query_understanding.domain.deltas import fields_of
from services.query_understanding.domain.mention import Atom
from services.query_understanding.domain.recognised import Recognised
from services.query_understanding.domain.state import DialogueState

_SAME: Final = re.compile(
    r"\b(?:same|that|similar) (?:general )?(?P<of>[a-z]+(?: (?:of|and|range|level) ?[a-z]*){0,2})|(?:同|同样|一样|相同)的?(?:一个|一)?(?P<han>[\u4e00-\u9fff]{1,3})"
)
_AS_ANOTHER: Final = re.compile(
    r"\bas (?:the|that|my|our) (?!hotel|guest)|(?:跟|和|与).{1,12}(?:同|一样|相同)"
)
_FIELD_OF: Final = {
    Field.DISTRICT: re.compile(r"\b(?:area|part|side|location|neighbou?rhood|district|quarter)\b|区|地段|片"),
    Field.PRICE_BAND: re.compile(r"\b(?:price|pricing|prices|cost|budget)\b|价"),
}  # fmt: skip


def told(said: Recognised, before: Sequence[Term]) -> tuple[Term, ...]:
    """Return the district and the price band told last; several in one turn tell none."""
    latest = {term.field: term for term in before}
    for field in _FIELD_OF:
        leaves = {a.leaf for a in said.atoms if a.field is field and isinstance(a.leaf, Term)}
        if len(leaves) == 1:
            latest[field] = Term(field, next(iter(leaves)).values)
    return tuple(latest.values())


def asked_alike(said: Recognised) -> dict[Field, tuple[int, int]]:
    """Return the fields in which a hotel is to be like what was talked of, with the words."""
    found: dict[Field, tuple[int, int]] = {}
    for match in _SAME.finditer(said.turn.text):
        words = match["of"] or match["han"]
        for field, pattern in _FIELD_OF.items():
            if pattern.search(words):
                found.setdefault(field, match.span())
    return found


def alike(said: Recognised, state: DialogueState) -> list[Atom]:
    """Return the conditions that "the same area", "the same price range" stand for.

    In the middle of a talk about hotels they mean what is asked for already, unless the words name
    another thing: "the same area as the restaurant".
    """
    in_force = fields_of(state.plan.condition) if state.plan and state.topic == "hotel" else ()
    other = _AS_ANOTHER.search(said.turn.text) is not None
    known = {term.field: term for term in state.elsewhere}
    return [
        Atom(start, end, field, known[field], known[field].values[0])
        for field, (start, end) in asked_alike(said).items()
        if field in known
        and (other or field not in in_force)
        and not any(atom.field is field for atom in said.atoms)
    ]
