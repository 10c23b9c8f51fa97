"""Customers who are known by more than an order's contact, and orders that need more than that."""

import pytest

from myna import codes
from myna.bootstrap import catalogue
from myna.shop.model import NotOffered, Unavailable

from .chat import CONVERSATION, DOMAIN
from .fake_shop import an_order

RIGHT, WRONG = "+84903123456", "+84911111111"
NUMBER, OTHER = "DH-20413", "DH-20427"
HAND_OVER = {"type": "hand_over", "reason": "proof", "announced": False}


async def status(chat, **entities):
    return await chat.say("where is it", "ask_order_status", **entities)


def code_of(shop, subject):
    *_, text, key = shop.sent[-1]
    code = codes.one_time_code("key of tests", CONVERSATION, subject, key.removeprefix("code:"))
    assert code in text
    return code


# --- an order whose contact somebody has tried to guess


@pytest.fixture
def guarded(chat):
    chat.guarded = [NUMBER]
    return chat


async def test_a_guarded_order_takes_a_code_besides(guarded, shop):
    told = await status(guarded, order_number=NUMBER, phone=RIGHT)
    assert told == ["utter_ask_guard_code"]
    assert guarded.values("utter_ask_guard_code") == {"order_number": NUMBER}
    assert guarded.commands == []
    code = code_of(shop, NUMBER)
    assert await guarded.say(code, code=code) == ["utter_order_paid"]
    assert guarded.slots["proof"] == {"order_number": NUMBER, "level": "code", "contact": RIGHT}


@pytest.mark.parametrize("number", [NUMBER, "DH-99999"])
async def test_a_stranger_reads_the_same_and_nothing_is_sent(guarded, shop, number):
    guarded.guarded = [number]
    told = await status(guarded, order_number=number, phone=WRONG)
    assert told == ["utter_ask_guard_code"]
    assert guarded.values("utter_ask_guard_code") == {"order_number": number}
    assert guarded.failed == {number: 1}
    assert shop.sent == []
    assert await guarded.say("000000", code="000000") == ["utter_code_wrong"]
    assert guarded.failed == {number: 2}


async def test_the_code_that_would_have_been_sent_does_not_count(guarded, shop):
    await status(guarded, order_number=NUMBER, phone=WRONG)
    issued = guarded.slots["code_issued"]
    code = codes.one_time_code("key of tests", CONVERSATION, NUMBER, issued["message_id"])
    assert await guarded.say(code, code=code) == ["utter_code_wrong"]


async def test_a_corrected_contact_of_a_guarded_order(guarded, shop):
    await status(guarded, order_number=NUMBER, phone=WRONG)
    assert await guarded.say(RIGHT, phone=RIGHT) == ["utter_ask_guard_code"]
    code = code_of(shop, NUMBER)
    assert await guarded.say(code, code=code) == ["utter_order_paid"]
    assert guarded.failed == {NUMBER: 1}


async def test_a_digression_sends_and_counts_nothing_again(guarded, shop):
    await status(guarded, order_number=NUMBER, phone=RIGHT)
    told = await guarded.say("is delivery free from 500 000?", "faq")
    assert told == ["utter_faq", "utter_ask_guard_code"]
    assert (len(shop.sent), guarded.failed) == (1, {})


async def test_strangers_do_not_lock_the_owner_out(chat, shop):
    """Five wrong tries elsewhere: the owner gets the code and may cancel all the same."""
    chat.guarded = [NUMBER]
    told = await chat.say("cancel", "cancel_order", order_number=NUMBER, phone=RIGHT)
    assert told == ["utter_ask_guard_code"]
    code = code_of(shop, NUMBER)
    assert await chat.say(code, code=code) == ["utter_ask_confirm_cancel"]
    assert (await chat.say("yes", "affirm"))[0] == "utter_order_cancelled"
    assert len(shop.sent) == 1


async def test_wrong_contacts_of_a_guarded_order_end_with_a_person(guarded, shop):
    tries = catalogue().facts.limits.proof_tries
    await status(guarded, order_number=NUMBER, phone="+84911111110")
    for last in range(1, tries - 1):
        phone = f"+8491111111{last}"
        assert await guarded.say(phone, phone=phone) == ["utter_ask_guard_code"]
    assert await guarded.say(WRONG[:-1] + "9", phone=WRONG[:-1] + "9") == ["utter_proof_locked"]
    assert guarded.commands[-1] == HAND_OVER
    assert (guarded.loop, shop.sent) == (None, [])


