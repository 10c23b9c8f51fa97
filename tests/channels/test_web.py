"""The chat's API, over real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from myna import web
from myna.channels.web import COOKIE, sign, signed_conversation
from myna.hub import schema
from myna.hub.hub import Hub
from myna.hub.model import Agent, now
from tests.conftest import KEY
from tests.helpers import FakeBrain, Held, Live, answer, handled, until

Browsers = Callable[..., aiohttp.ClientSession]
OFFER = answer("sure?", buttons=[{"title": "Yes", "payload": '/affirm{"secret": "1"}'}])


def briefly(value: Any) -> str:
    """Names a case by the beginning of its value."""
    return repr(value)[:40]


class Chat:
    """A visitor's page."""

    def __init__(self, address: str, http: aiohttp.ClientSession) -> None:
        self.url = f"{address}/api/v1/chat"
        self.http = http
        self.conversation: dict[str, Any] = {}

    async def open(self, language: str | None = "en") -> dict[str, Any]:
        status, body = await self.post("/session", {"language": language})
        assert status == 200
        self.conversation = body["conversation"]
        found: dict[str, Any] = body
        return found

    async def post(self, path: str, body: Any, **options: Any) -> tuple[int, Any]:
        async with self.http.post(self.url + path, json=body, **options) as response:
            return response.status, await response.json()

    async def send(self, echo_id: str, text: str) -> tuple[int, Any]:
        return await self.post("/messages", {"echo_id": echo_id, "text": text})

    async def get(self, path: str, **options: Any) -> tuple[int, Any]:
        async with self.http.get(self.url + path, **options) as response:
            return response.status, await response.json()

    async def texts(self, after: int = 0) -> list[tuple[str, str]]:
        _, body = await self.get(f"/messages?after={after}")
        return [(message["author"], message["text"]) for message in body["messages"]]

    @asynccontextmanager
    async def live(self, **options: Any) -> AsyncIterator[Live]:
        query = f"?after={options.pop('after')}" if "after" in options else ""
        async with self.http.get(self.url + "/events" + query, **options) as response:
            assert response.status == 200
            yield Live(response)


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
    length = 200
    while (await chat.send("e" * length, "hello"))[0] == 413:
        length -= 1
    [message] = await hub.log.messages(chat.conversation["id"])
    assert length >= 36, "a UUID"
    assert len(message.echo_id or "") <= 100


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
        "{id}." + "0" * 64,
        "{forged}",
        "{id}.{mark}x",
        "é",
        "\udcff.\udcff",
    ],
)
async def test_a_cookie_that_is_not_ours_opens_nothing(
    chat: Chat, front: str, browser_of: Browsers, hub: Hub, cookie: str | None
) -> None:
    await chat.send("e-1", "my secret")
    known = chat.conversation["id"]
    genuine = sign(known, KEY)
    assert signed_conversation(genuine, KEY) == known
    headers = {}
    if cookie is not None:
        value = cookie.format(
            id=known, forged=sign(known, "another key"), mark=genuine.partition(".")[2]
        )
        assert signed_conversation(value, KEY) is None
        headers["Cookie"] = f"{COOKIE}={value}"
    # aiohttp would not send such bytes
    host, port = front.removeprefix("http://").split(":")
    for request in (
        "GET /api/v1/chat/messages",
        "GET /api/v1/chat/events",
        "POST /api/v1/chat/messages",
    ):
        status, _ = await raw(host, port, request, headers, b'{"echo_id": "x", "text": "y"}')
        assert status == 401
    status, body = await raw(host, port, "POST /api/v1/chat/session", headers, b"{}")
    assert status == 200
    assert body["conversation"]["id"] != known
    assert body["conversation"]["last_seq"] == 0


