"""Carries what is in the outbox to its receivers: in order, again after faults, never lost.

What shares a lane (a conversation, a webhook's address) goes out in order: the next item waits
until the one before it is done. Lanes run side by side. An item is taken under a lease, so that
several processes may carry; what a crash left half sent is reconciled, repeated only where the
receiver drops doubles, and otherwise called unknown.

Clocks may be set. Set forward, a clock ends pauses and leases early, which does no harm, and no
item's life; set back, it would hold everything up, so what was noted in the future is due.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from myna.database import Database, writes
from myna.hub import schema
from myna.hub.model import now
from myna.hub.receipts import RECEIPTS, Receipts

logger = logging.getLogger(__name__)

_O = schema.outbox

_UNDONE = ("waiting", "sending")  # the next item of the lane has to wait
_LOOK_SECONDS = 1.0
_LEASE = timedelta(seconds=60)
_SEND_SECONDS = 30.0  # and as long again for noting what became of it, before the lease is over
_NOTES = 30
_STOP_SECONDS = 3.0
_AT_ONCE = 16  # lanes of one carrier
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 240.0  # seconds between tries, and up to a quarter more
_LONGEST_ASKED = 3600.0  # no receiver's mistake silences its lane for longer
_DOUBLINGS = 8
_KEPT = timedelta(days=30)
_TIDY_SECONDS = 3600.0
_ERROR = 500  # characters


@dataclass(frozen=True)
class Item:
    """Something to be carried."""

    id: int
    carrier: str
    lane: str
    key: str
    """Given to the receiver, who drops doubles by it."""
    payload: dict[str, Any]
    tries: int
    """Tries before this one."""


@dataclass(frozen=True)
class Sent:
    """The receiver has it."""

    external_id: str | None = None
    """The receiver's own name of it, by which later receipts are recognised."""


@dataclass(frozen=True)
class Later:
    """The receiver certainly does not have it; to be tried again."""

    reason: str
    after_seconds: float | None = None
    """As the receiver asks; None: by our own measure."""


@dataclass(frozen=True)
class Refused:
    """The receiver will never take it."""

    reason: str


@dataclass(frozen=True)
class Unknown:
    """The receiver may have it."""

    reason: str


Result = Sent | Later | Refused | Unknown


class Carrier(Protocol):
    """Delivers to one kind of receiver."""

    idempotent: bool
    """Whether receivers drop doubles, so that an item of unknown fate may be sent again."""

    async def send(self, item: Item) -> Result:
        """Tries once, within a time limit of its own."""

    async def reconcile(self, item: Item) -> Result | None:
        """What became of an item whose sending was cut off; None if that cannot be found out."""

    async def close(self) -> None:
        """Closes connections."""


