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
    # why people have it: asked, not_understood, complaint, anger, topic, proof, fault, agent …
    sa.Column("reason", sa.String(20)),
    sa.Column("queued_at", Moment),
    sa.Column("proof", sa.JSON),
    # what the brain has learned of the customer's matter, for the agent
    sa.Column("slots", sa.JSON),
    sa.Column("customer_at", Moment),
    # the oldest message that a person has yet to answer, and when the agent was reminded of it
    sa.Column("unanswered_at", Moment),
    sa.Column("nudged_at", Moment),
    # when a person last wrote to the customer
    sa.Column("answered_at", Moment),
    # the last message that the customer's page has shown
    sa.Column("seen_seq", sa.Integer, nullable=False),
    # when the customer will be asked whether the matter is solved
    sa.Column("follow_up_at", Moment),
    # the brain has to begin a new session before its next turn
    sa.Column("reset_due", sa.Boolean, nullable=False),
    # the process that runs this conversation's turns, and until when that is not doubted
    sa.Column("worker", sa.String(100)),
    sa.Column("lease_until", Moment),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    sa.Index("ix_conversations_owner", "owner", "queued_at"),
    sa.Index("ix_conversations_follow_up", "follow_up_at"),
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
    # things that are shown below the text; null where there are none
    sa.Column("cards", sa.JSON(none_as_null=True)),
    # the client's own id of what it sent: a repeated request gives the same message again
    sa.Column("echo_id", sa.String(100)),
    # the payload of the button that the customer chose
    sa.Column("choice", sa.String(1000)),
    # pictures, recordings, places … that came with it; null: none
    sa.Column("attachments", sa.JSON),
    sa.Column("intent", sa.String(100)),
    sa.Column("agent_id", sa.Integer, sa.ForeignKey("agents.id")),
    # of a customer's message: pending, handled, or abandoned (whether the brain has acted on it
    # is not known yet); null for all others
    sa.Column("state", sa.String(10)),
    # the first message of the burst that is answered as one, once that is decided
    sa.Column("burst", sa.Integer),
    sa.Column("created_at", Moment, nullable=False),
    sa.UniqueConstraint("conversation_id", "seq"),
    sa.UniqueConstraint("conversation_id", "echo_id"),
    sa.Index("ix_messages_state", "state", "conversation_id"),
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
    # an agent who is away gets no new conversations, though the desk is open
    sa.Column("away", sa.Boolean, nullable=False),
    # the last sign of life from an open desk
    sa.Column("seen_at", Moment),
    sa.Column("created_at", Moment, nullable=False),
)

tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("agent_id", sa.Integer, sa.ForeignKey("agents.id"), nullable=False),
    sa.Column("created_at", Moment, nullable=False),
)

desk_sessions = sa.Table(
    "desk_sessions",
    metadata,
    sa.Column("token", sa.String(64), primary_key=True),
    sa.Column("agent_id", sa.Integer, sa.ForeignKey("agents.id"), nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
)

ratings = sa.Table(
    "ratings",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), nullable=False),
    # the version at which a person closed the matter: one rating for each time
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("agent_id", sa.Integer, sa.ForeignKey("agents.id")),
    sa.Column("stars", sa.Integer, nullable=False),
    sa.Column("comment", sa.Text),
    sa.Column("at", Moment, nullable=False),
    sa.UniqueConstraint("conversation_id", "version"),
)

cases = sa.Table(
    "cases",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    # what the customer is told: CS-402913
    sa.Column("reference", sa.String(30), nullable=False, unique=True),
    # complaint, return, repair, problem, promise, callback
    sa.Column("kind", sa.String(20), nullable=False),
    # open, working, waiting (for the customer), solved, closed
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("priority", sa.String(10), nullable=False),
    sa.Column("agent_id", sa.Integer, sa.ForeignKey("agents.id")),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id")),
    # the message or request that opened it: the same one opens no second
    sa.Column("origin", sa.String(120), nullable=False, unique=True),
    sa.Column("summary", sa.Text, nullable=False),
    sa.Column("order_number", sa.String(40)),
    sa.Column("phone", sa.String(40)),
    sa.Column("email", sa.String(200)),
    sa.Column("language", sa.String(2)),
    sa.Column("due_at", Moment, nullable=False),
    # counts changes; a change names the version that it was based on
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("overdue", sa.Boolean, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    sa.Column("solved_at", Moment),
    sa.Index("ix_cases_state", "state", "due_at"),
    sa.Index("ix_cases_conversation", "conversation_id"),
)

case_events = sa.Table(
    "case_events",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("case_id", sa.ForeignKey("cases.id"), nullable=False),
    sa.Column("who", sa.String(100), nullable=False),
    # opened, comment, or the column that was changed
    sa.Column("what", sa.String(20), nullable=False),
    sa.Column("detail", sa.JSON, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Index("ix_case_events_case", "case_id"),
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    # who delivers it: the name of a channel, or `webhook`
    sa.Column("carrier", sa.String(20), nullable=False),
    # what has one lane is delivered in order: a conversation, a webhook's address
    sa.Column("lane", sa.String(500), nullable=False),
    # given to the receiver, who drops doubles by it
    sa.Column("key", sa.String(120), nullable=False, unique=True),
    sa.Column("payload", sa.JSON, nullable=False),
    # waiting, sending, sent, delivered, read, failed, unknown, expired
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("next_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    # the process that sends it, and until when that is not doubted
    sa.Column("worker", sa.String(100)),
    sa.Column("lease_until", Moment),
    # the receiver's own id of it
    sa.Column("external_id", sa.String(200)),
    sa.Column("error", sa.String(500)),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    sa.Index("ix_outbox_due", "state", "next_at"),
    sa.Index("ix_outbox_lane", "carrier", "lane", "id"),
    sa.Index("ix_outbox_external", "external_id"),
)
