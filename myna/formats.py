"""Amounts, dates and opening hours as customers of each language read them.

The forms are those of the voice guide: `1.250.000 ₫`, `RM1,250.00`, `23/11/2026`, `23 Nov 2026`.
"""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from decimal import Decimal

from babel.dates import format_date, get_day_names
from babel.numbers import format_currency

from myna.facts import WEEKDAYS

_MONEY = {"VND": ("vi", "#,##0\u00a0¤"), "MYR": ("ms", "¤#,##0.00")}
"""Currency → (locale for separators and symbol, pattern). An amount keeps the look that it has on
the shop's invoices, in whatever language the sentence around it is."""

_DATE = {"vi": "dd/MM/y", "ms": "d MMM y", "en": "d MMM y"}


def money(amount: Decimal, currency: str) -> str:
    """An amount with its currency, e.g. `1.250.000 ₫`."""
    locale, pattern = _MONEY.get(currency, ("en", "¤#,##0.00"))
    return format_currency(amount, currency, pattern, locale=locale)


def day(moment: date | datetime, language: str, zone: tzinfo | None = None) -> str:
    """A date; an aware datetime is first brought to `zone`."""
    if isinstance(moment, datetime) and zone is not None:
        moment = moment.astimezone(zone)
    return format_date(moment, _DATE[language], locale=language)


def hours(table: dict[str, str], language: str, words: dict[str, str]) -> list[str]:
    """Opening hours, one line for each range of days.

    Args:
        table: `{"mon-fri": "08:30–21:00", "holidays": "closed"}`, as in `shop.yml`.
        language: decides the names of the days.
        words: the language's words for `holidays` and `closed`.
    """
    names = get_day_names("wide", locale=language)
    lines = []
    for days, range_ in table.items():
        if days == "holidays":
            label = words["holidays"]
        else:
            label = " – ".join(names[WEEKDAYS.index(end)] for end in days.split("-"))
        lines.append(f"{label}: {words['closed'] if range_ == 'closed' else range_}")
    return lines
