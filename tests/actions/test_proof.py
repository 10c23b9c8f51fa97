"""Order number and contact: what is taken as a detail, what proves, what is counted."""

import pytest

from actions import orders
from myna.bootstrap import catalogue
from myna.shop.model import Unavailable

from .chat import Chat, message, run, tracker
from .fake_shop import an_order

RIGHT, WRONG = "+84903123456", "+84911111111"
FAILED = {"type": "proof_failed", "order_number": "DH-20413"}
PASSED = {"type": "proof_passed", "order_number": "DH-20413", "level": "contact"}
LOCKED = {"type": "hand_over", "reason": "proof", "announced": False}


async def status(chat, **entities):
    return await chat.say("where is it", "ask_order_status", **entities)


async def test_asks_for_number_and_contact_and_tells(chat):
    assert await status(chat) == ["utter_ask_order_number"]
    assert await chat.say("DH-20413", order_number="DH-20413") == ["utter_ask_contact"]
    assert chat.values("utter_ask_contact") == {"order_number": "DH-20413"}
    assert await chat.say(RIGHT, phone=RIGHT) == ["utter_order_paid"]
    assert chat.commands == [PASSED]
    assert chat.slots["proof"] == {"order_number": "DH-20413", "level": "contact"}
    assert chat.loop is None


@pytest.mark.parametrize("contact", [{"phone": RIGHT}, {"email": "lan.nguyen@example.com"}])
async def test_number_and_contact_at_once(chat, contact):
    assert await status(chat, order_number="DH-20413", **contact) == ["utter_order_paid"]
    assert chat.commands == [PASSED]


async def test_a_proven_order_is_told_again_without_questions(chat):
    await status(chat, order_number="DH-20413", phone=RIGHT)
    assert await status(chat, order_number="DH-20413") == ["utter_order_paid"]
    assert chat.commands == []


async def test_an_unknown_order_is_answered_like_a_wrong_contact(shop):
    outcomes = []
    for number, contact in (("DH-20413", WRONG), ("DH-99999", RIGHT)):
        seen = tracker(
            message("…", "ask_order_status", order_number=number, phone=contact),
            order_number=number,
            contact=contact,
        )
        outcome = await run(orders.ValidateOrderStatusForm, seen)
        assert outcome.values("utter_order_not_matched") == {"order_number": number}
        assert outcome.commands == [{"type": "proof_failed", "order_number": number}]
        outcomes.append((outcome.responses, outcome.slots["contact"], outcome.ends_form))
    assert outcomes[0] == outcomes[1] == (["utter_order_not_matched"], None, False)
    assert shop.looked_up == ["DH-20413", "DH-99999"]


async def test_wrong_then_right_contact(chat):
    await status(chat, order_number="DH-20413")
    assert await chat.say(WRONG, phone=WRONG) == ["utter_order_not_matched"]
    assert chat.commands == [FAILED]
    assert chat.slots["requested_slot"] == "contact"
    assert await chat.say(RIGHT, phone=RIGHT) == ["utter_order_paid"]


async def test_the_last_contact_is_tried_again_with_a_corrected_number(chat):
    assert await status(chat, order_number="DH-20431", phone=RIGHT) == ["utter_order_not_matched"]
    assert await chat.say("DH-20413!", order_number="DH-20413") == ["utter_order_paid"]
    assert chat.commands == [PASSED]


async def test_a_corrected_number_that_is_wrong_too_is_told_and_counted(chat):
    await status(chat, order_number="DH-20431", phone=RIGHT)
    told = await chat.say("DH-20432", order_number="DH-20432")
    assert told == ["utter_order_not_matched"]
    assert chat.failed == {"DH-20431": 1, "DH-20432": 1}


async def test_the_same_number_again_is_no_new_try(chat):
    await status(chat, order_number="DH-20413", phone=WRONG)
    told = await chat.say("but it is DH-20413", order_number="DH-20413")
    assert told == ["utter_ask_contact"]
    assert chat.failed == {"DH-20413": 1}


async def test_the_last_contact_of_an_earlier_form_is_not_tried(chat):
    await status(chat, order_number="DH-20413", phone=WRONG)
    await chat.say("never mind", "deny")
    assert await status(chat, order_number="DH-20427") == ["utter_ask_contact"]
    assert chat.failed == {"DH-20413": 1}


async def test_the_contact_of_an_earlier_order_proves_the_next(chat, shop):
    shop.add(an_order("DH-20427", "pending"))
    await status(chat, order_number="DH-20413", phone=RIGHT)
    assert await status(chat, order_number="DH-20427") == ["utter_order_pending"]
    assert chat.commands == [{**PASSED, "order_number": "DH-20427"}]


async def test_the_contact_of_an_earlier_order_fails_silently_but_counts(chat, shop):
    shop.add(an_order("DH-20427", phone=WRONG, email=None))
    await status(chat, order_number="DH-20413", phone=RIGHT)
    assert await status(chat, order_number="DH-20427") == ["utter_ask_contact"]
    assert chat.commands == [{**FAILED, "order_number": "DH-20427"}]
    assert await chat.say(WRONG, phone=WRONG) == ["utter_order_paid"]


async def test_a_typed_contact_that_is_no_entity_is_told_to_be_wrong(chat):
    await status(chat, order_number="DH-20413")
    assert await chat.say("o911 111 111") == ["utter_order_not_matched"]
    assert chat.commands == [FAILED]
    assert await chat.say("o9o3 123 456") == ["utter_order_paid"]


