"""The desk's API, over real sockets."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from myna import web
from myna.desk import app as module
from myna.hub.agents import Agents
from myna.hub.bus import EVERYTHING
from myna.hub.hub import Hub
from myna.hub.model import Agent, Conversation
from tests.channels.test_web import long_history, no_trace
from tests.conftest import PASSWORD
from tests.helpers import FakeBrain, Held, Live, answer, handled, say, until

Browsers = Callable[..., aiohttp.ClientSession]
HAND_OVER = answer("a colleague", commands=[{"type": "hand_over", "reason": "asked"}])


class Desk:
    """An agent's page."""

    def __init__(self, address: str, http: aiohttp.ClientSession) -> None:
        self.url = f"{address}/api/v1/desk"
        self.http = http

    async def log_in(self, login: str = "linh", password: str = PASSWORD) -> tuple[int, Any]:
        return await self.post("/login", {"login": login, "password": password})

    async def post(
        self, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        sent = {"X-Myna": "desk"} if headers is None else headers
        async with self.http.post(self.url + path, json=body or {}, headers=sent) as response:
            text = await response.text()
            no_trace(text)
            return response.status, json.loads(text)

    async def get(self, path: str) -> tuple[int, Any]:
        async with self.http.get(self.url + path) as response:
            text = await response.text()
            no_trace(text)
            return response.status, json.loads(text)

    async def listed(self, view: str) -> tuple[list[str], dict[str, int]]:
        status, body = await self.get(f"/conversations?view={view}")
        assert status == 200
        return [summary["id"] for summary in body["conversations"]], body["counts"]

    @asynccontextmanager
    async def live(self) -> AsyncIterator[Live]:
        async with self.http.get(self.url + "/events") as response:
            assert response.status == 200
            await response.content.readline()  # the server listens from here on
            yield Live(response)


@pytest.fixture
async def desk(front: str, browser_of: Browsers, linh: Agent) -> Desk:
    """Linh's page, logged in."""
    page = Desk(front, browser_of())
    assert (await page.log_in())[0] == 200
    return page


@pytest.fixture
async def other_desk(front: str, browser_of: Browsers, aisyah: Agent) -> Desk:
    """Aisyah's page, logged in."""
    page = Desk(front, browser_of())
    assert (await page.log_in("aisyah"))[0] == 200
    return page


@pytest.fixture
async def waiting(hub: Hub, brain: FakeBrain) -> Conversation:
    """A conversation in the queue."""
    conversation = await hub.open("web", "en")
    brain.script = [HAND_OVER]
    await say(hub, conversation.id, "a person please")
    return await hub.log.conversation(conversation.id)


# --- log-in


async def test_log_in_and_out(front: str, browser_of: Browsers, linh: Agent) -> None:
    page = Desk(front, browser_of())
    assert (await page.get("/me"))[0] == 401
    who = {"id": linh.id, "name": "Linh", "login": "linh"}
    assert await page.log_in() == (200, {"agent": who})
    assert await page.get("/me") == (200, who)
    token = next(cookie.value for cookie in page.http.cookie_jar)
    assert (await page.post("/logout"))[0] == 200
    assert (await page.get("/me"))[0] == 401
    thief = Desk(front, browser_of(headers={"Cookie": f"{module.COOKIE}={token}"}))
    assert (await thief.get("/me"))[0] == 401, "the session is over, not only the cookie"


async def test_the_cookie_is_not_for_scripts(front: str, browser_of: Browsers, linh: Agent) -> None:
    page = Desk(front, browser_of())
    body = {"login": "linh", "password": PASSWORD}
    async with page.http.post(
        page.url + "/login", json=body, headers={"X-Myna": "desk"}
    ) as response:
        cookie = response.headers["Set-Cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


@pytest.mark.parametrize(
    ("login", "password", "status"),
    [
        ("linh", "wrong", 401),
        ("nobody", PASSWORD, 401),
        ("linh", "\ud83d", 401),
        ("\ud83d", PASSWORD, 401),
        ("linh\x00", PASSWORD, 401),
        ("", PASSWORD, 422),
        ("linh", "", 422),
        ("linh", "x" * 201, 413),
        ("x" * 101, PASSWORD, 413),
        ("linh", 7, 422),
    ],
)
async def test_wrong_log_ins(
    front: str, browser_of: Browsers, linh: Agent, login: str, password: Any, status: int
) -> None:
    page = Desk(front, browser_of())
    found, body = await page.log_in(login, password)
    assert found == status
    assert set(body["error"]) == {"code", "message"}
    assert (await page.get("/me"))[0] == 401


async def test_guessing_is_slowed_down(
    front: str,
    browser_of: Browsers,
    linh: Agent,
    aisyah: Agent,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = Desk(front, browser_of())
    outcomes = [(await page.log_in(password=f"guess {n}"))[0] for n in range(7)]
    assert outcomes == [401] * 5 + [429] * 2
    assert (await page.log_in())[0] == 429, "also with the right one"
    assert (await page.log_in("aisyah"))[0] == 200, "others may"
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0.0)
    assert (await page.log_in())[0] == 200


async def test_guessing_at_once_is_slowed_down_too(
    front: str, browser_of: Browsers, linh: Agent
) -> None:
    pages = [Desk(front, browser_of()) for _ in range(12)]
    outcomes = await asyncio.gather(
        *(page.log_in(password=f"guess {n}") for n, page in enumerate(pages))
    )
    assert sorted(status for status, _ in outcomes) == [401] * 5 + [429] * 7


async def test_right_log_ins_are_not_counted(front: str, browser_of: Browsers, linh: Agent) -> None:
    page = Desk(front, browser_of())
    assert [(await page.log_in())[0] for _ in range(7)] == [200] * 7


async def test_a_log_in_does_not_hold_up_customers(
    front: str, browser_of: Browsers, linh: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    longest, last = 0.0, asyncio.get_running_loop().time()

    async def pulse() -> None:
        nonlocal longest, last
        while True:
            await asyncio.sleep(0.001)
            now = asyncio.get_running_loop().time()
            longest, last = max(longest, now - last), now

    def takes_its_time(password: str, stored: str) -> bool:
        time.sleep(0.4)
        return False

    monkeypatch.setattr("myna.hub.agents.check_password", takes_its_time)
    watching = asyncio.create_task(pulse())
    assert (await Desk(front, browser_of()).log_in())[0] == 401
    watching.cancel()
    assert longest < 0.3


# --- who may


@pytest.mark.parametrize(
    "path",
    [
        "/me",
        "/conversations",
        "/conversations?view=all",
        "/conversations/{id}",
        "/events",
    ],
)
async def test_reading_needs_a_log_in(
    front: str, browser_of: Browsers, waiting: Conversation, path: str
) -> None:
    for cookie in ("", "x", "\udcff", "a" * 5000):
        headers = {"Cookie": f"{module.COOKIE}={cookie}"} if cookie.isascii() else {}
        page = Desk(front, browser_of(headers=headers))
        status, body = await page.get(path.format(id=waiting.id))
        assert (status, body["error"]["code"]) == (401, "no_session")


WRITES: dict[str, dict[str, Any]] = {
    "/conversations/{id}/claim": {"version": 2},
    "/conversations/{id}/messages": {"echo_id": "e", "text": "x"},
    "/conversations/{id}/notes": {"text": "x"},
    "/conversations/{id}/typing": {},
    "/conversations/{id}/resolve": {"version": 2},
    "/conversations/{id}/release": {"version": 2},
}


@pytest.mark.parametrize("path", WRITES)
async def test_writing_needs_a_log_in_the_header_and_our_own_page(
    front: str, browser_of: Browsers, desk: Desk, waiting: Conversation, hub: Hub, path: str
) -> None:
    before = await hub.log.messages(waiting.id, notes=True)
    url, body = path.format(id=waiting.id), WRITES[path]
    assert (await Desk(front, browser_of()).post(url, body))[0] == 401
    for headers in (
        {},
        {"X-Myna": "chat"},
        {"X-Myna": "desk", "Origin": "https://evil.example"},
        {"X-Myna": "desk", "Origin": "null"},
    ):
        assert (await desk.post(url, body, headers))[0] == 403
    assert await hub.log.messages(waiting.id, notes=True) == before
    assert await hub.log.conversation(waiting.id) == waiting


async def test_log_in_too_needs_the_header(front: str, browser_of: Browsers, linh: Agent) -> None:
    page = Desk(front, browser_of())
    body = {"login": "linh", "password": PASSWORD}
    assert (await page.post("/login", body, {}))[0] == 403
    assert (await page.post("/login", body, {"X-Myna": "desk", "Origin": "http://x.y"}))[0] == 403
    assert (await page.post("/login", body, {"X-Myna": "desk", "Origin": front}))[0] == 200


@pytest.mark.parametrize("path", WRITES)
async def test_no_such_conversation(desk: Desk, path: str) -> None:
    for missing in ("0" * 24, "%00", "%ED%A0%80", "%FF", "'--"):
        status, body = await desk.post(path.format(id=missing), WRITES[path])
        if not path.endswith("typing"):
            assert (status, body["error"]["code"]) == (404, "not_found")
    assert (await desk.get("/conversations/" + "0" * 24))[0] == 404


@pytest.mark.parametrize("version", [None, "2", 2.5, [], True])
async def test_a_version_is_a_number(desk: Desk, waiting: Conversation, version: Any) -> None:
    for action in ("claim", "release", "resolve"):
        status, _ = await desk.post(f"/conversations/{waiting.id}/{action}", {"version": version})
        assert status == 422


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"text": "x"}, 422),
        ({"echo_id": "e"}, 422),
        ({"echo_id": "e", "text": " \n"}, 422),
        ({"echo_id": "e", "text": "x" * 20_001}, 413),
        ({"echo_id": "e" * 81, "text": "x"}, 413),
    ],
    ids=lambda value: repr(value)[:40],
)
async def test_bad_replies_take_nothing_over(
    desk: Desk, waiting: Conversation, hub: Hub, body: Any, status: int
) -> None:
    assert (await desk.post(f"/conversations/{waiting.id}/messages", body))[0] == status
    assert await hub.log.conversation(waiting.id) == waiting


