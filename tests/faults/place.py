"""Where customers and agents meet, and what goes wrong there."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import sqlalchemy as sa


@dataclass
class Place:
    """A running installation, as those who use it see it."""

    rng: random.Random
    hub: sa.engine.Engine
    """The hub's database, for looking at it."""
    addresses: list[str]
    """Of the front servers."""
    accounts: dict[str, str]
    """Log-in and password of the agents who come."""
    faults: list[tuple[float, float]] = field(default_factory=list, init=False)
    """From when until when something was wrong, by the monotonic clock."""
    over: bool = field(default=False, init=False)
    """Nobody is to go on."""

    def front(self, rng: random.Random) -> str:
        """The address of a front server, as a load balancer gives it."""
        return rng.choice(self.addresses)

    @contextmanager
    def fault(self) -> Iterator[None]:
        """Notes that something is wrong meanwhile."""
        begin = time.monotonic()
        try:
            yield
        finally:
            self.faults.append((begin, time.monotonic()))


async def wait_until(done: Callable[[], bool], seconds: float = math.inf) -> bool:
    """Waits until something has come true; False if it does not, in time."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.02)
    return True
