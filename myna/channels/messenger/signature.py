"""Signatures: Meta's on what it tells us, ours on what we ask of it and on our buttons.

Meta signs the bytes that it sends (with non-ASCII characters escaped) with HMAC-SHA256 and the
app's secret, in `X-Hub-Signature-256`; the older `X-Hub-Signature` (SHA-1) does not count.
"""

from __future__ import annotations

import hashlib
import hmac

_OFFERED, _BUTTON = "myna.p:", "myna.b:"
_MARK = 32  # hexadecimal digits


def is_genuine(secret: str, header: str | None, body: bytes) -> bool:
    """Whether a request's signature over its raw body is Meta's; in constant time."""
    if not secret or not header:
        return False
    genuine = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(header.encode(errors="surrogateescape"), genuine.encode())


def app_proof(secret: str, token: str) -> str:
    """`appsecret_proof`: shows that a request with this token comes from the app itself."""
    return hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def button_payload(button_id: str) -> str:
    """What a button of a message carries: the id under which the log knows it."""
    return _BUTTON + button_id


def button_id(payload: str) -> str | None:
    """The id of the button that a payload names; the log knows whether it was offered."""
    return payload.removeprefix(_BUTTON) if payload.startswith(_BUTTON) else None


def offer(key: str, page_id: str, payload: str) -> str:
    """What a page's own buttons (menu, first questions) carry: signed, for nothing is stored."""
    return f"{_OFFERED}{_mark(key, page_id, payload)}:{payload}"


def offered(key: str, page_id: str, payload: str) -> str | None:
    """What a payload of a page's own button means; None if we have not signed it."""
    mark, _, meaning = payload.removeprefix(_OFFERED).partition(":")
    genuine = hmac.compare_digest(
        mark.encode(errors="replace"), _mark(key, page_id, meaning).encode()
    )
    return meaning if payload.startswith(_OFFERED) and genuine else None


def _mark(key: str, page_id: str, payload: str) -> str:
    signed = f"messenger\n{page_id}\n{payload}".encode(errors="replace")
    return hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()[:_MARK]
