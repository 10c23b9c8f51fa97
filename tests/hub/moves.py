"""What customers and the brain do, as tests of the log need it: one step each."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import Any

import sqlalchemy as sa

from myna.brain.protocol import Answer, Command
from myna.database import Database
from myna.hub.log import Log
from myna.hub.model import Arrival, Conversation, Message, Received, Turn, Written
from tests.helpers import answer

HAND_OVER: Command = {"type": "hand_over", "reason": "asked"}

_numbers = count(1)


async def write(
    log: Log,
    text: str = "hi",
    *,
    to: str = "c1",
    channel: str = "web",
    echo_id: str | None = None,
    button: str | None = None,
    worker: str = "front",
) -> Received:
    """The customer writes, or presses the button with this id."""
    echo_id = echo_id or f"{channel}:{next(_numbers)}"
    return await log.receive(Arrival(to, channel, echo_id, text, button, "en"), worker)


async def finish(log: Log, begun: Received, given: Answer, worker: str = "front") -> Written:
    """The brain answers what was written."""
    turn, conversation = Turn(begun.written.messages), begun.written.conversation
    return await log.finish_turn(turn, conversation, given, worker)


async def turn(log: Log, given: Answer, text: str = "hi", *, to: str = "c1") -> Written:
    """The customer writes, and the brain answers."""
    return await finish(log, await write(log, text, to=to), given)


async def queued(log: Log, to: str = "c1") -> Conversation:
    """The customer asks for a person, and one is there."""
    done = await turn(log, answer("ok", commands=[HAND_OVER]), "a person please", to=to)
    assert done.conversation.owner == "queue"
    return done.conversation


async def press(log: Log, title: str, *, to: str = "c1", worker: str = "front") -> Written:
    """The customer presses the newest button of this title, which the hub itself answers."""
    offered = [b for m in await log.messages(to) for b in m.buttons if b["title"] == title]
    pressed = await write(log, to=to, button=offered[-1]["id"], worker=worker)
    return await log.choose(Turn(pressed.written.messages), worker)


def spoken(messages: Iterable[Message]) -> list[tuple[str, str]]:
    """(author, name of the response, or the text where it is none)."""
    return [(message.author, message.response or message.text) for message in messages]


async def rows(database: Database, table: sa.Table) -> list[Any]:
    """All rows of a table, the oldest first."""
    order = table.primary_key.columns
    return await database.read(lambda c: c.execute(sa.select(table).order_by(*order)).all())


async def change(database: Database, table: sa.Table, **values: Any) -> None:
    """Sets columns of all rows of a table."""
    await database.write(lambda c: c.execute(table.update().values(**values)))
