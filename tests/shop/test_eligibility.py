from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from myna.facts import Terms
from myna.shop.eligibility import Eligibility, return_eligibility
from myna.shop.model import ItemCount, Return

from ..actions.fake_shop import a_parcel, an_order

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
# half past midnight of the 2nd in Vietnam
DELIVERED = datetime(2026, 11, 1, 17, 30, tzinfo=UTC)
ORDER = an_order(state="delivered", shipments=(a_parcel("delivered", delivered_at=DELIVERED),))
TERMS = Terms.parse_obj(
    {
        "return_days": 14,
        "refund_days": "5–7",
        "warranty_months": 12,
        "return_reasons": {
            "faulty": {"days": 30},
            "damaged": {"photo": True, "days": 0},
            "not_as_described": {"review": True},
            "changed_mind": {"paid_by": "customer", "any_category": False},
        },
        "not_returnable": ["personal care"],
    }
)


def ask(reason: Any = "changed_mind", day: int = 10, **more: Any) -> Eligibility:
    values: dict[str, Any] = {
        "order": ORDER,
        "skus": ["AF-400"],
        "kind": "refund",
        "categories": ["kitchen"],
        "returns": (),
        "terms": TERMS,
        "now": datetime(2026, 11, day, 5, tzinfo=UTC),
        "zone": ZONE,
        **more,
    }
    return return_eligibility(values.pop("order"), reason=reason, **values)


def test_the_days_run_from_the_day_of_delivery_by_the_customers_clocks() -> None:
    assert ask() == Eligibility("yes", date(2026, 11, 16), shop_pays=False)
    last = datetime(2026, 11, 16, 16, 59, tzinfo=UTC)
    assert ask(now=last).verdict == "yes"
    assert ask(now=last.replace(hour=17, minute=0)).verdict == "too_late"


def test_a_reason_has_terms_of_its_own() -> None:
    assert ask("faulty", 30) == Eligibility("yes", date(2026, 12, 2))
    assert ask("damaged", 2).photo
    assert ask("damaged", 2).verdict == "yes"
    assert ask("damaged", 3).verdict == "too_late"
    assert ask("not_as_described").verdict == "review"
    assert ask("wrong_item").verdict == "reason"


def test_a_category_that_is_not_taken_back_is_when_it_is_faulty() -> None:
    categories = ["kitchen", "personal care"]
    assert ask(categories=categories).verdict == "category"
    assert ask("faulty", categories=categories).verdict == "yes"


def test_nothing_is_exchanged_where_the_shop_does_not() -> None:
    assert ask(kind="exchange").verdict == "yes"
    terms = TERMS.copy(update={"exchange": False})
    assert ask(kind="exchange", terms=terms).verdict == "exchange"
    assert ask(terms=terms).verdict == "yes"


@pytest.mark.parametrize(
    ("state", "verdict"), [("in_transit", "already_open"), ("completed", "already_open"),
                           ("rejected", "yes"), ("cancelled", "yes")]
)  # fmt: skip
def test_an_item_goes_back_once(state: Any, verdict: str) -> None:
    earlier = Return(
        "RT-1", ORDER.number, state, (ItemCount("AF-400"),), "faulty", "refund", DELIVERED
    )
    assert ask(returns=[earlier]).verdict == verdict
    assert ask(returns=[earlier], skus=["KT-17"]).verdict == "yes"


@pytest.mark.parametrize("state", ["pending", "shipped", "cancelled", "returned"])
def test_only_what_was_delivered_goes_back(state: str) -> None:
    assert ask(order=an_order(state=state)).verdict == "not_delivered"


def test_what_came_through_a_marketplace_goes_back_there() -> None:
    order = an_order(state="delivered", shipments=ORDER.shipments, marketplace="Shopee")
    assert ask(order=order).verdict == "marketplace"
