"""The chat's API, over real sockets."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from myna import web
from myna.channels.web import COOKIE, Visitor, sign, signed_visitor
from myna.hub import schema
from myna.hub.cases import Request as CaseRequest
from myna.hub.hub import Hub
from myna.hub.model import Agent
from tests.clients import Browsers, Chat, long_history, no_trace, raw
from tests.conftest import KEY
from tests.helpers import FakeBrain, Held, answer, handled, until

OFFER = answer("sure?", buttons=[{"title": "Yes", "payload": '/affirm{"secret": "1"}'}])


def briefly(value: Any) -> str:
    """Names a case by the beginning of its value."""
    return repr(value)[:40]


def limited(hub: Hub, **limits: int) -> None:
    """Changes the shop's limits."""
    facts = hub.house.facts
    hub.house.catalogue.facts = facts.copy(update={"limits": facts.limits.copy(update=limits)})


@pytest.fixture
def chat_of(front: str, browser_of: Browsers) -> Callable[[], Chat]:
    return lambda: Chat(front, browser_of())


@pytest.fixture
async def chat(chat_of: Callable[[], Chat]) -> Chat:
    page = chat_of()
    await page.open()
    return page


async def test_a_session(chat_of: Callable[[], Chat]) -> None:
    page = chat_of()
    body = await page.open("ms")
    assert body["conversation"] == {
        "id": body["conversation"]["id"],
        "language": "ms",
        "owner": "bot",
        "agent": None,
        "version": 1,
        "last_seq": 0,
    }
    assert set(body["shop"]) == {"name", "assistant_name", "accent"}
    again = await page.open(None)
    assert again["conversation"] == body["conversation"]
    switched = await page.open("vi")
    assert switched["conversation"] == {**body["conversation"], "language": "vi"}


async def test_the_cookie_is_not_for_scripts(chat_of: Callable[[], Chat]) -> None:
    page = chat_of()
    async with page.http.post(page.url + "/session", json={}) as response:
        cookie = response.headers["Set-Cookie"]
    assert "httponly" in cookie.lower()
    assert "samesite=lax" in cookie.lower()
    assert "path=/" in cookie.lower()


async def test_a_message_and_its_answer(chat: Chat, hub: Hub) -> None:
    status, body = await chat.send("e-1", "hello")
    assert status == 201
    message = body["message"]
    assert message == {
        "seq": 1,
        "author": "customer",
        "text": "hello",
        "response": None,
        "buttons": [],
        "cards": [],
        "attachments": [],
        "echo_id": "e-1",
        "agent": None,
        "at": message["at"],
    }
    assert message["at"].endswith("Z")
    assert await chat.send("e-1", "hello") == (200, body)
    await handled(hub)
    assert await chat.texts() == [("customer", "hello"), ("bot", "you said: hello")]
    assert await chat.texts(after=1) == [("bot", "you said: hello")]
    assert await chat.texts(after=2) == []


async def test_the_longest_echo_id_fits_its_column(chat: Chat, hub: Hub) -> None:
    length = 110
    while (answered := await chat.send("e" * length, "hello"))[0] == 413:
        length -= 1
    assert answered[0] == 201, answered
    assert length >= 36, "a UUID"
    stored = (await hub.log.messages(chat.conversation["id"]))[0]  # the answer may be there too
    assert stored.echo_id == "web:" + "e" * length
    assert len(stored.echo_id) <= schema.messages.c.echo_id.type.length


async def test_a_choice(
    chat: Chat, chat_of: Callable[[], Chat], brain: FakeBrain, hub: Hub
) -> None:
    brain.script = [OFFER]
    await chat.send("e-1", "cancel")
    await handled(hub)
    _, body = await chat.get("/messages")
    [button] = body["messages"][1]["buttons"]
    assert set(button) == {"id", "title"}
    stranger = chat_of()
    await stranger.open()
    choice = {"echo_id": "e-2", "choice": button["id"]}
    status, body = await stranger.post("/messages", choice)
    assert (status, body["error"]["code"]) == (422, "unknown_choice")
    assert await stranger.texts() == []
    status, body = await chat.post("/messages", choice)
    assert (status, body["message"]["text"]) == (201, "Yes")
    await handled(hub)
    assert brain.requests[1]["choice"] == {"payload": '/affirm{"secret": "1"}', "title": "Yes"}


