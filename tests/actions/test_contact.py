"""Nobody is at the desk: where can people reach the customer?"""

import pytest

from actions.contact import FORM

from .chat import slot

QUESTION = "utter_ask_contact_form_contact"
CALLED = {"type": "hand_over", "reason": "asked", "announced": False}


@pytest.fixture
def chat(chat):
    """A conversation at night."""
    chat.people_available = False
    return chat


async def test_who_asks_for_a_person_is_asked_for_a_contact(chat):
    assert await chat.say("a person please", "request_human") == [QUESTION]
    assert chat.commands == [CALLED]
    assert (chat.loop, chat.slots["requested_slot"]) == (FORM, "contact")
    assert await chat.say("0903 123 456", phone="+84903123456") == ["utter_contact_noted"]
    assert chat.commands == [{"type": "case_contact", "phone": "+84903123456"}]
    assert chat.values("utter_contact_noted") == {"contact": "+84903123456"}
    assert (chat.loop, chat.slots["contact"]) == (None, "+84903123456")


async def test_an_email_address_will_do(chat):
    await chat.say("a person please", "request_human")
    await chat.say("lan@example.com", email="lan@example.com")
    assert chat.commands == [{"type": "case_contact", "email": "lan@example.com"}]


async def test_while_people_are_there_nothing_is_asked(chat):
    chat.people_available = True
    assert await chat.say("a person please", "request_human") == []
    assert (chat.commands, chat.loop) == ([CALLED], None)


async def test_a_known_contact_is_not_asked_for(chat):
    await chat.say("my number is 0903 123 456", "greet", phone="+84903123456")
    assert await chat.say("a person please", "request_human") == []
    assert (chat.commands, chat.loop) == ([CALLED], None)


async def test_a_contact_in_the_same_message_is_not_asked_for(chat):
    assert await chat.say("call me at …", "request_human", phone="+84903123456") == []
    assert (chat.commands, chat.loop) == ([CALLED], None)


async def test_anger_is_acknowledged_first(chat):
    said = await chat.say("liars!!", "ask_order_status", hand_over="anger")
    assert said == ["utter_acknowledge_anger", QUESTION]
    assert chat.commands == [{**CALLED, "reason": "anger"}]


async def test_an_open_form_gives_way(chat):
    await chat.say("where is my order", "ask_order_status")
    assert chat.loop == "order_status_form"
    assert await chat.say("refunds are a topic", "cancel_order", hand_over="topic") == [QUESTION]
    assert (chat.loop, chat.slots["requested_slot"]) == (FORM, "contact")


async def test_the_third_miss_asks_too(chat):
    for _ in range(2):
        await chat.say("blub", "nlu_fallback")
    assert await chat.say("blub", "nlu_fallback") == [QUESTION]
    assert chat.commands == [{**CALLED, "reason": "not_understood"}]
    assert chat.loop == FORM


@pytest.mark.parametrize("text", ["0903", "call 12", "lan@", "a@b"])
async def test_what_is_no_contact_is_explained(chat, text):
    await chat.say("a person please", "request_human")
    assert await chat.say(text) == ["utter_invalid_callback_contact"]
    assert (chat.loop, chat.commands) == (FORM, [])
    await chat.say("0903 123 456", phone="+84903123456")
    assert chat.commands == [{"type": "case_contact", "phone": "+84903123456"}]


async def test_a_number_that_only_we_can_read_is_taken(chat):
    await chat.say("a person please", "request_human")
    await chat.say("o9o3 123 456 nha", "inform")
    assert chat.commands == [{"type": "case_contact", "phone": "+84903123456"}]


async def test_a_yes_is_no_number_so_it_is_asked_for_again(chat):
    await chat.say("a person please", "request_human")
    assert await chat.say("yes", "affirm") == [QUESTION]
    assert (chat.loop, chat.commands) == (FORM, [])


async def test_a_yes_is_no_number_in_other_forms_either(chat):
    await chat.say("where is my order", "ask_order_status")
    assert await chat.say("yes", "affirm") == ["utter_ask_order_number"]
    await chat.say("DH-20413", order_number="DH-20413")
    assert await chat.say("ok", "affirm") == ["utter_ask_contact"]
    assert chat.loop == "order_status_form"


async def test_no_need(chat):
    await chat.say("a person please", "request_human")
    assert await chat.say("no need", "deny") == ["utter_contact_declined"]
    assert (chat.loop, chat.slots["requested_slot"], chat.commands) == (None, None, [])


async def test_other_forms_end_as_before(chat):
    await chat.say("where is my order", "ask_order_status")
    assert await chat.say("no", "deny") == ["utter_form_stopped"]


async def test_a_digression_is_answered_and_the_question_comes_back(chat):
    await chat.say("a person please", "request_human")
    said = await chat.say("when do you open", "ask_opening_hours")
    assert said == ["utter_ask_opening_hours", QUESTION]
    assert chat.loop == FORM


async def test_behind_another_question_it_waits(chat):
    await chat.say("a person please", "request_human")
    assert await chat.say("blub", "nlu_fallback") == ["utter_ask_rephrase"]
    assert chat.loop == FORM


@pytest.mark.parametrize("intent", ["thank", "goodbye"])
async def test_who_takes_leave_is_not_asked_again_and_may_still_tell(chat, intent):
    await chat.say("a person please", "request_human")
    assert await chat.say("bye", intent) == [f"utter_{intent}"]
    assert chat.loop == FORM
    assert await chat.say("0903 123 456", phone="+84903123456") == ["utter_contact_noted"]


async def test_a_contact_that_cannot_be_read_is_not_passed_on(chat):
    chat._apply([slot("contact", "whatever")])
    assert await chat.say("a person please", "request_human") == []
    assert chat.commands == [CALLED]
