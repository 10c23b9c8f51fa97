"""All entities of a message, the most specific where several claim the same words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from myna.entities import contacts
from myna.entities.contacts import Phones, SaidEmails
from myna.entities.dates import Dates
from myna.entities.money import Money
from myna.entities.orders import Codes, OrderNumbers, find_runs
from myna.entities.patterns import Patterns, read_patterns
from myna.entities.places import Cities, store_terms
from myna.entities.products import Products
from myna.entities.text import Found, Text, Token, read_text
from myna.entities.tokens import Lexicon
from myna.facts import Facts
from myna.shop.names import Listed, ProductNames

_URL = re.compile(r"(?:https?://|www\.)\S+")
_LINK = "link"


class EntityFinder:
    """Finds what has a fixed form in a message; usable without Rasa.

    Args:
        facts: of the shop: the format of its order numbers, its stores, marketplaces and markets.
        products: whose names are looked for; asked at each message, so it must answer at once.
        patterns: instead of those in `data/patterns/`.

    Raises:
        PatternError: a file of `data/patterns/` cannot be used.
    """

    def __init__(
        self,
        facts: Facts,
        products: ProductNames | None = None,
        patterns: Patterns | None = None,
    ) -> None:
        self._facts = facts
        self._source = products or Listed()
        self._patterns = patterns if patterns is not None else read_patterns()
        self._lexicon = Lexicon(self._patterns, store_terms(facts))
        self._orders = OrderNumbers(facts, self._lexicon, self._patterns)
        self._codes = Codes(self._lexicon, self._patterns)
        self._phones = Phones(facts)
        self._said_emails = SaidEmails(self._patterns)
        self._money = Money(facts, self._lexicon, self._patterns)
        self._dates = Dates(self._lexicon, self._patterns)
        self._cities = Cities(self._patterns)
        self._listed: object = None
        self._products = Products((), self._patterns)

    def find(
        self, message: str, language: str | None = None, now: datetime | None = None
    ) -> list[Found]:
        """The entities of a message, in order and without overlaps; positions are those in it.

        Args:
            message: as the customer wrote it; what is longer than `MAX_CHARACTERS` is not read.
            language: of the conversation, if known. It decides to which country a phone number
                belongs, which prefix bare digits of an order have, whose clocks and money count.
            now: when the message was written, aware; by default the present.
        """
        return self.read(message, language, now)[1]

    def read(
        self, message: str, language: str | None = None, now: datetime | None = None
    ) -> tuple[list[tuple[int, int]], list[Found]]:
        """The spans of the words of a message, and its entities as `find` gives them."""
        text = read_text(message)
        doc, tokens = self._lexicon.read(text)
        market = self._facts.market_of(language or self._facts.default_language)
        today = (now or datetime.now(UTC)).astimezone(ZoneInfo(market.time_zone)).date()
        runs = find_runs(text, tokens)
        taken = bytearray(len(text.plain))
        found: list[Found] = []
        products = self._catalogue()

        # From the most to the least specific; within one line the longest counts.
        for candidates in (
            contacts.emails(text),
            self._said_emails.find(text),
            (Found(*match.span(), _LINK, "") for match in _URL.finditer(text.plain)),
            self._orders.written(text),
            self._orders.marketplaces(text, tokens),
            self._phones.find(text, tokens, language),
            self._orders.said(text, tokens, runs),
            self._phones.said(tokens, runs, language),
            products.numbered(text),
            self._dates.numeric(text, tokens, today),
            self._money.find(text, doc, tokens, language),
            self._orders.announced(text, doc, tokens, runs, language),
            self._codes.find(text, doc, tokens, runs),
            self._dates.worded(text, doc, tokens, today),
            products.named(text),
            self._cities.find(text, tokens),
            _categories(tokens),
        ):
            for item in sorted(candidates, key=lambda item: (item.start - item.end, item.start)):
                if not any(taken[item.start : item.end]):
                    taken[item.start : item.end] = b"\1" * (item.end - item.start)
                    found.append(item)
        spans = [text.span(token.start, token.end) for token in tokens]
        entities = [_in_original(text, item) for item in found if item.entity != _LINK]
        return spans, sorted(entities, key=lambda item: item.start)

    def _catalogue(self) -> Products:
        names = self._source.names()
        if names is not self._listed:
            self._products = Products(names, self._patterns)
            self._listed = names
        return self._products


def _categories(tokens: list[Token]) -> Iterator[Found]:
    for token in tokens:
        if "category" in token.kinds:
            yield Found(token.start, token.end, "category", token.kinds["category"])


def _in_original(text: Text, item: Found) -> Found:
    start, end = text.span(item.start, item.end)
    return replace(item, start=start, end=end)