async def test_another_order_than_the_guarded_one_is_as_ever(chat, shop):
    chat.guarded = [OTHER]
    assert await status(chat, order_number=NUMBER, phone=RIGHT) == ["utter_order_paid"]


# --- a customer without an order number


async def test_orders_are_found_by_a_contact_that_is_proved(chat, shop):
    shop.add(an_order(OTHER, "shipped"), an_order("DH-30000", phone=WRONG, email=None))
    assert await status(chat) == ["utter_ask_order_number"]
    told = await chat.say("I have no number", "lack_order_number")
    assert told == ["utter_ask_orders_contact"]
    assert await chat.say(RIGHT, phone=RIGHT) == ["utter_ask_orders_code"]
    assert chat.values("utter_ask_orders_code") == {"contact": RIGHT}
    assert shop.sent[-1][1] == "phone"
    code = code_of(shop, RIGHT)
    assert await chat.say(code, code=code) == ["utter_choose_order"]
    assert chat.commands == [{"type": "proof_passed", "level": "code"}]
    [asked] = [m for o in chat.outcomes for m in o.messages if m["response"]]
    assert [b["payload"] for b in asked["buttons"]] == [
        f'/inform{{"order_number": "{number}"}}' for number in (NUMBER, OTHER)
    ]
    assert asked["buttons"][1]["title"] == f"{OTHER} · Nồi chiên · on its way"
    told = await chat.say("this one", order_number=OTHER)
    assert told == ["utter_order_shipped", "utter_other_orders"]
    assert chat.slots["proof"] == {"order_number": OTHER, "level": "code", "contact": RIGHT}
    # from here on the other orders need nothing more
    assert await chat.say("others", "lack_order_number") == ["utter_choose_order"]
    assert (await chat.say("that", order_number=NUMBER))[0] == "utter_order_paid"
    assert len(shop.sent) == 1


async def test_the_only_order_need_not_be_chosen(chat, shop):
    await chat.say("no number", "lack_order_number")
    assert await chat.say("mail", email="lan.nguyen@example.com") == ["utter_ask_orders_code"]
    assert shop.sent[-1][1] == "email"
    code = code_of(shop, "lan.nguyen@example.com")
    assert await chat.say(code, code=code) == ["utter_order_paid"]


async def test_a_contact_without_orders_reads_the_same(chat, shop):
    await chat.say("no number", "lack_order_number")
    assert await chat.say(WRONG, phone=WRONG) == ["utter_ask_orders_code"]
    assert (shop.sent, chat.failed) == ([], {})
    assert await chat.say("000000", code="000000") == ["utter_code_wrong"]
    assert chat.failed == {"": 1}
    assert await chat.say(RIGHT, phone=RIGHT) == ["utter_ask_orders_code"]
    assert len(shop.sent) == 1


async def test_an_order_that_another_contact_is_on_sends_nothing_there(chat, shop):
    """An account's newer contact is none of the order's: a code goes to contacts on record only."""
    shop.next["list_orders"] = [()]
    await chat.say("no number", "lack_order_number")
    assert await chat.say(WRONG, phone=WRONG) == ["utter_ask_orders_code"]
    assert shop.sent == []


async def test_a_number_that_turns_up_after_all_is_taken(chat, shop):
    await chat.say("no number", "lack_order_number")
    assert await chat.say("found it: DH-20413", order_number=NUMBER) == ["utter_ask_contact"]
    assert await chat.say(RIGHT, phone=RIGHT) == ["utter_order_paid"]
    assert shop.sent == []


async def test_codes_are_not_sent_without_end(chat, shop):
    tries = catalogue().facts.limits.proof_tries
    await chat.say("no number", "lack_order_number")
    for turn in range(tries):
        contact = {"phone": RIGHT} if turn % 2 else {"email": "lan.nguyen@example.com"}
        assert await chat.say("…", **contact) == ["utter_ask_orders_code"]
    assert await chat.say("…", phone=WRONG) == ["utter_proof_locked"]
    assert chat.commands == [HAND_OVER]
    assert len(shop.sent) == tries


