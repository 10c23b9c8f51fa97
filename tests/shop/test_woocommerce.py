"""What is WooCommerce's own: its statuses, errors, plugins and numbers."""

from __future__ import annotations

import contextlib
import copy
import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myna.shop import transport, wire
from myna.shop.breaker import Breaker
from myna.shop.model import (
    DeliveryChange,
    Money,
    NotFound,
    Order,
    Product,
    Refused,
    Sent,
    Unavailable,
    Uncertain,
    Who,
)
from myna.shop.woocommerce import WooCommerceShop, read
from myna.shop.woocommerce.client import WooClient

from .fake_woocommerce import KEY, SECRET, FakeWooCommerce, a_product, an_order, stocked

Connect = Callable[..., WooCommerceShop]


@pytest.fixture(autouse=True)
def _short_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "FIRST_PAUSE", 0.01)


@pytest.fixture
def connect(woocommerce: FakeWooCommerce) -> Iterator[Connect]:
    made: list[WooCommerceShop] = []

    def make(key: str = KEY, secret: str = SECRET, **options: Any) -> WooCommerceShop:
        client = WooClient(woocommerce.url, key, secret, read_timeout=0.5)
        made.append(WooCommerceShop(client, **{"prefix": "KD-", **options}))
        return made[-1]

    yield make
    for shop in made:
        shop.close()


@pytest.fixture
def shop(connect: Connect) -> WooCommerceShop:
    return connect()


def cancel(shop: WooCommerceShop, number: str = "KD-10495", key: str = "k") -> Any:
    return shop.cancel_order(number, reason="mind changed", idempotency_key=key)


def send(shop: WooCommerceShop, key: str = "m", text: str = "code 482913") -> Any:
    return shop.send_message("KD-10495", "email", text, idempotency_key=key)


def order(shop: WooCommerceShop, number: str) -> Order:
    found = shop.get_order(number)
    assert isinstance(found, Order)
    return found


def drop(handler: BaseHTTPRequestHandler) -> bool:
    """The connection breaks before anything is done."""
    handler.connection.close()
    handler.close_connection = True
    return True


# orders


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("pending", "pending"),
        ("on-hold", "pending"),
        ("failed", "pending"),
        ("processing", "paid"),
        ("packed", "packed"),
        ("shipped", "shipped"),
        ("out-for-delivery", "out_for_delivery"),
        ("completed", "delivered"),
        ("cancelled", "cancelled"),
    ],
)
def test_statuses(
    woocommerce: FakeWooCommerce, shop: WooCommerceShop, status: str, state: str
) -> None:
    woocommerce.orders[20001] = an_order(20001, status)
    assert order(shop, "KD-20001").state == state


def test_what_is_paid_at_the_door_is_owed_until_then(shop: WooCommerceShop) -> None:
    cash = order(shop, "KD-10515")
    assert (cash.state, cash.payment_method, cash.paid) == ("pending", "cod", False)
    assert cash.amount_due == Money(Decimal(167), "MYR")


def test_where_one_can_pay_is_told_while_one_has_to(shop: WooCommerceShop) -> None:
    assert "order-pay/10520" in (order(shop, "KD-10520").payment_url or "")
    assert order(shop, "KD-10495").payment_url is None


def test_a_status_of_the_shops_own(woocommerce: FakeWooCommerce, connect: Connect) -> None:
    woocommerce.orders[20001] = an_order(20001, "at-the-workshop")
    outcome = connect().get_order("KD-20001")
    assert isinstance(outcome, Unavailable)
    assert "statuses" in outcome.reason
    assert order(connect(states={"at-the-workshop": "packed"}), "KD-20001").state == "packed"
    assert order(connect(states={"completed": "shipped"}), "KD-10501").state == "shipped"


def test_contacts_and_address_as_they_are_used_here(shop: WooCommerceShop) -> None:
    found = order(shop, "KD-10482")
    assert (found.phone, found.email) == ("+60123456789", "Aisyah@example.com")
    assert found.customer == "Nur Aisyah"
    assert (found.receiver, found.delivery_phone) == (None, None)
    assert (found.address.city, found.address.district) == ("Petaling Jaya", "SS 2")
    assert found.placed_at == datetime(2026, 11, 20, 3, 42, tzinfo=UTC)
    assert found.customer_id == "7"
    assert order(shop, "KD-10520").customer_id is None


