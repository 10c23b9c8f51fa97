"""Which adapters stand behind the ports; the one place that chooses them."""

from __future__ import annotations

from functools import cache

from myna import settings
from myna.shop.http import HttpShop
from myna.shop.protocol import Shop
from myna.texts import Catalogue


@cache
def shop() -> Shop:
    """The shop's own system, over HTTP."""
    return HttpShop(settings.shop_url(), settings.secret("shop_token"))


@cache
def catalogue() -> Catalogue:
    """Texts and facts of this process."""
    return Catalogue()
