"""Cities: those of the shop's stores, and others that `data/patterns/city.yml` lists."""

from __future__ import annotations

from collections.abc import Iterator

from myna.entities.patterns import Patterns, Term
from myna.entities.text import Found, Text, Token, read_text
from myna.facts import Facts


def store_terms(facts: Facts) -> list[Term]:
    """The names of the stores' cities in all languages; the English one is what is found."""
    return [
        Term("city", store.city["en"], " ".join(read_text(name).shown.lower().split()), 0)
        for store in facts.stores
        for name in store.city.values()
    ]


class Cities:
    """Finds cities."""

    def __init__(self, patterns: Patterns) -> None:
        # short names that mean something else in small letters, as "hn" (today) does
        self._short = patterns.short_names("city")

    def find(self, text: Text, tokens: list[Token]) -> Iterator[Found]:
        """The cities; `HN` in small letters only behind a word of place."""
        for position, token in enumerate(tokens):
            if "city" not in token.kinds:
                continue
            typed = text.shown[token.start : token.end]
            if token.word in self._short and not typed.isupper():
                before = tokens[position - 1] if position else None
                if before is None or "place" not in before.kinds:
                    continue
            yield Found(token.start, token.end, "city", token.kinds["city"])
