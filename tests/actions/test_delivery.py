"""Changing the delivery of an order, and what can come of it."""

import pytest

from actions import delivery
from myna import codes
from myna.shop.model import (
    Address,
    Declined,
    DeliveryChange,
    NotFound,
    NotOffered,
    Refused,
    Unavailable,
    Uncertain,
)

from .chat import CONVERSATION, Chat, run, tracker
from .fake_shop import an_order

RIGHT, OTHER = "+84903123456", "+84911111111"
NUMBER = "DH-20413"
ADDRESS = "45 Trần Phú, phường 4, Đà Lạt"
TYPED = Address("45 Trần Phú", "phường 4", "Đà Lạt", "", "VN")


async def ask(chat, text="change the delivery", **more):
    return await chat.say(text, "change_delivery_details", order_number=NUMBER, **more)


async def enter_code(chat, shop):
    key = shop.sent[-1][-1]
    code = codes.one_time_code("key of tests", CONVERSATION, NUMBER, key.removeprefix("code:"))
    return await chat.say(code, code=code)


def changes(shop):
    return [(parameters, key) for name, parameters, key in shop.calls if name == "change_delivery"]


async def test_the_whole_way(chat, shop):
    assert await ask(chat) == ["utter_ask_contact"]
    assert await chat.say(RIGHT, phone=RIGHT) == ["utter_ask_delivery_part"]
    assert await chat.say("Address", delivery_part="address") == ["utter_ask_delivery_address"]
    assert await chat.say(ADDRESS, "out_of_scope") == ["utter_ask_confirm_delivery"]
    asked = chat.values("utter_ask_confirm_delivery")
    assert (asked["part"], asked["value"]) == ("delivery address", ADDRESS)
    assert changes(shop) == []
    assert await chat.say("yes", "affirm") == ["utter_ask_code"]
    assert await enter_code(chat, shop) == ["utter_delivery_changed"]
    assert changes(shop) == [((NUMBER, DeliveryChange(address=TYPED)), "delivery:m-5")]
    assert shop.orders[NUMBER].address == TYPED
    left = ("confirmed", "code", "code_issued", "delivery_part", "delivery_value")
    assert [chat.slots[name] for name in left] == [None] * 5


@pytest.mark.parametrize(
    ("part", "said", "change"),
    [
        ("phone", {"text": "0911 111 111", "phone": OTHER}, DeliveryChange(phone=OTHER)),
        ("receiver", {"text": "Trần Văn Bình"}, DeliveryChange(receiver="Trần Văn Bình")),
        ("window", {"text": "…", "delivery_window": "evening"}, DeliveryChange(window="evening")),
        ("window", {"text": "in the morning please"}, DeliveryChange(window="morning")),
        ("window", {"text": "after 17:30 on weekdays"},
         DeliveryChange(note="after 17:30 on weekdays")),
    ],
)  # fmt: skip
async def test_what_can_be_changed(chat, shop, part, said, change):
    await ask(chat, phone=RIGHT)
    assert await chat.say("…", delivery_part=part) == [f"utter_ask_delivery_{part}"]
    assert await chat.say(**said) == ["utter_ask_confirm_delivery"]
    await chat.say("yes", "affirm")
    assert await enter_code(chat, shop) == ["utter_delivery_changed"]
    assert changes(shop)[0][0] == (NUMBER, change)
    assert chat.failed == {}


@pytest.mark.parametrize(
    ("language", "text", "part"),
    [
        ("vi", "đổi địa chỉ nhận hàng giúp mình", "address"),
        ("vi", "doi dia chi giao hang", "address"),
        ("vi", "cho người khác nhận giùm", "receiver"),
        ("ms", "nak tukar no phone untuk order ni", "phone"),
        ("ms", "boleh ubah masa penghantaran?", "window"),
        ("en", "please change my address", "address"),
    ],
)
async def test_the_first_message_tells_what(shop, language, text, part):
    chat = Chat(language)
    assert await ask(chat, text) == ["utter_ask_contact"]
    assert chat.slots["delivery_part"] == part
    assert await chat.say(RIGHT, phone=RIGHT) == [f"utter_ask_delivery_{part}"]


