"""Something offered and taken: "Would you like free parking?" "Yes, please"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from services.plan.query_plan import Clarification
from services.query_understanding.domain.proposal import PROPOSABLE, Hint
from services.query_understanding.domain.recognised import Recognised
from services.query_understanding.domain.state import DialogueState
from services.query_understanding.domain.turn_text import TurnText

ABOUT = "offer"
"""What the question of an offer is about; its one option is `section.id` of the vocabulary."""

_SECTIONS = {field: section for section, field in PROPOSABLE.items()}
_OFFERS = re.compile(
    r"要不要|需不需要|需要|想要|是否要|用不用|(?:您|你)要|"
    r"\b(?:would you (?:like|prefer|need|want)|do you (?:want|need|require|prefer)|should (?:it|i|they)|"
    r"are you looking for|is that|will you (?:need|want))\b"
)
_YES = re.compile(
    r"(?: ?(?:嗯|好的?|行的?|可以的?|需要的?|要的?|当然|是的?|对的?|没问题|来吧|必须|那就|就要|谢谢|麻烦(?:了|你)?"
    r"|[啊呀吧呢了哦]|\b(?:yes|yeah|yep|yup|sure|please|ok|okay|definitely|absolutely|of course"
    r"|that would be (?:great|nice|good|lovely)|sounds good|why not|i would|i do|thanks|thank you)\b))+ ?"
)
_LONGEST_YES = 40
_FIRST_CLAUSE = re.compile(r"[^,，。.!！;；?？]+")


def offered(said: Recognised, since: int) -> Clarification | None:
    """Return the offer that a question from `since` on makes, where it offers one thing."""
    atoms = [a for a in said.atoms if a.start >= since and a.field in _SECTIONS and a.value]
    if len(atoms) != 1 or not _OFFERS.search(said.turn.text, since):
        return None
    (atom,) = atoms
    return Clarification(said.turn.original, ABOUT, (f"{_SECTIONS[atom.field]}.{atom.value}",))


def accepted(turn: TurnText, state: DialogueState) -> Sequence[Hint]:
    """Return what a "yes" means after an offer."""
    if state.pending is None or state.pending.about != ABOUT or not state.pending.options:
        return ()
    first = _FIRST_CLAUSE.search(turn.text)
    if first is None or len(first.group()) > _LONGEST_YES or not _YES.fullmatch(first.group()):
        return ()
    section, _, id = state.pending.options[0].partition(".")
    return (Hint(turn.span(*first.span()), section, id),)