@pytest.mark.parametrize(
    ("outcome", "responses", "commands"),
    [
        (Unavailable("down"), ["utter_shop_unavailable"], []),
        (NotOffered("order_lists"), ["utter_orders_not_listed"], [HAND_OVER]),
    ],
)
async def test_a_shop_that_cannot_list(chat, shop, outcome, responses, commands):
    await chat.say("no number", "lack_order_number")
    shop.next["list_orders"] = [outcome]
    assert await chat.say(RIGHT, phone=RIGHT) == responses
    assert (chat.commands, chat.loop) == (commands, None)


async def test_a_code_that_cannot_be_sent_leads_to_a_person(chat, shop):
    await chat.say("no number", "lack_order_number")
    shop.next["send_message"] = [Unavailable("down")]
    assert await chat.say(RIGHT, phone=RIGHT) == ["utter_code_not_sent"]
    assert (chat.commands, chat.loop) == ([HAND_OVER], None)


async def test_a_code_for_one_order_opens_the_others_of_that_contact(chat, shop):
    shop.add(an_order(OTHER))
    await chat.say("cancel", "cancel_order", order_number=NUMBER, phone=RIGHT)
    await chat.say("yes", "affirm")
    code = code_of(shop, NUMBER)
    await chat.say(code, code=code)
    told = await chat.say("cancel that too", "cancel_order", order_number=OTHER)
    assert told == ["utter_ask_confirm_cancel"]
    assert (await chat.say("yes", "affirm"))[0] == "utter_order_cancelled"
    assert len(shop.sent) == 1


@pytest.fixture
def without_code(monkeypatch):
    monkeypatch.setitem(
        DOMAIN["forms"]["order_status_form"], "required_slots", ["order_number", "contact"]
    )


@pytest.mark.usefixtures("without_code")
async def test_a_form_without_code_leaves_a_guarded_order_to_a_person(guarded, shop):
    assert await status(guarded, order_number=NUMBER, phone=RIGHT) == ["utter_proof_locked"]
    assert (guarded.commands, guarded.loop, shop.looked_up) == ([HAND_OVER], None, [])


@pytest.mark.usefixtures("without_code")
async def test_a_form_without_code_finds_no_orders(chat):
    assert await chat.say("no number", "lack_order_number") == ["utter_orders_not_listed"]
    assert (chat.commands, chat.loop) == ([HAND_OVER], None)


# --- logged in at the shop


@pytest.fixture
def known(chat, shop):
    chat.customer_id = "C-1"
    shop.add(an_order(customer_id="C-1"), an_order("DH-30000", customer_id="C-2"))
    return chat


async def test_who_is_logged_in_proves_nothing_more(known, shop):
    shop.add(an_order(OTHER, "shipped", customer_id="C-1"))
    assert await status(known) == ["utter_choose_order"]
    told = await known.say("this", order_number=OTHER)
    assert told == ["utter_order_shipped", "utter_other_orders"]
    passed = {"type": "proof_passed", "order_number": OTHER, "level": "identity"}
    assert known.commands == [passed]
    assert known.slots["proof"] == {"order_number": OTHER, "level": "identity"}


async def test_the_only_order_of_who_is_logged_in(known, shop):
    assert await status(known) == ["utter_order_paid"]


async def test_who_is_logged_in_cancels_without_a_code(known, shop):
    told = await known.say("cancel", "cancel_order", order_number=NUMBER)
    assert told == ["utter_ask_confirm_cancel"]
    assert (await known.say("yes", "affirm"))[0] == "utter_order_cancelled"
    assert shop.sent == []


async def test_who_is_logged_in_is_not_locked_out(known, shop):
    known.guarded, known.failed = [NUMBER], {NUMBER: catalogue().facts.limits.proof_tries}
    assert await status(known, order_number=NUMBER) == ["utter_order_paid"]


async def test_another_customers_order_is_asked_for_as_ever(known, shop):
    assert await status(known, order_number="DH-30000") == ["utter_ask_contact"]
    assert known.failed == {}


async def test_an_identity_without_orders_is_asked_for_a_number(chat, shop):
    chat.customer_id = "C-9"
    assert await status(chat) == ["utter_ask_order_number"]


async def test_a_shop_that_is_away_while_orders_are_listed(known, shop):
    shop.next["list_orders"] = [Unavailable("down"), Unavailable("down")]
    assert await status(known) == ["utter_shop_unavailable"]
    assert known.loop is None