# --- the work


async def test_the_queue(desk: Desk, waiting: Conversation) -> None:
    status, body = await desk.get("/conversations")
    assert status == 200
    [summary] = body["conversations"]
    assert summary == {
        "id": waiting.id,
        "channel": "web",
        "language": "en",
        "owner": "queue",
        "version": 2,
        "agent": None,
        "reason": "asked",
        "queued_at": summary["queued_at"],
        "last_message": summary["last_message"],
        "last_seq": 3,
        "created_at": summary["created_at"],
    }
    assert summary["queued_at"].endswith("Z")
    assert summary["last_message"]["author"] == "system"
    assert body["counts"] == {"queue": 1, "mine": 0, "open": 1}


async def test_a_snippet_is_short(desk: Desk, waiting: Conversation, hub: Hub) -> None:
    await say(hub, waiting.id, "x" * 5000)
    _, body = await desk.get("/conversations")
    assert len(body["conversations"][0]["last_message"]["text"]) <= 160


async def test_views_and_counts(
    desk: Desk, other_desk: Desk, hub: Hub, waiting: Conversation
) -> None:
    bots, mine, theirs, closed = [await hub.open("web", "en") for _ in range(4)]
    for conversation in (bots, mine, theirs, closed):
        await say(hub, conversation.id, "hello")
    await desk.post(f"/conversations/{mine.id}/claim", {"version": 1})
    await other_desk.post(f"/conversations/{theirs.id}/claim", {"version": 1})
    await desk.post(f"/conversations/{closed.id}/resolve", {"version": 1})
    counts = {"queue": 1, "mine": 1, "open": 3}
    assert await desk.listed("queue") == ([waiting.id], counts)
    assert await desk.listed("mine") == ([mine.id], counts)
    assert await other_desk.listed("mine") == ([theirs.id], counts)
    found, _ = await desk.listed("open")
    assert found[0] == waiting.id
    assert set(found) == {waiting.id, mine.id, theirs.id}
    found, _ = await desk.listed("all")
    assert set(found) == {waiting.id, mine.id, theirs.id, bots.id, closed.id}
    assert (await desk.get("/conversations?view=mad"))[0] == 422


