"""How the demo shop handles returns, repairs and renewals, within a transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from myna.shop import wire
from myna.shop.cover import add_months
from myna.shop.demo import records, schema
from myna.shop.model import (
    Customer,
    Declined,
    Money,
    NotDone,
    NotFound,
    Order,
    Product,
    Refund,
    Refused,
    Repair,
    RepairRequest,
    Return,
    ReturnRequest,
    Subscription,
    Warranty,
    Who,
)

RETURN_DAYS = 30
"""From the delivery on; the shop's own last word, more generous than what its site says."""
REPAIR_DAYS = 10
"""From the booking until a repair should be done."""
OPEN_RETURNS = ("requested", "approved", "in_transit", "received")
CLOSED_REPAIRS = ("completed", "cancelled")

PLACES = {
    "VN": "128 Nguyễn Đình Chiểu, Quận 3, TP. Hồ Chí Minh",
    "MY": "Lot G-12, Jalan Tuanku Abdul Rahman, Kuala Lumpur",
}
"""Country → where customers hand things in; the stores of `shop.yml`."""


def open_return(
    connection: Any, order: Order, request: ReturnRequest, now: datetime
) -> Return | NotDone:
    """A new return of a delivered order."""
    if order.state != "delivered" or order.delivered_at is None:
        return Refused(order.state)
    if order.marketplace:
        return Declined("marketplace")
    bought = {item.sku: item.quantity for item in order.items}
    if any(item.quantity > bought.get(item.sku, 0) for item in request.items):
        return NotFound("item")
    if now - order.delivered_at > timedelta(days=RETURN_DAYS):
        return Declined("too_late")
    earlier = records.of_order(connection, Return, order.number)
    under_way = {i.sku for one in earlier if one.state in OPEN_RETURNS for i in one.items}
    if under_way & {item.sku for item in request.items}:
        return Declined("already_open")
    if request.exchange_sku:
        product = _product(connection, request.exchange_sku)
        if product is None:
            return NotFound("product")
        if product.stock == 0:
            return Declined("out_of_stock")
    number = records.next_number(connection, Return, "RT", 3001)
    opened = Return(
        number=number,
        order_number=order.number,
        state="approved",
        items=request.items,
        reason=request.reason,
        kind=request.kind,
        opened_at=now,
        hand_over=request.hand_over,
        label_url=f"{schema.HERE}/labels/{number}.pdf",
        drop_off=PLACES[order.address.country] if request.hand_over == "drop_off" else None,
        send_by=(now + timedelta(days=7)).date(),
        exchange_sku=request.exchange_sku,
    )
    if request.kind == "refund":
        amount = _worth(order, request)
        refund = add_refund(connection, order, amount, now, return_number=number)
        opened = replace(opened, refund=refund)
    ids = {"order_number": order.number, "customer_id": order.customer_id}
    records.add(connection, number, opened, **ids)
    return opened


def add_refund(
    connection: Any, order: Order, amount: Money, now: datetime, return_number: str | None = None
) -> Refund:
    """A refund that the shop will pay."""
    refund = Refund(
        number=records.next_number(connection, Refund, "RF", 7001),
        order_number=order.number,
        amount=amount,
        state="requested" if return_number else "approved",
        requested_at=now,
        method="bank_transfer" if order.payment_method == "cod" else "original_payment",
        expected_on=None if return_number else (now + timedelta(days=9)).date(),
        return_number=return_number,
    )
    records.add(
        connection,
        refund.number,
        refund,
        order_number=order.number,
        customer_id=order.customer_id,
    )
    return refund


def book_repair(
    connection: Any,
    request: RepairRequest,
    now: datetime,
    load_order: Callable[[Any, str], Order | NotFound],
) -> Repair | NotDone:
    """A new repair of a piece whose serial number or order is known."""
    if request.serial:
        warranty = records.one(connection, Warranty, request.serial.upper())
        if warranty is None:
            return NotFound("serial")
    else:
        order = load_order(connection, request.order_number or "")
        if isinstance(order, NotFound):
            return order
        pieces = records.of_order(connection, Warranty, order.number)
        matching = [piece for piece in pieces if piece.sku == request.sku]
        if not matching:
            return NotFound("item")
        warranty = matching[0]
    number, customer_id = records.owner(connection, Warranty, warranty.serial or "")
    earlier = records.of_customer(connection, Repair, Who(customer_id=customer_id))
    if any(one.serial == warranty.serial and one.state not in CLOSED_REPAIRS for one in earlier):
        return Declined("already_open")
    buyer = records.one(connection, Customer, customer_id or "")
    phone = buyer.phone if buyer else None
    country = "MY" if (phone or "").startswith("+60") else "VN"
    repair = Repair(
        number=records.next_number(connection, Repair, "RP", 5001),
        state="booked",
        sku=warranty.sku,
        product=warranty.product,
        symptom=request.symptom,
        booked_at=now,
        in_warranty=not warranty.void and (warranty.until or date.max) >= now.date(),
        phone=phone,
        email=buyer.email if buyer else None,
        serial=warranty.serial,
        order_number=warranty.order_number,
        hand_over=request.hand_over,
        drop_off=PLACES[country] if request.hand_over == "drop_off" else None,
        expected_on=(now + timedelta(days=REPAIR_DAYS)).date(),
    )
    records.add(connection, repair.number, repair, order_number=number, customer_id=customer_id)
    return repair


def renew(connection: Any, number: str, now: datetime) -> Subscription | NotDone:
    """A subscription that goes on for one interval more, from its last day or from today."""
    subscription = records.one(connection, Subscription, number)
    if subscription is None:
        return NotFound("subscription")
    if subscription.state == "cancelled":
        return Declined("not_renewable")
    start = max(subscription.renews_on or now.date(), now.date())
    until = add_months(start, subscription.interval_months)
    renewed = replace(subscription, state="active", renews_on=until)
    records.change(connection, number, renewed)
    return renewed


def _product(connection: Any, sku: str) -> Product | None:
    query = sa.select(schema.products.c.body).where(schema.products.c.sku == sku)
    row = connection.execute(query).first()
    return wire.from_json(Product, row[0]) if row else None


def _worth(order: Order, request: ReturnRequest) -> Money:
    prices = {item.sku: item.unit_price for item in order.items}
    amount = sum((prices[i.sku].amount * i.quantity for i in request.items), Decimal(0))
    return Money(amount, order.total.currency)
