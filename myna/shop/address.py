"""An address as a customer types it, in parts."""

from __future__ import annotations

import re

from myna.shop.model import Address

MAX_TEXT = 300
"""Characters of an address; a longer text is none."""
_PARTS = 3
"""A street, a part of town and a town: with less a parcel does not arrive."""

_BREAK = re.compile(r"\s*[,;\n]+\s*")
_POSTCODE = re.compile(r"(?<!\d)\d{5}(?!\d)")


def parse_address(text: str, country: str) -> Address | None:
    """The address that a text consists of; None if it is none that a carrier could use.

    Args:
        text: the parts from the small to the large, with commas or line breaks between them.
        country: ISO 3166 alpha-2; in Malaysia a postcode of five digits is needed.
    """
    text = " ".join(text.split(" ")).strip(" .,\n")
    if len(text) > MAX_TEXT or "?" in text:
        return None
    parts = [" ".join(part.split()) for part in _BREAK.split(text) if part.strip()]
    if len(parts) < _PARTS or not any(char.isdigit() for char in text):
        return None
    if any(not any(char.isalnum() for char in part) for part in parts):
        return None
    if country != "MY":
        return Address(parts[0], ", ".join(parts[1:-1]), parts[-1], "", country)
    return _malaysian(parts)


def _malaysian(parts: list[str]) -> Address | None:
    """The town is where the postcode stands; a state may follow it."""
    for index in range(len(parts) - 1, 0, -1):
        if not (match := _POSTCODE.search(parts[index])):
            continue
        town = (parts[index][: match.start()] + parts[index][match.end() :]).strip()
        cities = [part for part in (town, *parts[index + 1 :]) if part]
        before = parts[:index]
        if not town and not parts[index + 1 :]:  # the postcode comes last, by itself
            if len(before) < _PARTS:
                return None
            cities, before = [before[-1]], before[:-1]
        street, district = before[:-1] or before, before[-1:] if len(before) > 1 else []
        return Address(", ".join(street), ", ".join(district), ", ".join(cities), match[0], "MY")
    return None


def one_line(address: Address) -> str:
    """The address as it is read out to the customer."""
    town = f"{address.postcode} {address.city}".strip()
    return ", ".join(part for part in (address.street, address.district, town) if part)
