"""Which adapters stand behind the ports; the one place that chooses them."""

from __future__ import annotations

from functools import cache

from myna import settings
from myna.facts import Facts
from myna.shop.demo.catalogue import CATALOGUE
from myna.shop.http import HttpShop
from myna.shop.names import Listed, ProductName, ProductNames, RememberedNames, SoldBy
from myna.shop.protocol import Shop
from myna.shop.woocommerce import WooCommerceShop
from myna.shop.woocommerce.client import WooClient
from myna.texts import Catalogue

_FIRST_NAMES_SECONDS = 2.0


@cache
def shop() -> Shop:
    """The shop's own system, as `shop.yml` names it when it is first asked for.

    Raises:
        SettingError: a secret is missing, or cannot be used.
    """
    return connect(catalogue().facts)


def connect(facts: Facts, demo_url: str | None = None) -> Shop:
    """An adapter for the shop's own system; nothing is asked yet.

    Args:
        facts: with the adapter and where the system is.
        demo_url: where the demo shop is; None: at `MYNA_SHOP_URL`.

    Raises:
        SettingError: a secret is missing, or cannot be used.
    """
    system = facts.shop
    try:
        if system.adapter == "woocommerce":
            key = settings.required_secret("woocommerce_key")
            client = WooClient(
                system.url or "", key, settings.required_secret("woocommerce_secret")
            )
            numbers = facts.order_number
            prefix = f"{numbers.prefixes[0]}{numbers.separator}"
            return WooCommerceShop(client, prefix, system.statuses)
        if system.adapter == "http":
            return HttpShop(system.url or "", settings.required_secret("shop_token"))
    except settings.SettingError:
        raise
    except ValueError as error:
        raise settings.SettingError(f"shop.yml: shop: {error}") from None
    return HttpShop(demo_url or settings.shop_url(), settings.secret("shop_token"))


@cache
def catalogue() -> Catalogue:
    """Texts and facts of this process."""
    return Catalogue()


@cache
def product_names() -> ProductNames:
    """The names of the shop's products; those of the demo shop are known without asking it."""
    if catalogue().facts.shop.adapter == "demo":
        products = CATALOGUE.values()
        return Listed(tuple(ProductName(each.sku, each.category, each.names) for each in products))
    return RememberedNames(SoldBy(shop())).wait(_FIRST_NAMES_SECONDS)
