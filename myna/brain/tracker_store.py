"""The brain's memory: Rasa's trackers in a database, read in bounded time, and loud.

Rasa's SQL store ends the process on a bad value, lets a failed read pass as a blank tracker, and
reads all events of a session for each message. Here failures are raised; a turn is written in one
transaction, under a version; and only the last turns are read, behind a few events that bring slots
and form to where they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    AllSlotsReset,
    Event,
    LoopInterrupted,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.utils.common import all_subclasses
from sqlalchemy.engine import Connection

from myna import settings
from myna.brain import schema
from myna.database import Database, reads, writes

TAIL = 12
"""Turns that are read back. The policies look at five; the rest is for actions that look back, such
as counting how often in a row a customer was not understood."""

_LOADED = "myna_loaded"  # on a tracker: its version, and how many of its events are no news
_E, _T = schema.events, schema.trackers

State = dict[str, Any]
"""What can be read on from: `slots` (those ever set), `loop` (the active form's name), `trigger`
(the message that began it), `interrupted`; while folding, also `message`, the customer's last."""


class TrackerConflict(RuntimeError):
    """Somebody else has written this conversation since it was read."""


class SqlTrackerStore(TrackerStore):
    """Named under `tracker_store:` in `endpoints.yml`, with `url`, a SQLAlchemy address.

    Every method raises what the database raises. One conversation is written by one turn at a time:
    the hub sees to it, and the version makes sure.
    """

    def __init__(
        self,
        domain: Domain | None = None,
        event_broker: EventBroker | None = None,
        host: str | None = None,
        tail: int = TAIL,
        **kwargs: Any,
    ) -> None:
        """Called by Rasa, which gives the entry's `url` as `host`."""
        super().__init__(domain, event_broker, **kwargs)
        self._database = Database(host or settings.brain_database())
        self._database.migrate("brain")
        self._tail = tail

    @reads
    def retrieve(self, connection: Connection, sender_id: str) -> DialogueStateTracker | None:
        """The tracker with its last turns; slots and form are as the whole history left them."""
        customers = sa.select(_E.c.seq, _E.c.state).where(
            _E.c.sender_id == sender_id, _E.c.state.is_not(None)
        )
        version = _version(connection, sender_id)
        if version is None:
            return None
        anchor = connection.execute(
            customers.order_by(_E.c.seq.desc()).offset(self._tail - 1).limit(1)
        ).first()
        tail = _events(connection, sender_id, anchor.seq if anchor else 0)
        prefix = _prefix(anchor.state, tail[0].timestamp) if anchor else []
        return self._tracker(sender_id, [*prefix, *tail], version)

    @reads
    def retrieve_full_tracker(
        self, connection: Connection, conversation_id: str
    ) -> DialogueStateTracker | None:
        """The tracker with all that ever happened."""
        version = _version(connection, conversation_id)
        if version is None:
            return None
        return self._tracker(conversation_id, _events(connection, conversation_id), version)

    @reads
    def has_seen(self, connection: Connection, sender_id: str, message_id: str) -> bool:
        """Whether a message was handled already."""
        query = sa.select(_E.c.seq).where(
            _E.c.sender_id == sender_id, _E.c.message_id == message_id
        )
        return connection.execute(query).first() is not None

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Writes what is new, in one transaction.

        Raises:
            TrackerConflict: the conversation was written by somebody else meanwhile.
        """
        version, known = getattr(tracker, _LOADED, (0, 0))
        events = list(tracker.events)
        if len(events) == known:
            return
        await self._append(
            tracker.sender_id, version, _rows(tracker.sender_id, events[:known], events[known:])
        )
        setattr(tracker, _LOADED, (version + 1, len(events)))

    @writes
    def _append(
        self, connection: Connection, sender_id: str, version: int, rows: list[dict[str, Any]]
    ) -> None:
        _advance(connection, sender_id, version)
        last = sa.select(sa.func.coalesce(sa.func.max(_E.c.seq), 0))
        start = connection.scalar(last.where(_E.c.sender_id == sender_id))
        connection.execute(
            _E.insert(), [{**row, "seq": start + n} for n, row in enumerate(rows, start=1)]
        )

    @reads
    def keys(self, connection: Connection) -> Iterable[str]:
        """All conversations."""
        return list(connection.execute(sa.select(_T.c.sender_id)).scalars())

    def _tracker(
        self, sender_id: str, events: Sequence[Event], version: int
    ) -> DialogueStateTracker:
        tracker = DialogueStateTracker.from_events(
            sender_id, list(events), self.domain.slots, domain=self.domain
        )
        setattr(tracker, _LOADED, (version, len(tracker.events)))
        return tracker


def _version(connection: Connection, sender_id: str) -> int | None:
    return connection.scalar(sa.select(_T.c.version).where(_T.c.sender_id == sender_id))


def _advance(connection: Connection, sender_id: str, version: int) -> None:
    if version == 0:
        try:
            connection.execute(_T.insert().values(sender_id=sender_id, version=1))
        except sa.exc.IntegrityError as error:
            raise TrackerConflict(sender_id) from error
        return
    done = connection.execute(
        _T.update()
        .where(_T.c.sender_id == sender_id, _T.c.version == version)
        .values(version=version + 1)
    )
    if done.rowcount != 1:
        raise TrackerConflict(sender_id)


def _events(connection: Connection, sender_id: str, since: int = 0) -> list[Event]:
    rows = connection.execute(
        sa.select(_E.c.data)
        .where(_E.c.sender_id == sender_id, _E.c.seq >= since)
        .order_by(_E.c.seq)
    )
    return [_event(data) for data in rows.scalars()]


def _rows(sender_id: str, known: Iterable[Event], news: Iterable[Event]) -> list[dict[str, Any]]:
    """The rows of new events; a customer's message carries the state that stood before it."""
    state = fold(known)
    rows = []
    for event in news:
        customers = isinstance(event, UserUttered)
        rows.append(
            {
                "sender_id": sender_id,
                "message_id": event.message_id if customers else None,
                "state": _restorable(state) if customers else None,
                "data": event.as_dict(),
            }
        )
        state = fold([event], state)
    return rows


def fold(events: Iterable[Event], state: State | None = None) -> State:
    """The state after events, beginning with `state` or with nothing."""
    state = {**(state or _blank()), "slots": dict((state or _blank())["slots"])}
    for event in events:
        if isinstance(event, SessionStarted | Restarted):
            state = _blank()
        elif isinstance(event, AllSlotsReset):
            state["slots"] = {}
        elif isinstance(event, SlotSet):
            state["slots"][event.key] = event.value
        elif isinstance(event, UserUttered):
            state["message"] = event.as_dict()
        elif isinstance(event, LoopInterrupted):
            state["interrupted"] = event.is_interrupted
        elif isinstance(event, ActiveLoop):
            state["loop"], state["interrupted"] = event.name, False
            state["trigger"] = state["message"] if event.name else None
    return state


def _restorable(state: State) -> State:
    """What a prefix is made from: of messages, only the one that began the form."""
    return {name: value for name, value in state.items() if name != "message"}


def _blank() -> State:
    return {"slots": {}, "loop": None, "trigger": None, "interrupted": False, "message": None}


def _prefix(state: State, timestamp: float) -> list[Event]:
    """Events that bring a new session to a state: its last message, its form, its slots.

    The slots come after the form's beginning, for one that is still filled was filled in it or is
    as good as that: a form empties at its beginning what must not be left from before.
    """
    events: list[Event] = [ActionExecuted(ACTION_SESSION_START_NAME), SessionStarted()]
    events.append(ActionExecuted(ACTION_LISTEN_NAME))
    if state["loop"]:
        if state["trigger"]:
            events.append(_event(state["trigger"]))
        events += [ActionExecuted(state["loop"]), ActiveLoop(state["loop"])]
        if state["interrupted"]:
            events.append(LoopInterrupted(True))
    events += [SlotSet(name, value) for name, value in state["slots"].items()]
    if state["loop"]:
        events.append(ActionExecuted(ACTION_LISTEN_NAME))
    for event in events:
        event.timestamp = timestamp
    return events


@cache
def _classes() -> dict[str, type[Event]]:
    return {cls.type_name: cls for cls in all_subclasses(Event)}


def _event(data: dict[str, Any]) -> Event:
    """An event from its dictionary; Rasa itself searches all classes for each event."""
    event: Event = _classes()[data["event"]]._from_parameters(data)
    return event
