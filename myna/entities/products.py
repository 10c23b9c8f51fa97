"""Products of the shop's catalogue and their categories, also mistyped or named in part."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz, process

from myna.entities.patterns import Patterns, plain_words
from myna.entities.text import Found, Text, read_text
from myna.shop.names import ProductName

_WORD = re.compile(r"[a-z]+|\d+(?:[.,]\d+)?")
_TAIL = re.compile(r"\b(?:with|for|dengan|untuk|cho|co)\b")
_AND = frozenset({"and", "dan", "va"})
_CLAUSE = re.compile(r"[,;.!?\n]")
_SHORT = 2  # letters of words that tell nothing
_LEAST_LETTERS = 4  # of a word that may be mistyped
_LEAST_LIKENESS = 82  # percent, between a mistyped word and the one that is meant
_LEAST_LETTERS_ALONE = 5  # of a name that is one word
_MOST_WORDS = 7
_NEIGHBOURS = 4  # words on either side that tell products of the same name apart
_MOST_SKUS = 12


@dataclass(frozen=True)
class _Word:
    start: int
    end: int
    word: str


class Products:
    """Finds products of a catalogue: by number (`rc180`), by name, by part of a name.

    What fits several products of one category is that category, with `skus` of those it fits.
    What fits several categories is nothing.
    """

    def __init__(self, products: Iterable[ProductName], patterns: Patterns) -> None:
        self._products = {product.sku: product for product in products}
        self._same = {
            plain_words(term.phrase)[0]: plain_words(term.value)[0]
            for term in patterns.of_kind("same_word")
        }
        self._details: dict[str, frozenset[str]] = {}
        self._phrases: dict[tuple[str, ...], frozenset[str]] = {}
        for product in self._products.values():
            words: set[str] = set()
            for language, name in product.names.items():
                words |= set(self._name_words(name))
                for phrase in self._phrases_of(name, language):
                    known = self._phrases.get(phrase, frozenset())
                    self._phrases[phrase] = known | {product.sku}
            self._details[product.sku] = frozenset(words)
        self._vocabulary = sorted({word for phrase in self._phrases for word in phrase})
        self._known = frozenset(self._vocabulary)
        self._correctable = [w for w in self._vocabulary if len(w) >= _LEAST_LETTERS]
        self._first = frozenset(phrase[0] for phrase in self._phrases)
        self._numbers = _numbers(self._products)
        self._by_number = {_bare(sku): sku for sku in self._products}
        self._corrected = lru_cache(maxsize=4096)(self._correct)

    def numbered(self, text: Text) -> Iterator[Found]:
        """Products by the shop's own number, with or without its separators."""
        if self._numbers is None:
            return
        for match in self._numbers.finditer(text.plain):
            yield Found(*match.span(), "product", self._by_number[_bare(match[0])])

    def named(self, text: Text) -> Iterator[Found]:
        """Products and categories by name: the longest name at each place."""
        if not self._phrases:
            return
        words = [_Word(*match.span(), self._form(match[0])) for match in _WORD.finditer(text.plain)]
        position = 0
        while position < len(words):
            end, skus = self._longest(text, words, position)
            if skus:
                yield from self._found(text, words, position, end, skus)
            position = max(end, position + 1)

    def _longest(self, text: Text, words: list[_Word], position: int) -> tuple[int, frozenset[str]]:
        if words[position].word not in self._first:
            return position, frozenset()
        most = 1
        while (
            most < min(_MOST_WORDS, len(words) - position)
            and not _CLAUSE.search(
                text.plain, words[position + most - 1].end, words[position + most].start
            )
        ):  # fmt: skip
            most += 1
        for end in range(position + most, position, -1):
            phrase = tuple(word.word for word in words[position:end])
            if skus := self._phrases.get(phrase):
                return end, skus
        return position, frozenset()

    def _found(
        self, text: Text, words: list[_Word], first: int, end: int, skus: frozenset[str]
    ) -> Iterator[Found]:
        if len(skus) > 1:
            near = _neighbours(text, words, first, end)
            named = {word.word for word in words[first:end]}
            told = {sku: self._told(sku, near, named) for sku in skus}
            most = max(map(len, told.values()))
            best = [sku for sku in skus if len(told[sku]) == most]
            if most and len(best) == 1:
                skus = frozenset(best)
                first, end = min(first, *told[best[0]]), max(end - 1, *told[best[0]]) + 1
                if end < len(words) and self._is_unit(words[end - 1 : end + 1], best[0]):
                    end += 1
        start, finish = words[first].start, words[end - 1].end
        if len(skus) == 1:
            yield Found(start, finish, "product", next(iter(skus)))
            return
        categories = {self._products[sku].category for sku in skus}
        if len(categories) == 1:
            more = {"skus": " ".join(sorted(skus)[:_MOST_SKUS])}
            yield Found(start, finish, "category", categories.pop(), more)

    def _is_unit(self, words: list[_Word], sku: str) -> bool:
        """Whether the second word is the first one's unit: `4L`, `4 lít`."""
        number, unit = words
        if not number.word[0].isdecimal() or unit.start - number.end > 1:
            return False
        listed = [word for word in self._details[sku] if len(word) == 1]
        return unit.start == number.end or unit.word.startswith(tuple(listed))

    def _told(self, sku: str, near: list[tuple[int, str]], named: set[str]) -> list[int]:
        """Where words of this product's names stand near, besides those it shares."""
        telling = self._details[sku] - named
        return [
            place
            for place, word in near
            if word in telling and (len(word) > _SHORT or word[0].isdecimal())
        ]

    def _phrases_of(self, name: str, language: str) -> Iterator[tuple[str, ...]]:
        """The whole name without measures, and its beginnings or, in English, its ends."""
        whole = self._name_words(_TAIL.split(read_text(name).plain)[0])
        core = tuple(_without_measures(whole))
        if len(core) > 1 or (core and len(core[0]) >= _LEAST_LETTERS_ALONE):
            yield core
        for cut in range(1, len(core) - 1):
            for part in (core[: len(core) - cut], core[cut:] if language == "en" else ()):
                if part and part[0] not in _AND and part[-1] not in _AND:
                    yield part

    def _name_words(self, name: str) -> list[str]:
        return [
            self._same.get(w, w).replace(",", ".") for w in _WORD.findall(read_text(name).plain)
        ]

    def _form(self, word: str) -> str:
        if word[0].isdecimal():
            return word.replace(",", ".")
        return self._corrected(word) if len(word) >= _LEAST_LETTERS else self._same.get(word, word)

    def _correct(self, word: str) -> str:
        """The catalogue's word that was meant, or the word as it is."""
        word = self._same.get(word, word)
        if word in self._known:
            return word
        if word.endswith("s") and word[:-1] in self._known:
            return word[:-1]
        found = process.extractOne(
            word, self._correctable, scorer=fuzz.ratio, score_cutoff=_LEAST_LIKENESS
        )
        return found[0] if found and found[0][0] == word[0] else word


