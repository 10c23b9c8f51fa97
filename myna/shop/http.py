"""A shop behind a small HTTP interface: what a merchant offers so that Myna can ask.

The calls stand in `myna.shop.operations`, their bodies in `myna.shop.wire`; people read
`docs/connect-your-shop.md`. Every request carries `Authorization: Bearer <token>`, those that
change something an `Idempotency-Key` (see `myna.shop.protocol`). Errors are
`{"error": {"code", "message"}}` with the codes

- 404 `order_not_found`, `contact_not_found` and others of the kind: there is no such record
- 409 `refused`, with the order's `state` beside the code: nothing was done
- 409 `declined`, with a `reason` beside the code: nothing was done
- 422 `idempotency_key_reused`
- 501 `not_offered`: the shop has no such thing
- 503 `unavailable`: certainly nothing was done

Any other answer is trouble. A 404 without one of these codes is a wrong address, not a missing
order, and a customer must not be told that their order does not exist because of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests
from requests.auth import AuthBase

from myna.shop import operations as ops
from myna.shop import wire
from myna.shop.asking import Asker
from myna.shop.breaker import Breaker
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
    DeliveryChange,
    Invoice,
    LoyaltyAccount,
    NotDone,
    NotFound,
    NotOffered,
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
from myna.shop.transport import Answer, Transport, trouble_of

MAX_PAGES = 100
"""Pages of products that are read."""


class HttpShop:
    """A `Shop` over HTTP.

    Every call ends within `transport.TOTAL_SECONDS`. A call that fails is tried again (the unsafe
    ones with the same idempotency key).

    Args:
        base_url: address of the interface, with or without a path.
        token: the merchant's secret for Myna.
        connect_timeout: seconds to reach the shop.
        read_timeout: seconds without a byte from the shop.
        breaker: None for one of the usual patience.

    Raises:
        ValueError: the address is not http(s), or the token is not visible ASCII.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        connect_timeout: float = 2,
        read_timeout: float = 4,
        breaker: Breaker | None = None,
    ) -> None:
        auth = _Bearer(token)
        self._transport = Transport(base_url, auth, connect_timeout, read_timeout, breaker)
        self._asker = Asker(self._transport)

    def get_order(self, number: str) -> Order | NotFound | Unavailable:
        """See `Shop`."""
        result = self._asker.ask(ops.GET_ORDER, number, check=_same_number(number))
        return Unavailable("orders: not offered") if isinstance(result, NotOffered) else result

    def cancel_order(self, number: str, *, reason: str, idempotency_key: str) -> Order | NotDone:
        """See `Shop`."""
        check_text(reason, MAX_REASON)

        def check(order: Order) -> None:
            _same_number(number)(order)
            if order.state != "cancelled":
                raise wire.WireError("state: not cancelled")

        body = ops.Cancellation(reason)
        return self._asker.do(ops.CANCEL_ORDER, number, idempotency_key, body, check)

    def send_message(
        self, number: str, contact: Contact, text: str, *, idempotency_key: str
    ) -> Sent | NotDone:
        """See `Shop`."""
        check_text(text, MAX_MESSAGE)
        check_contact(contact)
        body = ops.Message(contact, text)
        return self._asker.do(ops.SEND_MESSAGE, number, idempotency_key, body)

    def list_orders(self, who: Who) -> tuple[OrderSummary, ...] | Absent:
        """See `Shop`."""
        return self._asker.ask_many(ops.LIST_ORDERS, body=who)

    def change_delivery(
        self, number: str, change: DeliveryChange, *, idempotency_key: str
    ) -> Order | NotDone:
        """See `Shop`."""
        check = _same_number(number)
        return self._asker.do(ops.CHANGE_DELIVERY, number, idempotency_key, change, check)

    def get_invoice(self, number: str) -> Invoice | Absent:
        """See `Shop`."""
        return self._asker.ask(ops.GET_INVOICE, number, check=_same_order(number))

    def send_invoice(
        self, number: str, contact: Contact, *, idempotency_key: str
    ) -> Sent | NotDone:
        """See `Shop`."""
        check_contact(contact)
        return self._asker.do(ops.SEND_INVOICE, number, idempotency_key, ops.Recipient(contact))

    def open_return(
        self, number: str, request: ReturnRequest, *, idempotency_key: str
    ) -> Return | NotDone:
        """See `Shop`."""
        check = _same_order(number)
        return self._asker.do(ops.OPEN_RETURN, number, idempotency_key, request, check)

    def list_returns(self, number: str) -> tuple[Return, ...] | Absent:
        """See `Shop`."""
        return self._asker.ask_many(ops.LIST_RETURNS, number)

    def list_refunds(self, number: str) -> tuple[Refund, ...] | Absent:
        """See `Shop`."""
        return self._asker.ask_many(ops.LIST_REFUNDS, number)

    def list_warranties(self, number: str) -> tuple[Warranty, ...] | Absent:
        """See `Shop`."""
        return self._asker.ask_many(ops.LIST_WARRANTIES, number)

    def get_warranty(self, serial: str) -> Warranty | Absent:
        """See `Shop`."""
        return self._asker.ask(ops.GET_WARRANTY, serial)

    def find_warranties(self, who: Who, product: str = "") -> tuple[Warranty, ...] | Absent:
        """See `Shop`."""
        check_query(product)
        return self._asker.ask_many(ops.FIND_WARRANTIES, body=ops.WarrantySearch(who, product))

    def book_repair(self, request: RepairRequest, *, idempotency_key: str) -> Repair | NotDone:
        """See `Shop`."""
        check_text(request.symptom, MAX_REASON)
        return self._asker.do(ops.BOOK_REPAIR, None, idempotency_key, request)

    def get_repair(self, number: str) -> Repair | Absent:
        """See `Shop`."""
        return self._asker.ask(ops.GET_REPAIR, number, check=_same_number(number))

    def list_repairs(self, who: Who) -> tuple[Repair, ...] | Absent:
        """See `Shop`."""
        return self._asker.ask_many(ops.LIST_REPAIRS, body=who)

    def search_products(
        self, text: str, *, language: str, limit: int = 5
    ) -> tuple[Product, ...] | Absent:
        """See `Shop`."""
        check_query(text)
        check_limit(limit)
        query = {"text": text, "language": language, "limit": str(limit)}
        return self._asker.ask_many(ops.SEARCH_PRODUCTS, query=query)

    def get_product(self, sku: str) -> Product | Absent:
        """See `Shop`."""
        return self._asker.ask(ops.GET_PRODUCT, sku)

    def list_products(self) -> tuple[Product, ...] | Absent:
        """See `Shop`."""
        found: list[Product] = []
        for page in range(1, MAX_PAGES + 1):
            result = self._asker.ask_many(ops.LIST_PRODUCTS, query={"page": str(page)})
            if not isinstance(result, tuple):
                return result
            if not result:
                break
            found += result
        return tuple(found)

    def get_catalogue(self, language: str) -> CatalogueFile | Absent:
        """See `Shop`."""
        return self._asker.ask(ops.GET_CATALOGUE, query={"language": language})

    def get_loyalty(self, who: Who) -> LoyaltyAccount | Absent:
        """See `Shop`."""
        return self._asker.ask(ops.GET_LOYALTY, body=who)

    def list_subscriptions(self, who: Who) -> tuple[Subscription, ...] | Absent:
        """See `Shop`."""
        return self._asker.ask_many(ops.LIST_SUBSCRIPTIONS, body=who)

    def renew_subscription(self, number: str, *, idempotency_key: str) -> Subscription | NotDone:
        """See `Shop`."""
        return self._asker.do(
            ops.RENEW_SUBSCRIPTION, number, idempotency_key, check=_same_number(number)
        )

    def get_customer(self, customer_id: str) -> Customer | Absent:
        """See `Shop`."""
        return self._asker.ask(ops.GET_CUSTOMER, customer_id)

    def health(self) -> bool:
        """See `Shop`; also false if the shop does not know the token."""

        def read(answer: Answer) -> bool:
            if answer.status != 200:
                raise trouble_of(answer)
            return True

        return self._transport.call("GET", "/health", read) is True

    def close(self) -> None:
        """Begins nothing new; calls after this come to `Unavailable`."""
        self._transport.close()


class _Bearer(AuthBase):
    """The token, as an object: else `requests` would prefer what a ~/.netrc says."""

    def __init__(self, token: str) -> None:
        if not token or not all("!" <= char <= "~" for char in token):
            raise ValueError("the shop's token must be visible ASCII characters")
        self._header = f"Bearer {token}"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._header
        return request


def _same_number(number: str) -> Callable[[Any], None]:
    def check(record: Any) -> None:
        if record.number != number:
            raise wire.WireError("number: of another record")

    return check


def _same_order(number: str) -> Callable[[Any], None]:
    def check(record: Any) -> None:
        if record.order_number != number:
            raise wire.WireError("order_number: of another order")

    return check
