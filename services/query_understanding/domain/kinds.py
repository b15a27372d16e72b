"""What "a hotel" says where hotels and guesthouses are all the kinds there are."""

from __future__ import annotations

import re
from typing import Final

from services.plan.condition import Condition, Field, Not, Term
from services.plan.tree import leaves
from services.query_understanding.domain.catalog_names import CatalogLexicon
from services.query_understanding.domain.mention import Atom
from services.query_understanding.domain.recognised import Recognised
from services.query_understanding.domain.state import DialogueState

_OTHER: Final = {"hotel": "guesthouse", "guesthouse": "hotel"}
_HOTEL: Final = re.compile(r"\bhotels?\b")
_A_HOTEL: Final = re.compile(r"\b(?:an?|any|one of the) (?:[\w-]+ (?:, )?){0,4}hotels?\b")
_THE_KIND_HOTEL: Final = re.compile(
    r"type of (?:a )?hotel|(?<!the )hotel type|type (?:should be |is |of )?(?:a )?hotel"
    r"|(?:prefer|be|actually) a hotel\b|a hotel (?:instead|rather|please)|one of the hotels"
    r"|\ban? (?:regular |real |proper |actual |normal )?hotel\b(?! (?:room|called|named|i |near))"
)
# "a guesthouse, not a hotel", "a hotel rather than a guesthouse": what is set against is not meant.
_NOT_KIND: Final = re.compile(
    r"\b(?:not|rather than|instead of|as opposed to|than|over|and no)\s+(?:an? |the )?(?P<kind>hotel|guest ?house)s?\b"
)


def two_kinds(lexicon: CatalogLexicon) -> bool:
    """Tell whether hotels and guesthouses are all the kinds that the catalogue has."""
    return lexicon.values(Field.KIND) == set(_OTHER)


def settle_kind(said: Recognised, state: DialogueState, lexicon: CatalogLexicon) -> None:
    """Decide whether "a hotel" names a kind: only where guesthouses are all else there is."""
    if not two_kinds(lexicon):
        return
    text = said.turn.text
    denied = _NOT_KIND.search(text)
    if denied is not None:
        wanted = "hotel" if denied["kind"].startswith("guest") else "guesthouse"
        if wanted == "hotel" or any(a.value == "guesthouse" for a in said.atoms):
            said.atoms = [a for a in said.atoms if a.field is not Field.KIND]
            said.atoms.append(_atom(denied, wanted))
        return
    if any(a.field is Field.KIND for a in said.atoms):
        return
    named = _THE_KIND_HOTEL.search(text)
    if named is None and state.pending is not None and Field.KIND.value in state.pending.about:
        named = _HOTEL.search(text)
    if named is None and _guesthouse_in_force(state):
        named = _A_HOTEL.search(text)
    if named is not None:
        said.atoms.append(_atom(named, "hotel"))


# "算了，还是酒店吧", "just a regular hotel then": any house will do again.
_ANY_HOUSE: Final = re.compile(
    r"(?:还是|换成?|改成?|换回|改回|改住)(?:个|家|住|找|订|要|普通|一般|正规|的)*(?:酒店|宾馆)(?:吧|好了|算了|就行|[,，。!！]|$)"
    r"|\b(?:a|regular|normal) hotel (?:instead|after all|then)\b|\b(?:actually|rather) a (?:regular |normal )?hotel\b"
    r"|\bback to hotels\b"
)


def any_house(said: Recognised, lexicon: CatalogLexicon) -> bool:
    """Tell whether a kind asked for before is taken back by asking for "a hotel"."""
    return (
        not two_kinds(lexicon)
        and not any(atom.field is Field.KIND for atom in said.atoms)
        and _ANY_HOUSE.search(said.turn.text) is not None
    )


def as_the_other(condition: Condition) -> Condition:
    """Return the kind that is left where one of two is denied: no guesthouse is a hotel."""
    match condition:
        case Not(item=Term(field=Field.KIND, values=(kind,))) if kind in _OTHER:
            return Term(Field.KIND, (_OTHER[kind],), condition.spans or condition.item.spans)
        case _:
            return condition


def _atom(words: re.Match[str], kind: str) -> Atom:
    return Atom(*words.span(), Field.KIND, Term(Field.KIND, (kind,)), kind)


def _guesthouse_in_force(state: DialogueState) -> bool:
    last = state.plan
    return last is not None and any(
        isinstance(leaf, Term) and leaf.field is Field.KIND and leaf.values == ("guesthouse",)
        for leaf in leaves(last.condition)
    )
