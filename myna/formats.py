"""Amounts, dates, times and opening hours as customers of each language read them.

The forms are those of the voice guide: `1.250.000 ₫`, `RM1,250.00`, `23/11/2026`, `23 Nov 2026`,
`14:30`, `2.30 petang`, `2:30 pm`.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal

from babel.dates import format_date, format_time, get_day_names, get_timezone_name
from babel.numbers import format_currency, format_decimal

from myna.hours import WEEKDAYS

_MONEY = {"VND": ("vi", "#,##0\u00a0¤"), "MYR": ("ms", "¤#,##0.00")}
"""Currency → (locale for separators and symbol, pattern). An amount keeps the look that it has on
the shop's invoices, in whatever language the sentence around it is."""

_DATE = {"vi": "dd/MM/y", "ms": "d MMM y", "en": "d MMM y"}
_WEEKDAY = {"vi": "EEEE, dd/MM", "ms": "EEEE, d MMM", "en": "'on' EEEE, d MMM"}
_TIME = {"vi": "HH:mm", "ms": "h.mm BBBB", "en": "h:mm a"}
_TODAY = {"vi": "hôm nay", "ms": "hari ini", "en": "today"}
_TOMORROW = {"vi": "ngày mai", "ms": "esok", "en": "tomorrow"}

_WAIT = {
    "vi": ("khoảng {} phút", "khoảng {} tiếng", "khoảng {} tiếng rưỡi"),
    "ms": ("kira-kira {} minit", "kira-kira {} jam", "kira-kira {} jam setengah"),
    "en": ("about {} minutes", "about {} hours", "about {}½ hours"),
}
"""Minutes; whole hours; hours and a half. Vietnamese "1 giờ" would also be one o'clock."""


def money(amount: Decimal, currency: str) -> str:
    """An amount with its currency, e.g. `1.250.000 ₫`."""
    locale, pattern = _MONEY.get(currency, ("en", "¤#,##0.00"))
    return format_currency(amount, currency, pattern, locale=locale)


def count(number: int, language: str) -> str:
    """A number with the language's separators, e.g. `2.450` in Vietnamese."""
    return format_decimal(number, locale=language)


def day(moment: date | datetime, language: str, zone: tzinfo | None = None) -> str:
    """A date; an aware datetime is first brought to `zone`."""
    if isinstance(moment, datetime) and zone is not None:
        moment = moment.astimezone(zone)
    return format_date(moment, _DATE[language], locale=language)


def format_moment(
    moment: datetime, language: str, zone: tzinfo, now: datetime | None = None
) -> str:
    """A time with its day, to stand within a sentence: `3:30 pm today`, `08:00 thứ Hai, 30/11`.

    Args:
        moment: aware.
        language: `vi`, `ms` or `en`.
        zone: whose clocks and days count.
        now: what `today` is measured from; by default the present.
    """
    moment, now = moment.astimezone(zone), (now or datetime.now(UTC)).astimezone(zone)
    clock = format_time(moment, _TIME[language], locale=language)
    if language == "en":
        clock = clock.lower()
    return f"{clock} {_day_from(moment, now.date(), language)}"


def clock(moment: datetime, language: str, zone: tzinfo) -> str:
    """A time without its day: `21:00`, `9.00 malam`, `9:00 pm`."""
    text = format_time(moment.astimezone(zone), _TIME[language], locale=language)
    return text.lower() if language == "en" else text


def day_of_week(moment: date, language: str) -> str:
    """A date with its weekday, to stand within a sentence: `thứ Hai, 30/11/2026`."""
    text = format_date(moment, f"EEEE, {_DATE[language]}", locale=language)
    return text.replace("Thứ", "thứ")


def _day_from(moment: datetime, today: date, language: str) -> str:
    if moment.date() == today:
        return _TODAY[language]
    if moment.date() == today + timedelta(days=1):
        morning = language == "vi" and 5 <= moment.hour < 11
        return "sáng mai" if morning else _TOMORROW[language]
    year = "" if moment.year == today.year else "/y" if language == "vi" else " y"
    text = format_date(moment, _WEEKDAY[language] + year, locale=language)
    return text.replace("Thứ", "thứ")


def format_wait(minutes: float, language: str) -> str:
    """How long something will take, rounded up: `khoảng 5 phút`, `about 1½ hours`."""
    in_minutes, in_hours, and_a_half = _WAIT[language]
    count = max(1, math.ceil(minutes))
    if count > 10:
        count = math.ceil(count / 5) * 5
    if count < 60:
        text = in_minutes.format(count)
    else:
        count, half = divmod(math.ceil(count / 30), 2)
        text = (and_a_half if half else in_hours).format(count)
    return text.removesuffix("s") if language == "en" and text.startswith("about 1 ") else text


def zone_name(zone: str, language: str) -> str:
    """A time zone by its place, to stand within a sentence: `giờ Việt Nam`, `waktu Vietnam`.

    Args:
        zone: its name in the time zone database, e.g. `Asia/Ho_Chi_Minh`.
        language: `vi`, `ms` or `en`.
    """
    name = get_timezone_name(zone, locale=language)
    for word in ("Giờ", "Waktu", "Time"):
        name = name.replace(word, word.lower())
    return name


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
