from __future__ import annotations

import threading
import time

from myna.shop.names import Listed, ProductName, RememberedNames

FAN = ProductName("F1", "cooling", {"en": "Fan"})
POT = ProductName("P1", "kitchen", {"en": "Pot"})


class Shop:
    """A shop that is slow, down or well, as the test says."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = threading.Semaphore(0)
        self.open = threading.Event()
        self.open.set()

    def names(self):
        self.open.wait(5)
        answer = self.answers.pop(0)
        self.asked.release()
        if isinstance(answer, Exception):
            raise answer
        return answer


def until(condition):
    end = time.monotonic() + 5
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    assert condition()


def test_nobody_waits_for_a_slow_shop():
    shop = Shop([FAN])
    shop.open.clear()
    names = RememberedNames(shop)
    start = time.monotonic()
    assert names.names() == ()
    assert time.monotonic() - start < 1
    shop.open.set()
    until(lambda: names.names() == (FAN,))


def test_the_start_waits_a_little_and_no_longer():
    assert RememberedNames(Listed((FAN,))).wait(5).names() == (FAN,)
    shop = Shop([FAN])
    shop.open.clear()
    assert RememberedNames(shop).wait(0.05).names() == ()
    shop.open.set()


def test_asked_again_after_a_while_and_the_last_names_stay_while_it_is_down(caplog):
    now = [0.0]
    shop = Shop([FAN], ConnectionError("down"), TimeoutError("down"), [FAN], [FAN, POT])
    names = RememberedNames(shop, seconds=600, clock=lambda: now[0])
    until(lambda: names.names() == (FAN,))
    first = names.names()
    assert shop.asked.acquire(timeout=5)
    for _ in range(3):
        assert names.names() is first
        now[0] += 1200
        until(lambda: names.names() is first and shop.asked.acquire(blocking=False))
    now[0] += 1200
    until(lambda: names.names() == (FAN, POT))
    assert caplog.text.count("cannot be fetched") == 1  # said once, not every ten minutes
