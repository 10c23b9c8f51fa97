"""One conversation within a transaction: locked, changed, written back once.

Whoever holds it is the only one who can change the conversation, so `seq` has no gaps and no
doubles, and a decision by the owner cannot be overtaken.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from myna.brain.protocol import AnswerButton, AnswerCard
from myna.hub import outbox, schema
from myna.hub.house import House
from myna.hub.model import (
    Agent,
    Attachment,
    Author,
    Conversation,
    HubError,
    Message,
    Turn,
    Written,
    now,
)
from myna.hub.ownership import Cause, next_owner
from myna.hub.records import find, found

_C, _M = schema.conversations, schema.messages
_FIELDS = {field.name for field in fields(Conversation)}

LEASE = timedelta(seconds=60)
"""How long nobody else takes up a conversation whose process has fallen silent: longer than any
turn, and renewed with each."""

Button = dict[str, str]
"""`title` and `payload`."""


class Thread:
    """A locked conversation; `conversation` is as it will be after the transaction."""

    def __init__(self, connection: Connection, house: House, conversation: Conversation) -> None:
        self.connection = connection
        self.house = house
        self.conversation = conversation
        self.case: str | None = None
        """The reference of a case that was opened or changed."""
        self._new: list[Message] = []
        self._delivered: set[int] = set()
        self._rows: list[dict[str, Any]] = []
        self._columns: dict[str, Any] = {}

    @property
    def id(self) -> str:
        """The conversation's id."""
        return self.conversation.id

    def change(self, **columns: Any) -> None:
        """Sets columns of the conversation."""
        self._columns |= columns
        known = {name: value for name, value in columns.items() if name in _FIELDS}
        self.conversation = replace(self.conversation, **known)

    def append(
        self,
        author: Author,
        text: str,
        *,
        response: str | None = None,
        buttons: Sequence[Button | AnswerButton] = (),
        cards: Sequence[AnswerCard] = (),
        echo_id: str | None = None,
        choice: str | None = None,
        attachments: Sequence[Attachment] = (),
        agent: Agent | None = None,
        state: str | None = None,
        single: bool = False,
        delivered: bool = False,
    ) -> Message:
        """Writes the next message; a `single` one is a turn of its own, and the customer has a
        `delivered` one already."""
        seq = self.conversation.last_seq + 1
        row: dict[str, Any] = {
            "conversation_id": self.id,
            "seq": seq,
            "author": author,
            "text": text,
            "response": response,
            "buttons": _issued(buttons),
            "cards": tuple({**card, "buttons": _issued(card["buttons"])} for card in cards),
            "echo_id": echo_id,
            "choice": choice,
            "attachments": tuple({**a, "id": secrets.token_hex(8)} for a in attachments),
            "burst": seq if single else None,
            "intent": None,
            "created_at": now(),
        }
        message = Message(**row, agent=agent.name if agent else None)
        row["cards"] = row["cards"] or None
        self._rows.append({**row, "state": state, "agent_id": agent.id if agent else None})
        self._new.append(message)
        if delivered:
            self._delivered.add(seq)
        self.change(last_seq=seq)
        return message

    def say(self, name: str, *, buttons: Sequence[Button] = (), **values: Any) -> Message:
        """Writes one of the hub's own sentences, in the conversation's language."""
        text = self.house.say(name, self.conversation.language, **values)
        offered = [*({"title": b.title, "payload": b.payload} for b in text.buttons), *buttons]
        return self.append("system", text.text, response=text.name, buttons=offered)

    def note(
        self, name: str, *, below: str = "", echo_id: str | None = None, **values: Any
    ) -> Message:
        """Writes a note for agents: a sentence of ours, and what stands below it."""
        text = self.house.say(name, self.conversation.language, **values).text
        return self.append("note", f"{text}\n{below}" if below else text, echo_id=echo_id)

    def move(
        self, cause: Cause, *, who: str, reason: str | None = None, agent: Agent | None = None
    ) -> bool:
        """Changes the owner as the table of transitions says; False if nothing changes."""
        was = self.conversation
        owner = next_owner(was.owner, cause)
        if owner is None:
            return False
        moment = now()
        self.change(
            owner=owner,
            version=was.version + 1,
            agent_id=agent.id if agent else None,
            reason=reason if owner == "queue" else was.reason if owner == "human" else None,
            queued_at=moment if owner == "queue" else None,
        )
        # the name stands in another table
        self.conversation = replace(self.conversation, agent=agent.name if agent else None)
        self.connection.execute(
            schema.ownership.insert().values(
                conversation_id=was.id,
                version=was.version + 1,
                from_owner=was.owner,
                to_owner=owner,
                reason=reason or cause,
                who=who,
                at=moment,
            )
        )
        if owner == "queue":
            self.announce("conversation.queued", reason=reason)
        elif owner == "nobody":
            self.announce("conversation.resolved", by=who)
        return True

    def announce(self, event: str, **data: Any) -> None:
        """Puts a webhook's call into the outbox."""
        about = {"conversation": self.id, "version": self.conversation.version, **data}
        key = f"{event}:{self.id}:{self.conversation.version}"
        outbox.announce(self.connection, self.house.webhooks, event, key, about)

    def run_by(self, worker: str) -> bool:
        """Whether a process still runs the conversation's turns; else it must not write them."""
        return self.conversation.worker == worker

    def settle(
        self,
        turn: Turn,
        intent: str | None = None,
        *,
        was: str = "pending",
        state: str = "handled",
    ) -> bool:
        """Notes that messages have been given to the brain or to people.

        Returns:
            False if that has been done before: nothing more is to be written for them.
        """
        done = self.connection.execute(
            _SETTLE,
            {
                "of": self.id,
                "seqs": [message.seq for message in turn.messages],
                "was": was,
                "state": state,
                "intent": intent,
            },
        )
        return bool(done.rowcount)

    def hold(self, worker: str) -> bool:
        """Leaves the conversation's turns to a process; whether there is something to do."""
        more = self.connection.execute(_ANY_PENDING, {"of": self.id}).first() is not None
        self.change(worker=worker if more else None, lease_until=now() + LEASE if more else None)
        return more

    def written(self) -> Written:
        """What the transaction leaves."""
        return Written(self.conversation, tuple(self._new), case=self.case)

    def turn_over(self, worker: str) -> Written:
        """What the transaction leaves to the process that has run a turn: whether there is more."""
        more = self.run_by(worker) and self.hold(worker)
        return replace(self.written(), more=more)

    def expect(self, version: int) -> None:
        """Raises HubError (409) unless the conversation is at this version."""
        if self.conversation.version != version:
            raise self.conflict()

    def conflict(self) -> HubError:
        """That ownership has changed meanwhile, and who has it now."""
        agent = self.conversation.agent
        who = f"{agent} has it" if agent else "it has moved on"
        return HubError(409, "conflict", f"This conversation has changed meanwhile: {who}.")

    def flush(self) -> None:
        """Writes everything back."""
        if self._rows:
            self.connection.execute(_INSERT, self._rows)
            for message in self._new:
                if message.seq not in self._delivered:
                    outbox.post(self.connection, self.house, self.conversation, message)
        if self._columns:
            columns = {**self._columns, "updated_at": now()}
            self.connection.execute(_update_of(*sorted(columns)), {**columns, "of": self.id})


