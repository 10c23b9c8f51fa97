"""The front server as `myna up` starts it, with a brain behind HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web as aioweb
from yarl import URL

from myna.front import FIRST_AGENT, create_app
from myna.hub import brain as brain_module

from .clients import Chat, Desk, no_trace
from .helpers import BRAIN_TOKEN, BrainServer, listening, serving, until

Browsers = Callable[..., aiohttp.ClientSession]


class House:
    """An installation that can be started, ended, and started again."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._outer, self._inner = stack, AsyncExitStack()
        self.address = ""
        self.actions_alive = True

    async def start(self) -> str:
        await self._outer.enter_async_context(self._inner)
        self.address = await self._inner.enter_async_context(serving(create_app()))
        return self.address

    async def end(self) -> None:
        await self._inner.aclose()
        self._inner = AsyncExitStack()

    async def actions(self, request: aioweb.Request) -> aioweb.StreamResponse:
        """The action server, as far as the front server knows it."""
        return aioweb.Response(status=200 if self.actions_alive else 503)


@pytest.fixture
async def house(
    brain_server: BrainServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    monkeypatch.setattr(brain_module, "_PAUSES", (0.01,))
    async with AsyncExitStack() as stack:
        made = House(stack)
        actions = await stack.enter_async_context(listening(made.actions))
        for name, value in {
            "MYNA_HOME": str(tmp_path / "home"),
            "MYNA_BRAIN_URL": brain_server.url,
            "MYNA_BRAIN": BRAIN_TOKEN,
            "MYNA_DESK_PASSWORD": "first password",
            "MYNA_ACTIONS_URL": actions,
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("MYNA_DATABASE", raising=False)
        await made.start()
        yield made


async def test_from_the_customer_to_the_brain_and_back(
    house: House, brain_server: BrainServer, browser_of: Browsers
) -> None:
    chat = Chat(house.address, browser_of())
    await chat.open("en")
    async with chat.live() as live:
        await chat.send("e-1", "hello")
        assert [m["text"] for m in await live.messages(2)] == ["hello", "hi"]
    assert [body["text"] for body in brain_server.bodies] == ["hello"]


async def test_the_first_agent(house: House, browser_of: Browsers) -> None:
    desk = Desk(house.address, browser_of())
    login, name = FIRST_AGENT
    status, body = await desk.log_in(login, "first password")
    assert (status, body["agent"]["name"]) == (200, name)


async def test_a_restart_keeps_sessions_and_takes_up_what_was_left(
    house: House, brain_server: BrainServer, browser_of: Browsers
) -> None:
    http = browser_of()
    chat = Chat(house.address, http)
    opened = await chat.open("en")
    brain_server.steps = [None]
    await chat.send("e-1", "hello")

    async def asked() -> bool:
        return bool(brain_server.bodies)

    await until(asked)
    await house.end()
    chat = Chat(await house.start(), http)
    assert (await chat.open())["conversation"]["id"] == opened["conversation"]["id"]

    async def answered() -> bool:
        return await chat.texts() == [("customer", "hello"), ("bot", "hi")]

    await until(answered)
    assert brain_server.bodies[0] == brain_server.bodies[1]


async def test_health_says_what_is_missing(
    house: House, brain_server: BrainServer, browser_of: Browsers
) -> None:
    async def health() -> tuple[int, dict[str, bool]]:
        async with browser_of().get(house.address + "/healthz") as response:
            return response.status, await response.json()

    assert await health() == (200, {"ready": True, "brain": True, "actions": True})
    brain_server.ready = False
    assert await health() == (503, {"ready": False, "brain": False, "actions": True})
    house.actions_alive = False
    assert await health() == (503, {"ready": False, "brain": False, "actions": False})


@pytest.mark.parametrize("path", ["/", "/desk", "/api/docs"])
async def test_pages_come_with_a_policy_that_stops_foreign_scripts(
    house: House, browser_of: Browsers, path: str
) -> None:
    async with browser_of().get(house.address + path) as response:
        assert response.status == 200
        assert response.headers["Content-Type"].startswith("text/html")
        [policy] = response.headers.getall("Content-Security-Policy")
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        page = await response.text()
    assert "<script" in page
    assert "onclick" not in page


@pytest.mark.parametrize(
    "path",
    [
        "/static/chat/../../../settings.py",
        "/static/chat/%2e%2e/%2e%2e/web.py",
        "/static/desk/..%2f..%2fapp.py",
        "/static/docs/..%2f..%2fapi.py",
        "/static/chat//etc/passwd",
        "/static/chat/%00",
        "/static/chat/nothing.js",
        "/static/chat/",
    ],
)
async def test_only_the_pages_files_are_served(
    house: House, browser_of: Browsers, path: str
) -> None:
    async with browser_of().get(URL(house.address + path, encoded=True)) as response:
        text = await response.text()
    assert response.status == 404
    no_trace(text)
