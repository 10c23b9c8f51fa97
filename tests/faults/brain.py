"""A light brain: keeps the contract of `myna.brain.protocol`, remembers, and can be ill.

`python -m tests.faults.brain PORT FOLDER TOKEN`. The first word of a message says what is to be
done with it; every message carries a word of its own (its token), which the answer repeats. As the
real brain it gives the first answer again to a message id it knows, joins a turn that is running,
writes a turn under a version, and answers 503 `aborted` when nothing was stored. Its effect stands
for the shop: done under the message id as idempotency key, before the turn is stored.

It is as strict as the contract and writes down what the hub does wrong (`complaints`).
"""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from myna.brain.protocol import (
    HEALTH_PATH,
    OUTCOME_PATH,
    RESET_PATH,
    TURN_PATH,
    Answer,
    TurnRequest,
    is_answer,
)
from tests.faults.answers import respond, words, wrong
from tests.faults.steps import Steps

STEPS = ("begun", "acted", "written", "stored")
"""Where a turn can be cut off: before anything, after its effect, before and after the commit."""

ILLNESSES = ("abort", "mute", "garbage", "hang", "late")
"""`abort`: 503 before anything is done; `mute`: all is done and the connection is cut; `garbage`:
all is done and the answer has another shape; `hang`: never answers and does nothing; `late`: does
all, but after the hub has given up."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS versions (conversation TEXT PRIMARY KEY, version INT NOT NULL);
CREATE TABLE IF NOT EXISTS effects (message TEXT PRIMARY KEY, words TEXT NOT NULL, tries INT);
CREATE TABLE IF NOT EXISTS outcomes
    (message TEXT PRIMARY KEY, conversation TEXT NOT NULL, words TEXT NOT NULL, answer TEXT);
CREATE TABLE IF NOT EXISTS complaints (text TEXT NOT NULL);
"""
_GARBAGE: tuple[Any, ...] = (
    [],
    None,
    "answered",
    {"status": "answered"},
    {"status": "answered", "messages": [{"text": 7}], "commands": [], "slots": {}},
)
_HANGING, _LATE = 60.0, 27.0  # seconds


class Aborted(Exception):
    """Nothing was stored."""


class Mute(Exception):
    """The connection is cut instead of an answer."""


class Separated(Exception):
    """The parts are different matters."""


@dataclass(frozen=True)
class Mode:
    """How the brain is doing; read anew for each turn from `mode.json` in its folder."""

    slow: float = 0.0
    """Seconds of a turn."""
    ill: tuple[tuple[str, float], ...] = ()
    """(illness, probability for a turn)"""

    def write(self, folder: Path) -> None:
        """Lets the brain in this folder be so from now on."""
        draft = folder / "mode.draft"
        draft.write_text(json.dumps({"slow": self.slow, "ill": self.ill}))
        draft.replace(folder / "mode.json")

    @classmethod
    def read(cls, folder: Path) -> Mode:
        """As it was written last."""
        found = json.loads((folder / "mode.json").read_text())
        return cls(found["slow"], tuple((name, chance) for name, chance in found["ill"]))


