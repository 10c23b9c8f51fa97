"""What channels are told by others, kept before it is answered and handled afterwards.

A platform that calls us repeats what we do not take at once, and takes its customers from us if
that goes on. So its events are stored, all of a call in one transaction, and carried to the hub by
the courier: in order within a conversation, again after faults and crashes, each once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from myna.database import Database, writes
from myna.hub import schema
from myna.hub.model import now

_KEPT = timedelta(days=7)
"""How long an event is tried; its key is remembered for longer."""


class Event(NamedTuple):
    """Something that a channel was told."""

    lane: str
    """Events of one lane (a conversation) are handled in order."""
    key: str
    """The same for a repetition, and for nothing else; 120 characters at most."""
    payload: dict[str, Any]


class Inbox:
    """Takes events in.

    Args:
        database: the hub's.
        carrier: under which name the courier finds who handles them.
    """

    def __init__(self, database: Database, carrier: str) -> None:
        self._database = database
        self._carrier = carrier

    @writes
    def take_in(self, connection: Connection, events: Sequence[Event]) -> None:
        """Stores events in one transaction; what is known already is left as it is."""
        moment = now()
        rows = [
            {
                "carrier": self._carrier,
                "lane": event.lane,
                "key": event.key,
                "payload": event.payload,
                "state": "waiting",
                "tries": 0,
                "next_at": moment,
                "expires_at": moment + _KEPT,
                "created_at": moment,
                "updated_at": moment,
            }
            for event in events
        ]
        if rows:
            dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
            connection.execute(dialect.insert(schema.outbox).on_conflict_do_nothing(), rows)
