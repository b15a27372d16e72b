"""Turns, page tokens, admission."""

from __future__ import annotations

import pytest

from services.gateway.domain.admission import AdmissionGate
from services.gateway.domain.paging import PagePosition, decode, encode
from services.gateway.domain.turn import Role, Turn, Utterance
from services.platform.errors import InvalidArgument, ResourceExhausted


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"text": ""}, "turn.text"),
        ({"text": " \n\t\u200b"}, "turn.text"),
        ({"text": "a" * 2_001}, "turn.text"),
        ({"text": "a", "page_size": 0}, "turn.page_size"),
        ({"text": "a", "page_size": 101}, "turn.page_size"),
        ({"text": "a", "page_size": -1}, "turn.page_size"),
        ({"text": "a", "conversation_id": "no blanks please"}, "turn.conversation_id"),
        ({"text": "a", "locale": "??"}, "turn.locale"),
        ({"text": "a", "history": (Utterance(Role.USER, "b"),) * 201}, "turn.history"),
        (
            {"text": "a", "conversation_id": "c", "history": (Utterance(Role.USER, "b"),)},
            "turn.history",
        ),
        ({"text": "a", "history": (Utterance(Role.USER, "b" * 4_001),)}, "turn.history[0].text"),
    ],
)
def test_a_bad_turn_is_refused_by_the_name_of_its_field(
    arguments: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidArgument) as refused:
        Turn(**arguments)  # type: ignore[arg-type]
    assert refused.value.field == field


def test_a_page_token_comes_back_as_it_was() -> None:
    position = PagePosition("0" * 32, 10, 5)
    assert decode(encode(position)) == position


@pytest.mark.parametrize("token", ["x", "!!!!", "MTpmb28", "é", "A" * 500])
def test_a_foreign_page_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidArgument):
        decode(token)


def test_a_full_house_refuses_with_a_delay_and_recovers() -> None:
    gate = AdmissionGate(1, 0.25)
    with gate.admitted():
        with pytest.raises(ResourceExhausted) as refused, gate.admitted():
            pass
        assert refused.value.retry_after_s == 0.25
    with gate.admitted():
        assert gate.in_flight == 1
    assert gate.in_flight == 0
