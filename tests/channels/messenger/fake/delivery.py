"""Meta's calls of the webhook: signed over escaped bytes, with a deadline, repeated until 200."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections import defaultdict
from typing import Any

import aiohttp

from .faults import Delivery
from .world import APP_SECRET, PAGE, World

DEADLINE = 5.0
GIVE_UP = 3600.0


class Webhook:
    """Delivers events to the channel under test.

    Args:
        world: whose clock counts.
        pause: seconds before the first repetition, in real time; doubled each time.
    """

    def __init__(self, world: World, pause: float = 0.2) -> None:
        self.world = world
        self.url = ""
        self.pause = pause
        self.faults = Delivery()
        self.seconds: list[float] = []
        """How long each answer took."""
        self.statuses: list[int] = []
        self.subscribed = True
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._gathered: list[tuple[str, dict[str, Any]]] = []

    def tell(
        self, event: dict[str, Any], user: str, page: str = PAGE, field: str = "messaging"
    ) -> None:
        """Puts an event on its way."""
        if not self.url or not self.subscribed:
            return
        entry = {"id": page, "time": round(self.world.now() * 1000), field: [event]}
        self._gathered.append((user, entry))
        if self.world.random.random() < self.faults.duplicated:
            self._gathered.append((user, entry))
        if len(self._gathered) >= self.faults.batch:
            self.flush()

    def flush(self) -> None:
        """Sends what is gathered for a batch."""
        found, self._gathered = self._gathered, []
        if not found:
            return
        if self.world.random.random() < self.faults.reordered:
            self.world.random.shuffle(found)
        body = {"object": "page", "entry": [entry for _, entry in found]}
        self._begin(self._deliver(body, found[0][0]))

    async def post(self, body: Any, signature: str | None = None) -> int:
        """One call with any body; its status."""
        raw = json.dumps(body).encode()  # escapes what is not ASCII, as Meta does
        return await self.post_raw(raw, signature or sign(raw))

    async def post_raw(self, raw: bytes, signature: str) -> int:
        """One call; its status, 0 if there was no answer in time."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=DEADLINE))
        began = time.monotonic()
        headers = {"X-Hub-Signature-256": signature, "Content-Type": "application/json"}
        try:
            async with self._session.post(self.url, data=raw, headers=headers) as response:
                await response.read()
                status = response.status
        except (aiohttp.ClientError, TimeoutError):
            return 0
        self.seconds.append(time.monotonic() - began)
        self.statuses.append(status)
        return status

    async def settled(self) -> None:
        """Waits until nothing is on its way any more."""
        self.flush()
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Gives up what is on its way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session:
            await self._session.close()

    def _begin(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, body: dict[str, Any], user: str) -> None:
        raw = json.dumps(body).encode()
        began, pause = self.world.now(), self.pause
        async with self._locks[user]:  # the first try keeps a user's order
            done = await self._try(raw)
        while not done:
            if self.world.now() - began > GIVE_UP:
                self.subscribed = False
                return
            await asyncio.sleep(pause)
            pause = min(2 * pause, 5.0)
            done = await self._try(raw)

    async def _try(self, raw: bytes) -> bool:
        random, faults = self.world.random, self.faults
        if random.random() < faults.wrongly_signed:
            assert await self.post_raw(raw, "sha256=" + "0" * 64) in (401, 403, 0)
        if random.random() < faults.truncated:
            assert await self.post_raw(raw[: len(raw) // 2], sign(raw)) in (401, 403, 0)
        return await self.post_raw(raw, sign(raw)) == 200


def sign(raw: bytes) -> str:
    """`X-Hub-Signature-256`."""
    return "sha256=" + hmac.new(APP_SECRET.encode(), raw, hashlib.sha256).hexdigest()
