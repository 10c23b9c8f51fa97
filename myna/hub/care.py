"""The agents' side of conversations: taking, answering, putting back, closing.

Every method is one transaction. What depends on the owner names the version that it expects.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.engine import Connection

from myna.database import Database, writes
from myna.hub import cases
from myna.hub.house import House
from myna.hub.log import RATE
from myna.hub.model import Agent, HubError, Written, now
from myna.hub.ownership import Cause
from myna.hub.records import by_echo
from myna.hub.thread import Button, Thread, locked

_STARS = 5


class Care:
    """What agents do with conversations."""

    def __init__(self, database: Database, house: House) -> None:
        self._database = database
        self._house = house

    @writes
    def claim(
        self, connection: Connection, conversation_id: str, agent: Agent, version: int
    ) -> Written:
        """An agent takes a conversation.

        Raises:
            HubError: its ownership has changed since the agent looked (409).
        """
        with locked(connection, self._house, conversation_id) as thread:
            if thread.conversation.owner == "human" and thread.conversation.agent_id == agent.id:
                return thread.written()
            thread.expect(version)
            outside = thread.conversation.owner == "human" and thread.conversation.agent_id is None
            cause: Cause = "taken_from_outside" if outside else "claim"
            if not thread.move(cause, who=agent.name, agent=agent):
                raise thread.conflict()
            thread.say("utter_agent_joined", agent=agent.name)
            self._take_up(thread, agent)
            return thread.written()

    @writes
    def reply(
        self,
        connection: Connection,
        conversation_id: str,
        agent: Agent,
        echo_id: str,
        text: str,
    ) -> Written:
        """An agent's public message; it takes the conversation over in the same transaction.

        Raises:
            HubError: another agent has the conversation (409); the channel does not let us write
                any more (422).
        """
        with locked(connection, self._house, conversation_id) as thread:
            known = by_echo(connection, conversation_id, echo_id)
            if known:
                return Written(thread.conversation, (known,))
            outside = thread.conversation.owner == "human" and thread.conversation.agent_id is None
            theirs = thread.conversation.owner == "human" and not outside
            if theirs and thread.conversation.agent_id != agent.id:
                raise thread.conflict()
            until = self._house.write_until(thread.conversation)
            if until is not None and until <= now():
                raise HubError(
                    422,
                    "out_of_reach",
                    "The channel lets nobody write to this customer any more, until they write"
                    " again. Reach them by phone or e-mail.",
                )
            cause: Cause = "taken_from_outside" if outside else "agent_wrote"
            if not theirs and thread.move(cause, who=agent.name, agent=agent):
                thread.say("utter_agent_joined", agent=agent.name)
                self._take_up(thread, agent)
            thread.append("agent", text, echo_id=echo_id, agent=agent)
            thread.change(answered_at=now(), unanswered_at=None, nudged_at=None)
            return thread.written()

    @writes
    def note(
        self, connection: Connection, conversation_id: str, agent: Agent, text: str
    ) -> Written:
        """A note that only agents see."""
        with locked(connection, self._house, conversation_id) as thread:
            thread.append("note", text, agent=agent)
            return thread.written()

    @writes
    def release(
        self, connection: Connection, conversation_id: str, agent: Agent, version: int
    ) -> Written:
        """An agent puts a conversation back into the queue.

        Raises:
            HubError: it is not this agent's at this version (409).
        """
        with locked(connection, self._house, conversation_id) as thread:
            thread.expect(version)
            reason = thread.conversation.reason or "agent"
            if thread.conversation.agent_id != agent.id or not thread.move(
                "release", who=agent.name, reason=reason
            ):
                raise thread.conflict()
            return thread.written()

    @writes
    def resolve(
        self, connection: Connection, conversation_id: str, agent: Agent, version: int
    ) -> Written:
        """An agent closes the matter; the customer's next message goes to the bot again.

        Callbacks of the conversation are solved with it. The customer is asked to rate a person
        who has helped, and later whether the matter is solved.

        Raises:
            HubError: its ownership has changed since the agent looked, or another agent has the
                conversation (409).
        """
        with locked(connection, self._house, conversation_id) as thread:
            was = thread.conversation
            if was.owner == "nobody":
                return thread.written()
            thread.expect(version)
            if was.owner == "human" and was.agent_id not in (None, agent.id):
                raise thread.conflict()
            thread.move("resolve", who=agent.name)
            service = self._house.facts.service
            hours = timedelta(hours=service.follow_up_hours)
            thread.change(
                reset_due=True,
                proof=None,
                slots={},
                unanswered_at=None,
                nudged_at=None,
                follow_up_at=now() + hours if hours and was.owner == "human" else None,
            )
            for case in cases.of_conversation(connection, was.id, "callback"):
                cases.change_case(connection, case, agent.name, state="solved")
                thread.case = case.reference
            thread.say("utter_resolved")
            if service.rating and was.owner == "human":
                thread.say("utter_ask_rating", buttons=self._stars(thread, agent))
            return thread.written()

    def _take_up(self, thread: Thread, agent: Agent) -> None:
        """What was promised for this conversation is the agent's from now on."""
        thread.change(answered_at=now(), nudged_at=None, follow_up_at=None)
        for case in cases.of_conversation(thread.connection, thread.id, "callback"):
            cases.change_case(
                thread.connection, case, agent.name, state="working", agent_id=agent.id
            )
            thread.case = case.reference

    def _stars(self, thread: Thread, agent: Agent) -> list[Button]:
        version = thread.conversation.version
        return [
            {"title": str(stars), "payload": f"{RATE}{version}:{agent.id}:{stars}"}
            for stars in range(1, _STARS + 1)
        ]