class LightBrain:
    """Turns, and what is kept of them."""

    def __init__(self, folder: Path, token: str) -> None:
        self._folder = folder
        self._token = token
        self._steps = Steps(folder / "step")
        self._memory = sqlite3.connect(folder / "brain.db", isolation_level=None)
        self._memory.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; {_SCHEMA}")
        self._running: dict[str, asyncio.Task[Answer]] = {}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Any request."""
        if request.headers.get("Authorization") != f"Bearer {self._token}":
            return web.json_response({"error": "token"}, status=401)
        if request.path == HEALTH_PATH:
            return web.json_response({"ready": True})
        body = await request.json()
        try:
            return web.json_response(await self._asked(request.path, body))
        except Separated:
            return web.json_response({"status": "separate"})
        except Aborted as fault:
            return web.json_response({"status": "aborted", "reason": str(fault)}, status=503)
        except Mute:
            assert request.transport
            request.transport.abort()
            return web.Response()

    async def _asked(self, path: str, body: Any) -> Any:
        if path == TURN_PATH:
            return await self._turn(body)
        if path == RESET_PATH and set(body) == {"conversation"}:
            self._advance(body["conversation"], self._version(body["conversation"]))
            return {"status": "reset"}
        if path == OUTCOME_PATH and set(body) == {"conversation", "message"}:
            if running := self._running.get(body["message"]):
                await asyncio.wait([running])
            return self._known(body["message"]) or {"status": "unknown"}
        self._complain(f"{path} with {sorted(body)}")
        raise Aborted("no such request")

    # --- a turn

    async def _turn(self, turn: TurnRequest) -> Any:
        if fault := wrong(turn):
            self._complain(f"{turn.get('message')}: {fault}")
            raise Aborted(fault)
        illness = self._illness()
        if illness == "abort":
            raise Aborted("ill")
        if illness == "hang":
            await asyncio.sleep(_HANGING)
            raise Aborted("hung")
        running = self._running.get(turn["message"])
        if running is None:
            running = asyncio.create_task(self._run(turn, _LATE if illness == "late" else 0.0))
            self._running[turn["message"]] = running
            running.add_done_callback(lambda _: self._running.pop(turn["message"]))
        answer = await asyncio.shield(running)
        if illness == "mute":
            raise Mute
        return random.choice(_GARBAGE) if illness == "garbage" else answer

    def _illness(self) -> str | None:
        chance = random.random()
        for illness, probability in Mode.read(self._folder).ill:
            chance -= probability
            if chance < 0:
                return illness
        return None

    async def _run(self, turn: TurnRequest, delay: float) -> Answer:
        message, said = turn["message"], words(turn)
        known: Answer | None = self._known(message)
        if known:
            self._same_words(message, said)
            return known
        if any(part.startswith("apart") for part in turn["parts"]):
            raise Separated
        version = self._version(turn["conversation"])
        self._steps.reach("begun")
        await asyncio.sleep(delay + Mode.read(self._folder).slow / 2)
        self._act(message, said)
        self._steps.reach("acted")
        await asyncio.sleep(Mode.read(self._folder).slow / 2)
        answer = respond(turn)
        assert is_answer(answer)
        with self._memory:
            self._memory.execute("BEGIN IMMEDIATE")
            self._advance(turn["conversation"], version)
            self._memory.execute(
                "INSERT INTO outcomes VALUES (?, ?, ?, ?)",
                (message, turn["conversation"], json.dumps(said), json.dumps(answer)),
            )
            self._steps.reach("written")
        self._steps.reach("stored")
        return answer

    def _act(self, message: str, said: list[str]) -> None:
        """What a shop does once for each idempotency key, however often it is asked."""
        self._memory.execute(
            "INSERT INTO effects VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET tries = tries + 1",
            (message, json.dumps(said)),
        )

    # --- the memory

    def _known(self, message: str) -> Any:
        row = self._memory.execute(
            "SELECT answer FROM outcomes WHERE message = ?", (message,)
        ).fetchone()
        return json.loads(row[0]) if row else None

    def _same_words(self, message: str, said: list[str]) -> None:
        row = self._memory.execute(
            "SELECT words FROM outcomes WHERE message = ?", (message,)
        ).fetchone()
        if json.loads(row[0]) != said:
            self._complain(f"{message} was {row[0]} and is {json.dumps(said)} now")

    def _version(self, conversation: str) -> int:
        row = self._memory.execute(
            "SELECT version FROM versions WHERE conversation = ?", (conversation,)
        ).fetchone()
        return row[0] if row else 0

    def _advance(self, conversation: str, version: int) -> None:
        """Raises Aborted if somebody else has written the conversation since."""
        if self._version(conversation) != version:
            raise Aborted("TrackerConflict")
        self._memory.execute("REPLACE INTO versions VALUES (?, ?)", (conversation, version + 1))

    def _complain(self, text: str) -> None:
        self._memory.execute("INSERT INTO complaints VALUES (?)", (text,))


def main() -> None:
    """Serves on loopback until it is ended."""
    port, folder, token = sys.argv[1:]
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", LightBrain(Path(folder), token).handle)
    web.run_app(app, host="127.0.0.1", port=int(port), print=None, access_log=None)


if __name__ == "__main__":
    main()
