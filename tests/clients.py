"""Pages as tests play them; whatever they are answered has to be as the server's own description
says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from sqlalchemy.engine import Connection

from myna.hub import schema
from myna.hub.hub import Hub
from myna.hub.model import now
from tests.api.contract import contract_of
from tests.conftest import PASSWORD
from tests.helpers import Live

Browsers = Callable[..., aiohttp.ClientSession]

FOREIGN_WORDS = ("Traceback", "site-packages", ".py", 'File "', "Error(")


def no_trace(text: str) -> None:
    """Nothing of our insides."""
    for word in FOREIGN_WORDS:
        assert word not in text


class Page:
    """A page, or a program."""

    prefix = ""

    def __init__(self, address: str, http: aiohttp.ClientSession) -> None:
        self.address = address
        self.url = address + self.prefix
        self.http = http

    async def request(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        """The status and the JSON of an answer."""
        async with self.http.request(method, self.url + path, **options) as response:
            text = await response.text()
            assert response.headers["X-Content-Type-Options"] == "nosniff"
        no_trace(text)
        body = json.loads(text)
        contract = await contract_of(self.address, self.http)
        contract.check_answer(method, self.prefix + path, response.status, body)
        return response.status, body

    async def get(self, path: str, **options: Any) -> tuple[int, Any]:
        return await self.request("GET", path, **options)

    @asynccontextmanager
    async def live(self, path: str = "/events", **options: Any) -> AsyncIterator[Live]:
        """Live events; those that were read are checked at the end."""
        async with self.http.get(self.url + path, **options) as response:
            assert response.status == 200
            live = Live(response)
            try:
                yield live
            finally:
                contract = await contract_of(self.address, self.http)
                for kind, data, _ in live.seen:
                    contract.check_event(f"{self.prefix}/events", kind, data)


class Chat(Page):
    """A visitor's page."""

    prefix = "/api/v1/chat"

    def __init__(self, address: str, http: aiohttp.ClientSession) -> None:
        super().__init__(address, http)
        self.conversation: dict[str, Any] = {}

    async def open(self, language: str | None = "en") -> dict[str, Any]:
        status, body = await self.post("/session", {"language": language})
        assert status == 200
        self.conversation = body["conversation"]
        found: dict[str, Any] = body
        return found

    async def post(self, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        return await self.request("POST", path, json={} if body is None else body, **options)

    async def send(self, echo_id: str, text: str) -> tuple[int, Any]:
        return await self.post("/messages", {"echo_id": echo_id, "text": text})

    async def texts(self, after: int = 0) -> list[tuple[str, str]]:
        _, body = await self.get(f"/messages?after={after}")
        return [(message["author"], message["text"]) for message in body["messages"]]


class Desk(Page):
    """An agent's page."""

    prefix = "/api/v1/desk"

    async def log_in(self, login: str = "linh", password: Any = PASSWORD) -> tuple[int, Any]:
        return await self.post("/login", {"login": login, "password": password})

    async def post(
        self, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        return await self.write("POST", path, body, headers)

    async def patch(self, path: str, body: Any) -> tuple[int, Any]:
        return await self.write("PATCH", path, body)

    async def write(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        sent = {"X-Myna": "desk"} if headers is None else headers
        return await self.request(method, path, json=body or {}, headers=sent)

    async def listed(self, view: str) -> tuple[list[str], dict[str, int]]:
        status, body = await self.get(f"/conversations?view={view}")
        assert status == 200
        return [summary["id"] for summary in body["conversations"]], body["counts"]

    async def team(self) -> dict[str, str]:
        """Whether the agents are there, by their names."""
        _, body = await self.get("/agents")
        return {agent["name"]: agent["state"] for agent in body["agents"]}


async def raw(
    address: str, line: str, headers: dict[str, str], body: bytes = b""
) -> tuple[int, Any]:
    """A request byte by byte; the status and the decoded JSON."""
    host, _, port = address.removeprefix("http://").partition(":")
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


async def long_history(hub: Hub, conversation_id: str, count: int) -> None:
    """A conversation with many messages, written past the hub in one go."""
    await hub.open(conversation_id, "web", "en")

    def fill(connection: Connection) -> None:
        rows = [
            {
                "conversation_id": conversation_id,
                "seq": seq,
                "author": "customer",
                "text": f"message {seq}",
                "buttons": [],
                "state": "handled",
                "created_at": now(),
            }
            for seq in range(1, count + 1)
        ]
        connection.execute(schema.messages.insert(), rows)
        conversations = schema.conversations
        connection.execute(
            conversations.update()
            .where(conversations.c.id == conversation_id)
            .values(last_seq=count)
        )

    await hub.log._database.write(fill)
