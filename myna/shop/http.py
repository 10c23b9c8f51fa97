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

import ipaddress
import logging
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError

from myna.shop import operations as ops
from myna.shop import wire
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
    ORDER_STATES,
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
    Subscription,
    Unavailable,
    Uncertain,
    Warranty,
    Who,
)
from myna.shop.operations import Operation
from myna.shop.protocol import IdempotencyKeyReused

MAX_BODY = 512 * 1024
"""Bytes of an answer that are read."""
TOTAL_SECONDS = 7.5
"""Most that one call takes, its retry included, whatever the network does."""
RETRY_PAUSE = 0.15
"""Seconds between the two attempts."""
MAX_PAGES = 100
"""Pages of products that are read."""
WORKERS = 16
"""Requests under way at once; more wait, at most as long as a call may take."""

_NOT_DONE = frozenset([*range(300, 400), 400, 401, 403, 404, 405, 410, 413, 414, 415, 422, 429])
"""Statuses with which nothing was done."""
_AGAIN = frozenset([408, 409, 425, 429])
"""Statuses under 500 after which a second attempt may succeed."""

_log = logging.getLogger(__name__)
_R = TypeVar("_R")
_S = TypeVar("_S")
_Failure = NotFound | Refused | Declined | NotOffered


@dataclass(frozen=True)
class _Answer:
    status: int
    body: bytes


class _Trouble(Exception):
    """An attempt without a usable answer."""

    def __init__(self, reason: str, *, perhaps_done: bool, again: bool = True) -> None:
        super().__init__(reason)
        self.perhaps_done = perhaps_done
        self.again = again