async def test_two_parts_in_a_message_are_asked_about(chat):
    await ask(chat, "change address and phone", phone=None)
    assert chat.slots["delivery_part"] is None


async def test_a_new_number_in_the_first_message_is_kept(chat, shop):
    told = await ask(chat, "change my phone number to 0911111111", phone=OTHER)
    assert told == ["utter_ask_contact"]
    # it may have been a guess of the order's own
    assert (chat.failed, chat.slots["contact"]) == ({NUMBER: 1}, None)
    assert await chat.say(RIGHT, phone=RIGHT) == ["utter_ask_confirm_delivery"]
    assert chat.values("utter_ask_confirm_delivery")["value"] == OTHER


async def test_the_orders_own_number_in_the_first_message_is_proof(chat, shop):
    told = await ask(chat, "change my delivery, my phone is 0903123456", phone=RIGHT)
    assert told == ["utter_ask_delivery_part"]
    assert (chat.failed, chat.slots["delivery_value"]) == ({}, None)


async def test_a_value_corrected_instead_of_the_yes(chat, shop):
    await ask(chat, "change address", phone=RIGHT)
    assert await chat.say(ADDRESS) == ["utter_ask_confirm_delivery"]
    corrected = "no, 47 Trần Phú, phường 4, Đà Lạt"
    assert await chat.say(corrected, "deny") == ["utter_ask_confirm_delivery"]
    assert chat.slots["confirmed"] is None
    value = chat.values("utter_ask_confirm_delivery")["value"]
    assert value == "47 Trần Phú, phường 4, Đà Lạt"


@pytest.mark.parametrize("intent", ["inform", "nlu_fallback", "report_technical_problem"])
@pytest.mark.parametrize("text", ["12 Lê Lợi", "số 12/3A Lê Lợi, quận 1", "No. 15 Jalan Song"])
async def test_too_little_of_an_address(chat, text, intent):
    await ask(chat, "change address", phone=RIGHT)
    assert await chat.say(text, intent) == ["utter_invalid_address_vn"]
    assert chat.slots["requested_slot"] == "delivery_value"


async def test_a_malaysian_address_needs_its_postcode(chat, shop):
    malaysian = Address("8 Jalan Molek", "Taman Molek", "Johor Bahru", "81100", "MY")
    shop.add(an_order("MY-10482", address=malaysian))
    await chat.say(
        "change address", "change_delivery_details", order_number="MY-10482", phone=RIGHT
    )
    told = await chat.say("9 Jalan Molek, Taman Molek, Johor Bahru")
    assert told == ["utter_invalid_address_my"]
    assert chat.slots["requested_slot"] == "delivery_value"
    told = await chat.say("9 Jalan Molek, Taman Molek, 81100 Johor Bahru")
    assert told == ["utter_ask_confirm_delivery"]


async def test_a_name_is_no_number(chat):
    await ask(chat, phone=RIGHT)
    await chat.say("…", delivery_part="receiver")
    assert (await chat.say("0911"))[-1] == "utter_ask_delivery_receiver"


async def test_a_question_in_between(chat):
    await ask(chat, "change address", phone=RIGHT)
    told = await chat.say("is delivery free?", "faq")
    assert told == ["utter_faq", "utter_ask_delivery_address"]


async def test_no(chat, shop):
    await ask(chat, "change address", phone=RIGHT)
    await chat.say(ADDRESS)
    assert await chat.say("no", "deny") == ["utter_delivery_dropped"]
    assert (chat.loop, changes(shop), shop.sent) == (None, [], [])


async def test_stopping(chat):
    await ask(chat, "change address", phone=RIGHT)
    assert await chat.say("stop", "deny") == ["utter_form_stopped"]
    assert chat.loop is None


