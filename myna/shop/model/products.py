"""What the shop sells."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from myna.shop.model.basics import Count, Money, Url


@dataclass(frozen=True)
class Product:
    """Something the shop sells."""

    sku: str
    """The shop's number of the product."""
    names: dict[str, str]
    """One name per language (`vi`, `ms`, `en`)."""
    category: str
    """The shop's category, in English, e.g. `kitchen`."""
    prices: dict[str, Money]
    """One price per currency."""
    stock: Count
    """Pieces that can be sold now."""
    picture: Url | None
    """Address of a picture."""
    descriptions: dict[str, str] = field(default_factory=dict)
    """One or two sentences per language."""
    facts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What customers compare, in a few words each, per language."""
    url: Url | None = None
    """Its page in the shop."""
    restock_on: date | None = None
    """When there will be more, if there is none and the shop knows."""
    warranty_months: Count | None = None
    """Its own warranty; None: the shop's usual term."""
    stock_counted: bool = True
    """False: the shop does not count; `stock` is 1 if there is any and 0 if not."""


@dataclass(frozen=True)
class CatalogueFile:
    """The shop's catalogue with prices, as a file to send on."""

    url: Url
    """The PDF; it is public."""
    language: str
    """In which language it is."""
    updated_on: date
    """How old its prices are."""
