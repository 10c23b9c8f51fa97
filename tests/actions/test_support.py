"""Technical problems: one step at a time, digressions and back, and how it ends."""

import pytest

from actions import support
from myna.troubleshooting.library import library

from .chat import Chat, run, tracker

DEAD = "my air fryer won't turn on"
FORM = "troubleshooting_form"


async def report(chat, text=DEAD, **more):
    return await chat.say(text, "report_technical_problem", **more)


async def press(chat, answer):
    return await chat.say("…", "report_technical_problem", answer=answer)


def steps(device="air_fryer", symptom="dead"):
    return library().guides().devices[device].symptoms[symptom].steps


async def test_a_known_trouble_begins_with_its_first_step(chat):
    assert await report(chat) == ["utter_troubleshooting_first_step"]
    values = chat.values("utter_troubleshooting_first_step")
    guide = library().guides().devices["air_fryer"]
    assert values["step"] == guide.steps[steps()[0]].text["en"].replace("{device}", "air fryer")
    assert chat.loop == FORM


async def test_it_works_at_once(chat):
    await report(chat)
    assert await press(chat, "solved") == ["utter_troubleshooting_solved"]
    assert (chat.loop, chat.slots["troubleshooting"], chat.commands) == (None, None, [])


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("yes it works now, thanks", "thank"),
        ("fixed!", "nlu_fallback"),
        ("it worked", "give_compliment"),
        ("it works now", "ask_stock"),
    ],
)
async def test_it_works_in_own_words(chat, text, intent):
    await report(chat)
    assert await chat.say(text, intent) == ["utter_troubleshooting_solved"]


@pytest.mark.parametrize(
    ("text", "intent", "result"),
    [
        ("no", "deny", "same"),
        ("still the same", "deny", "same"),
        ("it still won't turn on", "report_technical_problem", "same"),
        ("i don't know how", "out_of_scope", "cannot"),
        ("still the same", "ask_price", "same"),
    ],
)
async def test_what_did_not_help_leads_to_the_next_step(chat, text, intent, result):
    await report(chat)
    assert await chat.say(text, intent) == ["utter_troubleshooting_next_step"]
    assert chat.slots["troubleshooting"]["tried"] == [{"step": steps()[0], "result": result}]


async def test_a_mere_yes_waits_for_the_result(chat):
    await report(chat)
    before = chat.slots["troubleshooting"]
    assert await chat.say("ok", "affirm") == ["utter_troubleshooting_wait"]
    assert chat.slots["troubleshooting"] == before
    assert await press(chat, "same") == ["utter_troubleshooting_next_step"]


async def exhausted(chat):
    await report(chat)
    for _ in steps():
        told = await press(chat, "same")
    return told


async def test_when_nothing_helped_a_repair_or_a_person_is_offered(chat):
    assert await exhausted(chat) == ["utter_troubleshooting_exhausted"]


@pytest.mark.parametrize("word", [("yes please", "affirm"), ("…", "request_repair")])
async def test_the_repair_begins_with_what_is_known(chat, word):
    await exhausted(chat)
    assert await chat.say(*word) == ["utter_ask_repair_form_order_number"]
    assert chat.slots["symptom"] == "Does not turn on"
    assert chat.loop == "repair_form"


async def test_a_person_gets_all_steps_in_a_case(chat):
    await exhausted(chat)
    assert await press(chat, "person") == ["utter_troubleshooting_person"]
    case, hand_over = chat.commands
    assert (case["type"], case["kind"], case["response"]) == ("open_case", "problem", "")
    assert DEAD in case["summary"]
    assert all(step in case["summary"] for step in steps())
    assert hand_over["type"] == "hand_over"
    assert chat.slots["troubleshooting"] is None


async def test_where_nobody_is_there_the_case_is_told_and_a_contact_asked_for(chat):
    chat.people_available = False
    await exhausted(chat)
    told = await press(chat, "person")
    assert told == ["utter_troubleshooting_person", "utter_ask_contact_form_contact"]
    (case,) = chat.commands
    assert case["type"] == "open_case"
    assert "response" not in case
    assert chat.loop == "contact_form"


async def test_neither_repair_nor_person(chat):
    await exhausted(chat)
    assert await chat.say("no thanks", "deny") == ["utter_troubleshooting_stopped"]
    assert (chat.loop, chat.commands) == (None, [])


@pytest.mark.parametrize("text", ["never mind", "forget it"])
async def test_stop(chat, text):
    await report(chat)
    assert await chat.say(text, "deny") == ["utter_troubleshooting_stopped"]
    assert (chat.loop, chat.slots["troubleshooting"]) == (None, None)


async def test_device_and_symptom_are_asked_for(chat):
    assert await report(chat, "it is broken") == ["utter_ask_device"]
    assert await chat.say("the stand fan", "place_order") == ["utter_ask_symptom_of_device"]
    buttons = chat.outcomes[-1].messages[0]["buttons"]
    assert len(buttons) == len(library().guides().devices["fan"].symptoms)
    assert await press(chat, "slow") == ["utter_troubleshooting_first_step"]


async def test_the_symptom_in_own_words(chat):
    await report(chat, "problem with my fan")
    told = await chat.say("makes a loud rattling noise", "give_compliment")
    assert told == ["utter_troubleshooting_first_step"]
    assert chat.slots["troubleshooting"]["symptom"] == "noisy"


