"""The hub's service: takes messages in, runs turns, lets agents work, tells who watches."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable

from myna.brain.protocol import Answer, AnswerButton, Customer, TurnRequest
from myna.database import Database
from myna.hub import outbox
from myna.hub.brain import TURN_SECONDS, Brain, BrainUnavailable, Separate
from myna.hub.bus import Bus, News
from myna.hub.care import Care
from myna.hub.cases import Case, Cases
from myna.hub.house import House
from myna.hub.log import HUB_CHOICE, Log
from myna.hub.model import (
    Agent,
    Arrival,
    Conversation,
    HubError,
    Message,
    Received,
    Turn,
    Written,
    now,
)
from myna.hub.outside import Outside
from myna.identity import Identity

logger = logging.getLogger(__name__)

MAX_CHARACTERS = 20_000
"""A longer message is refused by the channels."""

_FAULTS = 3  # in a row, such as a locked database, before a message goes to people
_PAUSE_SECONDS = 1.0  # after the first of them, then longer
_LONGEST_PAUSE = 5  # times as long: also after hours it is soon noticed that a full disk has room
_LONGEST_GATHERING = 2.5  # seconds that a burst is waited for, however it goes on
_TURNS_AT_ONCE = 8  # that the brain is asked for; more only make each other slow
_BACKLOG_SECONDS = 15.0  # of turns that wait for the brain, before no more are let in
_FIRST_GUESS = 0.1  # seconds of a turn, before one was measured

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """Without what no database or brain can take: NUL and halves of surrogate pairs."""
    return _UNSTORABLE.sub("\ufffd", text)


class Hub:
    """Every message is in the log before anything else happens to it.

    Turns of one conversation run in order, those of different conversations side by side. What was
    accepted before a crash is taken up again by `start`, or by another process.

    Args:
        database: the hub's.
        house: the shop.
        brain: answers turns.
        bus: tells who watches; None: within this process.
        worker: names this process to the others that share the database; the same after a restart.
    """

    def __init__(
        self,
        database: Database,
        house: House,
        brain: Brain,
        bus: Bus | None = None,
        worker: str = "front",
    ) -> None:
        self.log = Log(database, house)
        self.care = Care(database, house)
        self.cases = Cases(database, house)
        self.outside = Outside(database, house)
        self.bus = bus or Bus()
        self.house = house
        self.worker = worker
        self._brain = brain
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._slots = asyncio.Semaphore(_TURNS_AT_ONCE)
        self._turn_seconds = _FIRST_GUESS
        self.on_change: Callable[[], None] | None = None
        """Called when there may be something new to carry."""

    async def start(self) -> None:
        """Takes up what was accepted and not handled before the process ended."""
        for conversation_id in await self.log.with_pending():
            await self.take_up(conversation_id)

    async def stop(self) -> None:
        """Ends the running turns; their messages stay pending."""
        for worker in self._workers.values():
            worker.cancel()
        await asyncio.gather(*self._workers.values(), return_exceptions=True)

    async def take_up(self, conversation_id: str) -> None:
        """Handles a conversation's messages, unless another process does."""
        if await self.log.take(conversation_id, self.worker):
            self._wake(conversation_id)

    async def brain_ready(self) -> bool:
        """Whether the brain answers."""
        return await self._brain.ready()

    # --- the customer's side

    async def open(
        self, conversation_id: str, channel: str, language: str | None = None
    ) -> Conversation:
        """The conversation with this id, made if there is none."""
        return await self.log.open(conversation_id, channel, language)

    async def set_language(self, conversation_id: str, language: str) -> Conversation:
        """The customer has chosen a language."""
        done = await self._carry_out(self.log.set_language(conversation_id, language))
        return done.conversation

    async def log_in(
        self, conversation_id: str, channel: str, language: str | None, identity: Identity
    ) -> Conversation:
        """The shop says who writes a conversation, which is made if there is none.

        Raises:
            HubError: it is another customer's (409).
        """
        change = self.log.log_in(conversation_id, channel, language, identity)
        return (await self._carry_out(change)).conversation

    async def log_out(self, conversation_id: str) -> None:
        """The customer is not logged in at the shop any more."""
        await self._carry_out(self.log.log_out(conversation_id))

    async def receive(self, arrival: Arrival) -> tuple[Message, bool]:
        """Takes in a customer's message; it is stored when this returns.

        Returns:
            The message, and whether it is new (False: a repetition of the same `echo_id`).

        Raises:
            HubError: a button that was not offered in this conversation; too many unanswered
                messages of it (429, with `retry_after` in seconds).
        """
        # who hangs up meanwhile has written all the same, and is answered
        return await asyncio.shield(self._take_in(arrival))

    async def _take_in(self, arrival: Arrival) -> tuple[Message, bool]:
        received = await self.log.receive(
            arrival._replace(text=storable(arrival.text)), self.worker
        )
        written = received.written
        if received.mine:
            self._wake(arrival.conversation_id, received)
            # two rounds of the event loop, and the brain has its question before pages are told
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        if received.new:
            self.tell(written)
        return written.messages[0], received.new

    async def seen(self, conversation_id: str, seq: int) -> None:
        """The customer's page has shown everything up to `seq`."""
        await self._carry_out(self.log.seen(conversation_id, seq))

    async def rate(self, conversation_id: str, stars: int, comment: str | None) -> None:
        """The customer rates the person who closed the matter."""
        await self._carry_out(self.log.rate(conversation_id, stars, comment))

    async def let_in(self, conversation_id: str) -> None:
        """Asked by channels that can refuse a message, before they take it.

        Raises:
            HubError: it would be the brain's to answer, and those that wait for the brain would be
                answered too late already (429, with `retry_after`).
        """
        backlog = len(self._workers) * self._turn_seconds / _TURNS_AT_ONCE
        if backlog <= _BACKLOG_SECONDS:
            return
        conversation = await self.log.find(conversation_id)
        if conversation and conversation.owner in ("queue", "human"):
            return  # people wait for no brain
        raise HubError(
            429,
            "busy",
            "Very many messages are coming in at the moment; please try again shortly.",
            retry_after=round(backlog - _BACKLOG_SECONDS) + 1,
        )

    # --- the agent's side

    async def claim(self, conversation_id: str, agent: Agent, version: int) -> Written:
        """An agent takes a conversation."""
        return await self._carry_out(self.care.claim(conversation_id, agent, version))

    async def reply(self, conversation_id: str, agent: Agent, echo_id: str, text: str) -> Written:
        """An agent answers the customer, which takes the conversation over."""
        text = storable(text)
        return await self._carry_out(self.care.reply(conversation_id, agent, echo_id, text))

    async def note(self, conversation_id: str, agent: Agent, text: str) -> Written:
        """An agent leaves a note for agents."""
        return await self._carry_out(self.care.note(conversation_id, agent, storable(text)))

    async def release(self, conversation_id: str, agent: Agent, version: int) -> Written:
        """An agent puts a conversation back into the queue."""
        return await self._carry_out(self.care.release(conversation_id, agent, version))

    async def resolve(self, conversation_id: str, agent: Agent, version: int) -> Written:
        """An agent closes the matter."""
        return await self._carry_out(self.care.resolve(conversation_id, agent, version))

    def types(self, conversation_id: str, author: str, *, on: bool = True) -> None:
        """Shows that somebody is writing."""
        self.bus.publish(News("typing", conversation_id, {"on": on, "author": author}))

    # --- turns

    def _wake(self, conversation_id: str, received: Received | None = None) -> None:
        """Sees to it that the conversation's pending messages are handled."""
        worker = self._workers.get(conversation_id)
        if worker and not worker.done():
            self._again.add(conversation_id)
            return
        self._workers[conversation_id] = asyncio.create_task(self._work(conversation_id, received))

    async def _work(self, conversation_id: str, received: Received | None) -> None:
        """Handles what is pending, beginning with what was received just now, if it is alone."""
        faults = 0
        known = received if received and received.alone else None
        try:
            while True:
                self._again.discard(conversation_id)
                try:
                    if known:
                        turn: Turn | None = Turn(known.written.messages)
                    else:
                        turn = await self._next(conversation_id)
                    more = False
                    if turn:
                        asked = faults > 0 or (known is None and turn.begun)
                        hopeless = faults > _FAULTS
                        more = await self._handle(turn, known, asked=asked, hopeless=hopeless)
                    known, faults = None, 0
                except Exception:
                    logger.exception("Handling the messages of %s failed.", conversation_id)
                    faults += 1
                    await asyncio.sleep(min(faults, _LONGEST_PAUSE) * _PAUSE_SECONDS)
                    continue
                # no await between this look and the end, so no wake-up can be missed
                if not more and conversation_id not in self._again:
                    return
        finally:
            self._workers.pop(conversation_id, None)

    async def _next(self, conversation_id: str) -> Turn | None:
        turn = await self.log.next_turn(conversation_id)
        if turn is None or turn.begun:
            return turn
        # the customer wrote on while we answered: wait until they have finished
        quiet = 0.0 if turn.choice else self.house.facts.limits.gather_milliseconds / 1000
        deadline = time.monotonic() + _LONGEST_GATHERING
        while (newest := await self.log.newest_pending(conversation_id)) is not None:
            left = quiet - (now() - newest).total_seconds()
            # a clock that was set back must not keep the customer waiting
            left = min(left, quiet, deadline - time.monotonic())
            if left <= 0:
                break
            await asyncio.sleep(left)
        return await self.log.gather(conversation_id, self.worker)

    async def _handle(
        self, turn: Turn, known: Received | None, *, asked: bool, hopeless: bool
    ) -> bool:
        """Handles one turn; whether the customer has written more meanwhile."""
        if hopeless:
            return await self._give_up(turn)
        if known:
            conversation = known.written.conversation
        else:
            conversation = await self.log.conversation(turn.conversation_id)
        if turn.choice and turn.choice.startswith(HUB_CHOICE):
            return self.tell(await self.log.choose(turn, self.worker)).more
        if conversation.owner != "bot":
            return self.tell(await self.log.leave_to_people(turn, self.worker, asked=asked)).more
        if turn.attachments and not turn.text and not turn.choice:
            return self.tell(await self.log.keep_attachments(turn, self.worker)).more
        self.types(conversation.id, "bot")
        try:
            answer = self._own_answer(turn, conversation) or await self._ask_brain(
                turn, conversation, known.customer if known else None
            )
        except Separate:
            await self.log.separate(turn, self.worker)
            return True
        except BrainUnavailable as fault:
            logger.error("The brain did not answer %s: %s", conversation.id, fault)
            return await self._give_up(turn)
        written = await self.log.finish_turn(turn, conversation, answer, self.worker)
        self.tell(written)
        self.types(conversation.id, "bot", on=False)
        return written.more

    async def _give_up(self, turn: Turn) -> bool:
        """Apologises and hands over; an agent who came meanwhile is not talked over."""
        written = await self.log.give_up_turn(turn, self.worker)
        self.types(turn.conversation_id, "bot", on=False)
        return self.tell(written).more

    def _own_answer(self, turn: Turn, conversation: Conversation) -> Answer | None:
        """The hub's answer to what the brain need not see: nothing at all, or far too much."""
        if turn.choice is None and not turn.text.strip():
            name = "utter_empty_message"
        elif len(turn.text) > self.house.facts.limits.message_characters:
            name = "utter_message_too_long"
        else:
            return None
        text = self.house.say(name, conversation.language)
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
            "slots": conversation.slots,
        }

    async def _ask_brain(
        self, turn: Turn, conversation: Conversation, customer: Customer | None
    ) -> Answer:
        request: TurnRequest = {
            "conversation": conversation.id,
            "message": turn.id,
            "text": None if turn.choice else turn.text,
            "parts": turn.texts if len(turn.texts) > 1 else [],
            "choice": {"payload": turn.choice, "title": turn.text} if turn.choice else None,
            "language": conversation.language,
            "customer": customer or await self.log.customer(conversation),
        }
        try:
            # a brain that is away keeps the places of others too, who must not wait longer for it
            async with asyncio.timeout(TURN_SECONDS), self._slots:
                began = time.monotonic()
                if conversation.reset_due:
                    await self._brain.reset(conversation.id)
                    await self.log.session_began(conversation.id, conversation.version)
                answer = await self._brain.turn(request)
        except TimeoutError as error:
            raise BrainUnavailable("no answer in time") from error
        self._turn_seconds += 0.1 * (time.monotonic() - began - self._turn_seconds)
        return answer

    # --- telling

    async def _carry_out(self, change: Awaitable[Written]) -> Written:
        """Makes a change and tells of it, also if who asked for it has hung up meanwhile."""

        async def told() -> Written:
            return self.tell(await change)

        return await asyncio.shield(told())

    def tell(self, written: Written) -> Written:
        """Wakes up who watches: the log has news."""
        if self.on_change and outbox.concerns(written.conversation, self.house):
            self.on_change()
        for message in written.messages:
            self.bus.publish(News("message", message.conversation_id, message.public()))
        conversation = written.conversation
        self.bus.publish(News("conversation", conversation.id, conversation.public()))
        if written.case:
            self.bus.publish(News("case", conversation.id, {"reference": written.case}))
        return written

    def tell_case(self, case: Case) -> Case:
        """Wakes up who watches cases."""
        self.bus.publish(News("case", case.conversation_id or "", {"reference": case.reference}))
        return case
