"""The hub's client of the brain, with a server that can do everything wrong."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from myna.brain.protocol import TurnRequest
from myna.hub import brain as module
from myna.hub.brain import BrainUnavailable, HttpBrain, Separate
from tests.helpers import BRAIN_TOKEN, BrainServer, Step, answer

REQUEST: TurnRequest = {
    "conversation": "c1",
    "message": "c1:1",
    "text": "hello",
    "parts": [],
    "choice": None,
    "language": None,
    "customer": {
        "channel": "web",
        "proof": None,
        "failed_proofs": 0,
        "guarded_orders": [],
        "customer_id": None,
        "people_available": False,
    },
}
ABORTED = {"status": "aborted", "reason": "the action server failed"}


@pytest.fixture
async def client(
    brain_server: BrainServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[..., HttpBrain]]:
    monkeypatch.setattr(module, "_PAUSES", (0.01, 0.02))
    made: list[HttpBrain] = []

    def connect(url: str = "", token: str = BRAIN_TOKEN, seconds: float = 3) -> HttpBrain:
        made.append(HttpBrain(url or brain_server.url, token, seconds))
        return made[-1]

    yield connect
    for brain in made:
        await brain.close()


def broken(**changes: Any) -> dict[str, Any]:
    """An answer that lacks something, or has it in another shape."""
    return {**answer("hi"), **changes}


BAD: dict[str, Step] = {
    "aborted": lambda: web.json_response(ABORTED, status=503),
    "500 in HTML": lambda: web.Response(status=500, text="<h1>oops</h1>", content_type="text/html"),
    "no JSON": lambda: web.Response(text="{", content_type="application/json"),
    "a list": lambda: web.json_response([1]),
    "null": lambda: web.json_response(None),
    "other status": lambda: web.json_response(broken(status="fine")),
    "no intent": lambda: web.json_response({k: v for k, v in answer().items() if k != "intent"}),
    "no buttons": lambda: web.json_response(broken(messages=[{"text": "a", "response": None}])),
    "bad button": lambda: web.json_response(
        broken(messages=[{"text": "a", "response": None, "buttons": [{"title": "b"}]}])
    ),
    "a card of no title": lambda: web.json_response(
        broken(messages=[{"text": "a", "response": None, "buttons": [], "cards": [{}]}])
    ),
    "commands without type": lambda: web.json_response(broken(commands=[{"reason": "x"}])),
    "a failure of no order": lambda: web.json_response(broken(commands=[{"type": "proof_failed"}])),
    "another language": lambda: web.json_response(broken(language=7)),
    "another proof": lambda: web.json_response(broken(proof="yes")),
    "no slots": lambda: web.json_response({k: v for k, v in answer().items() if k != "slots"}),
    "a case of no kind": lambda: web.json_response(
        broken(commands=[{"type": "open_case", "summary": "x"}])
    ),
    "a list as status": lambda: web.json_response(broken(status=["answered"])),
    "503 in JSON": lambda: web.json_response({"error": "busy"}, status=503),
}


@pytest.mark.parametrize("fault", BAD)
async def test_a_fault_is_tried_again(
    brain_server: BrainServer, client: Callable[..., HttpBrain], fault: str
) -> None:
    brain_server.steps = [BAD[fault]]
    assert await client().turn(REQUEST) == answer("hi")
    assert brain_server.bodies == [REQUEST, REQUEST], "the same message id both times"


@pytest.mark.parametrize("fault", BAD)
async def test_a_fault_that_stays_is_told(
    brain_server: BrainServer, client: Callable[..., HttpBrain], fault: str
) -> None:
    brain_server.steps = [BAD[fault]] * 1000
    with pytest.raises(BrainUnavailable):
        await client(seconds=0.2).turn(REQUEST)
    assert len(brain_server.bodies) > 1
    assert all(body == REQUEST for body in brain_server.bodies)


async def test_a_brain_that_restarts_is_waited_for(
    brain_server: BrainServer, client: Callable[..., HttpBrain]
) -> None:
    brain_server.steps = [BAD["500 in HTML"]] * 25
    assert await client().turn(REQUEST) == answer("hi")
    assert len(brain_server.bodies) == 26


async def test_a_brain_that_stays_away_keeps_nobody_waiting_again(
    client: Callable[..., HttpBrain], unused_port: int
) -> None:
    brain = client(f"http://127.0.0.1:{unused_port}", seconds=0.5)
    spent = []
    for _ in range(2):
        began = time.monotonic()
        with pytest.raises(BrainUnavailable):
            await brain.turn(REQUEST)
        spent.append(time.monotonic() - began)
        await asyncio.sleep(0.1)
    assert spent[0] > 0.4
    assert spent[1] < 0.2


async def test_a_brain_that_came_back_is_waited_for_again(
    brain_server: BrainServer, client: Callable[..., HttpBrain], unused_port: int
) -> None:
    brain = client(f"http://127.0.0.1:{unused_port}", seconds=0.2)
    with pytest.raises(BrainUnavailable):
        await brain.turn(REQUEST)
    brain._url = brain_server.url
    assert await brain.turn(REQUEST) == answer("hi")
    brain_server.steps = [BAD["500 in HTML"]] * 3
    assert await brain.turn(REQUEST) == answer("hi")


async def test_one_hanging_answer_takes_all_the_time_there_is(
    brain_server: BrainServer, client: Callable[..., HttpBrain]
) -> None:
    """Who takes long may be working: a second request at the same time would help nobody."""
    brain_server.steps = [None]
    with pytest.raises(BrainUnavailable):
        await client(seconds=0.2).turn(REQUEST)
    assert len(brain_server.bodies) == 1


async def test_different_matters(
    brain_server: BrainServer, client: Callable[..., HttpBrain]
) -> None:
    brain_server.steps = [lambda: web.json_response({"status": "separate"})]
    with pytest.raises(Separate):
        await client().turn(REQUEST)
    assert len(brain_server.bodies) == 1, "asked once: it is no fault"


async def test_an_outcome(brain_server: BrainServer, client: Callable[..., HttpBrain]) -> None:
    brain = client()
    assert await brain.outcome("c1", "c1:1") is None
    brain_server.steps = [lambda: web.json_response(answer("late"))]
    assert await brain.outcome("c1", "c1:2") == answer("late")
    assert brain_server.bodies == [
        {"conversation": "c1", "message": "c1:1"},
        {"conversation": "c1", "message": "c1:2"},
    ]


@pytest.mark.parametrize("fault", BAD)
async def test_an_outcome_is_asked_for_once(
    brain_server: BrainServer, client: Callable[..., HttpBrain], fault: str
) -> None:
    """There is time: it is asked for again with the next look."""
    brain_server.steps = [BAD[fault]]
    with pytest.raises(BrainUnavailable):
        await client().outcome("c1", "c1:1")
    assert len(brain_server.bodies) == 1


async def test_a_hanging_brain_has_its_time_and_no_more(
    brain_server: BrainServer, client: Callable[..., HttpBrain]
) -> None:
    brain_server.steps = [None] * 20
    async with asyncio.timeout(2):
        with pytest.raises(BrainUnavailable):
            await client(seconds=0.2).turn(REQUEST)


async def test_nobody_listens(client: Callable[..., HttpBrain], unused_port: int) -> None:
    brain = client(f"http://127.0.0.1:{unused_port}", seconds=0.1)
    with pytest.raises(BrainUnavailable):
        await brain.turn(REQUEST)
    with pytest.raises(BrainUnavailable):
        await brain.reset("c1")
    with pytest.raises(BrainUnavailable):
        await brain.outcome("c1", "c1:1")
    assert not await brain.ready()


async def test_the_wrong_token(client: Callable[..., HttpBrain]) -> None:
    brain = client(token="another", seconds=0.1)
    with pytest.raises(BrainUnavailable):
        await brain.turn(REQUEST)
    assert not await brain.ready()


async def test_reset(brain_server: BrainServer, client: Callable[..., HttpBrain]) -> None:
    brain = client()
    assert await brain.ready()
    await brain.reset("c1")
    assert brain_server.bodies == [{"conversation": "c1"}]


@pytest.mark.parametrize("fault", ["aborted", "500 in HTML", "no JSON", "a list", "null"])
async def test_a_reset_that_was_not_confirmed(
    brain_server: BrainServer, client: Callable[..., HttpBrain], fault: str
) -> None:
    brain_server.steps = [BAD[fault]] * 1000
    with pytest.raises(BrainUnavailable):
        await client(seconds=0.1).reset("c1")


async def test_connections_are_kept_and_closed(client: Callable[..., HttpBrain]) -> None:
    brain = client()
    await brain.turn(REQUEST)
    session = brain._session
    await brain.turn(REQUEST)
    assert isinstance(session, aiohttp.ClientSession)
    assert brain._session is session
    await brain.close()
    assert session.closed
