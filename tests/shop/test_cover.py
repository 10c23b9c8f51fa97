from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myna.shop.cover import Cover, add_months, cover
from myna.shop.model import Warranty

BOUGHT = Warranty("RC-180", "Nồi cơm", date(2024, 2, 29), None)


def test_the_last_day_still_counts() -> None:
    assert cover(BOUGHT, date(2025, 2, 28), 12) == Cover("covered", date(2025, 2, 28), 0)
    assert cover(BOUGHT, date(2025, 3, 1), 12) == Cover("expired", date(2025, 2, 28), -1)


def test_what_the_shop_says_counts_before_the_usual_term() -> None:
    longer = Warranty("RC-180", "Nồi cơm", date(2024, 2, 29), date(2026, 1, 1))
    assert cover(longer, date(2025, 12, 31), 12) == Cover("covered", date(2026, 1, 1), 1)


def test_a_void_warranty_covers_on_no_day() -> None:
    void = Warranty("RC-180", "Nồi cơm", date(2024, 2, 29), None, void=True)
    assert cover(void, date(2024, 3, 1), 12).state == "void"


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 1, 5), -13, date(2024, 12, 5)),
    ],
)
def test_months_of_all_lengths(day: date, months: int, then: date) -> None:
    assert add_months(day, months) == then


@given(st.dates(date(1990, 1, 1), date(2200, 1, 1)), st.integers(0, 240))
def test_more_months_are_never_an_earlier_day(day: date, months: int) -> None:
    assert day <= add_months(day, months) <= add_months(day, months + 1)