def test_parcels_of_the_tracking_plugins(
    woocommerce: FakeWooCommerce, shop: WooCommerceShop
) -> None:
    (parcel,) = order(shop, "KD-10482").shipments
    assert (parcel.carrier, parcel.tracking_number) == ("J&T Express", "630012")
    assert parcel.tracking_url == "https://www.jtexpress.my/tracking/630012"
    assert parcel.shipped_at == datetime(2026, 11, 22, tzinfo=UTC)
    advanced = {
        "tracking_provider": "pos-laju",
        "formatted_tracking_provider": "Pos Laju",
        "formatted_tracking_link": "javascript:alert(1)",
        "tracking_number": "EH1MY",
        "date_shipped": 1795305600,
    }
    meta = woocommerce.orders[10482]["meta_data"][0]
    meta["value"] = [advanced, *meta["value"]]
    first, second = order(shop, "KD-10482").shipments
    assert (first.carrier, first.tracking_url, second.carrier) == ("Pos Laju", None, "J&T Express")
    odd: Any
    for odd in ("", None, "text", [1], {}):
        meta["value"] = odd
        assert order(shop, "KD-10482").shipments == ()


def test_prices_are_with_tax(woocommerce: FakeWooCommerce, shop: WooCommerceShop) -> None:
    line = woocommerce.orders[10495]["line_items"][0]
    line |= {"quantity": 3, "total": "100.00", "total_tax": "6.00"}
    assert order(shop, "KD-10495").items[0].unit_price == Money(Decimal("35.33"), "MYR")


def test_a_refund_by_hand_is_not_sent_yet(
    woocommerce: FakeWooCommerce, shop: WooCommerceShop
) -> None:
    woocommerce.refunds[10450][0]["refunded_payment"] = False
    assert order(shop, "KD-10450").refunded_at is None
    refunds = shop.list_refunds("KD-10450")
    assert isinstance(refunds, tuple)
    assert (refunds[0].state, refunds[0].method) == ("approved", "bank_transfer")


def test_numbers_of_a_plugin_are_searched_for(
    woocommerce: FakeWooCommerce, shop: WooCommerceShop
) -> None:
    woocommerce.orders[555] = an_order(555, "processing", number="10482")
    woocommerce.orders[10482]["number"] = "777"
    woocommerce.orders[556] = an_order(556, "on-hold", number="KD-2026-9")
    assert order(shop, "KD-10482").state == "paid"
    assert order(shop, "KD-777").state == "shipped"
    assert order(shop, "KD-2026-9").state == "pending"
    assert shop.get_order("KD-555") == NotFound("order")
    assert isinstance(cancel(shop, "KD-10482"), Order)
    assert woocommerce.orders[555]["status"] == "cancelled"


@pytest.mark.parametrize("number", ["10495", "DH-10495", "KD-", "KD-10530", "KD-010495"])
def test_numbers_that_are_none_of_ours(shop: WooCommerceShop, number: str) -> None:
    assert shop.get_order(number) == NotFound("order")


# changing


def test_the_shops_people_read_why_and_that_money_has_to_go_back(
    woocommerce: FakeWooCommerce, shop: WooCommerceShop
) -> None:
    assert isinstance(cancel(shop), Order)
    (note,) = woocommerce.notes[10495]
    assert note["customer_note"] is False
    assert "mind changed" in note["note"]
    assert "refund" in note["note"]
    cancel(shop, "KD-10515", "other")
    assert "refund" not in woocommerce.notes[10515][0]["note"]


def test_a_cancellation_whose_answer_was_lost_is_the_first_outcome_even_after_a_restart(
    woocommerce: FakeWooCommerce, connect: Connect
) -> None:
    first = cancel(connect())
    assert isinstance(first, Order)
    again = cancel(connect())
    assert isinstance(again, Order)
    assert (again.state, again.number) == ("cancelled", "KD-10495")
    assert cancel(connect(), key="other") == Refused("cancelled")


def test_a_message_whose_answer_was_lost_is_not_sent_twice(
    woocommerce: FakeWooCommerce, shop: WooCommerceShop
) -> None:
    def lose_the_answer(handler: BaseHTTPRequestHandler) -> bool:
        woocommerce.answer("POST", handler.path, handler.headers["authorization"],
                           {"note": "code 482913", "customer_note": True})  # fmt: skip
        return drop(handler)

    woocommerce.trouble = [lambda handler: False, lose_the_answer]
    assert isinstance(send(shop), Uncertain)
    assert isinstance(send(shop), Sent)
    assert [note["note"] for note in woocommerce.notes[10495]] == ["code 482913"]


def test_a_message_that_did_not_arrive_is_sent_by_the_next_try(
    woocommerce: FakeWooCommerce, shop: WooCommerceShop
) -> None:
    woocommerce.trouble = [lambda handler: False, drop]
    assert isinstance(send(shop), Uncertain)
    assert woocommerce.notes == {}
    assert isinstance(send(shop), Sent)
    assert isinstance(send(shop, key="other"), Sent)
    assert len(woocommerce.notes[10495]) == 2


