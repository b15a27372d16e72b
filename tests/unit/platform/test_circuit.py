"""The circuit breaker, and values that expire: pure, on a clock of the test's own."""

from __future__ import annotations

from services.platform.circuit import CircuitBreaker
from services.platform.expiring import ExpiringValues


class _Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def _breaker(clock: _Clock) -> CircuitBreaker:
    return CircuitBreaker(most_failures=3, open_s=10.0, clock=clock)


def test_failures_in_a_row_open_it_and_a_success_between_starts_the_count_again() -> None:
    breaker = _breaker(_Clock())
    assert [breaker.failed(), breaker.failed()] == [False, False]
    assert not breaker.succeeded()
    assert [breaker.failed(), breaker.failed(), breaker.failed()] == [False, False, True]
    assert breaker.is_open
    assert not breaker.allows()


def test_after_its_time_one_call_is_the_trial() -> None:
    clock = _Clock()
    breaker = _breaker(clock)
    for _ in range(3):
        breaker.failed()
    clock.now += 9.9
    assert not breaker.allows()
    clock.now += 0.1
    assert [breaker.allows(), breaker.allows()] == [True, False]
    assert breaker.succeeded()
    assert breaker.allows()
    assert breaker.allows()


def test_a_failed_trial_keeps_it_open_for_its_time_again() -> None:
    clock = _Clock()
    breaker = _breaker(clock)
    for _ in range(3):
        breaker.failed()
    clock.now += 10.0
    assert breaker.allows()
    clock.now += 5.0
    assert not breaker.failed()
    clock.now += 9.9
    assert not breaker.allows()
    clock.now += 0.1
    assert breaker.allows()


def test_a_trial_that_never_reports_is_followed_by_another() -> None:
    clock = _Clock()
    breaker = _breaker(clock)
    for _ in range(3):
        breaker.failed()
    clock.now += 10.0
    assert breaker.allows()
    clock.now += 10.0
    assert breaker.allows()


def test_a_backend_that_says_how_long_is_left_alone_so_long() -> None:
    clock = _Clock()
    breaker = _breaker(clock)
    assert breaker.failed(open_s=3_600.0)
    clock.now += 3_599.0
    assert not breaker.allows()
    clock.now += 1.0
    assert breaker.allows()


def test_values_live_for_their_time_and_the_oldest_goes_first() -> None:
    clock = _Clock()
    values = ExpiringValues[str](most=2, clock=clock)
    values.put("a", "1", ttl_s=10.0)
    values.put("b", "2", ttl_s=20.0)
    clock.now += 10.0
    assert (values.get("a"), values.get("b")) == (None, "2")
    values.put("c", "3", ttl_s=10.0)
    values.put("d", "4", ttl_s=10.0)
    assert [values.get(key) for key in "bcd"] == [None, "3", "4"]
