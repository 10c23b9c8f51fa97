"""Complaints, praise and suggestions, as the desk gets them and as the customer is answered."""

from __future__ import annotations

from typing import Any

import pytest

from actions import feedback
from myna.bootstrap import catalogue

from .chat import Chat, message, run, tracker

STORY = "your courier threw my parcel over the gate and drove off"
ASKED = ["utter_ask_complaint"]
AGAIN = "utter_ask_complaint_again"
ANGER = 0.4
"""Less than what calls a person by itself."""


def case(chat: Chat) -> dict[str, Any]:
    """The case that the last turn has opened."""
    [command] = [c for c in chat.commands if c["type"] == "open_case"]
    return command


def called(chat: Chat) -> list[str]:
    """For what reasons the last turn has called a person."""
    return [c["reason"] for c in chat.commands if c["type"] == "hand_over"]


async def test_a_complaint_that_says_what_happened_is_recorded_at_once(chat: Chat) -> None:
    assert await chat.say(STORY, "make_complaint") == ["utter_complaint_received"]
    assert case(chat) == {
        "type": "open_case",
        "kind": "complaint",
        "summary": STORY,
        "response": "utter_complaint_recorded",
    }
    assert called(chat) == []
    assert (chat.loop, chat.slots["complaint"]) == (None, None)
    assert chat.slots["open_question"] == "human"


async def test_what_happened_is_asked_once_and_nobody_is_sorry_twice(chat: Chat) -> None:
    assert await chat.say("I want to complain", "make_complaint") == ASKED
    assert chat.commands == []
    assert await chat.say("the fitter never came", "report_delivery_problem") == []
    assert case(chat)["summary"] == "the fitter never came"


@pytest.mark.parametrize(
    ("language", "short", "long"),
    [
        ("vi", "cho mình gửi khiếu nại", "nhân viên trực tổng đài cúp máy ngang khi mình đang nói"),
        ("ms", "saya nak buat aduan", "rider awak tinggalkan barang saya tengah hujan"),
        ("en", "I have a complaint", "the man at your counter laughed at my question"),
    ],
)
async def test_what_says_enough(language: str, short: str, long: str) -> None:
    assert await Chat(language).say(short, "make_complaint") == ASKED
    assert await Chat(language).say(long, "make_complaint") == ["utter_complaint_received"]


@pytest.mark.parametrize(
    ("runner_up", "response"),
    [
        ("report_delivery_problem", "utter_sorry_for_delivery"),
        ("report_technical_problem", "utter_sorry_for_goods"),
        ("ask_refund_status", "utter_sorry_for_refund"),
        ("ask_store_location", "utter_complaint_received"),
    ],
)
async def test_sorry_in_the_matter(chat: Chat, runner_up: str, response: str) -> None:
    assert await chat.say(STORY, "make_complaint", ranking={runner_up: 0.2}) == [response]


async def test_sorry_for_nothing_that_is_unlikely(chat: Chat) -> None:
    said = await chat.say(STORY, "make_complaint", ranking={"ask_refund_status": 0.05})
    assert said == ["utter_complaint_received"]


async def test_the_order_is_told_to_people(chat: Chat) -> None:
    await chat.say(STORY, "make_complaint", order_number="DH-20413")
    assert case(chat)["order_number"] == "DH-20413"


async def test_a_digression_and_back(chat: Chat) -> None:
    await chat.say("I want to complain", "make_complaint")
    assert await chat.say("when do you close?", "ask_opening_hours") == [
        "utter_ask_opening_hours",
        AGAIN,
    ]
    assert await chat.say("hm?", "nlu_fallback") == ["utter_ask_rephrase"]
    await chat.say(STORY, "make_complaint")
    assert case(chat)["summary"] == STORY


@pytest.mark.parametrize("intent", ["inform", "out_of_scope", "nlu_fallback", "give_feedback"])
async def test_what_happened_may_be_anything(chat: Chat, intent: str) -> None:
    await chat.say("I want to complain", "make_complaint")
    await chat.say("it smelled of smoke", intent)
    assert case(chat)["summary"] == "it smelled of smoke"


@pytest.mark.parametrize("intent", ["thank", "affirm", "greet", "faq"])
async def test_what_is_no_answer_is_no_complaint(chat: Chat, intent: str) -> None:
    await chat.say("I want to complain", "make_complaint")
    assert AGAIN in await chat.say("well well well", intent)
    assert chat.commands == []


