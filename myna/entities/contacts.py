"""Phone numbers and e-mail addresses in a message, typed or said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from myna.entities.patterns import Patterns, plain_words
from myna.entities.text import Found, Text, Token, announces
from myna.facts import Facts
from myna.shop.contact import find_emails, find_phones

if TYPE_CHECKING:  # spaCy is too heavy for processes that only mask their logs
    from myna.entities.orders import Run

_MARKS = frozenset("+-.,()/:#")
_LEAST_SAID = 9  # digits of a phone number that is said digit by digit
_DOMAIN_ENDS = "com|net|org|edu|gov|vn|my|sg|io|co|info|biz|me"


def emails(text: Text) -> Iterator[Found]:
    """Addresses as they are written."""
    for start, end, email in find_emails(text.shown):
        yield Found(start, end, "email", email.address)


class SaidEmails:
    """Addresses in words: `aisyah at example dot com`, `lan (at) shop (dot) vn`."""

    def __init__(self, patterns: Patterns) -> None:
        def words(kind: str) -> str:
            phrases = [" ".join(plain_words(term.phrase)) for term in patterns.of_kind(kind)]
            return "|".join(map(re.escape, sorted(phrases, key=len, reverse=True))) or "(?!)"

        at, dot, announced = words("at"), words("dot"), words("email/announced")
        between = rf"(?:\s?[\[(<]\s?(?:{dot})\s?[\])>]\s?|\s(?:{dot})\s|\.)"
        spoken_dot = rf"(?:\s?[\[(<]\s?(?:{dot})\s?[\])>]\s?|\s(?:{dot})\s)"
        self._pattern = re.compile(
            rf"(?<![\w.%+-])(?P<local>[a-z0-9_%+-]{{1,30}}(?:(?:\.|{spoken_dot})[a-z0-9_%+-]{{1,30}}){{0,3}})"
            rf"(?:\s?(?P<bracket>[\[(<])\s?(?:{at}|@)\s?[\])>]\s?|\s(?:{at})\s|\s?@\s?)"
            rf"(?P<domain>[a-z0-9-]{{2,40}}(?:{between}[a-z0-9-]{{2,30}}){{0,3}}{spoken_dot}(?:{_DOMAIN_ENDS}))(?!\w)"
        )
        self._quick = re.compile(rf"(?<![a-z])(?:{at})(?![a-z])|@")
        self._announced = re.compile(rf"(?<![a-z])(?:{announced})(?![a-z])")
        self._dot = re.compile(rf"\s?[\[(<]\s?(?:{dot})\s?[\])>]\s?|\s(?:{dot})(?=\s)\s")

    def find(self, text: Text) -> Iterator[Found]:
        """The addresses. A bare "at" is believed only if the message speaks of e-mail, or where
        the name before it is no plain word."""
        if not self._quick.search(text.plain):
            return
        for match in self._pattern.finditer(text.plain):
            local = self._dot.sub(".", match["local"])
            spoken_name = local.isalpha() and "." not in match["local"]
            if spoken_name and not match["bracket"] and not self._announced.search(text.plain):
                continue
            domain = self._dot.sub(".", match["domain"])
            yield Found(*match.span(), "email", f"{local}@{domain}".replace(" ", ""))


class Phones:
    """Finds phone numbers that exist, in E.164.

    A number without a country's code is read as that of the language's market, or else as that of
    the next market in which it exists. A language that shares its market with one before it in
    `shop.yml` (English) is spoken by customers of all: then the markets count in the file's order.
    """

    def __init__(self, facts: Facts) -> None:
        self._all = list(facts.markets)
        self._regions_of: dict[str, list[str]] = {}
        spoken: set[str] = set()
        for language, its in facts.languages.items():
            if its.market not in spoken:
                others = [market for market in self._all if market != its.market]
                self._regions_of[language] = [its.market, *others]
            spoken.add(its.market)

    def _regions(self, language: str | None) -> list[str]:
        return self._regions_of.get(language or "", self._all)

    def find(self, text: Text, tokens: list[Token], language: str | None) -> Iterator[Found]:
        """Numbers in digits."""
        regions = self._regions(language)
        words = sum(not token.digits and token.word not in _MARKS for token in tokens)
        bare = words <= 1 or any("phone/announced" in token.kinds for token in tokens)
        for start, end, phone in find_phones(text.shown, regions, bare=bare):
            if not announces(tokens, start, "phone/other_number"):
                if text.plain[max(0, start - 1) : start] == "(" and ")" in text.plain[start:end]:
                    start -= 1
                yield Found(start, end, "phone", phone.e164)

    def said(self, tokens: list[Token], runs: list[Run], language: str | None) -> Iterator[Found]:
        """Numbers in words: `không chín không ba …`."""
        regions = self._regions(language)
        for run in runs:
            if len(run.digits) < _LEAST_SAID or all(
                token.digits for token in tokens[run.first : run.last + 1]
            ):
                continue
            for start, end, phone in find_phones(run.digits, regions, bare=False):
                if (start, end) == (0, len(run.digits)):
                    yield Found(tokens[run.first].start, tokens[run.last].end, "phone", phone.e164)
