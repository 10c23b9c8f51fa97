"""A message with two matters, as the whole brain answers it."""

from __future__ import annotations

from typing import Any

import pytest
from rasa.core.agent import Agent

from myna.brain.protocol import TURN_PATH

from .conftest import ActionServer, BrainClient
from .test_channel import FAULTS, stored

FEE = "[en] Shipping is RM8.00."
DAYS = "[en] 14 days."
ASK = "[en] Which day?"
BOTH = "how much is shipping? what is your return policy?"
FORM_FIRST = "I would like to book a painter, and how much is shipping?"
LEAD = "[en] As to “how much is shipping?”:"


def texts(answer: Any) -> list[str]:
    return [message["text"] for message in answer["messages"]]


async def test_two_plain_questions_are_answered_in_one_turn(
    brain_client: BrainClient, conversation: str
) -> None:
    assert texts(await brain_client.turn(conversation, BOTH)) == [FEE, DAYS]


async def test_the_answer_is_the_same_again(
    brain_client: BrainClient, conversation: str, agent: Agent
) -> None:
    request = brain_client.request(conversation, BOTH)
    first = await brain_client.post(TURN_PATH, request)
    await brain_client.turn(conversation, "hello there")
    assert await brain_client.post(TURN_PATH, request) == first
    assert await brain_client.outcome(conversation, request["message"]) == first
    assert len(await stored(agent, conversation)) == 3, "two for the message that held two"


async def test_the_next_turn_tells_its_own_only(
    brain_client: BrainClient, conversation: str
) -> None:
    await brain_client.turn(conversation, BOTH)
    assert texts(await brain_client.turn(conversation, "how much is shipping")) == [FEE]


async def test_what_a_form_puts_off_comes_when_the_form_is_done(
    brain_client: BrainClient, conversation: str, actions: ActionServer
) -> None:
    actions.validate = lambda day: day if day == "Monday" else None
    assert texts(await brain_client.turn(conversation, FORM_FIRST)) == [ASK]
    assert texts(await brain_client.turn(conversation, "never")) == [ASK]
    assert texts(await brain_client.turn(conversation, "Monday")) == [
        "[en] Booked for Monday.",
        LEAD,
        FEE,
    ]
    assert texts(await brain_client.turn(conversation, "hello there")) == [
        "[en] Hi from Lentera Home"
    ]


async def test_a_new_session_has_forgotten_it(
    brain_client: BrainClient, conversation: str, actions: ActionServer
) -> None:
    actions.validate = lambda day: day if day == "Monday" else None
    await brain_client.turn(conversation, FORM_FIRST)
    await brain_client.reset(conversation)
    assert LEAD not in texts(await brain_client.turn(conversation, "hello there"))


@pytest.mark.parametrize("fault", ["500", "null"])
async def test_a_fault_leaves_nothing_half_done(
    brain_client: BrainClient, conversation: str, actions: ActionServer, agent: Agent, fault: str
) -> None:
    actions.faults = [FAULTS[fault]]
    request = brain_client.request(conversation, "how much is shipping? please do it now")
    assert (await brain_client.post(TURN_PATH, request))[0] == 503
    assert await stored(agent, conversation) == []
    assert texts((await brain_client.post(TURN_PATH, request))[1]) == [FEE, "done"]