async def test_claiming_what_somebody_else_has(
    desk: Desk, other_desk: Desk, waiting: Conversation
) -> None:
    path = f"/conversations/{waiting.id}/claim"
    status, body = await desk.post(path, {"version": 2})
    assert (status, body["conversation"]["agent"]) == (200, "Linh")
    assert (await desk.post(path, {"version": 2}))[0] == 200, "asked twice, done once"
    status, body = await other_desk.post(path, {"version": 2})
    assert (status, body["error"]["code"]) == (409, "conflict")
    assert body["conversation"]["agent"] == "Linh"
    assert body["conversation"]["version"] == 3
    assert body["conversation"]["owner"] == "human"


async def test_a_reply_takes_over_and_is_sent_once(
    desk: Desk, other_desk: Desk, waiting: Conversation, hub: Hub, brain: FakeBrain
) -> None:
    path = f"/conversations/{waiting.id}/messages"
    status, body = await desk.post(path, {"echo_id": "r-1", "text": "Linh here"})
    assert status == 201
    assert body["message"]["agent"] == "Linh"
    assert body["message"]["echo_id"] == "r-1"
    again, repeated = await desk.post(path, {"echo_id": "r-1", "text": "Linh here"})
    assert (again, repeated) == (201, body)
    assert (await other_desk.post(path, {"echo_id": "r-1", "text": "me"}))[0] == 409
    messages = await say(hub, waiting.id, "hi Linh")
    authors = [m.author for m in messages]
    assert authors == ["customer", "bot", "system", "system", "agent", "customer"]
    assert len(brain.calls) == 1


