"""The conversation log, from the customer's and the brain's side.

Every method is one transaction. What the bot says is written only if the bot still owns the
conversation at the version at which its turn began.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from myna.brain.protocol import Answer, Command
from myna.database import reads, writes
from myna.hub import cases, schema
from myna.hub.attachments import acknowledge, note_as_evidence
from myna.hub.disclosure import disclose
from myna.hub.handover import BACK_TO_BOT, hand_over
from myna.hub.model import (
    Arrival,
    Conversation,
    HubError,
    Message,
    Received,
    Turn,
    Written,
    now,
)
from myna.hub.reading import Reading
from myna.hub.records import by_echo, find, found, issued_button, message_query, pending, to_message
from myna.hub.thread import LEASE, Thread, locked

_C, _M = schema.conversations, schema.messages

HUB_CHOICE = "hub:"
"""Begins the payloads of buttons that the hub answers itself."""
RATE, SOLVED, NOT_SOLVED = "hub:rate:", "hub:solved", "hub:not_solved"

_BURST_MESSAGES = 10
_OUTCOMES = 50  # asked for at once
_RETRY_SECONDS = 10
_SORRY_UNTIL = 2  # stars


class Log(Reading):
    """What customers write, and what becomes of it."""

    # --- taking in

    @writes
    def open(
        self,
        connection: Connection,
        conversation_id: str,
        channel: str,
        language: str | None,
    ) -> Conversation:
        """The conversation with this id; a new one is owned by the bot."""
        return self._found_or_made(connection, conversation_id, channel, language)

    @writes
    def set_language(self, connection: Connection, conversation_id: str, language: str) -> Written:
        """The customer has chosen a language."""
        with locked(connection, self._house, conversation_id) as thread:
            thread.change(language=language)
        return thread.written()

    @writes
    def receive(self, connection: Connection, arrival: Arrival, worker: str) -> Received:
        """Takes in a customer's message, once for each `echo_id`.

        Raises:
            HubError: the button was not issued in this conversation, or too many messages of it
                are unanswered (429).
        """
        limits = self._house.facts.limits
        conversation = self._found_or_made(
            connection, arrival.conversation_id, arrival.channel, arrival.language
        )
        known = by_echo(connection, conversation.id, arrival.echo_id)
        if known:
            return Received(Written(conversation, (known,)), new=False, mine=False, alone=False)
        text, choice, button = arrival.text, None, arrival.offered
        if arrival.button_id is not None:
            button = issued_button(connection, conversation.id, arrival.button_id)
        if button:
            text, choice = button["title"], button["payload"]
        alone = conversation.worker is None
        if not alone and len(pending(connection, conversation.id)) >= limits.waiting_messages:
            raise HubError(
                429,
                "too_fast",
                "Your earlier messages are still being answered; this one was not taken.",
                retry_after=_RETRY_SECONDS,
            )
        moment = now()
        mine = conversation.free_for(worker)
        thread = Thread(connection, self._house, conversation)
        thread.append(
            "customer",
            text,
            echo_id=arrival.echo_id,
            choice=choice,
            attachments=arrival.attachments,
            state="pending",
            single=alone,  # its turn begins at once
        )
        if not _for_hub(choice):
            # after a person has closed the matter, the customer is the bot's again
            thread.move("customer_wrote", who="customer")
        silence = moment - (conversation.customer_at or moment)
        if conversation.proof and silence > timedelta(minutes=limits.proof_minutes):
            thread.change(proof=None)
        wrote = min(arrival.at or moment, moment)
        thread.change(customer_at=max(wrote, conversation.customer_at or wrote))
        if mine:
            thread.change(worker=worker, lease_until=moment + LEASE)
        thread.flush()
        customer = self._customer(connection, thread.conversation) if alone else None
        return Received(thread.written(), new=True, mine=mine, alone=alone, customer=customer)

    def _found_or_made(
        self, connection: Connection, conversation_id: str, channel: str, language: str | None
    ) -> Conversation:
        conversation = find(connection, conversation_id, lock=True)
        if conversation:
            return conversation
        moment = now()
        row = {
            "id": conversation_id,
            "channel": channel,
            "language": language,
            "owner": "bot",
            "version": 1,
            "last_seq": 0,
            "seen_seq": 0,
            "reset_due": False,
            "created_at": moment,
            "updated_at": moment,
        }
        try:
            with connection.begin_nested():
                connection.execute(_C.insert().values(row))
        except sa.exc.IntegrityError:  # another process was faster
            pass
        return found(find(connection, conversation_id, lock=True))

    @writes
    def seen(self, connection: Connection, conversation_id: str, seq: int) -> Written:
        """The customer's page has shown everything up to `seq`."""
        with locked(connection, self._house, conversation_id) as thread:
            shown = min(seq, thread.conversation.last_seq)
            if shown > thread.conversation.seen_seq:
                thread.change(seen_seq=shown)
        return thread.written()

    # --- whose turn it is

    @writes
    def take(self, connection: Connection, conversation_id: str, worker: str) -> bool:
        """Leaves a conversation's turns to `worker`, unless another process has them."""
        with locked(connection, self._house, conversation_id) as thread:
            return thread.conversation.free_for(worker) and thread.hold(worker)

    @reads
    def next_turn(self, connection: Connection, conversation_id: str) -> Turn | None:
        """The oldest unhandled message, or the burst that it was put into."""
        waiting = pending(connection, conversation_id)
        if not waiting:
            return None
        first = waiting[0]
        if first.burst is None:
            return Turn((first,))
        return Turn(tuple(m for m in waiting if m.burst == first.burst))

    @reads
    def newest_pending(self, connection: Connection, conversation_id: str) -> datetime | None:
        """When the customer wrote the newest unhandled message."""
        waiting = pending(connection, conversation_id)
        return waiting[-1].created_at if waiting else None

    @writes
    def gather(self, connection: Connection, conversation_id: str, worker: str) -> Turn | None:
        """Puts the unhandled typed messages at the front together into one burst.

        From then on the turn keeps its messages, whatever comes after it and whoever takes it up:
        the brain gives its answer by the turn's id alone.
        """
        with locked(connection, self._house, conversation_id) as thread:
            if not thread.run_by(worker):
                return None
            turn = self._burst(pending(connection, conversation_id))
            if turn and thread.conversation.owner != "bot":
                turn = Turn(turn.messages[:1])  # people get them one by one
            if turn:
                # also for people: the conversation may be the bot's again before this is handled
                self._bind(connection, turn.messages, turn.messages[0].seq)
        return turn

    def _burst(self, waiting: Sequence[Message]) -> Turn | None:
        if not waiting:
            return None
        room = self._house.facts.limits.message_characters
        taken: list[Message] = []
        for message in waiting[:_BURST_MESSAGES]:
            room -= len(message.text) + 1
            fits = message.choice is None and message.burst is None and room >= 0
            if taken and not fits:
                break
            taken.append(message)
            if not fits:  # a choice, or a text that is too long: a turn of its own
                break
        return Turn(tuple(taken))

    @writes
    def separate(self, connection: Connection, turn: Turn, worker: str) -> None:
        """Undoes a burst: its messages are different matters."""
        with locked(connection, self._house, turn.conversation_id) as thread:
            if thread.run_by(worker):
                for message in turn.messages:
                    self._bind(connection, [message], message.seq)

    def _bind(self, connection: Connection, messages: Sequence[Message], burst: int) -> None:
        connection.execute(
            _M.update()
            .where(
                _M.c.conversation_id == messages[0].conversation_id,
                _M.c.seq.in_([message.seq for message in messages]),
            )
            .values(burst=burst)
        )

    # --- what becomes of a turn

    @writes
    def session_began(self, connection: Connection, conversation_id: str, version: int) -> None:
        """The brain has begun the session that was due at this version."""
        with locked(connection, self._house, conversation_id) as thread:
            if thread.conversation.version == version:
                thread.change(reset_due=False)

    @writes
    def finish_turn(
        self, connection: Connection, turn: Turn, began: Conversation, answer: Answer, worker: str
    ) -> Written:
        """Writes what the brain answered, if the bot still owns the conversation it answered in.

        Where it does not, what the turn did stands (wrong tries are counted, an order stays
        cancelled) and its text becomes a note for the agent.

        Args:
            turn: the customer's messages that are thereby handled.
            began: the conversation as it was when the turn began.
            answer: the brain's answer.
            worker: the process that runs the conversation's turns.
        """
        with locked(connection, self._house, turn.conversation_id) as thread:
            if thread.run_by(worker) and thread.settle(turn, answer["intent"]):
                self._count_failures(connection, turn, answer)
                current = thread.conversation
                if current.owner == "bot" and current.version == began.version:
                    self._answer(thread, turn, began, answer)
                else:
                    self._withhold(thread, "utter_withheld_note", turn, answer)
            return thread.turn_over(worker)

    def _answer(self, thread: Thread, turn: Turn, began: Conversation, answer: Answer) -> None:
        # what the customer has chosen meanwhile is newer than what the brain has read
        if thread.conversation.language == began.language:
            thread.change(language=answer["language"] or began.language)
        thread.change(proof=answer["proof"], slots=answer["slots"])
        disclose(thread, (message["response"] for message in answer["messages"]))
        self._play(thread, turn, answer)
        note_as_evidence(thread, turn)

    def _play(self, thread: Thread, turn: Turn, answer: Answer) -> None:
        """Messages and commands in the order in which the brain gave them."""
        commands = list(answer["commands"])
        for position, reply in enumerate(answer["messages"]):
            while commands and commands[0].get("after", 0) <= position:
                self._obey(thread, turn, commands.pop(0))
            thread.append(
                "bot",
                reply["text"],
                response=reply["response"],
                buttons=reply["buttons"],
                cards=reply.get("cards", ()),
            )
        for command in commands:
            self._obey(thread, turn, command)

    def _obey(self, thread: Thread, turn: Turn, command: Command) -> None:
        if command["type"] == "hand_over":
            hand_over(
                thread,
                "hand_over",
                who="bot",
                reason=command.get("reason", "asked"),
                origin=f"{turn.id}:callback",
                announced=command.get("announced", False),
            )
        elif command["type"] == "open_case":
            self._open_case(thread, turn, command)
        elif command["type"] == "case_contact":
            self._note_contact(thread, command)

    def _open_case(self, thread: Thread, turn: Turn, command: Command) -> None:
        case = cases.open_case(
            thread.connection,
            self._house,
            cases.Request(
                kind=command["kind"],
                origin=f"{turn.id}:{command['kind']}",
                summary=command.get("summary") or turn.text,
                conversation_id=thread.id,
                language=thread.conversation.language,
                priority=command.get("priority"),
                order_number=command.get("order_number"),
                phone=command.get("phone"),
                email=command.get("email"),
            ),
            "bot",
        )
        thread.case = case.reference
        response = command.get("response", "utter_case_opened")
        if response:
            due = self._house.moment(case.due_at, thread.conversation.language)
            thread.say(response, reference=case.reference, due=due)

    def _note_contact(self, thread: Thread, command: Command) -> None:
        given = {name: command[name] for name in ("phone", "email") if command.get(name)}
        for case in cases.of_conversation(thread.connection, thread.id)[:1]:
            cases.change_case(thread.connection, case, "bot", **given)
            thread.case = case.reference

    def _withhold(self, thread: Thread, heading: str, turn: Turn, answer: Answer) -> None:
        """Tells the agent, and only them, what a turn has done and would have said."""
        said = "\n".join(message["text"] for message in answer["messages"])
        if said:
            thread.note(heading, below=said)
        for command in answer["commands"]:
            if command["type"] in ("open_case", "case_contact"):
                self._obey(thread, turn, {**command, "response": ""})

    def _count_failures(self, connection: Connection, turn: Turn, answer: Answer) -> None:
        failed = [c["order_number"] for c in answer["commands"] if c["type"] == "proof_failed"]
        if failed:  # one turn is one try, however often the brain says so
            connection.execute(
                schema.proof_failures.insert().values(
                    conversation_id=turn.conversation_id,
                    seq=turn.messages[0].seq,
                    order_number=failed[0],
                    at=now(),
                )
            )

    @writes
    def give_up_turn(self, connection: Connection, turn: Turn, worker: str) -> Written:
        """The brain cannot answer: an apology, and the bot's conversation goes to people.

        Whether the brain has acted on the messages is not known; it is asked again later.
        """
        with locked(connection, self._house, turn.conversation_id) as thread:
            if thread.run_by(worker) and thread.settle(turn, state="abandoned"):
                if thread.conversation.owner == "bot":
                    self._apologise(thread, turn)
                else:
                    self._leave(thread)
            return thread.turn_over(worker)

    def _apologise(self, thread: Thread, turn: Turn) -> None:
        thread.say("utter_brain_unavailable")
        hand_over(
            thread,
            "hand_over",
            who="hub",
            reason="fault",
            origin=f"{turn.id}:callback",
        )

    @writes
    def late_outcome(self, connection: Connection, turn: Turn, answer: Answer | None) -> Written:
        """What an abandoned turn has done after all; None: the brain never handled it."""
        with locked(connection, self._house, turn.conversation_id) as thread:
            if not thread.settle(turn, answer["intent"] if answer else None, was="abandoned"):
                return thread.written()
            if answer:
                self._count_failures(connection, turn, answer)
                self._withhold(thread, "utter_late_note", turn, answer)
            return thread.written()

    @reads
    def abandoned(self, connection: Connection, before: timedelta) -> list[Turn]:
        """Turns that were given up and are older than `before`, whose outcome is not known."""
        first = sa.func.coalesce(_M.c.burst, _M.c.seq)
        old = (  # whole turns, for an outcome is a turn's
            sa.select(_M.c.conversation_id, first.label("first"))
            .where(_M.c.state == "abandoned")
            .group_by(_M.c.conversation_id, first)
            .having(sa.func.max(_M.c.created_at) < now() - before)
            .order_by(sa.func.max(_M.c.id))
            .limit(_OUTCOMES)
            .subquery()
        )
        same = sa.and_(old.c.conversation_id == _M.c.conversation_id, old.c.first == first)
        rows = connection.execute(
            message_query()
            .join(old, same)
            .where(_M.c.state == "abandoned")
            .order_by(_M.c.conversation_id, _M.c.seq)
        )
        turns: dict[tuple[str, int], list[Message]] = {}
        for message in map(to_message, rows):
            key = (message.conversation_id, message.burst or message.seq)
            turns.setdefault(key, []).append(message)
        return [Turn(tuple(messages)) for messages in turns.values()]

    # --- while people have it

    @writes
    def leave_to_people(
        self, connection: Connection, turn: Turn, worker: str, *, asked: bool = False
    ) -> Written:
        """A customer's messages while people own the conversation; they are in their inbox.

        Args:
            turn: the messages.
            worker: the process that runs the conversation's turns.
            asked: the brain may have been asked for them, before a crash or a fault; it is asked
                later what it has done.
        """
        state = "abandoned" if asked else "handled"
        with locked(connection, self._house, turn.conversation_id) as thread:
            if thread.run_by(worker):
                # closed while the messages waited: as if they had come a moment later
                thread.move("customer_wrote", who="customer")
                # it may have come back to the bot meanwhile, and the messages with it
                if thread.conversation.owner != "bot" and thread.settle(turn, state=state):
                    self._leave(thread)
            return thread.turn_over(worker)

    def _leave(self, thread: Thread) -> None:
        if thread.conversation.owner not in ("queue", "human"):
            return
        thread.change(unanswered_at=thread.conversation.unanswered_at or now())
        if thread.conversation.owner == "queue" and not self._said_since_queued(thread):
            thread.say("utter_still_waiting")

    def _said_since_queued(self, thread: Thread) -> bool:
        """Once in each stretch of waiting is enough."""
        query = sa.select(_M.c.seq).where(
            _M.c.conversation_id == thread.id,
            _M.c.response == "utter_still_waiting",
            _M.c.created_at >= thread.conversation.queued_at,
        )
        return thread.connection.execute(query.limit(1)).first() is not None

    @writes
    def keep_attachments(self, connection: Connection, turn: Turn, worker: str) -> Written:
        """Answers a turn without words, if the bot still owns the conversation."""
        with locked(connection, self._house, turn.conversation_id) as thread:
            if thread.run_by(worker) and thread.settle(turn):
                if thread.conversation.owner == "bot":
                    acknowledge(thread, turn)
                else:
                    self._leave(thread)
            return thread.turn_over(worker)

    # --- the hub's own buttons

    @writes
    def choose(self, connection: Connection, turn: Turn, worker: str) -> Written:
        """The customer has pressed a button that the hub answers itself."""
        with locked(connection, self._house, turn.conversation_id) as thread:
            if thread.run_by(worker) and thread.settle(turn):
                self._chosen(thread, turn, turn.choice or "")
            return thread.turn_over(worker)

    def _chosen(self, thread: Thread, turn: Turn, choice: str) -> None:
        if choice == BACK_TO_BOT:
            if thread.move("back_to_bot", who="customer"):
                thread.change(unanswered_at=None, reset_due=True)
                thread.say("utter_back_to_bot")
        elif choice.startswith(RATE):
            self._rate(thread, choice)
        elif choice == SOLVED:
            for case in cases.of_conversation(thread.connection, thread.id, "callback", "promise"):
                cases.change_case(thread.connection, case, "customer", state="solved")
            thread.say("utter_solved_thanks")
        elif choice == NOT_SOLVED:
            if thread.conversation.owner in ("bot", "nobody"):
                thread.say("utter_reopened")
            hand_over(
                thread,
                "not_solved",
                who="customer",
                reason="not_solved",
                origin=f"{turn.id}:callback",
            )

    @writes
    def rate(
        self, connection: Connection, conversation_id: str, stars: int, comment: str | None
    ) -> Written:
        """The customer rates the person who closed the matter last, or comments on it.

        Raises:
            HubError: nobody has been asked to be rated (409).
        """
        with locked(connection, self._house, conversation_id) as thread:
            asked = connection.scalar(
                sa.select(_M.c.buttons)
                .where(_M.c.conversation_id == thread.id, _M.c.response == "utter_ask_rating")
                .order_by(_M.c.seq.desc())
                .limit(1)
            )
            if not asked:
                raise HubError(409, "nothing_to_rate", "There is nothing to rate yet.")
            version, agent_id, _ = _rated(asked[0]["payload"])
            self._note_rating(thread, version, agent_id, stars, comment)
            return thread.written()

    def _rate(self, thread: Thread, choice: str) -> None:
        version, agent_id, stars = _rated(choice)
        self._note_rating(thread, version, agent_id, stars, None)
        thread.say("utter_rating_thanks" if stars > _SORRY_UNTIL else "utter_rating_sorry")

    def _note_rating(
        self, thread: Thread, version: int, agent_id: int, stars: int, comment: str | None
    ) -> None:
        """One rating for each time that a person has closed the matter; the last word counts."""
        table = schema.ratings
        given: dict[str, Any] = {"stars": stars, "at": now()}
        if comment is not None:
            given["comment"] = comment
        done = thread.connection.execute(
            table.update()
            .where(table.c.conversation_id == thread.id, table.c.version == version)
            .values(**given)
        )
        if done.rowcount == 0:
            thread.connection.execute(
                table.insert().values(
                    conversation_id=thread.id, version=version, agent_id=agent_id, **given
                )
            )


def _rated(payload: str) -> tuple[int, int, int]:
    """Version, agent and stars of a rating's button."""
    version, agent_id, stars = payload.removeprefix(RATE).split(":")
    return int(version), int(agent_id), int(stars)


def _for_hub(choice: str | None) -> bool:
    return choice is not None and choice.startswith(HUB_CHOICE)
