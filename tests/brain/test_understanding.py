"""Bursts and hand-overs that nobody asked for, through the channel."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from rasa.core.agent import Agent
from rasa.shared.core.events import UserUttered

from myna.brain import turns
from myna.brain.protocol import TURN_PATH, is_separate

from .conftest import ActionServer, BrainClient
from .test_channel import stored

FURIOUS = "please do it now, you liars, this is ridiculous!!"
HANDED_OVER = [
    {"text": "sorry"},
    {"custom": {"command": {"type": "hand_over", "reason": "anger", "announced": False}}},
]


def texts(answer: Any) -> list[str]:
    return [message["text"] for message in answer["messages"]]


async def heard(agent: Agent, conversation: str) -> UserUttered:
    """The customer's last message as it is stored."""
    tracker = await agent.tracker_store.retrieve(conversation)
    event: UserUttered = tracker.get_last_event_for(UserUttered)
    return event


# --- bursts


async def test_one_question_in_pieces_is_one_turn(
    brain_client: BrainClient, conversation: str, agent: Agent
) -> None:
    answer = await brain_client.burst(conversation, "hello there", "well", "how much is shipping")
    assert answer["intent"] == "faq/shipping_fee"
    assert len(answer["messages"]) == 1
    assert (await heard(agent, conversation)).text == "hello there\nwell\nhow much is shipping"


async def test_different_questions_are_separate_and_nothing_is_stored(
    brain_client: BrainClient, conversation: str, actions: ActionServer, agent: Agent
) -> None:
    parts = ["how much is shipping", "what is your return policy"]
    request = brain_client.request(conversation, "\n".join(parts), parts=parts)
    status, body = await brain_client.post(TURN_PATH, request)
    assert (status, is_separate(body)) == (200, True)
    assert await stored(agent, conversation) == []
    assert actions.ran == []
    assert await brain_client.outcome(conversation, request["message"]) == (
        200,
        {"status": "unknown"},
    )
    first = await brain_client.turn(conversation, parts[0])
    second = await brain_client.turn(conversation, parts[1])
    assert [a["intent"] for a in (first, second)] == ["faq/shipping_fee", "faq/return_policy"]


async def test_a_burst_that_was_answered_is_not_judged_again(
    brain_client: BrainClient, conversation: str, actions: ActionServer
) -> None:
    request = brain_client.request(conversation, "please do it now")
    first = await brain_client.post(TURN_PATH, request)
    parts = ["please do it now", "how much is shipping"]
    again = {**request, "text": "\n".join(parts), "parts": parts}
    assert await brain_client.post(TURN_PATH, again) == first
    assert actions.ran == ["action_do"]


async def test_the_details_of_all_messages_are_kept(
    brain_client: BrainClient, conversation: str, actions: ActionServer, agent: Agent
) -> None:
    answer = await brain_client.burst(conversation, " my order is DH-20413 ", "", "0903 123 456")
    assert answer["slots"] == {"order_number": "DH-20413", "phone": "+84903123456"}
    event = await heard(agent, conversation)
    found = {e["entity"]: event.text[e["start"] : e["end"]] for e in event.entities}
    assert found["order_number"] == "DH-20413"
    assert found["phone"] == "0903 123 456"


async def test_a_typed_payload_in_a_burst_is_text(
    brain_client: BrainClient, conversation: str, actions: ActionServer
) -> None:
    answer = await brain_client.burst(conversation, "/do_it", '/inform{"order_number": "DH-9"}')
    assert answer["intent"] == "nlu_fallback"
    assert answer["slots"] == {}


@pytest.mark.parametrize("parts", [["hello there"], ["hello there", "  "], [" ", ""]])
async def test_a_burst_of_one_is_a_message(
    brain_client: BrainClient, conversation: str, parts: list[str]
) -> None:
    answer = await brain_client.turn(conversation, "how much is shipping", parts=parts)
    assert answer["intent"] == "faq/shipping_fee"


async def test_a_burst_fills_a_form(brain_client: BrainClient, conversation: str) -> None:
    await brain_client.turn(conversation, "I want to paint the wall")
    answer = await brain_client.burst(conversation, "well", "let me think", "yellow")
    assert texts(answer) == ["[en] Painted well\nlet me think\nyellow."]


# --- a person is called


Decide = Callable[..., None]


