"""A shop in memory, and orders to put into it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from myna.shop.model import (
    Absent,
    Address,
    CatalogueFile,
    Contact,
    Customer,
    Declined,
    DeliveryChange,
    Invoice,
    Item,
    LoyaltyAccount,
    Money,
    NotDone,
    NotFound,
    NotOffered,
    Order,
    OrderSummary,
    Product,
    Refund,
    Refused,
    Repair,
    RepairRequest,
    Return,
    ReturnRequest,
    Sent,
    Shipment,
    Subscription,
    Unavailable,
    Uncertain,
    Warranty,
    Who,
)
from myna.shop.protocol import IdempotencyKeyReused
from myna.shop.search import search

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
        self.next: dict[str, list[Any]] = defaultdict(list)
        """Operation → outcomes of its next calls, which then do nothing."""
        self.calls: list[tuple[str, tuple[Any, ...], str | None]] = []
        """(operation, parameters, idempotency key) of every call but those to get_order,
        cancel_order and send_message, which have lists of their own below."""
        self.invoices: dict[str, Invoice] = {}
        self.returns: dict[str, tuple[Return, ...]] = {}
        self.refunds: dict[str, tuple[Refund, ...]] = {}
        """Order number → what it has."""
        self.warranties: list[Warranty] = []
        """Those of orders are found by their order's contacts, the others by everybody."""
        self.repairs: dict[str, Repair] = {}
        self.products: dict[str, Product] = {}
        self.catalogue: CatalogueFile | NotOffered = NotOffered("catalogue")
        self.accounts: dict[str, LoyaltyAccount] = {}
        self.subscriptions: dict[str, tuple[Subscription, ...]] = {}
        """Contact or customer's id → what they have."""
        self.customers: dict[str, Customer] = {}
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

    def list_orders(self, who: Who) -> tuple[OrderSummary, ...] | Absent:
        def find() -> tuple[OrderSummary, ...]:
            found = [order for order in self.orders.values() if _is_of(order, who)]
            found.sort(key=lambda order: order.placed_at, reverse=True)
            return tuple(_summary(order) for order in found[:20])

        return self._ask("list_orders", (who,), find)

    def change_delivery(
        self, number: str, change: DeliveryChange, *, idempotency_key: str
    ) -> Order | NotDone:
        def act() -> Order | NotDone:
            order = self.orders.get(number)
            if order is None:
                return NotFound("order")
            if order.state not in ("pending", "paid", "packed"):
                return Refused(order.state)
            if order.marketplace:
                return Declined("marketplace")
            self.orders[number] = replace(
                order,
                address=change.address or order.address,
                receiver=change.receiver or order.receiver,
                delivery_phone=change.phone or order.delivery_phone,
                delivery_window=change.window or order.delivery_window,
                delivery_note=change.note or order.delivery_note,
            )
            return self.orders[number]

        return self._do("change_delivery", (number, change), idempotency_key, act)

    def get_invoice(self, number: str) -> Invoice | Absent:
        def find() -> Invoice | NotFound:
            if number not in self.orders:
                return NotFound("order")
            return self.invoices.get(number, NotFound("invoice"))

        return self._ask("get_invoice", (number,), find)

    def send_invoice(
        self, number: str, contact: Contact, *, idempotency_key: str
    ) -> Sent | NotDone:
        def act() -> Sent | NotDone:
            order, invoice = self.orders.get(number), self.invoices.get(number)
            if order is None:
                return NotFound("order")
            if invoice is None:
                return NotFound("invoice")
            if invoice.url is None:
                return Declined("not_issued")
            return Sent("MAIL-1") if getattr(order, contact) else NotFound("contact")

        return self._do("send_invoice", (number, contact), idempotency_key, act)

    def open_return(
        self, number: str, request: ReturnRequest, *, idempotency_key: str
    ) -> Return | NotDone:
        def act() -> Return | NotDone:
            order = self.orders.get(number)
            if order is None:
                return NotFound("order")
            if order.state != "delivered":
                return Refused(order.state)
            bought = {item.sku: item.quantity for item in order.items}
            if any(item.quantity > bought.get(item.sku, 0) for item in request.items):
                return NotFound("item")
            opened = Return(
                number="RT-1",
                order_number=number,
                state="approved",
                items=request.items,
                reason=request.reason,
                kind=request.kind,
                opened_at=PLACED,
                hand_over=request.hand_over,
                drop_off="128 Nguyễn Đình Chiểu" if request.hand_over == "drop_off" else None,
                exchange_sku=request.exchange_sku,
            )
            self.returns[number] = (opened, *self.returns.get(number, ()))
            return opened

        return self._do("open_return", (number, request), idempotency_key, act)

    def list_returns(self, number: str) -> tuple[Return, ...] | Absent:
        return self._ask("list_returns", (number,), lambda: self._of(number, self.returns))

    def list_refunds(self, number: str) -> tuple[Refund, ...] | Absent:
        return self._ask("list_refunds", (number,), lambda: self._of(number, self.refunds))

    def list_warranties(self, number: str) -> tuple[Warranty, ...] | Absent:
        own = tuple(one for one in self.warranties if one.order_number == number)
        return self._ask("list_warranties", (number,), lambda: self._of(number, {number: own}))

    def get_warranty(self, serial: str) -> Warranty | Absent:
        found = [one for one in self.warranties if one.serial == serial]
        return self._ask(
            "get_warranty", (serial,), lambda: found[0] if found else NotFound("serial")
        )

    def find_warranties(self, who: Who, product: str = "") -> tuple[Warranty, ...] | Absent:
        def find() -> tuple[Warranty, ...]:
            return tuple(
                one
                for one in self.warranties
                if one.order_number is None or _is_of(self.orders[one.order_number], who)
                if product.lower() in one.product.lower() or product == one.sku
            )

        return self._ask("find_warranties", (who, product), find)

    def book_repair(self, request: RepairRequest, *, idempotency_key: str) -> Repair | NotDone:
        def act() -> Repair | NotDone:
            if request.order_number and request.order_number not in self.orders:
                return NotFound("order")
            found = [
                one
                for one in self.warranties
                if one.serial == request.serial
                or (one.order_number, one.sku) == (request.order_number, request.sku)
            ]
            if not found:
                return NotFound("serial" if request.serial else "item")
            repair = Repair(
                number=f"RP-{len(self.repairs) + 1}",
                state="booked",
                sku=found[0].sku,
                product=found[0].product,
                symptom=request.symptom,
                booked_at=PLACED,
                in_warranty=True,
                serial=found[0].serial,
                order_number=found[0].order_number,
                hand_over=request.hand_over,
            )
            self.repairs[repair.number] = repair
            return repair

        return self._do("book_repair", (request,), idempotency_key, act)

    def get_repair(self, number: str) -> Repair | Absent:
        found = self.repairs.get(number, NotFound("repair"))
        return self._ask("get_repair", (number,), lambda: found)

    def list_repairs(self, who: Who) -> tuple[Repair, ...] | Absent:
        own = [one for one in self.repairs.values() if who.contact in (one.phone, one.email)]
        return self._ask("list_repairs", (who,), lambda: tuple(own))

    def search_products(
        self, text: str, *, language: str, limit: int = 5
    ) -> tuple[Product, ...] | Absent:
        def find() -> tuple[Product, ...]:
            return search(self.products.values(), text, language, limit)

        return self._ask("search_products", (text, language, limit), find)

    def get_product(self, sku: str) -> Product | Absent:
        found = self.products.get(sku, NotFound("product"))
        return self._ask("get_product", (sku,), lambda: found)

    def list_products(self) -> tuple[Product, ...] | Absent:
        return self._ask("list_products", (), lambda: tuple(self.products.values()))

    def get_catalogue(self, language: str) -> CatalogueFile | Absent:
        return self._ask("get_catalogue", (language,), lambda: self.catalogue)

    def get_loyalty(self, who: Who) -> LoyaltyAccount | Absent:
        found = self.accounts.get(_key(who), NotFound("account"))
        return self._ask("get_loyalty", (who,), lambda: found)

    def list_subscriptions(self, who: Who) -> tuple[Subscription, ...] | Absent:
        found = self.subscriptions.get(_key(who), ())
        return self._ask("list_subscriptions", (who,), lambda: found)

    def renew_subscription(self, number: str, *, idempotency_key: str) -> Subscription | NotDone:
        def act() -> Subscription | NotDone:
            for whose, own in self.subscriptions.items():
                for one in own:
                    if one.number == number and one.state == "cancelled":
                        return Declined("not_renewable")
                    if one.number == number:
                        renewed = replace(one, state="active")
                        self.subscriptions[whose] = tuple(
                            renewed if other is one else other for other in own
                        )
                        return renewed
            return NotFound("subscription")

        return self._do("renew_subscription", (number,), idempotency_key, act)

    def get_customer(self, customer_id: str) -> Customer | Absent:
        found = self.customers.get(customer_id, NotFound("customer"))
        return self._ask("get_customer", (customer_id,), lambda: found)

    def _of(self, number: str, records: dict[str, tuple[Any, ...]]) -> Any:
        return records.get(number, ()) if number in self.orders else NotFound("order")

    def _ask(self, operation: str, parameters: tuple[Any, ...], find: Any) -> Any:
        self.calls.append((operation, parameters, None))
        return self.next[operation].pop(0) if self.next[operation] else find()

    def _do(self, operation: str, parameters: tuple[Any, ...], key: str, act: Any) -> Any:
        self.calls.append((operation, parameters, key))
        return self._once(operation, key, parameters, act)

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


def _is_of(order: Order, who: Who) -> bool:
    return _key(who) in (order.phone, order.email, order.customer_id)


def _key(who: Who) -> str:
    return who.customer_id or who.contact or ""


def _summary(order: Order) -> OrderSummary:
    names = tuple(item.name for item in order.items)
    return OrderSummary(
        order.number, order.state, order.placed_at, names[:3], len(names), order.total
    )
