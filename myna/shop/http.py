"""A shop behind a small HTTP interface: what a merchant offers so that Myna can ask.

Every request carries `Authorization: Bearer <token>`; bodies are JSON.

- `GET /orders/<number>` → 200 with an order (see `myna.shop.wire`)
- `POST /orders/<number>/cancel` `{"reason"}` → 200 with the cancelled order
- `POST /orders/<number>/messages` `{"contact": "phone"|"email", "text"}` → 201 `{"message_id"}`
- `GET /health` → 200

The two POSTs carry `Idempotency-Key` (see `myna.shop.protocol`). Errors are
`{"error": {"code", "message"}}` with the codes

- 404 `order_not_found`, `contact_not_found`
- 409 `refused`, with the order's `state` beside the code: nothing was done
- 422 `idempotency_key_reused`
- 503 `unavailable`: certainly nothing was done

Any other answer is trouble. A 404 without one of these codes is a wrong address, not a missing
order, and a customer must not be told that their order does not exist because of it.
"""

from __future__ import annotations

import ipaddress
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError

from myna.shop import wire
from myna.shop.limits import MAX_MESSAGE, MAX_REASON, check_key, check_text, possible_number
from myna.shop.model import (
    CONTACTS,
    Contact,
    NotFound,
    Order,
    Refused,
    Sent,
    Unavailable,
    Uncertain,
)
from myna.shop.protocol import IdempotencyKeyReused

MAX_BODY = 512 * 1024
"""Bytes of an answer that are read."""
TOTAL_SECONDS = 7.5
"""Most that one call takes, its retry included, whatever the network does."""
RETRY_PAUSE = 0.15
"""Seconds between the two attempts."""
WORKERS = 16
"""Requests under way at once; more wait, at most as long as a call may take."""

_NOT_DONE = frozenset([*range(300, 400), 400, 401, 403, 404, 405, 410, 413, 414, 415, 422, 429])
"""Statuses with which nothing was done."""
_AGAIN = frozenset([408, 409, 425, 429])
"""Statuses under 500 after which a second attempt may succeed."""

_log = logging.getLogger(__name__)
_R = TypeVar("_R")


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
        if not possible_number(number):
            return NotFound("order")

        def read(answer: _Answer) -> Order | NotFound:
            return _order(answer, number) if answer.status == 200 else _not_found(answer)

        result = self._call("GET", f"/orders/{number}", read)
        return Unavailable(result.reason) if isinstance(result, Uncertain) else result

    def cancel_order(
        self, number: str, *, reason: str, idempotency_key: str
    ) -> Order | NotFound | Refused | Unavailable | Uncertain:
        """See `Shop`."""
        check_text(reason, MAX_REASON)
        check_key(idempotency_key)
        if not possible_number(number):
            return NotFound("order")

        def read(answer: _Answer) -> Order | NotFound | Refused:
            if answer.status != 200:
                return _refusal(answer)
            order = _order(answer, number)
            if order.state != "cancelled":
                raise wire.WireError("state: not cancelled")
            return order

        return self._call(
            "POST", f"/orders/{number}/cancel", read, {"reason": reason}, idempotency_key
        )

    def send_message(
        self, number: str, contact: Contact, text: str, *, idempotency_key: str
    ) -> Sent | NotFound | Unavailable | Uncertain:
        """See `Shop`."""
        check_text(text, MAX_MESSAGE)
        check_key(idempotency_key)
        if contact not in CONTACTS:
            raise ValueError("a contact is phone or email")
        if not possible_number(number):
            return NotFound("order")

        def read(answer: _Answer) -> Sent | NotFound:
            if answer.status != 201:
                return _not_found(answer)
            return Sent(wire.message_id_from_json(wire.loads(answer.body)))

        body = {"contact": contact, "text": text}
        return self._call("POST", f"/orders/{number}/messages", read, body, idempotency_key)

    def health(self) -> bool:
        """See `Shop`; also false if the shop does not know the token."""

        def read(answer: _Answer) -> bool:
            return True if answer.status == 200 else bool(_not_found(answer))

        return self._call("GET", "/health", read) is True

    def close(self) -> None:
        """Begins nothing new; calls after this come to `Unavailable`."""
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _call(
        self,
        method: str,
        path: str,
        read: Callable[[_Answer], _R],
        body: dict[str, str] | None = None,
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
        self, method: str, path: str, body: dict[str, str] | None, key: str | None, deadline: float
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
        self, method: str, path: str, body: dict[str, str] | None, key: str | None, deadline: float
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


def _order(answer: _Answer, number: str) -> Order:
    order = wire.order_from_json(wire.loads(answer.body))
    if order.number != number:
        raise wire.WireError("number: of another order")
    return order


def _not_found(answer: _Answer) -> NotFound:
    result = _refusal(answer)
    if isinstance(result, Refused):
        raise _Trouble("refused what cannot be refused", perhaps_done=False, again=False)
    return result


def _refusal(answer: _Answer) -> NotFound | Refused:
    """What an answer that is an error means; raises _Trouble if it is none of those agreed on."""
    status = answer.status
    try:
        code, state = wire.error_from_json(wire.loads(answer.body))
    except wire.WireError:
        code, state = "", None
    if status == 404 and code == "order_not_found":
        return NotFound("order")
    if status == 404 and code == "contact_not_found":
        return NotFound("contact")
    if status == 409 and code == "refused" and state:
        return Refused(state)
    if status == 422 and code == "idempotency_key_reused":
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
