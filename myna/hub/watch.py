"""What happens because nobody did anything: reminders, handing on, closing, asking again.

What is due is read from the conversations' own columns, so no timer can be lost or go off twice;
each step is one transaction that looks again before it acts, so several processes may watch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from myna.database import Database, reads, writes
from myna.hub import cases, schema
from myna.hub.handover import leave_case, people_there
from myna.hub.house import House
from myna.hub.log import NOT_SOLVED, SOLVED
from myna.hub.model import Written
from myna.hub.thread import Thread, locked

_C, _A, _K, _M = schema.conversations, schema.agents, schema.cases, schema.messages
_AT_ONCE = 200
_QUIET_MINUTES = 10

Step = Literal["nobody_came", "agent_gone", "agent_idle", "nudge", "customer_idle", "follow_up"]


@dataclass(frozen=True)
class Due:
    """A conversation in which a step is due, at the version at which it was seen to be."""

    step: Step
    conversation_id: str
    version: int


class Watch:
    """Finds and takes the steps that are due."""

    def __init__(self, database: Database, house: House) -> None:
        self._database = database
        self._house = house

    def _rules(self, connection: Connection, moment: datetime) -> dict[Step, Any]:
        """When each step is due; the first that fits a conversation is taken."""
        service = self._house.facts.service

        def before(**ago: float) -> datetime:
            return moment - timedelta(**ago)

        gone = before(seconds=service.presence_seconds)
        anybody = people_there(connection, self._house, moment) > 0
        waited = before(minutes=service.queue_minutes) if anybody else gone
        held = _C.c.owner == "human"
        waits = sa.and_(held, _C.c.unanswered_at.is_not(None))
        # who answers outside of our desk shows us no signs of life, and cannot be reminded
        ours = _C.c.agent_id.is_not(None)
        return {
            "nobody_came": sa.and_(_C.c.owner == "queue", _C.c.queued_at <= waited),
            "agent_gone": sa.and_(
                waits,
                ours,
                _C.c.unanswered_at <= gone,
                sa.or_(_A.c.seen_at.is_(None), _A.c.seen_at <= gone),
            ),
            "agent_idle": sa.and_(
                waits,
                # time for the agent who has just taken it, however long it had waited
                _C.c.answered_at <= before(minutes=service.reassign_minutes),
                _C.c.unanswered_at <= before(minutes=service.reassign_minutes),
            ),
            "nudge": sa.and_(
                waits,
                ours,
                _C.c.nudged_at.is_(None),
                _C.c.answered_at <= before(minutes=service.nudge_minutes),
                _C.c.unanswered_at <= before(minutes=service.nudge_minutes),
            ),
            "customer_idle": sa.and_(
                held,
                _C.c.unanswered_at.is_(None),
                _C.c.answered_at <= before(hours=service.idle_hours),
            ),
            "follow_up": sa.and_(
                _C.c.follow_up_at <= moment,
                _C.c.owner.in_(("bot", "nobody")),
                # not into the middle of another matter
                _C.c.customer_at <= before(minutes=_QUIET_MINUTES),
            ),
        }

    @reads
    def due(self, connection: Connection, moment: datetime) -> list[Due]:
        """The steps that are due at this moment, one for a conversation at most."""
        found: dict[str, Due] = {}
        for step, condition in self._rules(connection, moment).items():
            query = sa.select(_C.c.id, _C.c.version).outerjoin(_A).where(condition)
            for row in connection.execute(query.limit(_AT_ONCE)):
                found.setdefault(row.id, Due(step, row.id, row.version))
        return list(found.values())

    @writes
    def take(self, connection: Connection, due: Due, moment: datetime) -> Written | None:
        """Takes a step; None if it is not due any more, for the conversation has moved on."""
        with locked(connection, self._house, due.conversation_id) as thread:
            condition = self._rules(connection, moment)[due.step]
            same = sa.and_(_C.c.id == thread.id, _C.c.version == due.version)
            query = sa.select(_C.c.id).outerjoin(_A).where(same, condition)
            if connection.execute(query).first() is None:
                return None
            step: Callable[[Thread, datetime], None] = getattr(self, f"_{due.step}")
            step(thread, moment)
            return thread.written()

    def _nobody_came(self, thread: Thread, moment: datetime) -> None:
        reason = thread.conversation.reason or "asked"
        origin = f"{thread.id}:queue:{thread.conversation.version}"
        thread.move("nobody_came", who="hub")
        thread.change(unanswered_at=None)
        leave_case(thread, "utter_queue_too_long", who="hub", reason=reason, origin=origin)

    def _agent_gone(self, thread: Thread, moment: datetime) -> None:
        self._requeue(thread, "agent_gone")

    def _agent_idle(self, thread: Thread, moment: datetime) -> None:
        self._requeue(thread, "agent_idle")

    def _requeue(self, thread: Thread, cause: Literal["agent_gone", "agent_idle"]) -> None:
        thread.move(cause, who="hub", reason=cause)
        thread.change(nudged_at=None)
        thread.say("utter_requeued")

    def _nudge(self, thread: Thread, moment: datetime) -> None:
        since = thread.conversation.unanswered_at or moment
        minutes = max(1, round((moment - since).total_seconds() / 60))
        thread.change(nudged_at=moment)
        thread.note("utter_nudge_note", minutes=minutes)

    def _customer_idle(self, thread: Thread, moment: datetime) -> None:
        outside = thread.conversation.agent_id is None
        thread.move("customer_idle", who="hub")
        thread.change(reset_due=True, proof=None, slots={})
        if not outside and self._reachable(thread, moment):
            thread.say("utter_idle_closed")

    def _reachable(self, thread: Thread, moment: datetime) -> bool:
        """Whether the channel lets us write without being asked."""
        until = self._house.write_until(thread.conversation, human=False)
        return until is None or until > moment

    def _follow_up(self, thread: Thread, moment: datetime) -> None:
        language = thread.conversation.language
        thread.change(follow_up_at=None)
        if not self._reachable(thread, moment):
            return
        thread.say(
            "utter_ask_solved",
            buttons=[
                {"title": self._house.word("yes_solved", language), "payload": SOLVED},
                {"title": self._house.word("not_solved", language), "payload": NOT_SOLVED},
            ],
        )

    @writes
    def overdue_cases(self, connection: Connection, moment: datetime) -> list[cases.Case]:
        """Marks the cases that nobody has solved in time, once each."""
        query = cases.case_query().where(
            _K.c.state.in_(cases.UNDONE), ~_K.c.overdue, _K.c.due_at < moment
        )
        # what another process is just marking is left to it
        rows = connection.execute(query.limit(_AT_ONCE).with_for_update(of=_K, skip_locked=True))
        late = [cases.to_case(row) for row in rows]
        return [cases.change_case(connection, case, "hub", overdue=True) for case in late]

    @reads
    def forsaken(self, connection: Connection, moment: datetime) -> list[str]:
        """Conversations with unhandled messages whose process has fallen silent, or which have
        none."""
        rows = connection.execute(
            sa.select(_C.c.id)
            .join(_M)
            .where(
                _M.c.state == "pending",
                sa.or_(_C.c.worker.is_(None), _C.c.lease_until <= moment),
            )
            .distinct()
            .limit(_AT_ONCE)
        )
        return list(rows.scalars())
