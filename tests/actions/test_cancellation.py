"""Cancelling: the question, the code, and what comes of it."""

import pytest

from actions import orders
from myna import codes
from myna.bootstrap import catalogue
from myna.shop.model import Money, NotFound, Refused, Unavailable, Uncertain

from .chat import CONVERSATION, Chat, run, slot, tracker
from .fake_shop import an_order

RIGHT, WRONG = "+84903123456", "+84911111111"
NUMBER = "DH-20413"
HAND_OVER = {"type": "hand_over", "reason": "proof", "announced": False}


async def ask(chat, number=NUMBER, **more):
    return await chat.say(f"cancel {number}", "cancel_order", order_number=number, **more)


async def confirm(chat):
    """Up to the code being asked for."""
    assert await ask(chat, phone=RIGHT) == ["utter_ask_confirm_cancel"]
    assert await chat.say("yes", "affirm") == ["utter_ask_code"]


def code_of(shop, index=-1):
    """The code in a text that the shop was given to send."""
    number, _, text, key = shop.sent[index]
    code = codes.one_time_code("key of tests", CONVERSATION, number, key.removeprefix("code:"))
    assert code in text
    return code


def another(code):
    return f"{(int(code) + 1) % 1_000_000:06d}"


@pytest.mark.parametrize("state", ["pending", "paid", "packed"])
async def test_the_whole_way(chat, shop, state):
    shop.add(an_order(state=state))
    await confirm(chat)
    assert shop.cancelled == []
    told = await chat.say(code_of(shop), code=code_of(shop))
    assert told == ["utter_order_cancelled", "utter_refund_follows"]
    assert shop.cancelled == [(NUMBER, "cancel:m-2")]
    passed = {"type": "proof_passed", "order_number": NUMBER, "level": "code"}
    assert chat.commands == [passed]
    left = ("confirmed", "code", "code_issued")
    assert [chat.slots[name] for name in left] == [None, None, None]
    assert chat.loop is None


@pytest.mark.parametrize(
    ("state", "response"),
    [
        ("shipped", "utter_cancel_refused_shipped"),
        ("out_for_delivery", "utter_cancel_refused_shipped"),
        ("delivered", "utter_cancel_refused_delivered"),
        ("cancelled", "utter_already_cancelled"),
        ("returned", "utter_cancel_refused"),
    ],
)
async def test_what_cannot_be_cancelled_is_refused(chat, shop, state, response):
    shop.add(an_order(state=state))
    assert await ask(chat, phone=RIGHT) == [response]
    assert (chat.loop, shop.sent, shop.cancelled) == (None, [], [])


async def test_nothing_of_the_order_is_told_without_proof(chat):
    assert await ask(chat) == ["utter_ask_contact"]
    assert await chat.say(WRONG, phone=WRONG) == ["utter_order_not_matched"]
    assert chat.slots["requested_slot"] == "contact"


async def test_no(chat, shop):
    await ask(chat, phone=RIGHT)
    assert await chat.say("no", "deny") == ["utter_cancel_dropped"]
    assert (chat.loop, chat.slots["confirmed"]) == (None, None)
    assert (shop.sent, shop.cancelled) == ([], [])


async def test_yes_with_the_order_named_once_more(chat):
    await ask(chat, phone=RIGHT)
    assert await ask(chat) == ["utter_ask_code"]


async def test_another_order_named_is_no_yes(chat, shop):
    shop.add(an_order("DH-20427"))
    await ask(chat, phone=RIGHT)
    assert await ask(chat, "DH-20427") == ["utter_ask_confirm_cancel"]
    assert chat.values("utter_ask_confirm_cancel")["order_number"] == "DH-20427"
    assert (chat.slots["confirmed"], shop.sent) == (None, [])


async def test_another_order_named_with_the_code_has_to_be_confirmed(chat, shop):
    shop.add(an_order("DH-20427"))
    await confirm(chat)
    code = code_of(shop)
    told = await chat.say(f"DH-20427, {code}", order_number="DH-20427", code=code)
    assert told == ["utter_ask_confirm_cancel"]
    assert (shop.cancelled, chat.slots["code"], chat.slots["code_issued"]) == ([], None, None)
    assert await chat.say("yes", "affirm") == ["utter_ask_code"]
    assert shop.sent[-1][0] == "DH-20427"
    told = await chat.say(code, code=code)
    assert (told, shop.cancelled) == (["utter_code_wrong"], [])
    await chat.say(code_of(shop), code=code_of(shop))
    assert [number for number, _ in shop.cancelled] == ["DH-20427"]


