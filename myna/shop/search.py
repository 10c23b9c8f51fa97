"""Products by what customers type: without diacritics, mistyped, a part of the name or a SKU.

Words count by how much they tell apart: of *giá nồi chiên bao nhiêu*, *chiên* stands in two names,
*nồi* in six and the rest in none, so that it decides and the rest is let pass.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log

from rapidfuzz import fuzz

from myna.shop.model import Product

LEAST = 0.55
"""Share of the words' weight that a product has to meet."""
TELLING = 0.3
"""A word that stands in more than this share of the products finds nothing by itself."""
KNOWN = 0.34
"""Share of the letters that has to stand in some product: *khi nào giao* is not *không khí*."""
_ALIKE, _ALIKE_SHORT, _SHORT = 80, 85, 6
"""Likeness (0-100) from which two words are taken for the same one, mistyped; in words of fewer
than so many letters each of them tells more: *nhiều* is not *nhiệt*."""
_ASKING = frozenset(
    (
        *("minh", "toi", "em", "anh", "chi", "shop", "oi", "a", "hoi", "muon", "can", "mua", "xem"),
        *("gia", "saya", "nak", "tanya", "cari", "beli", "berapa", "harga"),
        *("i", "want", "need", "to", "buy", "how", "much", "is", "the", "do", "you", "have"),
    )
)
"""Words with which people ask, some of which are parts of names too (*hỏi*, *hơi nước*)."""


@dataclass(frozen=True)
class _Entry:
    product: Product
    variants: tuple[tuple[str, frozenset[str]], ...]
    """Language, or empty for SKU and category, and the words."""
    names: tuple[str, ...]
    """Folded, to compare as a whole."""


def fold(text: str) -> str:
    """Lower case without diacritics; words and numbers apart, `4L` like `4 l`."""
    text = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    plain = "".join(char for char in text if not unicodedata.combining(char))
    return " ".join(re.findall(r"[a-z]+|\d+(?:[.,]\d+)?", plain)).replace(",", ".")


def search(
    products: Iterable[Product], text: str, language: str, limit: int
) -> tuple[Product, ...]:
    """The products most like the text, best first; the customer's language decides on a tie."""
    entries = [_entry(product) for product in products]
    typed = fold(text)
    for own in ("sku", "category"):
        exact = [entry.product for entry in entries if fold(getattr(entry.product, own)) == typed]
        if exact:
            return tuple(exact[:limit])
    words = _weights([word for word in typed.split() if word not in _ASKING], entries)
    if not words:
        return ()
    scored = [(_likeness(entry, words, typed, language), entry.product) for entry in entries]
    found = [(score, product) for score, product in scored if score >= LEAST]
    # of those that are about alike, what can be bought comes first
    found.sort(key=lambda pair: (-round(pair[0], 1), pair[1].stock == 0, -pair[0], pair[1].sku))
    return tuple(product for _, product in found[:limit])


def _entry(product: Product) -> _Entry:
    names = {language: fold(name) for language, name in product.names.items()}
    variants = [(language, frozenset(name.split())) for language, name in names.items()]
    variants += [("", frozenset(fold(part).split())) for part in (product.sku, product.category)]
    return _Entry(product, tuple(variants), tuple(names.values()))


def _weights(typed: Sequence[str], entries: Sequence[_Entry]) -> dict[str, float]:
    """The words that stand in some product, mistyped or not, and how much they tell.

    Empty if none of them tells anything, or most of what was typed stands in no product.
    """
    counts = Counter(
        word
        for entry in entries
        for word in frozenset[str]().union(*(words for _, words in entry.variants))
    )
    weights: dict[str, float] = {}
    tells = False
    for word in typed:
        alike = [own for own in counts if _same(word, own)]
        if not alike:
            continue
        most = max(counts[own] for own in alike)
        weights[word] = log(1 + len(entries) / most)
        tells |= not word[0].isdigit() and most <= max(1, TELLING * len(entries))
    known, all_letters = sum(map(len, weights)), sum(map(len, typed))
    return weights if tells and known >= KNOWN * all_letters else {}


def _likeness(entry: _Entry, words: dict[str, float], typed: str, language: str) -> float:
    """The share of the weight that the best of its names meets, and a little for the whole."""
    everything = sum(words.values())
    best = 0.0
    for own_language, own in entry.variants:
        met = sum(
            weight * max((_alike(word, other) for other in own), default=0)
            for word, weight in words.items()
        )
        best = max(best, met / everything + 0.001 * (own_language == language))
    whole = max((fuzz.token_sort_ratio(typed, name) for name in entry.names), default=0)
    return best + 0.05 * whole / 100 if best >= LEAST else 0


def _same(word: str, other: str) -> bool:
    return _alike(word, other) > 0


def _alike(word: str, other: str) -> float:
    """From 0 to 1."""
    if word == other:
        return 1
    if word[0].isdigit():
        return 0
    ratio = fuzz.ratio(word, other)
    least = _ALIKE_SHORT if min(len(word), len(other)) < _SHORT else _ALIKE
    return ratio / 100 if ratio >= least else 0