class HttpShop:
    """A `Shop` over HTTP.

    Every call ends within `TOTAL_SECONDS`. A call that fails is tried once more (the unsafe ones
    with the same idempotency key). Redirects are not followed: the token goes to one address.

    Args:
        base_url: address of the interface, with or without a path.
        token: the merchant's secret for Myna.
        connect_timeout: seconds to reach the shop.
        read_timeout: seconds without a byte from the shop.

    Raises:
        ValueError: the address is not http(s), or the token is not visible ASCII.
    """

    def __init__(
        self, base_url: str, token: str, connect_timeout: float = 2, read_timeout: float = 4
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("the shop's address must begin with http:// or https://")
        self._auth = _Bearer(token)
        self._local = _is_loopback(parts.hostname)
        if parts.scheme == "http" and not self._local:
            _log.warning("the shop's token and orders travel unencrypted to %s", parts.hostname)
        self._base_url = base_url.rstrip("/")
        self._timeouts = (connect_timeout, read_timeout)
        self._sessions = threading.local()
        # requests has no limit for a whole exchange (name lookup, an answer in drops), so the
        # exchange runs beside the caller, who leaves when the time is over
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="shop")

    def get_order(self, number: str) -> Order | NotFound | Unavailable:
        """See `Shop`."""
        result = self._ask(ops.GET_ORDER, number, check=_same_number(number))
        return Unavailable("orders: not offered") if isinstance(result, NotOffered) else result

    def cancel_order(self, number: str, *, reason: str, idempotency_key: str) -> Order | NotDone:
        """See `Shop`."""
        check_text(reason, MAX_REASON)

        def check(order: Order) -> None:
            _same_number(number)(order)
            if order.state != "cancelled":
                raise wire.WireError("state: not cancelled")

        body = ops.Cancellation(reason)
        return self._do(ops.CANCEL_ORDER, number, idempotency_key, body, check)

    def send_message(
        self, number: str, contact: Contact, text: str, *, idempotency_key: str
    ) -> Sent | NotDone:
        """See `Shop`."""
        check_text(text, MAX_MESSAGE)
        check_contact(contact)
        body = ops.Message(contact, text)
        return self._do(ops.SEND_MESSAGE, number, idempotency_key, body)

    def list_orders(self, who: Who) -> tuple[OrderSummary, ...] | Absent:
        """See `Shop`."""
        return self._ask_many(ops.LIST_ORDERS, body=who)

    def change_delivery(
        self, number: str, change: DeliveryChange, *, idempotency_key: str
    ) -> Order | NotDone:
        """See `Shop`."""
        check = _same_number(number)
        return self._do(ops.CHANGE_DELIVERY, number, idempotency_key, change, check)

    def get_invoice(self, number: str) -> Invoice | Absent:
        """See `Shop`."""
        return self._ask(ops.GET_INVOICE, number, check=_same_order(number))

    def send_invoice(
        self, number: str, contact: Contact, *, idempotency_key: str
    ) -> Sent | NotDone:
        """See `Shop`."""
        check_contact(contact)
        return self._do(ops.SEND_INVOICE, number, idempotency_key, ops.Recipient(contact))

    def open_return(
        self, number: str, request: ReturnRequest, *, idempotency_key: str
    ) -> Return | NotDone:
        """See `Shop`."""
        check = _same_order(number)
        return self._do(ops.OPEN_RETURN, number, idempotency_key, request, check)

    def list_returns(self, number: str) -> tuple[Return, ...] | Absent:
        """See `Shop`."""
        return self._ask_many(ops.LIST_RETURNS, number)

    def list_refunds(self, number: str) -> tuple[Refund, ...] | Absent:
        """See `Shop`."""
        return self._ask_many(ops.LIST_REFUNDS, number)

    def list_warranties(self, number: str) -> tuple[Warranty, ...] | Absent:
        """See `Shop`."""
        return self._ask_many(ops.LIST_WARRANTIES, number)

    def get_warranty(self, serial: str) -> Warranty | Absent:
        """See `Shop`."""
        return self._ask(ops.GET_WARRANTY, serial)

    def find_warranties(self, who: Who, product: str = "") -> tuple[Warranty, ...] | Absent:
        """See `Shop`."""
        check_query(product)
        return self._ask_many(ops.FIND_WARRANTIES, body=ops.WarrantySearch(who, product))

    def book_repair(self, request: RepairRequest, *, idempotency_key: str) -> Repair | NotDone:
        """See `Shop`."""
        check_text(request.symptom, MAX_REASON)
        return self._do(ops.BOOK_REPAIR, None, idempotency_key, request)

    def get_repair(self, number: str) -> Repair | Absent:
        """See `Shop`."""
        return self._ask(ops.GET_REPAIR, number, check=_same_number(number))

    def list_repairs(self, who: Who) -> tuple[Repair, ...] | Absent:
        """See `Shop`."""
        return self._ask_many(ops.LIST_REPAIRS, body=who)

    def search_products(
        self, text: str, *, language: str, limit: int = 5
    ) -> tuple[Product, ...] | Absent:
        """See `Shop`."""
        check_query(text)
        check_limit(limit)
        query = {"text": text, "language": language, "limit": str(limit)}
        return self._ask_many(ops.SEARCH_PRODUCTS, query=query)

    def get_product(self, sku: str) -> Product | Absent:
        """See `Shop`."""
        return self._ask(ops.GET_PRODUCT, sku)

    def list_products(self) -> tuple[Product, ...] | Absent:
        """See `Shop`."""
        found: list[Product] = []
        for page in range(1, MAX_PAGES + 1):
            result = self._ask_many(ops.LIST_PRODUCTS, query={"page": str(page)})
            if not isinstance(result, tuple):
                return result
            if not result:
                break
            found += result
        return tuple(found)

    def get_catalogue(self, language: str) -> CatalogueFile | Absent:
        """See `Shop`."""
        return self._ask(ops.GET_CATALOGUE, query={"language": language})

    def get_loyalty(self, who: Who) -> LoyaltyAccount | Absent:
        """See `Shop`."""
        return self._ask(ops.GET_LOYALTY, body=who)

    def list_subscriptions(self, who: Who) -> tuple[Subscription, ...] | Absent:
        """See `Shop`."""
        return self._ask_many(ops.LIST_SUBSCRIPTIONS, body=who)

    def renew_subscription(self, number: str, *, idempotency_key: str) -> Subscription | NotDone:
        """See `Shop`."""
        return self._do(ops.RENEW_SUBSCRIPTION, number, idempotency_key, check=_same_number(number))

    def get_customer(self, customer_id: str) -> Customer | Absent:
        """See `Shop`."""
        return self._ask(ops.GET_CUSTOMER, customer_id)

    def health(self) -> bool:
        """See `Shop`; also false if the shop does not know the token."""

        def read(answer: _Answer) -> bool:
            if answer.status != 200:
                raise _Trouble(f"status {answer.status}", perhaps_done=False, again=False)
            return True

        return self._call("GET", "/health", read) is True

    def _ask(
        self,
        operation: Operation[_R],
        parameter: str | None = None,
        body: object = None,
        query: dict[str, str] | None = None,
        check: Callable[[_R], None] = lambda result: None,
    ) -> _R | Absent:
        """One record."""

        def read(answer: _Answer) -> _R | _Failure:
            if answer.status != operation.status:
                return _failure(answer, operation)
            result = wire.from_json(operation.result, wire.loads(answer.body))
            check(result)
            return result

        return self._safe(operation, parameter, read, body, query)

    def _ask_many(
        self,
        operation: Operation[_R],
        parameter: str | None = None,
        body: object = None,
        query: dict[str, str] | None = None,
    ) -> tuple[_R, ...] | Absent:
        """Several records."""

        def read(answer: _Answer) -> tuple[_R, ...] | _Failure:
            if answer.status != operation.status:
                return _failure(answer, operation)
            return wire.list_from_json(operation.result, wire.loads(answer.body))

        return self._safe(operation, parameter, read, body, query)

    def _safe(
        self,
        operation: Operation[Any],
        parameter: str | None,
        read: Callable[[_Answer], _S | _Failure],
        body: object,
        query: dict[str, str] | None,
    ) -> _S | Absent:
        if parameter is not None and not possible_number(parameter):
            return NotFound(operation.missing[0])
        path = _path(operation, parameter, query)
        result = self._call(operation.method, path, read, wire.to_json(body))
        if isinstance(result, Refused | Declined | Uncertain):
            return Unavailable(getattr(result, "reason", "refused what cannot be refused"))
        return result

    def _do(
        self,
        operation: Operation[_R],
        parameter: str | None,
        key: str,
        body: object = None,
        check: Callable[[_R], None] = lambda result: None,
    ) -> _R | NotDone:
        """Something that is to happen once."""
        check_key(key)
        if parameter is not None and not possible_number(parameter):
            return NotFound(operation.missing[0])

        def read(answer: _Answer) -> _R | _Failure:
            if answer.status != operation.status:
                return _failure(answer, operation)
            result = wire.from_json(operation.result, wire.loads(answer.body))
            check(result)
            return result

        path = _path(operation, parameter, None)
        return self._call(operation.method, path, read, wire.to_json(body), key)

    def close(self) -> None:
        """Begins nothing new; calls after this come to `Unavailable`."""
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _call(
        self,
        method: str,
        path: str,
        read: Callable[[_Answer], _R],
        body: dict[str, Any] | None = None,
        key: str | None = None,
    ) -> _R | Unavailable | Uncertain:
        """One call, tried twice at most. `read` makes a result of an answer or raises."""
        deadline = time.monotonic() + TOTAL_SECONDS
        perhaps_done, reason = False, ""
        for attempt in (1, 2):
            try:
                return read(self._exchange(method, path, body, key, deadline))
            except wire.WireError as error:
                trouble = _Trouble(f"malformed answer: {error}", perhaps_done=True)
            except _Trouble as error:
                trouble = error
            reason = str(trouble)
            perhaps_done |= trouble.perhaps_done
            _log.warning("shop: %s %s, attempt %d: %s", method, path, attempt, reason)
            if attempt == 2 or not trouble.again or time.monotonic() + RETRY_PAUSE >= deadline:
                break
            time.sleep(RETRY_PAUSE)
        return Uncertain(reason) if key and perhaps_done else Unavailable(reason)

    def _exchange(
        self, method: str, path: str, body: dict[str, Any] | None, key: str | None, deadline: float
    ) -> _Answer:
        try:
            future = self._workers.submit(self._send, method, path, body, key, deadline)
            return future.result(deadline - time.monotonic())
        except TimeoutError:
            begun = not future.cancel()
            raise _Trouble("no answer in time", perhaps_done=begun, again=False) from None
        except (CancelledError, RuntimeError):
            raise _Trouble("closed", perhaps_done=False, again=False) from None

    def _send(
        self, method: str, path: str, body: dict[str, Any] | None, key: str | None, deadline: float
    ) -> _Answer:
        left = deadline - time.monotonic()
        if left <= 0:
            raise _Trouble("no time left", perhaps_done=False, again=False)
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if key:
            headers["Idempotency-Key"] = key
        connect_timeout, read_timeout = self._timeouts
        try:
            with self._session().request(
                method,
                self._base_url + path,
                json=body,
                headers=headers,
                auth=self._auth,
                timeout=(min(connect_timeout, left), min(read_timeout, left)),
                allow_redirects=False,
                stream=True,
            ) as response:
                received = bytearray()
                for chunk in response.iter_content(16 * 1024):
                    received += chunk
                    if len(received) > MAX_BODY:
                        raise _Trouble("answer too large", perhaps_done=True, again=False)
                    if time.monotonic() > deadline:
                        raise _Trouble("answer too slow", perhaps_done=True, again=False)
                return _Answer(response.status_code, bytes(received))
        except (OSError, HTTPError) as error:  # every exception of requests is an OSError
            # the name alone: texts of exceptions hold addresses
            raise _Trouble(type(error).__name__, perhaps_done=not _never_sent(error)) from None

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._sessions, "session", None)
        if session is None:
            session = self._sessions.session = requests.Session()
            session.trust_env = not self._local  # no proxy to a shop on this machine
        return session


