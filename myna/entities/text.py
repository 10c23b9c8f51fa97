"""A message in the forms in which entities are looked for, with the way back to what was typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

MAX_CHARACTERS = 2000
"""What is read of a message, as in the rest of language understanding."""

TOKEN = re.compile(
    r"\d{1,3}(?:[.,]\d{3})+(?!\d)(?:[.,]\d{1,2}(?!\d))?"  # 1.250.000 or 1,250.00
    r"|\d+[.,]\d{1,2}(?![.,]?\d)|\d+|[a-z]+|[^\s]"
)
"""Numbers, words and marks of a plain text."""

_SURROGATES = re.compile("[\ud800-\udfff]")
# Letters of other scripts and marks that look like what is meant.
_LOOK_ALIKES = dict(
    zip(
        "АВСЕНКМОРТУХІЅЈаеорсухіѕјԁһвкмнтΑΒΕΗΙΚΜΝΟΡΤΥΧΖονια–—‐‑−‒―¯’‘ʼ",
        "abcehkmoptyxisjaeopcyxisjdhbkmhtabehikmnoptyxzovia--------'''",
        strict=True,
    )
)


@dataclass(frozen=True)
class Found:
    """Something found in a text: its span, kind, normal form, and what else is known of it."""

    start: int
    end: int
    entity: str
    value: str
    more: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a mark, a number, or a term of several words."""

    start: int
    end: int
    word: str
    """As spaCy sees it."""
    kinds: dict[str, str] = field(default_factory=dict)
    """Kind of term → value."""
    digits: str = ""
    """If it was typed as digits: these, without separators."""
    number: Decimal | None = None


def announces(tokens: Sequence[Token], start: int, kind: str) -> bool:
    """Whether one of the two words before a position is a term of a kind."""
    before = [token for token in tokens if token.end <= start and token.word not in ":-#.*"]
    return any(kind in token.kinds for token in before[-2:])


class _Base(dict[int, str]):
    """Character → small letter without marks, always one; filled as characters come up."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if character in _LOOK_ALIKES:
            base = _LOOK_ALIKES[character]
        elif character.isdecimal():
            base = str(unicodedata.decimal(character))
        elif character in "đĐ":
            base = "d"
        else:
            decomposed = unicodedata.normalize("NFD", character)
            base = decomposed[0].lower()[0]
        if len(self) < 5000:  # the alphabet that customers use; others may send all of Unicode
            self[code] = base
        return base


_BASE = _Base()


@dataclass(frozen=True)
class Text:
    """A message as it looks, letter for letter beside its plain form.

    Composed Unicode without compatibility forms (full-width letters are letters) and without what
    cannot be seen (zero-width characters). Positions in `shown` and `plain` are the same; `span`
    turns them into positions in what was typed.
    """

    shown: str
    plain: str
    """Small letters without marks; look-alikes of other scripts are Latin."""
    _starts: Sequence[int]
    _ends: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The positions, in what was typed, of a stretch that is not empty."""
        return self._starts[start], self._ends[end - 1]


def read_text(text: str, most: int = MAX_CHARACTERS) -> Text:
    """The first `MAX_CHARACTERS` of a message, to be searched.

    Args:
        text: as it was typed.
        most: characters of the result, for one of the text may stand for up to eighteen.
    """
    original = _SURROGATES.sub("\ufffd", text[:MAX_CHARACTERS])
    if original.isascii() or not _needs_work(original):
        places = range(len(original))
        return Text(original, original.translate(_BASE), places, range(1, len(text) + 1))
    shown: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end in _clusters(original):
        if len(shown) >= most:
            break
        for character in unicodedata.normalize("NFKC", original[start:end]):
            if unicodedata.category(character) not in ("Cf", "Mn"):
                shown.append(character)
                starts.append(start)
                ends.append(end)
    whole = "".join(shown)
    return Text(whole, whole.translate(_BASE), starts, ends)


def _needs_work(text: str) -> bool:
    if not unicodedata.is_normalized("NFKC", text):
        return True
    return any(unicodedata.category(c) in ("Cf", "Mn") for c in text if c > "\u02ff")


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """Characters together with the marks behind them."""
    start = 0
    for position in range(1, len(text) + 1):
        if position == len(text) or not unicodedata.combining(text[position]):
            yield start, position
            start = position
