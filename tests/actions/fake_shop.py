"""A shop in memory, and orders to put into it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from myna.shop.model import (
    Address,
    Contact,
    Item,
    Money,
    NotFound,
    Order,
    Refused,
    Sent,
    Shipment,
    Unavailable,
    Uncertain,
)
from myna.shop.protocol import IdempotencyKeyReused

PLACED = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


def an_order(number: str = "DH-20413", state: str = "paid", **changes: Any) -> Order:
    """An order of Lan's; those that begin with MY are in ringgit."""
    currency = "VND" if number.startswith("DH") else "MYR"
    values: dict[str, Any] = {
        "number": number,
        "state": state,
        "placed_at": PLACED,
        "customer": "Nguyễn Ngọc Lan",
        "phone": "+84903123456",
        "email": "lan.nguyen@example.com",
        "address": Address("12 Lê Lợi", "Quận 1", "TP. Hồ Chí Minh", "", "VN"),
        "items": (
            Item("AF-400", "Nồi chiên", 1, Money(Decimal(900), currency)),
            Item("KT-17", "Kéo", 2, Money(Decimal(50), currency)),
        ),
        "shipments": (),
        "shipping_fee": Money(Decimal(0), currency),
        "total": Money(Decimal(1000), currency),
        "amount_due": Money(Decimal(0), currency),
        "payment_method": "card",
        "paid": True,
        "cancelled_at": PLACED if state == "cancelled" else None,
        "returned_at": PLACED if state == "returned" else None,
        "refund": None,
        "refunded_at": None,
    }
    return Order(**{**values, **changes})


def a_parcel(state: str = "shipped", **changes: Any) -> Shipment:
    """A parcel with GHN of which nothing more is known."""
    values: dict[str, Any] = {
        "carrier": "GHN",
        "tracking_number": "GHN123",
        "tracking_url": None,
        "state": state,
        "expected_on": None,
        "shipped_at": None,
        "delivered_at": None,
        "skus": (),
    }
    return Shipment(**{**values, **changes})


class FakeShop:
    """Does what a shop does, unless the test says what comes of the next calls."""

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        self.next: dict[str, list[Any]] = {"get_order": [], "cancel_order": [], "send_message": []}
        """Operation → outcomes of its next calls, which then do nothing."""
        self.looked_up: list[str] = []
        self.cancelled: list[tuple[str, str]] = []
        """(order number, idempotency key) of every call."""
        self.sent: list[tuple[str, str, str, str]] = []
        """(order number, contact, text, idempotency key) of every call."""
        self._outcomes: dict[str, tuple[Any, Any]] = {}

    def add(self, *orders: Order) -> None:
        """Puts orders into the shop."""
        self.orders.update({order.number: order for order in orders})

    def get_order(self, number: str) -> Order | NotFound | Unavailable:
        self.looked_up.append(number)
        if self.next["get_order"]:
            return self.next["get_order"].pop(0)
        return self.orders.get(number, NotFound("order"))

    def cancel_order(
        self, number: str, *, reason: str, idempotency_key: str
    ) -> Order | NotFound | Refused | Unavailable | Uncertain:
        assert 0 < len(reason) <= 500
        self.cancelled.append((number, idempotency_key))

        def cancel() -> Order | NotFound | Refused:
            order = self.orders.get(number)
            if order is None:
                return NotFound("order")
            if order.state not in ("pending", "paid", "packed"):
                return Refused(order.state)
            refund = order.total if order.paid else None
            self.orders[number] = replace(
                order, state="cancelled", cancelled_at=PLACED, refund=refund
            )
            return self.orders[number]

        return self._once("cancel_order", idempotency_key, (number, reason), cancel)

    def send_message(
        self, number: str, contact: Contact, text: str, *, idempotency_key: str
    ) -> Sent | NotFound | Unavailable | Uncertain:
        self.sent.append((number, contact, text, idempotency_key))

        def send() -> Sent | NotFound:
            order = self.orders.get(number)
            if order is None:
                return NotFound("order")
            return Sent("SMS-1") if getattr(order, contact) else NotFound("contact")

        return self._once("send_message", idempotency_key, (number, contact, text), send)

    def health(self) -> bool:
        return True

    def _once(self, operation: str, key: str, parameters: Any, do: Any) -> Any:
        assert 1 <= len(key) <= 200
        if self.next[operation]:
            return self.next[operation].pop(0)
        known = self._outcomes.setdefault(key, ((operation, parameters), None))
        if known[0] != (operation, parameters):
            raise IdempotencyKeyReused(key)
        if known[1] is None:
            known = self._outcomes[key] = (known[0], do())
        return known[1]
