"""Puts the diacritics back that a Vietnamese customer left out, for the sentence encoder.

The encoder has learned from proper texts: "hoan tien" means little to it, "hoàn tiền" does. Which
word is meant is learned from the examples: how often each spelling occurs, and after which word.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import lru_cache
from math import log
from typing import Any

from myna.nlu.text import strip_diacritics

_START = ""
_MOST_SPELLINGS = 8  # of a word; more are rare and would only cost time
_UNSEEN = 0.5
"""So often, shared among its spellings, is a word expected behind one that it never followed."""
_LEAST_SHARE_MARKED = 0.3
"""From this share of words with diacritics on, a text was typed with them; about a third of the
words of proper Vietnamese have none."""

_bare = lru_cache(maxsize=50_000)(strip_diacritics)
"""Of a word: the same come again and again."""


class DiacriticRestorer:
    """A bigram model over the words of texts that have diacritics."""

    def __init__(self) -> None:
        self._spellings: dict[str, dict[str, int]] = {}
        self._pairs: dict[str, dict[str, int]] = {}
        self._likely: dict[str, dict[str, float]] = {}
        self._after: dict[str, dict[str, float]] = {}
        self._weights: dict[str, float] = {}

    def fit(self, texts: Iterable[str]) -> DiacriticRestorer:
        """Learns from the texts that were typed with diacritics; returns itself."""
        spellings: dict[str, Counter[str]] = defaultdict(Counter)
        pairs: dict[str, Counter[str]] = defaultdict(Counter)
        for text in texts:
            if not is_marked(text):
                continue
            before = _START
            for word in text.split():
                spellings[_bare(word)][word] += 1
                pairs[before][word] += 1
                before = word
        spelt = {
            plain: dict(counts.most_common(_MOST_SPELLINGS))
            for plain, counts in sorted(spellings.items())
        }
        self._take(spelt, {before: dict(counts) for before, counts in sorted(pairs.items())})
        return self

    @property
    def knows_words(self) -> bool:
        """Whether there was anything to learn."""
        return bool(self._spellings)

    def restore(self, text: str) -> str:
        """The text with the likeliest diacritics, or as it is if it was typed with them."""
        if is_marked(text):
            return text
        paths: dict[str, tuple[float, tuple[str, ...]]] = {_START: (0.0, ())}
        for word in text.split():
            ends = [
                (score - self._weights.get(before, log(_UNSEEN)), path, self._after.get(before, {}))
                for before, (score, path) in paths.items()
            ]
            paths = {}
            for spelling, likely in self._likely.get(word, {word: log(_UNSEEN)}).items():
                score, path = max(
                    (score + after.get(spelling, likely), path) for score, path, after in ends
                )
                paths[spelling] = score, (*path, spelling)
        return " ".join(max(paths.values())[1])

    def _take(self, spellings: dict[str, dict[str, int]], pairs: dict[str, dict[str, int]]) -> None:
        """Logarithms of how often each spelling is expected, and found, behind each word."""
        self._spellings, self._pairs = spellings, pairs
        expected = {
            spelling: _UNSEEN * count / sum(counts.values())
            for counts in spellings.values()
            for spelling, count in counts.items()
        }
        self._likely = {
            word: {spelling: log(expected[spelling]) for spelling in counts}
            for word, counts in spellings.items()
        }
        self._after = {
            before: {word: log(n + expected[word]) for word, n in after.items() if word in expected}
            for before, after in pairs.items()
        }
        self._weights = {
            before: log(sum(after.values()) + _UNSEEN) for before, after in pairs.items()
        }

    def to_json(self) -> dict[str, Any]:
        """What was learned, as plain values."""
        return {"spellings": self._spellings, "pairs": self._pairs}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> DiacriticRestorer:
        """What `to_json` gave."""
        restorer = cls()
        restorer._take(data["spellings"], data["pairs"])
        return restorer


def is_marked(text: str) -> bool:
    """Whether a text was typed with diacritics."""
    if text.isascii():
        return False
    found = text.split()
    marked = sum(_bare(word) != word for word in found)
    return marked > 0 and marked >= _LEAST_SHARE_MARKED * len(found)
