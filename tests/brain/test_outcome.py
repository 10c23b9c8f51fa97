"""What became of a message, and what an answer tells beside its messages."""

from __future__ import annotations

from typing import Any

import pytest
from rasa.core.agent import Agent
from rasa.shared.core.events import BotUttered, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.slots import AnySlot, TextSlot
from rasa.shared.core.trackers import DialogueStateTracker

from myna.brain.outcome import recorded_answer
from myna.brain.protocol import TURN_PATH

from .conftest import ActionServer, BrainClient
from .test_channel import FAULTS, PROOF, stored

UNKNOWN = (200, {"status": "unknown"})


async def test_the_outcome_is_the_answer_again(
    brain_client: BrainClient, conversation: str, actions: ActionServer
) -> None:
    actions.events = [{"event": "slot", "name": "proof", "value": PROOF}]
    request = brain_client.request(conversation, "please do it now")
    answer = await brain_client.post(TURN_PATH, request)
    for _ in range(20):  # far behind what is read back for a turn
        await brain_client.turn(conversation, "hello there", proof=PROOF)
    assert (await brain_client.reset(conversation))[0] == 200
    assert await brain_client.outcome(conversation, request["message"]) == answer
    assert actions.ran == ["action_do"]


async def test_a_message_that_was_never_handled_is_unknown_and_stays_so(
    brain_client: BrainClient, conversation: str, actions: ActionServer, agent: Agent
) -> None:
    assert await brain_client.outcome(conversation, "1") == UNKNOWN
    await brain_client.turn(conversation, "hello there")
    assert await brain_client.outcome(conversation, f"{conversation}:2") == UNKNOWN
    assert await brain_client.outcome("another", f"{conversation}:1") == UNKNOWN
    actions.faults = [FAULTS["500"]]
    request = brain_client.request(conversation, "please do it now")
    assert (await brain_client.post(TURN_PATH, request))[0] == 503
    assert await brain_client.outcome(conversation, request["message"]) == UNKNOWN
    assert await stored(agent, conversation) == [f"{conversation}:1"]
    assert actions.ran == ["action_do"]


async def test_a_memory_that_fails_says_nothing_of_a_message(
    brain_client: BrainClient, conversation: str, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*args: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(agent.tracker_store._tracker_store, "has_seen", fails)
    status, body = await brain_client.outcome(conversation, "1")
    assert (status, body["status"]) == (503, "aborted")


async def test_a_command_stands_at_its_place(
    brain_client: BrainClient, conversation: str, actions: ActionServer
) -> None:
    commands = [{"type": "hand_over", "reason": "asked"}, {"type": "case_contact", "phone": "1"}]
    actions.responses = [
        {"text": "one"},
        {"custom": {"command": commands[0]}},
        {"text": "two"},
        {"text": "three"},
        {"custom": {"command": commands[1]}},
    ]
    answer = await brain_client.turn(conversation, "talk and work")
    texts = [message["text"] for message in answer["messages"]]
    assert texts == ["[en] One moment.", "one", "two", "three"]
    assert answer["commands"] == [{**commands[0], "after": 2}, {**commands[1], "after": 4}]


async def test_elements_are_cards(
    brain_client: BrainClient, conversation: str, actions: ActionServer
) -> None:
    bare = {"title": "Rice cooker"}
    fan = {
        "title": "Fan",
        "subtitle": "RM129.00",
        "image_url": "https://shop.example/fan.jpg",
        "default_action": {"type": "web_url", "url": "https://shop.example/fan"},
        "buttons": [{"type": "postback", "title": "Buy", "payload": "/place_order"}],
    }
    actions.responses = [{"text": "a moment"}, {"text": "these:", "elements": [fan, bare]}]
    answer = await brain_client.turn(conversation, "please do it now")
    assert answer["messages"][-1]["cards"] == [
        {
            "title": "Fan",
            "subtitle": "RM129.00",
            "picture": "https://shop.example/fan.jpg",
            "url": "https://shop.example/fan",
            "buttons": [{"title": "Buy", "payload": "/place_order"}],
        },
        {"title": "Rice cooker", "subtitle": "", "picture": None, "url": None, "buttons": []},
    ]
    assert "cards" not in answer["messages"][0]


async def test_the_agent_sees_what_the_customer_has_told(
    brain_client: BrainClient, conversation: str, actions: ActionServer
) -> None:
    actions.events = [{"event": "slot", "name": "proof", "value": PROOF}]
    answer = await brain_client.turn(conversation, "my order is DH-20413, call 0903 123 456")
    told = {"order_number": "DH-20413", "phone": "+84903123456"}
    assert answer["slots"] == told, "neither the language nor the proof"
    answer = await brain_client.turn(conversation, "book a painter", proof=PROOF)
    assert answer["slots"] == told, "nor what a form is just asking for"
    await brain_client.turn(conversation, "Monday", proof=PROOF)
    answer = await brain_client.turn(conversation, "LAN@example.com", proof=PROOF)
    assert answer["slots"] == {
        "order_number": "DH-20413",
        "email": "lan@example.com",
        "day": "Monday",
    }
    assert (await brain_client.reset(conversation))[0] == 200
    assert (await brain_client.turn(conversation, "hello there"))["slots"] == {}


@pytest.mark.parametrize(
    ("contact", "told"),
    [
        ("+84903123456", {"phone": "+84903123456"}),
        ("a@example.com", {"email": "a@example.com"}),
        ("whatever", {}),
    ],
)
def test_a_contact_is_told_by_what_it_is(contact: str, told: dict[str, Any]) -> None:
    slots = [
        TextSlot("contact", [{"type": "from_entity", "entity": "phone"}]),
        AnySlot("code_issued", [{"type": "custom"}]),
        TextSlot("language", [{"type": "from_entity", "entity": "language"}]),
    ]
    tracker = DialogueStateTracker("c", slots)
    for event in (
        SlotSet("contact", contact),
        SlotSet("code_issued", {"x": 1}),
        SlotSet("language", "vi"),
        UserUttered("x", message_id="1"),
        BotUttered("y"),
    ):
        tracker.update(event)
    answer = recorded_answer(tracker, "1")
    assert answer
    assert answer["slots"] == told


def test_what_a_session_forgot_is_not_told() -> None:
    tracker = DialogueStateTracker("c", [TextSlot("product", [{"type": "from_text"}])])
    for event in (
        SlotSet("product", "fan"),
        SessionStarted(),
        UserUttered("x", message_id="1"),
        BotUttered("y"),
    ):
        tracker.update(event)
    answer = recorded_answer(tracker, "1")
    assert answer
    assert answer["slots"] == {}
