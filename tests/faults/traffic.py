"""Customers and agents at work, all at once."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import sqlalchemy as sa

from myna.hub import schema
from tests.faults.agents import Agent
from tests.faults.customers import Customer
from tests.faults.evidence import History, Witnessed
from tests.faults.place import Place, wait_until

_UNDONE = (
    sa.select(schema.messages.c.id).where(schema.messages.c.state == "pending"),
    sa.select(schema.outbox.c.id).where(schema.outbox.c.state.in_(("waiting", "sending"))),
)
_UNKNOWN = (sa.select(schema.messages.c.id).where(schema.messages.c.state == "abandoned"),)


class Traffic:
    """Customers and agents.

    Args:
        place: where they come.
        wanted: at least so many messages are accepted.
        customers: all at once.
        pause: seconds between two acts of a customer, on average.
        kind: what customers do.
    """

    def __init__(
        self,
        place: Place,
        wanted: int,
        customers: int,
        pause: float,
        kind: type[Customer] = Customer,
    ) -> None:
        self.patience = 120.0
        """Seconds of calm after which what has not happened counts as lost."""
        self._wanted = wanted
        self._place = place
        self._pause = pause
        self.customers = [
            kind(place, number, random.Random(place.rng.random())) for number in range(customers)
        ]
        self.agents = [
            Agent(place, login, password, random.Random(place.rng.random()))
            for login, password in place.accounts.items()
        ]
        self._acting: list[asyncio.Task[None]] = []
        self._speaking = asyncio.Event()
        self._speaking.set()
        self._troubled = True

    @property
    def accepted(self) -> int:
        """Messages that were acknowledged."""
        return sum(sent.seq is not None for c in self.customers for sent in c.sent)

    @property
    def enough(self) -> bool:
        """Whether as many messages were accepted as are wanted."""
        return self.accepted >= self._wanted

    @property
    def witnessed(self) -> list[Witnessed]:
        """What the customers know."""
        return [Witnessed(c.conversation, c.sent, c.views, c.refusals) for c in self.customers]

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Everybody comes and begins; nobody is left at the end, whatever happens."""
        try:
            await self._begin()
            yield
        finally:
            for task in self._acting:
                task.cancel()
            await asyncio.gather(*self._acting, return_exceptions=True)
            await asyncio.gather(*(one.go() for one in self.agents))
            await asyncio.gather(*(one.go() for one in self.customers))

    async def _begin(self) -> None:
        await asyncio.gather(*(one.come() for one in self.agents))
        await asyncio.gather(*(one.come() for one in self.customers))
        self._acting = [asyncio.create_task(self._act(customer)) for customer in self.customers]

    async def _act(self, customer: Customer) -> None:
        rng = random.Random(customer.conversation)
        while self._troubled or not self.enough:
            await self._speaking.wait()
            await customer.act()
            await asyncio.sleep(rng.expovariate(1 / self._pause))

    @contextmanager
    def silence(self) -> Iterator[None]:
        """No customer begins anything new meanwhile, so that nothing they do wakes anybody up."""
        self._speaking.clear()
        try:
            yield
        finally:
            self._speaking.set()

    async def end(self) -> None:
        """Waits until enough was said, everything has its outcome, and the agents have left."""
        self._troubled = False
        await asyncio.gather(*self._acting)
        await self._none_left(_UNDONE, self.patience)
        for agent in self.agents:
            await agent.go()

    async def hear_of_all(self, seconds: float) -> None:
        """Waits until the caretaker has asked what became of the turns that were given up."""
        await self._none_left(_UNKNOWN, seconds)

    async def read_on(self, histories: dict[str, History]) -> None:
        """Waits until every page has shown what stands in these histories, and closes them."""
        await asyncio.gather(
            *(
                self._read_to(customer, histories[customer.conversation])
                for customer in self.customers
                if customer.conversation in histories  # who has written at all
            )
        )

    async def _read_to(self, customer: Customer, history: History) -> None:
        last = max(row.seq for row in history.messages if row.author != "note")
        await wait_until(lambda: min(view.last for view in customer.views) >= last, self.patience)
        await customer.go()

    async def _none_left(self, queries: Sequence[Any], seconds: float) -> None:
        """Waits until none of these finds anything, or the time is over."""

        def anything() -> bool:
            with self._place.hub.connect() as connection:
                return any(connection.execute(query.limit(1)).first() for query in queries)

        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not await asyncio.to_thread(anything):
                return
            await asyncio.sleep(0.2)
