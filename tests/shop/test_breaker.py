from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from myna.shop.breaker import Breaker


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(failures=3, seconds=10, clock=clock)


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        assert breaker.allows()
        breaker.report(worked=False)


def test_failures_in_a_row_open_it(breaker: Breaker) -> None:
    fail(breaker, 2)
    assert breaker.allows()
    breaker.report(worked=True)
    fail(breaker, 3)
    assert not breaker.allows()


def test_after_a_while_one_call_goes_through_to_see(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 9.9
    assert not breaker.allows()
    clock.now += 0.1
    with ThreadPoolExecutor(8) as pool:
        allowed = list(pool.map(lambda _: breaker.allows(), range(40)))
    assert allowed.count(True) == 1


def test_what_that_call_finds_closes_or_opens_it(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 10
    fail(breaker, 1)
    assert not breaker.allows()
    clock.now += 10
    assert breaker.allows()
    breaker.report(worked=True)
    assert all(breaker.allows() for _ in range(5))
    fail(breaker, 2)
    assert breaker.allows()


def test_calls_that_were_under_way_when_it_opened_keep_it_open(
    breaker: Breaker, clock: Clock
) -> None:
    assert all(breaker.allows() for _ in range(5))
    for _ in range(5):
        breaker.report(worked=False)
    assert not breaker.allows()
