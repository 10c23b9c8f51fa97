"""What happens to conversations on the channel itself, without our desk.

A shop's people may answer in the platform's own inbox: the bot is silent then, as if an agent had
the conversation. Every method is one transaction, and may be repeated.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.engine import Connection

from myna.database import Database, writes
from myna.hub import outbox
from myna.hub.house import House
from myna.hub.model import Attachment, Written, now
from myna.hub.records import by_echo
from myna.hub.thread import locked


class Outside:
    """Takes in what channels tell besides customers' messages."""

    def __init__(self, database: Database, house: House) -> None:
        self._database = database
        self._house = house

    @writes
    def wrote(
        self,
        connection: Connection,
        conversation_id: str,
        echo_id: str,
        text: str,
        attachments: Sequence[Attachment] = (),
        who: str = "outside",
    ) -> Written:
        """Somebody of the shop has written to the customer there; the bot is silent from now on.

        An agent of ours who has the conversation keeps it: both are of one shop.

        Args:
            conversation_id: an existing one.
            echo_id: the message's own id, behind a prefix.
            text: what was written.
            attachments: what was sent beside it.
            who: stands in the history.
        """
        with locked(connection, self._house, conversation_id) as thread:
            if known := by_echo(connection, conversation_id, echo_id):
                return Written(thread.conversation, (known,))
            thread.move("outside_wrote", who=who)
            thread.append("agent", text, echo_id=echo_id, attachments=attachments, delivered=True)
            thread.change(answered_at=now(), unanswered_at=None, nudged_at=None, follow_up_at=None)
            return thread.written()

    @writes
    def took(self, connection: Connection, conversation_id: str, who: str = "outside") -> Written:
        """The conversation is held there from now on, though nothing was written yet."""
        with locked(connection, self._house, conversation_id) as thread:
            if thread.move("outside_wrote", who=who):
                thread.change(answered_at=now(), nudged_at=None)
            return thread.written()

    @writes
    def done(self, connection: Connection, conversation_id: str, who: str = "outside") -> Written:
        """They have closed the matter there; the customer's next message goes to the bot."""
        with locked(connection, self._house, conversation_id) as thread:
            if thread.conversation.agent_id is None and thread.move("outside_done", who=who):
                thread.change(
                    reset_due=True, proof=None, slots={}, unanswered_at=None, nudged_at=None
                )
            return thread.written()

    @writes
    def remark(
        self,
        connection: Connection,
        conversation_id: str,
        echo_id: str,
        response: str,
        values: Mapping[str, Any],
    ) -> Written:
        """Leaves a note for agents of something that is no message, once for each `echo_id`."""
        with locked(connection, self._house, conversation_id) as thread:
            if known := by_echo(connection, conversation_id, echo_id):
                return Written(thread.conversation, (known,))
            thread.note(response, echo_id=echo_id, **values)
            return thread.written()

    @writes
    def alarm(self, connection: Connection, event: str, account: str, reason: str) -> None:
        """Tells the shop's own systems that an account cannot send any more."""
        key = f"{event}:{account}:{secrets.token_hex(8)}"
        data = {"account": account, "reason": reason}
        outbox.announce(connection, self._house.webhooks, event, key, data)
