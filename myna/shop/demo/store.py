"""The demo shop, directly on its database."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from myna.shop import wire
from myna.shop.demo import schema
from myna.shop.limits import MAX_MESSAGE, MAX_REASON, check_key, check_text, possible_number
from myna.shop.model import (
    CONTACTS,
    Address,
    Contact,
    Item,
    Money,
    NotFound,
    Order,
    OrderState,
    Refused,
    Sent,
    Shipment,
    Unavailable,
)
from myna.shop.protocol import IdempotencyKeyReused

CANCELLABLE: tuple[OrderState, ...] = ("pending", "paid", "packed")
"""What has left the house cannot be called back."""

_AS_STORED = (
    *("number", "state", "placed_at", "customer", "phone", "email"),
    *("payment_method", "paid", "cancelled_at", "returned_at", "refunded_at"),
)
"""Fields of an order that are columns of the same name and type."""

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class DemoShop:
    """A `Shop` on SQLite.

    Args:
        engine: from `schema.open_database`.
        clock: gives the present moment, aware.
    """

    def __init__(
        self, engine: sa.engine.Engine, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._engine = engine
        self._clock = clock

    def get_order(self, number: str) -> Order | NotFound | Unavailable:
        """See `Shop`."""
        return self._read(lambda connection: _load(connection, number))

    def cancel_order(
        self, number: str, *, reason: str, idempotency_key: str
    ) -> Order | NotFound | Refused | Unavailable:
        """See `Shop`."""
        check_text(reason, MAX_REASON)

        def cancel(connection: Any) -> Order | NotFound | Refused:
            order = _load(connection, number)
            if isinstance(order, NotFound):
                return order
            if order.state not in CANCELLABLE:
                return Refused(order.state)
            change: dict[str, Any] = {
                "state": "cancelled",
                "cancelled_at": self._clock(),
                "cancel_reason": reason,
                "amount_due": Decimal(0),
            }
            if order.paid:
                change["refund"] = order.total.amount
            connection.execute(
                sa.update(schema.orders).where(schema.orders.c.number == number).values(change)
            )
            cancelled = _load(connection, number)
            assert isinstance(cancelled, Order)  # noqa: S101 - it was there in this transaction
            return cancelled

        return self._once(idempotency_key, ["cancel_order", number, reason], cancel)

    def send_message(
        self, number: str, contact: Contact, text: str, *, idempotency_key: str
    ) -> Sent | NotFound | Unavailable:
        """See `Shop`; the message goes to the outbox, which people read in the browser."""
        check_text(text, MAX_MESSAGE)
        if contact not in CONTACTS:
            raise ValueError("a contact is phone or email")

        def send(connection: Any) -> Sent | NotFound:
            order = _load(connection, number)
            if isinstance(order, NotFound):
                return order
            recipient = order.phone if contact == "phone" else order.email
            if not recipient:
                return NotFound("contact")
            row = {
                "order_number": number,
                "contact": contact,
                "recipient": recipient,
                "text": text,
                "sent_at": self._clock(),
            }
            written = connection.execute(sa.insert(schema.outbox).values(row))
            return Sent(f"msg-{written.inserted_primary_key[0]}")

        return self._once(idempotency_key, ["send_message", number, contact, text], send)

    def health(self) -> bool:
        """See `Shop`."""
        return isinstance(self.get_order("health"), NotFound)

    def sent_messages(self, most: int = 100) -> list[dict[str, Any]] | Unavailable:
        """The newest messages of the outbox, newest first, with the moment as text."""
        newest = sa.select(schema.outbox).order_by(schema.outbox.c.id.desc()).limit(most)
        return self._read(
            lambda connection: [
                {**row, "sent_at": row["sent_at"].isoformat()}
                for row in connection.execute(newest).mappings()
            ]
        )

    def _read(self, read: Callable[[Any], _T]) -> _T | Unavailable:
        try:
            with self._engine.begin() as connection:
                return read(connection)
        except SQLAlchemyError as error:
            return _unavailable(error)

    def _once(self, key: str, request: list[str], act: Callable[[Any], _T]) -> _T | Unavailable:
        """Acts and keeps the outcome in one transaction, or gives the outcome of the first time."""
        check_key(key)
        kept = sa.select(schema.outcomes).where(schema.outcomes.c.key == key)
        try:
            with schema.writing(self._engine) as connection:
                if (row := connection.execute(kept).mappings().first()) is not None:
                    if row["request"] != request:
                        raise IdempotencyKeyReused("the key belongs to another request")
                    outcome: _T = _thaw(row["outcome"])
                    return outcome
                outcome = act(connection)
                values = {"key": key, "request": request, "outcome": _freeze(outcome)}
                connection.execute(
                    sa.insert(schema.outcomes).values(**values, at=self._clock()),
                )
                return outcome
        except SQLAlchemyError as error:
            return _unavailable(error)


def _unavailable(error: SQLAlchemyError) -> Unavailable:
    # the text of the error holds parameters: contacts and one-time codes
    reason = f"database: {type(error).__name__}"
    _log.error("demo shop: %s", reason)
    return Unavailable(reason)


def _freeze(outcome: object) -> dict[str, Any]:
    if isinstance(outcome, Order):
        return {"order": wire.order_to_json(outcome)}
    return {type(outcome).__name__: vars(outcome)}


def _thaw(value: dict[str, Any]) -> Any:
    ((kind, fields),) = value.items()
    if kind == "order":
        return wire.order_from_json(fields)
    return {cls.__name__: cls for cls in (NotFound, Refused, Sent)}[kind](**fields)


def _load(connection: Any, number: str) -> Order | NotFound:
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
