"""When a person is called without being asked for."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import pytest
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, SessionStarted, UserUttered

from myna.brain.triggers import hand_over_reason


@dataclass
class Service:
    """What a shop has decided."""

    hand_over_topics: list[str] = field(default_factory=list)
    anger: float = 0.6


def parse(intent: str = "ask_order_status", anger: float = 0.0) -> dict[str, Any]:
    name, _, entry = intent.partition("/")
    selector: dict[str, Any] = {"all_retrieval_intents": ["faq"]}
    if entry:
        selector["default"] = {"response": {"intent_response_key": intent}}
    return {"intent": {"name": name}, "anger": anger, "response_selector": selector}


def called(reason: str) -> list[Event]:
    """A turn in which a person was called."""
    command = {"type": "hand_over", "reason": reason, "announced": False}
    return [UserUttered("x"), BotUttered("", {"custom": {"command": command}})]


def said(response: str) -> list[Event]:
    """A turn in which something was said."""
    return [UserUttered("x"), BotUttered("y", metadata={"utter_action": response})]


OTHER = said("utter_greet")
FURIOUS = parse(anger=0.9)


@pytest.mark.parametrize(("anger", "expected"), [(0.0, None), (0.59, None), (0.6, "anger")])
def test_anger(anger: float, expected: str | None) -> None:
    assert hand_over_reason(parse(anger=anger), [], Service()) == expected


def test_a_button_has_no_anger() -> None:
    assert hand_over_reason({"intent": {"name": "greet"}}, [], Service()) is None


@pytest.mark.parametrize(
    ("intent", "topics", "expected"),
    [
        ("cancel_order", [], None),
        ("cancel_order", ["cancel_order"], "topic"),
        ("cancel_order", ["ask_order_status"], None),
        ("faq/return_policy", ["faq"], "topic"),
        ("faq/return_policy", ["faq/return_policy"], "topic"),
        ("faq/return_policy", ["faq/shipping_fee"], None),
        ("nlu_fallback", ["cancel_order"], None),
        ("request_human", ["request_human"], None),
    ],
)
def test_topics(intent: str, topics: list[str], expected: str | None) -> None:
    assert hand_over_reason(parse(intent), [], Service(topics)) == expected


def test_who_asks_for_a_person_is_the_dialogues_matter() -> None:
    assert hand_over_reason(parse("request_human", 1.0), [], Service()) is None


def test_anger_comes_before_the_topic() -> None:
    assert hand_over_reason(FURIOUS, [], Service(["ask_order_status"])) == "anger"


@pytest.mark.parametrize("between", [0, 1, 2])
def test_not_again_for_the_same_reason_within_three_turns(between: int) -> None:
    before = [*called("anger"), *OTHER * between]
    assert hand_over_reason(FURIOUS, before, Service()) is None
    assert hand_over_reason(FURIOUS, before, Service(["ask_order_status"])) == "topic"


def test_again_after_three_turns() -> None:
    assert hand_over_reason(FURIOUS, [*called("anger"), *OTHER * 3], Service()) == "anger"


def test_another_reason_counts_for_nothing() -> None:
    assert hand_over_reason(FURIOUS, called("asked"), Service()) == "anger"
    assert hand_over_reason(FURIOUS, called("topic"), Service()) == "anger"


def test_back_from_people_just_now() -> None:
    reset = [ActionExecuted("action_session_start"), SessionStarted()]
    assert hand_over_reason(FURIOUS, [*called("anger"), *reset], Service()) is None


def test_the_next_day_is_another() -> None:
    before = called("anger")
    for event in before:
        event.timestamp = time.time() - 25 * 3600
    assert hand_over_reason(FURIOUS, before, Service()) == "anger"


@pytest.mark.parametrize(("between", "expected"), [(0, None), (2, None), (3, "anger")])
def test_not_where_the_customer_has_just_declined(between: int, expected: str | None) -> None:
    before = [*said("utter_human_declined"), *OTHER * between]
    assert hand_over_reason(FURIOUS, before, Service()) == expected


def test_other_commands_are_none() -> None:
    other = BotUttered("", {"custom": {"command": {"type": "proof_failed"}}})
    picture = BotUttered("", {"custom": {"picture": "x"}})
    assert hand_over_reason(FURIOUS, [UserUttered("x"), other, picture], Service()) == "anger"


def test_a_device_in_danger_comes_first_whatever_the_message_asks():
    for intent in ("ask_product_info", "request_human"):
        smoking = {**parse(intent), "text": "nồi cơm điện đang nấu thì bốc khói khét lẹt"}
        assert hand_over_reason(smoking, [], Service()) == "danger"
    warned = BotUttered("…", metadata={"utter_action": "utter_danger"}, timestamp=time.time())
    assert hand_over_reason(smoking, [warned], Service()) is None


@pytest.mark.parametrize("text", ["bán hàng cháy quá, hết hàng rồi", "is the fan out of stock"])
def test_no_danger(text):
    assert hand_over_reason({**parse(), "text": text}, [], Service()) is None
