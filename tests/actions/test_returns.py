"""Sending something back: what is asked, what the terms allow, and what comes of it."""

from datetime import UTC, datetime, timedelta

import pytest

from actions import return_opening
from myna.bootstrap import catalogue
from myna.shop.model import (
    Declined,
    ItemCount,
    Money,
    NotFound,
    NotOffered,
    Product,
    Refund,
    Refused,
    Return,
    ReturnRequest,
    Unavailable,
    Uncertain,
)

from .chat import run, tracker
from .fake_shop import PLACED, a_parcel, an_order

NUMBER, RIGHT = "DH-20413", "+84903123456"
CONFIRM = "utter_ask_confirm_return"


def delivered(days_ago=2.0, number=NUMBER, **changes):
    at = datetime.now(UTC) - timedelta(days=days_ago)
    parcel = a_parcel("delivered", delivered_at=at)
    return an_order(number, "delivered", shipments=(parcel,), **changes)


def a_return(state="approved", sku="AF-400", **changes):
    values = {
        "number": "RT-1",
        "order_number": NUMBER,
        "state": state,
        "items": (ItemCount(sku),),
        "reason": "damaged",
        "kind": "refund",
        "opened_at": PLACED,
    }
    return Return(**{**values, **changes})


@pytest.fixture(autouse=True)
def delivered_order(shop):
    shop.add(delivered())


async def ask(chat, text="I want to return it", **more):
    told = {"order_number": NUMBER, "phone": RIGHT, **more}
    return await chat.say(text, "request_return", **told)


async def press(chat, **entities):
    return await chat.say("(button)", "inform", **entities)


async def confirm(chat, text="the fryer nồi chiên is broken, I want a refund"):
    assert await ask(chat, text) == [CONFIRM]


def opened(shop):
    return [call for call in shop.calls if call[0] == "open_return"]


def cases(chat):
    return [command for command in chat.commands if command["type"] == "open_case"]


async def test_the_whole_way_by_buttons(chat, shop):
    assert await ask(chat) == ["utter_ask_item"]
    assert await press(chat, item="KT-17") == ["utter_ask_pieces"]
    assert await press(chat, pieces="1") == ["utter_ask_return_reason"]
    assert await press(chat, reason="faulty") == ["utter_ask_return_remedy"]
    assert await press(chat, remedy="exchange") == [CONFIRM]
    assert opened(shop) == []
    assert await chat.say("yes", "affirm") == [
        "utter_return_opened",
        "utter_return_drop_off",
        "utter_return_then_exchange",
    ]
    request = ReturnRequest(
        (ItemCount("KT-17", 1),), "faulty", "exchange", "KT-17", note="I want to return it"
    )
    assert opened(shop) == [("open_return", (NUMBER, request), "return:m-5")]
    assert chat.loop is None
    left = ("matter", "item", "pieces", "reason", "remedy", "confirmed")
    assert [chat.slots[name] for name in left] == [None] * 6


async def test_what_the_first_message_tells_is_not_asked(chat, shop):
    await confirm(chat)
    values = chat.values(CONFIRM)
    assert values["items"] == "1 × Nồi chiên"
    assert (values["reason"], values["remedy"], values["cost"]) == ("damaged", "refund", "free")
    told = await chat.say("ok", "affirm")
    assert told == [
        "utter_return_opened",
        "utter_return_drop_off",
        "utter_return_then_money",
        "utter_return_photo",
    ]


async def test_everything_goes_back_with_all_pieces(chat, shop):
    await ask(chat)
    assert await press(chat, item="AF-400,KT-17") == ["utter_ask_return_reason"]
    await press(chat, reason="wrong_item")
    await press(chat, remedy="refund")
    await chat.say("yes", "affirm")
    assert opened(shop)[0][1][1].items == (ItemCount("AF-400", 1), ItemCount("KT-17", 2))


async def test_an_order_with_one_item_needs_no_choice(chat, shop):
    shop.add(delivered(items=an_order().items[:1]))
    assert await ask(chat) == ["utter_ask_return_reason"]


