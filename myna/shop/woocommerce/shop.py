"""The adapter: what `Shop` asks for, in WooCommerce's terms."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import phonenumbers
from phonenumbers import PhoneNumberFormat

from myna.shop.limits import (
    MAX_MESSAGE,
    MAX_REASON,
    check_contact,
    check_key,
    check_limit,
    check_query,
    check_text,
    possible_number,
)
from myna.shop.model import (
    Absent,
    Contact,
    Customer,
    DeliveryChange,
    NotDone,
    NotFound,
    NotOffered,
    Order,
    OrderState,
    OrderSummary,
    Product,
    Refund,
    Refused,
    Sent,
    Unavailable,
    Uncertain,
    Who,
)
from myna.shop.outcomes import Outcomes
from myna.shop.partial import PartialShop
from myna.shop.search import search
from myna.shop.woocommerce import fields, read
from myna.shop.woocommerce.client import Missing, WooClient, reading

CHANGEABLE: tuple[OrderState, ...] = ("pending", "paid", "packed")
"""As long as the goods are in the house, an order is cancelled and its delivery changed."""
MAX_ORDERS = 20
"""Orders in one list."""
CATALOGUE_SECONDS = 300
"""For which the products are kept: searching in them stands mistyped words, WooCommerce's own
search does not."""
MAX_PRODUCTS = 3000
"""Products that are searched."""
LOCKS = 64
"""Orders that are changed at once."""

_KEY = "_myna_cancelled_with"
"""Where an order keeps the idempotency key of its cancellation."""

_log = logging.getLogger(__name__)


class WooCommerceShop(PartialShop):
    """A `Shop` on WooCommerce.

    WooCommerce has no idempotency keys. They are kept in this process; the key of a cancellation
    also in the order, so that after a restart the same key still gives the first outcome.

    Args:
        client: of the shop's API.
        prefix: what the shop's canonical numbers have before WooCommerce's, e.g. `DH-`.
        states: beside or instead of `read.STATES`: status of WooCommerce → state.
        clock: seconds that only ever grow.
    """

    def __init__(
        self,
        client: WooClient,
        prefix: str = "",
        states: Mapping[str, OrderState] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._prefix = prefix
        self._states = {**read.STATES, **(states or {})}
        self._clock = clock
        self._outcomes = Outcomes(clock)
        self._locks = tuple(threading.Lock() for _ in range(LOCKS))
        self._catalogue_lock = threading.Lock()
        self._catalogue: tuple[float, tuple[Product, ...]] | None = None
        self._currency: str | None = None

    def get_order(self, number: str) -> Order | NotFound | Unavailable:
        """See `Shop`."""
        raw = self._find(number)
        return raw if isinstance(raw, NotFound | Unavailable) else self._order(raw, number)

    def cancel_order(self, number: str, *, reason: str, idempotency_key: str) -> Order | NotDone:
        """See `Shop`. What was paid is not paid back by itself: a note tells the shop's people."""
        check_text(reason, MAX_REASON)
        check_key(idempotency_key)

        def act(tried: bool) -> Order | NotDone:
            raw = self._find(number)
            if isinstance(raw, NotFound | Unavailable):
                return raw
            order = self._order(raw, number)
            if isinstance(order, Unavailable):
                return order
            if order.state == "cancelled" and _meta(raw, _KEY) == idempotency_key:
                return order
            if order.state not in CHANGEABLE:
                return Refused(order.state)
            mark = [{"key": _KEY, "value": idempotency_key}]
            body = {"status": "cancelled", "meta_data": mark}
            changed = self._client.put(f"/orders/{raw['id']}", body)
            note = f"Cancelled for the customer by the assistant: {reason}"
            note += " It was paid: a refund has to be decided." if order.paid else ""
            cancelled = self._changed(changed, raw, number, note)
            if isinstance(cancelled, Order) and cancelled.state != "cancelled":
                return Uncertain("status: not cancelled")
            return cancelled

        return self._change(idempotency_key, ("cancel_order", number, reason), number, act)

    def change_delivery(
        self, number: str, change: DeliveryChange, *, idempotency_key: str
    ) -> Order | NotDone:
        """See `Shop`. WooCommerce works out shipping and taxes anew for a new address."""
        check_key(idempotency_key)

        def act(tried: bool) -> Order | NotDone:
            raw = self._find(number)
            if isinstance(raw, NotFound | Unavailable):
                return raw
            order = self._order(raw, number)
            if isinstance(order, Unavailable):
                return order
            if order.state not in CHANGEABLE:
                return Refused(order.state)
            changed = self._client.put(f"/orders/{raw['id']}", _delivery(raw, change))
            note = "The assistant changed the delivery for the customer."
            return self._changed(changed, raw, number, note)

        request = ("change_delivery", number, change)
        return self._change(idempotency_key, request, number, act)

    def send_message(
        self, number: str, contact: Contact, text: str, *, idempotency_key: str
    ) -> Sent | NotDone:
        """See `Shop`: as a note to the customer, which WooCommerce sends by e-mail only."""
        check_text(text, MAX_MESSAGE)
        check_contact(contact)
        check_key(idempotency_key)

        def act(tried: bool) -> Sent | NotDone:
            raw = self._find(number)
            if isinstance(raw, NotFound | Unavailable):
                return raw
            if contact == "phone":
                return NotOffered("messages")
            if not read.contacts(raw)[1]:
                return NotFound("contact")
            if tried and (sent := self._sent(raw, text)):
                return sent
            body = {"note": text, "customer_note": True}
            written = self._client.post(f"/orders/{raw['id']}/notes", body)
            if isinstance(written, Missing):
                return NotFound("order")
            if isinstance(written, Unavailable | Uncertain):
                return written
            return Sent(str(written.get("id")))

        return self._outcomes.once(idempotency_key, ("message", number, contact, text), act)

    def list_orders(self, who: Who) -> tuple[OrderSummary, ...] | Absent:
        """See `Shop`."""
        found: dict[int, dict[str, Any]] = {}
        for query in self._queries(who):
            rows = self._client.list(
                "/orders", most=MAX_ORDERS, orderby="date", order="desc", **query
            )
            if isinstance(rows, Missing):
                return ()
            if isinstance(rows, Unavailable):
                return rows
            # WooCommerce finds a part of a word too
            found |= {row["id"]: row for row in rows if _has_id(row) and _is_of(row, who)}
        kept = [row for row in found.values() if row.get("status") not in read.GONE]
        return reading(lambda: self._summaries(kept))

    def list_refunds(self, number: str) -> tuple[Refund, ...] | Absent:
        """See `Shop`."""
        raw = self._find(number)
        if isinstance(raw, NotFound | Unavailable):
            return raw
        return self._refunds(raw, number)

    def search_products(
        self, text: str, *, language: str, limit: int = 5
    ) -> tuple[Product, ...] | Absent:
        """See `Shop`."""
        check_query(text)
        check_limit(limit)
        products = self.list_products()
        if not isinstance(products, tuple):
            return products
        return search(products, text, language, limit)

    def get_product(self, sku: str) -> Product | Absent:
        """See `Shop`; asked anew each time, as stock and price change."""
        currency = self._money()
        if isinstance(currency, Unavailable):
            return currency
        if not possible_number(sku):
            return NotFound("product")
        rows = self._client.list("/products", most=1, sku=sku, status="publish")
        if isinstance(rows, list) and not rows and sku.isdecimal():
            row = self._client.get(f"/products/{sku}")
            rows = [row] if isinstance(row, dict) and row.get("status") == "publish" else []
            rows = row if isinstance(row, Unavailable) else rows
        if isinstance(rows, Unavailable):
            return rows
        if isinstance(rows, Missing) or not rows or fields.sku(rows[0]) != sku:
            return NotFound("product")
        first = rows[0]
        return reading(lambda: read.product(first, currency))

    def list_products(self) -> tuple[Product, ...] | Absent:
        """See `Shop`; kept for `CATALOGUE_SECONDS`."""
        with self._catalogue_lock:
            now = self._clock()
            if self._catalogue and now - self._catalogue[0] < CATALOGUE_SECONDS:
                return self._catalogue[1]
            products = self._products()
            if isinstance(products, tuple):
                self._catalogue = now, products
            return products

    def get_customer(self, customer_id: str) -> Customer | Absent:
        """See `Shop`."""
        if not re.fullmatch("[1-9][0-9]{0,18}", customer_id):
            return NotFound("customer")
        raw = self._client.get(f"/customers/{customer_id}")
        if isinstance(raw, Missing):
            return NotFound("customer")
        if isinstance(raw, Unavailable):
            return raw
        return reading(lambda: read.customer(raw))

    def health(self) -> bool:
        """See `Shop`; also false if the shop does not know the key."""
        return isinstance(self._client.list("/orders", most=1, _fields="id"), list)

    def close(self) -> None:
        """Begins nothing new; calls after this come to `Unavailable`."""
        self._client.close()

    def _find(self, number: str) -> dict[str, Any] | NotFound | Unavailable:
        """WooCommerce's order with the shop's number.

        WooCommerce numbers orders by their ids; plugins give them other numbers, by which one can
        search only.
        """
        if not possible_number(number) or not number.startswith(self._prefix):
            return NotFound("order")
        own = number.removeprefix(self._prefix)
        if own.isdecimal():
            raw = self._client.get(f"/orders/{int(own)}")
            if isinstance(raw, Unavailable):
                return raw
            if isinstance(raw, dict) and not _has_id(raw):
                return Unavailable("malformed answer: id")
            if isinstance(raw, dict) and self._number(raw) == number:
                return NotFound("order") if raw.get("status") in read.GONE else raw
        rows = self._client.list("/orders", most=MAX_ORDERS, search=own)
        if isinstance(rows, Unavailable):
            return rows
        rows = rows if isinstance(rows, list) else []
        same = [row for row in rows if _has_id(row) and self._number(row) == number]
        if not same or same[0].get("status") in read.GONE:
            return NotFound("order")
        return same[0]

    def _number(self, raw: Mapping[str, Any]) -> str:
        """The canonical number; leading zeros, which some plugins write, count."""
        number = str(raw.get("number") or raw.get("id"))
        return number if number.startswith(self._prefix) else f"{self._prefix}{number}"

    def _order(self, raw: Mapping[str, Any], number: str) -> Order | Unavailable:
        """The order; when it was refunded has to be asked for."""
        order = reading(lambda: read.order(raw, number, self._states))
        if isinstance(order, Unavailable) or order.refund is None:
            return order
        refunds = self._refunds(raw, number)
        if not isinstance(refunds, tuple):
            return Unavailable("refunds: no answer")
        moments = [refund.sent_at for refund in refunds]
        known = [moment for moment in moments if moment]
        if known and len(known) == len(moments):
            return replace(order, refunded_at=max(known))
        return order

    def _refunds(self, raw: Mapping[str, Any], number: str) -> tuple[Refund, ...] | Absent:
        rows = self._client.list(f"/orders/{raw['id']}/refunds")
        if isinstance(rows, Missing):
            return NotFound("order")
        if isinstance(rows, Unavailable):
            return rows
        currency = str(raw.get("currency"))
        found = reading(lambda: tuple(read.refund(row, number, currency) for row in rows))
        if isinstance(found, Unavailable):
            return found
        return tuple(sorted(found, key=lambda refund: refund.requested_at, reverse=True))

    def _changed(
        self,
        changed: dict[str, Any] | Missing | Unavailable | Uncertain,
        raw: Mapping[str, Any],
        number: str,
        note: str,
    ) -> Order | NotDone:
        """The order as it is after a change, with a note for the shop's people."""
        if isinstance(changed, Missing):
            return NotFound("order")
        if isinstance(changed, Unavailable | Uncertain):
            return changed
        written = self._client.post(f"/orders/{raw['id']}/notes", {"note": note})
        if not isinstance(written, dict):
            _log.warning("shop: the note about a change was not written")
        order = self._order(changed, number)
        return Uncertain(order.reason) if isinstance(order, Unavailable) else order

    def _sent(self, raw: Mapping[str, Any], text: str) -> Sent | Unavailable | None:
        """The note to the customer that an earlier try may have written."""
        notes = self._client.list(f"/orders/{raw['id']}/notes", type="customer")
        if isinstance(notes, Unavailable):
            return notes
        written = notes if isinstance(notes, list) else []
        same = [note for note in written if note.get("note") == text]
        return Sent(str(same[0].get("id"))) if same else None

    def _change(
        self, key: str, request: object, number: str, act: Callable[[bool], Order | NotDone]
    ) -> Order | NotDone:
        """Reading and writing one order as one step, as far as this process goes."""

        def alone(tried: bool) -> Order | NotDone:
            with self._locks[hash(number) % LOCKS]:
                return act(tried)

        return self._outcomes.once(key, request, alone)

    def _queries(self, who: Who) -> list[dict[str, str | int]]:
        """What finds a customer's orders: phone numbers stand there as customers typed them."""
        if who.customer_id:
            # a guest's number is 0, and all guests have it
            valid = re.fullmatch("[1-9][0-9]{0,18}", who.customer_id)
            return [{"customer": who.customer_id}] if valid else []
        contact = who.contact or ""
        if not contact.startswith("+"):
            return [{"search": contact}]
        try:
            number = phonenumbers.parse(contact)
        except phonenumbers.NumberParseException:
            return []
        national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
        forms = [contact, re.sub(r"\D", "", national), national]
        return [{"search": form} for form in dict.fromkeys(forms)]

    def _summaries(self, rows: list[dict[str, Any]]) -> tuple[OrderSummary, ...]:
        found = [read.summary(row, self._number(row), self._states) for row in rows]
        found.sort(key=lambda order: order.placed_at, reverse=True)
        return tuple(found[:MAX_ORDERS])

    def _products(self) -> tuple[Product, ...] | Unavailable:
        currency = self._money()
        if isinstance(currency, Unavailable):
            return currency
        rows = self._client.list("/products", most=MAX_PRODUCTS, status="publish")
        if isinstance(rows, Missing | Unavailable):
            return Unavailable("products: no answer")
        if len(rows) == MAX_PRODUCTS:
            _log.warning("shop: more than %d products; the rest is not searched", MAX_PRODUCTS)
        shown = [row for row in rows if row.get("catalog_visibility") != "hidden"]
        found = reading(lambda: [read.product(row, currency) for row in shown])
        if isinstance(found, Unavailable):
            return found
        return tuple(sorted(found, key=lambda product: product.sku))

    def _money(self) -> str | Unavailable:
        """The shop's currency, asked for once."""
        if self._currency is None:
            raw = self._client.get("/data/currencies/current")
            if not isinstance(raw, dict):
                return Unavailable("currency: no answer")
            code = raw.get("code")
            if not isinstance(code, str) or not re.fullmatch("[A-Z]{3}", code):
                return Unavailable("currency: unknown")
            self._currency = code
        return self._currency