def _issued(buttons: Sequence[Button | AnswerButton]) -> tuple[dict[str, str], ...]:
    """Buttons with ids by which they can be pressed."""
    return tuple(
        {"id": secrets.token_hex(8), "title": b["title"], "payload": b["payload"]} for b in buttons
    )


# What every turn writes is put together once: that is most of what a statement costs.
_INSERT = _M.insert()
_SETTLE = (
    _M.update()
    .where(
        _M.c.conversation_id == sa.bindparam("of"),
        _M.c.seq.in_(sa.bindparam("seqs", expanding=True)),
        _M.c.state == sa.bindparam("was"),
    )
    .values(state=sa.bindparam("state"), intent=sa.bindparam("intent"))
)
_ANY_PENDING = (
    sa.select(_M.c.seq)
    .where(_M.c.conversation_id == sa.bindparam("of"), _M.c.state == "pending")
    .limit(1)
)


@cache
def _update_of(*columns: str) -> Any:
    """The update of these columns of one conversation, `of`."""
    values = {name: sa.bindparam(name) for name in columns}
    return _C.update().where(_C.c.id == sa.bindparam("of")).values(values)


@contextmanager
def locked(connection: Connection, house: House, conversation_id: str) -> Iterator[Thread]:
    """A conversation that nobody else can change until the transaction ends.

    Raises:
        HubError: there is none with this id.
    """
    thread = Thread(connection, house, found(find(connection, conversation_id, lock=True)))
    yield thread
    thread.flush()
