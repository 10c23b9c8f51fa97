from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from myna.shop import outcomes
from myna.shop.model import NotFound, Sent, Unavailable, Uncertain
from myna.shop.outcomes import Outcomes
from myna.shop.protocol import IdempotencyKeyReused


class Shop:
    """Counts what is done, and gives one outcome after the other."""

    def __init__(self, *results: object) -> None:
        self.results = list(results)
        self.tried: list[bool] = []

    def act(self, tried: bool) -> object:
        self.tried.append(tried)
        return self.results.pop(0)


def test_an_outcome_is_given_again_and_trouble_is_tried_again() -> None:
    kept, shop = Outcomes(), Shop(Unavailable("a"), Uncertain("b"), Sent("1"))
    results = [kept.once("k", "request", shop.act) for _ in range(4)]
    assert results == [Unavailable("a"), Uncertain("b"), Sent("1"), Sent("1")]
    # only after an uncertain try it may have been done
    assert shop.tried == [False, False, True]


def test_what_is_missing_is_an_outcome() -> None:
    kept, shop = Outcomes(), Shop(NotFound("order"))
    assert kept.once("k", 1, shop.act) == kept.once("k", 1, shop.act) == NotFound("order")


def test_a_key_belongs_to_one_request_even_after_trouble() -> None:
    kept = Outcomes()
    kept.once("k", "one", Shop(Unavailable("a")).act)
    with pytest.raises(IdempotencyKeyReused):
        kept.once("k", "other", Shop(Sent("1")).act)


def test_those_who_come_meanwhile_wait() -> None:
    kept, shop, go = Outcomes(), Shop(Sent("1"), Sent("2")), threading.Event()

    def slowly(tried: bool) -> object:
        go.wait(5)
        return shop.act(tried)

    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(kept.once, "k", 1, slowly) for _ in range(4)]
        other = kept.once("another", 1, Shop(Sent("3")).act)
        go.set()
        assert {future.result() for future in futures} == {Sent("1")}
    assert other == Sent("3")


def test_keys_live_for_a_day_and_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    kept, shop = Outcomes(lambda: now), Shop(Sent("1"), Sent("2"))
    kept.once("k", 1, shop.act)
    now = 24 * 3600
    assert kept.once("k", 1, shop.act) == Sent("1")
    now += 1
    assert kept.once("k", 1, shop.act) == Sent("2")
    monkeypatch.setattr(outcomes, "MOST", 3)
    for number in range(10):
        kept.once(str(number), 1, Shop(Sent("x")).act)
    assert len(kept._entries) <= 4


def test_a_mistake_in_between_leaves_the_key_usable() -> None:
    kept = Outcomes()

    def fail(tried: bool) -> object:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        kept.once("k", 1, fail)
    assert kept.once("k", 1, Shop(Sent("1")).act) == Sent("1")
