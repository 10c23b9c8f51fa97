"""What tests of several parts share: scripted brains, servers in the test's loop, live events."""

from __future__ import annotations

import asyncio
import copy
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from sanic import Sanic

from myna.brain.protocol import (
    HEALTH_PATH,
    OUTCOME_PATH,
    RESET_PATH,
    TURN_PATH,
    Answer,
    AnswerButton,
    Command,
    Proof,
    TurnRequest,
)
from myna.hub.brain import BrainUnavailable
from myna.hub.house import House
from myna.hub.hub import Hub
from myna.hub.model import Arrival, Message
from myna.texts import Catalogue

# without it, Sanic refuses a second application of the same name in one process
Sanic.test_mode = True

BRAIN_TOKEN = "the brain's token"

both_databases = pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)
"""Marks a test that runs on SQLite and on PostgreSQL."""

Turn = Callable[[TurnRequest], Awaitable[Answer]]
Step = Callable[[], web.StreamResponse] | None
"""An answer over HTTP; None never answers."""


def answer(
    *texts: str,
    commands: list[Command] | None = None,
    language: str | None = "en",
    intent: str | None = "greet",
    proof: Proof | None = None,
    buttons: list[AnswerButton] | None = None,
    response: str | None = None,
    slots: dict[str, Any] | None = None,
) -> Answer:
    """An answer of the brain; the buttons stand below each of its messages, and a command without
    a place comes after all of them."""
    return {
        "status": "answered",
        "messages": [
            {"text": text, "buttons": buttons or [], "response": response} for text in texts
        ],
        "commands": [{"after": len(texts), **command} for command in commands or []],
        "language": language,
        "intent": intent,
        "proof": proof,
        "slots": slots or {},
    }


def adapted(
    catalogue: Catalogue,
    *,
    limits: dict[str, Any] | None = None,
    service: dict[str, Any] | None = None,
    webhooks: tuple[str, ...] = (),
) -> House:
    """The project's own shop with some values of `shop.yml` changed."""
    other, facts = copy.copy(catalogue), catalogue.facts
    other.facts = facts.copy(
        update={
            "limits": facts.limits.copy(update=limits or {}),
            "service": facts.service.copy(update=service or {}),
        }
    )
    return House(other, webhooks)


class Clock:
    """Stands for `datetime` in `myna.hub.model`: the hub's time goes on when the test says so."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment
        self.tick = timedelta(0)
        """How much later each moment is than the one before."""

    def now(self, zone: tzinfo) -> datetime:
        """The present moment."""
        assert zone is UTC
        self.moment += self.tick
        return self.moment

    def go_on(self, **time: float) -> datetime:
        """Lets time pass (as of `timedelta`); the moment after it."""
        self.moment += timedelta(**time)
        return self.moment


class FakeBrain:
    """A brain that does as the test says and remembers what it was asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        """(`turn` or `outcome`, message id) and (`reset`, conversation), in order of arrival."""
        self.requests: list[TurnRequest] = []
        self.script: list[Turn | Answer | Exception] = []
        """What the next turns do; afterwards the brain repeats what it is told."""
        self.outcomes: dict[str, Answer] = {}
        """What it has done with messages (by id) although nobody was waiting any more."""
        self.alive = True

    async def turn(self, request: TurnRequest) -> Answer:
        """Plays the next step of the script."""
        self.calls.append(("turn", request["message"]))
        self.requests.append(request)
        if not self.alive:
            raise BrainUnavailable("dead")
        step = self.script.pop(0) if self.script else answer(f"you said: {request['text']}")
        if isinstance(step, Exception):
            raise step
        return await step(request) if callable(step) else step

    async def outcome(self, conversation: str, message: str) -> Answer | None:
        """As the test says."""
        self.calls.append(("outcome", message))
        if not self.alive:
            raise BrainUnavailable("dead")
        return self.outcomes.get(message)

    async def reset(self, conversation: str) -> None:
        """Only remembered."""
        self.calls.append(("reset", conversation))
        if not self.alive:
            raise BrainUnavailable("dead")

    async def ready(self) -> bool:
        """As the test says."""
        return self.alive


