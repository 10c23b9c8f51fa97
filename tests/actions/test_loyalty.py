"""Points and subscriptions, for those whom a one-time code has reached."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from actions import loyalty
from myna.shop.model import (
    Declined,
    LoyaltyAccount,
    Money,
    NotFound,
    NotOffered,
    Subscription,
    Unavailable,
    Uncertain,
    Who,
)

from .chat import Chat, run, tracker
from .fake_shop import an_order

NUMBER, PHONE = "DH-20413", "+84903123456"
BY_CODE = {"order_number": NUMBER, "level": "code", "contact": "+84903123456"}
PROVED = {"order_number": NUMBER, "proof": BY_CODE}
SILVER = LoyaltyAccount("LH-1", 2450, "Bạc", 300, date(2027, 1, 5), "Vàng", 550)
SOON = date.today() + timedelta(days=9)


def plan(number="SB-1", state="active", **more):
    names = {"vi": "Gói lọc", "ms": "Pelan penapis", "en": "Filter plan"}
    values = {"renews_on": SOON, "renews_itself": False, **more}
    return Subscription(number, names, state, Money(Decimal(320000), "VND"), 3, **values)


def code_of(shop):
    return re.search(r"\d{6}", shop.sent[-1][2])[0]


async def prove(chat, shop, intent):
    """From the first message to the right code; returns what is said then."""
    first = await chat.say("…", intent, order_number=NUMBER, phone=PHONE)
    assert first == ["utter_ask_code"]
    return await chat.say(code_of(shop), "inform")


# --- points


async def test_points_are_told_after_a_code(chat, shop):
    shop.accounts[PHONE] = SILVER
    assert await chat.say("my points", "ask_loyalty_points") == ["utter_ask_order_number"]
    assert await chat.say(NUMBER, order_number=NUMBER) == ["utter_ask_contact"]
    assert await chat.say(PHONE, phone=PHONE) == ["utter_ask_code"]
    told = await chat.say(code_of(shop))
    assert told == ["utter_points", "utter_points_expire", "utter_points_to_next_tier"]
    assert chat.values("utter_points") == {"points": "2,450", "tier": "Bạc", "member": "LH-1"}
    assert chat.values("utter_points_expire")["expires_on"] == "5 Jan 2027"
    assert chat.loop is None


async def test_nothing_is_told_to_one_who_only_knows_number_and_contact(chat, shop):
    shop.accounts[PHONE] = SILVER
    told = await chat.say("…", "ask_loyalty_points", order_number=NUMBER, phone=PHONE)
    assert told == ["utter_ask_code"]
    assert not any(name == "get_loyalty" for name, *_ in shop.calls)
    seen = tracker(**{**PROVED, "proof": {"order_number": NUMBER, "level": "contact"}})
    assert (await run(loyalty.ActionTellPoints, seen)).responses == []


async def test_a_wrong_contact(chat, shop):
    told = await chat.say("…", "ask_loyalty_points", order_number=NUMBER, phone="+84911111111")
    assert told == ["utter_order_not_matched"]
    assert shop.sent == []


async def test_the_account_is_that_of_the_contact_which_received_the_code(shop):
    shop.accounts[PHONE] = SILVER
    await run(loyalty.ActionTellPoints, tracker(**PROVED))
    assert ("get_loyalty", (Who(contact=PHONE),), None) in shop.calls
    mail = {**BY_CODE, "contact": "lan.nguyen@example.com"}
    await run(loyalty.ActionTellPoints, tracker(**{**PROVED, "proof": mail}))
    assert ("get_loyalty", (Who(contact="lan.nguyen@example.com"),), None) in shop.calls


@pytest.mark.parametrize(
    ("account", "responses"),
    [
        (LoyaltyAccount("LH-2", 10, "Gold"), ["utter_points"]),
        (LoyaltyAccount("LH-2", 10, "Gold", 0, None, "Top", 5), None),
        (NotFound("account"), ["utter_no_member"]),
        (Unavailable("down"), ["utter_account_unavailable"]),
        (NotOffered("loyalty"), ["utter_needs_person"]),
    ],
)
async def test_what_comes_of_asking_for_points(shop, account, responses):
    shop.next["get_loyalty"] = [account]
    told = await run(loyalty.ActionTellPoints, tracker(**PROVED))
    assert told.responses == (responses or ["utter_points", "utter_points_to_next_tier"])
    handed = [command["type"] for command in told.commands]
    assert handed == (["hand_over"] if isinstance(account, NotOffered) else [])


async def test_digression_correction_and_stop(chat, shop):
    await chat.say("…", "ask_loyalty_points")
    assert await chat.say("hi", "greet") == ["utter_greet", "utter_ask_order_number"]
    shop.add(an_order("DH-20427"))
    assert await chat.say("…", order_number="DH-20427") == ["utter_ask_contact"]
    assert await chat.say("wrong, it is …", order_number=NUMBER) == ["utter_ask_contact"]
    assert chat.slots["order_number"] == NUMBER
    assert await chat.say("no thanks", "deny") == ["utter_form_stopped"]
    assert chat.loop is None


# --- subscriptions


async def test_a_single_subscription_is_confirmed_and_renewed(chat, shop):
    shop.subscriptions[PHONE] = (plan(),)
    assert await prove(chat, shop, "renew_subscription") == ["utter_ask_confirm_renewal"]
    values = chat.values("utter_ask_confirm_renewal")
    assert values["price"] == "320.000\u00a0₫"
    assert await chat.say("yes", "affirm") == ["utter_renewed"]
    assert ("renew_subscription", ("SB-1",), "renew:m-2") in shop.calls
    assert (chat.loop, chat.slots["subscription"], chat.slots["confirmed"]) == (None, None, None)


async def test_one_of_several_is_chosen_by_button(chat, shop):
    shop.subscriptions[PHONE] = (plan(), plan("SB-2", "expired"), plan("SB-3", "cancelled"))
    assert await prove(chat, shop, "renew_subscription") == ["utter_ask_subscription"]
    payloads = [b["payload"] for b in chat.outcomes[-1].messages[0]["buttons"]]
    assert payloads == [
        '/renew_subscription{"subscription": "SB-1"}',
        '/renew_subscription{"subscription": "SB-2"}',
    ]
    told = await chat.say("Filter plan", "renew_subscription", subscription="SB-2")
    assert told == ["utter_ask_confirm_renewal"]
    await chat.say("yes", "affirm")
    assert [c[1] for c in shop.calls if c[0] == "renew_subscription"] == [("SB-2",)]


async def test_the_number_may_be_typed_and_another_customers_is_not_taken(chat, shop):
    shop.subscriptions[PHONE] = (plan(), plan("SB-2"))
    shop.subscriptions["+84911111111"] = (plan("SB-9"),)
    await prove(chat, shop, "renew_subscription")
    assert await chat.say("SB-9", "inform") == ["utter_ask_subscription"]
    assert await chat.say("sb-2", "inform") == ["utter_ask_confirm_renewal"]


@pytest.mark.parametrize(
    ("typed", "response"),
    [
        ("the care one please", "utter_ask_subscription"),
        ("care plan", "utter_ask_confirm_renewal"),
        ("gói lọc", "utter_ask_subscription"),
    ],
)
async def test_the_name_may_be_typed_if_it_fits_one_only(chat, shop, typed, response):
    care = {"vi": "Gói bảo hành", "ms": "Pelan jaminan", "en": "Extended care plan"}
    shop.subscriptions[PHONE] = (plan(), plan("SB-2"), replace(plan("SB-3"), names=care))
    await prove(chat, shop, "renew_subscription")
    assert await chat.say(typed, "nlu_fallback") == [response]


async def test_a_question_is_not_taken_for_the_name_and_a_stop_stops(chat, shop):
    shop.subscriptions[PHONE] = (plan(), plan("SB-2"))
    await prove(chat, shop, "renew_subscription")
    assert await chat.say("hi", "greet") == ["utter_greet", "utter_ask_subscription"]
    assert await chat.say("no", "deny") == ["utter_form_stopped"]


async def test_a_no_leaves_it_as_it_is(chat, shop):
    shop.subscriptions[PHONE] = (plan(),)
    await prove(chat, shop, "renew_subscription")
    assert await chat.say("no", "deny") == ["utter_renewal_dropped"]
    assert not any(name == "renew_subscription" for name, *_ in shop.calls)


async def test_one_that_renews_itself_is_said_to(chat, shop):
    shop.subscriptions[PHONE] = (plan(renews_itself=True),)
    assert await prove(chat, shop, "renew_subscription") == ["utter_ask_confirm_early_renewal"]


@pytest.mark.parametrize(
    ("own", "response"),
    [((), "utter_no_subscription"), ((plan(state="cancelled"),), "utter_not_renewable")],
)
async def test_nothing_to_renew(chat, shop, own, response):
    shop.subscriptions[PHONE] = own
    assert await prove(chat, shop, "renew_subscription") == [response]
    assert chat.loop is None


@pytest.mark.parametrize(
    ("outcome", "response", "handed"),
    [
        (plan(payment_url="https://shop.example.com/pay"), "utter_renewal_to_pay", []),
        (Declined("not_renewable"), "utter_not_renewable", []),
        (Uncertain("time is up"), "utter_renewal_uncertain", ["hand_over"]),
        (Unavailable("down"), "utter_account_unavailable", []),
        (NotFound("subscription"), "utter_account_unavailable", []),
        (NotOffered("subscriptions"), "utter_needs_person", ["hand_over"]),
    ],
)
async def test_what_comes_of_renewing(shop, outcome, response, handed):
    shop.next["renew_subscription"] = [outcome]
    told = await run(
        loyalty.ActionRenewSubscription, tracker(subscription="SB-1", confirmed=True, **PROVED)
    )
    assert told.responses == [response]
    assert [command["type"] for command in told.commands] == handed


async def test_a_renewal_with_a_new_end_says_that_end(shop):
    shop.next["renew_subscription"] = [plan(renews_on=date(2027, 6, 1))]
    told = await run(
        loyalty.ActionRenewSubscription, tracker(subscription="SB-1", confirmed=True, **PROVED)
    )
    assert told.values("utter_renewed")["until"] == "1 Jun 2027"


@pytest.mark.parametrize("missing", ["subscription", "confirmed", "proof"])
async def test_nothing_is_renewed_without_choice_yes_and_proof(shop, missing):
    slots = {"subscription": "SB-1", "confirmed": True, **PROVED, missing: None}
    told = await run(loyalty.ActionRenewSubscription, tracker(**slots))
    assert (told.responses, told.commands) == ([], [])
    assert not any(name == "renew_subscription" for name, *_ in shop.calls)


@pytest.mark.parametrize(
    ("outcome", "response"),
    [
        (Unavailable("down"), "utter_account_unavailable"),
        (NotOffered("subscriptions"), "utter_needs_person"),
    ],
)
async def test_subscriptions_that_cannot_be_listed(chat, shop, outcome, response):
    shop.next["list_subscriptions"] = [outcome, outcome]
    assert await prove(chat, shop, "renew_subscription") == [response]
    assert chat.loop is None


@pytest.mark.parametrize("state", ["active", "expired", "payment_failed"])
async def test_a_renewal_begins_where_the_old_one_ends_or_today(shop, state):
    ended = plan(state=state, renews_on=date(2020, 1, 1))
    shop.subscriptions[PHONE] = (ended,)
    told = await run(
        loyalty.ActionAskRenewalConfirmed, tracker(subscription="SB-1", language="en", **PROVED)
    )
    until = told.values("utter_ask_confirm_renewal")["until"]
    assert until.endswith((str(date.today().year), str(date.today().year + 1)))


async def test_a_subscription_that_has_gone_meanwhile(shop):
    told = await run(loyalty.ActionAskRenewalConfirmed, tracker(subscription="SB-1", **PROVED))
    assert told.responses == ["utter_account_unavailable"]
    assert told.ends_form


@pytest.mark.parametrize("language", ["vi", "ms", "en"])
async def test_every_language(shop, language):
    shop.accounts[PHONE] = SILVER
    chat = Chat(language)
    assert (await prove(chat, shop, "ask_loyalty_points"))[0] == "utter_points"
