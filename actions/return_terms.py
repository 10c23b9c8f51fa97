"""What the shop's terms say of a return that is asked for in a conversation."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from rasa_sdk import Tracker

from actions.lines import split_skus
from myna.bootstrap import catalogue, shop
from myna.shop.eligibility import Eligibility, return_eligibility
from myna.shop.model import Order, Product, Return


async def eligibility(tracker: Tracker, order: Order, returns: Sequence[Return]) -> Eligibility:
    """What the terms say of what was told; a person decides on what they do not cover."""
    terms, remedy = catalogue().facts.terms, tracker.get_slot("remedy")
    reason, skus = tracker.get_slot("reason"), split_skus(tracker.get_slot("item"))
    asked = return_eligibility(
        order,
        skus,
        "not_as_described" if reason == "other" else reason,
        "exchange" if remedy in ("exchange", "other_product") else "refund",
        categories=await _categories(skus),
        returns=returns,
        terms=terms,
        now=datetime.now(UTC),
        zone=zone_of(order),
    )
    undated = order.state == "delivered" and order.delivered_at is None
    if undated or (reason == "other" and asked.verdict in ("yes", "reason")):
        return Eligibility("review", asked.until)
    return asked


async def _categories(skus: Sequence[str]) -> set[str]:
    """Categories of products, as far as the shop tells them: it has the last word anyway."""
    if not catalogue().facts.terms.not_returnable:
        return set()
    products = [await asyncio.to_thread(shop().get_product, sku) for sku in skus]
    return {product.category for product in products if isinstance(product, Product)}


async def returns_of(number: str) -> tuple[Return, ...]:
    """Returns of an order so far; where the shop cannot tell, it refuses a second one itself."""
    found = await asyncio.to_thread(shop().list_returns, number)
    return found if isinstance(found, tuple) else ()


def last_day(order: Order) -> date | None:
    """The last day on which anything may go back, for whatever reason; None if nobody knows."""
    if order.delivered_at is None:
        return None
    terms = catalogue().facts.terms
    days = [
        terms.return_days if rule.days is None else rule.days
        for rule in terms.return_reasons.values()
    ]
    delivered = order.delivered_at.astimezone(zone_of(order)).date()
    return delivered + timedelta(days=max(days, default=0))


def zone_of(order: Order) -> ZoneInfo:
    """The time zone of the order's market, by whose days its terms run."""
    return ZoneInfo(catalogue().facts.market_with(order.total.currency).time_zone)