class BrainServer:
    """A brain behind HTTP, as strict as the contract; does as the test says."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        """What the next requests get; afterwards they are answered."""
        self.bodies: list[Any] = []
        self.url = ""
        self.ready = True

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Any request."""
        if request.headers.get("Authorization") != f"Bearer {BRAIN_TOKEN}":
            return web.json_response({"error": "token"}, status=401)
        if request.path == HEALTH_PATH:
            return web.json_response({"ready": self.ready}, status=200 if self.ready else 503)
        body = await request.json()
        self.bodies.append(body)
        if self.steps:
            step = self.steps.pop(0)
            if step is None:
                await asyncio.sleep(60)
            assert step
            return step()
        if request.path == RESET_PATH:
            assert set(body) == {"conversation"}
            return web.json_response({"status": "reset"})
        if request.path == OUTCOME_PATH:
            assert set(body) == {"conversation", "message"}
            return web.json_response({"status": "unknown"})
        assert request.path == TURN_PATH
        assert set(body) == set(TurnRequest.__annotations__)
        return web.json_response(answer("hi"))


@asynccontextmanager
async def listening(
    handle: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> AsyncIterator[str]:
    """A server for all paths on a free port of loopback; yields its address."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


class Held:
    """A turn that has begun and does not end before the test lets it."""

    def __init__(self, result: Answer) -> None:
        self.began = asyncio.Event()
        self.go = asyncio.Event()
        self._result = result

    async def __call__(self, request: TurnRequest) -> Answer:
        """Waits for `go`."""
        self.began.set()
        await self.go.wait()
        return self._result


async def until(condition: Callable[[], Awaitable[Any]], seconds: float = 5.0) -> Any:
    """Waits for the condition to come true; returns what it returned."""
    async with asyncio.timeout(seconds):
        while not (found := await condition()):  # noqa: ASYNC110 (a database tells nobody)
            await asyncio.sleep(0.005)
    return found


async def handled(hub: Hub, seconds: float = 5.0) -> None:
    """Waits until every accepted message has been handled."""

    async def none_pending() -> bool:
        return not await hub.log.with_pending()

    await until(none_pending, seconds)


async def say(hub: Hub, conversation_id: str, *texts: str) -> list[Message]:
    """The customer writes, each time when all is handled; returns the whole log."""
    known = await hub.log.messages(conversation_id, notes=True)
    for number, text in enumerate(texts, start=len(known)):
        await hub.receive(Arrival(conversation_id, "web", f"web:say-{number}", text, None, "en"))
        await handled(hub)
    return await hub.log.messages(conversation_id, notes=True)


@asynccontextmanager
async def serving(app: Sanic) -> AsyncIterator[str]:
    """The application on a free port of loopback; yields its address."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server: Any = await app.create_server(
        sock=listener, return_asyncio_server=True, access_log=False
    )
    await server.startup()
    await server.before_start()
    await server.start_serving()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        for connection in list(server.connections):
            connection.abort()
        await server.before_stop()
        await server.close()
        listener.close()


class Live:
    """Server-sent events as they arrive."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response
        self.seen: list[tuple[str, Any, str | None]] = []
        """(kind, data, id) of every event read so far."""
        self.raw = ""

    async def next(self, *kinds: str, seconds: float = 5.0) -> Any:
        """The data of the next event of one of these kinds; others are passed over."""
        async with asyncio.timeout(seconds):
            while True:
                kind, data, _ = await self._event()
                if kind in kinds:
                    return data

    async def messages(self, count: int) -> list[Any]:
        """The next `count` messages."""
        return [await self.next("message") for _ in range(count)]

    async def _event(self) -> tuple[str, Any, str | None]:
        fields: dict[str, str] = {}
        while True:
            line = (await self.response.content.readline()).decode()
            self.raw += line
            if not line:
                raise EOFError
            if line == "\n" and "event" in fields:
                found = fields["event"], json.loads(fields["data"]), fields.get("id")
                self.seen.append(found)
                return found
            name, colon, value = line.rstrip("\n").partition(": ")
            if colon and name:
                fields[name] = value