@pytest.mark.parametrize("text", ["12", "20413x", "DH-123", "0903 123 456"])
async def test_an_invalid_number_is_asked_for_again_once(chat, text):
    await status(chat)
    assert await chat.say(text) == ["utter_invalid_order_number"]
    assert (chat.slots["order_number"], chat.slots["requested_slot"]) == (None, "order_number")


async def test_an_invalid_contact_is_asked_for_again_once(chat, shop):
    await status(chat, order_number="DH-20413")
    assert await chat.say("1234") == ["utter_invalid_contact"]
    assert (chat.slots["contact"], chat.slots["requested_slot"]) == (None, "contact")
    assert (chat.failed, shop.looked_up) == ({}, [])


@pytest.mark.parametrize(
    ("language", "number"), [("vi", "DH-20413"), ("ms", "MY-20413"), ("en", "MY-20413")]
)
@pytest.mark.parametrize("text", ["20413", " #20413 ", "it's 20413, thanks", "số 20413 ạ"])
async def test_bare_digits_stand_for_the_own_market(language, number, text):
    chat = Chat(language)
    await status(chat)
    assert await chat.say(text) == ["utter_ask_contact"]
    assert chat.slots["order_number"] == number


@pytest.mark.parametrize("text", ["dh 20413", "#DH20413", "my order is DH.20413 ok"])
async def test_a_number_is_brought_to_its_canonical_form(chat, text):
    await status(chat)
    await chat.say(text)
    assert chat.slots["order_number"] == "DH-20413"


async def test_a_marketplace_number_ends_the_form(chat, shop):
    told = await status(chat, marketplace_order="2311051ABC2DEF")
    assert told == ["utter_marketplace_order"]
    values = chat.values("utter_marketplace_order")
    assert (values["marketplace"], values["order_number"]) == ("Shopee", "2311051ABC2DEF")
    assert values["marketplace_help"] == catalogue().facts.marketplaces[0].help["en"]
    assert (chat.loop, chat.slots["order_number"], shop.looked_up) == (None, None, [])


@pytest.mark.parametrize(
    "known",
    [
        {"locked_orders": ["DH-20413"]},
        {"failed_proofs": catalogue().facts.limits.proof_tries},
    ],
)
async def test_a_locked_order_or_conversation_is_not_compared(shop, known):
    seen = tracker(
        message(order_number="DH-20413", phone=RIGHT, customer=known),
        order_number="DH-20413",
        contact=RIGHT,
    )
    outcome = await run(orders.ValidateOrderStatusForm, seen)
    assert outcome.responses == ["utter_proof_locked"]
    assert outcome.commands == [LOCKED]
    assert outcome.ends_form
    assert (outcome.slots["order_number"], outcome.slots["contact"]) == (None, None)
    assert shop.looked_up == []


async def test_another_order_than_the_locked_one_is_compared(chat):
    chat.locked = ["DH-20427"]
    assert await status(chat, order_number="DH-20413", phone=RIGHT) == ["utter_order_paid"]


async def test_the_fifth_wrong_try_hands_over(chat):
    await status(chat, order_number="DH-20413")
    for _ in range(catalogue().facts.limits.proof_tries - 1):
        assert await chat.say(WRONG, phone=WRONG) == ["utter_order_not_matched"]
        assert chat.commands == [FAILED]
    assert await chat.say(WRONG, phone=WRONG) == ["utter_proof_locked"]
    assert chat.commands == [FAILED, LOCKED]
    assert chat.loop is None
    # the right contact comes too late
    told = await status(chat, order_number="DH-20413", phone=RIGHT)
    assert told == ["utter_proof_locked"]
    assert chat.commands == [LOCKED]


async def test_a_silent_miss_can_be_the_fifth(chat, shop):
    shop.add(an_order("DH-20427", phone=WRONG, email=None))
    await status(chat, order_number="DH-20413", phone=RIGHT)
    chat.failed = {"MY-10000": catalogue().facts.limits.proof_tries - 1}
    assert await status(chat, order_number="DH-20427") == ["utter_proof_locked"]
    assert LOCKED in chat.commands


async def test_an_unavailable_shop_ends_the_form_and_counts_nothing(chat, shop):
    shop.next["get_order"] = [Unavailable("down")]
    told = await status(chat, order_number="DH-20413", phone=WRONG)
    assert told == ["utter_shop_unavailable"]
    assert (chat.commands, chat.loop) == ([], None)


@pytest.mark.parametrize("slot", ["order_number", "contact"])
async def test_a_digression_is_no_detail(chat, slot):
    await status(chat, **({"order_number": "DH-20413"} if slot == "contact" else {}))
    told = await chat.say("is it free above 500000 or 20413?", "faq")
    assert told == ["utter_faq", f"utter_ask_{slot}"]
    assert chat.slots[slot] is None
    assert chat.loop == "order_status_form"


async def test_words_without_a_digit_are_no_detail(chat):
    await status(chat)
    assert await chat.say("i don't know", "out_of_scope") == [
        "utter_out_of_scope",
        "utter_ask_order_number",
    ]


async def test_a_question_of_the_fallback_is_not_followed_by_another(chat):
    await status(chat)
    assert await chat.say("blub", "nlu_fallback") == ["utter_ask_rephrase"]
    assert chat.slots["requested_slot"] == "order_number"


async def test_proof_of_one_order_is_none_of_another(chat, shop):
    shop.add(an_order("DH-20427", phone=WRONG, email=None))
    await status(chat, order_number="DH-20413", phone=RIGHT)
    await status(chat, order_number="DH-20427")
    assert await chat.say("…", "ask_order_status") == ["utter_ask_contact"]
    assert "DH-20427" not in str(chat.slots["proof"])
