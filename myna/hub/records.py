"""Rows of conversations and messages as plain data, and how they are found."""

from __future__ import annotations

from itertools import chain
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from myna.brain.protocol import Proof
from myna.hub import schema
from myna.hub.model import Conversation, HubError, Message

_C, _M = schema.conversations, schema.messages


def conversation_query() -> Any:
    """Conversations with the names of their agents."""
    return sa.select(_C, schema.agents.c.name.label("agent")).outerjoin(schema.agents)


def message_query() -> Any:
    """Messages with the names of the agents who wrote them."""
    return sa.select(_M, schema.agents.c.name.label("agent")).outerjoin(schema.agents)


# What every turn asks is put together once: that is most of what a statement costs.
_THIS = sa.bindparam("conversation")
_FOUND = conversation_query().where(_C.c.id == _THIS)
_LOCKED = _FOUND.with_for_update(of=_C)
_ECHO = message_query().where(_M.c.conversation_id == _THIS, _M.c.echo_id == sa.bindparam("echo"))
_PENDING = (
    message_query().where(_M.c.state == "pending", _M.c.conversation_id == _THIS).order_by(_M.c.seq)
)
_THERE = (
    sa.select(sa.func.count())
    .select_from(schema.agents)
    .where(~schema.agents.c.away, schema.agents.c.seen_at > sa.bindparam("since"))
)


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
        slots=row.slots or {},
        customer_at=row.customer_at,
        unanswered_at=row.unanswered_at,
        seen_seq=row.seen_seq,
        follow_up_at=row.follow_up_at,
        reset_due=row.reset_due,
        worker=row.worker,
        lease_until=row.lease_until,
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
        cards=tuple(row.cards or ()),
        echo_id=row.echo_id,
        choice=row.choice,
        attachments=tuple(row.attachments or ()),
        burst=row.burst,
        intent=row.intent,
        agent=row.agent,
        created_at=row.created_at,
    )


def find(
    connection: Connection, conversation_id: str, *, lock: bool = False
) -> Conversation | None:
    """One conversation; with `lock`, nobody else can change it in this transaction."""
    row = connection.execute(_LOCKED if lock else _FOUND, {"conversation": conversation_id}).first()
    return to_conversation(row) if row else None


def load(connection: Connection, conversation_id: str) -> Conversation:
    """One conversation.

    Raises:
        HubError: there is none with this id.
    """
    return found(find(connection, conversation_id))


def found(conversation: Conversation | None) -> Conversation:
    """The conversation itself.

    Raises:
        HubError: there is none.
    """
    if conversation is None:
        raise HubError(404, "not_found", "There is no such conversation.")
    return conversation


def by_echo(connection: Connection, conversation_id: str, echo_id: str) -> Message | None:
    """The message that was written under this id of its sender."""
    row = connection.execute(_ECHO, {"conversation": conversation_id, "echo": echo_id}).first()
    return to_message(row) if row else None


def pending(connection: Connection, conversation_id: str) -> list[Message]:
    """Messages that neither the brain nor a person has been given yet, in order."""
    return [
        to_message(row) for row in connection.execute(_PENDING, {"conversation": conversation_id})
    ]


def issued_button(connection: Connection, conversation_id: str, button_id: str) -> dict[str, str]:
    """The button with this id.

    Raises:
        HubError: it was not offered in this conversation.
    """
    rows = connection.execute(
        sa.select(_M.c.buttons, _M.c.cards)
        .where(_M.c.conversation_id == conversation_id, _M.c.author.in_(("bot", "system")))
        .order_by(_M.c.seq.desc())
    )
    for buttons, cards in rows:
        for button in chain(buttons, *(card["buttons"] for card in cards or ())):
            if button["id"] == button_id:
                issued: dict[str, str] = button
                return issued
    raise HubError(422, "unknown_choice", "This button was not offered in this conversation.")


def agents_there(connection: Connection, since: Any) -> int:
    """How many agents can take a conversation: not away, and with a desk alive after `since`."""
    return connection.scalar(_THERE, {"since": since}) or 0
