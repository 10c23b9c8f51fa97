"""Logs without personal data: phone numbers, e-mail addresses and one-time codes are masked.

What is masked is what `myna/entities` finds in messages; words of a message stay, so that a log
still says what happened.
"""

from __future__ import annotations

import logging
import re
from functools import cache, lru_cache

from myna.entities import contacts
from myna.entities.contacts import SaidEmails
from myna.entities.patterns import PatternError, Patterns, read_patterns
from myna.entities.text import MAX_CHARACTERS, Text, read_text
from myna.shop.contact import find_phones, mask_email, mask_phone

_MAYBE = re.compile(r"[\d@]|[\[( ]at[\]) ]|\bcòng\b")
_WORD_END = re.compile(r"[^\W\d][\s;,]")
_LONG_NUMBER = re.compile(r"(?<![\w.])\d{6}(?![\w.])")
_MOST = 50_000  # characters of one record that are searched; what follows is cut off
_CUT = " […]"


def mask(text: str) -> str:
    """The text with phone numbers, e-mail addresses and codes of six digits masked."""
    if not _MAYBE.search(text):
        return text
    if len(text) > _MOST:
        text = text[:_MOST] + _CUT
    # in pieces that are read whole, cut where no number or address stands
    return "".join(_mask(piece) for piece in _pieces(text))


def _mask(piece: str) -> str:
    if not _MAYBE.search(piece):
        return piece
    text = read_text(piece, _MOST)
    found = [(start, end, mask_email(email)) for start, end, email in _emails(text)]
    found += [
        (*text.span(start, end), mask_phone(phone.e164))
        for start, end, phone in find_phones(text.shown)
    ]
    found += [(*match.span(), "••••••") for match in _LONG_NUMBER.finditer(piece)]
    masked, position = [], 0
    for start, end, instead in sorted(found):
        if start >= position:
            masked += [piece[position:start], instead]
            position = end
    return "".join([*masked, piece[position:]])


def _emails(text: Text) -> list[tuple[int, int, str]]:
    found = [*contacts.emails(text), *_said().find(text)]
    return [(*text.span(item.start, item.end), item.value) for item in found]


def _pieces(text: str) -> list[str]:
    pieces = []
    while len(text) > MAX_CHARACTERS:
        ends = [match.end() for match in _WORD_END.finditer(text, 0, MAX_CHARACTERS)]
        cut = ends[-1] if ends else MAX_CHARACTERS
        pieces.append(text[:cut])
        text = text[cut:]
    return [*pieces, text]


@cache
def _said() -> SaidEmails:
    try:
        return SaidEmails(read_patterns())
    except PatternError:
        return SaidEmails(Patterns())  # a log must not fail for that; it is reported elsewhere


class _MaskedRecord(logging.LogRecord):
    """A record whose message and traceback are masked, whoever writes it out."""

    def getMessage(self) -> str:
        """The message, masked."""
        return _cached_mask(super().getMessage())

    @property
    def exc_text(self) -> str | None:
        """The traceback, masked: errors of databases quote what they were to store."""
        return self._traceback

    @exc_text.setter
    def exc_text(self, text: str | None) -> None:
        self._traceback = mask(text) if text else text


_cached_mask = lru_cache(maxsize=8)(mask)  # several handlers write the same record


def mask_logs() -> None:
    """From now on all records of this process are masked, those of libraries included."""
    logging.setLogRecordFactory(_MaskedRecord)
