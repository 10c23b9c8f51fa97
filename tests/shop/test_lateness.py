"""When an order is late: by the carrier's day, else by what the shop promises."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from myna.shop.lateness import is_late, longest_delivery

from ..actions.fake_shop import a_parcel, an_order

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NOON = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)
TODAY = NOON.astimezone(ZONE).date()


def late(order, now=NOON):
    return is_late(order, promised_days=5, now=now, zone=ZONE)


def order(state="shipped", days_ago=3, expected=None, parcel=None, **changes):
    shipments = (
        () if state in ("pending", "paid") else (a_parcel(parcel or state, expected_on=expected),)
    )
    placed_at = NOON - timedelta(days=days_ago)
    return an_order(state=state, placed_at=placed_at, shipments=shipments, **changes)


@pytest.mark.parametrize(("days", "expected"), [("3–5", 5), ("2", 2), ("3-7", 7)])
def test_the_longest_time(days, expected):
    assert longest_delivery(days) == expected


def test_a_time_without_a_number():
    with pytest.raises(ValueError, match="empty"):
        longest_delivery("soon")


@pytest.mark.parametrize(("days", "expected"), [(-1, True), (0, False), (1, False)])
def test_the_carriers_day_counts(days, expected):
    assert late(order(days_ago=30, expected=TODAY + timedelta(days=days))) is expected


@pytest.mark.parametrize(("days_ago", "expected"), [(5, False), (6, True)])
@pytest.mark.parametrize("state", ["paid", "packed", "shipped"])
def test_else_the_promise_counts(state, days_ago, expected):
    assert late(order(state, days_ago)) is expected


@pytest.mark.parametrize("state", ["delivered", "returned", "cancelled"])
def test_what_is_over_is_not_late(state):
    assert not late(order(state, days_ago=30, parcel="delivered"))


def test_what_is_not_paid_is_not_late():
    assert not late(order("pending", days_ago=30))
    assert late(order("pending", days_ago=30, payment_method="cod"))


def test_one_of_two_parcels_is_late():
    yesterday = TODAY - timedelta(days=1)
    here = a_parcel("delivered", expected_on=yesterday)
    parcels = (here, a_parcel("shipped", expected_on=yesterday))
    assert late(an_order(state="shipped", placed_at=NOON, shipments=parcels))
    assert not late(an_order(state="shipped", placed_at=NOON, shipments=(here,)))


def test_the_day_is_that_of_the_market():
    evening = datetime(2026, 11, 25, 17, 30, tzinfo=UTC)  # half past midnight in Vietnam
    assert late(order(expected=TODAY), now=evening)
