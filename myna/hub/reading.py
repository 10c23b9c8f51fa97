"""What is asked of the conversation log: by channels, by the turns, by the desk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from myna.brain.protocol import Customer
from myna.database import Database, reads
from myna.hub import cases, schema
from myna.hub.handover import outlook, people_there
from myna.hub.house import House
from myna.hub.model import Attachment, Conversation, HubError, Message, now, stamp
from myna.hub.ownership import Owner
from myna.hub.records import (
    conversation_query,
    find,
    load,
    message_query,
    to_conversation,
    to_message,
)

_C, _M = schema.conversations, schema.messages
_HISTORY = 10  # intents shown to the agent


_WRONG_TRIES = sa.select(
    schema.proof_failures.c.conversation_id, schema.proof_failures.c.order_number
).where(schema.proof_failures.c.at > sa.bindparam("since"))


class Reading:
    """Reads conversations."""

    def __init__(self, database: Database, house: House) -> None:
        self._database = database
        self._house = house

    @reads
    def conversation(self, connection: Connection, conversation_id: str) -> Conversation:
        """One conversation.

        Raises:
            HubError: there is none with this id.
        """
        return load(connection, conversation_id)

    @reads
    def find(self, connection: Connection, conversation_id: str) -> Conversation | None:
        """One conversation, if there is one with this id."""
        return find(connection, conversation_id)

    @reads
    def answered(self, connection: Connection, conversation_id: str) -> bool:
        """Whether the customer has had an answer from us."""
        query = sa.select(_M.c.seq).where(
            _M.c.conversation_id == conversation_id, _M.c.author.in_(("bot", "agent", "system"))
        )
        return connection.execute(query.limit(1)).first() is not None

    @reads
    def messages(
        self,
        connection: Connection,
        conversation_id: str,
        after: int = 0,
        *,
        notes: bool = False,
        limit: int | None = 500,
    ) -> list[Message]:
        """Messages with a seq above `after`, in order; the agents' notes only if asked for."""
        query = message_query().where(_M.c.conversation_id == conversation_id, _M.c.seq > after)
        if not notes:
            query = query.where(_M.c.author != "note")
        rows = connection.execute(query.order_by(_M.c.seq).limit(limit))
        return [to_message(row) for row in rows]

    @reads
    def last_message(self, connection: Connection, conversation_id: str) -> Message | None:
        """The newest message that is no note."""
        query = message_query().where(
            _M.c.conversation_id == conversation_id, _M.c.author != "note"
        )
        row = connection.execute(query.order_by(_M.c.seq.desc()).limit(1)).first()
        return to_message(row) if row else None

    @reads
    def troubles(self, connection: Connection, conversation_id: str) -> list[dict[str, object]]:
        """Messages that were not delivered, or perhaps not: `seq`, `state`, `error`."""
        about = sa.select(_C.c.channel).where(_C.c.id == conversation_id).scalar_subquery()
        rows = connection.execute(
            sa.select(schema.outbox.c.payload, schema.outbox.c.state, schema.outbox.c.error)
            .where(
                schema.outbox.c.carrier == about,
                schema.outbox.c.lane == conversation_id,
                schema.outbox.c.state.in_(("failed", "unknown", "expired")),
            )
            .order_by(schema.outbox.c.id)
        )
        return [{"seq": r.payload["seq"], "state": r.state, "error": r.error} for r in rows]

    @reads
    def attachment(
        self, connection: Connection, conversation_id: str, attachment_id: str
    ) -> Attachment:
        """One attachment of a conversation.

        Raises:
            HubError: there is none with this id (404).
        """
        rows = connection.execute(
            sa.select(_M.c.attachments)
            .where(_M.c.conversation_id == conversation_id, _M.c.attachments.is_not(None))
            .order_by(_M.c.seq.desc())
        )
        for attachments in rows.scalars():
            for attachment in attachments or ():
                if attachment["id"] == attachment_id:
                    found: Attachment = attachment
                    return found
        raise HubError(404, "not_found", "There is no such attachment.")

    @reads
    def with_pending(self, connection: Connection) -> list[str]:
        """Conversations with a message that was accepted and not handled yet."""
        query = sa.select(_M.c.conversation_id).where(_M.c.state == "pending").distinct()
        return list(connection.execute(query).scalars())

    @reads
    def customer(self, connection: Connection, conversation: Conversation) -> Customer:
        """What the brain is told of the customer."""
        return self._customer(connection, conversation)

    def _customer(self, connection: Connection, conversation: Conversation) -> Customer:
        limits = self._house.facts.limits
        cool = now() - timedelta(minutes=limits.proof_cooldown_minutes)
        rows = connection.execute(_WRONG_TRIES, {"since": cool}).all()
        tries = Counter(row.order_number for row in rows)
        return {
            "channel": conversation.channel,
            "proof": conversation.proof,
            "failed_proofs": sum(row.conversation_id == conversation.id for row in rows),
            "locked_orders": [order for order, n in tries.items() if n >= limits.proof_tries],
            "people_available": people_there(connection, self._house, now()) > 0,
        }

    @reads
    def context(self, connection: Connection, conversation_id: str) -> dict[str, Any]:
        """What an agent wants to know besides the transcript."""
        failures, history = schema.proof_failures, schema.ownership
        conversation = load(connection, conversation_id)
        intents = connection.execute(
            sa.select(_M.c.intent)
            .where(_M.c.conversation_id == conversation_id, _M.c.intent.is_not(None))
            .order_by(_M.c.seq.desc())
            .limit(_HISTORY)
        )
        failed = connection.scalar(
            sa.select(sa.func.count())
            .select_from(failures)
            .where(failures.c.conversation_id == conversation_id)
        )
        changes = connection.execute(
            sa.select(history)
            .where(history.c.conversation_id == conversation_id)
            .order_by(history.c.version)
        )
        ratings = schema.ratings
        rated = connection.execute(
            sa.select(ratings)
            .where(ratings.c.conversation_id == conversation_id)
            .order_by(ratings.c.id)
        )
        position = None
        if conversation.owner == "queue":
            position = outlook(connection, self._house, conversation.queued_at)[0] + 1
        promised = cases.case_query().where(schema.cases.c.conversation_id == conversation_id)
        opened = connection.execute(promised.order_by(schema.cases.c.id.desc()))
        return {
            "intents": list(intents.scalars()),
            "proof": conversation.proof,
            "failed_proofs": failed or 0,
            "slots": conversation.slots,
            "position": position,
            "unanswered_since": stamp(conversation.unanswered_at),
            "cases": [cases.to_case(row).public() for row in opened],
            "ratings": [
                {"stars": row.stars, "comment": row.comment, "at": stamp(row.at)} for row in rated
            ],
            "history": [
                {
                    "at": stamp(row.at),
                    "from": row.from_owner,
                    "to": row.to_owner,
                    "reason": row.reason,
                    "who": row.who,
                }
                for row in changes
            ],
        }

    @reads
    def overview(
        self,
        connection: Connection,
        owners: Sequence[Owner] | None = None,
        agent_id: int | None = None,
        limit: int = 500,
    ) -> list[tuple[Conversation, Message | None]]:
        """Conversations with their last message; the longest waiting first, then the newest."""
        query = conversation_query()
        if owners is not None:
            wanted = _C.c.owner.in_(owners)
            if "queue" in owners:  # whoever found nobody there is waiting too
                wanted = sa.or_(wanted, _C.c.id.in_(_called_for()))
            query = query.where(wanted)
        if agent_id is not None:
            query = query.where(_C.c.agent_id == agent_id)
        # without a message nothing has happened yet that an agent could look at
        query = query.where(_C.c.last_seq > 0).order_by(
            sa.case((_C.c.owner == "queue", 0), else_=1),
            sa.case((_C.c.owner == "queue", _C.c.queued_at)),
            _C.c.updated_at.desc(),
        )
        found = [to_conversation(row) for row in connection.execute(query.limit(limit))]
        ids = [conversation.id for conversation in found]
        newest = (
            sa.select(_M.c.conversation_id, sa.func.max(_M.c.seq).label("seq"))
            .where(_M.c.conversation_id.in_(ids), _M.c.author != "note")
            .group_by(_M.c.conversation_id)
            .subquery()
        )
        rows = connection.execute(
            message_query().join(
                newest,
                sa.and_(
                    newest.c.conversation_id == _M.c.conversation_id,
                    newest.c.seq == _M.c.seq,
                ),
            )
        )
        last = {row.conversation_id: to_message(row) for row in rows}
        return [(conversation, last.get(conversation.id)) for conversation in found]

    @reads
    def counts(self, connection: Connection, agent_id: int) -> dict[str, int]:
        """How many conversations wait, are this agent's, are with people at all."""
        rows = connection.execute(
            sa.select(_C.c.owner, _C.c.agent_id, sa.func.count())
            .where(_C.c.owner.in_(("queue", "human")))
            .group_by(_C.c.owner, _C.c.agent_id)
        )
        found = [tuple(row) for row in rows]
        called = sa.select(sa.func.count()).select_from(_C).where(_C.c.id.in_(_called_for()))
        return {
            "queue": sum(n for owner, _, n in found if owner == "queue")
            + (connection.scalar(called) or 0),
            "mine": sum(n for owner, agent, n in found if owner == "human" and agent == agent_id),
            "open": sum(n for _, _, n in found),
        }


def _called_for() -> Any:
    """Conversations of the bot in which a person was asked for when nobody was there."""
    case = schema.cases
    return (
        sa.select(case.c.conversation_id)
        .join(_C, _C.c.id == case.c.conversation_id)
        .where(
            case.c.kind == "callback",
            case.c.state.in_(cases.UNDONE),
            _C.c.owner.in_(("bot", "nobody")),
        )
    )
