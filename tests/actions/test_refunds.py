"""Where a refund is: as the shop's records say, and what people see to."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from myna.shop.model import ItemCount, Money, NotOffered, Refund, Return, Unavailable

from .fake_shop import PLACED, an_order

NUMBER, RIGHT = "DH-20413", "+84903123456"
TODAY = datetime.now(UTC).date()


async def ask(chat, **more):
    told = {"order_number": NUMBER, "phone": RIGHT, **more}
    return await chat.say("where is my refund", "ask_refund_status", **told)


def a_refund(state="approved", **changes):
    values = {
        "number": "RF-1",
        "order_number": NUMBER,
        "amount": Money(Decimal(900), "VND"),
        "state": state,
        "requested_at": PLACED,
    }
    return Refund(**{**values, **changes})


def a_return(state, **changes):
    values = {
        "number": "RT-1",
        "order_number": NUMBER,
        "state": state,
        "items": (ItemCount("KT-17"),),
        "reason": "faulty",
        "kind": "refund",
        "opened_at": PLACED,
    }
    return Return(**{**values, **changes})


def cases(chat):
    return [command for command in chat.commands if command["type"] == "open_case"]


@pytest.mark.parametrize(
    ("state", "expected_on", "response"),
    [
        ("requested", None, "utter_refund_requested"),
        ("approved", None, "utter_refund_approved"),
        ("approved", TODAY + timedelta(days=3), "utter_refund_approved_by"),
        ("sent", None, "utter_refund_sent"),
        ("sent", TODAY + timedelta(days=3), "utter_refund_sent_by"),
    ],
)
async def test_the_state(chat, shop, state, expected_on, response):
    shop.refunds[NUMBER] = (a_refund(state, expected_on=expected_on, sent_at=PLACED),)
    assert await ask(chat) == [response]
    values = chat.values(response)
    assert (values["amount"], values["method"]) == ("900\u00a0₫", "the way you paid")
    assert cases(chat) == []


async def test_a_failed_refund_is_a_case(chat, shop):
    shop.refunds[NUMBER] = (a_refund("failed"),)
    assert await ask(chat) == ["utter_refund_failed"]
    [case] = cases(chat)
    assert (case["kind"], case["priority"], case["response"]) == (
        "promise",
        "high",
        "utter_refund_case",
    )
    assert case["phone"] == RIGHT


@pytest.mark.parametrize(("days", "count"), [(-2, 1), (1, 0)])
async def test_a_refund_that_should_be_there_is_a_case(chat, shop, days, count):
    shop.refunds[NUMBER] = (
        a_refund("sent", sent_at=PLACED, expected_on=TODAY + timedelta(days=days)),
    )
    await ask(chat)
    assert len(cases(chat)) == count


async def test_a_return_that_is_not_a_refund_yet(chat, shop):
    shop.returns[NUMBER] = (a_return("in_transit"),)
    assert await ask(chat) == ["utter_return_in_transit"]


async def test_a_refund_and_its_return(chat, shop):
    shop.returns[NUMBER] = (a_return("received"),)
    shop.refunds[NUMBER] = (a_refund("requested", return_number="RT-1"),)
    assert await ask(chat) == ["utter_refund_requested", "utter_return_received"]


async def test_a_return_whose_refund_is_told_is_told_no_more(chat, shop):
    shop.returns[NUMBER] = (a_return("completed"),)
    shop.refunds[NUMBER] = (a_refund("sent", return_number="RT-1", sent_at=PLACED),)
    assert await ask(chat) == ["utter_refund_sent"]


@pytest.mark.parametrize("state", ["rejected", "cancelled", "completed"])
async def test_a_return_that_ended_without_money(chat, shop, state):
    shop.returns[NUMBER] = (a_return(state),)
    assert await ask(chat) == [f"utter_return_{state}"]


async def test_no_refund(chat):
    assert await ask(chat) == ["utter_refund_none"]


async def test_nothing_was_paid(chat, shop):
    shop.add(an_order(state="cancelled", paid=False))
    assert await ask(chat) == ["utter_refund_not_paid"]


async def test_a_shop_that_keeps_no_refunds(chat, shop):
    shop.add(an_order(state="cancelled", refund=Money(Decimal(1000), "VND")))
    shop.next["list_refunds"] = [NotOffered("refunds")]
    assert await ask(chat) == ["utter_refund_of_order"]
    assert cases(chat)[0]["kind"] == "promise"


@pytest.mark.parametrize("call", ["list_refunds", "get_order"])
async def test_records_that_cannot_be_reached(chat, shop, call):
    fine = [shop.orders[NUMBER]] if call == "get_order" else []
    shop.next[call] = [*fine, Unavailable("down")]
    assert await ask(chat) == ["utter_shop_unavailable"]


async def test_nothing_without_proof(chat, shop):
    shop.refunds[NUMBER] = (a_refund(),)
    assert await ask(chat, phone="+84911111111") == ["utter_order_not_matched"]
    assert await chat.say("forget it", "deny") == ["utter_form_stopped"]
    assert not any(call[0] == "list_refunds" for call in shop.calls)
