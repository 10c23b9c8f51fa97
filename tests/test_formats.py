"""Amounts, dates and hours, as customers of each language read them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from myna.formats import (
    clock,
    count,
    day,
    day_of_week,
    format_moment,
    format_wait,
    hours,
    money,
    zone_name,
)
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


@pytest.mark.parametrize(
    ("language", "time", "date_", "number"),
    [
        ("vi", "21:00", "Chủ Nhật, 29/11/2026", "2.450"),
        ("ms", "9.00 malam", "Ahad, 29 Nov 2026", "2,450"),
        ("en", "9:00 pm", "Sunday, 29 Nov 2026", "2,450"),
    ],
)
def test_a_clock_a_day_of_the_week_and_a_count(
    language: str, time: str, date_: str, number: str
) -> None:
    moment = datetime(2026, 11, 29, 14, 0, tzinfo=UTC)
    assert clock(moment, language, ZoneInfo("Asia/Ho_Chi_Minh")) == time
    assert day_of_week(date(2026, 11, 29), language) == date_
    assert count(2450, language) == number


def test_a_moment_is_told_in_the_shops_zone() -> None:
    late = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)
    assert day(late, "vi", ZoneInfo("Asia/Ho_Chi_Minh")) == "24/11/2026"
    assert day(late, "vi", ZoneInfo("UTC")) == "23/11/2026"
    assert day(date(2026, 11, 23), "vi", ZoneInfo("Asia/Ho_Chi_Minh")) == "23/11/2026"


SAIGON = ZoneInfo("Asia/Ho_Chi_Minh")
NOW = datetime(2026, 11, 27, 15, 0, tzinfo=SAIGON)  # a Friday


@pytest.mark.parametrize(
    ("moment", "vi", "ms", "en"),
    [
        ("2026-11-27 15:30", "15:30 hôm nay", "3.30 petang hari ini", "3:30 pm today"),
        ("2026-11-27 00:30", "00:30 hôm nay", "12.30 tengah malam hari ini", "12:30 am today"),
        ("2026-11-28 08:00", "08:00 sáng mai", "8.00 pagi esok", "8:00 am tomorrow"),
        ("2026-11-28 12:05", "12:05 ngày mai", "12.05 tengah hari esok", "12:05 pm tomorrow"),
        ("2026-11-28 20:00", "20:00 ngày mai", "8.00 malam esok", "8:00 pm tomorrow"),
        ("2026-11-28 00:10", "00:10 ngày mai", "12.10 tengah malam esok", "12:10 am tomorrow"),
        (
            "2026-11-29 09:00",
            "09:00 Chủ Nhật, 29/11",
            "9.00 pagi Ahad, 29 Nov",
            "9:00 am on Sunday, 29 Nov",
        ),
        (
            "2026-11-30 08:00",
            "08:00 thứ Hai, 30/11",
            "8.00 pagi Isnin, 30 Nov",
            "8:00 am on Monday, 30 Nov",
        ),
        (
            "2026-12-03 14:00",
            "14:00 thứ Năm, 03/12",
            "2.00 petang Khamis, 3 Dis",
            "2:00 pm on Thursday, 3 Dec",
        ),
        (
            "2027-01-04 08:00",
            "08:00 thứ Hai, 04/01/2027",
            "8.00 pagi Isnin, 4 Jan 2027",
            "8:00 am on Monday, 4 Jan 2027",
        ),
        (
            "2026-11-26 08:00",
            "08:00 thứ Năm, 26/11",
            "8.00 pagi Khamis, 26 Nov",
            "8:00 am on Thursday, 26 Nov",
        ),
    ],
)
def test_moments(moment: str, vi: str, ms: str, en: str) -> None:
    then = datetime.fromisoformat(moment).replace(tzinfo=SAIGON).astimezone(UTC)
    told = [format_moment(then, language, SAIGON, NOW) for language in ("vi", "ms", "en")]
    assert told == [vi, ms, en]


def test_today_is_a_matter_of_the_zone() -> None:
    night = datetime(2026, 11, 27, 16, 30, tzinfo=UTC)
    assert format_moment(night, "en", SAIGON, NOW) == "11:30 pm today"
    assert format_moment(night, "en", ZoneInfo("Asia/Kuala_Lumpur"), NOW) == "12:30 am tomorrow"


def test_today_is_the_present_day() -> None:
    assert format_moment(datetime.now(UTC), "vi", SAIGON).endswith(" hôm nay")


@pytest.mark.parametrize(
    ("minutes", "vi", "ms", "en"),
    [
        (0, "khoảng 1 phút", "kira-kira 1 minit", "about 1 minute"),
        (1, "khoảng 1 phút", "kira-kira 1 minit", "about 1 minute"),
        (4.2, "khoảng 5 phút", "kira-kira 5 minit", "about 5 minutes"),
        (10, "khoảng 10 phút", "kira-kira 10 minit", "about 10 minutes"),
        (11, "khoảng 15 phút", "kira-kira 15 minit", "about 15 minutes"),
        (55, "khoảng 55 phút", "kira-kira 55 minit", "about 55 minutes"),
        (56, "khoảng 1 tiếng", "kira-kira 1 jam", "about 1 hour"),
        (61, "khoảng 1 tiếng rưỡi", "kira-kira 1 jam setengah", "about 1½ hours"),
        (91, "khoảng 2 tiếng", "kira-kira 2 jam", "about 2 hours"),
        (600, "khoảng 10 tiếng", "kira-kira 10 jam", "about 10 hours"),
    ],
)
def test_waits(minutes: float, vi: str, ms: str, en: str) -> None:
    assert [format_wait(minutes, language) for language in ("vi", "ms", "en")] == [vi, ms, en]


@pytest.mark.parametrize(
    ("language", "text"), [("vi", "giờ Việt Nam"), ("ms", "waktu Vietnam"), ("en", "Vietnam time")]
)
def test_a_zone(language: str, text: str) -> None:
    assert zone_name("Asia/Ho_Chi_Minh", language) == text


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
