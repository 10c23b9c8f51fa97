"""Finds what a customer says among phrases that trainers have written. No machine learning."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping

from rapidfuzz import fuzz

LEAST = 0.75
"""Share of a phrase, by the weight of its words, that has to be met."""

_MAX_CHARACTERS = 600
_ALIKE = 81  # percent, from which on a longer word is taken for a mistyped other one
_EXACT = 3  # words up to so many letters have to be typed right
_SLACK = 2  # other words that may stand among those of a phrase


def words(text: str) -> list[str]:
    """The words of a text in lower case."""
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFC", text[:_MAX_CHARACTERS].lower()))


def fold(text: str) -> str:
    """A text without diacritics."""
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(char for char in plain if not unicodedata.combining(char))


def says(text: str, phrases: Iterable[str], exceptions: Iterable[str] = ()) -> bool:
    """Whether one of the phrases stands in a text, word for word.

    Where the text has diacritics they count, because "cháy" burns and "chạy" runs; typed without
    any it may mean either.
    """
    plain = f" {' '.join(words(text))} "
    marked = fold(plain) != plain

    def written(phrase: str) -> str:
        found = " ".join(words(phrase))
        return f" {found if marked else fold(found)} "

    for exception in exceptions:
        plain = plain.replace(written(exception), " ")
    return any(written(phrase) in plain for phrase in phrases)


class Phrases:
    """Names, and for each the phrases by which customers mean it.

    Words that occur for many of the names weigh little, so that "không" does not decide between
    "không nóng" and "không quay". Diacritics do not count, slips of typing hardly.
    """

    def __init__(self, phrases: Mapping[str, Iterable[str]]) -> None:
        self._phrases = [
            (name, tuple(words(fold(phrase)))) for name, said in phrases.items() for phrase in said
        ]
        names_with: dict[str, set[str]] = {}
        for name, phrase in self._phrases:
            for word in phrase:
                names_with.setdefault(word, set()).add(name)
        self._weights = {
            word: math.log(1 + len(phrases) / len(names)) for word, names in names_with.items()
        }

    def ranked(self, text: str) -> list[str]:
        """The names that fit, best first; of equals the one that was written first."""
        typed = words(fold(text))
        places = {word: _places(word, typed) for word in self._weights}
        best: dict[str, float] = {}
        for name, phrase in self._phrases:
            score = self._score(phrase, places)
            if score > best.get(name, 0.0):
                best[name] = score
        return sorted(best, key=lambda name: -best[name])

    def best(self, text: str) -> str | None:
        """The name that fits best."""
        return next(iter(self.ranked(text)), None)

    def _score(self, phrase: tuple[str, ...], places: dict[str, list[int]]) -> float:
        """Weight of what is met of a phrase within a few words; 0 if too little is met."""
        whole = sum(self._weights[word] for word in phrase)
        reach = len(phrase) + _SLACK
        starts = {place for word in phrase for place in places[word]}
        met = max(
            (
                sum(
                    self._weights[word]
                    for word in phrase
                    if any(start <= place < start + reach for place in places[word])
                )
                for start in starts
            ),
            default=0.0,
        )
        return met * met / whole if whole and met >= LEAST * whole else 0.0


def _places(word: str, typed: list[str]) -> list[int]:
    """Where in a text a word stands, mistyped or not."""
    if len(word) <= _EXACT:
        return [place for place, other in enumerate(typed) if other == word]
    return [
        place
        for place, other in enumerate(typed)
        if len(other) > _EXACT and fuzz.ratio(word, other) >= _ALIKE
    ]