async def test_own_words(chat, shop):
    await ask(chat)
    assert await chat.say("cái kéo", "ask_product_info") == ["utter_ask_pieces"]
    assert await chat.say("cả 2 cái", "nlu_fallback") == ["utter_ask_return_reason"]
    assert await chat.say("nó không giống hình", "inform") == ["utter_ask_return_remedy"]
    assert await chat.say("trả lại tiền giúp em", "request_return") == [CONFIRM]
    assert chat.slots["pieces"] == 2
    assert chat.slots["reason"] == "not_as_described"


async def test_a_name_that_is_not_in_the_order(chat):
    await ask(chat)
    assert await chat.say("the rice cooker", "inform") == ["utter_item_unknown"]
    assert chat.slots["requested_slot"] == "item"


async def test_a_reason_that_is_not_clear_is_asked_about_once_then_a_person_reads_it(chat, shop):
    await ask(chat, "return the fryer nồi chiên")
    assert await chat.say("hmm it is complicated", "inform") == ["utter_return_reason_unclear"]
    assert await chat.say("my cat sits on it", "nlu_fallback") == ["utter_ask_return_remedy"]
    assert await press(chat, remedy="refund") == [CONFIRM]
    assert await chat.say("yes", "affirm") == []
    [case] = cases(chat)
    assert (case["kind"], case["order_number"], case["phone"]) == ("return", NUMBER, RIGHT)
    assert case["response"] == "utter_return_case"
    assert "my cat sits on it" in case["summary"]
    assert opened(shop) == []


async def test_a_person_decides_where_the_terms_say_so(chat, shop):
    assert await ask(chat, "nồi chiên not as described, want my money back") == [CONFIRM]
    assert await chat.say("yes", "affirm") == []
    assert cases(chat)[0]["response"] == "utter_return_case"
    assert opened(shop) == []


async def test_another_product_is_for_a_person(chat, shop):
    assert await ask(chat, "nồi chiên is too big, a different model please") == [CONFIRM]
    assert chat.values(CONFIRM)["cost"] == "paid by you"
    await chat.say("yes", "affirm")
    assert len(cases(chat)) == 1
    assert opened(shop) == []


async def test_several_things_are_exchanged_by_a_person(chat, shop):
    assert await ask(chat, "both are broken, send new ones, replacement") == [CONFIRM]
    assert await chat.say("yes", "affirm") == ["utter_return_photo"]
    assert len(cases(chat)) == 1
    assert opened(shop) == []


async def test_a_person_decides_where_nobody_knows_when_it_was_delivered(chat, shop):
    shop.add(an_order(state="delivered"))
    assert await ask(chat, "nồi chiên is broken, refund") == [CONFIRM]
    assert await chat.say("yes", "affirm") == []
    assert cases(chat)[0]["response"] == "utter_return_case"


async def test_a_detail_of_no_use_does_not_begin_another_flow(chat):
    await confirm(chat)
    assert await chat.say("umm", "inform") == [CONFIRM]
    assert chat.loop == "return_form"


async def test_a_short_answer_counts_whatever_it_was_taken_for(chat):
    await ask(chat, "nồi chiên is broken")
    assert await chat.say("hoàn tiền nha", "ask_refund_status") == [CONFIRM]


async def test_no(chat, shop):
    await confirm(chat)
    assert await chat.say("no, leave it", "deny") == ["utter_return_dropped"]
    assert (chat.loop, opened(shop), chat.commands) == (None, [], [])


async def test_stopping_earlier(chat, shop):
    await ask(chat)
    assert await chat.say("never mind", "deny") == ["utter_form_stopped"]
    assert opened(shop) == []


@pytest.mark.parametrize(
    ("intent", "text", "slot", "value"),
    [
        ("deny", "no, exchange it for a new one", "remedy", "exchange"),
        ("inform", "I meant the kéo", "item", "KT-17"),
        ("affirm", "yes but it is not working", "reason", "faulty"),
    ],
)
async def test_a_correction_is_no_answer_to_the_last_question(
    chat, shop, intent, text, slot, value
):
    await confirm(chat)
    told = await chat.say(text, intent)
    assert told == (["utter_ask_pieces"] if slot == "item" else [CONFIRM])
    assert chat.slots[slot] == value
    assert opened(shop) == []


async def test_a_question_in_between_changes_nothing(chat, shop):
    await confirm(chat)
    assert await chat.say("how long does an exchange take", "faq") == ["utter_faq", CONFIRM]
    assert chat.slots["remedy"] == "refund"


