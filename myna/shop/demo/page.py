"""The outbox as a page: what the demo shop has sent to its customers, newest first."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
import phonenumbers

_SOURCE = Path(__file__).with_name("outbox.html").read_text(encoding="utf-8")
_TEMPLATE = jinja2.Environment(autoescape=True).from_string(_SOURCE)
_CODE = re.compile(r"(?<![\w.,:/-])\d{4,8}(?![\w:/-])")
"""A one-time code: digits by themselves, unlike those in `DH-20413`, an amount or an hour."""


def _hash(tag: str) -> str:
    match = re.search(rf"<{tag}>(.*?)</{tag}>", _SOURCE, re.DOTALL)
    assert match  # noqa: S101 - the template is ours
    digest = hashlib.sha256(match.group(1).encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src {_hash('style')}; script-src {_hash('script')}; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""What the page is sent with; nothing but its own style and script may run."""


def outbox(messages: Sequence[dict[str, Any]] | None) -> str:
    """The page with these messages; None stands for a database that does not answer."""
    return _TEMPLATE.render(
        messages=None if messages is None else [_for_display(message) for message in messages]
    )


def _for_display(message: dict[str, Any]) -> dict[str, Any]:
    code = _CODE.search(message["text"])
    return {
        **message,
        "code": code.group() if code else None,
        "sent_at": datetime.fromisoformat(message["sent_at"]),
        "recipient": _readable(message["recipient"]),
    }


def _readable(recipient: str) -> str:
    """A phone number with its usual spaces; anything else as it is."""
    try:
        number = phonenumbers.parse(recipient)
    except phonenumbers.NumberParseException:
        return recipient
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
