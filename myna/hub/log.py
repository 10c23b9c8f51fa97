"""The conversation log: what was said, by whom, in which order, and who owns the conversation.

Every method is one transaction. A write that depends on the owner names the version that it
expects; `seq` is given out under the conversation's row, so it has no gaps and no doubles.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from myna.brain.protocol import Answer, Customer, Proof
from myna.facts import Limits
from myna.hub import schema
from myna.hub.database import Database, carried_out
from myna.hub.model import Agent, Author, Conversation, HubError, Message, now
from myna.hub.ownership import Cause, Owner, next_owner
from myna.texts import Text

_C, _M = schema.conversations, schema.messages
_HISTORY = 10  # intents shown to the agent


@dataclass(frozen=True)
class Written:
    """What a transaction has left: the conversation as it is now, and its new messages."""

    conversation: Conversation
    messages: tuple[Message, ...] = ()
    owner_changed: bool = False


@carried_out
class Log:
    """Reads and writes conversations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- reading

    async def conversation(self, conversation_id: str) -> Conversation:
        """One conversation.

        Raises:
            HubError: there is none with this id.
        """
        async with self._database.read() as connection:
            return await _load(connection, conversation_id)

    async def messages(
        self, conversation_id: str, after: int = 0, *, notes: bool = False, limit: int | None = 500
    ) -> list[Message]:
        """Messages with a seq above `after`, in order; the agents' notes only if asked for."""
        query = _message_query().where(_M.c.conversation_id == conversation_id, _M.c.seq > after)
        if not notes:
            query = query.where(_M.c.author != "note")
        async with self._database.read() as connection:
            rows = await connection.execute(query.order_by(_M.c.seq).limit(limit))
            return [_message(row) for row in rows]

    async def last_message(self, conversation_id: str) -> Message | None:
        """The newest message that is no note."""
        query = _message_query().where(
            _M.c.conversation_id == conversation_id, _M.c.author != "note"
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query.order_by(_M.c.seq.desc()).limit(1))).first()
            return _message(row) if row else None

    async def next_pending(self, conversation_id: str) -> Message | None:
        """The oldest message that neither the brain nor a person has been given yet."""
        query = _message_query().where(_M.c.pending, _M.c.conversation_id == conversation_id)
        async with self._database.read() as connection:
            row = (await connection.execute(query.order_by(_M.c.seq).limit(1))).first()
            return _message(row) if row else None

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
            conversation = await _load(connection, conversation_id)
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
        query = _conversation_query()
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
            found = [_conversation(row) for row in await connection.execute(query.limit(limit))]
            ids = [conversation.id for conversation in found]
            newest = (
                sa.select(_M.c.conversation_id, sa.func.max(_M.c.seq).label("seq"))
                .where(_M.c.conversation_id.in_(ids), _M.c.author != "note")
                .group_by(_M.c.conversation_id)
                .subquery()
            )
            rows = await connection.execute(
                _message_query().join(
                    newest,
                    sa.and_(
                        newest.c.conversation_id == _M.c.conversation_id,
                        newest.c.seq == _M.c.seq,
                    ),
                )
            )
            last = {row.conversation_id: _message(row) for row in rows}
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

    # --- the customer's side

    async def open(self, channel: str, language: str | None) -> Conversation:
        """A new conversation, owned by the bot; its id is minted here and nowhere else."""
        conversation_id = secrets.token_hex(12)
        moment = now()
        async with self._database.write() as connection:
            await connection.execute(
                _C.insert().values(
                    id=conversation_id,
                    channel=channel,
                    language=language,
                    owner="bot",
                    version=1,
                    last_seq=0,
                    reset_due=False,
                    created_at=moment,
                    updated_at=moment,
                )
            )
            return await _load(connection, conversation_id)

    async def set_language(self, conversation_id: str, language: str) -> Written:
        """The customer has chosen a language."""
        async with self._database.write() as connection:
            await _load(connection, conversation_id, lock=True)
            await _update(connection, conversation_id, language=language)
            return Written(await _load(connection, conversation_id))

    async def receive(
        self,
        conversation_id: str,
        echo_id: str,
        text: str,
        button_id: str | None,
        proof_minutes: int,
    ) -> tuple[Written, bool]:
        """Takes in a customer's message, once for each `echo_id`.

        After `proof_minutes` of silence an order has to be proved again.

        Returns:
            What was written (the earlier message, if it is a repetition), and whether it is new.

        Raises:
            HubError: the button was not issued in this conversation.
        """
        async with self._database.write() as connection:
            conversation = await _load(connection, conversation_id, lock=True)
            known = (
                await connection.execute(
                    _message_query().where(
                        _M.c.conversation_id == conversation_id, _M.c.echo_id == echo_id
                    )
                )
            ).first()
            if known:
                return Written(conversation, (_message(known),)), False
            choice = None
            if button_id is not None:
                button = await _issued_button(connection, conversation_id, button_id)
                text, choice = button["title"], button["payload"]
            message = await _append(
                connection,
                conversation,
                "customer",
                text,
                echo_id=echo_id,
                choice=choice,
                pending=True,
            )
            # after a person has closed the matter, the customer is the bot's again
            changed = await _move(connection, conversation, "customer_wrote", who="customer")
            silence = now() - (conversation.customer_at or now())
            if silence > timedelta(minutes=proof_minutes):
                await _update(connection, conversation_id, proof=None)
            await _update(connection, conversation_id, customer_at=now())
            return Written(await _load(connection, conversation_id), (message,), changed), True

    # --- the brain's side

    async def session_began(self, conversation_id: str) -> None:
        """The brain has begun the new session that was due."""
        async with self._database.write() as connection:
            await _update(connection, conversation_id, reset_due=False)

    async def finish_turn(
        self,
        message: Message,
        began: Conversation,
        answer: Answer,
        notice: Text | None,
        withheld: Text | None = None,
    ) -> Written:
        """Writes what the brain answered, if the bot still owns the conversation it answered in.

        Where it does not, what the turn did stands (wrong tries are counted, an order stays
        cancelled) and its text becomes a note for the agent.

        Args:
            message: the customer's message that is thereby handled.
            began: the conversation as it was when the turn began.
            answer: the brain's answer.
            notice: what the customer is told if the turn hands over.
            withheld: heading of the note, where the answer comes too late.
        """
        async with self._database.write() as connection:
            conversation = await _load(connection, message.conversation_id, lock=True)
            await _handled(connection, message, answer["intent"])
            failed = [c["order_number"] for c in answer["commands"] if c["type"] == "proof_failed"]
            if failed:  # one message is one try, however often the brain says so
                await connection.execute(
                    schema.proof_failures.insert().values(
                        conversation_id=conversation.id,
                        seq=message.seq,
                        order_number=failed[0],
                        at=now(),
                    )
                )
            written: list[Message] = []
            if conversation.owner != "bot" or conversation.version != began.version:
                said = "\n".join(m["text"] for m in answer["messages"])
                if said:
                    text = f"{withheld.text}\n{said}" if withheld else said
                    written.append(await _append(connection, conversation, "note", text))
                return Written(await _load(connection, conversation.id), tuple(written))
            for reply in answer["messages"]:
                buttons = [
                    {"id": secrets.token_hex(8), "title": b["title"], "payload": b["payload"]}
                    for b in reply["buttons"]
                ]
                written.append(
                    await _append(
                        connection,
                        conversation,
                        "bot",
                        reply["text"],
                        response=reply["response"],
                        buttons=buttons,
                    )
                )
            # what the customer has chosen meanwhile is newer than what the brain has read
            chosen = conversation.language != began.language
            await _update(
                connection,
                conversation.id,
                language=conversation.language if chosen else answer["language"] or began.language,
                proof=answer["proof"],
            )
            changed = False
            hand_over = next((c for c in answer["commands"] if c["type"] == "hand_over"), None)
            if hand_over:
                changed = await _move(
                    connection,
                    conversation,
                    "hand_over",
                    who="bot",
                    reason=hand_over.get("reason"),
                )
                if notice and not hand_over.get("announced"):
                    written.append(await _notice(connection, conversation, notice))
            return Written(await _load(connection, conversation.id), tuple(written), changed)

    async def give_up_turn(self, message: Message, notice: Text) -> Written:
        """The brain cannot answer: an apology, and the bot's conversation goes to people."""
        async with self._database.write() as connection:
            conversation = await _load(connection, message.conversation_id, lock=True)
            await _handled(connection, message, None)
            written: list[Message] = []
            changed = False
            if conversation.owner == "bot":
                written.append(await _notice(connection, conversation, notice))
                changed = await _move(
                    connection, conversation, "hand_over", who="hub", reason="fault"
                )
            return Written(await _load(connection, conversation.id), tuple(written), changed)

    async def leave_to_people(self, message: Message, notice: Text | None) -> Written:
        """A customer's message while people own the conversation; it is in their inbox.

        Args:
            message: the customer's message.
            notice: said once in each stretch of waiting.
        """
        async with self._database.write() as connection:
            conversation = await _load(connection, message.conversation_id, lock=True)
            await _handled(connection, message, None)
            written: list[Message] = []
            if notice and conversation.owner == "queue" and conversation.queued_at:
                said = await connection.scalar(
                    sa.select(sa.func.count())
                    .select_from(_M)
                    .where(
                        _M.c.conversation_id == conversation.id,
                        _M.c.response == notice.name,
                        _M.c.created_at >= conversation.queued_at,
                    )
                )
                if not said:
                    written.append(await _notice(connection, conversation, notice))
            return Written(await _load(connection, conversation.id), tuple(written))

    # --- the agent's side

    async def claim(
        self, conversation_id: str, agent: Agent, version: int, joined: Text
    ) -> Written:
        """An agent takes a conversation.

        Raises:
            HubError: its ownership has changed since the agent looked (409).
        """
        async with self._database.write() as connection:
            conversation = await _load(connection, conversation_id, lock=True)
            if conversation.owner == "human" and conversation.agent_id == agent.id:
                return Written(conversation)
            _expect(conversation, version)
            changed = await _move(connection, conversation, "claim", who=agent.name, agent=agent)
            if not changed:
                raise _conflict(conversation)
            message = await _notice(connection, conversation, joined)
            return Written(await _load(connection, conversation_id), (message,), True)

    async def reply(
        self, conversation_id: str, agent: Agent, echo_id: str, text: str, joined: Text
    ) -> Written:
        """An agent's public message; it takes the conversation over in the same transaction.

        Raises:
            HubError: another agent has the conversation (409).
        """
        async with self._database.write() as connection:
            conversation = await _load(connection, conversation_id, lock=True)
            known = (
                await connection.execute(
                    _message_query().where(
                        _M.c.conversation_id == conversation_id, _M.c.echo_id == echo_id
                    )
                )
            ).first()
            if known:
                return Written(conversation, (_message(known),))
            if conversation.owner == "human" and conversation.agent_id != agent.id:
                raise _conflict(conversation)
            written: list[Message] = []
            changed = await _move(
                connection, conversation, "agent_wrote", who=agent.name, agent=agent
            )
            if changed:
                written.append(await _notice(connection, conversation, joined))
            written.append(
                await _append(
                    connection, conversation, "agent", text, echo_id=echo_id, agent_id=agent.id
                )
            )
            return Written(await _load(connection, conversation_id), tuple(written), changed)

    async def note(self, conversation_id: str, agent: Agent, text: str) -> Written:
        """A note that only agents see."""
        async with self._database.write() as connection:
            conversation = await _load(connection, conversation_id, lock=True)
            message = await _append(connection, conversation, "note", text, agent_id=agent.id)
            return Written(await _load(connection, conversation_id), (message,))

    async def release(self, conversation_id: str, agent: Agent, version: int) -> Written:
        """An agent puts a conversation back into the queue.

        Raises:
            HubError: it is not this agent's at this version (409).
        """
        async with self._database.write() as connection:
            conversation = await _load(connection, conversation_id, lock=True)
            _expect(conversation, version)
            if conversation.agent_id != agent.id or not await _move(
                connection,
                conversation,
                "release",
                who=agent.name,
                reason=conversation.reason or "agent",
            ):
                raise _conflict(conversation)
            return Written(await _load(connection, conversation_id), (), True)

    async def resolve(
        self, conversation_id: str, agent: Agent, version: int, notice: Text
    ) -> Written:
        """An agent closes the matter; the customer's next message goes to the bot again.

        Raises:
            HubError: its ownership has changed since the agent looked (409).
        """
        async with self._database.write() as connection:
            conversation = await _load(connection, conversation_id, lock=True)
            if conversation.owner == "nobody":
                return Written(conversation)
            _expect(conversation, version)
            await _move(connection, conversation, "resolve", who=agent.name)
            await _update(connection, conversation_id, reset_due=True, proof=None)
            message = await _notice(connection, conversation, notice)
            return Written(await _load(connection, conversation_id), (message,), True)