async def test_another_order_is_looked_at_afresh(chat, shop):
    shop.add(delivered(number="DH-20427", items=an_order().items[1:]))
    await confirm(chat)
    told = await chat.say("sorry it is DH-20427", "inform", order_number="DH-20427")
    assert told == ["utter_ask_pieces"]
    assert chat.slots["item"] == "KT-17"


async def test_an_order_number_is_no_reason(chat, shop):
    shop.add(delivered(number="DH-20427", items=an_order().items[:1]))
    await ask(chat, "return the nồi chiên")
    told = await chat.say("sorry, DH-20427", order_number="DH-20427")
    assert told == ["utter_ask_return_reason"]
    assert (chat.slots["item"], chat.slots["reason"]) == ("AF-400", None)


async def test_nothing_is_told_without_proof(chat, shop):
    assert await chat.say("return it", "request_return", order_number=NUMBER) == [
        "utter_ask_contact"
    ]
    wrong = "+84911111111"
    assert await chat.say(wrong, phone=wrong) == ["utter_order_not_matched"]
    done = await run(
        return_opening.ActionOpenReturn, tracker(order_number=NUMBER, confirmed=True, item="AF-400")
    )
    assert (done.responses, done.commands, opened(shop)) == ([], [], [])


@pytest.mark.parametrize(
    ("state", "response"),
    [
        ("pending", "utter_return_not_sent"),
        ("packed", "utter_return_not_sent"),
        ("shipped", "utter_return_on_its_way"),
        ("out_for_delivery", "utter_return_on_its_way"),
        ("cancelled", "utter_return_of_cancelled"),
        ("returned", "utter_return_already_back"),
    ],
)
async def test_what_is_not_there_cannot_go_back(chat, shop, state, response):
    shop.add(an_order(state=state))
    assert await ask(chat) == [response]
    assert chat.loop is None


async def test_too_late_for_every_reason(chat, shop):
    shop.add(delivered(days_ago=40))
    assert await ask(chat) == ["utter_return_too_late"]


async def test_too_late_for_this_reason(chat, shop):
    shop.add(delivered(days_ago=20))
    assert await ask(chat, "nồi chiên came broken, refund") == ["utter_return_too_late"]
    assert chat.loop is None


async def test_a_category_that_is_not_taken_back(chat, shop):
    shop.products["AF-400"] = Product("AF-400", {"vi": "Nồi chiên"}, "personal care", {}, 1, None)
    assert await ask(chat, "don't like the nồi chiên, money back") == [
        "utter_return_category_refused"
    ]
    assert await ask(chat, "the nồi chiên is not working, money back") == [CONFIRM]


async def test_a_marketplace_order_goes_back_there(chat, shop):
    shop.add(delivered(marketplace="Shopee"))
    assert await ask(chat) == ["utter_marketplace_after_sales"]
    assert chat.values("utter_marketplace_after_sales")["marketplace"] == "Shopee"


@pytest.mark.parametrize("state", ["requested", "approved", "in_transit", "received"])
async def test_what_is_under_way_is_told(chat, shop, state):
    shop.returns[NUMBER] = (a_return(state),)
    told = await ask(chat, "nồi chiên back please")
    assert told == [f"utter_return_{state}"]
    assert chat.loop is None


async def test_what_is_under_way_shows_only_for_the_item_itself(chat, shop):
    shop.returns[NUMBER] = (a_return("in_transit"), a_return("cancelled", sku="KT-17"))
    assert await ask(chat, "the kéo is broken, refund") == ["utter_ask_pieces"]
    assert await press(chat, pieces="1") == [CONFIRM]
    assert await chat.say("no", "deny") == ["utter_return_dropped"]
    assert await ask(chat, "both are broken, refund") == ["utter_return_in_transit"]


async def test_a_rejected_return_may_be_tried_again(chat, shop):
    shop.returns[NUMBER] = (a_return("rejected"),)
    assert await ask(chat, "nồi chiên is broken, refund") == [CONFIRM]


async def test_the_label_and_the_amount_are_told(chat, shop):
    refund = Refund("RF-1", NUMBER, Money(an_order().total.amount, "VND"), "requested", PLACED)
    done = a_return(hand_over="pick_up", label_url="https://shop.example/l.pdf", refund=refund)
    await confirm(chat)
    shop.next["open_return"] = [done]
    assert (await chat.say("yes", "affirm"))[:4] == [
        "utter_return_opened",
        "utter_return_pick_up",
        "utter_return_label",
        "utter_return_then_refund",
    ]


