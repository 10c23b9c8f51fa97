"""What every adapter of the shop must do; runs against each of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from myna.shop.demo.seed import demo_orders
from myna.shop.model import Declined, Money, NotFound, Order, Refused, Sent
from myna.shop.protocol import IdempotencyKeyReused, Shop

from .conftest import NOW


def cancel(shop: Shop, number: str, key: str = "k", reason: str = "changed my mind") -> Any:
    return shop.cancel_order(number, reason=reason, idempotency_key=key)


def send(shop: Shop, number: str, contact: Any = "phone", text: str = "Hi", key: str = "m") -> Any:
    return shop.send_message(number, contact, text, idempotency_key=key)


def repr_short(value: str) -> str:
    return ascii(value[:12])


def test_every_order_is_read_as_it_was_written(shop: Shop) -> None:
    orders = demo_orders(NOW)
    assert [shop.get_order(order.number) for order in orders] == orders


@pytest.mark.parametrize(
    "number",
    ["DH-99999", "dh-20413", "", "..", "../health", "DH-20413/cancel", "a b", "'--", "é", "\ud800"],
    ids=ascii,
)
def test_an_order_that_does_not_exist_is_not_found(shop: Shop, number: str) -> None:
    assert shop.get_order(number) == NotFound("order")
    assert cancel(shop, number) == NotFound("order")
    assert send(shop, number) == NotFound("order")


@pytest.mark.parametrize("number", ["DH-20427", "MY-10495", "MY-10510"])
def test_an_order_that_has_not_left_is_cancelled(shop: Shop, number: str) -> None:
    before = shop.get_order(number)
    cancelled = cancel(shop, number)
    assert isinstance(before, Order)
    assert isinstance(cancelled, Order)
    assert cancelled.state == "cancelled"
    assert cancelled.cancelled_at is not None
    assert cancelled.amount_due == Money(Decimal(0), before.total.currency)
    assert cancelled.refund == (before.total if before.paid else None)
    assert cancelled.refunded_at is None
    assert shop.get_order(number) == cancelled


def test_what_can_be_cancelled_is_decided_by_the_state_alone(shop: Shop) -> None:
    for order in demo_orders(NOW):
        outcome = cancel(shop, order.number, key=order.number)
        if order.marketplace and order.state == "packed":
            assert outcome == Declined("marketplace")
        elif order.state in ("pending", "paid", "packed"):
            assert isinstance(outcome, Order)
        else:
            assert outcome == Refused(order.state)
            assert shop.get_order(order.number) == order


def test_cancelling_again_gives_the_first_outcome_and_with_another_key_a_refusal(
    shop: Shop,
) -> None:
    first = cancel(shop, "DH-20427")
    assert cancel(shop, "DH-20427") == first
    assert cancel(shop, "DH-20427", key="other") == Refused("cancelled")


def test_a_refusal_is_an_outcome_too(shop: Shop) -> None:
    assert cancel(shop, "DH-20413") == cancel(shop, "DH-20413") == Refused("shipped")


def test_a_key_belongs_to_one_request(shop: Shop) -> None:
    cancel(shop, "DH-20427")
    with pytest.raises(IdempotencyKeyReused):
        cancel(shop, "MY-10495")
    with pytest.raises(IdempotencyKeyReused):
        cancel(shop, "DH-20427", reason="another reason")
    with pytest.raises(IdempotencyKeyReused):
        send(shop, "DH-20427", key="k")
    assert isinstance(cancel(shop, "MY-10495", key="new"), Order)


def test_two_cancellations_at_once_with_one_key_are_one(shop: Shop) -> None:
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: cancel(shop, "MY-10495"), range(8)))
    assert isinstance(outcomes[0], Order)
    assert all(outcome == outcomes[0] for outcome in outcomes)


def test_two_cancellations_at_once_with_two_keys_cancel_once(shop: Shop) -> None:
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda n: cancel(shop, "MY-10495", key=f"k{n}"), range(8)))
    assert sum(isinstance(outcome, Order) for outcome in outcomes) == 1
    assert outcomes.count(Refused("cancelled")) == 7


def test_a_message_is_sent_once_for_one_key(shop: Shop) -> None:
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: send(shop, "DH-20413"), range(8)))
    assert isinstance(outcomes[0], Sent)
    assert len(set(outcomes)) == 1
    assert send(shop, "DH-20413", key="other") not in outcomes


@pytest.mark.parametrize("contact", ["phone", "email"])
def test_messages_hold_any_language(shop: Shop, contact: str) -> None:
    text = "Mã của anh/chị là 482913\nDùng trong 10 phút 🙏"
    assert isinstance(send(shop, "DH-20413", contact, text), Sent)


@pytest.mark.parametrize(
    "key", ["", "with space", "ngoặc-é", "x" * 201, "new\nline"], ids=repr_short
)
def test_a_bad_key_is_a_mistake_of_the_caller(shop: Shop, key: str) -> None:
    with pytest.raises(ValueError):
        cancel(shop, "DH-20427", key=key)
    with pytest.raises(ValueError):
        send(shop, "DH-20427", key=key)


@pytest.mark.parametrize("text", ["", "  ", "x" * 2001, "\ud83d"], ids=repr_short)
def test_a_bad_text_is_a_mistake_of_the_caller(shop: Shop, text: str) -> None:
    with pytest.raises(ValueError):
        send(shop, "DH-20413", text=text)
    with pytest.raises(ValueError):
        cancel(shop, "DH-20427", reason=text)


def test_a_contact_is_chosen_by_kind_only(shop: Shop) -> None:
    with pytest.raises(ValueError):
        send(shop, "DH-20413", contact="+84900000000")


def test_a_shop_that_answers_is_healthy(shop: Shop) -> None:
    assert shop.health()