def _conversation_query() -> Any:
    return sa.select(_C, schema.agents.c.name.label("agent")).outerjoin(schema.agents)


def _message_query() -> Any:
    return sa.select(_M, schema.agents.c.name.label("agent")).outerjoin(schema.agents)


def _conversation(row: Any) -> Conversation:
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


def _message(row: Any) -> Message:
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


async def _load(
    connection: AsyncConnection, conversation_id: str, *, lock: bool = False
) -> Conversation:
    query = _conversation_query().where(_C.c.id == conversation_id)
    if lock:
        query = query.with_for_update(of=_C)
    row = (await connection.execute(query)).first()
    if row is None:
        raise HubError(404, "not_found", "There is no such conversation.")
    return _conversation(row)


async def _update(connection: AsyncConnection, conversation_id: str, **values: Any) -> None:
    await connection.execute(
        _C.update().where(_C.c.id == conversation_id).values(**values, updated_at=now())
    )


async def _append(
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
    query = _message_query().where(_M.c.conversation_id == conversation.id, _M.c.seq == seq)
    return _message((await connection.execute(query)).one())


async def _notice(connection: AsyncConnection, conversation: Conversation, text: Text) -> Message:
    buttons = [
        {"id": secrets.token_hex(8), "title": b.title, "payload": b.payload} for b in text.buttons
    ]
    return await _append(
        connection, conversation, "system", text.text, response=text.name, buttons=buttons
    )


async def _handled(connection: AsyncConnection, message: Message, intent: str | None) -> None:
    await connection.execute(
        _M.update()
        .where(_M.c.conversation_id == message.conversation_id, _M.c.seq == message.seq)
        .values(pending=False, intent=intent)
    )


async def _issued_button(
    connection: AsyncConnection, conversation_id: str, button_id: str
) -> dict[str, str]:
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


async def _move(
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
    await _update(
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


def _expect(conversation: Conversation, version: int) -> None:
    if conversation.version != version:
        raise _conflict(conversation)


def _conflict(conversation: Conversation) -> HubError:
    who = f"{conversation.agent} has it" if conversation.agent else "it has moved on"
    return HubError(
        409, "conflict", f"This conversation has changed meanwhile: {who}.", of=conversation
    )
