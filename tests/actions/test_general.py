"""Not understood, the way to a person, and the end of a form."""

import json

import pytest

from actions import general, turn
from myna.bootstrap import catalogue

from .chat import message, run, tracker

MISS = "nlu_fallback"


def turn_of(text="blub", intent=MISS, action="action_handle_fallback"):
    """The events of an earlier turn."""
    latest = message(text, intent)
    return [
        {"event": "user", "text": text, "parse_data": latest},
        {"event": "action", "name": action},
        {"event": "bot", "metadata": {}},
        {"event": "action", "name": "action_listen"},
    ]


def fallback(*before, latest=None, **slots):
    """A tracker after these events and a message that was not understood."""
    latest = latest or message("blub", MISS)
    now = {"event": "user", "text": latest["text"], "parse_data": latest}
    return tracker(latest, [*before, now], **slots)


async def handle(seen):
    return await run(general.ActionHandleFallback, seen)


def payloads(outcome):
    return [button["payload"] for button in outcome.messages[0]["buttons"]]


async def test_three_stages():
    first = await handle(fallback())
    assert (first.responses, first.events) == (["utter_ask_rephrase"], [])
    second = await handle(fallback(*turn_of()))
    assert second.responses == ["utter_offer_human"]
    assert second.slots == {"open_question": "human"}
    third = await handle(fallback(*turn_of(), *turn_of()))
    assert third.responses == []
    assert third.commands == [{"type": "hand_over", "reason": "not_understood", "announced": False}]
    assert third.slots == {"requested_slot": None, "open_question": "none"}
    assert third.ends_form


@pytest.mark.parametrize(
    "between", [turn_of("hi", "greet", "utter_greet"), [{"event": "session_started"}]]
)
async def test_the_count_begins_again(between):
    outcome = await handle(fallback(*turn_of(), *turn_of(), *between))
    assert outcome.responses == ["utter_ask_rephrase"]


@pytest.mark.parametrize("text", ["😀😀", "?!", "", None])
async def test_what_has_no_words_is_told_and_not_counted(text):
    outcome = await handle(fallback(*turn_of(), latest=message(text, MISS)))
    assert (outcome.responses, outcome.events) == (["utter_no_words"], [])
    outcome = await handle(fallback(*turn_of(text), *turn_of(text)))
    assert outcome.responses == ["utter_ask_rephrase"]


async def test_after_a_person_was_called_the_count_begins_again():
    """Where nobody is there the bot goes on, and must not promise a call three times in a row."""
    called = turn_of()
    called.insert(2, {"event": "bot", "data": {"custom": {"command": {"type": "hand_over"}}}})
    outcome = await handle(fallback(*turn_of(), *turn_of(), *called))
    assert outcome.responses == ["utter_ask_rephrase"]


async def test_what_was_understood_and_had_no_rule_counts_too():
    """Rasa falls back to the same action where no rule knows what to do."""
    outcome = await handle(fallback(*turn_of("yes", "affirm")))
    assert outcome.responses == ["utter_offer_human"]


async def test_an_emoji_does_not_end_the_row():
    outcome = await handle(fallback(*turn_of(), *turn_of("😀")))
    assert outcome.responses == ["utter_offer_human"]


async def test_another_language():
    outcome = await handle(
        fallback(*turn_of(), latest=message("Где заказ", MISS, language="other"))
    )
    assert (outcome.responses, outcome.commands) == (["utter_other_language"], [])


RANKING = {
    "greet": 0.3,
    "ask_order_status": 0.25,
    "faq": 0.2,
    "cancel_order": 0.15,
    "ask_opening_hours": 0.1,
}
SELECTED = {
    "default": {
        "ranking": [
            {"intent_response_key": "faq/shipping_fee", "confidence": 0.8},
            {"intent_response_key": "faq/delivery_time", "confidence": 0.1},
        ]
    }
}


@pytest.mark.parametrize("language", ["vi", "ms", "en"])
async def test_likely_meanings_as_buttons(language):
    latest = message("blub", MISS, ranking=RANKING, response_selector=SELECTED)
    outcome = await handle(fallback(latest=latest, language=language))
    assert outcome.responses == ["utter_ask_meaning"]
    assert payloads(outcome) == [
        "/ask_order_status",
        "/faq/shipping_fee",
        "/cancel_order",
        "/nlu_fallback",
    ]
    titles = [button["title"] for button in outcome.messages[0]["buttons"]]
    expected = ["ask_order_status", "faq/shipping_fee", "cancel_order"]
    assert titles[:3] == [catalogue().title(name, language) for name in expected]
    assert titles[3] == catalogue().render("utter_none_of_these", language).text