@pytest.mark.parametrize("number", [NUMBER, "DH-20427"])
async def test_a_yes_and_a_code_of_an_earlier_form_do_not_count(chat, shop, number):
    shop.add(an_order("DH-20427"))
    await confirm(chat)
    old = code_of(shop)
    assert await chat.say("no, stop", "deny") == ["utter_form_stopped"]
    assert await ask(chat, number) == ["utter_ask_confirm_cancel"]
    assert chat.slots["code_issued"] is None
    assert await chat.say("yes", "affirm") == ["utter_ask_code"]
    assert len(shop.sent) == 2
    assert await chat.say(old, code=old) == ["utter_code_wrong"]
    assert shop.cancelled == []


async def test_a_form_in_between_makes_the_yes_stale(chat, shop):
    shop.add(an_order("DH-20427"))
    await confirm(chat)
    assert await chat.say("…", "ask_order_status") == ["utter_order_paid"]
    assert await ask(chat, "DH-20427") == ["utter_ask_confirm_cancel"]


@pytest.mark.parametrize(
    ("contacts", "sent_to", "shown"),
    [
        ({}, "phone", "•••• 456"),
        ({"phone": None}, "email", "l•••@example.com"),
    ],
)
async def test_the_code_goes_to_the_contact_on_record(chat, shop, contacts, sent_to, shown):
    shop.add(an_order(**contacts))
    await ask(chat, email="lan.nguyen@example.com")
    await chat.say("yes", "affirm")
    assert shop.sent[0][:2] == (NUMBER, sent_to)
    assert chat.values("utter_ask_code") == {"destination": shown, "order_number": NUMBER}


async def test_the_code_is_sent_once_and_asked_for_again(chat, shop):
    await confirm(chat)
    told = await chat.say("what do you charge for 500 000?", "faq")
    assert told == ["utter_faq", "utter_ask_code"]
    assert chat.values("utter_ask_code")["destination"] == "•••• 456"
    assert (len(shop.sent), chat.failed) == (1, {})


async def test_a_detail_told_once_more_is_no_code(chat, shop):
    await confirm(chat)
    for told in ({"order_number": NUMBER}, {"phone": RIGHT}):
        assert await chat.say("it is 0903 123 456", **told) == ["utter_ask_code"]
    assert chat.failed == {}


@pytest.mark.parametrize("typed", ["{0}", "{1} {2}", "{1}-{2}", "the code is {0}, thanks"])
async def test_how_a_code_may_be_typed(chat, shop, typed):
    await confirm(chat)
    code = code_of(shop)
    told = await chat.say(typed.format(code, code[:3], code[3:]))
    assert told[0] == "utter_order_cancelled"


async def test_a_code_found_by_the_entities_counts_with_every_intent(chat, shop):
    await confirm(chat)
    told = await chat.say(f"code {code_of(shop)} thanks", "thank", code=code_of(shop))
    assert told[0] == "utter_order_cancelled"


async def test_a_wrong_code_may_be_typed_again(chat, shop):
    await confirm(chat)
    wrong = another(code_of(shop))
    assert await chat.say(wrong, code=wrong) == ["utter_code_wrong"]
    assert chat.commands == [{"type": "proof_failed", "order_number": NUMBER}]
    assert chat.slots["requested_slot"] == "code"
    assert await chat.say("12") == ["utter_code_wrong"]
    assert shop.cancelled == []
    assert (await chat.say(code_of(shop), code=code_of(shop)))[0] == "utter_order_cancelled"
    assert len(shop.sent) == 1