def test_reading_and_cancelling_are_tried_again(
    woocommerce: FakeWooCommerce, shop: WooCommerceShop
) -> None:
    woocommerce.trouble = [drop, lambda handler: False, drop]
    assert isinstance(cancel(shop), Order)
    assert [method for method, _ in woocommerce.requests] == ["GET", "PUT", "POST"]


def test_a_key_that_may_only_read_changes_nothing(
    woocommerce: FakeWooCommerce, shop: WooCommerceShop
) -> None:
    woocommerce.writable = False
    assert isinstance(cancel(shop), Unavailable)
    assert isinstance(send(shop), Unavailable)
    assert woocommerce.orders[10495]["status"] == "processing"


def test_a_new_receiver_of_an_order_without_an_address_of_its_own(
    woocommerce: FakeWooCommerce, shop: WooCommerceShop
) -> None:
    woocommerce.orders[10495]["shipping"] = dict.fromkeys(woocommerce.orders[10495]["shipping"], "")
    before = order(shop, "KD-10495")
    change = DeliveryChange(receiver="Siti")
    changed = shop.change_delivery("KD-10495", change, idempotency_key="c")
    assert isinstance(changed, Order)
    assert (changed.receiver, changed.address) == ("Siti", before.address)


def test_an_order_that_a_plugin_keeps_open_is_no_success(
    woocommerce: FakeWooCommerce, shop: WooCommerceShop
) -> None:
    stays = json.dumps(woocommerce.orders[10495]).encode()
    woocommerce.trouble = [lambda handler: False, answer(200, stays)]
    assert isinstance(cancel(shop), Uncertain)


def test_an_order_that_was_opened_again_is_not_said_to_be_cancelled(
    woocommerce: FakeWooCommerce, connect: Connect
) -> None:
    cancel(connect())
    woocommerce.orders[10495]["status"] = "shipped"
    assert cancel(connect()) == Refused("shipped")


# lists and products


def test_orders_are_found_however_the_phone_was_typed(
    woocommerce: FakeWooCommerce, shop: WooCommerceShop
) -> None:
    for number, phone in ((10482, "0123456789"), (10495, "+60123456789"), (10510, "019-876 5432")):
        woocommerce.orders[number]["billing"]["phone"] = phone
    orders = shop.list_orders(Who(contact="+60123456789"))
    assert isinstance(orders, tuple)
    assert {"KD-10482", "KD-10495", "KD-10501"} <= {one.number for one in orders}
    assert "KD-10510" not in {one.number for one in orders}


def test_guests_are_not_one_customer(shop: WooCommerceShop) -> None:
    assert shop.list_orders(Who(customer_id="0")) == ()


def test_products_of_many_pages(woocommerce: FakeWooCommerce, shop: WooCommerceShop) -> None:
    for number in range(1000, 1230):
        woocommerce.products[number] = a_product(number, f"S{number}", f"Barang {number}", "1.00")
    products = shop.list_products()
    assert isinstance(products, tuple)
    assert len(products) == 233
    asked = [path for _, path in woocommerce.requests if "/products?" in path]
    assert len(asked) == 3


def test_products_are_kept_for_a_while(woocommerce: FakeWooCommerce, connect: Connect) -> None:
    now = 0.0
    shop = connect(clock=lambda: now)
    shop.search_products("periuk", language="ms")
    asked = len(woocommerce.requests)
    shop.search_products("kipas", language="ms")
    assert len(woocommerce.requests) == asked
    now = 301.0
    shop.search_products("kipas", language="ms")
    assert len(woocommerce.requests) > asked


def test_a_product_in_plain_words(shop: WooCommerceShop) -> None:
    cooker, fan = shop.get_product("RC-180"), shop.get_product("33")
    assert isinstance(cooker, Product)
    assert cooker.descriptions["ms"] == "Untuk dapur & keluarga."
    assert cooker.facts["vi"] == ("Kuasa: 700 W",)
    assert cooker.prices == {"MYR": Money(Decimal(159), "MYR")}
    assert (cooker.stock, cooker.stock_counted, cooker.category) == (12, True, "Dapur")
    assert isinstance(fan, Product)
    assert (fan.names["en"], fan.stock, fan.stock_counted) == ('Kipas berdiri 16"', 1, False)


def test_drafts_are_no_products(shop: WooCommerceShop) -> None:
    assert shop.get_product("X-1") == NotFound("product")
    assert shop.get_product("34") == NotFound("product")
    products = shop.list_products()
    assert isinstance(products, tuple)
    assert "X-1" not in {product.sku for product in products}


