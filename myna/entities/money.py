"""Amounts of money: `250k`, `1tr2`, `1.250.000đ`, `RM49.90`, `dua ratus ringgit`."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from spacy.tokens import Doc

from myna.entities.patterns import Patterns
from myna.entities.text import Found, Text, Token
from myna.entities.tokens import Lexicon
from myna.facts import Facts

_LEAST_DONG = 500  # nothing costs less; "2 đ" is something else
_MOST_ORDERS = 100  # "500k" of an English customer are no ringgit: nobody spends so much
_DONG_WORDS = frozenset({"nghin", "ngan", "ngin", "trieu", "tr", "cu", "ty", "ti"})
_NO_PRICES = frozenset({"2k", "4k", "8k"})  # what cameras and screens have
_NO_MONEY_BEHIND = ("mah", "km", "follow", "sub", "view", "like", "rpm", "btu")


class Money:
    """Finds amounts; values are such as `250000 VND`, in units of the currency."""

    def __init__(self, facts: Facts, lexicon: Lexicon, patterns: Patterns) -> None:
        self._facts = facts
        self._matcher = lexicon.matcher("money", patterns.patterns.get("money", []))

    def find(
        self, text: Text, doc: Doc, tokens: list[Token], language: str | None
    ) -> Iterator[Found]:
        """The amounts. One that names no currency is in that of the language's market."""
        taken = 0
        # from left to right, so that in "RM49.90 RM50" each has its own RM
        matches = self._matcher.find(text, doc, tokens)
        for meaning, stretch in sorted(matches, key=lambda m: (m[1][0].start, -m[1][-1].end)):
            if stretch[0].start < taken:
                continue
            number = next(t for t in stretch if t.number is not None and "currency" not in t.kinds)
            named = next((t.kinds["currency"] for t in stretch if "currency" in t.kinds), None)
            start, end = stretch[0].start, stretch[-1].end
            if meaning == "amount":
                named = self._meant(text, start, end, number.number or Decimal(0), language)
            if named is None:
                continue
            currency, _, hundredth = named.partition("/")
            amount = (number.number or Decimal(0)) / (100 if hundredth else 1)
            if currency == "VND" and amount < _LEAST_DONG:
                continue
            if amount == 0 or (meaning == "currency and number" and not number.digits):
                continue  # "đô không", "đô một"
            taken = end
            digits = 2 if amount % 1 else 0
            yield Found(start, end, "money", f"{amount:.{digits}f} {currency}")

    def _meant(
        self, text: Text, start: int, end: int, amount: Decimal, language: str | None
    ) -> str | None:
        """The currency of an amount that names none; None if it is no money."""
        plain = text.plain[start:end]
        behind = text.plain[end : end + 8].lstrip()
        if plain in _NO_PRICES or behind.startswith(_NO_MONEY_BEHIND):
            return None
        letters = "".join(c if c.isalpha() else " " for c in plain).split()
        if _DONG_WORDS & set(letters):
            return "VND"
        own = self._facts.market_of(language or self._facts.default_language)
        markets = [own, *self._facts.markets.values()]
        fitting = (m for m in markets if amount <= _MOST_ORDERS * m.cash_on_delivery_limit)
        return next(fitting, own).currency
