"""The demo shop, directly on its database."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from myna.shop import wire
from myna.shop.demo import aftersales, orders, records, schema
from myna.shop.demo.database import Database
from myna.shop.limits import (
    MAX_MESSAGE,
    MAX_REASON,
    check_contact,
    check_limit,
    check_query,
    check_text,
)
from myna.shop.model import (
    Absent,
    CatalogueFile,
    Contact,
    Customer,
    Declined,
    DeliveryChange,
    Invoice,
    LoyaltyAccount,
    NotDone,
    NotFound,
    Order,
    OrderSummary,
    Product,
    Refund,
    Repair,
    RepairRequest,
    Return,
    ReturnRequest,
    Sent,
    Subscription,
    Unavailable,
    Warranty,
    Who,
)
from myna.shop.search import search

LANGUAGES = ("vi", "ms", "en")

_INVOICE_TEXTS = {
    "VN": "Hóa đơn {number} của đơn {order}: {url}",
    "MY": "Invois {number} untuk pesanan {order}: {url}",
}
_T = TypeVar("_T")


class DemoShop:
    """A `Shop` on SQLite.

    Args:
        engine: from `schema.open_database`.
        clock: gives the present moment, aware.
        public_url: where browsers find pictures and files.
    """

    def __init__(
        self,
        engine: sa.engine.Engine,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        public_url: str = "http://127.0.0.1:8090",
    ) -> None:
        self._database = Database(engine, clock)
        self._public_url = public_url
        self._read = self._database.read

    def get_order(self, number: str) -> Order | NotFound | Unavailable:
        """See `Shop`."""
        return self._read(lambda connection: orders.load(connection, number))

    def cancel_order(self, number: str, *, reason: str, idempotency_key: str) -> Order | NotDone:
        """See `Shop`."""
        check_text(reason, MAX_REASON)

        def cancel(connection: Any) -> Order | NotDone:
            return orders.cancel(connection, number, reason, self._database.now())

        return self._database.once(idempotency_key, ["cancel_order", number, reason], cancel)

    def send_message(
        self, number: str, contact: Contact, text: str, *, idempotency_key: str
    ) -> Sent | NotDone:
        """See `Shop`; the message goes to the outbox, which people read in the browser."""
        check_text(text, MAX_MESSAGE)
        check_contact(contact)

        def send(connection: Any) -> Sent | NotFound:
            order = orders.load(connection, number)
            if isinstance(order, NotFound):
                return order
            return orders.send(connection, order, contact, text, self._database.now())

        return self._database.once(idempotency_key, ["send_message", number, contact, text], send)

    def list_orders(self, who: Who) -> tuple[OrderSummary, ...] | Absent:
        """See `Shop`."""

        return self._read(lambda connection: orders.of_customer(connection, who))

    def change_delivery(
        self, number: str, change: DeliveryChange, *, idempotency_key: str
    ) -> Order | NotDone:
        """See `Shop`."""

        def act(connection: Any) -> Order | NotDone:
            return orders.change_delivery(connection, number, change)

        request = ["change_delivery", number, wire.to_json(change)]
        return self._database.once(idempotency_key, request, act)

    def get_invoice(self, number: str) -> Invoice | Absent:
        """See `Shop`."""

        def read(connection: Any) -> Invoice | NotFound:
            order = orders.load(connection, number)
            if isinstance(order, NotFound):
                return order
            return self._invoice(connection, order) or NotFound("invoice")

        return self._read(read)

    def send_invoice(
        self, number: str, contact: Contact, *, idempotency_key: str
    ) -> Sent | NotDone:
        """See `Shop`; what is sent is a link."""
        check_contact(contact)

        def send(connection: Any) -> Sent | NotDone:
            order = orders.load(connection, number)
            if isinstance(order, NotFound):
                return order
            invoice = self._invoice(connection, order)
            if invoice is None:
                return NotFound("invoice")
            if invoice.url is None:
                return Declined("not_issued")
            text = _INVOICE_TEXTS[order.address.country]
            text = text.format(number=invoice.number, order=order.number, url=invoice.url)
            return orders.send(connection, order, contact, text, self._database.now())

        return self._database.once(idempotency_key, ["send_invoice", number, contact], send)

    def open_return(
        self, number: str, request: ReturnRequest, *, idempotency_key: str
    ) -> Return | NotDone:
        """See `Shop`."""

        def act(connection: Any) -> Return | NotDone:
            order = orders.load(connection, number)
            if isinstance(order, NotFound):
                return order
            outcome = aftersales.open_return(connection, order, request, self._database.now())
            return self._with_address(outcome) if isinstance(outcome, Return) else outcome

        key_parts = ["open_return", number, wire.to_json(request)]
        return self._database.once(idempotency_key, key_parts, act)

    def list_returns(self, number: str) -> tuple[Return, ...] | Absent:
        """See `Shop`."""
        found = self._of_order(Return, number)
        return tuple(map(self._with_address, found)) if isinstance(found, tuple) else found

    def list_refunds(self, number: str) -> tuple[Refund, ...] | Absent:
        """See `Shop`."""
        return self._of_order(Refund, number)

    def list_warranties(self, number: str) -> tuple[Warranty, ...] | Absent:
        """See `Shop`."""
        return self._of_order(Warranty, number)

    def get_warranty(self, serial: str) -> Warranty | Absent:
        """See `Shop`; serial numbers count in any case of letters."""
        read = self._read(lambda connection: records.one(connection, Warranty, serial.upper()))
        return read or NotFound("serial")

    def find_warranties(self, who: Who, product: str = "") -> tuple[Warranty, ...] | Absent:
        """See `Shop`."""
        check_query(product)

        def read(connection: Any) -> tuple[Warranty, ...]:
            found = records.of_customer(connection, Warranty, who)
            if not product.strip():
                return found
            like = {item.sku for item in search(self._products(connection), product, "vi", 20)}
            return tuple(warranty for warranty in found if warranty.sku in like)

        return self._read(read)

    def book_repair(self, request: RepairRequest, *, idempotency_key: str) -> Repair | NotDone:
        """See `Shop`."""
        check_text(request.symptom, MAX_REASON)

        def act(connection: Any) -> Repair | NotDone:
            return aftersales.book_repair(connection, request, self._database.now(), orders.load)

        return self._database.once(idempotency_key, ["book_repair", wire.to_json(request)], act)

    def get_repair(self, number: str) -> Repair | Absent:
        """See `Shop`."""
        read = self._read(lambda connection: records.one(connection, Repair, number))
        return read or NotFound("repair")

    def list_repairs(self, who: Who) -> tuple[Repair, ...] | Absent:
        """See `Shop`."""
        return self._read(lambda connection: records.of_customer(connection, Repair, who))

    def search_products(
        self, text: str, *, language: str, limit: int = 5
    ) -> tuple[Product, ...] | Absent:
        """See `Shop`."""
        check_query(text)
        check_limit(limit)
        return self._read(
            lambda connection: search(self._products(connection), text, language, limit)
        )

    def get_product(self, sku: str) -> Product | Absent:
        """See `Shop`."""
        products = self.list_products()
        if not isinstance(products, tuple):
            return products
        return next((p for p in products if p.sku == sku), NotFound("product"))

    def list_products(self) -> tuple[Product, ...] | Absent:
        """See `Shop`."""
        return self._read(self._products)

    def get_catalogue(self, language: str) -> CatalogueFile | Absent:
        """See `Shop`."""
        language = language if language in LANGUAGES else LANGUAGES[-1]
        url = f"{self._public_url}/catalogue-{language}.pdf"
        return CatalogueFile(url, language, self._database.now().date().replace(day=1))

    def get_loyalty(self, who: Who) -> LoyaltyAccount | Absent:
        """See `Shop`."""
        found = self._read(lambda connection: records.of_customer(connection, LoyaltyAccount, who))
        if not isinstance(found, tuple):
            return found
        return found[0] if found else NotFound("account")

    def list_subscriptions(self, who: Who) -> tuple[Subscription, ...] | Absent:
        """See `Shop`."""
        found = self._read(lambda connection: records.of_customer(connection, Subscription, who))
        if not isinstance(found, tuple):
            return found
        return tuple(sorted(found, key=lambda one: (one.renews_on or date.max, one.number)))

    def renew_subscription(self, number: str, *, idempotency_key: str) -> Subscription | NotDone:
        """See `Shop`."""

        def act(connection: Any) -> Subscription | NotDone:
            return aftersales.renew(connection, number, self._database.now())

        return self._database.once(idempotency_key, ["renew_subscription", number], act)

    def get_customer(self, customer_id: str) -> Customer | Absent:
        """See `Shop`."""
        read = self._read(lambda connection: records.one(connection, Customer, customer_id))
        return read or NotFound("customer")

    def find_return(self, number: str) -> tuple[Return, Order] | None:
        """The return with this number and its order; None if there is no such."""

        def read(connection: Any) -> tuple[Return, Order] | None:
            found = records.one(connection, Return, number)
            return (found, orders.present(connection, found.order_number)) if found else None

        found = self._read(read)
        return None if isinstance(found, Unavailable) else found

    def file(self, path: str) -> tuple[Order, Invoice] | None:
        """What an invoice's PDF at this path (`/files/…`) is about; None if there is no such."""

        def read(connection: Any) -> tuple[Order, Invoice] | None:
            number = path.rpartition("/")[2].removesuffix(".pdf")
            order = orders.load(connection, number)
            if isinstance(order, NotFound):
                return None
            invoice = self._invoice(connection, order)
            right = invoice and (invoice.url or "").encode()
            wanted = f"{self._public_url}{path}".encode()
            if not invoice or not right or not hmac.compare_digest(right, wanted):
                return None
            return order, invoice

        found = self._read(read)
        return None if isinstance(found, Unavailable) else found

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

    def _of_order(self, cls: type[_T], number: str) -> tuple[_T, ...] | NotFound | Unavailable:
        def read(connection: Any) -> tuple[_T, ...] | NotFound:
            order = orders.load(connection, number)
            return (
                order if isinstance(order, NotFound) else records.of_order(connection, cls, number)
            )

        return self._read(read)

    def _products(self, connection: Any) -> tuple[Product, ...]:
        query = sa.select(schema.products.c.body).order_by(schema.products.c.sku)
        found = (wire.from_json(Product, row[0]) for row in connection.execute(query))
        url = self._public_url
        return tuple(replace(p, picture=f"{url}/pictures/{p.sku}.svg") for p in found)

    def _invoice(self, connection: Any, order: Order) -> Invoice | None:
        """The invoice with the address of its file, which is kept without the host's name."""
        found = records.of_order(connection, Invoice, order.number)
        if not found:
            return None
        url = found[0].url
        return replace(found[0], url=url and url.replace(schema.HERE, self._public_url))

    def _with_address(self, record: Return) -> Return:
        url = record.label_url
        return replace(record, label_url=url and url.replace(schema.HERE, self._public_url))
