"""What becomes known later of what was carried: receipts, echoes, how far messages came."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from myna.database import Database, reads, writes
from myna.hub import schema
from myna.hub.model import now

_C, _O = schema.conversations, schema.outbox

RECEIPTS = ("sent", "delivered", "read")
"""States of what its receiver has, in the order in which they come true."""


class Receipts:
    """Notes and tells how far things have come."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @writes
    def mark(
        self,
        connection: Connection,
        carrier: str,
        external_id: str,
        state: Literal["delivered", "read"],
    ) -> bool:
        """A receipt of the receiver; never takes back a later one. False: no such item."""
        known = sa.and_(_O.c.carrier == carrier, _O.c.external_id == external_id)
        earlier = RECEIPTS[: RECEIPTS.index(state)]
        connection.execute(
            _O.update().where(known, _O.c.state.in_(earlier)).values(state=state, updated_at=now())
        )
        return connection.execute(sa.select(_O.c.id).where(known)).first() is not None

    @writes
    def confirm(self, connection: Connection, key: str, external_id: str) -> bool:
        """An echo proves that an item was delivered, whatever we thought of it. False: no such
        item, so that somebody else has sent what was echoed."""
        known = _O.c.key == key
        connection.execute(
            _O.update()
            .where(known, _O.c.state.not_in(("delivered", "read")))
            .values(
                state="sent",
                external_id=external_id,
                error=None,
                worker=None,
                lease_until=None,
                updated_at=now(),
            )
        )
        return connection.execute(sa.select(_O.c.id).where(known)).first() is not None

    @reads
    def states(self, connection: Connection, conversation_id: str) -> dict[int, str]:
        """How far each message of a conversation has come: seq → state."""
        about = sa.select(_C.c.channel).where(_C.c.id == conversation_id).scalar_subquery()
        rows = connection.execute(
            sa.select(_O.c.payload, _O.c.state).where(
                _O.c.carrier == about, _O.c.lane == conversation_id
            )
        )
        return {row.payload["seq"]: row.state for row in rows}

    @writes
    def mark_until(
        self,
        connection: Connection,
        carrier: str,
        lane: str,
        moment: datetime,
        state: Literal["delivered", "read"],
    ) -> int:
        """A receipt for all of a conversation that was sent until then; the highest `seq` of it,
        or 0."""
        there = sa.and_(_O.c.carrier == carrier, _O.c.lane == lane, _O.c.created_at <= moment)
        earlier = RECEIPTS[: RECEIPTS.index(state)]
        connection.execute(
            _O.update().where(there, _O.c.state.in_(earlier)).values(state=state, updated_at=now())
        )
        reached = RECEIPTS[RECEIPTS.index(state) :]
        query = sa.select(_O.c.payload).where(there, _O.c.state.in_(reached))
        last = connection.scalar(query.order_by(_O.c.id.desc()).limit(1))
        return int(last["seq"]) if last else 0

    @reads
    def tally(
        self, connection: Connection, carrier: str, lanes: str
    ) -> dict[str, tuple[int, datetime]]:
        """How many items of lanes that begin so are in each state, and since when the newest."""
        rows = connection.execute(
            sa.select(_O.c.state, sa.func.count(), sa.func.max(_O.c.updated_at))
            .where(_O.c.carrier == carrier, _O.c.lane.startswith(lanes, autoescape=True))
            .group_by(_O.c.state)
            .order_by(_O.c.state)
        )
        return {state: (count, at) for state, count, at in rows}

    @reads
    def state(self, connection: Connection, item_id: int) -> str | None:
        """How far one item has come; None if there is none with this id."""
        return connection.scalar(sa.select(_O.c.state).where(_O.c.id == item_id))
