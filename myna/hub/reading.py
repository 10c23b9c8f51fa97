"""What is asked of the conversation log: by channels, by the turns, by the desk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from myna.brain.protocol import Customer
from myna.database import Database, carried_out
from myna.facts import Limits
from myna.hub import schema
from myna.hub.model import Conversation, Message, now
from myna.hub.ownership import Owner
from myna.hub.records import conversation_query, load, message_query, to_conversation, to_message

_C, _M = schema.conversations, schema.messages
_HISTORY = 10  # intents shown to the agent


@carried_out
class Reading:
    """Reads conversations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def conversation(self, conversation_id: str) -> Conversation:
        """One conversation.

        Raises:
            HubError: there is none with this id.
        """
        async with self._database.read() as connection:
            return await load(connection, conversation_id)

    async def messages(
        self, conversation_id: str, after: int = 0, *, notes: bool = False, limit: int | None = 500
    ) -> list[Message]:
        """Messages with a seq above `after`, in order; the agents' notes only if asked for."""
        query = message_query().where(_M.c.conversation_id == conversation_id, _M.c.seq > after)
        if not notes:
            query = query.where(_M.c.author != "note")
        async with self._database.read() as connection:
            rows = await connection.execute(query.order_by(_M.c.seq).limit(limit))
            return [to_message(row) for row in rows]

    async def last_message(self, conversation_id: str) -> Message | None:
        """The newest message that is no note."""
        query = message_query().where(
            _M.c.conversation_id == conversation_id, _M.c.author != "note"
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query.order_by(_M.c.seq.desc()).limit(1))).first()
            return to_message(row) if row else None

    async def next_pending(self, conversation_id: str) -> Message | None:
        """The oldest message that neither the brain nor a person has been given yet."""
        query = message_query().where(_M.c.pending, _M.c.conversation_id == conversation_id)
        async with self._database.read() as connection:
            row = (await connection.execute(query.order_by(_M.c.seq).limit(1))).first()
            return to_message(row) if row else None

    async def with_pending(self) -> list[str]:
        """Conversations with a message that was accepted and not handled yet."""
        async with self._database.read() as connection:
            query = sa.select(_M.c.conversation_id).where(_M.c.pending).distinct()
            return list((await connection.execute(query)).scalars())

    async def customer(self, conversation: Conversation, limits: Limits) -> Customer:
        """What the brain is told of the customer."""
        since = now() - timedelta(minutes=limits.proof_cooldown_minutes)
        table = schema.proof_failures
        recent = table.c.at > since
        async with self._database.read() as connection:
            failed = await connection.scalar(
                sa.select(sa.func.count())
                .select_from(table)
                .where(recent, table.c.conversation_id == conversation.id)
            )
            locked = await connection.execute(
                sa.select(table.c.order_number)
                .where(recent)
                .group_by(table.c.order_number)
                .having(sa.func.count() >= limits.proof_tries)
            )
            return {
                "channel": conversation.channel,
                "proof": conversation.proof,
                "failed_proofs": failed or 0,
                "locked_orders": list(locked.scalars()),
            }

    async def context(self, conversation_id: str) -> dict[str, Any]:
        """What an agent wants to know besides the transcript."""
        failures, history = schema.proof_failures, schema.ownership
        async with self._database.read() as connection:
            conversation = await load(connection, conversation_id)
            intents = await connection.execute(
                sa.select(_M.c.intent)
                .where(_M.c.conversation_id == conversation_id, _M.c.intent.is_not(None))
                .order_by(_M.c.seq.desc())
                .limit(_HISTORY)
            )
            failed = await connection.scalar(
                sa.select(sa.func.count())
                .select_from(failures)
                .where(failures.c.conversation_id == conversation_id)
            )
            changes = await connection.execute(
                sa.select(history)
                .where(history.c.conversation_id == conversation_id)
                .order_by(history.c.version)
            )
            return {
                "intents": list(intents.scalars()),
                "proof": conversation.proof,
                "failed_proofs": failed or 0,
                "history": [
                    {
                        "at": row.at,
                        "from": row.from_owner,
                        "to": row.to_owner,
                        "reason": row.reason,
                        "who": row.who,
                    }
                    for row in changes
                ],
            }

    async def overview(
        self, owners: Sequence[Owner] | None = None, agent_id: int | None = None, limit: int = 500
    ) -> list[tuple[Conversation, Message | None]]:
        """Conversations with their last message; the longest waiting first, then the newest."""
        query = conversation_query()
        if owners is not None:
            query = query.where(_C.c.owner.in_(owners))
        if agent_id is not None:
            query = query.where(_C.c.agent_id == agent_id)
        # without a message nothing has happened yet that an agent could look at
        query = query.where(_C.c.last_seq > 0).order_by(
            sa.case((_C.c.owner == "queue", 0), else_=1),
            sa.case((_C.c.owner == "queue", _C.c.queued_at)),
            _C.c.updated_at.desc(),
        )
        async with self._database.read() as connection:
            found = [to_conversation(row) for row in await connection.execute(query.limit(limit))]
            ids = [conversation.id for conversation in found]
            newest = (
                sa.select(_M.c.conversation_id, sa.func.max(_M.c.seq).label("seq"))
                .where(_M.c.conversation_id.in_(ids), _M.c.author != "note")
                .group_by(_M.c.conversation_id)
                .subquery()
            )
            rows = await connection.execute(
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

    async def counts(self, agent_id: int) -> dict[str, int]:
        """How many conversations wait, are this agent's, are with people at all."""
        async with self._database.read() as connection:
            rows = await connection.execute(
                sa.select(_C.c.owner, _C.c.agent_id, sa.func.count())
                .where(_C.c.owner.in_(("queue", "human")))
                .group_by(_C.c.owner, _C.c.agent_id)
            )
            found = [tuple(row) for row in rows]
        return {
            "queue": sum(n for owner, _, n in found if owner == "queue"),
            "mine": sum(n for owner, agent, n in found if owner == "human" and agent == agent_id),
            "open": sum(n for _, _, n in found),
        }
