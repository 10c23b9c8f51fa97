"""Phone numbers and e-mail addresses: read from what people type, compared, and masked."""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from myna.shop.model import Address, Order

MAX_TEXT = 1000
"""Characters of a message that are searched; contacts stand at the beginning of a message."""

_EMAIL = re.compile(
    r"(?<![\w.%+-])([A-Za-z0-9_%+-]+(?:\.[A-Za-z0-9_%+-]+)*)\s?@\s?"
    r"((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24})(?![\w@-])"
)
_O_FOR_ZERO = re.compile(r"(?<=\d)[oO]+(?=[\d .-]|$)|(?<![^\W\d_])[oO]+(?=\d)")
"""Vietnamese customers write the letter o for a zero: `o9o3 123 456`."""
_RUN = re.compile(r"\+?[0-9](?:[ .\-‐–—()/]{0,3}[0-9])*")
_GROUP = re.compile(r"\d+")
_LEAST_DIGITS, _MOST_DIGITS = 9, 15
"""Of a phone number, with or without the country's code (E.164 allows fifteen)."""
_GLUED_BEFORE = re.compile(r"(?:^|[\W_])(?:s?[đd]t|tel|phone|hp|số|so|no)$", re.IGNORECASE)
"""Words to which a number is glued without being a code like `GHN0903123456`."""
_HOTLINES = ("1300", "1800", "1900")
_PERSONAL = (
    PhoneNumberType.MOBILE,
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE,
    PhoneNumberType.VOIP,
)
"""Kinds of numbers at which a customer can be reached; hotlines (1800, 1900) are none."""


@dataclass(frozen=True)
class Phone:
    """A phone number as one can call it."""

    e164: str
    """E.164 in the first region that has such a number."""
    others: tuple[str, ...] = ()
    """Readings in the other regions: `032 123 4567` is a Vietnamese mobile phone and a
    line in Kuala Lumpur."""


@dataclass(frozen=True)
class Email:
    """An e-mail address."""

    address: str
    """In lower case."""


def parse_contact(text: str, regions: Sequence[str] = ("VN", "MY")) -> Phone | Email | None:
    """The e-mail address in a text or else its first phone number.

    Args:
        text: what a customer wrote, with words around it or without.
        regions: ISO 3166 codes of the countries whose national forms are understood, best first;
            numbers with `+` are understood for every country.
    """
    text = unicodedata.normalize("NFKC", text[:MAX_TEXT])
    # address books paste numbers inside invisible marks of direction
    text = "".join(char for char in text if unicodedata.category(char) != "Cf")
    for _, _, email in find_emails(text):
        return email
    for _, _, phone in find_phones(text, regions):
        return phone
    return None


def find_emails(text: str) -> Iterator[tuple[int, int, Email]]:
    """The e-mail addresses in a text of composed characters, with their spans."""
    for match in _EMAIL.finditer(text):
        local, domain = match.groups()
        if len(local) <= 64 and len(domain) <= 253:
            yield *match.span(), Email(f"{local}@{domain}".lower())


def find_phones(
    text: str, regions: Sequence[str] = ("VN", "MY"), *, bare: bool = True
) -> Iterator[tuple[int, int, Phone]]:
    """The phone numbers in a text of composed characters, with their spans, in no order.

    Args:
        text: without characters that cannot be seen.
        regions: as for `parse_contact`.
        bare: whether a national number without its 0 (`903123456`) is one.
    """
    text = _O_FOR_ZERO.sub(lambda match: "0" * len(match.group()), text)
    for run in _RUN.finditer(text):
        if run.end() - run.start() < _LEAST_DIGITS:
            continue
        taken: list[tuple[int, int]] = []
        for start, end, candidate in _candidates(text, *_without_codes(text, run), bare=bare):
            if any(start < other and end > first for first, other in taken):
                continue
            if phone := _phone(candidate, regions):
                taken.append((start, end))
                yield start, end, phone


def contact_matches(order: Order, contact: Phone | Email) -> bool:
    """Whether the contact is the one on record, in time that tells nothing about it."""
    if isinstance(contact, Email):
        on_record, readings = (order.email or "").lower(), [contact.address]
    else:
        on_record, readings = order.phone or "", [contact.e164, *contact.others]
    # a list, not a generator: every reading is compared, whichever matches
    same = [hmac.compare_digest(on_record.encode(), reading.encode()) for reading in readings]
    return any(same)


def mask_phone(phone: str) -> str:
    """`+84903123456` as `•••• 456`; of numbers under nine digits nothing is shown."""
    digits = re.sub(r"\D", "", phone)
    return f"•••• {digits[-3:]}" if len(digits) >= 9 else "••••"


def mask_email(email: str) -> str:
    """`lan.nguyen@example.com` as `l•••@example.com`."""
    local, at, domain = email.rpartition("@")
    return f"{local[0] if len(local) > 1 else ''}•••{at}{domain}" if at else "•••"


def mask_address(address: Address) -> str:
    """The city alone: `•••, Đà Nẵng`."""
    return f"•••, {address.city}"


def _without_codes(text: str, run: re.Match[str]) -> tuple[int, int]:
    """The span of a run without digits that are part of a word, such as `DH20413` or `EH1MY`."""
    start, end = run.span()
    before = text[max(0, start - 12) : start]
    if before[-1:].isalpha() and not _GLUED_BEFORE.search(before):
        start += len(re.match(r"\+?[0-9]+", run[0])[0])  # type: ignore[index]
    if text[end : end + 1].isupper():
        end -= len(re.search(r"[0-9]+$", run[0])[0])  # type: ignore[index]
    return start, max(start, end)


def _candidates(text: str, start: int, end: int, *, bare: bool) -> Iterator[tuple[int, int, str]]:
    """Stretches of a run of digits, longest first: an order number may stand before the phone."""
    groups = [match.span() for match in _GROUP.finditer(text, start, end)]
    stretches: list[tuple[int, int, str]] = []
    for first in range(len(groups)):
        digits = ""
        for last in range(first, len(groups)):
            digits += text[slice(*groups[last])]
            if len(digits) > _MOST_DIGITS:
                break
            if len(digits) >= _LEAST_DIGITS:
                stretches.append((first, last, digits))
    for first, last, digits in sorted(stretches, key=lambda found: found[0] - found[1]):
        begin, finish = groups[first][0], groups[last][1]
        if text[max(start, begin - 1) : begin] == "+":
            yield begin - 1, finish, f"+{digits}"
        elif digits.startswith("00"):
            yield begin, finish, f"+{digits[2:]}"
        # a national number without its 0 is believed only if nothing else stands beside it
        elif digits.startswith(("0", "84", "60")) or (
            bare and last - first + 1 == len(groups) and not digits.startswith(_HOTLINES)
        ):
            yield begin, finish, digits


def _phone(candidate: str, regions: Sequence[str]) -> Phone | None:
    readings: list[str] = []
    for region in regions:
        try:
            number = phonenumbers.parse(candidate, region)
        except phonenumbers.NumberParseException:
            continue
        e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        if (
            phonenumbers.is_valid_number(number)
            and phonenumbers.number_type(number) in _PERSONAL
            and e164 not in readings
        ):
            readings.append(e164)
    return Phone(readings[0], tuple(readings[1:])) if readings else None
