"""When "anything else?" and the rating are due, read from the dialogue's events."""

from __future__ import annotations

from typing import Any

import pytest
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    Event,
    SessionStarted,
    UserUttered,
)

from myna.brain import closing
from myna.brain.closing import ASKS_MORE, Course

FORM = "order_status_form"


def user(intent: str) -> UserUttered:
    return UserUttered("…", {"name": intent, "confidence": 1.0})


def bot(response: str, text: str = "It is on its way.", **data: Any) -> BotUttered:
    return BotUttered(text, data, {"utter_action": response})


def command(of: str, **more: Any) -> BotUttered:
    return BotUttered(data={"custom": {"command": {"type": of, **more}}})


def course(events: list[Event]) -> Course:
    """What a session has come to, turn by turn."""
    found: Course | None = None
    for end in range(len(events) + 1):
        seen, ends = events[:end], end == len(events) or isinstance(events[end], UserUttered)
        if seen and isinstance(seen[-1], SessionStarted):
            found = None
        elif ends:
            found = closing.follow(found, seen)
    return found or closing.follow(None, [])


def asks_for_more(events: list[Event]) -> bool:
    return closing.asks_for_more(course(events), events)


def asks_to_rate(events: list[Event]) -> bool:
    return closing.asks_to_rate(course(events), events)


BEGIN: list[Event] = [SessionStarted(), user("ask_order_status"), ActiveLoop(FORM)]
DONE: list[Event] = [*BEGIN, user("inform"), ActiveLoop(None), bot("utter_order_shipped")]
ASKED: list[Event] = [*DONE, bot(ASKS_MORE, "Anything else?")]
BYE: list[Event] = [user("goodbye"), bot("utter_goodbye")]


def test_when_a_form_has_ended_with_an_answer() -> None:
    assert asks_for_more(DONE)
    assert asks_for_more([*BEGIN, ActiveLoop(None), bot("utter_order_shipped")])


@pytest.mark.parametrize(
    "events",
    [
        [],
        [SessionStarted()],
        [SessionStarted(), user("faq"), bot("utter_faq")],
        [*BEGIN, bot("utter_ask_contact")],
        [*BEGIN, ActiveLoop(None)],
        [*BEGIN, ActiveLoop(None), ActionExecuted("action_stop_form"), bot("utter_form_stopped")],
        [*BEGIN, ActiveLoop(None), bot("utter_shop_unavailable")],
        [*BEGIN, ActiveLoop(None), bot("utter_cancel_refused_shipped")],
        [*BEGIN, ActiveLoop(None), bot("utter_problem_noted"), command("hand_over")],
        [*BEGIN, ActiveLoop(None), bot("utter_sorry"), command("open_case", kind="problem")],
        [*DONE[:-1], bot("utter_which", "Which one?")],
        [*DONE[:-1], bot("utter_which", "One of these.", buttons=[{"title": "1"}])],
        [*DONE, user("thank"), bot("utter_welcome")],
        [SessionStarted(), ActiveLoop("contact_form"), user("inform"), ActiveLoop(None), bot("x")],
    ],
)
def test_nothing_to_close(events: list[Event]) -> None:
    assert not asks_for_more(events)


def test_once_in_a_session() -> None:
    again = [*ASKED, user("ask_order_status"), ActiveLoop(FORM), ActiveLoop(None), bot("utter_x")]
    assert not asks_for_more(again)
    assert asks_for_more([*ASKED, *DONE])


@pytest.mark.parametrize(
    "leave",
    [
        BYE,
        [user("deny"), bot("utter_nothing_then")],
        [user("thank"), bot("utter_welcome")],
    ],
)
def test_a_rating_when_the_customer_takes_leave(leave: list[Event]) -> None:
    assert asks_to_rate([*ASKED, *leave])


@pytest.mark.parametrize(
    "between",
    [
        [user("make_complaint"), bot("utter_complaint_received")],
        [user("request_human"), command("hand_over")],
        [user("deny"), bot("utter_human_declined")],
        [user("report_order_problem"), command("open_case", kind="problem")],
        [user("ask_order_status"), ActiveLoop(FORM), bot("utter_ask_contact")],
        [SessionStarted()],
    ],
)
def test_no_rating(between: list[Event]) -> None:
    assert not asks_to_rate([*ASKED, *between, *BYE])


def test_no_rating_without_leave_or_matter() -> None:
    assert not asks_to_rate(ASKED)
    assert not asks_to_rate([*DONE, user("thank"), bot("utter_welcome")])
    assert not asks_to_rate([SessionStarted(), *BYE])
    assert not asks_to_rate([])


def test_praise_is_no_trouble() -> None:
    praise = [user("give_compliment"), command("open_case", kind="praise")]
    assert asks_to_rate([*ASKED, *praise, *BYE])
