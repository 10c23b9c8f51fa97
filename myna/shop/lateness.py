"""Whether an order is later than was promised."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo

from myna.shop.model import Order


def longest_delivery(days: str) -> int:
    """The last of the days that `shop.yml` promises: 5 for `3–5`.

    Raises:
        ValueError: there is no number in it.
    """
    return max(int(number) for number in re.findall(r"\d+", days))


def is_late(order: Order, *, promised_days: int, now: datetime, zone: tzinfo) -> bool:
    """Whether a part of the order should have been delivered by now.

    The carrier's own date counts; without one, the days that the shop promises from the order on.

    Args:
        order: as the shop has it.
        promised_days: the longest time that a delivery may take.
        now: the present moment, aware.
        zone: of the order's market, whose days count.
    """
    if order.state in ("delivered", "returned", "cancelled"):
        return False
    if order.state == "pending" and order.payment_method != "cod":
        return False  # nothing is sent before it is paid
    today = now.astimezone(zone).date()
    promised = order.placed_at.astimezone(zone).date() + timedelta(days=promised_days)
    under_way = [parcel for parcel in order.shipments if parcel.state != "delivered"]
    return any(today > (parcel.expected_on or promised) for parcel in under_way) or (
        not order.shipments and today > promised
    )
