"""What every adapter of the shop must do: one suite, which `test_contract.py` runs against each.

An adapter joins with a fixture that gives a shop and a `Sample` of what is in it. What it does not
offer is tested too: it has to say so.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from myna.shop.model import (
    CAPABILITIES,
    Customer,
    DeliveryChange,
    ItemCount,
    Money,
    NotFound,
    NotOffered,
    Order,
    OrderSummary,
    Refund,
    Refused,
    RepairRequest,
    ReturnRequest,
    Sent,
    Who,
)
from myna.shop.protocol import IdempotencyKeyReused, Shop

STRANGE = ["", "..", "../health", "X/cancel", "a b", "'--", "é", "\ud800", "x" * 41]
"""No number of anything, whatever the shop."""


@dataclass(frozen=True)
class Sample:
    """What is in the shop that is tested."""

    paid: str
    """An order that is paid and has not left."""
    unpaid: tuple[str, ...]
    """Orders that have not left and are not paid, with cash on delivery or without."""
    shipped: str
    delivered: str
    cancelled: str
    refunded: str
    """An order whose money went back to the customer."""
    unknown: str
    """A number that an order could have, and none has."""
    who: Who
    """A customer, by a contact, and"""
    customer_id: str
    """by the shop's number."""
    orders_of_who: frozenset[str]
    """All of their orders."""
    stranger: Who
    """A contact on no order."""
    in_stock: str
    """SKUs"""
    sold_out: str
    searches: dict[str, str]
    """What customers type → the SKU that is found first."""
    offers: frozenset[str] = frozenset(CAPABILITIES)
    messages_to: tuple[str, ...] = ("phone", "email")
    pays_back: bool = True
    """Whether a paid order that is cancelled is paid back by itself."""


def cancel(shop: Shop, number: str, key: str = "k", reason: str = "changed my mind") -> Any:
    return shop.cancel_order(number, reason=reason, idempotency_key=key)


def send(shop: Shop, number: str, contact: Any = "email", text: str = "Hi", key: str = "m") -> Any:
    return shop.send_message(number, contact, text, idempotency_key=key)


def change(shop: Shop, number: str, key: str = "c", **what: Any) -> Any:
    return shop.change_delivery(number, DeliveryChange(**what), idempotency_key=key)


def short(value: str) -> str:
    return ascii(value[:12])


# orders


def test_orders_are_found_by_their_number(shop: Shop, sample: Sample) -> None:
    states = {
        sample.paid: {"paid"},
        sample.shipped: {"shipped"},
        sample.delivered: {"delivered"},
        sample.cancelled: {"cancelled"},
        sample.refunded: {"returned", "cancelled"},
        **{number: {"pending", "packed"} for number in sample.unpaid},
    }
    for number, possible in states.items():
        order = shop.get_order(number)
        assert isinstance(order, Order)
        assert order.number == number
        assert order.state in possible
        assert order.items
        assert order.total.currency == order.amount_due.currency


def test_what_is_owed_and_what_is_given_back(shop: Shop, sample: Sample) -> None:
    paid, refunded = shop.get_order(sample.paid), shop.get_order(sample.refunded)
    assert isinstance(paid, Order)
    assert isinstance(refunded, Order)
    assert paid.paid
    assert paid.amount_due.amount == 0
    assert paid.refund is None
    assert refunded.refund == refunded.total
    assert refunded.refunded_at is not None
    for number in sample.unpaid:
        order = shop.get_order(number)
        assert isinstance(order, Order)
        assert not order.paid
        assert order.amount_due == order.total


def test_a_delivered_order_tells_when_and_a_parcel_under_way_where(
    shop: Shop, sample: Sample
) -> None:
    delivered, shipped = shop.get_order(sample.delivered), shop.get_order(sample.shipped)
    assert isinstance(delivered, Order)
    assert isinstance(shipped, Order)
    assert delivered.delivered_at is not None
    assert delivered.delivered_at > delivered.placed_at
    assert shipped.delivered_at is None
    assert [parcel.state for parcel in shipped.shipments] == ["shipped"]
    assert shipped.shipments[0].tracking_number
    assert (shipped.shipments[0].tracking_url or "").startswith("https://")


