"""What every adapter checks before it asks the shop, so that all of them behave alike."""

from __future__ import annotations

import re

from myna.shop.model import CONTACTS, Contact

MAX_MESSAGE = 2000
"""Characters in one message to a customer."""
MAX_REASON = 500
"""Characters in the reason of a cancellation, or the symptom of a repair."""
MAX_QUERY = 200
"""Characters of a text that is searched for."""
MAX_FOUND = 20
"""Products that one search gives."""

_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_KEY = re.compile(r"[!-~]{1,200}")


def possible_number(number: str) -> bool:
    """Whether an order could have this number.

    Numbers come from what customers type; they end up in addresses and queries, so anything but
    ASCII letters, digits and `.`, `_`, `-` cannot be an order.
    """
    return _NUMBER.fullmatch(number) is not None


def check_key(key: str) -> None:
    """Raises ValueError unless the idempotency key is 1-200 visible ASCII characters."""
    if not _KEY.fullmatch(key):
        raise ValueError("an idempotency key is 1-200 visible ASCII characters")


def check_text(text: str, most: int) -> None:
    """Raises ValueError unless the text has 1 to `most` characters and can be sent as UTF-8."""
    if not text.strip() or len(text) > most:
        raise ValueError(f"a text of 1-{most} characters is needed, not {len(text)}")
    text.encode()  # a lone surrogate raises UnicodeEncodeError, which is a ValueError


def check_contact(contact: Contact) -> None:
    """Raises ValueError unless it is a kind of contact."""
    if contact not in CONTACTS:
        raise ValueError("a contact is phone or email")


def check_query(text: str) -> None:
    """Raises ValueError unless the text can be searched for; an empty one can."""
    if len(text) > MAX_QUERY:
        raise ValueError(f"a text of at most {MAX_QUERY} characters is needed, not {len(text)}")
    text.encode()  # a lone surrogate raises UnicodeEncodeError, which is a ValueError


def check_limit(limit: int) -> None:
    """Raises ValueError unless it is a number of products that one search gives."""
    if not 1 <= limit <= MAX_FOUND:
        raise ValueError(f"a limit is 1-{MAX_FOUND}")