@pytest.mark.parametrize("text", ["/restart", ' /inform{"order_number": "DH-20413"}'])
async def test_a_typed_payload_is_text(chat: Chat, brain: FakeBrain, hub: Hub, text: str) -> None:
    await chat.send("e-1", text)
    await handled(hub)
    assert brain.requests[0]["text"] == text
    assert brain.requests[0]["choice"] is None


@pytest.mark.parametrize(
    "cookie",
    [
        None,
        "",
        ".",
        "x",
        "{id}",
        "{id}.",
        "{id}.." + "0" * 64,
        "{forged}",
        "{id}..{mark}x",
        "{id}.vi.{mark}",
        "é",
        "\udcff.\udcff",
    ],
)
async def test_a_cookie_that_is_not_ours_opens_nothing(
    chat: Chat, front: str, browser_of: Browsers, hub: Hub, cookie: str | None
) -> None:
    await chat.send("e-1", "my secret")
    known = chat.conversation["id"]
    visitor = Visitor(known, None)
    genuine = sign(visitor, KEY)
    assert signed_visitor(genuine, KEY) == visitor
    headers = {}
    if cookie is not None:
        value = cookie.format(
            id=known, forged=sign(visitor, "another key"), mark=genuine.rpartition(".")[2]
        )
        assert signed_visitor(value, KEY) is None
        headers["Cookie"] = f"{COOKIE}={value}"
    # aiohttp would not send such bytes
    for request in (
        "GET /api/v1/chat/messages",
        "GET /api/v1/chat/events",
        "POST /api/v1/chat/messages",
    ):
        status, _ = await raw(front, request, headers, b'{"echo_id": "x", "text": "y"}')
        assert status == 401
    status, body = await raw(front, "POST /api/v1/chat/session", headers, b"{}")
    assert status == 200
    assert body["conversation"]["id"] != known
    assert body["conversation"]["last_seq"] == 0


async def test_a_session_is_kept_although_nothing_is_stored_yet(
    front: str, browser_of: Browsers, hub: Hub, brain: FakeBrain
) -> None:
    visitor = Visitor("f" * 24, "ms")
    page = Chat(front, browser_of(headers={"Cookie": f"{COOKIE}={sign(visitor, KEY)}"}))
    status, body = await page.get("/messages")
    assert (status, body["messages"]) == (200, [])
    assert body["conversation"]["language"] == "ms"
    assert (await page.open(None))["conversation"]["id"] == visitor.conversation_id
    assert (await page.post("/seen", {"seq": 1}))[0] == 200
    assert await hub.log.find(visitor.conversation_id) is None
    await page.send("e-1", "apa khabar")
    await handled(hub)
    assert brain.requests[0]["language"] == "ms"
    assert brain.requests[0]["conversation"] == visitor.conversation_id


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"text": "no echo id"}, 422),
        ({"echo_id": "", "text": "x"}, 422),
        ({"echo_id": 7, "text": "x"}, 422),
        ({"echo_id": "e", "text": 7}, 422),
        ({"echo_id": "e", "text": None}, 422),
        ({"echo_id": "e", "choice": ["a"]}, 422),
        ({"echo_id": "e", "choice": "nope"}, 422),
        ({"echo_id": "e", "txt": "misspelled"}, 422),
        ({"echo_id": "e", "\ud83d": ""}, 422),
        ({"echo_id": "e" * 1000, "text": "x"}, 413),
        ({"echo_id": "e", "text": "á" * 20_001}, 413),
        ([], 400),
        ("x", 400),
    ],
    ids=briefly,
)
async def test_bad_messages_are_refused(chat: Chat, body: Any, status: int) -> None:
    found, error = await chat.post("/messages", body)
    assert found == status
    for field in ("echo_id", "text", "choice"):
        if error["error"].get("field") == field:
            assert f"'{field}'" in error["error"]["message"]
    assert await chat.texts() == []


async def test_the_longest_message(chat: Chat, hub: Hub) -> None:
    assert (await chat.send("e-1", "😀" * 20_000))[0] == 201
    await handled(hub)
    assert [author for author, _ in await chat.texts()] == ["customer", "bot"]


@pytest.mark.parametrize("text", ["a\x00b", "\ud83d", "half \udcff of it"])
async def test_unstorable_characters(chat: Chat, hub: Hub, text: str) -> None:
    status, body = await chat.send("e-1", text)
    assert status == 201
    assert "\ufffd" in body["message"]["text"]
    status, _ = await chat.send(text, "also in the id")
    assert status == 201
    assert (await chat.send(text, "also in the id"))[0] == 200
    await handled(hub)
    assert len(await chat.texts()) == 4


