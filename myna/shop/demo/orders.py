"""Orders of the demo shop, read and changed within a transaction."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from myna.shop.demo import aftersales, records, schema
from myna.shop.limits import possible_number
from myna.shop.model import (
    Address,
    Contact,
    Declined,
    DeliveryChange,
    Item,
    Money,
    NotDone,
    NotFound,
    Order,
    OrderState,
    OrderSummary,
    Refused,
    Sent,
    Shipment,
    Who,
)

CHANGEABLE: tuple[OrderState, ...] = ("pending", "paid", "packed")
"""What has left the house cannot be called back or sent elsewhere."""
MAX_ORDERS = 20
"""Orders in one list."""

_AS_STORED = (
    *("number", "state", "placed_at", "customer", "phone", "email"),
    *("payment_method", "paid", "cancelled_at", "returned_at", "refunded_at"),
    *("customer_id", "marketplace", "receiver", "delivery_phone", "delivery_window"),
    *("delivery_note", "payment_url"),
)
"""Fields of an order that are columns of the same name and type."""


def present(connection: Any, number: str) -> Order:
    """The order with this number, which is there."""
    order = load(connection, number)
    assert isinstance(order, Order)  # noqa: S101 - it was there in this transaction
    return order


def summary(order: Order) -> OrderSummary:
    """The order as it stands in a list."""
    names = tuple(item.name for item in order.items)
    return OrderSummary(
        order.number, order.state, order.placed_at, names[:3], len(names), order.total
    )


def load(connection: Any, number: str) -> Order | NotFound:
    """The order with this number."""
    if not possible_number(number):
        return NotFound("order")
    query = sa.select(schema.orders).where(schema.orders.c.number == number)
    row = connection.execute(query).mappings().first()
    if row is None:
        return NotFound("order")
    items = _lines(connection, schema.items, number)
    parcels = _lines(connection, schema.shipments, number)
    currency = row["currency"]
    return Order(
        **{name: row[name] for name in _AS_STORED},
        address=Address(
            row["street"], row["district"], row["city"], row["postcode"], row["country"]
        ),
        items=tuple(
            Item(line["sku"], line["name"], line["quantity"], Money(line["unit_price"], currency))
            for line in items
        ),
        shipments=tuple(
            Shipment(
                **{
                    name: value
                    for name, value in parcel.items()
                    if name not in ("id", "order_number", "skus")
                },
                skus=tuple(parcel["skus"]),
            )
            for parcel in parcels
        ),
        shipping_fee=Money(row["shipping_fee"], currency),
        total=Money(row["total"], currency),
        amount_due=Money(row["amount_due"], currency),
        refund=None if row["refund"] is None else Money(row["refund"], currency),
    )


def _lines(connection: Any, table: sa.Table, number: str) -> list[Any]:
    query = sa.select(table).where(table.c.order_number == number).order_by(table.c.id)
    return list(connection.execute(query).mappings())


def cancel(connection: Any, number: str, reason: str, now: datetime) -> Order | NotDone:
    """The order, cancelled; what was paid is given back."""
    order = _changeable(connection, number)
    if not isinstance(order, Order):
        return order
    change: dict[str, Any] = {
        "state": "cancelled",
        "cancelled_at": now,
        "cancel_reason": reason,
        "amount_due": Decimal(0),
    }
    if order.paid:
        change["refund"] = order.total.amount
        aftersales.add_refund(connection, order, order.total, now)
    return _change(connection, number, change)


def change_delivery(connection: Any, number: str, change: DeliveryChange) -> Order | NotDone:
    """The order, delivered otherwise."""
    order = _changeable(connection, number)
    if not isinstance(order, Order):
        return order
    columns = {
        "receiver": change.receiver,
        "delivery_phone": change.phone,
        "delivery_window": change.window,
        "delivery_note": change.note,
        **(vars(change.address) if change.address else {}),
    }
    values = {name: value for name, value in columns.items() if value is not None}
    return _change(connection, number, values)


def of_customer(connection: Any, who: Who) -> tuple[OrderSummary, ...]:
    """A customer's orders, newest first."""
    orders = schema.orders
    ids = records.customer_ids(connection, who)
    query = sa.select(orders.c.number).where(orders.c.customer_id.in_(ids))
    newest = query.order_by(orders.c.placed_at.desc()).limit(MAX_ORDERS)
    return tuple(summary(present(connection, row[0])) for row in connection.execute(newest).all())


def send(
    connection: Any, order: Order, contact: Contact, text: str, now: datetime
) -> Sent | NotFound:
    """Puts a message into the outbox, which people read in the browser."""
    recipient = order.phone if contact == "phone" else order.email
    if not recipient:
        return NotFound("contact")
    row = {
        "order_number": order.number,
        "contact": contact,
        "recipient": recipient,
        "text": text,
        "sent_at": now,
    }
    written = connection.execute(sa.insert(schema.outbox).values(row))
    return Sent(f"msg-{written.inserted_primary_key[0]}")


def _changeable(connection: Any, number: str) -> Order | NotDone:
    order = load(connection, number)
    if isinstance(order, NotFound):
        return order
    if order.state not in CHANGEABLE:
        return Refused(order.state)
    return Declined("marketplace") if order.marketplace else order


def _change(connection: Any, number: str, values: dict[str, Any]) -> Order:
    orders = schema.orders
    connection.execute(sa.update(orders).where(orders.c.number == number).values(values))
    return present(connection, number)
