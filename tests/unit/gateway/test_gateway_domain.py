"""Turns, page tokens, admission."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import ExitStack

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


def gate(
    most: int,
    *,
    first: int | None = None,
    least: int = 1,
    clock: Callable[[], float] | None = None,
) -> AdmissionGate:
    return AdmissionGate(
        most,
        first_in_flight=first or most,
        least_in_flight=least,
        queue_target_s=0.1,
        stalled_after_s=1.0,
        retry_after_s=0.25,
        clock=clock or itertools.count(step=1e-6).__next__,
    )


def test_a_full_house_refuses_with_a_delay_and_recovers() -> None:
    door = gate(1)
    with door.admitted():
        with pytest.raises(ResourceExhausted) as refused, door.admitted():
            pass
        assert refused.value.retry_after_s == 0.25
    with door.admitted():
        assert door.in_flight == 1
    assert door.in_flight == 0


def test_long_queues_lower_the_limit_to_its_floor_and_short_ones_raise_it_again() -> None:
    door = gate(10, least=2)
    for _ in range(20):
        with door.admitted() as place:
            place.queued_s = 0.5
    assert door.limit == 2
    for _ in range(30):
        with ExitStack() as held:
            for place in [held.enter_context(door.admitted()) for _ in range(int(door.limit))]:
                place.queued_s = 0.01
    assert door.limit == 10


def test_it_starts_low_and_rises_fast_until_the_first_long_queue() -> None:
    door = gate(64, first=4)

    def fill(queued_s: float) -> None:
        with ExitStack() as held:
            for place in [held.enter_context(door.admitted()) for _ in range(int(door.limit))]:
                place.queued_s = queued_s

    fill(0.01)
    assert door.limit == 7  # the first of four came to a gate that was not in use
    fill(0.5)
    assert door.limit == pytest.approx(5.6)
    fill(0.01)
    assert 6 < door.limit < 6.6


def test_searches_that_wait_for_what_is_away_keep_nobody_out_but_are_not_without_number() -> None:
    now = [0.0]
    door = gate(5, first=2, clock=lambda: now[0])
    with ExitStack() as held:
        for _ in range(2):
            held.enter_context(door.admitted())
        with pytest.raises(ResourceExhausted), door.admitted():
            pass
        now[0] = 1.0  # these two are stalled
        for _ in range(2):
            held.enter_context(door.admitted())
        now[0] = 2.0
        held.enter_context(door.admitted())
        with pytest.raises(ResourceExhausted), door.admitted():
            pass  # the limit has room, the house has none
        assert door.in_flight == 5
    assert door.in_flight == 0


def test_searches_admitted_before_a_cut_do_not_cut_again() -> None:
    door = gate(10)
    with door.admitted() as one, door.admitted() as other:
        one.queued_s = other.queued_s = 0.5
    assert door.limit == 8


def test_a_gate_that_is_hardly_used_learns_nothing() -> None:
    door = gate(10)
    with door.admitted() as place:
        place.queued_s = 0.5
    for _ in range(20):
        with door.admitted() as place:
            place.queued_s = 0.0
    assert door.limit == 8


def test_a_search_that_did_not_end_says_nothing_about_queues() -> None:
    door = gate(10)
    with pytest.raises(ValueError), door.admitted():  # noqa: PT011
        raise ValueError
    assert (door.limit, door.in_flight) == (10, 0)
