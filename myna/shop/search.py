"""Products by what customers type: without diacritics, mistyped, a part of the name or a SKU."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from rapidfuzz import fuzz

from myna.shop.model import Product

LEAST = 72
"""Likeness (0-100) from which a product is found."""


def fold(text: str) -> str:
    """Lower case without diacritics, words with one space between."""
    text = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    plain = "".join(char for char in text if not unicodedata.combining(char))
    return " ".join(re.findall(r"[a-z0-9,.]+", plain))


def search(
    products: Iterable[Product], text: str, language: str, limit: int
) -> tuple[Product, ...]:
    """The products most like the text, best first; the customer's language decides on a tie."""
    wanted = fold(text)
    if not wanted:
        return ()
    scored = [(_likeness(product, wanted, language), product) for product in products]
    found = [(score, product) for score, product in scored if score >= LEAST]
    found.sort(key=lambda pair: (-pair[0], pair[1].stock == 0, pair[1].sku))
    return tuple(product for _, product in found[:limit])


def _likeness(product: Product, wanted: str, language: str) -> float:
    if fold(product.sku) == wanted:
        return 200
    best = 0.0
    for own_language, name in product.names.items():
        score = _words(wanted, fold(name)) + (own_language == language)
        best = max(best, score)
    return max(best, fuzz.ratio(fold(product.category), wanted) - 5)


def _words(wanted: str, name: str) -> float:
    """How well each word that was typed is met by some word of the name, and their order."""
    typed, own = wanted.split(), name.split()
    met = [max(fuzz.ratio(word, other) for other in own) for word in typed]
    weights = [len(word) for word in typed]
    likeness = sum(score * weight for score, weight in zip(met, weights, strict=True))
    whole = fuzz.token_sort_ratio(wanted, name)
    return 0.85 * likeness / sum(weights) + 0.15 * whole