# trouble


def answer(status: int, body: bytes) -> Callable[[BaseHTTPRequestHandler], bool]:
    def act(handler: Any) -> bool:
        handler.send(status, body)
        return True

    return act


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b"<html>404</html>"),
        (404, b'{"code": "rest_no_route", "message": "", "data": {"status": 404}}'),
        (200, b"<html>Coming soon</html>"),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'{"id": 10495, "number": "10495"}'),
        (301, b""),
        (403, b'{"code": "woocommerce_rest_cannot_view"}'),
        (500, b'{"code": "internal_server_error"}'),
    ],
)
def test_what_is_no_order_and_no_missing_order(
    woocommerce: FakeWooCommerce, shop: WooCommerceShop, status: int, body: bytes
) -> None:
    woocommerce.trouble = [answer(status, body)] * 20
    assert isinstance(shop.get_order("KD-10495"), Unavailable)
    assert isinstance(cancel(shop), Unavailable)


@pytest.mark.parametrize("body", [b"{}", b"[1]", b"null", b"x"])
def test_lists_that_are_none(
    woocommerce: FakeWooCommerce, shop: WooCommerceShop, body: bytes
) -> None:
    woocommerce.trouble = [answer(200, body)] * 20
    assert isinstance(shop.list_orders(Who(customer_id="7")), Unavailable)
    assert isinstance(shop.list_products(), Unavailable)


def test_a_wrong_key_is_unavailable_and_not_healthy(
    connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shop = connect(secret="cs_wrong")
    assert isinstance(shop.get_order("KD-10495"), Unavailable)
    assert not shop.health()
    assert connect().health()
    assert "cs_wrong" not in caplog.text
    assert KEY not in caplog.text


def test_a_shop_that_is_down_is_left_alone(woocommerce: FakeWooCommerce) -> None:
    client = WooClient(woocommerce.url, KEY, SECRET, breaker=Breaker(failures=1, seconds=60))
    shop = WooCommerceShop(client, prefix="KD-")
    woocommerce.trouble = [answer(502, b"")] * transport.ATTEMPTS
    assert isinstance(shop.get_order("KD-10495"), Unavailable)
    asked = len(woocommerce.requests)
    assert isinstance(shop.get_order("KD-10495"), Unavailable)
    assert len(woocommerce.requests) == asked
    shop.close()


@pytest.mark.parametrize(
    ("url", "key", "secret"),
    [
        ("http://kedai.example.com", "ck", "cs"),
        ("kedai.example.com", "ck", "cs"),
        ("https://kedai.example.com", "", "cs"),
        ("https://kedai.example.com", "ck", ""),
    ],
)
def test_what_a_connection_needs(url: str, key: str, secret: str) -> None:
    with pytest.raises(ValueError):
        WooClient(url, key, secret)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
TRACKED = stocked().orders[10482]
ROWS: list[tuple[Callable[[Any], Any], dict[str, Any]]] = [
    (lambda raw: read.order(raw, "KD-1", read.STATES), TRACKED),
    (lambda raw: read.summary(raw, "KD-1", read.STATES), stocked().orders[10450]),
    (lambda raw: read.refund(raw, "KD-1", "MYR"), stocked().refunds[10450][0]),
    (lambda raw: read.product(raw, "MYR"), stocked().products[31]),
    (lambda raw: read.customer(raw), stocked().customers[7]),
]


def inside(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to everything in a JSON value."""
    if way:
        yield way
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in parts:
            yield from inside(part, (*way, key))


@pytest.mark.parametrize(("make", "row"), ROWS, ids=range(len(ROWS)))
def test_any_value_anywhere_gives_a_record_or_a_wire_error(
    make: Callable[[Any], Any], row: dict[str, Any]
) -> None:
    make(row)

    @settings(max_examples=150, deadline=None)
    @given(st.sampled_from(list(inside(row))), JSON)
    def check(way: tuple[Any, ...], value: Any) -> None:
        changed: Any = copy.deepcopy(row)
        target = changed
        for step in way[:-1]:
            target = target[step]
        target[way[-1]] = value
        with contextlib.suppress(wire.WireError):
            make(changed)

    check()


@pytest.mark.parametrize("own_id", [None, "10495", [], {}])
def test_an_order_without_a_usable_id(
    woocommerce: FakeWooCommerce, shop: WooCommerceShop, own_id: Any
) -> None:
    woocommerce.orders[10495]["id"] = own_id
    for outcome in (shop.get_order("KD-10495"), shop.list_refunds("KD-10495"), cancel(shop)):
        assert isinstance(outcome, Unavailable)
    assert isinstance(shop.list_orders(Who(customer_id="7")), tuple)