async def test_another_order_is_confirmed_anew(chat, shop):
    shop.add(an_order("DH-20427"))
    await ask(chat, "change address", phone=RIGHT)
    await chat.say(ADDRESS)
    assert await chat.say("for DH-20427", order_number="DH-20427") == ["utter_ask_confirm_delivery"]
    assert chat.values("utter_ask_confirm_delivery")["order_number"] == "DH-20427"


@pytest.mark.parametrize(
    ("order", "response"),
    [
        ({"state": "shipped"}, "utter_delivery_refused_shipped"),
        ({"state": "out_for_delivery"}, "utter_delivery_refused_shipped"),
        ({"state": "delivered"}, "utter_delivery_refused_delivered"),
        ({"state": "cancelled"}, "utter_delivery_refused"),
        ({"state": "returned"}, "utter_delivery_refused"),
        ({"marketplace": "Shopee"}, "utter_delivery_marketplace"),
    ],
)
@pytest.mark.parametrize("text", ["change it", "change address"])
async def test_what_cannot_be_changed_is_told_before_anything_is_asked(
    chat, shop, text, order, response
):
    shop.add(an_order(**order))
    assert await ask(chat, text, phone=RIGHT) == [response]
    assert (chat.loop, shop.sent) == (None, [])


@pytest.mark.parametrize("outcome", [Unavailable("down"), NotFound("order")])
async def test_a_shop_that_fails_before_it_ends_the_form(chat, shop, outcome):
    shop.next["get_order"] = [shop.orders[NUMBER], outcome]
    assert await ask(chat, phone=RIGHT) == ["utter_shop_unavailable"]
    assert chat.loop is None


async def change_proven(level="code", **slots):
    given = {
        "order_number": NUMBER,
        "confirmed": True,
        "delivery_part": "address",
        "delivery_value": ADDRESS,
        "proof": {"order_number": NUMBER, "level": level},
        **slots,
    }
    return await run(delivery.ActionChangeDelivery, tracker(**given))


CASE = {
    "type": "open_case",
    "kind": "promise",
    "summary": f"Delivery of {NUMBER}: new address: {ADDRESS}",
    "order_number": NUMBER,
    "response": "utter_delivery_change_case",
}


@pytest.mark.parametrize(
    ("outcome", "responses", "commands"),
    [
        (Refused("shipped"), ["utter_delivery_refused_shipped"], []),
        (Declined("marketplace"), ["utter_delivery_marketplace"], []),
        (NotOffered("delivery_changes"), [], [CASE]),
        (Unavailable("down"), ["utter_shop_unavailable"], []),
        (NotFound("order"), ["utter_shop_unavailable"], []),
        (
            Uncertain("time is up"),
            ["utter_delivery_uncertain"],
            [{"type": "hand_over", "reason": "fault", "announced": True}],
        ),
    ],
)
async def test_what_comes_of_a_change(shop, outcome, responses, commands):
    shop.next["change_delivery"] = [outcome]
    done = await change_proven()
    assert (done.responses, done.commands) == (responses, commands)


@pytest.mark.parametrize(
    "slots",
    [
        {"proof": None},
        {"level": "contact"},
        {"proof": {"order_number": "DH-20427", "level": "code"}},
        {"confirmed": None},
    ],
)
async def test_nothing_is_changed_without_a_yes_and_strong_proof(shop, slots):
    done = await change_proven(**slots)
    assert (done.responses, done.commands, changes(shop)) == ([], [], [])


async def test_who_is_logged_in_needs_no_code(shop):
    assert (await change_proven("identity")).responses == ["utter_delivery_changed"]


async def test_a_repeated_turn_changes_under_the_same_key(shop):
    for _ in range(2):
        assert (await change_proven()).responses == ["utter_delivery_changed"]
    assert [key for _, key in changes(shop)] == ["delivery:m-1"] * 2
