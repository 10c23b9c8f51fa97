"""Parts that are slow or dead: an honest answer each time, nothing lost, nothing done twice."""

import time

import pytest

from tests.stack.conftest import ON_ITS_WAY, busy, down, said


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
    assert said(someone.chooses(1)) == ON_ITS_WAY


def test_a_brain_that_is_back_in_time_gives_the_real_answer(customer, stack):
    someone = customer("en")
    someone.says("hello there")
    stack.kill("brain")
    assert said(someone.says("what time do you open on saturday?")) == ["utter_open_on"]
    stack.wait_ready(60)
    assert [m["author"] for m in someone.client.messages()] == ["customer", "bot"] * 2


def test_messages_accepted_before_a_crash_are_answered_after_it(customer, stack):
    someone = customer("en")
    someone.says("hello there")
    with busy(stack, "brain"):
        someone.client.send("what time do you open on saturday?")
        stack.kill("front")
    time.sleep(1)
    stack.wait_ready(60)
    someone.seen = 3
    assert said(someone.reads()) == ["utter_open_on"]
    log = someone.client.messages()
    assert [m["seq"] for m in log] == list(range(1, len(log) + 1))


def test_a_dead_action_server_leaves_a_case_and_an_apology(customer, desk, stack):
    someone, other = customer("ms"), customer("en")
    with down(stack, "actions"):
        sent = someone.client.send("nak tanya status order MY-10482")
        assert said(other.says("how much is the shipping fee")) == ["utter_faq/shipping_fee"]
        someone.seen = sent["seq"]
        answer = someone.reads(at_least=2)
    assert said(answer) == ["utter_brain_unavailable", "utter_left_for_people"]
    assert "Maaf" in answer[0]["text"]
    assert desk.waiting(someone)["case"] in answer[1]["text"]


def test_a_dead_brain_brings_a_person_in_the_customers_language(customer, open_desk, stack):
    someone = customer("vi")
    someone.says("chào shop nha")
    with down(stack, "brain"):
        answer = someone.says("cho mình hỏi phí giao hàng")
    assert said(answer) == ["utter_brain_unavailable", "utter_handed_over_first"]
    assert "nhân viên" in answer[1]["text"].lower()
    assert open_desk.waiting(someone)["reason"] == "fault"