@pytest.mark.parametrize("number", STRANGE, ids=short)
def test_what_can_be_no_order_is_none(shop: Shop, number: str) -> None:
    assert shop.get_order(number) == NotFound("order")
    assert cancel(shop, number) == NotFound("order")
    assert send(shop, number) == NotFound("order")


def test_an_order_that_does_not_exist_is_not_found(shop: Shop, sample: Sample) -> None:
    number = sample.unknown
    assert shop.get_order(number) == NotFound("order")
    assert shop.get_order(number.lower() + "x") == NotFound("order")
    assert cancel(shop, number) == NotFound("order")
    assert send(shop, number) == NotFound("order")
    assert change(shop, number, note="x") == NotFound("order")
    assert shop.list_refunds(number) == NotFound("order")


def test_a_shop_that_answers_is_healthy(shop: Shop) -> None:
    assert shop.health()


# cancelling


def test_an_order_that_has_not_left_is_cancelled(shop: Shop, sample: Sample) -> None:
    for number in (sample.paid, *sample.unpaid):
        before = shop.get_order(number)
        cancelled = cancel(shop, number, key=number)
        assert isinstance(before, Order)
        assert isinstance(cancelled, Order)
        assert cancelled.state == "cancelled"
        assert cancelled.cancelled_at is not None
        assert cancelled.amount_due == Money(Decimal(0), before.total.currency)
        assert cancelled.refund == (before.total if before.paid and sample.pays_back else None)
        assert cancelled.refunded_at is None
        assert shop.get_order(number) == cancelled


def test_what_has_left_or_is_cancelled_stays_as_it_is(shop: Shop, sample: Sample) -> None:
    for number in (sample.shipped, sample.delivered, sample.cancelled):
        before = shop.get_order(number)
        assert isinstance(before, Order)
        assert cancel(shop, number, key=number) == Refused(before.state)
        assert shop.get_order(number) == before


def test_cancelling_again_gives_the_first_outcome_and_with_another_key_a_refusal(
    shop: Shop, sample: Sample
) -> None:
    first = cancel(shop, sample.paid)
    assert isinstance(first, Order)
    assert cancel(shop, sample.paid) == first
    assert cancel(shop, sample.paid, key="other") == Refused("cancelled")


def test_a_refusal_is_an_outcome_too(shop: Shop, sample: Sample) -> None:
    number = sample.shipped
    assert cancel(shop, number) == cancel(shop, number) == Refused("shipped")


def test_a_key_belongs_to_one_request(shop: Shop, sample: Sample) -> None:
    cancel(shop, sample.paid)
    with pytest.raises(IdempotencyKeyReused):
        cancel(shop, sample.unpaid[0])
    with pytest.raises(IdempotencyKeyReused):
        cancel(shop, sample.paid, reason="another reason")
    with pytest.raises(IdempotencyKeyReused):
        send(shop, sample.paid, key="k")
    assert isinstance(cancel(shop, sample.unpaid[0], key="new"), Order)


def test_two_cancellations_at_once_with_one_key_are_one(shop: Shop, sample: Sample) -> None:
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: cancel(shop, sample.paid), range(8)))
    assert isinstance(outcomes[0], Order)
    assert all(outcome == outcomes[0] for outcome in outcomes)


def test_two_cancellations_at_once_with_two_keys_cancel_once(shop: Shop, sample: Sample) -> None:
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda n: cancel(shop, sample.paid, key=f"k{n}"), range(8)))
    assert sum(isinstance(outcome, Order) for outcome in outcomes) == 1
    assert outcomes.count(Refused("cancelled")) == 7


# messages


def test_a_message_is_sent_once_for_one_key(shop: Shop, sample: Sample) -> None:
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: send(shop, sample.shipped), range(8)))
    assert isinstance(outcomes[0], Sent)
    assert len(set(outcomes)) == 1
    assert send(shop, sample.shipped, key="other") not in outcomes


@pytest.mark.parametrize("contact", ["phone", "email"])
def test_messages_hold_any_language(shop: Shop, sample: Sample, contact: str) -> None:
    text = "Mã của anh/chị là 482913\nDùng trong 10 phút 🙏"
    outcome = send(shop, sample.shipped, contact, text)
    if contact in sample.messages_to:
        assert isinstance(outcome, Sent)
    else:
        assert outcome == NotOffered("messages")