async def test_two_agents_with_the_same_echo_id(
    desk: Desk, other_desk: Desk, waiting: Conversation
) -> None:
    path = f"/conversations/{waiting.id}"
    await desk.post(path + "/messages", {"echo_id": "r-1", "text": "Linh here"})
    await desk.post(path + "/release", {"version": 3})
    status, body = await other_desk.post(path + "/messages", {"echo_id": "r-1", "text": "me too"})
    assert (status, body["message"]["text"]) == (201, "me too")


async def test_a_note_stays_at_the_desk(
    desk: Desk, waiting: Conversation, hub: Hub, front: str, browser_of: Browsers
) -> None:
    path = f"/conversations/{waiting.id}"
    status, body = await desk.post(path + "/notes", {"text": "careful"})
    assert (status, body["message"]["author"]) == (201, "note")
    assert body["message"]["agent"] == "Linh"
    _, body = await desk.get(path)
    assert body["messages"][-1]["text"] == "careful"
    assert body["conversation"]["owner"] == "queue", "a note takes nothing over"
    assert body["conversation"]["last_message"]["author"] == "system"
    assert "careful" not in str(await hub.log.messages(waiting.id))


async def test_release_and_resolve(
    desk: Desk, other_desk: Desk, waiting: Conversation, hub: Hub, brain: FakeBrain
) -> None:
    path = f"/conversations/{waiting.id}"
    await desk.post(path + "/claim", {"version": 2})
    assert (await other_desk.post(path + "/release", {"version": 3}))[0] == 409
    status, body = await desk.post(path + "/release", {"version": 3})
    assert (status, body["conversation"]["owner"]) == (200, "queue")
    assert body["conversation"]["reason"] == "asked", "why people have it is not forgotten"
    await other_desk.post(path + "/claim", {"version": 4})
    assert (await other_desk.post(path + "/resolve", {"version": 4}))[0] == 409
    status, body = await other_desk.post(path + "/resolve", {"version": 5})
    assert (status, body["conversation"]["owner"]) == (200, "nobody")
    assert (await other_desk.post(path + "/resolve", {"version": 5}))[0] == 200
    messages = await say(hub, waiting.id, "thanks")
    assert messages[-1].text == "you said: thanks"
    assert brain.calls[-2] == ("reset", waiting.id)