def _delivery(raw: Mapping[str, Any], change: DeliveryChange) -> dict[str, Any]:
    """What WooCommerce is to change; it has no fields for when and how."""
    shipping: dict[str, str] = {}
    if not (raw.get("shipping") or {}).get("address_1"):
        names = ("first_name", "last_name", "address_1", "address_2", "city", "postcode", "country")
        shipping = {name: str((raw.get("billing") or {}).get(name) or "") for name in names}
    if change.address:
        shipping |= {
            "address_1": change.address.street,
            "address_2": change.address.district,
            "city": change.address.city,
            "postcode": change.address.postcode,
            "country": change.address.country,
        }
    if change.receiver:
        shipping |= {"first_name": change.receiver, "last_name": ""}
    if change.phone:
        shipping["phone"] = change.phone
    meta = {read.WINDOW: change.window, read.NOTE: change.note}
    kept = [{"key": key, "value": value} for key, value in meta.items() if value]
    body: dict[str, Any] = {"shipping": shipping} if shipping else {}
    return body | ({"meta_data": kept} if kept else {})


def _has_id(raw: Mapping[str, Any]) -> bool:
    return isinstance(raw.get("id"), int)


def _meta(raw: Mapping[str, Any], key: str) -> Any:
    found = [one.get("value") for one in raw.get("meta_data") or [] if one.get("key") == key]
    return found[-1] if found else None


def _is_of(raw: Mapping[str, Any], who: Who) -> bool:
    if who.customer_id:
        return str(raw.get("customer_id")) == who.customer_id
    if not isinstance(raw.get("billing"), Mapping):
        return False
    return (who.contact or "").casefold() in read.contacts(raw)