async def test_close_entries_of_frequent_questions_are_offered_each():
    close = {"default": {"ranking": [dict(e) for e in SELECTED["default"]["ranking"]]}}
    close["default"]["ranking"][1]["confidence"] = 0.75
    latest = message("blub", MISS, ranking=RANKING, response_selector=close)
    assert payloads(await handle(fallback(latest=latest))) == [
        "/ask_order_status",
        "/faq/shipping_fee",
        "/faq/delivery_time",
        "/nlu_fallback",
    ]


async def test_what_was_told_stays_with_the_button():
    latest = message(
        "DH-20413 blub",
        MISS,
        ranking=RANKING,
        response_selector=SELECTED,
        language="en",
        order_number="DH-20413",
        phone="+84903123456",
        code="123456",
    )
    latest["entities"].append({"entity": "language", "value": "en"})
    told = {"order_number": "DH-20413", "phone": "+84903123456"}
    status, faq, cancel, none = payloads(await handle(fallback(latest=latest)))
    assert status.startswith("/ask_order_status{")
    assert json.loads(status.removeprefix("/ask_order_status")) == told
    assert json.loads(cancel.removeprefix("/cancel_order")) == told
    assert (faq, none) == ("/faq/shipping_fee", "/nlu_fallback")


async def test_a_frequent_question_without_an_entry_is_not_offered():
    latest = message("blub", MISS, ranking={"faq": 0.3})
    assert (await handle(fallback(latest=latest))).responses == ["utter_ask_rephrase"]


async def test_an_unlikely_meaning_is_not_offered():
    latest = message("blub", MISS, ranking={"cancel_order": 0.04})
    assert (await handle(fallback(latest=latest))).responses == ["utter_ask_rephrase"]


async def test_none_of_these_is_the_second_miss():
    outcome = await handle(fallback(*turn_of(), latest=message("None of these", MISS)))
    assert outcome.responses == ["utter_offer_human"]


@pytest.mark.parametrize(
    ("intent", "trigger", "reason", "responses"),
    [
        ("request_human", None, "asked", []),
        ("affirm", None, "asked", []),
        ("make_complaint", None, "complaint", []),
        ("cancel_order", "topic", "topic", []),
        ("ask_order_status", "anger", "anger", ["utter_acknowledge_anger"]),
        ("make_complaint", "anger", "anger", ["utter_acknowledge_anger"]),
    ],
)
async def test_hand_over(intent, trigger, reason, responses):
    latest = message("…", intent, hand_over=trigger)
    outcome = await run(general.ActionHandOver, tracker(latest))
    assert outcome.responses == responses
    assert outcome.commands[-1] == {"type": "hand_over", "reason": reason, "announced": False}
    recorded = [command["kind"] for command in outcome.commands[:-1]]
    assert recorded == (["complaint"] if intent == "make_complaint" else [])
    assert outcome.ends_form
    assert outcome.slots["open_question"] == "none"


async def test_a_form_is_stopped(chat):
    await chat.say("…", "ask_order_status")
    assert await chat.say("no", "deny") == ["utter_form_stopped"]
    assert (chat.loop, chat.slots["requested_slot"], chat.commands) == (None, None, [])


def test_without_the_hub_nothing_is_known_of_the_customer():
    bare = tracker({**message(), "metadata": None, "message_id": None}, language=None)
    assert turn.customer(bare) == {
        "channel": "shell",
        "proof": None,
        "failed_proofs": 0,
        "guarded_orders": [],
        "customer_id": None,
        "people_available": True,
    }
    assert turn.called_for(bare) is None
    assert turn.message_id(bare) == bare.sender_id
    assert turn.language(bare) == catalogue().facts.default_language


def test_only_what_was_said_since_the_message_is_said_already():
    user = turn_of()[0]
    said = {"event": "bot", "metadata": {"utter_action": "utter_ask_meaning"}}
    assert turn.already_said(tracker(events=[user, said]), "utter_ask_meaning")
    assert not turn.already_said(tracker(events=[user, said]), "utter_ask_rephrase")
    assert not turn.already_said(tracker(events=[said, user]), "utter_ask_meaning")
    assert not turn.already_said(tracker(events=[]), "utter_ask_meaning")
