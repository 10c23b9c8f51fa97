"""Prices of several products together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from actions import products
from myna.shop.demo.catalogue import CATALOGUE

from .chat import heard, run, tracker


@pytest.fixture(autouse=True)
def sold(shop):
    shop.products = dict(CATALOGUE)
    return shop


async def price(text, intent="ask_price", **slots):
    action = {"ask_price": products.ActionTellPrice, "place_order": products.ActionTellHowToBuy}
    return await run(action[intent], tracker(heard(text, intent), language="vi", **slots))


async def choose(sku, intent, kept):
    latest = heard("Chọn mẫu này", intent)
    latest["entities"] = [{"entity": "product", "value": sku}]
    action = {"ask_price": products.ActionTellPrice, "place_order": products.ActionTellHowToBuy}
    return await run(action[intent], tracker(latest, language="vi", quotation=kept))


async def test_several_products_with_delivery_and_total():
    told = await price("2 ấm siêu tốc với 1 máy xay sinh tố bao nhiêu")
    assert told.responses == ["utter_quotation"]
    values = told.values("utter_quotation")
    assert values["lines"].splitlines() == [
        "• 2 × Ấm siêu tốc 1,7 L: 780.000\u00a0₫",
        "• 1 × Máy xay sinh tố 600 W: 750.000\u00a0₫",
    ]
    assert (values["shipping_fee"], values["total"]) == ("0\u00a0₫", "1.530.000\u00a0₫")


async def test_below_the_limit_the_fee_is_part_of_the_total():
    values = (await price("3 cái cáp USB-C giá sao")).values("utter_quotation")
    assert (values["shipping_fee"], values["total"]) == ("30.000\u00a0₫", "390.000\u00a0₫")


async def test_a_name_of_several_products_is_asked_about_and_the_number_kept():
    asked = await price("2 quạt với 1 nồi chiên bao nhiêu")
    assert asked.responses == ["utter_ask_which_product"]
    assert asked.values("utter_ask_which_product")["words"] == "quạt"
    [button] = asked.messages[0]["elements"][0]["buttons"]
    assert button["payload"].startswith("/ask_price{")
    second = await choose("FN-16R", "ask_price", asked.slots["quotation"])
    assert second.values("utter_ask_which_product")["words"] == "nồi chiên"
    told = await choose("AF-400", "ask_price", second.slots["quotation"])
    assert told.responses == ["utter_quotation"]
    assert told.values("utter_quotation")["total"] == "3.290.000\u00a0₫"


async def test_another_question_ends_the_choice():
    asked = await price("2 quạt với 1 nồi chiên bao nhiêu")
    told = await price("máy hút ẩm bao nhiêu", quotation=asked.slots["quotation"])
    assert told.responses == ["utter_product_price_delivered"]
    assert told.slots["quotation"] is None


async def test_what_was_quoted_is_ordered():
    quoted = await price("2 ấm siêu tốc với 1 máy xay sinh tố bao nhiêu")
    told = await price("ok đặt luôn", "place_order", quotation=quoted.slots["quotation"])
    assert told.responses == ["utter_quotation_to_order"]
    assert [b["payload"] for b in told.messages[0]["buttons"]] == ["/request_human"]


async def test_ordering_several_asks_which_and_stays_an_order():
    asked = await price("đặt 2 quạt và 1 ấm siêu tốc", "place_order")
    told = await choose("FN-MINI", "place_order", asked.slots["quotation"])
    assert told.responses == ["utter_quotation_to_order"]


async def test_too_few_in_stock_and_prices_for_larger_numbers():
    told = await price("báo giá 20 cái máy hút ẩm")
    assert told.responses == ["utter_quotation", "utter_quotation_short", "utter_quotation_bulk"]
    assert told.messages[2]["buttons"][0]["payload"] == "/faq/bulk_order"


async def test_products_without_a_price_are_in_no_sum(sold):
    sold.products["KT-17"] = replace(sold.products["KT-17"], prices={})
    told = await price("2 ấm siêu tốc với 1 máy xay sinh tố bao nhiêu")
    assert told.responses == ["utter_products_unpriced", "utter_quotation"]
    assert told.values("utter_quotation")["total"] == "750.000\u00a0₫"


async def test_only_products_without_a_price(sold):
    sold.products["KT-17"] = replace(sold.products["KT-17"], prices={})
    assert (await price("2 ấm siêu tốc")).responses == ["utter_products_unpriced"]


async def test_a_single_quoted_product_is_the_one_talked_about():
    assert (await price("2 ấm siêu tốc bao nhiêu")).slots["product"] == "KT-17"
