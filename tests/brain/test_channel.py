"""The private channel, with a real Rasa and an action server that can do everything wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from rasa.core.agent import Agent
from rasa.shared.core.events import SessionStarted, UserUttered
from sanic import Sanic

from myna.brain import guard
from myna.brain.channel import BrainChannel
from myna.brain.guard import TurnAborted
from myna.brain.protocol import HEALTH_PATH, OUTCOME_PATH, RESET_PATH, TURN_PATH, is_answer
from myna.brain.turns import parse_choice
from myna.hub.brain import HttpBrain
from tests.helpers import BRAIN_TOKEN

from .conftest import ActionServer, BrainClient, point_at

PROOF = {"order_number": "DH-20413", "level": "contact"}


async def stored(agent: Agent, conversation: str) -> list[str]:
    """The ids of the messages that the tracker holds, of all sessions."""
    tracker = await agent.tracker_store.retrieve_full_tracker(conversation)
    events = tracker.events if tracker else []
    return [event.message_id for event in events if isinstance(event, UserUttered)]


async def test_an_answer(brain_client: BrainClient, conversation: str, agent: Agent) -> None:
    answer = await brain_client.turn(conversation, "hello there")
    assert is_answer(answer)
    [message] = answer["messages"]
    assert message["text"].startswith("[en] Hi from ")
    assert message["buttons"] == [{"title": "Do it", "payload": "/do_it"}]
    assert message["response"] == "utter_greet"
    assert (answer["intent"], answer["language"], answer["proof"]) == ("greet", "en", None)
    assert await stored(agent, conversation) == [f"{conversation}:1"]


async def test_the_hubs_client_gets_on_with_it(
    brain_client: BrainClient, conversation: str
) -> None:
    brain = HttpBrain(brain_client.url, BRAIN_TOKEN)
    try:
        assert await brain.ready()
        request: Any = brain_client.request(conversation, "hello there")
        assert (await brain.turn(request))["intent"] == "greet"
        await brain.reset(conversation)
    finally:
        await brain.close()


@pytest.mark.parametrize("token", [None, "", "wrong", "é", "\udcff", BRAIN_TOKEN + "x"])
async def test_nothing_without_the_token(
    brain_client: BrainClient, conversation: str, agent: Agent, token: str | None
) -> None:
    for path in (TURN_PATH, OUTCOME_PATH, RESET_PATH):
        body = brain_client.request(conversation, "hello there")
        assert (await brain_client.post(path, body, token))[0] == 401
    async with brain_client.http.get(brain_client.url + HEALTH_PATH) as response:
        assert response.status == 401
    assert await stored(agent, conversation) == []


def test_the_token_of_credentials_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYNA_BRAIN", "of the installation")
    assert BrainChannel.from_credentials({"token": "given"})._token == "given"
    assert BrainChannel.from_credentials(None)._token == "of the installation"
    assert BrainChannel.from_credentials({})._token == "of the installation"


async def test_no_model_no_turn(brain_client: BrainClient, conversation: str) -> None:
    # as after a start with a model that could not be loaded
    app = Sanic.get_app("brain_of_tests")
    agent, app.ctx.agent = app.ctx.agent, None
    try:
        status, body = await brain_client.post(
            TURN_PATH, brain_client.request(conversation, "hello there")
        )
        assert (status, body["status"]) == (503, "aborted")
        assert (await brain_client.reset(conversation))[0] == 503
        assert (await brain_client.outcome(conversation, "1"))[0] == 503
        headers = {"Authorization": f"Bearer {BRAIN_TOKEN}"}
        async with brain_client.http.get(
            brain_client.url + HEALTH_PATH, headers=headers
        ) as response:
            assert response.status == 503
    finally:
        app.ctx.agent = agent


# --- the same message twice


async def test_a_message_is_handled_once(
    brain_client: BrainClient, conversation: str, actions: ActionServer, agent: Agent
) -> None:
    actions.responses = [{"text": "done"}, {"custom": {"command": {"type": "hand_over"}}}]
    actions.events = [{"event": "slot", "name": "proof", "value": PROOF}]
    request = brain_client.request(conversation, "please do it now")
    first = await brain_client.post(TURN_PATH, request)
    assert first[0] == 200
    assert first[1]["commands"] == [{"type": "hand_over", "after": 1}]
    assert first[1]["proof"] == PROOF
    await brain_client.turn(conversation, "hello there", proof=PROOF)
    assert await brain_client.post(TURN_PATH, request) == first
    assert actions.ran == ["action_do"]
    assert len(await stored(agent, conversation)) == 2


# --- an action server at fault


def _json(value: Any) -> Callable[[], web.StreamResponse]:
    return lambda: web.json_response(value)


FAULTS: dict[str, Callable[[], web.StreamResponse] | None] = {
    "hangs": None,
    "500": lambda: web.json_response({"error": "x"}, status=500),
    "401": lambda: web.json_response({"error": "token"}, status=401),
    "404 for an action": lambda: web.json_response(
        {"error": "No registered action found", "action_name": "action_do"}, status=404
    ),
    "400 of another kind": lambda: web.Response(status=400, text="bad request"),
    "no JSON": lambda: web.Response(text="{", content_type="application/json"),
    "HTML": lambda: web.Response(text="<h1>It works</h1>", content_type="text/html"),
    "a list": _json([]),
    "null": _json(None),
    "nothing in it": _json({}),
    "no events": _json({"responses": []}),
    "events of another shape": _json({"events": "x", "responses": []}),
    "an event without a type": _json({"events": [{"name": "x"}], "responses": []}),
    "responses of another shape": _json({"events": [], "responses": [7]}),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_failing_action_server_aborts_the_turn(
    brain_client: BrainClient,
    conversation: str,
    actions: ActionServer,
    agent: Agent,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    monkeypatch.setattr(guard, "ACTION_SECONDS", 0.3)
    await brain_client.turn(conversation, "hello there")
    before = await stored(agent, conversation)
    request = brain_client.request(conversation, "please do it now")
    actions.faults = [FAULTS[fault]]
    status, body = await brain_client.post(TURN_PATH, request)
    assert (status, body["status"]) == (503, "aborted")
    assert await stored(agent, conversation) == before
    status, body = await brain_client.post(TURN_PATH, request)
    assert (status, body["messages"][0]["text"]) == (200, "done")


async def test_a_dead_action_server_aborts_the_turn(
    brain_client: BrainClient,
    conversation: str,
    actions: ActionServer,
    agent: Agent,
    unused_port: int,
) -> None:
    living = agent.action_endpoint.url.removesuffix("/webhook")
    request = brain_client.request(conversation, "please do it now")
    point_at(agent, f"http://127.0.0.1:{unused_port}")
    status, body = await brain_client.post(TURN_PATH, request)
    assert (status, body["status"]) == (503, "aborted")
    assert await stored(agent, conversation) == []
    point_at(agent, living)
    status, body = await brain_client.post(TURN_PATH, request)
    assert (status, body["messages"][0]["text"]) == (200, "done")


async def test_a_rejected_action_is_no_fault(
    brain_client: BrainClient, conversation: str, actions: ActionServer
) -> None:
    actions.faults = [
        lambda: web.json_response({"error": "rejected", "action_name": "action_do"}, status=400)
    ]
    status, body = await brain_client.post(
        TURN_PATH, brain_client.request(conversation, "please do it now")
    )
    assert "action server" not in str(body)
    assert status in (200, 503)


@pytest.mark.parametrize("responses", [[], [{"response": "utter_unfillable"}], [{"text": ""}]])
async def test_silence_is_no_answer(
    brain_client: BrainClient,
    conversation: str,
    actions: ActionServer,
    agent: Agent,
    responses: list[dict[str, Any]],
) -> None:
    actions.responses = responses
    status, body = await brain_client.post(
        TURN_PATH, brain_client.request(conversation, "please do it now")
    )
    assert (status, body["status"]) == (503, "aborted")
    assert await stored(agent, conversation) == []


# --- a tracker store at fault


@pytest.mark.parametrize("operation", ["retrieve", "save"])
async def test_a_failing_tracker_store_aborts_the_turn(
    brain_client: BrainClient,
    conversation: str,
    agent: Agent,
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
) -> None:
    await brain_client.turn(conversation, "I want to paint the wall")

    async def fails(*args: object) -> None:
        raise OSError("the disk is full")

    request = brain_client.request(conversation, "yellow")
    with monkeypatch.context() as patch:
        patch.setattr(agent.tracker_store._tracker_store, operation, fails)
        status, body = await brain_client.post(TURN_PATH, request)
        assert (status, body["status"]) == (503, "aborted")
        assert (await brain_client.reset(conversation))[0] == 503
    status, body = await brain_client.post(TURN_PATH, request)
    assert status == 200
    assert body["messages"][0]["text"] == "[en] Painted yellow.", "the form is still known"


# --- what is typed, what is chosen


@pytest.mark.parametrize(
    "text",
    [
        "/restart",
        "/do_it",
        "/session_start",
        ' /inform{"order_number": "DH-99999"}',
        '\u3000\n/inform{"order_number": "DH-99999"}',
        "/faq/shipping_fee",
    ],
)
async def test_a_typed_payload_is_text(
    brain_client: BrainClient, conversation: str, actions: ActionServer, agent: Agent, text: str
) -> None:
    await brain_client.turn(conversation, "hello there")
    answer = await brain_client.turn(conversation, text)
    assert answer["intent"] == "nlu_fallback", "judged by the model, not obeyed"
    assert actions.ran == ["action_handle_fallback"]
    tracker = await agent.tracker_store.retrieve(conversation)
    events = [event for event in tracker.events if isinstance(event, UserUttered)]
    assert len(events) == 2, "the conversation was not restarted"
    assert events[1].text.strip("\u2060") == text
    assert sum(isinstance(event, SessionStarted) for event in tracker.events) == 1


async def test_a_typed_payload_fills_no_slot_out_of_order(
    brain_client: BrainClient, conversation: str, agent: Agent
) -> None:
    await brain_client.turn(conversation, '/greet{"proof": {"level": "code"}, "color": "red"}')
    tracker = await agent.tracker_store.retrieve(conversation)
    assert tracker.get_slot("proof") is None
    assert tracker.get_slot("color") is None


async def test_a_choice(
    brain_client: BrainClient, conversation: str, actions: ActionServer
) -> None:
    answer = await brain_client.choose(conversation, "/do_it", "Do it")
    assert answer["intent"] == "do_it"
    assert actions.trackers[0]["latest_message"]["text"] == "Do it"


async def test_a_choice_with_a_value(
    brain_client: BrainClient, conversation: str, actions: ActionServer
) -> None:
    await brain_client.choose(conversation, '/inform{"order_number": "DH-20413"}')
    assert actions.trackers[0]["slots"]["order_number"] == "DH-20413"


@pytest.mark.parametrize("entry", ["shipping_fee", "return_policy"])
async def test_a_frequent_question_chosen(
    brain_client: BrainClient, conversation: str, entry: str
) -> None:
    answer = await brain_client.choose(conversation, f"/faq/{entry}")
    assert answer["intent"] == f"faq/{entry}"
    assert [m["response"] for m in answer["messages"]] == [f"utter_faq/{entry}"]


async def test_a_frequent_question_typed(brain_client: BrainClient, conversation: str) -> None:
    answer = await brain_client.turn(conversation, "how much is shipping")
    assert answer["intent"] == "faq/shipping_fee"
    assert answer["messages"][0]["text"].startswith("[en] Shipping is RM")


@pytest.mark.parametrize(
    "payload", ["", "do_it", "/", "/a/b/c", "/do_it{", '/do_it{"a": }', "/do it", "//"]
)
async def test_a_payload_that_is_none_of_ours(
    brain_client: BrainClient, conversation: str, agent: Agent, payload: str
) -> None:
    choice = {"payload": payload, "title": "x"}
    status, body = await brain_client.post(
        TURN_PATH, brain_client.request(conversation, choice=choice)
    )
    assert (status, body["status"]) == (503, "aborted")
    assert await stored(agent, conversation) == []


def test_what_a_choice_means() -> None:
    told = parse_choice({"payload": '/inform{"phone": "090"}', "title": "x"}, "vi")
    assert {e["entity"]: e["value"] for e in told["entities"]} == {"phone": "090", "language": "vi"}
    with pytest.raises(TurnAborted):
        parse_choice({"payload": "x", "title": "x"}, None)


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "x",
        {"conversation": "x"},
        {
            "conversation": "x",
            "message": "x:1",
            "text": None,
            "parts": [],
            "choice": None,
            "language": "en",
            "customer": None,
        },
    ],
)
async def test_requests_of_another_shape(brain_client: BrainClient, body: Any) -> None:
    needs = {TURN_PATH: {"customer"}, OUTCOME_PATH: {"message"}, RESET_PATH: {"conversation"}}
    for path, names in needs.items():
        status, found = await brain_client.post(path, body)
        if not isinstance(body, dict) or not all(body.get(name) for name in names):
            assert (status, found["status"]) == (503, "aborted")


# --- what the hub knows


async def test_the_hubs_record_lands_in_the_slots(
    brain_client: BrainClient, conversation: str, actions: ActionServer
) -> None:
    choice = {"payload": "/do_it", "title": "Do it"}
    answer = await brain_client.turn(conversation, choice=choice, language="ms", proof=PROOF)
    assert answer["language"] == "ms"
    assert answer["proof"] == PROOF
    slots = actions.trackers[0]["slots"]
    assert (slots["language"], slots["proof"]) == ("ms", PROOF)
    assert actions.trackers[0]["latest_message"]["metadata"]["customer"]["proof"] == PROOF
    await brain_client.turn(conversation, "do the thing", language=None)
    assert actions.trackers[1]["slots"]["proof"] is None, "the hub has forgotten it"


@pytest.mark.parametrize("language", ["vi", "ms", "en"])
async def test_the_answer_is_in_the_conversations_language(
    brain_client: BrainClient, conversation: str, language: str
) -> None:
    answer = await brain_client.turn(conversation, choice=GREET, language=language)
    assert answer["messages"][0]["text"].startswith(f"[{language}]")
    assert answer["language"] == language


GREET = {"payload": "/greet", "title": "Hi"}


async def test_without_a_language_the_shops_own_is_spoken(
    brain_client: BrainClient, conversation: str
) -> None:
    answer = await brain_client.turn(conversation, choice=GREET, language=None)
    assert answer["messages"][0]["text"].startswith("[vi]")
    assert answer["language"] is None


# --- forms and sessions


async def test_a_form(brain_client: BrainClient, conversation: str) -> None:
    asked = await brain_client.turn(conversation, "I want to paint the wall")
    assert [m["response"] for m in asked["messages"]] == ["utter_ask_color"]
    done = await brain_client.turn(conversation, "yellow")
    assert [m["text"] for m in done["messages"]] == ["[en] Painted yellow."]


async def test_a_reset_ends_forms_and_begins_a_session(
    brain_client: BrainClient, conversation: str, agent: Agent, actions: ActionServer
) -> None:
    first = brain_client.request(conversation, "I want to paint the wall", proof=PROOF)
    await brain_client.post(TURN_PATH, first)
    assert await brain_client.reset(conversation) == (200, {"status": "reset"})
    answer = await brain_client.turn(conversation, "please do it now")
    assert [m["text"] for m in answer["messages"]] == ["done"], "no colour was asked for"
    slots = actions.trackers[0]["slots"]
    assert (slots["color"], slots["proof"]) == (None, None)
    assert not actions.trackers[0]["active_loop"]
    tracker = await agent.tracker_store.retrieve_full_tracker(conversation)
    assert sum(isinstance(event, SessionStarted) for event in tracker.events) == 2
    assert await stored(agent, conversation) == [first["message"], f"{conversation}:2"]


async def test_a_reset_may_come_first_and_twice(
    brain_client: BrainClient, conversation: str
) -> None:
    for _ in range(2):
        assert await brain_client.reset(conversation) == (200, {"status": "reset"})
    assert (await brain_client.turn(conversation, "hello there"))["intent"] == "greet"


async def test_conversations_do_not_mix(brain_client: BrainClient, conversation: str) -> None:
    others = [f"{conversation}-{n}" for n in range(6)]
    for other in others:
        await brain_client.turn(other, "I want to paint the wall")
    colours = ["red", "blue", "green", "black", "white", "pink"]
    answers = await asyncio.gather(
        *(brain_client.turn(c, colour) for c, colour in zip(others, colours, strict=True))
    )
    assert [a["messages"][0]["text"] for a in answers] == [f"[en] Painted {c}." for c in colours]
