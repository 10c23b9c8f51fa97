"""What the demo shop knows beside orders: kept as it travels, found by number, order or person."""

from __future__ import annotations

from typing import Any, TypeVar

import sqlalchemy as sa

from myna.shop import wire
from myna.shop.demo import schema
from myna.shop.model import Customer, Who

_T = TypeVar("_T")


def add(
    connection: Any,
    number: str,
    record: object,
    *,
    order_number: str | None = None,
    customer_id: str | None = None,
) -> None:
    """Keeps a record under its number."""
    row = {
        "kind": type(record).__name__,
        "number": number,
        "order_number": order_number,
        "customer_id": customer_id,
        "body": wire.to_json(record),
    }
    connection.execute(sa.insert(schema.records).values(row))


def change(connection: Any, number: str, record: object) -> None:
    """Puts a record in the place of the one with its number."""
    table = schema.records
    where = (table.c.kind == type(record).__name__) & (table.c.number == number)
    connection.execute(sa.update(table).where(where).values(body=wire.to_json(record)))


def one(connection: Any, cls: type[_T], number: str) -> _T | None:
    """The record with this number."""
    found = _select(connection, cls, schema.records.c.number == number)
    return found[0] if found else None


def of_order(connection: Any, cls: type[_T], order_number: str) -> tuple[_T, ...]:
    """The records of an order, newest first."""
    return _select(connection, cls, schema.records.c.order_number == order_number)


def of_customer(connection: Any, cls: type[_T], who: Who) -> tuple[_T, ...]:
    """The records of a customer, newest first."""
    ids = customer_ids(connection, who)
    return _select(connection, cls, schema.records.c.customer_id.in_(ids))


def customer_ids(connection: Any, who: Who) -> list[str]:
    """The customers with this contact or id; an e-mail address counts in any case of letters."""
    if who.customer_id:
        return [who.customer_id]
    contact = (who.contact or "").casefold()
    return [
        customer.id
        for customer in _select(connection, Customer, sa.true())
        if contact in ((customer.phone or "").casefold(), (customer.email or "").casefold())
    ]


def owner(connection: Any, cls: type[_T], number: str) -> tuple[str | None, str | None]:
    """Order number and customer's id of the record with this number."""
    table = schema.records
    query = sa.select(table.c.order_number, table.c.customer_id).where(
        table.c.kind == cls.__name__, table.c.number == number
    )
    row = connection.execute(query).first()
    return (row[0], row[1]) if row else (None, None)


def next_number(connection: Any, cls: type[_T], prefix: str, first: int) -> str:
    """A number that no record of the kind has yet, e.g. `RT-3001`."""
    query = sa.select(sa.func.count()).where(schema.records.c.kind == cls.__name__)
    return f"{prefix}-{first + connection.execute(query).scalar()}"


def _select(connection: Any, cls: type[_T], where: Any) -> tuple[_T, ...]:
    table = schema.records
    query = sa.select(table.c.body).where(table.c.kind == cls.__name__, where)
    rows = connection.execute(query.order_by(table.c.id.desc()))
    return tuple(wire.from_json(cls, row[0]) for row in rows)
