"""Rows of conversations and messages, read and written within a transaction of the caller."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from myna.brain.protocol import Proof
from myna.hub import schema
from myna.hub.model import Agent, Author, Conversation, HubError, Message, now
from myna.hub.ownership import Cause, next_owner
from myna.texts import Text

_C, _M = schema.conversations, schema.messages


def conversation_query() -> Any:
    """Conversations with the names of their agents."""
    return sa.select(_C, schema.agents.c.name.label("agent")).outerjoin(schema.agents)


def message_query() -> Any:
    """Messages with the names of the agents who wrote them."""
    return sa.select(_M, schema.agents.c.name.label("agent")).outerjoin(schema.agents)


def to_conversation(row: Any) -> Conversation:
    """A row of `conversation_query`."""
    proof: Proof | None = row.proof
    return Conversation(
        id=row.id,
        channel=row.channel,
        language=row.language,
        owner=row.owner,
        version=row.version,
        last_seq=row.last_seq,
        agent_id=row.agent_id,
        agent=row.agent,
        reason=row.reason,
        queued_at=row.queued_at,
        proof=proof,
        customer_at=row.customer_at,
        reset_due=row.reset_due,
        created_at=row.created_at,
    )


def to_message(row: Any) -> Message:
    """A row of `message_query`."""
    return Message(
        conversation_id=row.conversation_id,
        seq=row.seq,
        author=row.author,
        text=row.text,
        response=row.response,
        buttons=tuple(row.buttons),
        echo_id=row.echo_id,
        choice=row.choice,
        intent=row.intent,
        agent=row.agent,
        created_at=row.created_at,
    )


async def load(
    connection: AsyncConnection, conversation_id: str, *, lock: bool = False
) -> Conversation:
    """One conversation; with `lock`, nobody else can change it in this transaction.

    Raises:
        HubError: there is none with this id.
    """
    query = conversation_query().where(_C.c.id == conversation_id)
    if lock:
        query = query.with_for_update(of=_C)
    row = (await connection.execute(query)).first()
    if row is None:
        raise HubError(404, "not_found", "There is no such conversation.")
    return to_conversation(row)


async def update(connection: AsyncConnection, conversation_id: str, **values: Any) -> None:
    """Changes columns of a conversation."""
    await connection.execute(
        _C.update().where(_C.c.id == conversation_id).values(**values, updated_at=now())
    )


async def append(
    connection: AsyncConnection,
    conversation: Conversation,
    author: Author,
    text: str,
    *,
    response: str | None = None,
    buttons: Sequence[dict[str, str]] = (),
    echo_id: str | None = None,
    choice: str | None = None,
    agent_id: int | None = None,
    pending: bool = False,
) -> Message:
    """Writes the next message of a conversation, whose row is locked."""
    moment = now()
    # the row is locked, but `conversation` may be older than a message of this same transaction
    await connection.execute(
        _C.update()
        .where(_C.c.id == conversation.id)
        .values(last_seq=_C.c.last_seq + 1, updated_at=moment)
    )
    seq = await connection.scalar(sa.select(_C.c.last_seq).where(_C.c.id == conversation.id))
    await connection.execute(
        _M.insert().values(
            conversation_id=conversation.id,
            seq=seq,
            author=author,
            text=text,
            response=response,
            buttons=list(buttons),
            echo_id=echo_id,
            choice=choice,
            agent_id=agent_id,
            pending=pending,
            created_at=moment,
        )
    )
    query = message_query().where(_M.c.conversation_id == conversation.id, _M.c.seq == seq)
    return to_message((await connection.execute(query)).one())


async def append_notice(
    connection: AsyncConnection, conversation: Conversation, text: Text
) -> Message:
    """Writes one of the hub's own sentences."""
    buttons = [
        {"id": secrets.token_hex(8), "title": b.title, "payload": b.payload} for b in text.buttons
    ]
    return await append(
        connection, conversation, "system", text.text, response=text.name, buttons=buttons
    )


async def mark_handled(connection: AsyncConnection, message: Message, intent: str | None) -> None:
    """Notes that a customer's message has been given to the brain or to people."""
    await connection.execute(
        _M.update()
        .where(_M.c.conversation_id == message.conversation_id, _M.c.seq == message.seq)
        .values(pending=False, intent=intent)
    )


async def issued_button(
    connection: AsyncConnection, conversation_id: str, button_id: str
) -> dict[str, str]:
    """The button with this id.

    Raises:
        HubError: it was not offered in this conversation.
    """
    rows = await connection.execute(
        sa.select(_M.c.buttons)
        .where(_M.c.conversation_id == conversation_id, _M.c.author.in_(("bot", "system")))
        .order_by(_M.c.seq.desc())
    )
    for buttons in rows.scalars():
        for button in buttons:
            if button["id"] == button_id:
                issued: dict[str, str] = button
                return issued
    raise HubError(422, "unknown_choice", "This button was not offered in this conversation.")


async def move(
    connection: AsyncConnection,
    conversation: Conversation,
    cause: Cause,
    *,
    who: str,
    reason: str | None = None,
    agent: Agent | None = None,
) -> bool:
    """Changes the owner as the table of transitions says; False if nothing changes."""
    owner = next_owner(conversation.owner, cause)
    if owner is None:
        return False
    moment: datetime = now()
    await update(
        connection,
        conversation.id,
        owner=owner,
        version=conversation.version + 1,
        agent_id=agent.id if agent else None,
        reason=reason if owner == "queue" else conversation.reason if owner == "human" else None,
        queued_at=moment if owner == "queue" else None,
    )
    await connection.execute(
        schema.ownership.insert().values(
            conversation_id=conversation.id,
            version=conversation.version + 1,
            from_owner=conversation.owner,
            to_owner=owner,
            reason=reason or cause,
            who=who,
            at=moment,
        )
    )
    return True


def expect(conversation: Conversation, version: int) -> None:
    """Raises HubError (409) unless the conversation is at this version."""
    if conversation.version != version:
        raise conflict(conversation)


def conflict(conversation: Conversation) -> HubError:
    """That ownership has changed meanwhile, and who has it now."""
    who = f"{conversation.agent} has it" if conversation.agent else "it has moved on"
    return HubError(
        409, "conflict", f"This conversation has changed meanwhile: {who}.", of=conversation
    )
