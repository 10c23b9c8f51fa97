"""How a product is put into answers: placeholders, cards and buttons."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from myna import formats
from myna.bootstrap import catalogue
from myna.shop.model import Money, Product


def name(product: Product, language: str) -> str:
    """What a product is called in a language, or else in another."""
    names = product.names
    return names.get(language) or names.get("en") or next(iter(names.values()), product.sku)


def price(product: Product, language: str) -> Money | None:
    """What one costs in the market that a language speaks for; None if it is not sold there."""
    return product.prices.get(catalogue().facts.market_of(language).currency)


def values(product: Product, language: str) -> dict[str, Any]:
    """The placeholders of all texts about a product."""
    cost = price(product, language)
    return {
        "product": name(product, language),
        "price": formats.money(cost.amount, cost.currency) if cost else "–",
        "about": about(product, language) or "–",
        "stock": product.stock,
        "restock_on": formats.day(product.restock_on, language) if product.restock_on else "–",
        "url": product.url or catalogue().facts.website,
    }


def about(product: Product, language: str) -> str:
    """All that the records say of it, in a language; empty if that is nothing."""
    facts = " · ".join(product.facts.get(language, ()))
    return "\n".join(filter(None, (product.descriptions.get(language), facts)))


def line(product: Product, language: str) -> str:
    """Price and stock in a line."""
    words = catalogue().language(language).words
    cost = price(product, language)
    shown = formats.money(cost.amount, cost.currency) if cost else words["product_unpriced"]
    return f"{shown} · {words['product_in_stock' if product.stock else 'product_sold_out']}"


def button(word: str, language: str, intent: str, **entities: str) -> dict[str, str]:
    """A button with one of the language's words on it."""
    title = catalogue().language(language).words[word]
    return {"title": title, "payload": payload(intent, **entities)}


def payload(intent: str, **entities: str) -> str:
    """What a button means: an intent and what is told with it."""
    return f"/{intent}{json.dumps(entities) if entities else ''}"


def buy(product: Product, language: str) -> dict[str, str]:
    """A button that orders one."""
    return button("product_buy", language, "place_order", product=product.sku)


def person(language: str) -> dict[str, str]:
    """A button that calls a colleague."""
    return button("product_ask_person", language, "request_human")


def cards(products: Sequence[Product], language: str) -> list[dict[str, Any]]:
    """Rasa's elements, one for each product."""
    return [_card(product, language) for product in products]


def _card(product: Product, language: str) -> dict[str, Any]:
    details = button("product_details", language, "ask_product_info", product=product.sku)
    card: dict[str, Any] = {
        "title": name(product, language),
        "subtitle": line(product, language),
        "buttons": [{"type": "postback", **each} for each in (buy(product, language), details)],
    }
    if product.picture:
        card["image_url"] = product.picture
    if product.url:
        card["default_action"] = {"type": "web_url", "url": product.url}
    return card
