"""Which way a code goes, and what `shop.yml` may say about it."""

from __future__ import annotations

from typing import Any

import pydantic
import pytest

from myna import bootstrap
from myna.facts import Sending
from myna.sending.mail import SmtpMail
from myna.sending.route import Routes, ShopSender
from myna.sending.sms import SmsGateway
from myna.shop.model import Declined, NotFound, NotOffered, Refused, Sent, Unavailable, Uncertain
from tests.actions.fake_shop import FakeShop, an_order

ORDER = an_order()
GATEWAY = {"url": "https://sms.example/send", "fields": {"to": "{phone}", "text": "{text}"}}
SERVER = {"host": "mail.shop.example", "sender": "Lentera Home <care@shop.example>"}


@pytest.fixture
def shop() -> FakeShop:
    shop = FakeShop()
    shop.add(ORDER)
    return shop


def test_through_the_shop(shop: FakeShop) -> None:
    sender = Routes({"phone": ShopSender(shop)})
    assert sender.send(ORDER, "phone", "code 482913", idempotency_key="k") == Sent("SMS-1")
    assert shop.sent == [("DH-20413", "phone", "code 482913", "k")]


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (NotOffered("messages"), NotOffered),
        (NotFound("contact"), NotFound),
        (Unavailable("down"), Unavailable),
        (Uncertain("time is up"), Uncertain),
        (Refused("cancelled"), Unavailable),
        (Declined("marketplace"), Unavailable),
    ],
)
def test_what_the_shop_says(shop: FakeShop, outcome: Any, told: type) -> None:
    shop.next["send_message"] = [outcome]
    sent = ShopSender(shop).send(ORDER, "phone", "x", idempotency_key="k")
    assert isinstance(sent, told)


def test_a_contact_without_a_way_is_not_used(shop: FakeShop) -> None:
    sender = Routes({"email": ShopSender(shop)})
    assert not sender.reaches(ORDER, "phone")
    assert sender.reaches(ORDER, "email")
    assert sender.send(ORDER, "phone", "x", idempotency_key="k") == NotOffered("messages")
    assert shop.sent == []


def test_a_contact_that_the_order_has_not(shop: FakeShop) -> None:
    order = an_order(phone=None)
    sender = Routes({"phone": ShopSender(shop)})
    assert not sender.reaches(order, "phone")
    assert sender.send(order, "phone", "x", idempotency_key="k") == NotFound("contact")


@pytest.mark.parametrize(
    ("text", "key"), [("", "k"), ("x" * 2001, "k"), ("x", ""), ("x", "with blank")]
)
def test_what_is_out_of_bounds(shop: FakeShop, text: str, key: str) -> None:
    with pytest.raises(ValueError):
        Routes({"phone": ShopSender(shop)}).send(ORDER, "phone", text, idempotency_key=key)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"phone": "sms"}, "no lines under sms"),
        ({"email": "smtp"}, "no lines under smtp"),
        ({"phone": "none", "email": "none"}, "no code would reach anybody"),
        ({"sms": {**GATEWAY, "fields": {"to": "{phone}"}}}, "{text}"),
        ({"sms": {**GATEWAY, "fields": {"text": "{text}"}}}, "{phone}"),
        ({"sms": {**GATEWAY, "url": "ftp://x"}}, "url"),
        ({"smtp": {**SERVER, "sender": "nobody"}}, "is no address"),
        ({"smtp": {**SERVER, "sender": "a@b.example\r\nBcc: c@d.example"}}, "is no address"),
    ],
)
def test_what_shop_yml_must_not_say(given: dict[str, Any], told: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=told):
        Sending.parse_obj(given)


def test_the_ways_are_those_of_shop_yml(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = bootstrap.catalogue().facts
    sending = Sending.parse_obj({"phone": "sms", "email": "smtp", "sms": GATEWAY, "smtp": SERVER})
    monkeypatch.setattr(bootstrap.catalogue(), "facts", facts.copy(update={"sending": sending}))
    routes: Any = bootstrap.sender()
    assert isinstance(routes._by_contact["phone"], SmsGateway)
    assert isinstance(routes._by_contact["email"], SmtpMail)
    shop_only = Sending.parse_obj({"email": "none"})
    monkeypatch.setattr(bootstrap.catalogue(), "facts", facts.copy(update={"sending": shop_only}))
    only: Any = bootstrap.sender()
    assert set(only._by_contact) == {"phone"}
    assert isinstance(only._by_contact["phone"], ShopSender)
