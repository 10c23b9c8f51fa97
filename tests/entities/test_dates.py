from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myna.entities.dates import nearest
from myna.entities.finder import EntityFinder
from myna.facts import load_facts

FINDER = EntityFinder(load_facts())
DAYS = st.dates(date(2021, 1, 1), date(2029, 12, 31))
WEEKDAYS = {
    "vi": ["thứ hai", "thứ ba", "thứ tư", "thứ năm", "thứ sáu", "thứ bảy", "chủ nhật"],
    "ms": ["Isnin", "Selasa", "Rabu", "Khamis", "Jumaat", "Sabtu", "Ahad"],
    "en": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
}


def dates(text, today, language="vi"):
    now = datetime(today.year, today.month, today.day, 5, tzinfo=UTC)  # noon or one o'clock there
    return [f.value for f in FINDER.find(text, language, now) if f.entity == "date"]


@settings(deadline=None)
@given(DAYS, DAYS, st.sampled_from(["{d}/{m}/{y}", "{d:02}-{m:02}-{y}", "{d}.{m}.{y}"]))
def test_days_with_a_year(today, day, form):
    text = "mua ngày " + form.format(d=day.day, m=day.month, y=day.year) + " nhé"
    assert dates(text, today) == [day.isoformat()]


@settings(deadline=None)
@given(DAYS, st.integers(-180, 180))
def test_days_without_a_year_are_the_nearest(today, distance):
    day = today + timedelta(distance)
    if (day.month, day.day) != (2, 29):
        assert nearest(today, day.day, day.month) == day
        assert dates(f"đặt ngày {day.day} tháng {day.month} đó", today) == [day.isoformat()]


@settings(deadline=None)
@given(DAYS, st.integers(1, 60))
def test_so_many_days_ago_and_ahead(today, number):
    before, after = today - timedelta(number), today + timedelta(number)
    assert dates(f"{number} ngày trước", today) == [before.isoformat()]
    assert dates(f"{number} hari lagi", today, "ms") == [after.isoformat()]
    assert dates(f"in {number} days", today, "en") == [after.isoformat()]


@settings(deadline=None)
@given(DAYS, st.integers(0, 6), st.sampled_from(sorted(WEEKDAYS)))
def test_weekdays(today, number, language):
    name = WEEKDAYS[language][number]
    ahead = {"vi": f"{name} này", "ms": f"{name} ni", "en": f"this {name}"}[language]
    behind = {"vi": f"{name} vừa rồi", "ms": f"{name} lepas", "en": f"last {name}"}[language]
    last_week = {"vi": "{} tuần trước", "ms": "{} minggu lepas", "en": "{} last week"}[language]
    (coming,) = map(date.fromisoformat, dates(ahead, today, language))
    (past,) = map(date.fromisoformat, dates(behind, today, language))
    (week,) = map(date.fromisoformat, dates(last_week.format(name), today, language))
    assert coming.weekday() == past.weekday() == week.weekday() == number
    assert 0 <= (coming - today).days < 7
    assert 0 < (today - past).days <= 7
    assert week.isocalendar()[:2] == (today - timedelta(7)).isocalendar()[:2]


@pytest.mark.parametrize(
    ("text", "language", "value"),
    [
        ("hôm qua", "vi", "2026-11-25"),
        ("hom qua", "vi", "2026-11-25"),
        ("thứ sáu tuần trước", "vi", "2026-11-20"),
        ("semalam", "ms", "2026-11-25"),
        ("esok", "ms", "2026-11-27"),
        ("23/11", "vi", "2026-11-23"),
        ("last Friday", "en", "2026-11-20"),
        ("mùng 2 Tết", "vi", "2027-02-07"),
        ("mồng một tết", "vi", "2027-02-06"),
        ("Hari Raya", "ms", "2027-03-09"),
        ("23hb", "ms", "2026-11-23"),
        ("Nov 23rd", "en", "2026-11-23"),
        ("15 Oktober", "ms", "2026-10-15"),
        ("tuần sau", "vi", "2026-W49"),
        ("bulan lepas", "ms", "2026-10"),
        ("2 năm trước", "vi", "2024"),
        ("hai tuần trước", "vi", "2026-W46"),
        ("30/4", "vi", "2027-04-30"),
    ],
)
def test_days_in_words(found, text, language, value):
    assert found(f"x {text} y", language) == [("date", value, text)]


def test_the_day_is_that_of_the_market():
    # half past eleven at night in Vietnam, half past midnight in Malaysia
    now = datetime(2026, 11, 26, 16, 30, tzinfo=UTC)
    assert FINDER.find("hôm nay", "vi", now)[0].value == "2026-11-26"
    assert FINDER.find("hari ini", "ms", now)[0].value == "2026-11-27"


@pytest.mark.parametrize(
    "text",
    [
        "mở 24/7 luôn",
        "đợi mãi",
        "32/13",
        "30/2",
        "1/2 giá",
        "jalan 5/3",
        "cho 4/5 sao",
        "8/10",
        "kod MERDEKA10",
        "jalan raya",
        "mai mốt tính",
        "99999 ngày trước",
        "ngày 45",
        "thiếu 1 mon",
        "mac saya rosak",
    ],
)
def test_no_days(found, text):
    assert [each for each in found(text) if each[0] == "date"] == []
