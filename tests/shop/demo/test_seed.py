from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import phonenumbers
import pytest

from myna.shop.contact import Email, Phone, parse_contact
from myna.shop.demo import schema
from myna.shop.demo.catalogue import CATALOGUE
from myna.shop.demo.seed import demo_orders, seed
from myna.shop.demo.store import DemoShop
from myna.shop.model import ORDER_STATES, SHIPMENT_STATES, Order

from ..conftest import NOW

ORDERS = demo_orders(NOW)
BY_NUMBER = {order.number: order for order in ORDERS}
AT_ALL_HOURS = [NOW + timedelta(hours=hour, minutes=31) for hour in range(0, 24, 3)]


def test_there_are_orders_in_every_state_of_both_countries() -> None:
    assert len(BY_NUMBER) == len(ORDERS) == 67
    for prefix, currency in (("DH", "VND"), ("MY", "MYR")):
        orders = [order for order in ORDERS if order.number.startswith(prefix)]
        assert len(orders) >= 30
        assert {order.state for order in orders} == set(ORDER_STATES)
        assert {order.total.currency for order in orders} == {currency}


def test_parcels_in_every_state_several_to_an_order_and_cash_to_be_paid() -> None:
    assert {p.state for order in ORDERS for p in order.shipments} == set(SHIPMENT_STATES)
    assert sum(len(order.shipments) > 1 for order in ORDERS) >= 3
    due = [o for o in ORDERS if o.payment_method == "cod" and o.amount_due.amount > 0]
    assert {order.total.currency for order in due} == {"VND", "MYR"}
    assert len({p.carrier for order in ORDERS for p in order.shipments}) == 6


@pytest.mark.parametrize(
    ("number", "state", "phone", "email"),
    [
        ("DH-20413", "shipped", "0903 123 456", "lan.nguyen@example.com"),
        ("DH-20427", "paid", "0912 345 678", "minh.tran@example.com"),
        ("DH-20431", "out_for_delivery", "0987 654 321", None),
        ("DH-20440", "out_for_delivery", None, None),
        ("DH-20450", "returned", None, None),
        ("MY-10482", "shipped", "012-345 6789", "aisyah@example.com"),
        ("MY-10495", "paid", "019-876 5432", "weiming.tan@example.com"),
        ("MY-10501", "delivered", None, None),
        ("MY-10507", "cancelled", None, None),
        ("MY-10510", "pending", None, None),
    ],
)
def test_the_known_orders_are_as_documented(
    number: str, state: str, phone: str | None, email: str | None
) -> None:
    order = BY_NUMBER[number]
    assert order.state == state
    if phone:
        assert parse_contact(phone) == Phone(order.phone or "")
    if email:
        assert order.email == email


def test_known_parcels_and_cash() -> None:
    assert [p.carrier for p in BY_NUMBER["DH-20413"].shipments] == ["GHN"]
    assert [p.carrier for p in BY_NUMBER["MY-10482"].shipments] == ["J&T Express"]
    states = [p.state for p in BY_NUMBER["DH-20431"].shipments]
    assert states == ["delivered", "out_for_delivery"]
    cash = BY_NUMBER["DH-20440"]
    assert (cash.payment_method, cash.paid, cash.amount_due) == ("cod", False, cash.total)


def test_contacts_are_valid_and_of_nobody() -> None:
    for order in ORDERS:
        phone = phonenumbers.parse(order.phone or "")
        assert phonenumbers.is_valid_number(phone)
        assert phonenumbers.region_code_for_number(phone) == order.address.country
        assert order.email is not None
        assert parse_contact(order.email) == Email(order.email)
        assert order.email.split("@")[1] in ("example.com", "example.org", "example.net")


def test_one_contact_belongs_to_one_person() -> None:
    people = Counter(len({o.customer for o in ORDERS if o.phone == p.phone}) for p in ORDERS)
    assert set(people) == {1}
    by_id = {(order.customer_id, order.phone) for order in ORDERS}
    assert len(by_id) == len({phone for _, phone in by_id}) == len({own for own, _ in by_id})


def test_the_same_now_gives_the_same_orders_and_another_moves_the_dates_only() -> None:
    assert demo_orders(NOW) == ORDERS
    later = demo_orders(NOW + timedelta(days=30))
    assert [order.number for order in later] == list(BY_NUMBER)
    assert all(
        moved.placed_at - order.placed_at == timedelta(days=30)
        for moved, order in zip(later, ORDERS, strict=True)
    )


def test_now_may_be_in_any_time_zone() -> None:
    assert demo_orders(NOW.astimezone(timezone(timedelta(hours=8)))) == ORDERS


@pytest.mark.parametrize("now", AT_ALL_HOURS)
def test_the_story_of_an_order_is_in_order(now: datetime) -> None:
    for order in demo_orders(now):
        for parcel in order.shipments:
            story = [order.placed_at, parcel.shipped_at, parcel.delivered_at]
            story += [order.returned_at, order.refunded_at, now]
            moments = [moment for moment in story if moment]
            assert moments == sorted(moments), order.number
        if order.cancelled_at:
            assert order.placed_at < order.cancelled_at < (order.refunded_at or now) <= now


def test_money_adds_up() -> None:
    for order in ORDERS:
        goods = sum((i.unit_price.amount * i.quantity for i in order.items), Decimal(0))
        assert order.total.amount == goods + order.shipping_fee.amount
        if order.paid or order.state == "cancelled":
            assert order.amount_due.amount == 0
        else:
            assert order.amount_due == order.total
        assert (order.refund is not None) == (
            order.paid and order.state in ("cancelled", "returned")
        )


def test_parcels_hold_what_was_ordered() -> None:
    for order in ORDERS:
        if order.shipments:
            packed = sorted(sku for parcel in order.shipments for sku in parcel.skus)
            assert packed == sorted(item.sku for item in order.items)


def test_the_catalogue_has_every_language_and_currency() -> None:
    assert len(CATALOGUE) >= 40
    assert len({product.category for product in CATALOGUE.values()}) >= 6
    for product in CATALOGUE.values():
        for texts in (product.names, product.descriptions, product.facts):
            assert set(texts) == {"vi", "ms", "en"}
            assert all(texts.values())
        assert set(product.prices) == {"VND", "MYR"}
    assert any(product.stock == 0 for product in CATALOGUE.values())


def test_a_database_with_orders_is_left_alone(tmp_path: Path) -> None:
    engine = schema.open_database(f"sqlite:///{tmp_path / 'x.db'}")
    assert seed(engine, NOW)
    assert not seed(engine, datetime(2030, 1, 1, tzinfo=UTC))
    order = DemoShop(engine).get_order("DH-20413")
    assert isinstance(order, Order)
    assert order == BY_NUMBER["DH-20413"]