async def test_what_was_wrong_may_be_told_before_the_device(chat):
    await report(chat, "weak suction since monday")
    told = await chat.say("the cordless vacuum")
    assert told == ["utter_troubleshooting_first_step"]


async def test_an_unknown_device_is_asked_for_once(chat):
    await report(chat, "it is broken")
    assert await chat.say("the karaoke machine") == ["utter_troubleshooting_unknown"]
    assert await chat.say("no thanks", "deny") == ["utter_troubleshooting_stopped"]


async def test_an_unknown_symptom_is_asked_for_once(chat):
    await report(chat, "problem with my fan")
    assert await chat.say("it sings at midnight") == ["utter_troubleshooting_unknown"]
    assert await press(chat, "repair") == ["utter_ask_repair_form_order_number"]


async def test_the_product_that_nlu_found_names_the_device(chat):
    told = await report(chat, "does not turn on", product="AF-400")
    assert told == ["utter_troubleshooting_first_step"]


async def test_a_digression_is_answered_and_the_step_told_again(chat):
    await report(chat)
    told = await chat.say("what does delivery cost?", "faq")
    assert told == ["utter_faq", "utter_troubleshooting_step_again"]
    assert await press(chat, "same") == ["utter_troubleshooting_next_step"]


async def test_another_flow_and_back_goes_on_where_it_was(chat):
    await report(chat)
    await press(chat, "same")
    standing = chat.slots["troubleshooting"]
    told = await chat.say("where is DH-20413", "ask_order_status", order_number="DH-20413")
    assert told == ["utter_ask_contact"]
    await chat.say("no", "deny")
    assert chat.loop is None
    told = await report(chat, "about the air fryer again")
    assert told == ["utter_troubleshooting_step_again"]
    assert chat.slots["troubleshooting"] == standing


async def test_another_device_begins_anew(chat):
    await report(chat)
    told = await report(chat, "actually it's the blender that does not run")
    assert told == ["utter_troubleshooting_first_step"]
    assert chat.slots["troubleshooting"]["device"] == "blender"


async def test_another_symptom_of_the_same_device(chat):
    await report(chat)
    await press(chat, "same")
    told = await report(chat, "and it shows e1 on the display")
    assert chat.slots["troubleshooting"]["symptom"] == "error"
    assert told == ["utter_troubleshooting_next_question"]


async def test_a_plain_yes_or_no_answers_a_question(chat):
    await report(chat, "my fan does not spin")
    assert await press(chat, "same") == ["utter_troubleshooting_next_question"]
    other = chat.snapshot()
    await chat.say("yes", "affirm")
    await other.say("no", "deny")
    now = [each.slots["troubleshooting"]["todo"][0] for each in (chat, other)]
    assert now == ["timer", "restart"]


async def test_a_request_for_a_person_is_granted(chat):
    await report(chat)
    await chat.say("i want a human", "request_human")
    assert [command["type"] for command in chat.commands] == ["hand_over"]
    assert chat.loop is None


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("vi", "nồi chiên nhà em bốc khói khét lẹt"),
        ("vi", "noi chien boc khoi roi shop oi"),
        ("ms", "cerek saya keluar asap dan bau hangit"),
        ("en", "there is smoke coming out of my air fryer"),
        ("en", "got a shock when i touched the kettle"),
    ],
)
@pytest.mark.parametrize("there", [True, False])
async def test_danger_stops_everything(language, text, there):
    chat = Chat(language)
    chat.people_available = there
    told = await report(chat, text)
    assert told[0] == "utter_danger"
    assert chat.commands[0]["priority"] == "urgent"
    assert ("hand_over" in [command["type"] for command in chat.commands]) == there


async def test_danger_in_the_middle_whatever_the_message_is_taken_for(chat):
    await report(chat)
    told = await chat.say("now there is smoke", "ask_product_info")
    assert told == ["utter_danger"]
    assert chat.commands[0]["priority"] == "urgent"


async def test_no_smoke_is_no_danger(chat):
    assert await report(chat, DEAD + ", no smoke") == ["utter_troubleshooting_first_step"]


async def test_a_button_of_yesterday_asks_anew(chat):
    assert await press(chat, "solved") == ["utter_ask_device"]


async def test_the_question_of_the_fallback_is_not_followed_by_a_step(chat):
    await report(chat)
    assert await chat.say("blub", "nlu_fallback") == ["utter_ask_rephrase"]
    assert chat.loop == FORM


async def test_nothing_is_closed_without_a_state():
    outcome = await run(support.ActionCloseTroubleshooting, tracker())
    assert (outcome.responses, outcome.commands) == ([], [])


async def test_every_step_of_every_device_is_told_in_every_language():
    guides = library().guides()
    for name, device in guides.devices.items():
        for symptom in device.symptoms:
            chat = Chat("vi")
            await report(chat, "…")
            await press(chat, name)
            await press(chat, symptom)
            for _ in range(12):
                if chat.slots["troubleshooting"] is None or chat.responses == [
                    "utter_troubleshooting_exhausted"
                ]:
                    break
                await press(chat, "0" if chat.responses[0].endswith("question") else "same")
            assert chat.responses == ["utter_troubleshooting_exhausted"], (name, symptom)
