"""Customers who are logged in at the shop: whose conversation they get, and what others see."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from myna.channels.web import COOKIE, Visitor, sign
from myna.hub.hub import Hub
from tests.clients import Browsers, Chat
from tests.conftest import KEY
from tests.helpers import FakeBrain, answer, handled
from tests.test_identity import KEY as SHARED
from tests.test_identity import token


@pytest.fixture(autouse=True)
def _shared_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYNA_IDENTITY", SHARED)


@pytest.fixture
def chat_of(front: str, browser_of: Browsers) -> Callable[[], Chat]:
    return lambda: Chat(front, browser_of())


async def session(chat: Chat, **claims: Any) -> dict[str, Any]:
    """Opens a session with a token."""
    status, body = await chat.post("/session", {"identity": token(**claims)})
    assert status == 200, body
    chat.conversation = body["conversation"]
    return body


async def test_who_is_logged_in_is_told_to_the_brain_and_to_the_desk(
    chat_of: Callable[[], Chat], hub: Hub, brain: FakeBrain
) -> None:
    chat = chat_of()
    body = await session(chat, name="Lan")
    assert body["customer"]["name"] == "Lan"
    await chat.send("e-1", "where is my order")
    await handled(hub)
    assert brain.requests[0]["customer"]["customer_id"] == "C-3456789"
    context = await hub.log.context(body["conversation"]["id"])
    assert context["customer"] == {"id": "C-3456789", "name": "Lan", "logged_in": True}


async def test_a_customer_finds_the_conversation_again_on_another_device(
    chat_of: Callable[[], Chat], hub: Hub
) -> None:
    chat, phone, other = chat_of(), chat_of(), chat_of()
    first = await session(chat)
    await chat.send("e-1", "hello")
    await handled(hub)
    assert (await session(phone))["conversation"]["id"] == first["conversation"]["id"]
    assert await phone.texts() == await chat.texts()
    assert (await session(other, sub="C-2"))["conversation"]["id"] != first["conversation"]["id"]
    assert await other.texts() == []


async def test_what_nobody_in_particular_has_said_is_not_shown_to_a_customer(
    chat_of: Callable[[], Chat], hub: Hub
) -> None:
    chat = chat_of()
    anonymous = await chat.open()
    await chat.send("e-1", "hello")
    await handled(hub)
    body = await session(chat)
    assert body["conversation"]["id"] != anonymous["conversation"]["id"]
    assert await chat.texts() == []


async def test_an_empty_conversation_becomes_the_customers(chat_of: Callable[[], Chat]) -> None:
    chat = chat_of()
    anonymous = await chat.open()
    assert (await session(chat))["conversation"]["id"] == anonymous["conversation"]["id"]


async def test_one_customer_after_another_in_a_browser(
    chat_of: Callable[[], Chat], hub: Hub
) -> None:
    chat = chat_of()
    first = await session(chat)
    await chat.send("e-1", "mine")
    await handled(hub)
    second = await session(chat, sub="C-2")
    assert second["conversation"]["id"] != first["conversation"]["id"]
    assert await chat.texts() == []


async def test_a_session_without_a_token_goes_on_while_the_identity_counts(
    chat_of: Callable[[], Chat],
) -> None:
    chat = chat_of()
    first = await session(chat)
    status, body = await chat.post("/session", {})
    assert (status, body["conversation"]) == (200, first["conversation"])
    assert body["customer"] == first["customer"]


async def test_an_identity_that_is_over_names_nobody(
    front: str, browser_of: Browsers, chat_of: Callable[[], Chat], hub: Hub
) -> None:
    chat = chat_of()
    first = await session(chat)
    conversation_id = first["conversation"]["id"]
    cookie = sign(Visitor(conversation_id, None, int(time.time()) - 1), KEY)
    late = Chat(front, browser_of(headers={"Cookie": f"{COOKIE}={cookie}"}))
    assert (await late.get("/messages"))[0] == 401
    status, body = await late.post("/session", {})
    assert status == 200
    assert body["conversation"]["id"] != conversation_id
    assert body["customer"] is None


async def test_logging_out(chat_of: Callable[[], Chat], hub: Hub, brain: FakeBrain) -> None:
    chat = chat_of()
    first = await session(chat)
    proof = {"order_number": "DH-20413", "level": "identity"}
    brain.script = [answer("on its way", proof=proof)]
    await chat.send("e-1", "where is it")
    await handled(hub)
    assert (await chat.post("/logout", {}))[0] == 200
    left = await hub.log.conversation(first["conversation"]["id"])
    assert (left.logged_in, left.proof, left.customer_id) == (False, None, "C-3456789")
    assert (await chat.get("/messages"))[0] == 401
    body = await chat.open()
    assert body["conversation"]["id"] != first["conversation"]["id"]
    assert (await session(chat))["conversation"]["id"] == first["conversation"]["id"]


async def test_a_token_that_is_not_believed_changes_nothing(chat_of: Callable[[], Chat]) -> None:
    chat = chat_of()
    first = await chat.open()
    status, body = await chat.post("/session", {"identity": token(key="x" * 32)})
    assert (status, body["error"]["code"]) == (422, "identity_refused")
    assert (await chat.open())["conversation"] == first["conversation"]


async def test_anonymous_visitors_have_no_identity(chat_of: Callable[[], Chat]) -> None:
    assert (await chat_of().open())["customer"] is None
