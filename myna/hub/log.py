"""The conversation log: what was said, by whom, in which order, and who owns the conversation.

Every method is one transaction. A write that depends on the owner names the version that it
expects; `seq` is given out under the conversation's row, so it has no gaps and no doubles.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from myna.brain.protocol import Answer
from myna.database import carried_out
from myna.hub import schema
from myna.hub.model import Agent, Conversation, Message, now
from myna.hub.reading import Reading
from myna.hub.records import (
    append,
    append_notice,
    conflict,
    expect,
    issued_button,
    load,
    mark_handled,
    message_query,
    move,
    to_message,
    update,
)
from myna.texts import Text

_C, _M = schema.conversations, schema.messages


@dataclass(frozen=True)
class Written:
    """What a transaction has left: the conversation as it is now, and its new messages."""

    conversation: Conversation
    messages: tuple[Message, ...] = ()
    owner_changed: bool = False


@carried_out
class Log(Reading):
    """Reads and writes conversations."""

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
            return await load(connection, conversation_id)

    async def set_language(self, conversation_id: str, language: str) -> Written:
        """The customer has chosen a language."""
        async with self._database.write() as connection:
            await load(connection, conversation_id, lock=True)
            await update(connection, conversation_id, language=language)
            return Written(await load(connection, conversation_id))

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
            conversation = await load(connection, conversation_id, lock=True)
            known = (
                await connection.execute(
                    message_query().where(
                        _M.c.conversation_id == conversation_id, _M.c.echo_id == echo_id
                    )
                )
            ).first()
            if known:
                return Written(conversation, (to_message(known),)), False
            choice = None
            if button_id is not None:
                button = await issued_button(connection, conversation_id, button_id)
                text, choice = button["title"], button["payload"]
            message = await append(
                connection,
                conversation,
                "customer",
                text,
                echo_id=echo_id,
                choice=choice,
                pending=True,
            )
            # after a person has closed the matter, the customer is the bot's again
            changed = await move(connection, conversation, "customer_wrote", who="customer")
            silence = now() - (conversation.customer_at or now())
            if silence > timedelta(minutes=proof_minutes):
                await update(connection, conversation_id, proof=None)
            await update(connection, conversation_id, customer_at=now())
            return Written(await load(connection, conversation_id), (message,), changed), True

    # --- the brain's side

    async def session_began(self, conversation_id: str) -> None:
        """The brain has begun the new session that was due."""
        async with self._database.write() as connection:
            await update(connection, conversation_id, reset_due=False)

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
            conversation = await load(connection, message.conversation_id, lock=True)
            await mark_handled(connection, message, answer["intent"])
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
                    written.append(await append(connection, conversation, "note", text))
                return Written(await load(connection, conversation.id), tuple(written))
            for reply in answer["messages"]:
                buttons = [
                    {"id": secrets.token_hex(8), "title": b["title"], "payload": b["payload"]}
                    for b in reply["buttons"]
                ]
                written.append(
                    await append(
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
            await update(
                connection,
                conversation.id,
                language=conversation.language if chosen else answer["language"] or began.language,
                proof=answer["proof"],
            )
            changed = False
            hand_over = next((c for c in answer["commands"] if c["type"] == "hand_over"), None)
            if hand_over:
                changed = await move(
                    connection,
                    conversation,
                    "hand_over",
                    who="bot",
                    reason=hand_over.get("reason"),
                )
                if notice and not hand_over.get("announced"):
                    written.append(await append_notice(connection, conversation, notice))
            return Written(await load(connection, conversation.id), tuple(written), changed)

    async def give_up_turn(self, message: Message, notice: Text) -> Written:
        """The brain cannot answer: an apology, and the bot's conversation goes to people."""
        async with self._database.write() as connection:
            conversation = await load(connection, message.conversation_id, lock=True)
            await mark_handled(connection, message, None)
            written: list[Message] = []
            changed = False
            if conversation.owner == "bot":
                written.append(await append_notice(connection, conversation, notice))
                changed = await move(
                    connection, conversation, "hand_over", who="hub", reason="fault"
                )
            return Written(await load(connection, conversation.id), tuple(written), changed)

    async def leave_to_people(self, message: Message, notice: Text | None) -> Written:
        """A customer's message while people own the conversation; it is in their inbox.

        Args:
            message: the customer's message.
            notice: said once in each stretch of waiting.
        """
        async with self._database.write() as connection:
            conversation = await load(connection, message.conversation_id, lock=True)
            await mark_handled(connection, message, None)
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
                    written.append(await append_notice(connection, conversation, notice))
            return Written(await load(connection, conversation.id), tuple(written))

    # --- the agent's side

    async def claim(
        self, conversation_id: str, agent: Agent, version: int, joined: Text
    ) -> Written:
        """An agent takes a conversation.

        Raises:
            HubError: its ownership has changed since the agent looked (409).
        """
        async with self._database.write() as connection:
            conversation = await load(connection, conversation_id, lock=True)
            if conversation.owner == "human" and conversation.agent_id == agent.id:
                return Written(conversation)
            expect(conversation, version)
            changed = await move(connection, conversation, "claim", who=agent.name, agent=agent)
            if not changed:
                raise conflict(conversation)
            message = await append_notice(connection, conversation, joined)
            return Written(await load(connection, conversation_id), (message,), True)

    async def reply(
        self, conversation_id: str, agent: Agent, echo_id: str, text: str, joined: Text
    ) -> Written:
        """An agent's public message; it takes the conversation over in the same transaction.

        Raises:
            HubError: another agent has the conversation (409).
        """
        async with self._database.write() as connection:
            conversation = await load(connection, conversation_id, lock=True)
            known = (
                await connection.execute(
                    message_query().where(
                        _M.c.conversation_id == conversation_id, _M.c.echo_id == echo_id
                    )
                )
            ).first()
            if known:
                return Written(conversation, (to_message(known),))
            if conversation.owner == "human" and conversation.agent_id != agent.id:
                raise conflict(conversation)
            written: list[Message] = []
            changed = await move(
                connection, conversation, "agent_wrote", who=agent.name, agent=agent
            )
            if changed:
                written.append(await append_notice(connection, conversation, joined))
            written.append(
                await append(
                    connection, conversation, "agent", text, echo_id=echo_id, agent_id=agent.id
                )
            )
            return Written(await load(connection, conversation_id), tuple(written), changed)

    async def note(self, conversation_id: str, agent: Agent, text: str) -> Written:
        """A note that only agents see."""
        async with self._database.write() as connection:
            conversation = await load(connection, conversation_id, lock=True)
            message = await append(connection, conversation, "note", text, agent_id=agent.id)
            return Written(await load(connection, conversation_id), (message,))

    async def release(self, conversation_id: str, agent: Agent, version: int) -> Written:
        """An agent puts a conversation back into the queue.

        Raises:
            HubError: it is not this agent's at this version (409).
        """
        async with self._database.write() as connection:
            conversation = await load(connection, conversation_id, lock=True)
            expect(conversation, version)
            if conversation.agent_id != agent.id or not await move(
                connection,
                conversation,
                "release",
                who=agent.name,
                reason=conversation.reason or "agent",
            ):
                raise conflict(conversation)
            return Written(await load(connection, conversation_id), (), True)

    async def resolve(
        self, conversation_id: str, agent: Agent, version: int, notice: Text
    ) -> Written:
        """An agent closes the matter; the customer's next message goes to the bot again.

        Raises:
            HubError: its ownership has changed since the agent looked (409).
        """
        async with self._database.write() as connection:
            conversation = await load(connection, conversation_id, lock=True)
            if conversation.owner == "nobody":
                return Written(conversation)
            expect(conversation, version)
            await move(connection, conversation, "resolve", who=agent.name)
            await update(connection, conversation_id, reset_due=True, proof=None)
            message = await append_notice(connection, conversation, notice)
            return Written(await load(connection, conversation_id), (message,), True)
