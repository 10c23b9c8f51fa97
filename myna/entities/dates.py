"""Dates and relative dates, as ISO 8601: days `2026-11-23`, weeks `2026-W47`, months `2026-10`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

from holidays import country_holidays
from spacy.tokens import Doc

from myna.entities.patterns import Patterns
from myna.entities.text import Found, Text, Token, announces
from myna.entities.tokens import Lexicon
from myna.hours import WEEKDAYS

_NUMERIC = re.compile(
    r"(?<![\w/.\-])(?:(?P<y>20\d\d)[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})"
    r"|(?P<d2>\d{1,2})(?P<s>[/.\-])(?P<m2>\d{1,2})(?P=s)(?P<y2>20\d\d|\d\d)"
    r"|(?P<d3>\d{1,2})/(?P<m3>\d{1,2}))(?![\w/]|[.\-,]\d)"
)
_NO_DATES = frozenset({"24/7", "1/2", "50/50", "3/4", "1/4", "1/1"})
"""Written like days without a year, and as a rule something else."""
_BEST_MARKS = (5, 10)  # "4/5", "8/10"
_WEEKDAY_WEEKS = {"last week": -1, "this week": 0, "next week": 1}
_LONGEST_AGO = 3700  # days


class Dates:
    """Finds days, weeks and months, as seen from the day of the message.

    A day without a year is the nearest one, before or behind; a weekday by itself is the next one,
    today included.
    """

    def __init__(self, lexicon: Lexicon, patterns: Patterns) -> None:
        self._matcher = lexicon.matcher("date", patterns.patterns.get("date", []))

    def numeric(self, text: Text, tokens: list[Token], today: date) -> Iterator[Found]:
        """Days in figures, the day first: `23/11`, `23-11-2026`; or `2026-11-23`."""
        for match in _NUMERIC.finditer(text.plain):
            if match["d3"]:
                day, month = int(match["d3"]), int(match["m3"])
                if match[0] in _NO_DATES or announces(tokens, match.start(), "date/other_number"):
                    continue
                marks = month in _BEST_MARKS and 1 < day <= month
                if marks and not announces(tokens, match.start(), "date/announced"):
                    continue
                found = nearest(today, day, month)
            else:
                year = int(match["y"] or match["y2"])
                month, day = int(match["m"] or match["m2"]), int(match["d"] or match["d2"])
                found = _day(year if year > 99 else 2000 + year, month, day)
            if found:
                yield Found(*match.span(), "date", found.isoformat())

    def worded(self, text: Text, doc: Doc, tokens: list[Token], today: date) -> Iterator[Found]:
        """Days, weeks and months in words."""
        for meaning, stretch in self._matcher.find(text, doc, tokens):
            start, end = stretch[0].start, stretch[-1].end
            glued = (
                text.plain[max(0, start - 1) : start].isalnum()
                or text.plain[end : end + 1].isdecimal()
            )
            if not glued and (value := _value(meaning, stretch, today)):  # no "MERDEKA10"
                yield Found(start, end, "date", value)


def _value(meaning: str, stretch: list[Token], today: date) -> str | None:
    numbers = [
        int(token.number)
        for token in stretch
        if token.number is not None and token.number == int(token.number) and token.number < 10_000
    ]
    kind, _, rest = meaning.partition(" ")
    found: date | None = None
    if kind == "weekday":
        found = _weekday(rest, _kind(stretch, "weekday"), today)
    elif meaning in ("days ago", "days ahead"):
        unit = next(t.kinds["unit"] for t in reversed(stretch) if "unit" in t.kinds)
        sign = -1 if rest == "ago" else 1
        return _moved(today, sign * numbers[0], unit) if numbers else None
    elif meaning.startswith("day of month"):
        found = _day_of_month(stretch, numbers, today, dated=rest.endswith("year"))
    elif meaning == "day":
        found = _nearest_day(today, numbers[0]) if numbers else None
    elif kind == "holiday" or rest == "of holiday":
        found = nearest_holiday(today, _kind(stretch, "holiday"))
        if found and rest:
            found = found + timedelta(numbers[0] - 1) if numbers and numbers[0] <= 15 else None
    else:
        return _moved(today, int(rest), kind)
    return found.isoformat() if found else None


def _kind(stretch: list[Token], kind: str) -> str:
    return next(token.kinds[kind] for token in stretch if kind in token.kinds)


def _weekday(which: str, name: str, today: date) -> date:
    wanted = WEEKDAYS.index(name)
    if which == "before":
        return today - timedelta((today.weekday() - wanted - 1) % 7 + 1)
    if which == "coming":
        return today + timedelta((wanted - today.weekday()) % 7)
    return today + timedelta(7 * _WEEKDAY_WEEKS[which] + wanted - today.weekday())


def _moved(today: date, number: int, unit: str) -> str | None:
    if unit == "day":
        return (today + timedelta(number)).isoformat() if abs(number) < _LONGEST_AGO else None
    if unit == "week":
        year, week, _ = (today + timedelta(7 * max(-500, min(500, number)))).isocalendar()
        return f"{year}-W{week:02}"
    month = today.year * 12 + today.month - 1 + number * (12 if unit == "year" else 1)
    if not 12 * 1900 <= month < 12 * 2200:
        return None
    return f"{month // 12}" if unit == "year" else f"{month // 12}-{month % 12 + 1:02}"


def _day_of_month(
    stretch: list[Token], numbers: list[int], today: date, *, dated: bool
) -> date | None:
    named = next((int(t.kinds["month"]) for t in stretch if "month" in t.kinds), None)
    wanted = 1 + (named is None) + dated
    if len(numbers) != wanted:
        return None
    day, month = numbers[0], named or numbers[1]
    if not dated:
        return nearest(today, day, month)
    year = numbers[-1]
    return _day(year, month, day) if 1900 <= year <= 2200 else None


def nearest(today: date, day: int, month: int) -> date | None:
    """The day of that name that is nearest to today; None if the calendar has none."""
    years = (today.year - 1, today.year, today.year + 1)
    found = [each for year in years if (each := _day(year, month, day))]
    return min(found, key=lambda each: abs(each - today), default=None)


def _nearest_day(today: date, day: int) -> date | None:
    months = [today.year * 12 + today.month - 1 + move for move in (-1, 0, 1)]
    found = [each for month in months if (each := _day(month // 12, month % 12 + 1, day))]
    return min(found, key=lambda each: abs(each - today), default=None)


def nearest_holiday(today: date, name: str) -> date | None:
    """The day of a holiday (`VN Lunar New Year`, `12-25`) that is nearest to today."""
    if name[0].isdecimal():
        return nearest(today, int(name[3:]), int(name[:2]))
    country, _, title = name.partition(" ")
    years = (today.year - 1, today.year, today.year + 1)
    days = [_holidays(country, year)[title] for year in years if title in _holidays(country, year)]
    return min(days, key=lambda day: abs(day - today), default=None)


def holiday_names(country: str) -> frozenset[str]:
    """The English names that a country's holidays have, for checks."""
    return frozenset(name for year in range(2020, 2031) for name in _holidays(country, year))


@lru_cache(maxsize=64)
def _holidays(country: str, year: int) -> dict[str, date]:
    """The first day of each, by English name."""
    found: dict[str, date] = {}
    subdivision = "KUL" if country == "MY" else None  # with days that not every state has
    try:
        listed = country_holidays(country, subdiv=subdivision, years=year, language="en_US")
    except NotImplementedError:
        return {}
    for day, names in sorted(listed.items()):
        for name in names.split("; "):
            found.setdefault(re.sub(r" \((?:estimated|observed.*)\)$", "", name), day)
    return found


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
