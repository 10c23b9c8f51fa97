"""Amounts, dates and hours, as customers of each language read them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from myna.formats import day, hours, money
from myna.texts import Catalogue


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1250000", "VND", "1.250.000\u00a0₫"),
        ("0", "VND", "0\u00a0₫"),
        ("30000.4", "VND", "30.000\u00a0₫"),
        ("1250", "MYR", "RM1,250.00"),
        ("8", "MYR", "RM8.00"),
        ("0.5", "MYR", "RM0.50"),
        ("-12.3", "MYR", "-RM12.30"),
        ("12.5", "SGD", "SGD12.50"),
    ],
)
def test_money(amount: str, currency: str, text: str) -> None:
    assert money(Decimal(amount), currency).replace("SGD\u00a0", "SGD") == text


@pytest.mark.parametrize(
    ("language", "text"), [("vi", "23/11/2026"), ("ms", "23 Nov 2026"), ("en", "23 Nov 2026")]
)
def test_a_day(language: str, text: str) -> None:
    assert day(date(2026, 11, 23), language) == text
    assert day(datetime(2026, 11, 23, 12, tzinfo=UTC), language) == text


@pytest.mark.parametrize(("language", "text"), [("vi", "05/03/2026"), ("en", "5 Mar 2026")])
def test_single_digits(language: str, text: str) -> None:
    assert day(date(2026, 3, 5), language) == text


def test_a_moment_is_told_in_the_shops_zone() -> None:
    late = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)
    assert day(late, "vi", ZoneInfo("Asia/Ho_Chi_Minh")) == "24/11/2026"
    assert day(late, "vi", ZoneInfo("UTC")) == "23/11/2026"
    assert day(date(2026, 11, 23), "vi", ZoneInfo("Asia/Ho_Chi_Minh")) == "23/11/2026"


def test_hours(catalogue: Catalogue) -> None:
    table = {"mon-fri": "08:30–21:00", "sat": "09:00–12:00", "holidays": "closed", "sun": "closed"}
    lines = {
        language: hours(table, language, catalogue.language(language).words)
        for language in ("vi", "ms", "en")
    }
    assert lines["en"] == [
        "Monday – Friday: 08:30–21:00",
        "Saturday: 09:00–12:00",
        "Public holidays: closed",
        "Sunday: closed",
    ]
    assert lines["vi"][0] == "Thứ Hai – Thứ Sáu: 08:30–21:00"
    assert lines["ms"][0] == "Isnin – Jumaat: 08:30–21:00"
