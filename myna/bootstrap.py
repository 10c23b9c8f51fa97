"""Which adapters stand behind the ports; the one place that chooses them."""

from __future__ import annotations

from functools import cache

from myna import settings
from myna.shop.demo.catalogue import CATALOGUE
from myna.shop.http import HttpShop
from myna.shop.names import Listed, ProductName, ProductNames, RememberedNames
from myna.shop.protocol import Shop
from myna.texts import Catalogue

_FIRST_NAMES_SECONDS = 2.0


@cache
def shop() -> Shop:
    """The shop's own system, over HTTP."""
    return HttpShop(settings.shop_url(), settings.secret("shop_token"))


@cache
def catalogue() -> Catalogue:
    """Texts and facts of this process."""
    return Catalogue()


@cache
def product_names() -> ProductNames:
    """The names of the shop's products: those of the demo shop."""
    products = CATALOGUE.values()
    demo = Listed(tuple(ProductName(each.sku, each.category, each.names) for each in products))
    return RememberedNames(demo).wait(_FIRST_NAMES_SECONDS)
