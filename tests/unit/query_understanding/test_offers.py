"""What the system offers and the guest takes: "Would you like free parking?" "Yes, please"."""

from __future__ import annotations

import pytest

from services.query_understanding.domain.listen import listen
from services.query_understanding.domain.state import DialogueState
from services.query_understanding.domain.understand import understand
from tests.unit.query_understanding import notation
from tests.unit.query_understanding.catalogue import LEXEMES, catalogue

BEIJING = catalogue("beijing")
ASKED = "五星级酒店"


def after(system: str, guest: str) -> str:
    """Return the condition in force after a request, what the system says, and what is answered."""
    _, state = understand(ASKED, DialogueState(), LEXEMES, BEIJING.lexicon)
    state = listen(system, state, LEXEMES, BEIJING.lexicon)
    _, state = understand(guest, state, LEXEMES, BEIJING.lexicon)
    assert state.plan is not None
    return notation.words(notation.shape(state.plan))


@pytest.mark.parametrize(
    ("system", "guest", "condition"),
    [
        ("Would you like free parking?", "yes please", "star_rating=5 & free_parking"),
        ("Do you need a gym?", "Sure, and a pool too", "star_rating=5 & gym & pool"),
        ("要不要看看带泳池的？", "好啊", "star_rating=5 & pool"),
        ("那需要含早餐吗", "要的，价格一千以内", "star_rating=5 & breakfast & price<=1000"),
        ("How many stars?", "at least 3", "star_rating>=3"),
    ],
)
def test_a_yes_takes_what_was_offered(system: str, guest: str, condition: str) -> None:
    assert after(system, guest) == notation.words(notation.parse(condition))


@pytest.mark.parametrize(
    ("system", "guest"),
    [
        ("Would you like free parking?", "no thanks"),
        ("需要健身房吗？", "不用了"),
        ("Would you like a pool or a gym?", "yes please"),
        ("这家有泳池。", "好啊"),
        ("Would you like free parking?", "yes yes yes " * 30 + "but what is the capital of France"),
    ],
)
def test_nothing_is_taken_that_was_not(system: str, guest: str) -> None:
    assert after(system, guest) == "star_rating=5"
