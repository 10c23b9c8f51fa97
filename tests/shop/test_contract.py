"""The shared suite, against every adapter."""

from __future__ import annotations

import pytest

from myna.shop.model import Who
from myna.shop.protocol import Shop

from .contract import *  # noqa: F403
from .contract import Sample

DEMO = Sample(
    paid="MY-10495",
    unpaid=("MY-10510", "MY-10515", "DH-20455"),
    shipped="DH-20413",
    delivered="MY-10501",
    cancelled="MY-10507",
    refunded="DH-20450",
    unknown="DH-99999",
    who=Who(contact="lan.nguyen@example.com"),
    customer_id="C-V03123456",
    orders_of_who=frozenset({"DH-20402", "DH-20408", "DH-20413"}),
    stranger=Who(contact="+84909999999"),
    in_stock="RC-180",
    sold_out="AF-700D",
    searches={
        "noi com dien": "RC-180",
        "nồi chiên kg dầu 4l": "AF-400",
        "penggoreng udra": "AF-400",
        "af-700d": "AF-700D",
        "garmant steamer": "IR-ST",
    },
)
WOO = Sample(
    paid="KD-10495",
    unpaid=("KD-10510", "KD-10515"),
    shipped="KD-10482",
    delivered="KD-10501",
    cancelled="KD-10507",
    refunded="KD-10450",
    unknown="KD-99999",
    who=Who(contact="aisyah@example.com"),
    customer_id="7",
    orders_of_who=frozenset({f"KD-{n}" for n in (10450, 10482, 10495, 10501, 10507, 10510, 10515)}),
    stranger=Who(contact="+60129999999"),
    in_stock="RC-180",
    sold_out="AF-400",
    searches={"periuk nsi": "RC-180", "penggoreng udra": "AF-400", "af-400": "AF-400"},
    offers=frozenset(
        {
            *("orders", "order_lists", "cancellation", "messages", "delivery_changes"),
            *("refunds", "products", "customers"),
        }
    ),
    messages_to=("email",),
    pays_back=False,
)


@pytest.fixture(params=["demo", "http", "woocommerce"])
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def shop(request: pytest.FixtureRequest, adapter: str) -> Shop:
    """Each adapter in turn."""
    return request.getfixturevalue(f"{adapter}_shop")


@pytest.fixture
def sample(adapter: str) -> Sample:
    return WOO if adapter == "woocommerce" else DEMO
