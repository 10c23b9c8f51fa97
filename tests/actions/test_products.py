"""Questions about products: one, several, none; by name and by what was talked about."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from actions import products
from myna.bootstrap import catalogue
from myna.shop.demo.catalogue import CATALOGUE
from myna.shop.model import NotOffered, Unavailable

from .chat import Chat, entities_of, heard, run, tracker

ACTIONS = {
    "ask_product_info": products.ActionTellProduct,
    "ask_price": products.ActionTellPrice,
    "ask_stock": products.ActionTellStock,
    "place_order": products.ActionTellHowToBuy,
}
ABOUT = {
    "descriptions": {"vi": "Chạy êm, có hẹn giờ.", "en": "Runs quietly, with a timer."},
    "facts": {"vi": ("55 W", "cao 120 cm"), "en": ("55 W", "120 cm tall")},
    "url": "https://lentera.example.com/p/fn-16r",
    "picture": "https://lentera.example.com/p/fn-16r.png",
}


@pytest.fixture(autouse=True)
def sold(shop):
    shop.products = {
        sku: replace(
            product, facts={}, descriptions={}, url=None, picture=None, warranty_months=None
        )
        for sku, product in CATALOGUE.items()
    }
    shop.products["FN-16R"] = replace(shop.products["FN-16R"], **ABOUT)
    return shop


async def ask(intent, text, language="vi", **slots):
    return await run(ACTIONS[intent], tracker(heard(text, intent), language=language, **slots))


def buttons(outcome, index=0):
    return [button["payload"] for button in outcome.messages[index]["buttons"]]


async def test_the_price_in_the_market_of_the_language():
    told = await ask("ask_price", "máy hút ẩm bao nhiêu tiền")
    assert told.responses == ["utter_product_price_delivered"]
    assert told.values("utter_product_price_delivered")["price"] == "3.890.000\u00a0₫"
    assert told.slots["product"] == "DH-12"
    assert '/place_order{"product": "DH-12"}' in buttons(told)
    told = await ask("ask_price", "how much is the dehumidifier", "en")
    assert told.values("utter_product_price_delivered")["price"] == "RM699.00"


async def test_below_the_limit_delivery_is_told():
    assert (await ask("ask_price", "giá quạt mini cầm tay")).responses == ["utter_product_price"]


async def test_no_price_in_this_market(sold):
    sold.products["DH-12"] = replace(sold.products["DH-12"], prices={})
    for intent in ("ask_price", "place_order"):
        told = await ask(intent, "máy hút ẩm")
        assert told.responses == ["utter_product_unpriced"]


async def test_a_sold_out_product_is_priced_and_said_to_be_sold_out(sold):
    sold.products["DH-12"] = replace(sold.products["DH-12"], stock=0)
    told = await ask("ask_price", "giá máy hút ẩm")
    assert told.responses == ["utter_product_price_delivered", "utter_product_sold_out"]


@pytest.mark.parametrize(
    ("stock", "restock_on", "text", "response"),
    [
        (9, None, "máy hút ẩm còn hàng không", "utter_product_in_stock"),
        (3, None, "máy hút ẩm còn hàng không", "utter_product_few_left"),
        (3, None, "còn 5 cái máy hút ẩm không", "utter_product_too_few"),
        (0, None, "máy hút ẩm còn không", "utter_product_sold_out"),
        (0, date(2026, 12, 5), "máy hút ẩm còn không", "utter_product_back_on"),
    ],
)
async def test_stock(sold, stock, restock_on, text, response):
    sold.products["DH-12"] = replace(sold.products["DH-12"], stock=stock, restock_on=restock_on)
    told = await ask("ask_stock", text)
    assert told.responses == [response]
    assert told.values(response)["stock"] == stock
    assert told.values(response)["restock_on"] == ("05/12/2026" if restock_on else "–")


async def test_a_stock_question_about_a_kind_shows_cards_with_price_and_stock(sold):
    told = await ask("ask_stock", "nồi chiên không dầu còn không")
    assert told.responses == ["utter_products_found"]
    cards = {card["title"]: card for card in told.messages[0]["elements"]}
    assert set(cards) == {"Nồi chiên không dầu 4 L", "Nồi chiên không dầu điện tử 7 L"}
    assert cards["Nồi chiên không dầu 4 L"]["subtitle"] == "1.590.000\u00a0₫ · còn hàng"
    assert cards["Nồi chiên không dầu điện tử 7 L"]["subtitle"].endswith("tạm hết hàng")
    payloads = [button["payload"] for button in cards["Nồi chiên không dầu 4 L"]["buttons"]]
    assert payloads == [
        '/place_order{"product": "AF-400"}',
        '/ask_product_info{"product": "AF-400"}',
    ]
    assert told.slots["product"] is None


async def test_a_card_has_picture_and_page_where_there_are(sold):
    told = await ask("ask_price", "quạt bao nhiêu")
    card = next(c for c in told.messages[0]["elements"] if c["title"].startswith("Quạt đứng"))
    assert card["image_url"] == ABOUT["picture"]
    assert card["default_action"] == {"type": "web_url", "url": ABOUT["url"]}
    other = next(c for c in told.messages[0]["elements"] if "mini" in c["title"])
    assert "image_url" not in other
    assert "default_action" not in other


async def test_more_than_can_be_shown(sold):
    told = await ask("ask_product_info", "bên mình có đồ nhà bếp gì")
    assert told.responses == ["utter_many_products_found"]
    assert len(told.messages[0]["elements"]) == 5


async def test_what_the_records_say_of_it():
    told = await ask("ask_product_info", "cho em thông tin FN-16R")
    assert told.responses == ["utter_product_info"]
    assert told.values("utter_product_info")["about"] == "Chạy êm, có hẹn giờ.\n55 W · cao 120 cm"
    assert "/request_human" in buttons(told)


@pytest.mark.parametrize(
    ("text", "response"),
    [
        ("FN-16R chạy có ồn không", "utter_product_info"),
        ("FN-16R cao bao nhiêu", "utter_product_info"),
        ("FN-16R nặng bao nhiêu", "utter_product_detail_unknown"),
        ("FN-16R có mấy màu", "utter_product_detail_unknown"),
        ("FN-16R có hẹn giờ không", "utter_product_info"),
        ("FN-16R có đuổi muỗi không", "utter_product_detail_unknown"),
        ("máy hút ẩm có ồn không", "utter_product_unknown"),
        ("FN-16R bảo hành bao lâu", "utter_product_warranty"),
    ],
)
async def test_what_the_records_do_not_say_is_said_to_be_unknown(text, response):
    assert (await ask("ask_product_info", text)).responses == [response]


@pytest.mark.parametrize(
    ("months", "response"), [(24, "utter_product_warranty"), (0, "utter_product_without_warranty")]
)
async def test_a_products_own_warranty(sold, months, response):
    sold.products["FN-16R"] = replace(sold.products["FN-16R"], warranty_months=months)
    told = await ask("ask_product_info", "FN-16R bảo hành mấy tháng")
    assert told.responses == [response]
    assert told.values(response)["months"] == months


async def test_without_one_of_its_own_the_usual_warranty_holds():
    told = await ask("ask_product_info", "FN-16R bảo hành mấy tháng")
    usual = catalogue().facts.terms.warranty_months
    assert told.values("utter_product_warranty")["months"] == usual


async def test_a_button_is_answered_without_reading_its_title():
    latest = heard("Xem chi tiết", "ask_product_info")
    latest["entities"] = [{"entity": "product", "value": "FN-16R"}]
    told = await run(products.ActionTellProduct, tracker(latest, language="vi"))
    assert told.responses == ["utter_product_info"]


async def test_follow_up_questions():
    told = await ask("ask_price", "giá nó bao nhiêu", product="AF-400")
    assert told.values("utter_product_price_delivered")["product"] == "Nồi chiên không dầu 4 L"
    assert (await ask("place_order", "ok lấy cho chị luôn", product="AF-400")).responses == [
        "utter_product_order"
    ]


async def test_two_products_are_compared():
    told = await ask("ask_product_info", "so sánh AF-400 với FN-16R")
    assert told.responses == ["utter_product_comparison"]
    rows = told.values("utter_product_comparison")["comparison"]
    assert "Nồi chiên không dầu 4 L: 1.590.000\u00a0₫ · còn hàng" in rows
    assert "55 W; cao 120 cm" in rows
    assert len(told.messages[0]["elements"]) == 2


@pytest.mark.parametrize("intent", list(ACTIONS))
async def test_no_such_product(intent):
    assert (await ask(intent, "bàn phím cơ")).responses == ["utter_product_not_found"]


@pytest.mark.parametrize("intent", list(ACTIONS))
async def test_a_shop_that_does_not_answer(sold, intent):
    sold.next["search_products"] = [Unavailable("down")]
    assert (await ask(intent, "bàn phím cơ")).responses == ["utter_products_unavailable"]


@pytest.mark.parametrize("intent", list(ACTIONS))
async def test_a_shop_without_products_has_people(sold, intent):
    sold.next["search_products"] = [NotOffered("products")]
    told = await ask(intent, "bàn phím cơ")
    assert told.responses == ["utter_needs_person"]
    assert [command["type"] for command in told.commands] == ["hand_over"]


async def test_where_it_is_bought(sold):
    told = await ask("place_order", "cho chị đặt FN-16R")
    assert told.responses == ["utter_product_order"]
    assert told.values("utter_product_order")["url"] == ABOUT["url"]
    assert buttons(told) == ["/request_human"]
    sold.products["FN-16R"] = replace(sold.products["FN-16R"], stock=0)
    assert (await ask("place_order", "đặt FN-16R")).responses == ["utter_product_sold_out"]


@pytest.mark.parametrize(
    ("text", "product", "response"),
    [
        ("bớt chút được không em", "AF-400", "utter_no_bargain_product"),
        ("AF-400 có giảm giá không", None, "utter_no_bargain_product"),
        ("mắc quá à, bớt đi", None, "utter_no_bargain"),
    ],
)
async def test_bargaining_is_answered_politely(text, product, response):
    assert (await ask("ask_price", text, product=product)).responses == [response]


# --- which product?


@pytest.fixture
def chat():
    return Chat("vi")


async def test_which_product_is_asked_and_the_first_question_answered(chat):
    assert await chat.say("giá bao nhiêu", "ask_price") == ["utter_ask_product"]
    told = await chat.say("máy hút ẩm", "nlu_fallback", **entities_of("máy hút ẩm"))
    assert told == ["utter_product_price_delivered"]
    assert (chat.loop, chat.slots["product"]) == (None, "DH-12")
    assert (chat.slots["product_words"], chat.slots["product_topic"]) == (None, None)


async def test_a_name_alone_is_the_answer_whatever_it_is_taken_for(chat):
    await chat.say("giá bao nhiêu", "ask_price")
    named = heard("máy lọc không khí", "report_technical_problem")["entities"]
    assert await chat.say("máy lọc không khí", "report_technical_problem", found=named) == [
        "utter_product_price_delivered"
    ]


async def test_which_product_is_asked_once_only(chat):
    await chat.say("còn hàng không", "ask_stock")
    assert await chat.say("cái đó đó", "ask_stock") == ["utter_product_not_found"]
    assert chat.loop is None


async def test_a_digression_is_answered_and_the_question_asked_again(chat):
    await chat.say("giá bao nhiêu", "ask_price")
    assert await chat.say("chào em", "greet") == ["utter_greet", "utter_ask_product"]
    assert chat.loop == products.FORM


async def test_the_customer_stops(chat):
    await chat.say("giá bao nhiêu", "ask_price")
    assert await chat.say("thôi khỏi", "deny") == ["utter_form_stopped"]
    assert chat.loop is None
