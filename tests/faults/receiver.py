"""A shop's own system that takes webhooks: it writes down what it gets, and can be ill."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from myna.hub.webhooks import verify


@dataclass(frozen=True)
class Delivery:
    """One call that arrived."""

    key: str
    body: bytes
    genuine: bool
    """Whether the signature was right."""
    at: float
    """By the monotonic clock."""


@dataclass
class Receiver:
    """Takes calls; `handle` is for an aiohttp server."""

    secret: str
    rng: random.Random
    ill: float = 0.0
    """How likely a call is taken and answered by an error, or by nothing at all."""
    deliveries: list[Delivery] = field(default_factory=list)

    def until(self, moment: float, outbox: list[Any]) -> list[Delivery]:
        """What came before the outbox was read at this moment, and what came later out of it."""
        known = {row.key for row in outbox}
        return [one for one in self.deliveries if one.at < moment or one.key in known]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Any call."""
        body = await request.read()
        # the caller's clock may jump, so its age is not judged
        moment = float(request.headers["Myna-Timestamp"])
        genuine = verify(self.secret, request.headers, body, moment)
        key = request.headers["Myna-Delivery"]
        self.deliveries.append(Delivery(key, body, genuine, time.monotonic()))
        if self.rng.random() >= self.ill:
            return web.Response()
        illness = self.rng.choice(("error", "cut", "slow"))
        if illness == "slow":
            await asyncio.sleep(6)
        elif illness == "cut":
            assert request.transport
            request.transport.abort()
        return web.Response(status=503, headers={"Retry-After": "1"})