@pytest.mark.parametrize("key", ["", "with space", "ngoặc-é", "x" * 201, "new\nline"], ids=short)
def test_a_bad_key_is_a_mistake_of_the_caller(shop: Shop, sample: Sample, key: str) -> None:
    with pytest.raises(ValueError):
        cancel(shop, sample.paid, key=key)
    with pytest.raises(ValueError):
        send(shop, sample.paid, key=key)
    with pytest.raises(ValueError):
        change(shop, sample.paid, key=key, note="x")


@pytest.mark.parametrize("text", ["", "  ", "x" * 2001, "\ud83d"], ids=short)
def test_a_bad_text_is_a_mistake_of_the_caller(shop: Shop, sample: Sample, text: str) -> None:
    with pytest.raises(ValueError):
        send(shop, sample.shipped, text=text)
    with pytest.raises(ValueError):
        cancel(shop, sample.paid, reason=text)


def test_a_contact_is_chosen_by_kind_only(shop: Shop, sample: Sample) -> None:
    with pytest.raises(ValueError):
        send(shop, sample.shipped, contact="+84900000000")


# lists of orders


def test_a_customers_orders_newest_first(shop: Shop, sample: Sample) -> None:
    orders = shop.list_orders(sample.who)
    assert isinstance(orders, tuple)
    assert {order.number for order in orders} == sample.orders_of_who
    placed = [order.placed_at for order in orders]
    assert placed == sorted(placed, reverse=True)
    for summary in orders:
        assert isinstance(summary, OrderSummary)
        order = shop.get_order(summary.number)
        assert isinstance(order, Order)
        assert (summary.state, summary.total) == (order.state, order.total)
        assert summary.items == tuple(item.name for item in order.items)[:3]
        assert summary.item_count == len(order.items)


def test_orders_by_the_shops_number_of_the_customer(shop: Shop, sample: Sample) -> None:
    orders = shop.list_orders(Who(customer_id=sample.customer_id))
    assert isinstance(orders, tuple)
    assert {order.number for order in orders} == sample.orders_of_who


@pytest.mark.parametrize("contact", ["@", "a", "+", "+6", "example.com", "%", "0", "' or 1=1 --"])
def test_a_part_of_a_contact_is_nobodys(shop: Shop, contact: str) -> None:
    assert shop.list_orders(Who(contact=contact)) == ()


@pytest.mark.parametrize("customer_id", ["0", "-1", "../7", "x", "999999"])
def test_a_customers_number_that_is_none_has_no_orders(shop: Shop, customer_id: str) -> None:
    assert shop.list_orders(Who(customer_id=customer_id)) == ()


def test_a_stranger_has_no_orders(shop: Shop, sample: Sample) -> None:
    assert shop.list_orders(sample.stranger) == ()


# delivery


def test_delivery_is_changed_as_long_as_nothing_has_left(shop: Shop, sample: Sample) -> None:
    before = shop.get_order(sample.paid)
    assert isinstance(before, Order)
    changed = change(
        shop, sample.paid, receiver="Lê Văn B", phone="+60123334444", window="evening", note="Gate"
    )
    assert isinstance(changed, Order)
    assert (changed.receiver, changed.delivery_phone) == ("Lê Văn B", "+60123334444")
    assert (changed.delivery_window, changed.delivery_note) == ("evening", "Gate")
    assert (changed.address, changed.phone) == (before.address, before.phone)
    assert change(shop, sample.paid, key="d", window="weekend").receiver == "Lê Văn B"
    assert shop.get_order(sample.paid).delivery_window == "weekend"  # type: ignore[union-attr]


def test_an_address_is_changed_as_a_whole(shop: Shop, sample: Sample) -> None:
    other = shop.get_order(sample.unpaid[0])
    assert isinstance(other, Order)
    address = type(other.address)("9 Jalan Baru", "", "Ipoh", "30000", other.address.country)
    changed = change(shop, sample.paid, address=address)
    assert isinstance(changed, Order)
    assert changed.address == address
    assert changed.customer
    assert shop.get_order(sample.paid) == changed


def test_what_has_left_goes_where_it_goes(shop: Shop, sample: Sample) -> None:
    assert change(shop, sample.shipped, note="x") == Refused("shipped")
    assert change(shop, sample.cancelled, key="e", note="x") == Refused("cancelled")


# refunds and customers


