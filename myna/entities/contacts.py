"""Phone numbers and e-mail addresses in a message, typed or said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from myna.entities.patterns import Patterns, plain_words
from myna.entities.text import Found, Text
from myna.shop.contact import find_emails, find_phones

if TYPE_CHECKING:  # spaCy is too heavy for processes that only mask their logs
    from myna.entities.orders import Run
    from myna.entities.tokens import Token

# A number without a country code is read as the first country's in which it is valid.
_REGIONS = {"ms": ("MY", "VN")}
_DEFAULT_REGIONS = ("VN", "MY")
_LEAST_SAID = 9  # digits of a phone number that is said digit by digit
_LOOK_BACK = 2
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
    """Finds phone numbers that exist, in E.164."""

    def find(self, text: Text, tokens: list[Token], language: str | None) -> Iterator[Found]:
        """`language` decides to which country a number without a code belongs."""
        regions = _REGIONS.get(language or "", _DEFAULT_REGIONS)
        bare = len(tokens) <= 4 or any("phone/announced" in token.kinds for token in tokens)
        for start, end, phone in find_phones(text.shown, regions, bare=bare):
            if not _is_other(tokens, start):
                if text.plain[max(0, start - 1) : start] == "(" and ")" in text.plain[start:end]:
                    start -= 1
                yield Found(start, end, "phone", phone.e164)

    def said(self, tokens: list[Token], runs: list[Run], language: str | None) -> Iterator[Found]:
        """Numbers in words: `không chín không ba …`."""
        regions = _REGIONS.get(language or "", _DEFAULT_REGIONS)
        for run in runs:
            if len(run.digits) < _LEAST_SAID or all(
                token.digits for token in tokens[run.first : run.last + 1]
            ):
                continue
            for start, end, phone in find_phones(run.digits, regions, bare=False):
                if (start, end) == (0, len(run.digits)):
                    yield Found(tokens[run.first].start, tokens[run.last].end, "phone", phone.e164)


def _is_other(tokens: list[Token], start: int) -> bool:
    """Whether a word right before says that the digits are an account's or a parcel's."""
    before = [token for token in tokens if token.end <= start]
    words = [token for token in before if token.word not in (":", "-", "#", ".", "*")]
    return any("phone/other_number" in token.kinds for token in words[-_LOOK_BACK:])
