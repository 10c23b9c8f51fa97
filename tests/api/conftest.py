"""The whole front server, with its own brain, in a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from sanic import Sanic

from myna import front
from myna.brain.protocol import Answer, TurnRequest
from myna.database import Database
from myna.hub import agents
from myna.hub.agents import Agents
from myna.texts import Catalogue
from tests.helpers import FakeBrain, adapted, answer, serving

SECONDS = 10.0


class Served(NamedTuple):
    """A running server."""

    address: str
    token: str
    """Of a program."""


class Brain(FakeBrain):
    """Hands over what asks for it; wants no address, and nothing to close."""

    def __init__(self, *_: object) -> None:
        super().__init__()

    async def turn(self, request: TurnRequest) -> Answer:
        """Repeats what it is told."""
        if "person" in (request["text"] or ""):
            return answer("a colleague", commands=[{"type": "hand_over", "reason": "asked"}])
        return answer("ok", buttons=[{"title": "Yes", "payload": "/affirm"}])

    async def close(self) -> None:
        """Nothing."""


def roomy() -> Catalogue:
    """The shop, which lets everybody write as fast as they like."""
    limits = {"messages_per_minute": 10**6, "newcomers_per_minute": 10**6}
    return adapted(Catalogue(), limits={**limits, "waiting_messages": 10**6}).catalogue


@contextmanager
def in_a_thread(app: Sanic) -> Iterator[str]:
    """The application, served by a loop of its own; yields its address."""
    address, ready, loop = "", threading.Event(), asyncio.new_event_loop()
    done = asyncio.Event()

    async def serve() -> None:
        nonlocal address
        async with serving(app) as address:
            ready.set()
            await done.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=[serve()], daemon=True)
    thread.start()
    assert ready.wait(SECONDS)
    try:
        yield address
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(SECONDS)
        loop.close()


@pytest.fixture(scope="package")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MYNA_HOME", str(home))
        patch.delenv("MYNA_DATABASE", raising=False)
        patch.setattr(front, "HttpBrain", Brain)
        patch.setattr(front, "Catalogue", roomy)
        patch.setattr(agents, "_COST", {"n": 2, "r": 8, "p": 1})
        with in_a_thread(front.create_app()) as address:
            yield Served(address, token_of(home))


def token_of(home: Path) -> str:
    database = Database(f"sqlite:///{home / 'hub.db'}")

    async def make() -> str | None:
        token = await Agents(database).make_token(front.FIRST_AGENT[0], "tests")
        await database.close()
        return token

    token = asyncio.run(make())
    assert token
    return token
