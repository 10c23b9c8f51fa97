"""Whether a return is within the terms of `shop.yml`; the shop itself may know more."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Literal

from myna.facts import Terms
from myna.shop.model import Order, Return, ReturnKind, ReturnReason

Verdict = Literal[
    "yes",
    "review",
    "not_delivered",
    "too_late",
    "reason",
    "category",
    "exchange",
    "already_open",
    "marketplace",
]
"""`yes`, or `review`: a person decides; else why not. `not_delivered`: it is not there yet, or was
cancelled. `reason`, `category`: not taken back for such a reason, or such things."""

_OVER = ("rejected", "cancelled")


@dataclass(frozen=True)
class Eligibility:
    """What the terms say of one return."""

    verdict: Verdict
    """Whether it goes, or why not."""
    until: date | None = None
    """The last day on which it goes or went, by the customer's clocks; None before delivery."""
    shop_pays: bool = True
    """Whether the way back costs the customer nothing."""
    photo: bool = False
    """Whether the customer is asked for a photo."""


def return_eligibility(
    order: Order,
    skus: Collection[str],
    reason: ReturnReason,
    kind: ReturnKind,
    *,
    categories: Collection[str],
    returns: Sequence[Return],
    terms: Terms,
    now: datetime,
    zone: tzinfo,
) -> Eligibility:
    """What the terms say.

    Args:
        order: from which something goes back.
        skus: what goes back.
        reason: why.
        kind: what for.
        categories: of what goes back, as in the products.
        returns: all of the order so far.
        terms: the shop's.
        now: the present moment, aware.
        zone: of the order's market.
    """
    if order.marketplace:
        return Eligibility("marketplace")
    if order.state != "delivered" or order.delivered_at is None:
        return Eligibility("not_delivered")
    rule = terms.return_reasons.get(reason)
    if rule is None:
        return Eligibility("reason")
    days = terms.return_days if rule.days is None else rule.days
    until = order.delivered_at.astimezone(zone).date() + timedelta(days=days)
    verdict: Verdict = "review" if rule.review else "yes"
    under_way = {item.sku for one in returns if one.state not in _OVER for item in one.items}
    if now.astimezone(zone).date() > until:
        verdict = "too_late"
    elif under_way & set(skus):
        verdict = "already_open"
    elif not rule.any_category and set(terms.not_returnable) & set(categories):
        verdict = "category"
    elif kind == "exchange" and not terms.exchange:
        verdict = "exchange"
    return Eligibility(verdict, until, rule.paid_by == "shop", rule.photo)
