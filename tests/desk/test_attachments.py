"""Pictures of customers, fetched for agents from where they lie."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from myna.hub.house import House
from myna.hub.hub import Hub
from myna.hub.model import Arrival, Message
from tests.helpers import handled, listening

from .conftest import Desk

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100


class Platform:
    """A channel whose platform is a server of the test's."""

    url = ""

    def parts(self, message: Message) -> list[dict[str, Any]]:
        return []

    def reach(self, conversation_id: str, *, human: bool) -> timedelta | None:
        return None

    def account(self, conversation_id: str) -> str | None:
        return "Lentera Home"

    def lies_there(self, url: str) -> bool:
        return url.startswith(self.url + "/ours/")


@pytest.fixture
async def platform(hub: Hub) -> AsyncIterator[Platform]:
    async def handle(request: web.Request) -> web.StreamResponse:
        name = request.path.rpartition("/")[2]
        if name == "elsewhere":
            raise web.HTTPFound("http://127.0.0.1:9/metadata")
        if name == "moved":
            raise web.HTTPFound("/ours/photo.png")
        if name == "loop":
            raise web.HTTPFound("/ours/loop")
        if name == "gone":
            raise web.HTTPGone
        kinds = {"photo.png": "image/png", "page.html": "text/html", "draw.svg": "image/svg+xml"}
        body = b"0" * 26_000_000 if name == "huge" else PNG
        return web.Response(body=body, content_type=kinds.get(name, "image/png"))

    made = Platform()
    async with listening(handle) as made.url:
        hub.house = House(hub.house.catalogue, (), {"messenger": made})
        yield made


async def sent(hub: Hub, url: str | None) -> str:
    """The path of an attachment that was sent with this address."""
    attachment: Any = {"kind": "image"} | ({"url": url} if url else {})
    arrival = Arrival("c1", "messenger", "x:1", "", None, "en", attachments=(attachment,))
    await hub.receive(arrival)
    await handled(hub)
    (message, *_) = await hub.log.messages("c1")
    return f"/conversations/c1/attachments/{message.attachments[0]['id']}"


@pytest.mark.parametrize(
    ("name", "kind", "shown"),
    [
        ("photo.png", "image/png", True),
        ("moved", "image/png", True),
        ("page.html", "application/octet-stream", False),
        ("draw.svg", "application/octet-stream", False),
    ],
)
async def test_agents_get_what_a_browser_only_shows(
    desk: Desk, hub: Hub, platform: Platform, name: str, kind: str, shown: bool
) -> None:
    path = await sent(hub, f"{platform.url}/ours/{name}")
    async with desk.http.get(desk.url + path) as response:
        assert response.status == 200
        assert await response.read() == PNG
        assert response.content_type == kind
        assert ("Content-Disposition" not in response.headers) is shown
        assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["/ours/elsewhere", "/ours/loop", "/ours/gone", "/ours/huge", "/theirs/photo.png"]
)
async def test_nothing_is_fetched_from_elsewhere(
    desk: Desk, hub: Hub, platform: Platform, path: str
) -> None:
    status, body = await desk.get(await sent(hub, platform.url + path))
    assert (status, body["error"]["code"]) == (502, "gone")


async def test_what_has_no_address_is_not_there(desk: Desk, hub: Hub, platform: Platform) -> None:
    assert (await desk.get(await sent(hub, None)))[0] == 404
    assert (await desk.get("/conversations/c1/attachments/0123456789abcdef"))[0] == 404


async def test_strangers_get_nothing(
    desk: Desk, hub: Hub, platform: Platform, browser_of: Any
) -> None:
    path = await sent(hub, f"{platform.url}/ours/photo.png")
    async with browser_of().get(desk.url + path) as response:
        assert response.status == 401
