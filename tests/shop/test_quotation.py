from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myna.facts import load_facts
from myna.shop.demo.catalogue import CATALOGUE
from myna.shop.model import Money
from myna.shop.quotation import quote

MY = load_facts().markets["MY"]
KETTLE, CABLE, FRYER = CATALOGUE["KT-17"], CATALOGUE["CB-C2"], CATALOGUE["AF-700D"]


def ringgit(amount: str) -> Money:
    return Money(Decimal(amount), "MYR")


def test_small_orders_pay_for_their_delivery() -> None:
    quotation = quote([(KETTLE, 1), (CABLE, 2)], MY)
    assert quotation.goods == ringgit("119.00")
    assert quotation.shipping_fee == ringgit("8")
    assert quotation.total == ringgit("127.00")


def test_from_the_limit_on_delivery_is_free() -> None:
    assert quote([(replace(KETTLE, prices={"MYR": ringgit("120")}), 1)], MY).shipping_fee == (
        ringgit("0")
    )


def test_the_same_product_twice_is_one_line() -> None:
    quotation = quote([(KETTLE, 1), (CABLE, 1), (KETTLE, 2)], MY)
    assert [(line.product.sku, line.quantity) for line in quotation.lines] == [
        ("KT-17", 3),
        ("CB-C2", 1),
    ]


def test_what_is_short_is_marked() -> None:
    lines = quote([(FRYER, 1), (KETTLE, KETTLE.stock), (CABLE, CABLE.stock + 1)], MY).lines
    assert [line.in_stock for line in lines] == [False, True, False]


def test_what_has_no_price_here_is_in_no_sum() -> None:
    abroad = replace(FRYER, prices={"VND": Money(Decimal(5), "VND")})
    quotation = quote([(abroad, 1), (KETTLE, 1)], MY)
    assert quotation.unpriced == (abroad,)
    assert quotation.goods == ringgit("75.00")
    assert quote([(abroad, 1)], MY).total == ringgit("0")


@pytest.mark.parametrize("quantity", [0, -1])
def test_nothing_is_no_quantity(quantity: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        quote([(KETTLE, quantity)], MY)


@given(
    st.lists(st.tuples(st.sampled_from(list(CATALOGUE.values())), st.integers(1, 50)), max_size=8)
)
def test_sums_add_up(wanted: list[tuple[object, int]]) -> None:
    quotation = quote(wanted, MY)  # type: ignore[arg-type]
    goods = sum((line.unit_price.amount * line.quantity for line in quotation.lines), Decimal(0))
    assert quotation.goods.amount == goods
    assert quotation.total.amount == goods + quotation.shipping_fee.amount
    assert sum(line.quantity for line in quotation.lines) == sum(count for _, count in wanted)
