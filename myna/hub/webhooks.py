"""Calls to the shop's own systems: signed, repeated until they are taken.

The scheme is the usual one: a signature over timestamp and body (HMAC-SHA256), so that a receiver
knows who calls and can refuse an old call that somebody recorded. docs/webhooks.md is for those
who write receivers.

Repeated is, as by Stripe and by the Standard Webhooks specification, whatever is not answered by
2xx, for three days (GitHub repeats nothing by itself). But Stripe's events come in any order, and
ours in that of what happened: one that its receiver will never take would hold up all that follow,
so it is dropped.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

import aiohttp

from myna.hub.courier import Item, Later, Refused, Result, Sent, Unknown

_SECONDS = 5.0
_AGE_SECONDS = 300.0
_NEVER = frozenset({400, 410, 413, 422})
"""What a receiver says of this event. The rest (401, 403, 404, a redirect, …) it says of address
and secret, which somebody can put right before the three days are over."""


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The value of the header `Myna-Signature`."""
    mark = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"v1={mark.hexdigest()}"


def verify(
    secret: str, headers: Mapping[str, str], body: bytes, moment: float | None = None
) -> bool:
    """Whether a call is ours and at most five minutes old; for receivers written in Python.

    Args:
        secret: that with which the installation signs.
        headers: of the request; names as in docs/webhooks.md, in any case.
        body: the bytes that were received.
        moment: seconds since 1970; None: now.
    """
    given = {name.lower(): value for name, value in headers.items()}
    timestamp = given.get("myna-timestamp", "")
    if not (timestamp.isascii() and timestamp.isdigit()):
        return False
    claimed = given.get("myna-signature", "").encode(errors="replace")
    genuine = hmac.compare_digest(claimed, signature(secret, timestamp, body).encode())
    age = (time.time() if moment is None else moment) - float(timestamp)
    return genuine and abs(age) <= _AGE_SECONDS


class WebhookCarrier:
    """Posts events to the addresses in `MYNA_WEBHOOKS`; the lane is the address."""

    idempotent = True  # receivers are told to drop doubles, by the `id` in the signed body

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._session: aiohttp.ClientSession | None = None

    async def send(self, item: Item) -> Result:
        """Posts the event once."""
        body = json.dumps(item.payload, ensure_ascii=False, separators=(",", ":")).encode()
        timestamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Myna-Webhooks/1",
            "Myna-Event": str(item.payload["event"]),
            "Myna-Delivery": item.key,
            "Myna-Timestamp": timestamp,
            "Myna-Signature": signature(self._secret, timestamp, body),
        }
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=_SECONDS)
            self._session = aiohttp.ClientSession(timeout=timeout)
        try:
            # a redirect is not followed: the address that was configured is the one that is told
            async with self._session.post(
                item.lane, data=body, headers=headers, allow_redirects=False
            ) as response:
                return _result(response)
        except aiohttp.ClientConnectorError as error:
            return Later(type(error).__name__)
        except (aiohttp.ClientError, TimeoutError) as error:
            return Unknown(type(error).__name__)

    async def reconcile(self, item: Item) -> Result | None:
        """Receivers drop doubles, so it is simply sent again."""
        return None

    async def close(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()


def _result(response: aiohttp.ClientResponse) -> Result:
    status = response.status
    if 200 <= status < 300:
        return Sent()
    if status in _NEVER:
        return Refused(f"HTTP {status}")
    return Later(f"HTTP {status}", _retry_after(response.headers.get("Retry-After")))


def _retry_after(header: str | None) -> float | None:
    """Seconds to wait; the header has seconds or a date (RFC 9110, section 10.2.3)."""
    if header is None:
        return None
    if header.isascii() and header.isdigit():
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    return max(0.0, moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - time.time())
