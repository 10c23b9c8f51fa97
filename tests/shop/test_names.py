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
        self.open = threading.Event()
        self.open.set()

    def names(self):
        self.open.wait(5)
        answer = self.answers.pop(0)
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


def settled(names):
    """The names once whatever is being fetched has come."""
    names.names()
    for thread in threading.enumerate():
        if thread.name == "product names":
            thread.join(5)
    return names.names()


def test_asked_again_after_a_while_and_the_last_names_stay_while_it_is_down(caplog):
    now = [0.0]
    shop = Shop([FAN], ConnectionError("down"), TimeoutError("down"), [FAN], [FAN, POT])
    names = RememberedNames(shop, seconds=600, clock=lambda: now[0])
    first = settled(names)
    assert first == (FAN,)
    for left in (3, 2, 1):
        now[0] += 700
        assert settled(names) is first
        assert len(shop.answers) == left
    now[0] += 700
    assert settled(names) == (FAN, POT)
    assert caplog.text.count("cannot be fetched") == 1  # said once, not every ten minutes


def test_not_asked_again_before_it_is_time():
    now = [0.0]
    shop = Shop([FAN])
    names = RememberedNames(shop, seconds=600, clock=lambda: now[0]).wait(5)
    now[0] = 599.0
    assert names.names() == (FAN,)
    assert shop.answers == []
