"""What one turn leaves to the next: forms, sessions, repeated messages, the language."""

from __future__ import annotations

import time
from typing import Any

import pytest
from aiohttp import web
from rasa.core.agent import Agent
from rasa.shared.core.events import (
    ActionExecuted,
    BotUttered,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.slots import AnySlot, TextSlot
from rasa.shared.core.trackers import DialogueStateTracker

from myna.brain.guard import LoudEndpoint, TurnAborted, make_loud
from myna.brain.outcome import recorded_answer
from myna.brain.protocol import TURN_PATH
from myna.brain.turns import parse_choice

from .conftest import ActionServer, BrainClient, point_at
from .test_channel import FAULTS, PROOF, stored

ABORTED = (503, "aborted")


def texts(answer: Any) -> list[str]:
    return [message["text"] for message in answer["messages"]]


# --- a form with its own validation


async def test_a_form_validates(
    brain_client: BrainClient, conversation: str, actions: ActionServer
) -> None:
    actions.validate = lambda day: day if day == "Monday" else None
    assert texts(await brain_client.turn(conversation, "book a painter")) == ["[en] Which day?"]
    assert texts(await brain_client.turn(conversation, "never")) == ["[en] Which day?"]
    assert texts(await brain_client.turn(conversation, "Monday")) == ["[en] Booked for Monday."]
    assert set(actions.ran) == {"validate_book_form"}


@pytest.mark.parametrize("fault", ["500", "no JSON", "a list"])
async def test_a_failing_validation_aborts_and_the_form_stays(
    brain_client: BrainClient, conversation: str, actions: ActionServer, agent: Agent, fault: str
) -> None:
    await brain_client.turn(conversation, "book a painter")
    actions.faults = [FAULTS[fault]]
    request = brain_client.request(conversation, "Monday")
    status, body = await brain_client.post(TURN_PATH, request)
    assert (status, body["status"]) == ABORTED
    assert await stored(agent, conversation) == [f"{conversation}:1"]
    status, body = await brain_client.post(TURN_PATH, request)
    assert (status, texts(body)) == (200, ["[en] Booked for Monday."])
    assert await stored(agent, conversation) == [f"{conversation}:1", f"{conversation}:2"]


@pytest.mark.parametrize("text", ["/restart", ' /inform{"day": "x"}', "/greet", "/back"])
async def test_a_typed_command_ends_no_form(
    brain_client: BrainClient, conversation: str, actions: ActionServer, agent: Agent, text: str
) -> None:
    actions.validate = lambda day: day if day == "Monday" else None
    await brain_client.turn(conversation, "book a painter")
    assert texts(await brain_client.turn(conversation, text)) == ["[en] Which day?"]
    tracker = await agent.tracker_store.retrieve(conversation)
    assert tracker.active_loop_name == "book_form"
    assert texts(await brain_client.turn(conversation, "Monday")) == ["[en] Booked for Monday."]


# --- nothing half done


async def test_a_retry_leaves_one_message_behind(
    brain_client: BrainClient, conversation: str, actions: ActionServer, agent: Agent
) -> None:
    request = brain_client.request(conversation, "please do it now")
    actions.faults = [FAULTS["500"], FAULTS["no JSON"]]
    for expected in (503, 503, 200, 200):
        assert (await brain_client.post(TURN_PATH, request))[0] == expected
    assert await stored(agent, conversation) == [request["message"]]
    tracker = await agent.tracker_store.retrieve_full_tracker(conversation)
    assert sum(isinstance(event, SessionStarted) for event in tracker.events) == 1
    assert sum(isinstance(event, BotUttered) for event in tracker.events) == 1


@pytest.mark.parametrize("fault", ["500", "null"])
async def test_what_was_said_before_the_fault_is_not_said(
    brain_client: BrainClient, conversation: str, actions: ActionServer, agent: Agent, fault: str
) -> None:
    actions.faults = [FAULTS[fault]]
    request = brain_client.request(conversation, "talk and work")
    status, body = await brain_client.post(TURN_PATH, request)
    assert (status, body["status"]) == ABORTED
    assert await stored(agent, conversation) == []
    status, body = await brain_client.post(TURN_PATH, request)
    assert (status, texts(body)) == (200, ["[en] One moment.", "done"])


@pytest.mark.parametrize(
    ("events", "responses"),
    [
        ([], [{"response": "utter_unfillable"}]),
        ([], [{"response": "utter_nobody_wrote_it"}]),
        ([{"event": "reminder", "action": "x", "date_time": "never"}], [{"text": "done"}]),
    ],
)
async def test_an_answer_that_rasa_cannot_use_aborts(
    brain_client: BrainClient,
    conversation: str,
    actions: ActionServer,
    agent: Agent,
    events: list[Any],
    responses: list[Any],
) -> None:
    # Rasa would send the first action's text and forget the second action
    actions.events = events
    actions.responses = [*responses, {"custom": {"command": {"type": "hand_over"}}}]
    request = brain_client.request(conversation, "talk and work")
    status, body = await brain_client.post(TURN_PATH, request)
    assert (status, body["status"]) == ABORTED
    assert await stored(agent, conversation) == []


async def test_a_rejection_lets_the_dialogue_choose_another_action(
    brain_client: BrainClient, conversation: str, actions: ActionServer
) -> None:
    actions.faults = [rejection]
    answer = await brain_client.turn(conversation, "please do it now")
    assert actions.ran == ["action_do", "action_handle_fallback"]
    assert texts(answer) == ["done"]


def rejection() -> web.StreamResponse:
    return web.json_response({"error": "rejected", "action_name": "action_do"}, status=400)


async def test_a_dialogue_that_runs_away_aborts(
    brain_client: BrainClient, conversation: str, actions: ActionServer, agent: Agent
) -> None:
    actions.events = [{"event": "followup", "name": "action_do"}]
    request = brain_client.request(conversation, "please do it now")
    status, body = await brain_client.post(TURN_PATH, request)
    assert (status, body["status"]) == ABORTED
    assert await stored(agent, conversation) == []


async def test_a_command_alone_is_an_answer(
    brain_client: BrainClient, conversation: str, actions: ActionServer
) -> None:
    command = {"type": "hand_over", "reason": "asked", "announced": False}
    actions.responses = [{"custom": {"command": command}}]
    answer = await brain_client.turn(conversation, "please do it now")
    assert (answer["messages"], answer["commands"]) == ([], [{**command, "after": 0}])


async def test_a_loaded_agent_is_made_loud_once(agent: Agent, actions: ActionServer) -> None:
    point_at(agent, "http://127.0.0.1:1")
    endpoint = agent.processor.action_endpoint
    endpoint.headers, endpoint.token = {"Authorization": "Bearer x"}, "t"
    make_loud(agent)
    loud = agent.processor.action_endpoint
    assert isinstance(loud, LoudEndpoint)
    assert (loud.url, loud.headers, loud.token) == (
        endpoint.url,
        {"Authorization": "Bearer x"},
        "t",
    )
    make_loud(agent)
    assert agent.processor.action_endpoint is loud


# --- sessions


async def test_an_answer_is_found_after_a_reset(
    brain_client: BrainClient, conversation: str, actions: ActionServer, agent: Agent
) -> None:
    actions.events = [{"event": "slot", "name": "proof", "value": PROOF}]
    request = brain_client.request(conversation, "please do it now")
    first = await brain_client.post(TURN_PATH, request)
    assert first[0] == 200
    for _ in range(2):
        assert (await brain_client.reset(conversation))[0] == 200
    assert await brain_client.post(TURN_PATH, request) == first
    assert actions.ran == ["action_do"]
    assert await stored(agent, conversation) == [request["message"]]


async def test_an_answer_is_found_after_a_long_silence(
    brain_client: BrainClient,
    conversation: str,
    actions: ActionServer,
    agent: Agent,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request = brain_client.request(conversation, "please do it now", proof=PROOF)
    first = await brain_client.post(TURN_PATH, request)
    assert first[0] == 200
    an_hour_later = time.time() + 3600
    monkeypatch.setattr("rasa.core.processor.time.time", lambda: an_hour_later)
    assert await brain_client.post(TURN_PATH, request) == first
    assert actions.ran == ["action_do"]


async def test_a_long_silence_begins_a_session(
    brain_client: BrainClient, conversation: str, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    await brain_client.turn(conversation, "book a painter")
    an_hour_later = time.time() + 3600
    monkeypatch.setattr("rasa.core.processor.time.time", lambda: an_hour_later)
    answer = await brain_client.turn(conversation, "hello there")
    assert answer["intent"] == "greet"
    assert texts(answer)[0].startswith("[en] Hi from")
    tracker = await agent.tracker_store.retrieve_full_tracker(conversation)
    assert sum(isinstance(event, SessionStarted) for event in tracker.events) == 2


# --- the language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("how much is shipping", "en"),
        ("phí vận chuyển bao nhiêu", "vi"),
        ("berapa kos penghantaran", "ms"),
    ],
)
@pytest.mark.parametrize("before", [None, "en", "vi"])
async def test_the_messages_language_is_spoken_and_told(
    brain_client: BrainClient, conversation: str, text: str, language: str, before: str | None
) -> None:
    answer = await brain_client.turn(conversation, text, language=before)
    assert answer["intent"] == "faq/shipping_fee"
    assert texts(answer)[0].startswith(f"[{language}] Shipping")
    assert answer["language"] == language


@pytest.mark.parametrize("language", ["vi", "ms", "en"])
async def test_what_tells_no_language_keeps_the_conversations(
    brain_client: BrainClient, conversation: str, language: str
) -> None:
    answer = await brain_client.turn(conversation, "DH-20413", language=language)
    assert answer["language"] == language


async def test_a_language_chosen_later_changes_no_earlier_answer(
    brain_client: BrainClient, conversation: str
) -> None:
    request = brain_client.request(conversation, "hello there")
    first = await brain_client.post(TURN_PATH, request)
    await brain_client.turn(conversation, choice=FEE, language="ms", proof=PROOF)
    assert await brain_client.post(TURN_PATH, request) == first


FEE = {"payload": "/faq/shipping_fee", "title": "Shipping?"}


# --- pure functions


def test_the_parts_of_a_choice() -> None:
    plain = parse_choice({"payload": "/affirm", "title": "Yes"}, None)
    assert plain == {
        "text": "Yes",
        "intent": {"name": "affirm", "confidence": 1.0},
        "intent_ranking": [{"name": "affirm", "confidence": 1.0}],
        "entities": [],
    }
    asked = parse_choice(FEE, "ms")
    assert asked["intent"]["name"] == "faq"
    assert asked["entities"] == [{"entity": "language", "value": "ms"}]
    selector = asked["response_selector"]
    assert selector["all_retrieval_intents"] == ["faq"]
    assert selector["default"]["response"]["utter_action"] == "utter_faq/shipping_fee"


def test_the_conversations_language_wins_over_a_payloads() -> None:
    told = parse_choice({"payload": '/inform{"language": "en", "phone": "1"}', "title": "x"}, "vi")
    assert {e["entity"]: e["value"] for e in told["entities"]} == {"language": "vi", "phone": "1"}


@pytest.mark.parametrize("payload", ["", "affirm", " /affirm", "/a b", "/a{", "/faq/", "/a/b/c"])
def test_no_payload_of_ours(payload: str) -> None:
    with pytest.raises(TurnAborted):
        parse_choice({"payload": payload, "title": "x"}, "en")


def said(text: str, **data: Any) -> BotUttered:
    return BotUttered(text, data, metadata={"utter_action": "utter_x"})


def heard(message_id: str, intent: str = "greet") -> UserUttered:
    parse_data: Any = {"intent": {"name": intent}, "text": "x", "entities": []}
    return UserUttered("x", parse_data["intent"], [], parse_data, message_id=message_id)


def listen() -> ActionExecuted:
    return ActionExecuted("action_listen")


def told(*events: Any) -> DialogueStateTracker:
    mappings: list[dict[str, Any]] = [{}]
    slots = [TextSlot("language", mappings), AnySlot("proof", mappings)]
    tracker = DialogueStateTracker("c", slots)
    for event in events:
        tracker.update(event)
    return tracker


def test_an_unknown_message_has_no_answer() -> None:
    assert recorded_answer(told(), "1") is None
    assert recorded_answer(told(SessionStarted(), heard("1"), said("a")), "2") is None


def test_an_answer_is_what_stands_between_two_messages() -> None:
    tracker = told(
        SessionStarted(),
        SlotSet("language", "vi"),
        listen(),
        heard("1"),
        said("a", buttons=[{"title": "Yes", "payload": "/affirm"}]),
        said("", custom={"command": {"type": "hand_over"}}),
        said("b"),
        listen(),
        SlotSet("language", "ms"),
        SlotSet("proof", PROOF),
        heard("2", "thank"),
        said("c"),
        listen(),
        ActionExecuted("action_session_start"),
        SessionStarted(),
        listen(),
        heard("3"),
        said("d"),
    )
    first, second, third = (recorded_answer(tracker, name) for name in "123")
    assert first == {
        "status": "answered",
        "messages": [
            {
                "text": "a",
                "buttons": [{"title": "Yes", "payload": "/affirm"}],
                "response": "utter_x",
            },
            {"text": "b", "buttons": [], "response": "utter_x"},
        ],
        "commands": [{"type": "hand_over", "after": 1}],
        "language": "vi",
        "intent": "greet",
        "proof": None,
        "slots": {},
    }
    assert second
    assert (texts(second), second["language"], second["proof"], second["intent"]) == (
        ["c"],
        "ms",
        PROOF,
        "thank",
    )
    assert third
    assert (texts(third), third["language"], third["proof"]) == (["d"], None, None)


def test_a_slot_set_by_the_turn_itself_counts() -> None:
    tracker = told(heard("1"), SlotSet("language", "ms"), said("a"), SlotSet("proof", PROOF))
    answer = recorded_answer(tracker, "1")
    assert answer
    assert (answer["language"], answer["proof"]) == ("ms", PROOF)
