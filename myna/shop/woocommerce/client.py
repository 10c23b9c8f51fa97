"""WooCommerce's REST API v3: authentication, errors and pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from requests.auth import HTTPBasicAuth

from myna.shop import wire
from myna.shop.breaker import Breaker
from myna.shop.model import Unavailable, Uncertain
from myna.shop.transport import Answer, Transport, is_loopback, trouble_of

PER_PAGE = 100
"""Most that WooCommerce gives at once."""
MAX_PAGES = 30
"""Pages of a collection that are read."""

_MISSING = ("_invalid_id", "_invalid_order_id")
"""Ends of the codes that WooCommerce gives for what is not there: 404 when reading, 400 when
writing."""
_T = TypeVar("_T")


@dataclass(frozen=True)
class Missing:
    """WooCommerce has no such thing."""


@dataclass(frozen=True)
class _Page:
    rows: list[Any]
    pages: int


class WooClient:
    """The API of one shop.

    Args:
        url: of the shop, without `/wp-json`.
        key: consumer key, `ck_…`.
        secret: consumer secret, `cs_…`.
        connect_timeout: seconds to reach the shop.
        read_timeout: seconds without a byte from the shop.
        breaker: of this shop.

    Raises:
        ValueError: the address is not https: elsewhere WooCommerce takes no key and secret.
    """

    def __init__(
        self,
        url: str,
        key: str,
        secret: str,
        connect_timeout: float = 2,
        read_timeout: float = 6,
        breaker: Breaker | None = None,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
            raise ValueError("the address of a WooCommerce shop must begin with https://")
        if not key or not secret:
            raise ValueError("WooCommerce needs a consumer key and a consumer secret")
        base = url.rstrip("/") + "/wp-json/wc/v3"
        auth = HTTPBasicAuth(key, secret)
        self._transport = Transport(base, auth, connect_timeout, read_timeout, breaker)

    def get(self, path: str, **query: str | int) -> dict[str, Any] | Missing | Unavailable:
        """One object."""
        result = self._transport.call("GET", _with(path, query), _read_object)
        return Unavailable(result.reason) if isinstance(result, Uncertain) else result

    def list(
        self, path: str, *, most: int = PER_PAGE, **query: str | int
    ) -> list[dict[str, Any]] | Missing | Unavailable:
        """Objects of a collection, page after page, until there are `most` or no more."""
        found: list[dict[str, Any]] = []
        size = min(most, PER_PAGE)
        for page in range(1, MAX_PAGES + 1):
            pages = {"per_page": size, "page": page}
            result = self._transport.call("GET", _with(path, {**query, **pages}), _read_page)
            if isinstance(result, Uncertain):
                return Unavailable(result.reason)
            if not isinstance(result, _Page):
                return result
            found += result.rows
            if page >= result.pages or len(found) >= most:
                break
        return found[:most]

    def put(self, path: str, body: object) -> dict[str, Any] | Missing | Unavailable | Uncertain:
        """Changes an object; the same change twice is one, so that it may be repeated."""
        return self._transport.call("PUT", path, _read_object, body=body, changes=True)

    def post(self, path: str, body: object) -> dict[str, Any] | Missing | Unavailable | Uncertain:
        """Makes an object; never repeated, as WooCommerce would make two."""
        return self._transport.call(
            "POST", path, _read_object, body=body, changes=True, repeat=False
        )

    def close(self) -> None:
        """Begins nothing new; calls after this come to `Unavailable`."""
        self._transport.close()


def _with(path: str, query: Mapping[str, str | int]) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def _read_object(answer: Answer) -> dict[str, Any] | Missing:
    if answer.status not in (200, 201):
        return _missing(answer)
    return wire.loads(answer.body)


def _read_page(answer: Answer) -> _Page | Missing:
    if answer.status != 200:
        return _missing(answer)
    try:
        rows = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise wire.WireError(f"no JSON ({type(error).__name__})") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise wire.WireError("the answer is no list of objects")
    pages = answer.headers.get("x-wp-totalpages", "1")
    return _Page(rows, int(pages) if pages.isdecimal() else 1)


def _missing(answer: Answer) -> Missing:
    """That there is no such thing; any other error is trouble."""
    try:
        code = wire.loads(answer.body).get("code")
    except wire.WireError:
        code = None
    if answer.status in (400, 404) and str(code).endswith(_MISSING):
        return Missing()
    raise trouble_of(answer)


def reading(read: Callable[[], _T]) -> _T | Unavailable:
    """What `read` makes of objects that WooCommerce gave, or that they were not usable."""
    try:
        return read()
    except wire.WireError as error:
        return Unavailable(f"malformed answer: {error}")