async def test_what_an_agent_sees(
    desk: Desk, hub: Hub, brain: FakeBrain, waiting: Conversation
) -> None:
    conversation = await hub.open("web", "en")
    brain.script = [
        answer(
            "?",
            intent="faq/shipping_fee",
            proof={"order_number": "DH-20413", "level": "contact"},
            buttons=[{"title": "Yes", "payload": "/affirm"}],
        ),
        answer("no", intent="inform", commands=[{"type": "proof_failed", "order_number": "A"}]),
    ]
    await say(hub, conversation.id, "one", "two")
    await desk.post(f"/conversations/{conversation.id}/claim", {"version": 1})
    _, body = await desk.get(f"/conversations/{conversation.id}")
    context = body["context"]
    assert context["intents"] == ["inform", "faq/shipping_fee"]
    assert context["proof"] is None
    assert context["failed_proofs"] == 1
    [change] = context["history"]
    assert change == {
        "at": change["at"],
        "from": "bot",
        "to": "human",
        "reason": "claim",
        "who": "Linh",
    }
    assert change["at"].endswith("Z")
    assert body["messages"][2]["buttons"][0].keys() == {"id", "title"}
    assert "payload" not in json.dumps(body)


async def test_the_end_of_a_long_conversation_is_seen(
    desk: Desk, hub: Hub, waiting: Conversation
) -> None:
    conversation = await hub.open("web", "en")
    await long_history(hub, conversation.id, 620)
    _, body = await desk.get(f"/conversations/{conversation.id}")
    assert [m["seq"] for m in body["messages"]] == list(range(1, 621))


# --- live


async def test_live(desk: Desk, hub: Hub, brain: FakeBrain, linh: Agent) -> None:
    conversation = await hub.open("web", "en")
    brain.script = [answer("ok", buttons=[{"title": "Yes", "payload": "/affirm"}]), HAND_OVER]
    async with desk.live() as live:
        await say(hub, conversation.id, "hello")
        heard = [await live.next("message") for _ in range(2)]
        assert [h["conversation_id"] for h in heard] == [conversation.id] * 2
        assert [h["message"]["text"] for h in heard] == ["hello", "ok"]
        await say(hub, conversation.id, "a person")
        while (summary := await live.next("conversation"))["owner"] != "queue":
            pass
        assert summary["id"] == conversation.id
        assert summary["reason"] == "asked"
        await hub.note(conversation.id, linh, "careful")
        while (heard_note := await live.next("message"))["message"]["author"] != "note":
            pass
        assert heard_note["message"]["text"] == "careful"
        summary = await live.next("conversation")
        assert summary["last_message"]["author"] == "system", "as in the list"
        assert "payload" not in live.raw


async def test_live_ends_with_the_session(
    desk: Desk, hub: Hub, agents: Agents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "HEARTBEAT_SECONDS", 0.05)
    conversation = await hub.open("web", "en")
    async with desk.live() as live:
        await desk.post("/logout")
        with pytest.raises(EOFError):
            await live.next("message")
        await say(hub, conversation.id, "a secret")
        assert "secret" not in live.raw


async def test_a_page_that_went_away_leaves_nothing_behind(desk: Desk, hub: Hub) -> None:
    async with desk.live():
        assert EVERYTHING in hub.bus._listeners

    async def forgotten() -> bool:
        return not hub.bus._listeners

    await until(forgotten)


async def test_typing_is_shown_to_the_customer(desk: Desk, hub: Hub, waiting: Conversation) -> None:
    with hub.bus.listen(waiting.id) as news:
        assert (await desk.post(f"/conversations/{waiting.id}/typing"))[0] == 200
        assert news.get_nowait().data == {"on": True, "author": "agent"}


async def test_an_agent_who_comes_during_a_turn(
    desk: Desk, hub: Hub, brain: FakeBrain, front: str
) -> None:
    conversation = await hub.open("web", "en")
    slow = Held(answer("Done, cancelled."))
    brain.script = [slow]
    await hub.receive(conversation.id, "web:1", "cancel")
    await slow.began.wait()
    await desk.post(f"/conversations/{conversation.id}/claim", {"version": 1})
    slow.go.set()
    await handled(hub)
    _, body = await desk.get(f"/conversations/{conversation.id}")
    assert [m["author"] for m in body["messages"]] == ["customer", "system", "note"]
    assert body["messages"][-1]["text"].endswith("Done, cancelled.")
