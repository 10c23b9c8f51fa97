"""Several requests at once: one turn for a message, one writer for a conversation."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from rasa.core.agent import Agent
from rasa.shared.core.events import BotUttered

from myna.brain.protocol import TURN_PATH

from .conftest import ActionServer, BrainClient
from .test_channel import FAULTS, stored


async def said(agent: Agent, conversation: str) -> list[str]:
    """The texts of the bot that are stored."""
    tracker = await agent.tracker_store.retrieve_full_tracker(conversation)
    return [e.text for e in tracker.events if isinstance(e, BotUttered)] if tracker else []


# --- the same message


async def test_requests_for_the_same_message_join_one_turn(
    brain_client: BrainClient, conversation: str, actions: ActionServer, agent: Agent
) -> None:
    actions.delay = 0.3
    request = brain_client.request(conversation, "please do it now")
    answers = await asyncio.gather(*(brain_client.post(TURN_PATH, request) for _ in range(5)))
    assert answers[0][0] == 200
    assert answers == [answers[0]] * 5
    assert actions.ran == ["action_do"]
    assert await stored(agent, conversation) == [request["message"]]


async def test_who_hangs_up_and_asks_again_joins_the_turn(
    brain_client: BrainClient, conversation: str, actions: ActionServer, agent: Agent
) -> None:
    actions.delay = 0.5
    request = brain_client.request(conversation, "please do it now")
    for _ in range(2):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(brain_client.post(TURN_PATH, request), 0.1)
    status, body = await brain_client.post(TURN_PATH, request)
    assert (status, body["messages"][0]["text"]) == (200, "done")
    assert actions.ran == ["action_do"]
    assert await said(agent, conversation) == ["done"]


async def test_who_hangs_up_for_good_finds_the_turn_finished(
    brain_client: BrainClient, conversation: str, actions: ActionServer
) -> None:
    actions.delay = 0.3
    request = brain_client.request(conversation, "please do it now")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(brain_client.post(TURN_PATH, request), 0.1)
    status, body = await brain_client.outcome(conversation, request["message"])
    assert (status, body["messages"][0]["text"]) == (200, "done"), "it waits for what is running"
    assert actions.ran == ["action_do"]


async def test_a_turn_that_aborts_aborts_for_all_who_joined(
    brain_client: BrainClient, conversation: str, actions: ActionServer, agent: Agent
) -> None:
    actions.delay = 0.2
    actions.faults = [FAULTS["no JSON"]]
    request = brain_client.request(conversation, "talk and work")
    answers = await asyncio.gather(*(brain_client.post(TURN_PATH, request) for _ in range(3)))
    assert {status for status, _ in answers} == {503}
    assert actions.ran == ["action_do"]
    assert await stored(agent, conversation) == []
    assert (await brain_client.post(TURN_PATH, request))[0] == 200


async def test_the_same_message_in_two_processes_is_stored_once(
    brain_client: BrainClient,
    other_process: BrainClient,
    conversation: str,
    actions: ActionServer,
    agent: Agent,
) -> None:
    actions.delay = 0.3
    request = brain_client.request(conversation, "please do it now")
    answers = await asyncio.gather(
        *(each.post(TURN_PATH, request) for each in (brain_client, other_process))
    )
    assert sorted(status for status, _ in answers) == [200, 503]
    [answered] = [body for status, body in answers if status == 200]
    for each in (brain_client, other_process):
        assert await each.post(TURN_PATH, request) == (200, answered)
    assert await stored(agent, conversation) == [request["message"]]
    assert await said(agent, conversation) == ["done"]


# --- different messages of one conversation


@pytest.mark.parametrize("begun", [False, True], ids=["its first messages", "later"])
async def test_of_two_messages_at_once_one_is_handled_and_the_other_aborted(
    brain_client: BrainClient,
    conversation: str,
    actions: ActionServer,
    agent: Agent,
    begun: bool,
) -> None:
    before = []
    if begun:
        await brain_client.turn(conversation, "how much is shipping")
        before = await stored(agent, conversation)
    said_before = await said(agent, conversation)
    actions.delay = 0.3
    actions.events = [{"event": "slot", "name": "color", "value": "red"}]
    requests = [brain_client.request(conversation, "do the thing") for _ in range(3)]
    answers = await asyncio.gather(*(brain_client.post(TURN_PATH, each) for each in requests))
    assert actions.busiest == 3, "they did run at the same time"
    assert sorted(status for status, _ in answers) == [200, 503, 503]
    assert {body["status"] for status, body in answers if status == 503} == {"aborted"}
    [handled] = [
        request["message"]
        for request, (status, _) in zip(requests, answers, strict=True)
        if status == 200
    ]
    assert await stored(agent, conversation) == [*before, handled]
    assert await said(agent, conversation) == [*said_before, "done"]
    for request, (status, _) in zip(requests, answers, strict=True):
        if status == 503:
            assert await brain_client.outcome(conversation, request["message"]) == UNKNOWN
            assert (await brain_client.post(TURN_PATH, request))[0] == 200
    expected = {*before, *(request["message"] for request in requests)}
    assert set(await stored(agent, conversation)) == expected
    assert len(await stored(agent, conversation)) == len(expected)


UNKNOWN = (200, {"status": "unknown"})


async def test_a_turn_that_a_reset_overtakes_aborts(
    brain_client: BrainClient, conversation: str, actions: ActionServer, agent: Agent
) -> None:
    await brain_client.turn(conversation, "hello there")
    actions.delay = 0.3
    request = brain_client.request(conversation, "please do it now")
    turn = asyncio.create_task(brain_client.post(TURN_PATH, request))
    await asyncio.sleep(0.1)
    assert (await brain_client.reset(conversation))[0] == 200
    assert (await turn)[0] == 503
    assert request["message"] not in await stored(agent, conversation)
    assert (await brain_client.post(TURN_PATH, request))[0] == 200


async def test_no_lock_of_rasas_is_taken(
    brain_client: BrainClient, conversation: str, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locks(*args: Any) -> None:
        raise AssertionError("concurrency on a conversation is the hub's")

    monkeypatch.setattr(agent.lock_store, "lock", locks)
    await brain_client.turn(conversation, "hello there")
    assert (await brain_client.reset(conversation))[0] == 200


# --- different conversations


async def test_turns_of_several_conversations_run_side_by_side(
    brain_client: BrainClient, conversation: str, actions: ActionServer
) -> None:
    actions.delay = 0.5
    await asyncio.gather(
        *(brain_client.turn(f"{conversation}-{n}", "do the thing") for n in range(3))
    )
    assert actions.busiest == 3