@pytest.mark.parametrize(
    ("data", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"echo_id": "e", "text": "x"}', "text/plain", 415),
        (b"echo_id=e&text=x", "application/x-www-form-urlencoded", 415),
        (b'{"echo_id": "e", "text": "' + b"a" * 1_100_000 + b'"}', "application/json", 413),
    ],
    ids=briefly,
)
async def test_bad_bodies_are_refused(
    chat: Chat, data: bytes, content_type: str, status: int
) -> None:
    headers = {"Content-Type": content_type}
    async with chat.http.post(chat.url + "/messages", data=data, headers=headers) as response:
        text = await response.text()
    assert response.status == status
    assert set(json.loads(text)["error"]) == {"code", "message"}
    no_trace(text)


@pytest.mark.parametrize("after", ["x", "-1", "9" * 30, "9" * 5000, "1e3", "٣", "%00", "1.5"])
async def test_a_senseless_place_to_go_on_from(chat: Chat, after: str) -> None:
    for path in ("/messages", "/events"):
        status, body = await chat.get(f"{path}?after={after}")
        assert (status, body["error"]["field"]) == (422, "after")


async def test_the_id_of_somebody_elses_event_is_not_minded(chat: Chat, hub: Hub) -> None:
    await chat.send("e-1", "hello")
    async with chat.live(headers={"Last-Event-ID": "x" * 50}) as live:
        assert [m["seq"] for m in await live.messages(2)] == [1, 2]


@pytest.mark.parametrize("language", ["de", "", 7, ["vi"], {"a": 1}])
async def test_a_language_we_do_not_speak(chat: Chat, language: Any) -> None:
    status, _ = await chat.post("/session", {"language": language})
    assert status == 422


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
async def test_other_sites_may_not_write(chat: Chat, origin: str) -> None:
    for path in ("/session", "/messages", "/seen", "/typing", "/rating"):
        status, body = await chat.post(
            path, {"echo_id": "e", "text": "x"}, headers={"Origin": origin}
        )
        assert (status, body["error"]["code"]) == (403, "foreign_origin")
    assert await chat.texts() == []


async def test_our_own_page_may_write(chat: Chat, front: str) -> None:
    body = {"echo_id": "e", "text": "x"}
    assert (await chat.post("/messages", body, headers={"Origin": front}))[0] == 201


async def test_faults_tell_nothing(
    chat: Chat, hub: Hub, monkeypatch: pytest.MonkeyPatch, front: str
) -> None:
    async def breaks(*args: object, **kwargs: object) -> None:
        raise RuntimeError("secret detail /somewhere/x.py")

    monkeypatch.setattr(hub, "receive", breaks)
    async with chat.http.post(
        chat.url + "/messages", json={"echo_id": "e", "text": "x"}
    ) as response:
        assert response.status == 500
        text = await response.text()
    assert set(json.loads(text)["error"]) == {"code", "message"}
    assert "secret" not in text
    no_trace(text)
    for method, path, expected in (
        ("GET", "/api/v1/chat/nothing", 404),
        ("PUT", "/api/v1/chat/messages", 405),
        ("GET", "/api/v1/chat/session", 405),
        ("GET", "/%ff%fe", 404),
    ):
        async with chat.http.request(method, front + path) as response:
            text = await response.text()
        assert response.status == expected
        assert "error" in json.loads(text)
        no_trace(text)
        assert response.headers["X-Content-Type-Options"] == "nosniff"


# --- too many


async def test_messages_that_come_too_fast(chat: Chat, hub: Hub) -> None:
    limited(hub, messages_per_minute=3)
    assert (await chat.send("e-1", "one"))[0] == 201
    async with chat.http.post(
        chat.url + "/messages", json={"echo_id": "e-2", "text": "two"}
    ) as response:
        body = await response.json()
        assert response.status == 429
        assert response.headers["Retry-After"] == str(body["error"]["retry_after"])
    assert body["error"]["code"] == "too_fast"
    status, again = await chat.send("e-2", "two")
    assert (status, again["error"]["code"]) == (429, "too_fast")
    await handled(hub)
    assert [text for _, text in await chat.texts()] == ["one", "you said: one"]