class Courier(Receipts):
    """Carries what is due.

    Args:
        database: the hub's.
        carriers: by the name in the outbox's `carrier`; items of others stay where they are.
        worker: names this process to the others that share the database.
        told: called with what became of each try.
    """

    def __init__(
        self,
        database: Database,
        carriers: Mapping[str, Carrier],
        worker: str,
        told: Callable[[Item, Result], None] | None = None,
    ) -> None:
        super().__init__(database)
        self._carriers = carriers
        self._worker = worker
        self._told = told
        self._poked = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None
        self._running: dict[asyncio.Task[None], Item] = {}
        self._began = now(), time.monotonic()

    def start(self) -> None:
        """Begins to carry."""
        self._task = asyncio.create_task(self._go_on())

    async def stop(self) -> None:
        """Takes no more; what is being sent has a moment to end, and is reconciled otherwise."""
        self._stopping = True
        self._poked.set()
        if self._task:
            # not cut off: what it takes at this moment would stay taken
            await self._task
        if self._running:
            await asyncio.wait(self._running, timeout=_STOP_SECONDS)
        for sending in self._running:
            sending.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        for carrier in self._carriers.values():
            await carrier.close()

    def poke(self) -> None:
        """Something has been put into the outbox: do not wait for the next look."""
        self._poked.set()

    async def work_off(self) -> int:
        """Carries everything that is due; returns how many tries that took."""
        tries, more = 0, True
        while more:
            # what ends during the look may let another item go
            busy = bool(self._running)
            begun = await self._begin()
            tries += begun
            more = busy or begun > 0
            if self._running:
                await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        return tries

    async def _go_on(self) -> None:
        tidy_at = -math.inf
        while not self._stopping:
            self._poked.clear()
            try:
                await self._begin()
                if time.monotonic() >= tidy_at:
                    await self._tidy(self._surely_now())
                    tidy_at = time.monotonic() + _TIDY_SECONDS
            except Exception:
                logger.exception("Carrying the outbox failed; it is tried again.")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._poked.wait(), _LOOK_SECONDS)

    async def _begin(self) -> int:
        """Begins to carry what is due, as far as there is room for it; how many items."""
        taken = await self._take(now(), self._surely_now(), tuple(self._running.values()))
        for item, cut_off in taken:
            sending = asyncio.create_task(self._carry(item, cut_off))
            self._running[sending] = item
            sending.add_done_callback(self._ended)
        return len(taken)

    def _ended(self, sending: asyncio.Task[None]) -> None:
        del self._running[sending]
        self.poke()  # a lane has come free

    def _surely_now(self) -> datetime:
        """The present moment, or an earlier one if the clock was set forward since we began: what
        is thrown away when its time is over cannot be brought back."""
        moment, started = self._began
        return min(now(), moment + timedelta(seconds=time.monotonic() - started))

    # --- one item

    async def _carry(self, item: Item, cut_off: bool) -> None:
        carrier = self._carriers[item.carrier]
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                result = await self._attempt(carrier, item, cut_off)
        except TimeoutError:
            result = Unknown("no answer in time")
        except Exception as error:
            logger.exception("Carrier %s failed.", item.carrier)
            result = Unknown(type(error).__name__)
        if isinstance(result, Unknown) and carrier.idempotent:
            result = Later(result.reason)
        if not isinstance(result, Sent):
            logger.warning("%s to %s: %s", item.carrier, item.key, result.reason)
        for _ in range(_NOTES):
            try:
                await self._note(item, result, now())
                break
            except Exception:
                logger.exception("What became of %s could not be noted; trying again.", item.key)
                await asyncio.sleep(_LOOK_SECONDS)
        if self._told:
            self._told(item, result)

    async def _attempt(self, carrier: Carrier, item: Item, cut_off: bool) -> Result:
        if not cut_off:
            return await carrier.send(item)
        found = await carrier.reconcile(item)
        if found is not None:
            return found
        if carrier.idempotent:
            return await carrier.send(item)
        return Unknown("the sending was cut off")

    @writes
    def _take(
        self, connection: Connection, moment: datetime, surely: datetime, running: Iterable[Item]
    ) -> list[tuple[Item, bool]]:
        """Takes the items that are due, the first of each lane, and whether they were cut off."""
        late = sa.select(_O.c.id).where(_O.c.state == "waiting", _O.c.expires_at <= surely)
        connection.execute(
            _O.update()
            .where(_O.c.id.in_(late.with_for_update(skip_locked=True)))
            .values(state="expired", updated_at=moment)
        )
        due = sa.or_(
            sa.and_(_O.c.state == "waiting", _O.c.next_at <= moment),
            sa.and_(
                _O.c.state == "sending",
                # our own that we are not sending: taken before we were started again
                sa.or_(_O.c.lease_until <= moment, _O.c.worker == self._worker),
            ),
            _O.c.updated_at > moment + _LEASE,  # the clock was set back
        )
        # found by their state, so that it does not matter how much a lane has sent before
        undone = sa.select(sa.func.min(_O.c.id).label("id")).where(_O.c.state.in_(_UNDONE))
        first = undone.group_by(_O.c.carrier, _O.c.lane).subquery()
        taken = []
        for name in self._carriers:
            ours = [item.id for item in running if item.carrier == name]
            rows = connection.execute(
                sa.select(_O)
                .join(first, _O.c.id == first.c.id)
                .where(_O.c.carrier == name, due, _O.c.id.not_in(ours))
                .order_by(_O.c.next_at, _O.c.id)
                .limit(_AT_ONCE - len(ours))
                .with_for_update(of=_O, skip_locked=True)
            ).all()
            taken += [(_item(row), row.state == "sending") for row in rows]
        if taken:
            connection.execute(
                _O.update()
                .where(_O.c.id.in_([item.id for item, _ in taken]))
                .values(
                    state="sending",
                    tries=_O.c.tries + 1,
                    worker=self._worker,
                    lease_until=moment + _LEASE,
                    updated_at=moment,
                )
            )
        return taken

    @writes
    def _note(self, connection: Connection, item: Item, result: Result, moment: datetime) -> None:
        # another process may have taken it, when this one had been silent for too long
        ours = sa.and_(_O.c.state == "sending", _O.c.worker == self._worker)
        values: dict[str, Any] = {"error": None}
        if isinstance(result, Sent):
            # true whoever has it, and whatever was thought of it meanwhile
            ours = _O.c.state.not_in(RECEIPTS)
            values |= {"state": "sent", "external_id": result.external_id}
        elif isinstance(result, Later):
            next_at = moment + timedelta(seconds=_pause(result, item.tries))
            values = {"state": "waiting", "next_at": next_at, "error": result.reason[:_ERROR]}
        else:
            state = "failed" if isinstance(result, Refused) else "unknown"
            values = {"state": state, "error": result.reason[:_ERROR]}
        connection.execute(
            _O.update()
            .where(_O.c.id == item.id, ours)
            .values(**values, worker=None, lease_until=None, updated_at=moment)
        )

    @writes
    def _tidy(self, connection: Connection, surely: datetime) -> None:
        connection.execute(
            _O.delete().where(_O.c.state.not_in(_UNDONE), _O.c.updated_at < surely - _KEPT)
        )


def _item(row: Any) -> Item:
    return Item(row.id, row.carrier, row.lane, row.key, row.payload, row.tries)


def _pause(result: Later, tries: int) -> float:
    """Seconds until the next try."""
    if result.after_seconds is None:
        pause = min(_FIRST_PAUSE * 2.0 ** min(tries, _DOUBLINGS), _LONGEST_PAUSE)
    else:
        pause = min(max(result.after_seconds, _FIRST_PAUSE), _LONGEST_ASKED)
    # receivers that were down together are not asked together
    return pause * random.uniform(1.0, 1.25)  # noqa: S311 (no secret)
