"""Parts that are slow or dead: an honest answer each time, nothing lost, nothing done twice."""

import os
import signal
import time
from contextlib import contextmanager

import pytest


def said(messages):
    return [message["response"] for message in messages]


@contextmanager
def down(stack, name):
    """One process is dead, and its supervisor does not start it again meanwhile."""
    os.kill(stack.process.pid, signal.SIGSTOP)
    try:
        stack.kill(name)
        yield
    finally:
        os.kill(stack.process.pid, signal.SIGCONT)
        time.sleep(1)
        stack.wait_ready(90)


@pytest.fixture
def shop_fault(stack):
    def set_fault(**fault):
        stack.shop("POST", "/__faults", fault)

    yield set_fault
    set_fault()


@pytest.mark.parametrize("fault", [{"delay_s": 10}, {"status": 500}, {"drop": True}])
def test_a_slow_or_broken_shop_is_no_invented_status(customer, shop_fault, fault):
    someone = customer("vi")
    someone.says("đơn DH-20413 đâu rồi shop")
    shop_fault(**fault)
    began = time.monotonic()
    assert said(someone.says("0903123456")) == ["utter_shop_unavailable"]
    assert time.monotonic() - began < 15
    shop_fault()
    assert said(someone.chooses(1)) == ["utter_order_shipped"]


def test_a_dead_action_server_brings_a_person_and_an_apology(customer, stack):
    someone = customer("ms")
    with down(stack, "actions"):
        answer = someone.says("nak tanya status order MY-10482")
    assert said(answer) == ["utter_brain_unavailable"]
    assert "Staf kami" in answer[0]["text"]
    assert someone.client.session["conversation"]["language"] == "ms"


def test_messages_accepted_before_a_crash_are_answered_after_it(customer, stack):
    someone = customer("en")
    someone.says("hello there")
    stack.kill("brain", signal.SIGSTOP)
    someone.client.send("what time do you open on saturday?")
    stack.kill("front")
    stack.kill("brain", signal.SIGCONT)
    time.sleep(1)
    stack.wait_ready(60)
    someone.seen = 3
    assert said(someone.reads()) == ["utter_opening_hours"]
    log = someone.client.messages()
    assert [m["seq"] for m in log] == list(range(1, len(log) + 1))


def test_a_dead_brain_brings_a_person_in_the_customers_language(customer, stack):
    someone = customer("vi")
    someone.says("chào shop nha")
    with down(stack, "brain"):
        answer = someone.says("cho mình hỏi phí giao hàng")
    assert said(answer) == ["utter_brain_unavailable"]
    assert "nhân viên" in answer[0]["text"].lower()