async def test_the_customer_lets_it_be(chat: Chat) -> None:
    await chat.say("I want to complain", "make_complaint")
    assert await chat.say("never mind", "deny") == ["utter_form_stopped"]
    assert (chat.loop, chat.commands) == (None, [])


async def test_a_person_is_wanted_instead(chat: Chat) -> None:
    await chat.say("I want to complain", "make_complaint")
    assert await chat.say("let me talk to your boss", "request_human") == []
    assert (case(chat)["response"], called(chat)) == ("", ["complaint"])


async def test_anger_makes_it_urgent_and_calls_a_person_without_a_second_text(chat: Chat) -> None:
    assert await chat.say(STORY, "make_complaint", anger=ANGER) == ["utter_complaint_received"]
    assert (case(chat)["priority"], case(chat)["response"]) == ("urgent", "")
    assert called(chat) == ["complaint"]
    assert (chat.slots["complaint"], chat.slots["open_question"]) == (None, "none")


async def test_a_little_anger_is_none(chat: Chat) -> None:
    await chat.say(STORY, "make_complaint", anger=0.2)
    assert "priority" not in case(chat)
    assert called(chat) == []


async def test_a_second_complaint_is_urgent_and_calls_a_person(chat: Chat) -> None:
    await chat.say(STORY, "make_complaint")
    await chat.say(f"and {STORY} again", "make_complaint")
    assert (case(chat)["priority"], called(chat)) == ("urgent", ["complaint"])


async def test_so_angry_that_the_hub_says_a_person_is_called(chat: Chat) -> None:
    said = await chat.say(STORY, "make_complaint", anger=0.9, hand_over="anger")
    assert said == ["utter_acknowledge_anger"]
    assert (case(chat)["priority"], case(chat)["response"]) == ("urgent", "")
    assert called(chat) == ["anger"]


async def test_anger_in_the_middle_is_recorded_too(chat: Chat) -> None:
    await chat.say("I want to complain", "make_complaint")
    await chat.say("damn liars", "nlu_fallback", anger=0.9, hand_over="anger")
    assert case(chat)["summary"] == "damn liars"
    assert (chat.loop, called(chat)) == (None, ["anger"])


async def test_an_angry_question_is_no_complaint(chat: Chat) -> None:
    await chat.say("where the hell is it", "ask_order_status", anger=0.9, hand_over="anger")
    assert [c["type"] for c in chat.commands] == ["hand_over"]


async def test_nobody_is_there_and_nobody_is_offered(chat: Chat) -> None:
    chat.people_available = False
    said = await chat.say(STORY, "make_complaint")
    assert said == ["utter_complaint_received", "utter_ask_contact_form_contact"]
    assert case(chat)["response"] == "utter_complaint_left"
    assert chat.loop == "contact_form"
    await chat.say("0903123456", "inform", phone="0903123456")
    assert [c["type"] for c in chat.commands] == ["case_contact"]


async def test_nobody_is_there_and_the_contact_is_known(chat: Chat) -> None:
    chat.people_available = False
    assert await chat.say(STORY, "make_complaint", phone="0903123456") == [
        "utter_complaint_received"
    ]
    assert chat.loop is None


async def test_praise_is_passed_on_without_a_promise() -> None:
    praise = message("Linh at the counter was an angel", "give_compliment")
    outcome = await run(feedback.ActionPassOnPraise, tracker(praise))
    assert outcome.responses == ["utter_compliment_received"]
    assert outcome.commands == [
        {
            "type": "open_case",
            "kind": "praise",
            "summary": "Linh at the counter was an angel",
            "response": "",
        }
    ]


async def test_praise_of_a_product_names_it() -> None:
    praise = message("love this lamp", "give_compliment", product="Aurora lamp")
    outcome = await run(feedback.ActionPassOnPraise, tracker(praise))
    assert outcome.values("utter_compliment_on_product") == {"praised": "Aurora lamp"}


async def test_a_suggestion_is_passed_on() -> None:
    idea = message("open earlier on Sundays", "give_feedback")
    outcome = await run(feedback.ActionPassOnSuggestion, tracker(idea))
    assert outcome.responses == ["utter_feedback_received"]
    [command] = outcome.commands
    assert (command["kind"], command["response"]) == ("suggestion", "")


@pytest.mark.parametrize("kind", ["praise", "suggestion"])
def test_what_waits_for_no_answer_does_not_press(kind: str) -> None:
    assert catalogue().facts.service.cases[kind].priority == "low"
