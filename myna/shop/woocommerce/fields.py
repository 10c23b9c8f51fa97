"""Values in WooCommerce's JSON, and what they are in ours."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import phonenumbers

from myna.shop import wire

MOST = Decimal(10**15)
"""No amount is higher; beyond it decimals would have to be rounded."""

_TAGS = re.compile(r"<[^>]*>")


def sku(raw: Mapping[str, Any]) -> str:
    """The SKU of a product or a line, or its number where the shop gave none."""
    own = raw.get("product_id") if "product_id" in raw else raw.get("id")
    return text(raw.get("sku")) or str(raw.get("variation_id") or own)


def amount(value: Any, field: str) -> Decimal:
    """A number; raises WireError, naming the field, unless it is one to reckon with."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise wire.WireError(f"{field}: no amount") from None
    if not number.is_finite() or abs(number) >= MOST:
        raise wire.WireError(f"{field}: no amount")
    return number


def money(value: Decimal, currency: Any) -> dict[str, Any]:
    """An amount as it travels."""
    return {"amount": format(value.normalize(), "f"), "currency": currency}


def moment(value: Any) -> str | None:
    """A moment in UTC; WooCommerce writes it without a zone."""
    return f"{value}+00:00" if isinstance(value, str) and value else None


def stamp(value: Any) -> str | None:
    """A moment from the seconds that tracking plugins keep."""
    seconds = str(value)
    if not re.fullmatch("[0-9]{9,10}", seconds):
        return None
    return datetime.fromtimestamp(int(seconds), UTC).isoformat()


def phone(value: Any, country: str) -> str | None:
    """A phone number, E.164, as a customer in that country typed it; None if it is none."""
    try:
        number = phonenumbers.parse(text(value), country or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def name(value: Mapping[str, Any]) -> str:
    """First and last name of a person or an address."""
    return f"{text(value.get('first_name'))} {text(value.get('last_name'))}".strip()


def text(value: Any) -> str:
    """A text without the entities of HTML that WordPress leaves in names."""
    return html.unescape(value).strip() if isinstance(value, str) else ""


def plain(value: Any) -> str:
    """A description without its tags, as much as a record has room for."""
    words = html.unescape(_TAGS.sub(" ", value)).split() if isinstance(value, str) else []
    whole = " ".join(words)
    return whole if len(whole) <= wire.MAX_TEXT else f"{whole[: wire.MAX_TEXT - 1].rstrip()}…"


def part(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object in an object; raises WireError."""
    value = raw.get(name)
    if not isinstance(value, Mapping):
        raise wire.WireError(f"{name}: no object")
    return value


def parts(raw: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """A list of objects in an object; none if it is missing. Raises WireError."""
    value = raw.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise wire.WireError(f"{name}: no list of objects")
    return value