@pytest.fixture
def decide(monkeypatch: pytest.MonkeyPatch) -> Decide:
    """What the shop has decided."""

    def to(topics: tuple[str, ...] = (), anger: float = 0.6) -> None:
        service = SimpleNamespace(hand_over_topics=list(topics), anger=anger)
        facts = SimpleNamespace(facts=SimpleNamespace(service=service), refresh=lambda: None)
        monkeypatch.setattr(turns, "catalogue", lambda: facts)

    to()
    return to


async def test_an_angry_message_goes_to_a_person(
    brain_client: BrainClient,
    conversation: str,
    actions: ActionServer,
    agent: Agent,
    decide: Decide,
) -> None:
    actions.responses = HANDED_OVER
    answer = await brain_client.turn(conversation, FURIOUS)
    assert actions.ran == ["action_hand_over"]
    assert (texts(answer), answer["intent"]) == (["sorry"], "do_it")
    assert [command["reason"] for command in answer["commands"]] == ["anger"]
    latest = actions.trackers[0]["latest_message"]
    assert latest["metadata"]["hand_over"] == "anger"
    assert latest["anger"] >= 0.6
    assert latest["metadata"]["customer"]["people_available"] is True


async def test_not_twice_in_a_row(
    brain_client: BrainClient,
    conversation: str,
    actions: ActionServer,
    decide: Decide,
) -> None:
    actions.responses = HANDED_OVER
    await brain_client.turn(conversation, FURIOUS)
    assert (await brain_client.reset(conversation))[0] == 200
    actions.responses = [{"text": "done"}]
    for _ in range(3):
        assert texts(await brain_client.turn(conversation, FURIOUS)) == ["done"]
    await brain_client.turn(conversation, FURIOUS)
    assert actions.ran == ["action_hand_over", *["action_do"] * 3, "action_hand_over"]


async def test_a_calm_message_is_answered(
    brain_client: BrainClient, conversation: str, actions: ActionServer, decide: Decide
) -> None:
    await brain_client.turn(conversation, "please do it now")
    assert actions.ran == ["action_do"]
    assert actions.trackers[0]["latest_message"]["metadata"]["hand_over"] is None


@pytest.mark.parametrize("topic", ["faq", "faq/shipping_fee"])
async def test_a_topic_goes_to_a_person(
    brain_client: BrainClient,
    conversation: str,
    actions: ActionServer,
    decide: Decide,
    topic: str,
) -> None:
    decide([topic])
    await brain_client.turn(conversation, "how much is shipping")
    await brain_client.choose(f"{conversation}-2", "/faq/shipping_fee")
    assert actions.ran == ["action_hand_over"] * 2
    reasons = [t["latest_message"]["metadata"]["hand_over"] for t in actions.trackers]
    assert reasons == ["topic"] * 2


async def test_also_while_a_form_is_open(
    brain_client: BrainClient,
    conversation: str,
    actions: ActionServer,
    agent: Agent,
    decide: Decide,
) -> None:
    await brain_client.turn(conversation, "book a painter")
    actions.events = [
        {"event": "active_loop", "name": None},
        {"event": "slot", "name": "requested_slot", "value": None},
    ]
    actions.responses = HANDED_OVER
    answer = await brain_client.turn(conversation, "what a joke, you liars!!")
    assert texts(answer) == ["sorry"], "and no day was asked for"
    assert actions.ran[-1] == "action_hand_over"
    tracker = await agent.tracker_store.retrieve(conversation)
    assert tracker.active_loop_name is None
    actions.events, actions.responses = [], [{"text": "done"}]
    assert texts(await brain_client.turn(conversation, "do the thing")) == ["done"]


async def test_what_was_told_in_anger_is_kept(
    brain_client: BrainClient, conversation: str, actions: ActionServer, decide: Decide
) -> None:
    actions.responses = HANDED_OVER
    answer = await brain_client.turn(conversation, "where the hell is DH-20413, you liars")
    assert answer["slots"] == {"order_number": "DH-20413"}
    assert actions.trackers[0]["slots"]["order_number"] == "DH-20413"


async def test_one_angry_message_of_a_burst(
    brain_client: BrainClient, conversation: str, actions: ActionServer, decide: Decide
) -> None:
    await brain_client.burst(conversation, "YOU ARE ALL LIARS!!!", "please do it now thank you")
    assert actions.ran == ["action_hand_over"]
