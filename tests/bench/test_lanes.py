"""Each lane waits for its own kind of answer and knows a wrong one."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse, json

from myna import web
from myna.bench import BenchError
from myna.bench.lanes import BrainLane, Lane, StockLane, WebLane
from myna.brain.protocol import TURN_PATH
from myna.channels import web as web_channel
from myna.hub.hub import Hub
from myna.texts import Catalogue

from ..helpers import FakeBrain, answer, serving

Serve = Callable[[str, Any], Awaitable[str]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serves one answer at one path, and remembers nothing."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(path: str, content: Any) -> str:
            app = Sanic("bench_side")

            @app.post(path)
            async def given(request: Request) -> HTTPResponse:
                if path == TURN_PATH and request.token != "the token":
                    return json({"status": "refused"}, 401)
                return json(content)

            return await stack.enter_async_context(serving(app))

        yield start


async def right(lane: Lane) -> bool:
    """Whether a greeting was expected."""
    async with lane.conversation() as talk:
        sample = await talk.say("hello there", "utter_greet")
    assert sample.milliseconds > 0
    return sample.right


@pytest.mark.parametrize(("response", "expected"), [("utter_greet", True), ("utter_x", False)])
async def test_web(
    hub: Hub, brain: FakeBrain, catalogue: Catalogue, response: str, expected: bool
) -> None:
    brain.script = [answer("Hello", response=response)]
    app = Sanic("bench_front")
    web.install(app)
    app.blueprint(web_channel.blueprint(hub, catalogue, "a key"))
    async with serving(app) as url:
        assert await right(WebLane(url)) is expected
    assert brain.requests[0]["language"] == "en"


async def test_a_message_that_the_front_refuses(hub: Hub, catalogue: Catalogue) -> None:
    app = Sanic("bench_front")
    web.install(app)
    app.blueprint(web_channel.blueprint(hub, catalogue, "a key"))
    async with serving(app) as url, WebLane(url).conversation() as talk:
        with pytest.raises(BenchError, match="refused a message"):
            await talk.say("x" * 100_000, "utter_greet")


@pytest.mark.parametrize(("response", "expected"), [("utter_greet", True), ("utter_x", False)])
async def test_brain(serve: Serve, response: str, expected: bool) -> None:
    url = await serve(TURN_PATH, answer("Hello", response=response))
    assert await right(BrainLane(url, "the token")) is expected


@pytest.mark.parametrize(
    ("texts", "expected"), [(["Hello"], True), (["Bye"], False), (["Hello", "Hello"], False)]
)
async def test_stock(serve: Serve, texts: list[str], expected: bool) -> None:
    url = await serve("/webhooks/rest/webhook", [{"text": text} for text in texts])
    assert await right(StockLane(url, {"utter_greet": [{"text": "Hello"}]})) is expected


async def test_nobody_answers(unused_port: int) -> None:
    with pytest.raises(BenchError, match="did not answer"):
        await right(StockLane(f"http://127.0.0.1:{unused_port}", {"utter_greet": []}))
