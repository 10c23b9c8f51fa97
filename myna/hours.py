"""Business hours: when people are there, and time that runs only while they are.

Nothing here reads a clock: whoever asks gives the moment, an aware `datetime`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from holidays import country_holidays, list_supported_countries

if TYPE_CHECKING:
    from myna.facts import Facts

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Ranges = tuple[tuple[int, int], ...]
"""Open ranges of one day in minutes after its midnight; beyond 1440 they end on the next day."""

_RANGE = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*[–-]\s*(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")
_DAY = 24 * 60
_HORIZON = 366  # days in which an opening is looked for: public holidays come once a year
_LONGEST_CLOSURE = 366  # days; a longer range is a mistyped year


def parse_ranges(text: str) -> Ranges:
    """The ranges of one day: `08:30–21:00`, several with commas between, or `closed`.

    A range that ends before it begins goes on until the next morning; `24:00` is midnight.

    Raises:
        ValueError: the text is of another form, or ranges overlap.
    """
    if text == "closed":
        return ()
    ranges: list[tuple[int, int]] = []
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        if not match:
            raise ValueError(
                f"'{text}' is not a time range; write e.g. 08:30–21:00,"
                ' "08:30–12:00, 13:30–18:00" or closed'
            )
        start = int(match[1]) * 60 + int(match[2])
        end = int(match[3]) * 60 + int(match[4]) if match[3] else _DAY
        if start == end:
            raise ValueError(
                f"'{text}' begins and ends at the same time;"
                " write 00:00–24:00 for the whole day, or closed"
            )
        if ranges and start < ranges[-1][1]:
            raise ValueError(f"'{text}': a range begins before the one in front of it has ended")
        ranges.append((start, end if end > start else end + _DAY))
    return tuple(ranges)


def parse_table(table: Mapping[str, str]) -> dict[str, Ranges]:
    """Hours for each day that a table names, and for `holidays` if it has that line.

    Args:
        table: `{"mon-fri": "08:30–21:00", "sat-mon": …, "holidays": "closed"}`.

    Raises:
        ValueError: a day or range of days or hours is of another form, or a day is named twice.
    """
    found: dict[str, Ranges] = {}
    for days, text in table.items():
        ranges = parse_ranges(text)
        for day in _days(days):
            if day in found:
                raise ValueError(f"'{days}': {day} is in an earlier line as well; keep one of them")
            found[day] = ranges
    return found


def _days(text: str) -> list[str]:
    if text == "holidays":
        return [text]
    ends = text.split("-")
    if not 1 <= len(ends) <= 2 or any(end not in WEEKDAYS for end in ends):
        raise ValueError(
            f"'{text}' is not a day or a range of days;"
            " write e.g. mon, mon-fri, sat-sun or holidays"
        )
    first, last = WEEKDAYS.index(ends[0]), WEEKDAYS.index(ends[-1])
    return [WEEKDAYS[(first + n) % 7] for n in range((last - first) % 7 + 1)]


def parse_date(text: str) -> date:
    """A day such as `2026-12-31`.

    Raises:
        ValueError: it is of another form, or the calendar does not have it.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"'{text}' is not a day; write year-month-day, e.g. 2026-12-31") from None


def parse_dates(text: str) -> list[date]:
    """A day, or all days from a first to a last: `2027-02-05..2027-02-11`.

    Raises:
        ValueError: a day is of another form, or the range is turned round or longer than a year.
    """
    ends = [parse_date(part.strip()) for part in text.split("..", 1)]
    count = (ends[-1] - ends[0]).days + 1
    if not 1 <= count <= _LONGEST_CLOSURE:
        raise ValueError(
            f"'{text}': the first day comes first, and the last one within a year,"
            " e.g. 2027-02-05..2027-02-11"
        )
    return [ends[0] + timedelta(days=n) for n in range(count)]


def regions(country: str) -> list[str]:
    """Names and codes of a country's regions with holidays of their own, e.g. `KUL` of `MY`."""
    if country not in list_supported_countries():
        return []
    known = country_holidays(country)
    return [*known.subdivisions, *known.subdivisions_aliases]


@lru_cache(maxsize=128)
def public_holidays(country: str, region: str | None, year: int) -> frozenset[date]:
    """The public holidays of a year; none for a country that the library does not know.

    Days that follow the moon are forecasts for the years to come.

    Args:
        country: ISO 3166 code, e.g. `MY`.
        region: one of `regions(country)`, whose own holidays then count too.
        year: of the Gregorian calendar.
    """
    if country not in list_supported_countries():
        return frozenset()
    return frozenset(country_holidays(country, subdiv=region, years=year, expand=False))


