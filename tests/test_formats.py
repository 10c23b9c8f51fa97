from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from myna import formats


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1250000", "VND", "1.250.000\u00a0₫"),
        ("0", "VND", "0\u00a0₫"),
        ("1250", "MYR", "RM1,250.00"),
        ("8", "MYR", "RM8.00"),
        ("12.5", "SGD", "SGD12.50"),
    ],
)
def test_money(amount, currency, text):
    assert formats.money(Decimal(amount), currency).replace("S$", "SGD") == text


@pytest.mark.parametrize(
    ("language", "text"), [("vi", "23/11/2026"), ("ms", "23 Nov 2026"), ("en", "23 Nov 2026")]
)
def test_day(language, text):
    assert formats.day(date(2026, 11, 23), language) == text


def test_a_moment_is_told_in_the_places_own_day():
    evening = datetime(2026, 11, 23, 18, tzinfo=UTC)
    assert formats.day(evening, "vi", ZoneInfo("Asia/Ho_Chi_Minh")) == "24/11/2026"


def test_hours_in_the_languages_words():
    table = {"mon-fri": "08:30–21:00", "sun": "closed", "holidays": "closed"}
    assert formats.hours(table, "vi", {"holidays": "Ngày lễ", "closed": "nghỉ"}) == [
        "Thứ Hai – Thứ Sáu: 08:30–21:00",
        "Chủ Nhật: nghỉ",
        "Ngày lễ: nghỉ",
    ]