class _Bearer(AuthBase):
    """The token, as an object: else `requests` would prefer what a ~/.netrc says."""

    def __init__(self, token: str) -> None:
        if not token or not all("!" <= char <= "~" for char in token):
            raise ValueError("the shop's token must be visible ASCII characters")
        self._header = f"Bearer {token}"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._header
        return request


def _path(operation: Operation[Any], parameter: str | None, query: dict[str, str] | None) -> str:
    path = re.sub(r"\{\w+\}", parameter or "", operation.path)
    return f"{path}?{urlencode(query)}" if query else path


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


def _failure(answer: _Answer, operation: Operation[Any]) -> _Failure:
    """What an answer that is an error means; raises _Trouble if it is none of those agreed on."""
    status = answer.status
    try:
        code, more = wire.error_from_json(wire.loads(answer.body))
    except wire.WireError:
        code, more = "", {}
    for what in operation.missing:
        if (status, code) == (404, f"{what}_not_found"):
            return NotFound(what)
    if (status, code) == (409, "refused") and operation.refused:
        for state in ORDER_STATES:
            if more.get("state") == state:
                return Refused(state)
    if (status, code) == (409, "declined"):
        for reason in operation.declines:
            if more.get("reason") == reason:
                return Declined(reason)
    if (status, code) == (501, "not_offered"):
        return NotOffered(operation.capability)
    if (status, code) == (422, "idempotency_key_reused"):
        raise IdempotencyKeyReused("the key belongs to another request")
    nothing_done = status in _NOT_DONE or (status == 503 and code == "unavailable")
    again = status >= 500 or status < 300 or status in _AGAIN
    raise _Trouble(f"status {status}", perhaps_done=not nothing_done, again=again)


def _never_sent(error: Exception) -> bool:
    """Whether the connection itself failed, before anything was said."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause: Any = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
