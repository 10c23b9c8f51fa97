"""What several products cost together, delivery included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from myna.facts import Market
from myna.shop.model import Money, Product


@dataclass(frozen=True)
class QuotedLine:
    """One product of a quotation."""

    product: Product
    """What is offered."""
    quantity: int
    """How many were asked for."""
    unit_price: Money
    """For one."""
    total: Money
    """For all of them."""
    in_stock: bool
    """Whether there are so many now."""


@dataclass(frozen=True)
class Quotation:
    """What several products cost together."""

    lines: tuple[QuotedLine, ...]
    """In the order in which they were asked for; the same product stands in one line."""
    goods: Money
    """All lines."""
    shipping_fee: Money
    """For delivery; zero from the market's limit on."""
    total: Money
    """Goods and delivery."""
    unpriced: tuple[Product, ...] = ()
    """Products without a price in this market, which are in no sum."""


def quote(wanted: Sequence[tuple[Product, int]], market: Market) -> Quotation:
    """A quotation in the currency of a market.

    Args:
        wanted: products and how many of each; at least 1.
        market: whose currency, fee and limit count.

    Raises:
        ValueError: a quantity is less than 1.
    """
    if any(quantity < 1 for _, quantity in wanted):
        raise ValueError("a quotation is for at least one piece of each product")
    quantities: dict[str, int] = {}
    products = {product.sku: product for product, _ in wanted}
    for product, quantity in wanted:
        quantities[product.sku] = quantities.get(product.sku, 0) + quantity
    currency = market.currency
    lines = tuple(
        _line(product, quantities[sku], product.prices[currency])
        for sku, product in products.items()
        if currency in product.prices
    )
    goods = sum((line.total.amount for line in lines), Decimal(0))
    free = not lines or goods >= market.free_shipping_from
    fee = Decimal(0) if free else market.shipping_fee
    return Quotation(
        lines=lines,
        goods=Money(goods, currency),
        shipping_fee=Money(fee, currency),
        total=Money(goods + fee, currency),
        unpriced=tuple(p for p in products.values() if currency not in p.prices),
    )


def _line(product: Product, quantity: int, price: Money) -> QuotedLine:
    total = Money(price.amount * quantity, price.currency)
    return QuotedLine(product, quantity, price, total, product.stock >= quantity)