async def test_more_than_the_brain_can_answer_in_time(
    chat: Chat, hub: Hub, brain: FakeBrain, linh: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is stored of what would be answered too late; people wait for no brain."""
    slow = Held(answer("hi"))
    brain.script = [slow]
    assert (await chat.send("e-1", "one"))[0] == 201
    monkeypatch.setattr(hub, "_turn_seconds", 1000.0)
    status, body = await chat.send("e-2", "two")
    assert (status, body["error"]["code"]) == (429, "busy")
    assert body["error"]["retry_after"] > 60
    await hub.reply(chat.conversation["id"], linh, "desk:1", "I am here")
    assert (await chat.send("e-3", "three"))[0] == 201
    slow.go.set()
    await handled(hub)
    assert [text for author, text in await chat.texts() if author == "customer"] == ["one", "three"]


async def test_newcomers_may_prove_that_they_work(chat_of: Callable[[], Chat], hub: Hub) -> None:
    limited(hub, newcomers_per_minute=1)
    first, second, third = [chat_of() for _ in range(3)]
    for page in (first, second, third):
        await page.open()
    assert (await first.send("e-1", "one"))[0] == 201
    status, body = await second.send("e-1", "two")
    error = body["error"]
    assert (status, error["code"]) == (429, "prove_work")
    solution = next(
        f"{error['challenge']}.{number}"
        for number in range(10**7)
        if leading_zeros(f"{error['challenge']}.{number}") >= error["bits"]
    )
    message = {"echo_id": "e-1", "text": "two", "solution": solution}
    assert (await third.post("/messages", message))[0] == 429, "another's work"
    assert (await second.post("/messages", message))[0] == 201


def leading_zeros(text: str) -> int:
    """Zero bits at the beginning of the text's SHA-256."""
    return 256 - int.from_bytes(hashlib.sha256(text.encode()).digest(), "big").bit_length()


# --- seen, typing, rating


async def test_what_the_page_has_shown(chat: Chat, hub: Hub) -> None:
    await chat.send("e-1", "hello")
    await handled(hub)
    identity = chat.conversation["id"]
    for seq, shown in ((1, 1), (10**9, 2), (1, 2)):
        assert await chat.post("/seen", {"seq": seq}) == (200, {})
        assert (await hub.log.conversation(identity)).seen_seq == shown
    for wrong in (-1, 10**9 + 1, 1.5, "1", None, True):
        assert (await chat.post("/seen", {"seq": wrong}))[0] == 422


async def test_customers_typing_is_shown_to_agents(chat: Chat, hub: Hub) -> None:
    with hub.bus.listen(chat.conversation["id"]) as news:
        assert await chat.post("/typing") == (200, {})
        assert news.get_nowait().data == {"on": True, "author": "customer"}


async def test_a_rating(chat: Chat, hub: Hub, linh: Agent) -> None:
    assert (await chat.post("/rating", {"stars": 5}))[0] == 409
    await chat.send("e-1", "hello")
    await handled(hub)
    assert (await chat.post("/rating", {"stars": 5}))[0] == 409
    identity = chat.conversation["id"]
    await hub.claim(identity, linh, 1)
    await hub.resolve(identity, linh, 2)
    assert await chat.post("/rating", {"stars": 2}) == (200, {})
    assert await chat.post("/rating", {"stars": 4, "comment": "better\x00"}) == (200, {})
    [rating] = (await hub.log.context(identity))["ratings"]
    assert (rating["stars"], rating["comment"]) == (4, "better\ufffd")
    for wrong in ({"stars": 0}, {"stars": 6}, {}, {"stars": 5, "comment": 7}):
        assert (await chat.post("/rating", wrong))[0] == 422
    assert (await chat.post("/rating", {"stars": 5, "comment": "x" * 2001}))[0] == 413


async def test_a_case_is_not_the_customers_to_read(chat: Chat, hub: Hub, linh: Agent) -> None:
    """What stands in a case may be another person's phone; the chat never shows it."""
    await chat.send("e-1", "call me")
    await handled(hub)
    identity = chat.conversation["id"]
    about = CaseRequest("callback", "test", "call", identity, phone="0901234567", email="a@b.vn")
    case = hub.tell_case(await hub.cases.open(about, linh))
    async with chat.live() as live:
        await live.messages(2)
        await hub.note(identity, linh, f"see {case.reference}, 0901234567")
        await hub.reply(identity, linh, "desk-1:a", "hello")
        await live.messages(2)
    _, body = await chat.get("/messages")
    for secret in (case.reference, "0901234567", "a@b.vn", "phone", "email"):
        assert secret not in live.raw + json.dumps(body)


# --- live


async def test_live(chat: Chat, hub: Hub, brain: FakeBrain, linh: Agent) -> None:
    brain.script = [OFFER]
    async with chat.live() as live:
        assert (await live.next("conversation"))["owner"] == "bot"
        await chat.send("e-1", "hello")
        first, second = await live.messages(2)
        assert (first["echo_id"], second["text"]) == ("e-1", "sure?")
        assert set(second["buttons"][0]) == {"id", "title"}
        await hub.note(chat.conversation["id"], linh, "a rude one")
        hub.types(chat.conversation["id"], "customer")
        hub.types(chat.conversation["id"], "agent")
        while (typing := await live.next("typing"))["author"] != "agent":
            assert typing["author"] == "bot", "customers know that they are writing"
        assert typing == {"on": True, "author": "agent"}
        await hub.reply(chat.conversation["id"], linh, "desk-1:a", "I'm here")
        joined, reply = await live.messages(2)
        assert joined["author"] == "system"
        assert (reply["author"], reply["agent"], reply["text"]) == ("agent", "Linh", "I'm here")
        while (conversation := await live.next("conversation"))["owner"] != "human":
            pass
        assert conversation["agent"] == "Linh"
        assert "rude" not in live.raw
        assert "payload" not in live.raw
        assert "secret" not in live.raw
        ids = [int(given) for kind, _, given in live.seen if kind == "message" and given]
        assert ids == sorted(set(ids)) == [1, 2, 4, 5]
    _, body = await chat.get("/messages")
    assert "rude" not in json.dumps(body)


@pytest.mark.parametrize("how", ["header", "query", "both"])
async def test_live_resumes_without_loss_or_doubles(chat: Chat, hub: Hub, how: str) -> None:
    async with chat.live() as live:
        await chat.send("e-1", "one")
        await live.messages(2)
    await chat.send("e-2", "two")
    await handled(hub)
    options: dict[str, dict[str, Any]] = {
        "header": {"headers": {"Last-Event-ID": "2"}},
        "query": {"params": {"after": 2}},
        "both": {"params": {"after": 0}, "headers": {"Last-Event-ID": "2"}},
    }
    async with chat.live(**options[how]) as live:
        assert [m["seq"] for m in await live.messages(2)] == [3, 4]
        await chat.send("e-3", "three")
        assert [m["seq"] for m in await live.messages(2)] == [5, 6]


async def test_live_while_messages_pour_in(chat: Chat, hub: Hub) -> None:
    """A page that loses its connection again and again sees every message once."""
    limited(hub, messages_per_minute=6000, waiting_messages=100)

    async def pour() -> None:
        for number in range(25):
            await chat.send(f"e-{number}", str(number))
            await asyncio.sleep(0.005)

    writer = asyncio.create_task(pour())
    seen: list[int] = []
    authors: list[str] = []
    while authors.count("customer") < 25:
        async with chat.live(headers={"Last-Event-ID": str(seen[-1] if seen else 0)}) as live:
            for _ in range(min(7, 25 - authors.count("customer"))):
                message = await live.next("message")
                seen.append(message["seq"])
                authors.append(message["author"])
    await writer
    assert seen == list(range(1, len(seen) + 1))


async def test_live_brings_a_long_history_at_once(chat: Chat, hub: Hub, linh: Agent) -> None:
    await long_history(hub, chat.conversation["id"], 620)
    async with chat.live() as live:
        seqs = [message["seq"] for message in await live.messages(620)]
    assert seqs == list(range(1, 621))


async def test_a_page_that_went_away_leaves_nothing_behind(chat: Chat, hub: Hub) -> None:
    async with chat.live() as live:
        await live.next("conversation")
        assert hub.bus._listeners

    async def forgotten() -> bool:
        return not hub.bus._listeners

    await until(forgotten)


async def test_the_heartbeat(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "HEARTBEAT_SECONDS", 0.05)
    async with chat.live() as live:
        assert live.response.headers["Content-Type"].startswith("text/event-stream")
        assert live.response.headers["Cache-Control"] == "no-cache"
        with pytest.raises(TimeoutError):
            await live.next("message", seconds=0.3)
        assert live.raw.count("event: ping\n") >= 3


async def test_an_answer_in_progress_is_shown(chat: Chat, brain: FakeBrain) -> None:
    slow = Held(answer("at last"))
    brain.script = [slow]
    async with chat.live() as live:
        await live.next("conversation")
        await chat.send("e-1", "hello")
        assert await live.next("typing") == {"on": True, "author": "bot"}
        slow.go.set()
        assert await live.next("typing") == {"on": False, "author": "bot"}
