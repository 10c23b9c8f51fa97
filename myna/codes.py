"""One-time codes: the second proof, sent to the phone or e-mail that an order has on record."""

from __future__ import annotations

import hashlib
import hmac

DIGITS = 6


def one_time_code(key: str, conversation: str, order_number: str, message_id: str) -> str:
    """The code that the message `message_id` caused to be sent.

    It is derived, not drawn: a turn that is repeated after a fault sends the same code again, and
    no process has to keep it. Truncation as in RFC 4226, section 5.3.
    """
    text = "\x1f".join((conversation, order_number, message_id))
    digest = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def same_code(expected: str, given: str) -> bool:
    """Compares in constant time."""
    return hmac.compare_digest(expected.encode(), given.encode())