async def raw(
    host: str, port: str, line: str, headers: dict[str, str], body: bytes
) -> tuple[int, Any]:
    """A request byte by byte; the status and the decoded JSON."""
    reader, writer = await asyncio.open_connection(host, int(port))
    head = {
        "Host": f"{host}:{port}",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **headers,
    }
    lines = [f"{line} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
    writer.write("\r\n".join(lines).encode(errors="surrogateescape") + body)
    answered = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    start, _, rest = answered.partition(b"\r\n\r\n")
    return int(start.split()[1]), json.loads(rest)


async def test_the_cookie_of_a_conversation_that_is_gone(
    front: str, browser_of: Browsers, hub: Hub
) -> None:
    page = Chat(front, browser_of(headers={"Cookie": f"{COOKIE}={sign('f' * 24, KEY)}"}))
    assert (await page.get("/messages"))[0] == 404
    body = await page.open()
    assert body["conversation"]["id"] != "f" * 24


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
    assert set(error["error"]) == {"code", "message"}
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


def no_trace(text: str) -> None:
    for word in ("Traceback", "site-packages", ".py", 'File "', "Error("):
        assert word not in text


@pytest.mark.parametrize(
    "after", ["x", "-1", "9" * 30, "9" * 5000, "1e3", "٣", "%00", ""], ids=briefly
)
async def test_a_senseless_place_to_go_on_from(chat: Chat, hub: Hub, after: str) -> None:
    await chat.send("e-1", "hello")
    status, body = await chat.get(f"/messages?after={after}")
    assert status == 200
    assert body["conversation"]["id"] == chat.conversation["id"]


@pytest.mark.parametrize("language", ["de", "", 7, ["vi"], {"a": 1}])
async def test_a_language_we_do_not_speak(chat: Chat, language: Any) -> None:
    status, _ = await chat.post("/session", {"language": language})
    assert status == 422


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
async def test_other_sites_may_not_write(chat: Chat, origin: str) -> None:
    for path in ("/session", "/messages"):
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
    status, body = await chat.send("e", "x")
    assert status == 500
    assert "secret" not in json.dumps(body)
    no_trace(json.dumps(body))
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
        await hub.agent_types(chat.conversation["id"])
        while (typing := await live.next("typing"))["author"] != "agent":
            pass
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
        "query": {"after": 2},
        "both": {"after": 0, "headers": {"Last-Event-ID": "2"}},
    }
    async with chat.live(**options[how]) as live:
        assert [m["seq"] for m in await live.messages(2)] == [3, 4]
        await chat.send("e-3", "three")
        assert [m["seq"] for m in await live.messages(2)] == [5, 6]


async def test_live_while_messages_pour_in(chat: Chat, hub: Hub) -> None:
    """A page that loses its connection again and again sees every message once."""
    total = 2 * 25

    async def pour() -> None:
        for number in range(25):
            await chat.send(f"e-{number}", str(number))
            await asyncio.sleep(0.005)

    writer = asyncio.create_task(pour())
    seen: list[int] = []
    while len(seen) < total:
        async with chat.live(headers={"Last-Event-ID": str(seen[-1] if seen else 0)}) as live:
            for _ in range(min(7, total - len(seen))):
                seen.append((await live.next("message"))["seq"])
    await writer
    assert seen == list(range(1, total + 1))


async def test_live_brings_a_long_history_at_once(chat: Chat, hub: Hub, linh: Agent) -> None:
    await long_history(hub, chat.conversation["id"], 620)
    async with chat.live() as live:
        seqs = [message["seq"] for message in await live.messages(620)]
    assert seqs == list(range(1, 621))


async def long_history(hub: Hub, conversation_id: str, count: int) -> None:
    """Many messages, written past the hub in one go."""
    async with hub.log._database.write() as connection:
        await connection.execute(
            schema.messages.insert(),
            [
                {
                    "conversation_id": conversation_id,
                    "seq": seq,
                    "author": "customer",
                    "text": f"message {seq}",
                    "buttons": [],
                    "pending": False,
                    "created_at": now(),
                }
                for seq in range(1, count + 1)
            ],
        )
        await connection.execute(schema.conversations.update().values(last_seq=count))


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
        assert live.raw.count(": still here\n\n") >= 2


async def test_an_answer_in_progress_is_shown(chat: Chat, brain: FakeBrain) -> None:
    slow = Held(answer("at last"))
    brain.script = [slow]
    async with chat.live() as live:
        await live.next("conversation")
        await chat.send("e-1", "hello")
        assert await live.next("typing") == {"on": True, "author": "bot"}
        slow.go.set()
        assert await live.next("typing") == {"on": False, "author": "bot"}
