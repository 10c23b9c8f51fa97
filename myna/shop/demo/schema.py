"""Tables of the demo shop, and how its SQLite file is opened."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

VERSION = 2
"""Of these tables; what an older demo holds is made anew."""
HERE = "http://here"
"""Stands for the service's own address in addresses that are kept."""
BUSY_SECONDS = 3.0
"""How long a call waits for another one that writes."""


class Moment(sa.types.TypeDecorator):
    """An aware datetime, kept in UTC; SQLite itself knows no time zones."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """To UTC."""
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """From UTC."""
        return value.replace(tzinfo=UTC) if value else None


class Amount(sa.types.TypeDecorator):
    """A decimal, kept as text; SQLite would make a float of it."""

    impl = sa.String
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Any) -> str | None:
        """To text."""
        return None if value is None else format(value, "f")

    def process_result_value(self, value: str | None, dialect: Any) -> Decimal | None:
        """From text."""
        return None if value is None else Decimal(value)


metadata = sa.MetaData()

products = sa.Table(
    "products",
    metadata,
    sa.Column("sku", sa.String, primary_key=True),
    sa.Column("body", sa.JSON, nullable=False, comment="the product as it travels"),
)

orders = sa.Table(
    "orders",
    metadata,
    sa.Column("number", sa.String, primary_key=True),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("placed_at", Moment, nullable=False),
    sa.Column("customer", sa.String, nullable=False),
    sa.Column("phone", sa.String),
    sa.Column("email", sa.String),
    sa.Column("street", sa.String, nullable=False),
    sa.Column("district", sa.String, nullable=False),
    sa.Column("city", sa.String, nullable=False),
    sa.Column("postcode", sa.String, nullable=False),
    sa.Column("country", sa.String, nullable=False),
    sa.Column("currency", sa.String, nullable=False),
    sa.Column("shipping_fee", Amount, nullable=False),
    sa.Column("total", Amount, nullable=False),
    sa.Column("amount_due", Amount, nullable=False),
    sa.Column("payment_method", sa.String, nullable=False),
    sa.Column("paid", sa.Boolean, nullable=False),
    sa.Column("cancelled_at", Moment),
    sa.Column("cancel_reason", sa.String),
    sa.Column("returned_at", Moment),
    sa.Column("refund", Amount),
    sa.Column("refunded_at", Moment),
    sa.Column("customer_id", sa.String, index=True),
    sa.Column("marketplace", sa.String),
    sa.Column("receiver", sa.String),
    sa.Column("delivery_phone", sa.String),
    sa.Column("delivery_window", sa.String),
    sa.Column("delivery_note", sa.String),
    sa.Column("payment_url", sa.String),
)

items = sa.Table(
    "items",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("order_number", sa.ForeignKey("orders.number"), nullable=False, index=True),
    sa.Column("sku", sa.ForeignKey("products.sku"), nullable=False),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("quantity", sa.Integer, nullable=False),
    sa.Column("unit_price", Amount, nullable=False),
)

shipments = sa.Table(
    "shipments",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("order_number", sa.ForeignKey("orders.number"), nullable=False, index=True),
    sa.Column("carrier", sa.String, nullable=False),
    sa.Column("tracking_number", sa.String, nullable=False),
    sa.Column("tracking_url", sa.String),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("expected_on", sa.Date),
    sa.Column("shipped_at", Moment),
    sa.Column("delivered_at", Moment),
    sa.Column("skus", sa.JSON, nullable=False),
)

records = sa.Table(
    "records",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kind", sa.String, nullable=False, comment="name of its class in the model"),
    sa.Column("number", sa.String, nullable=False, comment="its own, or a serial number"),
    sa.Column("order_number", sa.String, index=True),
    sa.Column("customer_id", sa.String, index=True, comment="whose it is"),
    sa.Column("body", sa.JSON, nullable=False, comment="the record as it travels"),
    sa.UniqueConstraint("kind", "number"),
    comment="what there is beside orders: invoices, returns, refunds, warranties, repairs …",
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("order_number", sa.ForeignKey("orders.number"), nullable=False),
    sa.Column("contact", sa.String, nullable=False),
    sa.Column("recipient", sa.String, nullable=False),
    sa.Column("text", sa.String, nullable=False),
    sa.Column("sent_at", Moment, nullable=False),
)

outcomes = sa.Table(
    "outcomes",
    metadata,
    sa.Column("key", sa.String, primary_key=True),
    sa.Column("request", sa.JSON, nullable=False, comment="operation and parameters"),
    sa.Column("outcome", sa.JSON, nullable=False),
    sa.Column("at", Moment, nullable=False),
    comment="what each idempotency key came to, written in the transaction that did it",
)


def open_database(url: str) -> sa.engine.Engine:
    """An engine on a SQLite file, whose tables are made if missing, or of an older version.

    Raises:
        ValueError: the address is no SQLite file (a database in memory is one per thread).
    """
    address = sa.engine.make_url(url)
    if address.get_backend_name() != "sqlite" or address.database in (None, "", ":memory:"):
        raise ValueError("the demo shop needs a SQLite file: sqlite:///path")
    engine = sa.create_engine(url, future=True, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        # the driver's own transactions begin too late to read and write as one step
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    with writing(engine) as connection:
        if connection.exec_driver_sql("PRAGMA user_version").scalar() != VERSION:
            for table in sa.inspect(connection).get_table_names():
                connection.exec_driver_sql(f'DROP TABLE "{table}"')
            connection.exec_driver_sql(f"PRAGMA user_version={VERSION}")
        metadata.create_all(connection)
    return engine


def writing(engine: sa.engine.Engine) -> Any:
    """A transaction that no other writer overlaps, as a context manager; commits at its end."""
    return engine.execution_options(writes=True).begin()
