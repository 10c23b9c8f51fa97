"""What all web pages and APIs share, over a real connection."""

from __future__ import annotations

import asyncio
import logging

import aiohttp
import pytest
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse, empty

from myna import web
from tests.helpers import serving


@pytest.fixture
def app() -> Sanic:
    app = Sanic("web-of-tests", register=False)
    web.install(app)
    app.ctx.reached = asyncio.Event()

    @app.get("/slow")
    async def slow(request: Request) -> HTTPResponse:
        app.ctx.reached.set()
        await asyncio.sleep(30)
        return empty()

    @app.get("/broken")
    async def broken(request: Request) -> HTTPResponse:
        raise ValueError("a secret")

    return app


async def test_a_fault_is_logged_and_tells_nobody_what_it_was(
    app: Sanic, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        serving(app) as url,
        aiohttp.ClientSession() as client,
        client.get(f"{url}/broken") as response,
    ):
        assert response.status == 500
        assert "secret" not in await response.text()
    assert "GET /broken failed" in caplog.text


async def test_who_hangs_up_is_no_fault(app: Sanic, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with serving(app) as url:
        async with aiohttp.ClientSession() as client:
            asking = asyncio.create_task(client.get(f"{url}/slow"))
            await app.ctx.reached.wait()
            asking.cancel()
        async with asyncio.timeout(5):
            while "nobody waits" not in caplog.text:  # noqa: ASYNC110 (a log has no event)
                await asyncio.sleep(0.02)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