async def test_the_shop_decides_first(chat, shop):
    await confirm(chat)
    shop.next["open_return"] = [a_return("requested")]
    told = await chat.say("yes", "affirm")
    assert told[:2] == ["utter_return_opened", "utter_return_decided_first"]


async def test_a_pick_up_is_asked_for_in_words(chat, shop):
    await confirm(chat, "nồi chiên is broken, refund please, can you pick it up")
    await chat.say("yes", "affirm")
    assert opened(shop)[0][1][1].hand_over == "pick_up"
    assert "utter_return_pick_up" in chat.responses


async def test_cash_is_given_back_by_a_person(chat, shop):
    shop.add(delivered(payment_method="cod"))
    await confirm(chat)
    told = await chat.say("yes", "affirm")
    assert told == ["utter_return_opened", "utter_return_drop_off", "utter_return_photo"]
    assert [case["response"] for case in cases(chat)] == ["utter_return_case_account"]


@pytest.mark.parametrize(
    ("outcome", "responses", "case"),
    [
        (Declined("out_of_stock"), ["utter_return_out_of_stock"], None),
        (Declined("too_late"), ["utter_return_refused"], None),
        (Refused("returned"), ["utter_return_refused"], None),
        (NotFound("item"), ["utter_return_refused"], None),
        (NotOffered("returns"), ["utter_return_photo"], "utter_return_case"),
        (Uncertain("time is up"), ["utter_return_photo"], "utter_return_case_uncertain"),
        (Unavailable("down"), ["utter_return_photo"], "utter_return_case_unavailable"),
    ],
)
async def test_what_comes_of_opening(chat, shop, outcome, responses, case):
    await confirm(chat)
    shop.next["open_return"] = [outcome]
    assert await chat.say("yes", "affirm") == responses
    assert [one["response"] for one in cases(chat)] == ([case] if case else [])
    assert (chat.loop, chat.slots["matter"]) == (None, None)


@pytest.mark.parametrize("turn", ["proof", "question", "answer"])
async def test_records_that_cannot_be_reached(chat, shop, turn):
    order, down = shop.orders[NUMBER], Unavailable("down")
    if turn == "proof":
        shop.next["get_order"] = [order, down]
        assert await ask(chat) == ["utter_shop_unavailable"]
    elif turn == "question":
        shop.next["get_order"] = [order, order, down]
        assert await ask(chat, "nồi chiên broken, refund") == ["utter_shop_unavailable"]
    else:
        await confirm(chat)
        shop.next["get_order"] = [down]
        assert await chat.say("yes", "affirm") == []
        assert cases(chat)[0]["response"] == "utter_return_case_unavailable"
    assert chat.loop is None


async def test_a_repeated_turn_opens_it_under_the_same_key(chat, shop):
    await confirm(chat)
    again = chat.snapshot()
    for turn in (chat, again):
        assert (await turn.say("yes", "affirm"))[0] == "utter_return_opened"
    assert opened(shop)[0] == opened(shop)[1]
    assert len(shop.returns[NUMBER]) == 1


async def test_where_nothing_is_exchanged_money_goes_back(chat, shop, monkeypatch):
    terms = catalogue().facts.terms.copy(update={"exchange": False})
    facts = catalogue().facts.copy(update={"terms": terms})
    monkeypatch.setattr(catalogue(), "facts", facts)
    assert await ask(chat, "nồi chiên is broken, exchange it for a new one") == [CONFIRM]
    assert chat.values(CONFIRM)["remedy"] == "refund"


async def test_what_an_earlier_form_left_is_forgotten(chat, shop):
    await ask(chat, "nồi chiên is broken")
    await chat.say("where is it", "ask_order_status")
    assert await ask(chat, "return something") == ["utter_ask_item"]


@pytest.mark.parametrize("typed", ["0", "3", "9999"])
async def test_not_more_pieces_than_there_are(chat, typed):
    await ask(chat, "return the kéo")
    assert await chat.say(typed) == ["utter_ask_pieces"]
    assert chat.slots["pieces"] is None
