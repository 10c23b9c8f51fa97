"""Business hours: days, holidays, clocks that change, time that counts only while it is open."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from myna.facts import Facts, load_facts
from myna.hours import (
    WEEKDAYS,
    Calendar,
    Schedule,
    Stretch,
    agents_schedule,
    parse_dates,
    parse_ranges,
    parse_table,
    public_holidays,
    regions,
    stores_schedule,
)

SAIGON = ZoneInfo("Asia/Ho_Chi_Minh")
BERLIN = ZoneInfo("Europe/Berlin")  # its clocks change: at 2026-03-29 02:00 and 2026-10-25 03:00
TABLE = {"mon-sat": "08:00–21:00", "sun": "09:00–18:00", "holidays": "closed"}
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def at(text: str, zone: ZoneInfo = SAIGON) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def vietnam(table: dict[str, str] | None = None, **own: object) -> Schedule:
    return Schedule(table or TABLE, SAIGON, Calendar("VN", **own))  # type: ignore[arg-type]


# --- what is written


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("closed", ()),
        ("08:30–21:00", ((510, 1260),)),
        ("08:30-21:00", ((510, 1260),)),
        ("08:30 – 21:00", ((510, 1260),)),
        ("00:00–24:00", ((0, 1440),)),
        ("18:00–02:00", ((1080, 1560),)),
        ("08:00–12:00, 13:30–18:00", ((480, 720), (810, 1080))),
        ("08:00–12:00,12:00–02:00", ((480, 720), (720, 1560))),
    ],
)
def test_ranges(text: str, ranges: object) -> None:
    assert parse_ranges(text) == ranges


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8–9",
        "8:00–21:00",
        "08:00",
        "24:00–02:00",
        "08:00–24:30",
        "08:00–25:00",
        "08:60–09:00",
        "08:00–08:00",
        "08:00–12:00, 11:00–13:00",
        "18:00–02:00, 20:00–22:00",
        "08:00–12:00,",
        "Closed",
    ],
)
def test_ranges_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="'"):
        parse_ranges(text)


@pytest.mark.parametrize(
    ("days", "named"),
    [
        ("mon", "mon"),
        ("mon-wed", "mon tue wed"),
        ("sat-mon", "sat sun mon"),
        ("sun-sat", "sun mon tue wed thu fri sat"),
        ("wed-wed", "wed"),
        ("holidays", "holidays"),
    ],
)
def test_days(days: str, named: str) -> None:
    assert list(parse_table({days: "closed"})) == named.split()


@pytest.mark.parametrize("days", ["", "monday", "mon-", "mon-tue-wed", "mon,tue", "MON", "2026"])
def test_days_that_are_none(days: str) -> None:
    with pytest.raises(ValueError, match="not a day"):
        parse_table({days: "closed"})


def test_a_day_with_two_hours() -> None:
    with pytest.raises(ValueError, match="'fri-sun': sat is in an earlier line"):
        parse_table({"sat": "closed", "fri-sun": "08:00–09:00"})


def test_dates() -> None:
    assert parse_dates("2026-12-31") == [date(2026, 12, 31)]
    tet = parse_dates("2027-02-27..2027-03-01")
    assert tet == [date(2027, 2, 27), date(2027, 2, 28), date(2027, 3, 1)]


@pytest.mark.parametrize(
    "text",
    ["", "31.12.2026", "2026-09-31", "2026-01-02..2026-01-01", "2026-01-01..2036-01-01", ".."],
)
def test_dates_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="day"):
        parse_dates(text)


# --- public holidays


@pytest.mark.parametrize(
    ("country", "day"),
    [
        ("VN", "2027-02-06"),  # Tết
        ("VN", "2027-04-16"),  # Hung Kings
        ("VN", "2026-09-02"),
        ("MY", "2026-03-21"),  # Hari Raya Aidilfitri
        ("MY", "2026-08-31"),
        ("MY", "2027-02-06"),  # Chinese New Year
    ],
)
def test_public_holidays(country: str, day: str) -> None:
    held = date.fromisoformat(day)
    assert held in public_holidays(country, None, held.year)


def test_a_regions_own_holidays() -> None:
    thaipusam = date(2027, 1, 22)
    assert thaipusam not in public_holidays("MY", None, 2027)
    assert thaipusam in public_holidays("MY", "KUL", 2027)
    assert {"KUL", "Johor"} <= set(regions("MY"))


def test_countries_that_nobody_knows() -> None:
    assert public_holidays("Atlantis", None, 2026) == frozenset()
    assert regions("Atlantis") == regions("VN") == []


# --- open or not


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-28 07:59:59", False),  # a Saturday
        ("2026-11-28 08:00", True),
        ("2026-11-28 20:59:59.999999", True),
        ("2026-11-28 21:00", False),
        ("2026-11-29 08:30", False),
        ("2026-11-29 09:00", True),
        ("2026-11-29 18:00", False),
        ("2027-02-06 10:00", False),  # Tết
        ("2027-02-12 10:00", True),
    ],
)
def test_open(moment: str, expected: bool) -> None:
    assert vietnam().is_open(at(moment)) is expected
    assert vietnam().is_open(at(moment).astimezone(UTC)) is expected


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-11-28 10:00", "2026-11-28 10:00"),
        ("2026-11-28 07:00", "2026-11-28 08:00"),
        ("2026-11-28 21:00", "2026-11-29 09:00"),
        ("2026-11-29 23:59", "2026-11-30 08:00"),
        ("2026-12-31 22:00", "2027-01-02 08:00"),
        ("2027-02-03 21:00", "2027-02-11 08:00"),  # over Tết
    ],
)
def test_next_opening(moment: str, opens: str) -> None:
    found = vietnam().next_opening(at(moment).astimezone(UTC))
    assert found == at(opens)
    assert found.tzinfo is SAIGON


def test_holidays_without_a_line_are_days_like_others() -> None:
    assert vietnam({"mon-sun": "08:00–21:00"}).is_open(at("2027-02-06 10:00"))


def test_hours_of_holidays() -> None:
    schedule = vietnam({"mon-sun": "08:00–21:00", "holidays": "10:00–12:00"})
    assert schedule.hours_on(date(2027, 2, 6)) == [
        Stretch(at("2027-02-06 10:00"), at("2027-02-06 12:00"))
    ]


def test_days_of_the_shops_own() -> None:
    schedule = vietnam(
        {"mon-sun": "08:00–21:00", "holidays": "10:00–12:00"},
        closed=frozenset(parse_dates("2027-02-05..2027-02-12")),
        special={date(2027, 2, 8): ((600, 660),), date(2026, 12, 1): ()},
    )
    assert not schedule.is_open(at("2027-02-06 11:00")), "a closed day comes before the table"
    assert not schedule.is_open(at("2027-02-12 11:00"))
    assert schedule.is_open(at("2027-02-08 10:59")), "special hours come before a closed day"
    assert not schedule.is_open(at("2027-02-08 11:00"))
    assert not schedule.is_open(at("2026-12-01 11:00")), "special hours may be none"
    assert schedule.is_open(at("2027-02-04 11:00"))
    assert not schedule.is_open(at("2027-02-04 13:00"))


def test_what_a_holiday_is() -> None:
    schedule = vietnam(closed=frozenset({date(2027, 3, 3)}), special={date(2027, 3, 4): ()})
    assert schedule.is_holiday(date(2027, 2, 6))
    assert schedule.is_holiday(date(2027, 3, 3))
    assert not schedule.is_holiday(date(2027, 3, 4))


def test_a_night() -> None:
    schedule = vietnam({"sat": "18:00–02:00"})
    assert schedule.hours_on(date(2026, 11, 28)) == [
        Stretch(at("2026-11-28 18:00"), at("2026-11-29 02:00"))
    ]
    assert schedule.is_open(at("2026-11-29 01:59"))
    assert not schedule.is_open(at("2026-11-29 02:00"))
    assert not schedule.is_open(at("2026-11-28 01:00"))


def test_a_break() -> None:
    schedule = vietnam({"fri": "09:00–12:30, 14:30–18:00"})
    assert not schedule.is_open(at("2026-11-27 13:00"))
    assert schedule.next_opening(at("2026-11-27 13:00")) == at("2026-11-27 14:30")


def test_day_and_night() -> None:
    schedule = vietnam({"mon-sun": "00:00–24:00"})
    assert schedule.is_open(at("2026-11-28 00:00"))
    assert schedule.is_open(at("2026-11-28 23:59:59.999999"))


@pytest.mark.parametrize(
    "table", [{}, {"mon-sun": "closed"}, {"mon": "closed", "holidays": "closed"}]
)
def test_never_open(table: dict[str, str]) -> None:
    schedule = Schedule(table, SAIGON)
    monday = at("2026-11-30 10:00")
    assert not schedule.is_open(monday)
    assert schedule.next_opening(monday) is None
    assert schedule.add_open_time(monday, 8 * HOUR) == monday + 8 * HOUR


def test_open_on_holidays_only() -> None:
    schedule = vietnam({"holidays": "10:00–11:00"})
    assert schedule.next_opening(at("2026-09-03 00:00")) == at("2027-01-01 10:00")


def test_a_moment_without_zone_is_refused() -> None:
    for call in (vietnam().is_open, vietnam().next_opening):
        with pytest.raises(ValueError, match="time zone"):
            call(datetime(2026, 11, 28, 10))
    with pytest.raises(ValueError, match="time zone"):
        vietnam().add_open_time(datetime(2026, 11, 28, 10), HOUR)


# --- open time


@pytest.mark.parametrize(
    ("moment", "hours", "due"),
    [
        ("2026-11-28 20:30", 4, "2026-11-29 12:30"),
        ("2026-11-28 20:30", 0.5, "2026-11-28 21:00"),
        ("2026-11-28 20:30", 0, "2026-11-28 20:30"),
        ("2026-11-28 22:00", 0, "2026-11-28 22:00"),
        ("2026-11-28 22:00", 1, "2026-11-29 10:00"),
        ("2026-11-28 09:00", 16, "2026-11-29 13:00"),
        ("2026-11-30 10:00", 8, "2026-11-30 18:00"),
        ("2026-12-31 20:00", 4, "2027-01-02 11:00"),  # over New Year's Day
        ("2027-02-03 20:00", 2, "2027-02-11 09:00"),  # over Tết
    ],
)
def test_open_time(moment: str, hours: float, due: str) -> None:
    found = vietnam().add_open_time(at(moment).astimezone(UTC), timedelta(hours=hours))
    assert found == at(due)
    assert found.tzinfo is SAIGON


def test_open_time_after_the_last_opening() -> None:
    schedule = vietnam({"mon-sun": "closed"}, special={date(2026, 12, 1): ((600, 660),)})
    due = schedule.add_open_time(at("2026-11-28 10:00"), 3 * HOUR)
    assert due == at("2026-12-01 13:00")


def test_open_time_cannot_be_taken_away() -> None:
    with pytest.raises(ValueError, match="added"):
        vietnam().add_open_time(at("2026-11-28 10:00"), -HOUR)


# --- clocks that change


def test_hours_are_those_of_the_clock() -> None:
    schedule = Schedule({"mon-sun": "09:00–17:00"}, BERLIN)
    for day, hour in (("2026-03-28", 8), ("2026-03-29", 7), ("2026-10-25", 8)):
        [stretch] = schedule.hours_on(date.fromisoformat(day))
        assert stretch.start.astimezone(UTC).hour == hour
        assert stretch.end - stretch.start == 8 * HOUR


def test_a_night_in_which_the_clocks_change() -> None:
    schedule = Schedule({"sat": "22:00–06:00"}, BERLIN)
    for evening, hours in (("2026-03-28", 7), ("2026-10-24", 9)):
        begin = at(f"{evening} 22:00", BERLIN)
        due = schedule.add_open_time(begin, hours * HOUR)
        assert due == at(evening, BERLIN) + 30 * HOUR  # six by the clock
        assert schedule.add_open_time(begin, hours * HOUR + MINUTE).date() > due.date()


def test_hours_that_the_clock_leaves_out() -> None:
    schedule = Schedule({"sun": "02:30–03:00, 03:00–04:00"}, BERLIN)
    [stretch] = schedule.hours_on(date(2026, 3, 29))
    assert stretch == Stretch(at("2026-03-29 03:00", BERLIN), at("2026-03-29 04:00", BERLIN))


def test_ranges_that_the_clock_turns_round() -> None:
    schedule = Schedule({"sun": "02:30–02:45, 03:00–04:00"}, BERLIN)
    assert schedule.is_open(at("2026-03-29 03:10", BERLIN))
    begin = at("2026-03-29 03:00", BERLIN)
    assert schedule.add_open_time(begin, HOUR) == at("2026-03-29 04:00", BERLIN)


def test_a_night_west_of_greenwich() -> None:
    new_york = ZoneInfo("America/New_York")
    schedule = Schedule({"fri": "22:00–21:00"}, new_york)
    assert schedule.is_open(at("2026-11-28 20:00", new_york))


def test_the_hour_that_comes_twice() -> None:
    schedule = Schedule({"sun": "02:30–03:00"}, BERLIN)
    twice = at("2026-10-25 02:45", BERLIN)
    assert schedule.is_open(twice)
    assert schedule.is_open(twice.replace(fold=1))
    assert not schedule.is_open(twice.replace(fold=1) + timedelta(minutes=15))


# --- what always holds

HALF_HOURS = [f"{n // 2:02}:{n % 2 * 30:02}" for n in range(48)]
RANGES = st.one_of(
    st.just("closed"),
    st.tuples(st.sampled_from(HALF_HOURS), st.sampled_from([*HALF_HOURS, "24:00"]))
    .filter(lambda ends: ends[0] != ends[1])
    .map("–".join),
)
TABLES = st.dictionaries(st.sampled_from([*WEEKDAYS, "holidays"]), RANGES)
DAYS = st.dates(date(2026, 2, 1), date(2027, 4, 30))
CALENDARS = st.builds(
    Calendar,
    st.sampled_from(["VN", "MY", ""]),
    closed=st.frozensets(DAYS, max_size=5),
    special=st.dictionaries(DAYS, RANGES.map(parse_ranges), max_size=5),
)
SCHEDULES = st.builds(Schedule, TABLES, st.sampled_from([SAIGON, BERLIN, UTC]), CALENDARS)
MOMENTS = st.datetimes(
    datetime(2026, 2, 1), datetime(2027, 4, 30), timezones=st.sampled_from([SAIGON, BERLIN, UTC])
)
DURATIONS = st.timedeltas(timedelta(0), timedelta(hours=40))


@given(SCHEDULES, MOMENTS)
def test_open_and_next_opening_agree(schedule: Schedule, moment: datetime) -> None:
    opens = schedule.next_opening(moment)
    if opens is None:
        assert not schedule.is_open(moment)
        return
    instant, opens = moment.astimezone(UTC), opens.astimezone(UTC)
    assert opens >= instant
    assert schedule.is_open(opens)
    assert schedule.is_open(moment) == (opens == instant)
    assert opens == instant or not schedule.is_open(opens - timedelta(microseconds=1))


@given(SCHEDULES, MOMENTS)
def test_open_and_hours_of_the_day_agree(schedule: Schedule, moment: datetime) -> None:
    instant = moment.astimezone(UTC)
    today = moment.astimezone(schedule.zone).date()
    stretches = [
        stretch for day in (today - timedelta(days=1), today) for stretch in schedule.hours_on(day)
    ]
    inside = any(s.start.astimezone(UTC) <= instant < s.end.astimezone(UTC) for s in stretches)
    assert schedule.is_open(moment) == inside


@given(SCHEDULES, MOMENTS, DURATIONS, DURATIONS)
def test_more_open_time_is_never_earlier(
    schedule: Schedule, moment: datetime, one: timedelta, other: timedelta
) -> None:
    less, more = sorted((one, other))
    first, second = (schedule.add_open_time(moment, d).astimezone(UTC) for d in (less, more))
    assert first >= moment.astimezone(UTC) + less
    assert second - first >= more - less


@given(SCHEDULES, MOMENTS, st.timedeltas(timedelta(0), timedelta(days=9)), DURATIONS)
def test_what_begins_later_is_never_due_earlier(
    schedule: Schedule, moment: datetime, later: timedelta, duration: timedelta
) -> None:
    instant = moment.astimezone(UTC)
    due = schedule.add_open_time(instant, duration)
    assert due <= schedule.add_open_time(instant + later, duration)


@given(SCHEDULES, MOMENTS, DURATIONS, DURATIONS)
def test_open_time_adds_up(
    schedule: Schedule, moment: datetime, one: timedelta, other: timedelta
) -> None:
    at_once = schedule.add_open_time(moment, one + other)
    assert schedule.add_open_time(schedule.add_open_time(moment, one), other) == at_once


@settings(max_examples=25, deadline=None)
@given(SCHEDULES, DAYS, st.integers(0, 95), st.integers(1, 20))
def test_as_many_minutes_are_open_as_were_added(
    schedule: Schedule, day: date, quarter: int, quarters: int
) -> None:
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) + quarter * 15 * MINUTE
    due = schedule.add_open_time(moment, quarters * 15 * MINUTE).astimezone(UTC)
    assume(due - moment < timedelta(days=15))
    assume(schedule.next_opening(due) is not None)
    step = 15 * MINUTE  # all hours and clocks here change at quarters
    count = sum(schedule.is_open(moment + n * step) for n in range((due - moment) // step))
    assert count == quarters


# --- from the facts


def changed(**market: object) -> Facts:
    facts = load_facts().dict(by_alias=True)
    facts["markets"]["VN"].update(market)
    return Facts.parse_obj(facts)


def test_agents_work_by_the_clocks_of_the_default_languages_market() -> None:
    facts = load_facts()
    assert agents_schedule(facts).zone.key == facts.market_of("vi").time_zone
    malay = agents_schedule(facts.copy(update={"default_language": "ms"}))
    assert malay.zone.key == "Asia/Kuala_Lumpur"
    assert malay.is_holiday(date(2026, 8, 31))
    assert not agents_schedule(facts).is_holiday(date(2026, 8, 31))


def test_the_days_of_a_market() -> None:
    facts = changed(
        holidays={"closed": ["2026-12-02..2026-12-03"], "special": {"2026-12-04": "10:00–11:00"}}
    )
    for schedule in (agents_schedule(facts), stores_schedule(facts, "VN")):
        assert schedule.next_opening(at("2026-12-02 00:00")) == at("2026-12-04 10:00")
    assert stores_schedule(facts, "MY").is_open(at("2026-12-02 12:00"))


def test_the_shops_and_the_agents_have_hours_of_their_own() -> None:
    facts = load_facts()
    saturday_night = at("2026-11-28 21:30")
    assert stores_schedule(facts, "VN").is_open(saturday_night)
    assert not agents_schedule(facts).is_open(saturday_night)
    kuala_lumpur = stores_schedule(facts, "MY")
    assert kuala_lumpur.is_holiday(date(2027, 1, 22)), "Thaipusam, by the region in shop.yml"