async def test_too_many_wrong_codes_hand_over(chat, shop):
    await confirm(chat)
    wrong = another(code_of(shop))
    for _ in range(catalogue().facts.limits.proof_tries - 1):
        assert await chat.say(wrong, code=wrong) == ["utter_code_wrong"]
    assert await chat.say(wrong, code=wrong) == ["utter_proof_locked"]
    assert chat.commands == [{"type": "proof_failed", "order_number": NUMBER}, HAND_OVER]
    assert (chat.loop, chat.slots["code_issued"], shop.cancelled) == (None, None, [])


@pytest.mark.parametrize("locked", [True, False])
async def test_the_right_code_is_not_judged_at_the_limit(chat, shop, locked):
    await confirm(chat)
    if locked:
        chat.locked = [NUMBER]
    else:
        chat.failed = {"MY-10000": catalogue().facts.limits.proof_tries}
    assert await chat.say(code_of(shop), code=code_of(shop)) == ["utter_proof_locked"]
    assert (chat.commands, shop.cancelled) == ([HAND_OVER], [])


async def test_an_expired_code_ends_the_form(chat, shop):
    await confirm(chat)
    chat.slots["code_issued"]["at"] -= catalogue().facts.limits.code_minutes * 60 + 1
    assert await chat.say(code_of(shop), code=code_of(shop)) == ["utter_code_expired"]
    assert (chat.loop, chat.commands, shop.cancelled) == (None, [], [])
    assert await ask(chat) == ["utter_ask_confirm_cancel"]
    assert await chat.say("yes", "affirm") == ["utter_ask_code"]
    assert len(shop.sent) == 2


async def test_a_repeated_turn_sends_the_same_code_under_the_same_key(chat, shop):
    await ask(chat, phone=RIGHT)
    again = chat.snapshot()
    for turn in (chat, again):
        assert await turn.say("yes", "affirm") == ["utter_ask_code"]
    assert shop.sent[0] == shop.sent[1]
    assert shop.sent[0][3] == "code:m-1"
    assert chat.slots["code_issued"]["message_id"] == again.slots["code_issued"]["message_id"]


async def test_a_repeated_turn_cancels_under_the_same_key(chat, shop):
    await confirm(chat)
    again = chat.snapshot()
    for turn in (chat, again):
        told = await turn.say(code_of(shop), code=code_of(shop))
        assert told == ["utter_order_cancelled", "utter_refund_follows"]
    assert shop.cancelled == [(NUMBER, "cancel:m-2")] * 2


async def test_another_message_has_another_code_and_key(chat, shop):
    await ask(chat, phone=RIGHT)
    other = chat.snapshot()
    await chat.say("yes", "affirm", message_id="a")
    await other.say("yes", "affirm", message_id="b")
    assert code_of(shop, 0) != code_of(shop, 1)
    assert [key for *_, key in shop.sent] == ["code:a", "code:b"]


@pytest.mark.parametrize("outcome", [Unavailable("down"), NotFound("contact")])
async def test_a_code_that_cannot_be_sent_ends_the_form(chat, shop, outcome):
    await ask(chat, phone=RIGHT)
    shop.next["send_message"] = [outcome]
    assert await chat.say("yes", "affirm") == ["utter_shop_unavailable"]
    assert (chat.loop, chat.slots["code_issued"], shop.cancelled) == (None, None, [])


async def test_a_code_that_may_have_been_sent_is_asked_for(chat, shop):
    await ask(chat, phone=RIGHT)
    shop.next["send_message"] = [Uncertain("time is up")]
    assert await chat.say("yes", "affirm") == ["utter_ask_code"]
    assert (await chat.say(code_of(shop)))[0] == "utter_order_cancelled"


@pytest.mark.parametrize("turn", ["question", "code"])
@pytest.mark.parametrize("outcome", [Unavailable("down"), NotFound("order")])
async def test_a_shop_that_fails_before_it_ends_the_form(chat, shop, turn, outcome):
    if turn == "question":
        shop.next["get_order"] = [shop.orders[NUMBER], outcome]
        told = await ask(chat, phone=RIGHT)
    else:
        await ask(chat, phone=RIGHT)
        shop.next["get_order"] = [outcome]
        told = await chat.say("yes", "affirm")
    assert told == ["utter_shop_unavailable"]
    assert (chat.loop, chat.slots["confirmed"], shop.sent) == (None, None, [])