def _neighbours(text: Text, words: list[_Word], first: int, end: int) -> list[tuple[int, str]]:
    """The next words on either side, as far as the clause goes, with their places."""
    near = []
    for place in range(end, min(len(words), end + _NEIGHBOURS)):
        if _CLAUSE.search(text.plain, words[place - 1].end, words[place].start):
            break
        near.append((place, words[place].word))
    for place in range(first - 1, max(-1, first - 1 - _NEIGHBOURS), -1):
        if _CLAUSE.search(text.plain, words[place].end, words[place + 1].start):
            break
        near.append((place, words[place].word))
    return near


def _without_measures(words: list[str]) -> Iterator[str]:
    """A name's words without `1.8 l`, `16 inch`, `600 w`, `30 m2`."""
    after_number = False
    for word in words:
        if word[0].isdecimal():
            after_number = True
        elif after_number and len(word) <= 4:
            after_number = False
        else:
            after_number = False
            yield word


def _numbers(products: Mapping[str, ProductName]) -> re.Pattern[str] | None:
    """Any of the products' numbers that has both letters and digits; words alone say too little."""
    forms = []
    for sku in products:
        parts = re.findall(r"[a-z]+|\d+", sku.lower())
        if any(part.isdecimal() for part in parts) and any(part.isalpha() for part in parts):
            forms.append(r"[\s\-_.]?".join(map(re.escape, parts)))
    if not forms:
        return None
    return re.compile(
        rf"(?<![a-z0-9])(?:{'|'.join(sorted(forms, key=len, reverse=True))})(?![a-z0-9])"
    )


def _bare(number: str) -> str:
    return re.sub(r"[^a-z0-9]", "", number.lower())
