"""Tries a shop's system without changing anything, and says in plain words what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from myna.facts import Facts
from myna.shop.model import NotOffered, Product, Unavailable, Who
from myna.shop.protocol import Shop

Verdict = Literal["ok", "not offered", "trouble", "not tried"]

_NOBODY = Who(contact="nobody@myna.invalid")
_NOTHING = "MYNA-CHECK"
"""A number that nothing has."""
_SECRETS = {
    "demo": "MYNA_SHOP_TOKEN",
    "http": "MYNA_SHOP_TOKEN",
    "woocommerce": "MYNA_WOOCOMMERCE_KEY and MYNA_WOOCOMMERCE_SECRET",
}


@dataclass(frozen=True)
class Finding:
    """What came of one try."""

    what: str
    """What was tried, e.g. `orders`."""
    verdict: Verdict
    """How it went."""
    text: str = ""
    """More, and what to do."""

    def __str__(self) -> str:
        return f"{self.what:<17} {self.verdict}" + (f": {self.text}" if self.text else "")


def check_shop(shop: Shop, facts: Facts) -> Iterator[Finding]:
    """Tries everything that can be tried by reading; the first finding is about orders.

    Nothing else is tried if orders cannot be asked for at all.
    """
    order = shop.get_order(_number(facts))
    if isinstance(order, Unavailable):
        yield Finding("orders", "trouble", explain(order.reason, facts))
        return
    yield Finding("orders", "ok")
    for what, ask in _tries(shop):
        yield _finding(what, ask(), facts)
    yield from _products(shop, facts)
    for what in ("cancellation", "delivery changes", "messages"):
        yield Finding(what, "not tried", "it would change something")


def explain(reason: str, facts: Facts) -> str:
    """Why a shop could not be asked, and what to do.

    Args:
        reason: of `Unavailable`.
        facts: with the adapter and its address.
    """
    adapter, url = facts.shop.adapter, facts.shop.url or "the demo shop"
    if match := re.fullmatch(r"status (\d+)", reason):
        return _explain_status(int(match[1]), adapter, url)
    if reason.startswith("malformed answer"):
        detail = reason.partition(": ")[2]
        if detail.startswith("no JSON"):
            return f"{url} answers, but with a web page instead of data; check url in shop.yml"
        return (
            f"the answer is not what was agreed ({detail});"
            " compare with docs/shop-api.yaml and docs/connect-your-shop.md"
        )
    if reason == "SSLError":
        return f"the certificate of {url} is not valid; renew it, or check the name in url"
    if reason in ("ConnectTimeout", "ConnectionError"):
        hint = "myna shop demo starts it" if adapter == "demo" else "check url and firewall"
        return f"{url} cannot be reached; {hint}"
    if "time" in reason.lower() or reason == "answer too slow":
        return f"{url} answers too slowly; customers would wait for longer than seven seconds"
    return f"no usable answer ({reason})"


def _explain_status(status: int, adapter: str, url: str) -> str:
    if status in (401, 403):
        return f"the shop does not accept the secret (status {status}); check {_SECRETS[adapter]}"
    if status in (404, 405):
        more = (
            "in WordPress, Settings > Permalinks must not be Plain, and WooCommerce must be active"
            if adapter == "woocommerce"
            else "the interface begins where url in shop.yml says"
        )
        return f"there is nothing at {url} (status {status}); {more}"
    if 300 <= status < 400:
        return (
            f"{url} leads elsewhere (status {status}); write the final address, with https and www"
        )
    if status == 429:
        return "the shop is asked too often (status 429); allow more requests for Myna"
    return f"the shop's server has trouble of its own (status {status}); look into its log"


def _number(facts: Facts) -> str:
    """A number of the right form that no order has."""
    numbers = facts.order_number
    return f"{numbers.prefixes[0]}{numbers.separator}{'0' * numbers.digits}"


def _tries(shop: Shop) -> list[tuple[str, Callable[[], Any]]]:
    nothing = _NOTHING
    return [
        ("lists of orders", lambda: shop.list_orders(_NOBODY)),
        ("invoices", lambda: shop.get_invoice(nothing)),
        ("returns", lambda: shop.list_returns(nothing)),
        ("refunds", lambda: shop.list_refunds(nothing)),
        ("warranty", lambda: shop.get_warranty(nothing)),
        ("repairs", lambda: shop.get_repair(nothing)),
        ("catalogue file", lambda: shop.get_catalogue("en")),
        ("points", lambda: shop.get_loyalty(_NOBODY)),
        ("subscriptions", lambda: shop.list_subscriptions(_NOBODY)),
        ("customers", lambda: shop.get_customer(nothing)),
    ]


def _finding(what: str, outcome: Any, facts: Facts) -> Finding:
    if isinstance(outcome, NotOffered):
        return Finding(what, "not offered", "customers who ask for it are led to a person")
    if isinstance(outcome, Unavailable):
        return Finding(what, "trouble", explain(outcome.reason, facts))
    if what == "lists of orders" and outcome:
        return Finding(what, "trouble", "somebody's orders are given to a contact nobody has")
    return Finding(what, "ok")


def _products(shop: Shop, facts: Facts) -> Iterator[Finding]:
    products = shop.list_products()
    if not isinstance(products, tuple):
        yield _finding("products", products, facts)
        return
    if not products:
        yield Finding("products", "trouble", "there are none")
        return
    yield Finding("products", "ok", f"{len(products)} of them")
    unpriced = _unpriced(products, facts)
    for currency, skus in unpriced.items():
        shown = ", ".join(skus[:3]) + (" …" if len(skus) > 3 else "")
        yield Finding("products", "trouble", f"{len(skus)} without a price in {currency}: {shown}")


def _unpriced(products: tuple[Product, ...], facts: Facts) -> dict[str, list[str]]:
    """Currency → products that have no price in it; currencies that none has are not for here."""
    currencies = {market.currency for market in facts.markets.values()}
    found = {
        currency: [product.sku for product in products if currency not in product.prices]
        for currency in sorted(currencies)
    }
    return {currency: skus for currency, skus in found.items() if 0 < len(skus) < len(products)}