@dataclass(frozen=True)
class Calendar:
    """The days on which a market does not keep its weekly hours."""

    country: str = ""
    """ISO 3166 code of the country whose public holidays count."""
    region: str | None = None
    closed: frozenset[date] = frozenset()
    """Days of the shop's own on which nobody is there."""
    special: Mapping[date, Ranges] = field(default_factory=dict)
    """Days with hours of their own; they come before everything else."""

    def is_holiday(self, day: date) -> bool:
        """Whether a day is a public holiday or one on which the shop is closed."""
        return day in self.closed or day in public_holidays(self.country, self.region, day.year)


class Stretch(NamedTuple):
    """Time without a break in which it is open."""

    start: datetime
    end: datetime
    """The first moment at which it is closed again."""


class Schedule:
    """Weekly hours in a time zone, and the days on which they do not hold.

    Of a day count, in this order: its special hours, that it is a closed day, the table's
    `holidays` on a public holiday, its weekday. A day that the table does not name is closed.

    Args:
        table: as in `shop.yml`, see `parse_table`.
        zone: the hours are those of its clocks.
        calendar: holidays and days of the shop's own.

    Raises:
        ValueError: the table is of another form.
    """

    def __init__(
        self, table: Mapping[str, str], zone: ZoneInfo, calendar: Calendar | None = None
    ) -> None:
        self.zone = zone
        self._hours = parse_table(table)
        self._calendar = calendar or Calendar()

    def is_holiday(self, day: date) -> bool:
        """Whether a day is a public holiday or one on which the shop is closed."""
        return self._calendar.is_holiday(day)

    def hours_on(self, day: date) -> list[Stretch]:
        """When it is open on a day, in the schedule's zone; the last may end on the next day."""
        return [
            Stretch(start.astimezone(self.zone), end.astimezone(self.zone))
            for start, end in self._stretches_on(day)
        ]

    def is_open(self, moment: datetime) -> bool:
        """Whether it is open."""
        stretch = next(self._stretches_after(moment), None)
        return stretch is not None and stretch.start <= _utc(moment)

    def next_opening(self, moment: datetime) -> datetime | None:
        """From when on it is open: `moment` itself if it is open then.

        Returns:
            A moment in the schedule's zone; None if it does not open within a year.
        """
        for start, _ in self._stretches_after(moment):
            return max(start, _utc(moment)).astimezone(self.zone)
        return None

    def add_open_time(self, moment: datetime, duration: timedelta) -> datetime:
        """The moment at which, since `moment`, it has been open for `duration`.

        Where nothing opens for a year the clock runs instead, so that there is always an answer.

        Raises:
            ValueError: the duration is negative.
        """
        if duration < timedelta(0):
            raise ValueError("Open time can only be added.")
        reached, left = _utc(moment), duration
        while left:
            stretch = next(self._stretches_after(reached), None)
            start, end = stretch or Stretch(reached, reached + left)
            step = min(left, end - max(start, reached))
            reached, left = max(start, reached) + step, left - step
        return reached.astimezone(self.zone)

    def _stretches_after(self, moment: datetime) -> Iterator[Stretch]:
        """What has not ended at a moment, for a year, in UTC."""
        moment = _utc(moment)
        yesterday = moment.astimezone(self.zone).date() - timedelta(days=1)
        for n in range(_HORIZON + 2):
            for stretch in self._stretches_on(yesterday + timedelta(days=n)):
                if stretch.end > moment:
                    yield stretch

    def _stretches_on(self, day: date) -> list[Stretch]:
        """In UTC, for moments of one zone are compared by their clocks, wrong when these change."""
        midnight = datetime.combine(day, time.min)
        stretches = (
            Stretch(*(_utc((midnight + timedelta(minutes=m)).replace(tzinfo=self.zone)) for m in r))
            for r in self._ranges_on(day)
        )
        # hours that a change of the clocks leaves out may end before they begin
        return sorted(stretch for stretch in stretches if stretch.start < stretch.end)

    def _ranges_on(self, day: date) -> Ranges:
        weekday = self._hours.get(WEEKDAYS[day.weekday()], ())
        if day in self._calendar.special:
            return self._calendar.special[day]
        if day in self._calendar.closed:
            return ()
        return self._hours.get("holidays", weekday) if self.is_holiday(day) else weekday


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("A moment without time zone cannot be compared with hours.")
    return moment.astimezone(UTC)


def agents_schedule(facts: Facts) -> Schedule:
    """When people answer in the chat, by the clocks and holidays of the default language's market.

    They work in one place, whichever language a customer writes.
    """
    return _schedule(facts, facts.agents.hours, facts.languages[facts.default_language].market)


def stores_schedule(facts: Facts, market: str) -> Schedule:
    """When the shops of a market are open."""
    return _schedule(facts, facts.opening_hours, market)


def _schedule(facts: Facts, table: Mapping[str, str], market: str) -> Schedule:
    described = facts.markets[market]
    own = described.holidays
    special = {day: parse_ranges(text) for day, text in own.special.items()}
    calendar = Calendar(market, own.region, own.closed, special)
    return Schedule(table, ZoneInfo(described.time_zone), calendar)
