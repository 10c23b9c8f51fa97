"""The hub's service: takes messages in, runs turns, lets agents work, tells who watches."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any

from myna.brain.protocol import Answer, AnswerButton
from myna.hub.brain import Brain, BrainUnavailable
from myna.hub.bus import Bus, News
from myna.hub.log import Log, Written
from myna.hub.model import Agent, Conversation, Message
from myna.texts import Catalogue, Text

logger = logging.getLogger(__name__)

MAX_CHARACTERS = 20_000
"""A longer message is refused by the channels."""

_FAULTS = 3  # in a row, such as a locked database, before a message goes to people
_PAUSE_SECONDS = 1.0  # after the first of them, then longer

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """Without what no database or brain can take: NUL and halves of surrogate pairs."""
    return _UNSTORABLE.sub("\ufffd", text)


class Hub:
    """Every message is in the log before anything else happens to it.

    Turns of one conversation run in order, those of different conversations side by side. What was
    accepted before a crash is taken up again by `start`.
    """

    def __init__(self, log: Log, brain: Brain, catalogue: Catalogue) -> None:
        self.log = log
        self.bus = Bus()
        self._brain = brain
        self._catalogue = catalogue
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()

    async def start(self) -> None:
        """Takes up what was accepted and not handled before the process ended."""
        for conversation_id in await self.log.with_pending():
            self._wake(conversation_id)

    async def stop(self) -> None:
        """Ends the running turns; their messages stay pending."""
        for worker in self._workers.values():
            worker.cancel()
        await asyncio.gather(*self._workers.values(), return_exceptions=True)

    async def brain_ready(self) -> bool:
        """Whether the brain answers."""
        return await self._brain.ready()

    # --- the customer's side

    async def open(self, channel: str, language: str | None) -> Conversation:
        """A new conversation."""
        return await self.log.open(channel, language)

    async def set_language(self, conversation_id: str, language: str) -> Conversation:
        """The customer has chosen a language."""
        return self._tell(await self.log.set_language(conversation_id, language)).conversation

    async def receive(
        self, conversation_id: str, echo_id: str, text: str, button_id: str | None = None
    ) -> tuple[Message, bool]:
        """Takes in a customer's message; it is stored when this returns.

        Returns:
            The message, and whether it is new (False: a repetition of the same `echo_id`).

        Raises:
            HubError: no such conversation, or a button that was not offered in it.
        """
        written, new = await self.log.receive(
            conversation_id,
            echo_id,
            storable(text),
            button_id,
            self._catalogue.facts.limits.proof_minutes,
        )
        if new:
            self._tell(written)
            self._wake(conversation_id)
        return written.messages[0], new

    # --- the agent's side

    async def claim(self, conversation_id: str, agent: Agent, version: int) -> Written:
        """An agent takes a conversation."""
        joined = await self._joined(conversation_id, agent)
        return self._tell(await self.log.claim(conversation_id, agent, version, joined))

    async def reply(self, conversation_id: str, agent: Agent, echo_id: str, text: str) -> Written:
        """An agent answers the customer, which takes the conversation over."""
        joined = await self._joined(conversation_id, agent)
        text = storable(text)
        return self._tell(await self.log.reply(conversation_id, agent, echo_id, text, joined))

    async def note(self, conversation_id: str, agent: Agent, text: str) -> Written:
        """An agent leaves a note for agents."""
        text = storable(text)
        return self._tell(await self.log.note(conversation_id, agent, text))

    async def release(self, conversation_id: str, agent: Agent, version: int) -> Written:
        """An agent puts a conversation back into the queue."""
        return self._tell(await self.log.release(conversation_id, agent, version))

    async def resolve(self, conversation_id: str, agent: Agent, version: int) -> Written:
        """An agent closes the matter."""
        conversation = await self.log.conversation(conversation_id)
        notice = self._say("utter_resolved", conversation)
        return self._tell(await self.log.resolve(conversation_id, agent, version, notice))

    async def agent_types(self, conversation_id: str) -> None:
        """Shows the customer that an answer is being written."""
        self.bus.publish(News("typing", conversation_id, {"on": True, "author": "agent"}))

    async def _joined(self, conversation_id: str, agent: Agent) -> Text:
        conversation = await self.log.conversation(conversation_id)
        return self._say("utter_agent_joined", conversation, agent=agent.name)

    # --- turns

    def _wake(self, conversation_id: str) -> None:
        """Sees to it that the conversation's pending messages are handled."""
        worker = self._workers.get(conversation_id)
        if worker and not worker.done():
            self._again.add(conversation_id)
            return
        self._workers[conversation_id] = asyncio.create_task(self._work(conversation_id))

    async def _work(self, conversation_id: str) -> None:
        faults = 0
        try:
            while True:
                self._again.discard(conversation_id)
                try:
                    while message := await self.log.next_pending(conversation_id):
                        if faults > _FAULTS:
                            await self._give_up(message)
                        else:
                            await self._handle(message)
                        faults = 0
                except Exception:
                    logger.exception("Handling the messages of %s failed.", conversation_id)
                    faults += 1
                    if faults > _FAULTS + 1:
                        return  # still pending: taken up with the next message or start
                    await asyncio.sleep(faults * _PAUSE_SECONDS)
                    continue
                # no await between this look and the end, so no wake-up can be missed
                if conversation_id not in self._again:
                    return
        finally:
            self._workers.pop(conversation_id, None)

    async def _handle(self, message: Message) -> None:
        conversation = await self.log.conversation(message.conversation_id)
        if conversation.owner != "bot":
            waiting = self._say("utter_still_waiting", conversation)
            self._tell(await self.log.leave_to_people(message, waiting))
            return
        typing = News("typing", conversation.id, {"on": True, "author": "bot"})
        self.bus.publish(typing)
        try:
            answer = self._own_answer(message, conversation) or await self._ask_brain(
                message, conversation
            )
            language = answer["language"] or conversation.language
            written = await self.log.finish_turn(
                message,
                conversation,
                answer,
                notice=self._text("utter_handed_over", language),
                withheld=self._text("utter_withheld_note", language),
            )
        except BrainUnavailable as fault:
            logger.error("The brain did not answer %s: %s", message.conversation_id, fault)
            await self._give_up(message)
            return
        self._stops_typing(conversation.id)
        self._tell(written)

    async def _give_up(self, message: Message) -> None:
        """Apologises and hands over; an agent who came meanwhile is not talked over."""
        conversation = await self.log.conversation(message.conversation_id)
        apology = self._say("utter_brain_unavailable", conversation)
        written = await self.log.give_up_turn(message, apology)
        self._stops_typing(conversation.id)
        self._tell(written)

    def _stops_typing(self, conversation_id: str) -> None:
        self.bus.publish(News("typing", conversation_id, {"on": False, "author": "bot"}))

    def _own_answer(self, message: Message, conversation: Conversation) -> Answer | None:
        """The hub's answer to what the brain need not see: nothing at all, or far too much."""
        limit = self._catalogue.facts.limits.message_characters
        if message.choice is None and not message.text.strip():
            text = self._say("utter_empty_message", conversation)
        elif len(message.text) > limit:
            text = self._say("utter_message_too_long", conversation)
        else:
            return None
        buttons: list[AnswerButton] = [
            {"title": b.title, "payload": b.payload} for b in text.buttons
        ]
        return {
            "status": "answered",
            "messages": [{"text": text.text, "buttons": buttons, "response": text.name}],
            "commands": [],
            "language": conversation.language,
            "intent": None,
            "proof": conversation.proof,
        }

    async def _ask_brain(self, message: Message, conversation: Conversation) -> Answer:
        if conversation.reset_due:
            await self._brain.reset(conversation.id)
            await self.log.session_began(conversation.id)
        choice = message.choice
        return await self._brain.turn(
            {
                "conversation": conversation.id,
                "message": f"{conversation.id}:{message.seq}",
                "text": None if choice else message.text,
                "choice": {"payload": choice, "title": message.text} if choice else None,
                "language": conversation.language,
                "customer": await self.log.customer(conversation, self._catalogue.facts.limits),
            }
        )

    # --- telling

    def _text(self, name: str, language: str | None, **values: Any) -> Text:
        language = language or self._catalogue.facts.default_language
        return self._catalogue.render(name, language, **values)

    def _say(self, name: str, conversation: Conversation, **values: Any) -> Text:
        return self._text(name, conversation.language, **values)

    def _tell(self, written: Written) -> Written:
        for message in written.messages:
            self.bus.publish(News("message", message.conversation_id, message))
        self.bus.publish(News("conversation", written.conversation.id, written.conversation))
        return written
