"""Whether a warranty covers a piece today."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date
from typing import Literal

from myna.shop.model import Warranty


@dataclass(frozen=True)
class Cover:
    """What a warranty is worth on a day."""

    state: Literal["covered", "expired", "void"]
    """`void`: it no longer counts, whatever the day."""
    until: date
    """Its last day."""
    days_left: int
    """Days until that; negative after it."""


def cover(warranty: Warranty, today: date, usual_months: int) -> Cover:
    """What a warranty is worth.

    Args:
        warranty: from the shop.
        today: by the customer's clocks.
        usual_months: the shop's usual term, where it does not say the last day.
    """
    until = warranty.until or add_months(warranty.bought_on, usual_months)
    if warranty.void:
        return Cover("void", until, (until - today).days)
    return Cover("covered" if today <= until else "expired", until, (until - today).days)


def add_months(day: date, months: int) -> date:
    """The same day some months later (or earlier), or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
