"""Agents at their desks: they take conversations, answer, put back, close, and get in the way."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from typing import Any

import aiohttp

from tests.faults.place import Place

_PATIENCE = 6.0
_FAULTS = (aiohttp.ClientError, TimeoutError, ValueError, KeyError)


class Agent:
    """One agent with one open desk."""

    def __init__(self, place: Place, login: str, password: str, rng: random.Random) -> None:
        self._place = place
        self.replies: dict[str, str] = {}
        """Echo id → conversation, of what was acknowledged."""
        self.refusals: list[str] = []
        """Answers that nobody should get."""
        self._login, self._password = login, password
        self._rng = rng
        self._http = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"X-Myna": "desk"}
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._written = 0

    async def come(self) -> None:
        """Opens the desk."""
        self._tasks = [asyncio.create_task(self._be_there()), asyncio.create_task(self._work())]

    async def go(self) -> None:
        """Leaves."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.close()

    async def _be_there(self) -> None:
        """Live events; while they are open, the agent counts as there."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=2, sock_read=20)
        while True:
            with suppress(*_FAULTS):
                url = self._url("/events")
                async with self._http.get(url, timeout=timeout) as response:
                    if response.status == 401:
                        await self._log_in()
                    async for _ in response.content:
                        pass
            await asyncio.sleep(0.3)

    async def _work(self) -> None:
        steps = (self._take, self._serve, self._serve, self._serve, self._interfere)
        while True:
            await asyncio.sleep(self._rng.uniform(0.1, 0.4))
            with suppress(*_FAULTS):
                await self._rng.choice(steps)()

    async def _take(self) -> None:
        """Claims one that waits, at a version that may be old."""
        if one := await self._some("queue"):
            await self._ask(f"/conversations/{one['id']}/claim", {"version": one["version"]})

    async def _serve(self) -> None:
        """Goes on with a conversation that is this agent's."""
        one = await self._some("mine")
        if one is None:
            return
        at = {"version": one["version"]}
        match self._rng.random():
            case chance if chance < 0.5:
                await self._reply(one["id"])
            case chance if chance < 0.85:
                await self._ask(f"/conversations/{one['id']}/resolve", at)
            case chance if chance < 0.93:
                await self._ask(f"/conversations/{one['id']}/release", at)
            case _:
                await self._ask(f"/conversations/{one['id']}/notes", {"text": "a note"})

    async def _interfere(self) -> None:
        """Answers where the bot is just being written to, or closes it."""
        if one := await self._some("all", owner="bot", newest=5):
            if self._rng.random() < 0.7:
                await self._reply(one["id"])
            else:
                at = {"version": one["version"]}
                await self._ask(f"/conversations/{one['id']}/resolve", at)

    async def _reply(self, conversation_id: str) -> None:
        """Sends a message, twice at once now and then."""
        self._written += 1
        echo_id = f"{self._login}-{self._written}"
        body = {"echo_id": echo_id, "text": f"agent's {echo_id}"}
        path = f"/conversations/{conversation_id}/messages"
        copies = 2 if self._rng.random() < 0.2 else 1
        answers = await asyncio.gather(*(self._ask(path, body) for _ in range(copies)))
        if any(status in (200, 201) for status in answers):
            self.replies[echo_id] = conversation_id

    async def _some(
        self, view: str, owner: str | None = None, newest: int = 50
    ) -> dict[str, Any] | None:
        timeout = aiohttp.ClientTimeout(total=_PATIENCE)
        url = self._url(f"/conversations?view={view}")
        async with self._http.get(url, timeout=timeout) as response:
            if response.status == 401:
                await self._log_in()
                return None
            listed = (await response.json())["conversations"]
        found = [one for one in listed if owner in (None, one["owner"])]
        return self._rng.choice(found[:newest]) if found else None

    async def _ask(self, path: str, body: dict[str, Any]) -> int:
        """Sends until there is an answer; its status."""
        timeout = aiohttp.ClientTimeout(total=_PATIENCE)
        while not self._place.over:
            with suppress(*_FAULTS):
                async with self._http.post(self._url(path), json=body, timeout=timeout) as response:
                    text = await response.text()
                    if response.status == 401:
                        await self._log_in()
                    elif response.status < 500:
                        if response.status not in (200, 201, 409):
                            self.refusals.append(f"{path}: {response.status} {text}")
                        return response.status
            await asyncio.sleep(0.3)
        return 0

    async def _log_in(self) -> None:
        body = {"login": self._login, "password": self._password}
        timeout = aiohttp.ClientTimeout(total=_PATIENCE)
        async with self._http.post(self._url("/login"), json=body, timeout=timeout) as response:
            if response.status == 429:  # a front server died between password and answer too often
                await asyncio.sleep(5)

    def _url(self, path: str) -> str:
        return f"{self._place.front(self._rng)}/api/v1/desk{path}"
