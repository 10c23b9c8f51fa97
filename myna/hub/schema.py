"""The hub's tables; `migrations/` brings a database to them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

metadata = sa.MetaData()


class Moment(TypeDecorator):
    """An aware datetime in UTC; SQLite, which knows no zones, stores it without one."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """To the database."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """From the database."""
        return None if value is None else value.replace(tzinfo=UTC)


conversations = sa.Table(
    "conversations",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("channel", sa.String(20), nullable=False),
    sa.Column("language", sa.String(2)),
    sa.Column("owner", sa.String(10), nullable=False),
    # counts changes of ownership and nothing else; writes that depend on the owner name it
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("last_seq", sa.Integer, nullable=False),
    sa.Column("agent_id", sa.Integer, sa.ForeignKey("agents.id")),
    # why people have it: asked, not_understood, complaint, proof, fault, agent
    sa.Column("reason", sa.String(20)),
    sa.Column("queued_at", Moment),
    sa.Column("proof", sa.JSON),
    sa.Column("customer_at", Moment),
    # the brain has to begin a new session before its next turn
    sa.Column("reset_due", sa.Boolean, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    sa.Index("ix_conversations_owner", "owner", "queued_at"),
)

messages = sa.Table(
    "messages",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    # customer, bot, agent, system (the hub's own sentences), note (for agents only)
    sa.Column("author", sa.String(10), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("response", sa.String(100)),
    sa.Column("buttons", sa.JSON, nullable=False),
    # the client's own id of what it sent: a repeated request gives the same message again
    sa.Column("echo_id", sa.String(100)),
    # the payload of the button that the customer chose
    sa.Column("choice", sa.String(1000)),
    sa.Column("intent", sa.String(100)),
    sa.Column("agent_id", sa.Integer, sa.ForeignKey("agents.id")),
    # a customer's message that neither the brain nor a person has been given yet
    sa.Column("pending", sa.Boolean, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.UniqueConstraint("conversation_id", "seq"),
    sa.UniqueConstraint("conversation_id", "echo_id"),
    sa.Index("ix_messages_pending", "pending", "conversation_id"),
)

ownership = sa.Table(
    "ownership",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("from_owner", sa.String(10), nullable=False),
    sa.Column("to_owner", sa.String(10), nullable=False),
    sa.Column("reason", sa.String(20)),
    sa.Column("who", sa.String(100), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.UniqueConstraint("conversation_id", "version"),
)

proof_failures = sa.Table(
    "proof_failures",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("order_number", sa.String(40), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.UniqueConstraint("conversation_id", "seq"),
    sa.Index("ix_proof_failures_at", "at", "order_number"),
)

agents = sa.Table(
    "agents",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("login", sa.String(100), nullable=False, unique=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("password", sa.String(200), nullable=False),
    sa.Column("created_at", Moment, nullable=False),
)

desk_sessions = sa.Table(
    "desk_sessions",
    metadata,
    sa.Column("token", sa.String(64), primary_key=True),
    sa.Column("agent_id", sa.Integer, sa.ForeignKey("agents.id"), nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
)
