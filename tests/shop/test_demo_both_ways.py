"""What the demo shop offers beyond the shared suite, directly and over HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests

from myna.shop.demo.seed import demo_orders
from myna.shop.demo.seed_records import PIECES
from myna.shop.demo.store import DemoShop
from myna.shop.model import (
    REPAIR_STATES,
    SUBSCRIPTION_STATES,
    Declined,
    DeliveryChange,
    Invoice,
    ItemCount,
    LoyaltyAccount,
    NotFound,
    Order,
    Product,
    Refund,
    Refused,
    Repair,
    RepairRequest,
    Return,
    ReturnRequest,
    Sent,
    Subscription,
    Who,
)
from myna.shop.protocol import Shop

from .conftest import NOW
from .contract import cancel

LAN, AISYAH, DEEPA, TAN, HUONG = (
    Who(contact=contact)
    for contact in ("+84903123456", "aisyah@example.com", "deepa.nair@example.com",
                    "+60198765432", "huong.pham@example.com")
)  # fmt: skip


@pytest.fixture(params=["demo", "http"])
def shop(request: pytest.FixtureRequest) -> Shop:
    """The demo shop, each way."""
    return request.getfixturevalue(f"{request.param}_shop")


def send_back(shop: Shop, number: str, *skus: str, key: str = "r", **more: Any) -> Any:
    request = ReturnRequest(tuple(map(ItemCount, skus)), **{"reason": "faulty", **more})
    return shop.open_return(number, request, idempotency_key=key)


def repair(shop: Shop, key: str = "b", **what: Any) -> Any:
    return shop.book_repair(RepairRequest("Kêu to", **what), idempotency_key=key)


def test_every_order_is_read_as_it_was_written(shop: Shop) -> None:
    orders = demo_orders(NOW)
    assert [shop.get_order(order.number) for order in orders] == orders


def test_what_can_be_cancelled_is_decided_by_the_state_and_the_marketplace(shop: Shop) -> None:
    for order in demo_orders(NOW):
        outcome = cancel(shop, order.number, key=order.number)
        if order.state not in ("pending", "paid", "packed"):
            assert outcome == Refused(order.state)
        elif order.marketplace:
            assert outcome == Declined("marketplace")
        else:
            assert isinstance(outcome, Order)
            continue
        assert shop.get_order(order.number) == order


def test_a_cancelled_order_that_was_paid_has_a_refund_under_way(shop: Shop) -> None:
    cancel(shop, "MY-10495")
    refunds = shop.list_refunds("MY-10495")
    assert isinstance(refunds, tuple)
    assert [(refund.state, refund.return_number) for refund in refunds] == [("approved", None)]
    cancel(shop, "MY-10510", key="unpaid")
    assert shop.list_refunds("MY-10510") == ()


# invoices and delivery


def test_an_invoice_is_issued_when_the_goods_leave(shop: Shop) -> None:
    issued, pending = shop.get_invoice("DH-20413"), shop.get_invoice("DH-20427")
    assert isinstance(issued, Invoice)
    assert issued.number
    assert issued.issued_at
    assert (issued.e_invoice, bool(issued.e_invoice_code)) == ("accepted", True)
    assert isinstance(pending, Invoice)
    assert (pending.number, pending.url) == (None, None)
    assert shop.get_invoice("MY-10507") == NotFound("invoice")
    assert shop.get_invoice("DH-99999") == NotFound("order")


def test_an_invoice_is_sent_to_the_contact_on_record_once(shop: Shop, demo_shop: DemoShop) -> None:
    def send(number: str, key: str) -> Any:
        return shop.send_invoice(number, "email", idempotency_key=key)

    first = send("DH-20413", "a")
    assert isinstance(first, Sent)
    assert send("DH-20413", "a") == first
    assert send("DH-20427", "b") == Declined("not_issued")
    assert send("MY-10507", "c") == NotFound("invoice")
    messages = demo_shop.sent_messages()
    assert isinstance(messages, list)
    assert [message["recipient"] for message in messages] == ["lan.nguyen@example.com"]
    invoice = shop.get_invoice("DH-20413")
    assert isinstance(invoice, Invoice)
    assert invoice.url in messages[0]["text"]


def test_the_delivery_of_a_marketplace_order_is_changed_there(shop: Shop) -> None:
    change = DeliveryChange(note="x")
    assert shop.change_delivery("DH-20445", change, idempotency_key="k") == Declined("marketplace")


# returns


def test_a_return_says_how_it_goes_on(shop: Shop) -> None:
    opened = send_back(shop, "DH-20408", "RC-180")
    assert isinstance(opened, Return)
    assert (opened.state, opened.kind, opened.reason) == ("approved", "refund", "faulty")
    assert opened.label_url
    assert opened.drop_off
    assert opened.send_by
    assert isinstance(opened.refund, Refund)
    order = shop.get_order("DH-20408")
    assert isinstance(order, Order)
    assert opened.refund.amount == order.items[0].unit_price
    assert send_back(shop, "DH-20408", "RC-180") == opened
    assert shop.list_returns("DH-20408") == (opened,)
    assert shop.list_refunds("DH-20408") == (opened.refund,)


def test_an_exchange_needs_what_it_is_for(shop: Shop) -> None:
    def exchange(sku: str, key: str) -> Any:
        return send_back(shop, "DH-20408", "RC-180", key=key, kind="exchange", exchange_sku=sku)

    assert exchange("AF-700D", "a") == Declined("out_of_stock")
    assert exchange("NO-SUCH", "b") == NotFound("product")
    opened = exchange("RC-100M", "c")
    assert isinstance(opened, Return)
    assert (opened.exchange_sku, opened.refund) == ("RC-100M", None)
    with pytest.raises(ValueError, match="exchange"):
        ReturnRequest((ItemCount("RC-180"),), "faulty", kind="exchange")


@pytest.mark.parametrize(
    ("number", "sku", "outcome"),
    [
        ("DH-20413", "AF-400", Refused("shipped")),
        ("MY-10510", "SW-FIT", Refused("pending")),
        ("DH-20402", "AP-30", Declined("too_late")),
        ("MY-10501", "AP-30", Declined("already_open")),
        ("DH-20408", "AF-400", NotFound("item")),
        ("DH-99999", "AF-400", NotFound("order")),
    ],
)
def test_what_does_not_go_back(shop: Shop, number: str, sku: str, outcome: object) -> None:
    assert send_back(shop, number, sku) == outcome


def test_more_than_was_bought_does_not_go_back(shop: Shop) -> None:
    request = ReturnRequest((ItemCount("RC-180", 2),), "faulty")
    outcome = shop.open_return("DH-20408", request, idempotency_key="r")
    assert outcome == NotFound("item")


def test_returns_and_refunds_of_earlier(shop: Shop) -> None:
    states = {}
    for number in ("DH-20450", "MY-10501", "DH-20402"):
        found = shop.list_returns(number)
        assert isinstance(found, tuple)
        states[number] = found[0].state
    assert states == {"DH-20450": "completed", "MY-10501": "in_transit", "DH-20402": "rejected"}
    refunds = shop.list_refunds("MY-10501")
    assert isinstance(refunds, tuple)
    assert [refund.state for refund in refunds] == ["requested"]
    assert shop.list_returns("DH-99999") == NotFound("order")


# warranties and repairs


def test_warranties_of_an_order_by_serial_number_and_by_purchase(shop: Shop) -> None:
    by_order = shop.list_warranties("DH-20408")
    assert isinstance(by_order, tuple)
    assert {warranty.sku for warranty in by_order} == {"RC-180", "HD-18"}
    for warranty in by_order:
        assert shop.get_warranty(warranty.serial or "") == warranty
        assert shop.get_warranty((warranty.serial or "").lower()) == warranty
    of_lan = shop.find_warranties(LAN)
    assert isinstance(of_lan, tuple)
    assert set(by_order) < set(of_lan)
    days = [warranty.bought_on for warranty in of_lan]
    assert len(days) == 5
    for product, sku in (("noi com", "RC-180"), ("robot hut bui", "RV-300"), ("CM-15", "CM-15")):
        found = shop.find_warranties(LAN, product)
        assert isinstance(found, tuple)
        assert sku in {warranty.sku for warranty in found}, product
        assert len(found) < len(of_lan)
    assert shop.find_warranties(LAN, "xyzzy") == ()
    assert shop.find_warranties(Who(contact="nobody@example.com")) == ()
    assert shop.get_warranty("NONE-1") == NotFound("serial")
    assert shop.list_warranties("DH-20427") == ()


def test_every_kind_of_warranty_is_there(shop: Shop) -> None:
    kinds = set()
    for piece in PIECES:
        warranty = shop.get_warranty(piece.serial)
        assert not isinstance(warranty, NotFound)
        kinds.add((warranty.void, warranty.until >= NOW.date()))  # type: ignore[union-attr, operator]
    assert {(False, True), (False, False), (True, True)} <= kinds


def test_a_repair_is_booked_once(shop: Shop) -> None:
    booked = repair(shop, order_number="DH-20408", sku="RC-180")
    assert isinstance(booked, Repair)
    assert (booked.state, booked.in_warranty, booked.phone) == ("booked", True, LAN.contact)
    assert booked.drop_off
    assert booked.expected_on == (booked.booked_at + timedelta(days=10)).date()
    assert repair(shop, order_number="DH-20408", sku="RC-180") == booked
    assert shop.get_repair(booked.number) == booked
    again = repair(shop, key="other", serial=booked.serial)
    assert again == Declined("already_open")
    by_serial = repair(shop, key="third", serial="lhrv300-2404-00117", hand_over="pick_up")
    assert by_serial == Declined("already_open")


def test_a_piece_from_a_store_is_repaired_too(shop: Shop) -> None:
    booked = repair(shop, serial="LHMW20-2601-00310", hand_over="pick_up")
    assert isinstance(booked, Repair)
    # its warranty is void
    assert (booked.in_warranty, booked.order_number, booked.drop_off) == (False, None, None)


@pytest.mark.parametrize(
    ("what", "missing"),
    [
        ({"serial": "NONE-1"}, "serial"),
        ({"order_number": "DH-99999", "sku": "RC-180"}, "order"),
        ({"order_number": "DH-20408", "sku": "AF-400"}, "item"),
    ],
)
def test_what_cannot_be_repaired(shop: Shop, what: dict[str, str], missing: Any) -> None:
    assert repair(shop, **what) == NotFound(missing)


def test_repairs_in_many_states(shop: Shop) -> None:
    states = set()
    for who in (LAN, AISYAH, DEEPA, TAN, HUONG):
        repairs = shop.list_repairs(who)
        assert isinstance(repairs, tuple)
        for one in repairs:
            assert shop.get_repair(one.number) == one
            assert who.contact in (one.phone, one.email)
            states.add(one.state)
    assert len(states) >= 6
    assert states <= set(REPAIR_STATES)
    assert shop.get_repair("RP-1") == NotFound("repair")


# points, subscriptions, products


def test_points(shop: Shop) -> None:
    account = shop.get_loyalty(LAN)
    assert isinstance(account, LoyaltyAccount)
    assert account.points > account.expiring_points > 0
    assert account.expires_on
    assert shop.get_loyalty(Who(customer_id="C-V03123456")) == account
    assert shop.get_loyalty(TAN) == NotFound("account")


def test_subscriptions_in_every_state_and_their_renewal(shop: Shop) -> None:
    states = set()
    for who in (LAN, AISYAH, DEEPA, TAN, HUONG):
        found = shop.list_subscriptions(who)
        assert isinstance(found, tuple)
        states |= {one.state for one in found}
    assert states == set(SUBSCRIPTION_STATES)
    before = {one.number: one for one in shop.list_subscriptions(LAN)}  # type: ignore[union-attr]
    renewed = shop.renew_subscription("SB-1101", idempotency_key="k")
    assert isinstance(renewed, Subscription)
    assert renewed.renews_on > before["SB-1101"].renews_on  # type: ignore[operator]
    assert shop.renew_subscription("SB-1101", idempotency_key="k") == renewed
    expired = shop.renew_subscription("SB-1102", idempotency_key="l")
    assert isinstance(expired, Subscription)
    assert expired.state == "active"
    outcome = shop.renew_subscription("SB-1106", idempotency_key="m")
    assert outcome == Declined("not_renewable")
    outcome = shop.renew_subscription("SB-1", idempotency_key="n")
    assert outcome == NotFound("subscription")


def test_when_more_comes_is_told_of_what_is_sold_out(shop: Shop) -> None:
    fryer, purifier = shop.get_product("AF-700D"), shop.get_product("WP-RO")
    assert isinstance(fryer, Product)
    assert isinstance(purifier, Product)
    assert fryer.restock_on == NOW.date() + timedelta(days=9)
    assert (purifier.stock, purifier.restock_on) == (0, None)
    assert fryer.descriptions["vi"]
    assert fryer.facts["ms"]


# files


def at(service: str, url: str | None) -> requests.Response:
    """What a browser gets at the address, without any token."""
    assert url
    return requests.get(service + re.sub("^https?://[^/]+", "", url), timeout=10)


def test_papers_and_pictures(service: str, http_shop: Shop) -> None:
    invoice, fryer = http_shop.get_invoice("DH-20413"), http_shop.get_product("AF-400")
    assert isinstance(invoice, Invoice)
    assert isinstance(fryer, Product)
    label = send_back(http_shop, "DH-20408", "RC-180").label_url
    catalogue = http_shop.get_catalogue("ms")
    for url in (invoice.url, label, catalogue.url):  # type: ignore[union-attr]
        answer = at(service, url)
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.content.startswith(b"%PDF-")
        assert answer.content.rstrip().endswith(b"%%EOF")
    drawing = at(service, fryer.picture)
    assert drawing.headers["content-type"] == "image/svg+xml"
    assert b"<title>Air fryer 4 L</title>" in drawing.content


@pytest.mark.parametrize(
    "change",
    [
        lambda url: re.sub("/files/[^/]+/", "/files/guess/", url),
        lambda url: url.replace("DH-20413", "DH-20427"),
        lambda url: url.replace("DH-20413", "DH-99999"),
    ],
)
def test_an_invoice_is_not_found_by_guessing(
    service: str, http_shop: Shop, change: Callable[[str], str]
) -> None:
    invoice = http_shop.get_invoice("DH-20413")
    assert isinstance(invoice, Invoice)
    assert invoice.url
    assert at(service, change(invoice.url)).status_code == 404


def test_a_label_of_no_return_is_not_printed(service: str) -> None:
    assert at(service, "http://here/labels/RT-9999.pdf").status_code == 404
    assert at(service, "http://here/labels/RT-2902.pdf").status_code == 200
