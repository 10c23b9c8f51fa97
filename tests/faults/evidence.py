"""What is known after a scenario: the hub's tables, the brain's record, what people were shown."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from myna.brain.protocol import Command
from myna.hub import schema
from tests.faults.customers import Sent, View
from tests.faults.receiver import Delivery
from tests.faults.witness import witness_messages, witness_moves

_M, _O = schema.messages, schema.ownership


@dataclass(frozen=True)
class Outcome:
    """A turn that the brain has stored."""

    id: str
    """The message id that the hub gave it."""
    words: list[str] | None
    """What the customer said, message by message; None: not recorded."""
    texts: list[str]
    """The answer's messages."""
    commands: list[Command]


@dataclass
class History:
    """One conversation as the hub's tables have it."""

    row: Any
    messages: list[Any] = field(default_factory=list)
    """By `seq`; each with the `version` that the conversation had reached and its `base`."""
    moves: list[Any] = field(default_factory=list)
    """Changes of ownership by version; each with its `base`."""
    cases: list[Any] = field(default_factory=list)
    failures: list[Any] = field(default_factory=list)
    """Wrong tries."""


@dataclass(frozen=True)
class Witnessed:
    """One customer's side of a conversation."""

    conversation_id: str
    sent: Sequence[Sent]
    views: Sequence[View]
    refusals: Sequence[str] = ()
    """Answers that nobody should get."""


@dataclass
class Evidence:
    """All that the judge looks at."""

    histories: dict[str, History]
    outcomes: dict[str, Outcome]
    effects: dict[str, list[str]] = field(default_factory=dict)
    """Brain message id → the customer's words that were acted on."""
    customers: list[Witnessed] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)
    """Echo id → conversation of the agents' messages that were acknowledged."""
    outbox: list[Any] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    """What the brain or the agents found wrong."""


async def settled_hub(
    engine: sa.engine.Engine, patience: float
) -> tuple[dict[str, History], list[Any], float]:
    """All conversations by id, the outbox in order, and when it was looked at by the monotonic
    clock: as soon as nothing has to be carried any more, or when the patience is at its end."""
    deadline = time.monotonic() + patience
    while True:
        began = time.monotonic()
        histories, outbox = await asyncio.to_thread(_read_hub, engine)
        if began > deadline or all(row.state not in ("waiting", "sending") for row in outbox):
            return histories, outbox, began
        await asyncio.sleep(0.5)


def _read_hub(engine: sa.engine.Engine) -> tuple[dict[str, History], list[Any]]:
    """On one consistent view of the data."""
    sqlite = engine.dialect.name == "sqlite"
    view = {} if sqlite else {"isolation_level": "REPEATABLE READ"}
    with engine.connect().execution_options(**view) as connection:
        if sqlite:
            connection.exec_driver_sql("BEGIN")

        def rows(query: Any) -> list[Any]:
            return list(connection.execute(query).all())

        found = {row.id: History(row) for row in rows(sa.select(schema.conversations))}
        same_message = sa.and_(
            witness_messages.c.conversation_id == _M.c.conversation_id,
            witness_messages.c.seq == _M.c.seq,
        )
        noted = (witness_messages.c.version, witness_messages.c.base)
        for row in rows(sa.select(_M, *noted).outerjoin(witness_messages, same_message)):
            found[row.conversation_id].messages.append(row)
        same_move = sa.and_(
            witness_moves.c.conversation_id == _O.c.conversation_id,
            witness_moves.c.version == _O.c.version,
        )
        for row in rows(sa.select(_O, witness_moves.c.base).outerjoin(witness_moves, same_move)):
            found[row.conversation_id].moves.append(row)
        for row in rows(sa.select(schema.cases).where(schema.cases.c.conversation_id.is_not(None))):
            found[row.conversation_id].cases.append(row)
        for row in rows(sa.select(schema.proof_failures)):
            found[row.conversation_id].failures.append(row)
        outbox = rows(sa.select(schema.outbox).order_by(schema.outbox.c.id))
    for history in found.values():
        history.messages.sort(key=lambda row: row.seq)
        history.moves.sort(key=lambda row: row.version)
    return found, outbox


def read_light_brain(path: Path) -> tuple[dict[str, Outcome], dict[str, list[str]], list[str]]:
    """Outcomes, effects and complaints of the light brain."""
    memory = sqlite3.connect(path)
    outcomes = {}
    for message, said, answer in memory.execute("SELECT message, words, answer FROM outcomes"):
        texts = [one["text"] for one in json.loads(answer)["messages"]]
        commands = json.loads(answer)["commands"]
        outcomes[message] = Outcome(message, json.loads(said), texts, commands)
    effects = {
        message: json.loads(said)
        for message, said in memory.execute("SELECT message, words FROM effects")
    }
    complaints = [text for (text,) in memory.execute("SELECT text FROM complaints")]
    memory.close()
    return outcomes, effects, complaints


def read_real_brain(path: Path) -> tuple[dict[str, Outcome], list[str]]:
    """Outcomes of the real brain out of the events that Rasa has stored, and messages that it has
    handled twice."""
    memory = sqlite3.connect(path)
    outcomes: dict[str, Outcome] = {}
    complaints = []
    current: Outcome | None = None
    for (data,) in memory.execute("SELECT data FROM tracker_events ORDER BY sender_id, seq"):
        event = json.loads(data)
        if event["event"] == "user":
            current = Outcome(event["message_id"], None, [], [])
            if current.id in outcomes:
                complaints.append(f"{current.id} was handled twice")
            outcomes[current.id] = current
        elif event["event"] == "session_started" or event.get("name") == "action_listen":
            current = None
        elif event["event"] == "bot" and current:
            if command := ((event.get("data") or {}).get("custom") or {}).get("command"):
                current.commands.append(command)
            elif event["text"]:
                current.texts.append(event["text"])
    memory.close()
    return outcomes, complaints