async def test_without_money_paid_nothing_is_refunded(chat, shop):
    shop.add(an_order(state="pending", paid=False))
    await confirm(chat)
    assert await chat.say(code_of(shop)) == ["utter_order_cancelled"]


async def test_the_refund_is_what_the_shop_says(shop):
    shop.next["cancel_order"] = [
        an_order(state="cancelled", refund=Money(an_order().total.amount - 300, "VND"))
    ]
    outcome = await cancel_proven()
    assert outcome.values("utter_refund_follows")["total"] == "700\u00a0₫"


async def cancel_proven(**slots):
    proved = {"order_number": NUMBER, "level": "code"}
    given = {"order_number": NUMBER, "confirmed": True, "proof": proved, **slots}
    return await run(orders.ActionCancelOrder, tracker(**given))


@pytest.mark.parametrize(
    ("outcome", "response", "commands"),
    [
        (Refused("shipped"), "utter_cancel_refused_shipped", []),
        (Refused("out_for_delivery"), "utter_cancel_refused_shipped", []),
        (Refused("delivered"), "utter_cancel_refused_delivered", []),
        (Refused("cancelled"), "utter_already_cancelled", []),
        (Refused("returned"), "utter_cancel_refused", []),
        (Unavailable("down"), "utter_shop_unavailable", []),
        (NotFound("order"), "utter_shop_unavailable", []),
        (
            Uncertain("time is up"),
            "utter_cancel_uncertain",
            [{"type": "hand_over", "reason": "fault", "announced": True}],
        ),
    ],
)
async def test_what_comes_of_cancelling(shop, outcome, response, commands):
    shop.next["cancel_order"] = [outcome]
    done = await cancel_proven()
    assert (done.responses, done.commands) == ([response], commands)
    assert done.slots == {"confirmed": None, "code": None, "code_issued": None}
    assert shop.cancelled == [(NUMBER, "cancel:m-1")]


@pytest.mark.parametrize(
    "slots",
    [
        {"proof": None},
        {"proof": {"order_number": NUMBER, "level": "contact"}},
        {"proof": {"order_number": "DH-20427", "level": "code"}},
        {"confirmed": None},
        {"order_number": None},
    ],
)
async def test_nothing_is_cancelled_without_a_yes_and_a_code(shop, slots):
    done = await cancel_proven(**slots)
    assert (done.responses, done.commands, shop.cancelled) == ([], [], [])


async def test_a_code_just_shown_is_enough_for_the_same_order_again(chat, shop):
    await confirm(chat)
    shop.next["cancel_order"] = [Unavailable("down")]
    assert await chat.say(code_of(shop)) == ["utter_shop_unavailable"]
    assert await ask(chat) == ["utter_ask_confirm_cancel"]
    told = await chat.say("yes", "affirm")
    assert told[0] == "utter_order_cancelled"
    assert [key for _, key in shop.cancelled] == ["cancel:m-2", "cancel:m-4"]
    assert len(shop.sent) == 1


async def test_what_rasa_fills_in_at_the_beginning_is_stale(shop):
    """Rasa puts slots filled earlier behind `active_loop`, where they look like new ones."""
    events = [
        {"event": "user", "text": "cancel it", "parse_data": {}},
        {"event": "active_loop", "name": "cancellation_form"},
        slot("requested_slot", None),
        {"event": "action", "name": "cancellation_form"},
        slot("order_number", NUMBER),
        slot("confirmed", True),
    ]
    seen = tracker(
        events=events,
        loop="cancellation_form",
        order_number=NUMBER,
        confirmed=True,
        proof={"order_number": NUMBER, "level": "code"},
    )
    outcome = await run(orders.ValidateCancellationForm, seen)
    assert outcome.slots["confirmed"] is None
    assert outcome.slots["requested_slot"] == "confirmed"


@pytest.mark.parametrize("language", ["vi", "ms", "en"])
async def test_the_code_is_sent_in_the_conversations_language(shop, language):
    chat = Chat(language)
    await confirm(chat)
    text = (
        catalogue()
        .render("utter_code_message", language, code=code_of(shop), order_number=NUMBER)
        .text
    )
    assert shop.sent[0][2] == text