def test_refunds_of_an_order(shop: Shop, sample: Sample) -> None:
    refunds = shop.list_refunds(sample.refunded)
    assert isinstance(refunds, tuple)
    assert len(refunds) == 1
    assert isinstance(refunds[0], Refund)
    order = shop.get_order(sample.refunded)
    assert isinstance(order, Order)
    assert refunds[0].order_number == sample.refunded
    assert (refunds[0].amount, refunds[0].state) == (order.refund, "sent")
    assert refunds[0].sent_at is not None
    assert shop.list_refunds(sample.shipped) == ()


def test_customers_by_their_number(shop: Shop, sample: Sample) -> None:
    customer = shop.get_customer(sample.customer_id)
    assert isinstance(customer, Customer)
    assert customer.id == sample.customer_id
    assert sample.who.contact in (customer.phone, customer.email)
    for unknown in ("999999", "0", "../7", "", "é"):
        assert shop.get_customer(unknown) == NotFound("customer")


# products


def test_products_and_their_stock(shop: Shop, sample: Sample) -> None:
    product, sold_out = shop.get_product(sample.in_stock), shop.get_product(sample.sold_out)
    assert not isinstance(product, NotFound | NotOffered)
    assert product.sku == sample.in_stock  # type: ignore[union-attr]
    assert product.stock > 0  # type: ignore[union-attr]
    assert sold_out.stock == 0  # type: ignore[union-attr]
    assert set(product.names) == {"vi", "ms", "en"}  # type: ignore[union-attr]
    for unknown in ("NO-SUCH", "", "a/b", "../x", "é"):
        assert shop.get_product(unknown) == NotFound("product")


def test_the_list_of_products_holds_each_once_in_order(shop: Shop, sample: Sample) -> None:
    products = shop.list_products()
    assert isinstance(products, tuple)
    skus = [product.sku for product in products]
    assert skus == sorted(set(skus))
    assert {sample.in_stock, sample.sold_out} <= set(skus)
    assert shop.get_product(sample.in_stock) in products


def test_products_are_found_by_what_customers_type(shop: Shop, sample: Sample) -> None:
    for text, sku in sample.searches.items():
        found = shop.search_products(text, language="en")
        assert isinstance(found, tuple)
        assert found, text
        assert found[0].sku == sku, text
    assert shop.search_products("xyzzy qwertz", language="en") == ()
    assert shop.search_products("  ", language="vi") == ()
    one = shop.search_products(next(iter(sample.searches)), language="en", limit=1)
    assert isinstance(one, tuple)
    assert len(one) == 1


@pytest.mark.parametrize(("text", "limit"), [("x" * 201, 5), ("x", 0), ("x", 21), ("\ud800", 5)])
def test_a_search_out_of_bounds_is_a_mistake_of_the_caller(
    shop: Shop, text: str, limit: int
) -> None:
    with pytest.raises(ValueError):
        shop.search_products(text, language="en", limit=limit)


# what not every shop offers


def test_what_is_not_offered_is_said(shop: Shop, sample: Sample) -> None:
    def do(capability: str) -> Any:
        one = sample.delivered
        request = ReturnRequest((ItemCount("X"),), "faulty")
        calls: dict[str, list[Any]] = {
            "invoices": [
                shop.get_invoice(one),
                shop.send_invoice(one, "email", idempotency_key="1"),
            ],
            "returns": [
                shop.list_returns(one),
                shop.open_return(one, request, idempotency_key="2"),
            ],
            "warranty": [
                shop.list_warranties(one),
                shop.get_warranty("A1"),
                shop.find_warranties(sample.who),
            ],
            "repairs": [
                shop.get_repair("R1"),
                shop.list_repairs(sample.who),
                shop.book_repair(RepairRequest("broken", serial="A1"), idempotency_key="3"),
            ],
            "catalogue": [shop.get_catalogue("en")],
            "loyalty": [shop.get_loyalty(sample.who)],
            "subscriptions": [
                shop.list_subscriptions(sample.who),
                shop.renew_subscription("S1", idempotency_key="4"),
            ],
        }
        return calls[capability]

    for capability in (
        "invoices", "returns", "warranty", "repairs", "catalogue", "loyalty", "subscriptions",
    ):  # fmt: skip
        offered = capability in sample.offers
        for outcome in do(capability):
            assert isinstance(outcome, NotOffered) is not offered
            assert offered or outcome.what == capability
