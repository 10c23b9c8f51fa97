"""Cases: what a customer has been promised that people will see to.

One table for complaints, returns, repairs, problems, promises and callbacks (somebody asked for a
person when nobody was there). A case has a reference that the customer is told, and is due after
the working hours that `shop.yml` sets for its kind.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from myna.brain.protocol import CaseKind, Priority
from myna.database import Database, reads, writes
from myna.hub import outbox, schema
from myna.hub.house import House
from myna.hub.model import Agent, HubError, now, stamp

_K, _E = schema.cases, schema.case_events

State = Literal["open", "working", "waiting", "solved", "closed"]

KINDS: tuple[CaseKind, ...] = get_args(CaseKind)
STATES: tuple[State, ...] = get_args(State)
PRIORITIES: tuple[Priority, ...] = get_args(Priority)
UNDONE: tuple[State, ...] = ("open", "working", "waiting")
"""States in which somebody still has something to do."""

_SUMMARY = 2000  # characters


@dataclass(frozen=True)
class Case:
    """What a customer has been promised."""

    id: int
    reference: str
    kind: CaseKind
    state: State
    priority: Priority
    agent_id: int | None
    agent: str | None
    """The name of the agent who sees to it."""
    conversation_id: str | None
    summary: str
    order_number: str | None
    phone: str | None
    email: str | None
    language: str | None
    due_at: datetime
    version: int
    """Counts changes."""
    overdue: bool
    created_at: datetime
    updated_at: datetime
    solved_at: datetime | None

    def public(self) -> dict[str, Any]:
        """As the API gives it."""
        return {
            "reference": self.reference,
            "kind": self.kind,
            "state": self.state,
            "priority": self.priority,
            "agent": self.agent,
            "conversation_id": self.conversation_id,
            "summary": self.summary,
            "order_number": self.order_number,
            "phone": self.phone,
            "email": self.email,
            "language": self.language,
            "due_at": stamp(self.due_at),
            "version": self.version,
            "overdue": self.overdue,
            "created_at": stamp(self.created_at),
            "updated_at": stamp(self.updated_at),
            "solved_at": stamp(self.solved_at),
        }


@dataclass(frozen=True)
class Request:
    """What a case is opened for."""

    kind: CaseKind
    origin: str
    """The message or request that opens it; the same one opens no second case."""
    summary: str
    conversation_id: str | None = None
    language: str | None = None
    priority: Priority | None = None
    """None: as `shop.yml` says for the kind."""
    order_number: str | None = None
    phone: str | None = None
    email: str | None = None


def open_case(connection: Connection, house: House, request: Request, who: str) -> Case:
    """Opens a case, or finds the one that the same origin has opened.

    Args:
        connection: a transaction; the case is open when it is committed.
        house: sets due time and priority.
        request: what it is about.
        who: `bot`, `hub` or an agent's name.
    """
    known = _find(connection, _K.c.origin == request.origin)
    if known:
        return known
    moment = now()
    reference = _reference(connection, house.facts.service.reference_prefix)
    due = house.due(request.kind, moment)
    priority = request.priority or house.facts.service.cases[request.kind].priority
    try:
        with connection.begin_nested():
            connection.execute(
                _K.insert().values(
                    reference=reference,
                    kind=request.kind,
                    state="open",
                    priority=priority,
                    conversation_id=request.conversation_id,
                    origin=request.origin,
                    summary=request.summary[:_SUMMARY],
                    order_number=request.order_number,
                    phone=request.phone,
                    email=request.email,
                    language=request.language,
                    due_at=due,
                    version=1,
                    overdue=False,
                    created_at=moment,
                    updated_at=moment,
                )
            )
    except sa.exc.IntegrityError:
        known = _find(connection, _K.c.origin == request.origin)
        if known is None:
            raise
        return known  # the same request has been faster
    case = _get(connection, _K.c.reference == reference)
    _record(connection, case, who, "opened", kind=case.kind, due_at=stamp(due))
    about = {"reference": reference, "kind": case.kind, "conversation": case.conversation_id}
    outbox.announce(connection, house.webhooks, "case.opened", f"case.opened:{reference}", about)
    return case


def change_case(connection: Connection, case: Case, who: str, **changes: Any) -> Case:
    """Sets columns of a case and records each change.

    Args:
        connection: a transaction.
        case: as it was when it was read in this transaction.
        who: `bot`, `hub` or an agent's name.
        changes: columns; an `agent_id` is recorded without the name.
    """
    different = {name: value for name, value in changes.items() if getattr(case, name) != value}
    if not different:
        return case
    state = different.get("state")
    if state in ("solved", "closed") and case.solved_at is None:
        different["solved_at"] = now()
    elif state in UNDONE:
        different["solved_at"] = None
    done = connection.execute(
        _K.update()
        .where(_K.c.id == case.id, _K.c.version == case.version)
        .values(**different, version=case.version + 1, updated_at=now())
    )
    if done.rowcount != 1:
        raise conflict(case)
    for name, value in different.items():
        if name == "solved_at":
            continue
        told = stamp(value) if isinstance(value, datetime) else value
        was = getattr(case, name)
        before = stamp(was) if isinstance(was, datetime) else was
        _record(connection, case, who, name, before=before, after=told)
    return _get(connection, _K.c.id == case.id)


def note_in(connection: Connection, case: Case, who: str, text: str) -> None:
    """Adds a comment to a case's history."""
    _record(connection, case, who, "comment", text=text)


def of_conversation(connection: Connection, conversation_id: str, *kinds: CaseKind) -> list[Case]:
    """The undone cases of a conversation, of these kinds or of any; the newest first.

    Nobody else can change them until the transaction ends.
    """
    query = case_query().where(_K.c.conversation_id == conversation_id, _K.c.state.in_(UNDONE))
    if kinds:
        query = query.where(_K.c.kind.in_(kinds))
    rows = connection.execute(query.order_by(_K.c.id.desc()).with_for_update(of=_K))
    return [to_case(row) for row in rows]


def conflict(case: Case) -> HubError:
    """That a case has changed meanwhile."""
    return HubError(409, "conflict", f"Case {case.reference} has changed meanwhile.")


class Cases:
    """Cases as agents and integrations see and change them."""

    def __init__(self, database: Database, house: House) -> None:
        self._database = database
        self._house = house

    @writes
    def open(self, connection: Connection, request: Request, agent: Agent) -> Case:
        """Opens a case by hand.

        Raises:
            HubError: there is no such conversation (404).
        """
        if request.conversation_id is not None:
            exists = sa.select(schema.conversations.c.id).where(
                schema.conversations.c.id == request.conversation_id
            )
            if connection.execute(exists).first() is None:
                raise HubError(404, "not_found", "There is no such conversation.")
        return open_case(connection, self._house, request, agent.name)

    @reads
    def get(self, connection: Connection, reference: str) -> Case:
        """One case.

        Raises:
            HubError: there is none (404).
        """
        return _get(connection, _K.c.reference == reference)

    @reads
    def history(self, connection: Connection, reference: str) -> list[dict[str, Any]]:
        """What happened to a case, in order: `who`, `what`, `detail`, `at`."""
        case = _get(connection, _K.c.reference == reference)
        rows = connection.execute(sa.select(_E).where(_E.c.case_id == case.id).order_by(_E.c.id))
        return [
            {"who": row.who, "what": row.what, "detail": row.detail, "at": stamp(row.at)}
            for row in rows
        ]

    @reads
    def find(
        self,
        connection: Connection,
        *,
        states: tuple[State, ...] | None = None,
        kind: CaseKind | None = None,
        agent_id: int | None = None,
        conversation_id: str | None = None,
        limit: int = 200,
        offset: int = 0,
    ) -> list[Case]:
        """Cases, those that are due first in front."""
        query = case_query()
        for column, value in (
            (_K.c.kind, kind),
            (_K.c.agent_id, agent_id),
            (_K.c.conversation_id, conversation_id),
        ):
            if value is not None:
                query = query.where(column == value)
        if states is not None:
            query = query.where(_K.c.state.in_(states))
        rows = connection.execute(query.order_by(_K.c.due_at, _K.c.id).limit(limit).offset(offset))
        return [to_case(row) for row in rows]

    @reads
    def counts(self, connection: Connection) -> dict[str, int]:
        """How many `cases` are not done, and how many of them are `overdue`."""
        query = sa.select(_K.c.overdue, sa.func.count()).where(_K.c.state.in_(UNDONE))
        found = {late: n for late, n in connection.execute(query.group_by(_K.c.overdue))}
        return {"cases": sum(found.values()), "overdue": found.get(True, 0)}

    @reads
    def first_of(self, connection: Connection, conversations: Sequence[str]) -> dict[str, str]:
        """Of each conversation that has any: the reference of the undone case due first."""
        rows = connection.execute(
            sa.select(_K.c.conversation_id, _K.c.reference)
            .where(_K.c.conversation_id.in_(conversations), _K.c.state.in_(UNDONE))
            .order_by(_K.c.due_at.desc())
        )
        return {row.conversation_id: row.reference for row in rows}

    @writes
    def change(
        self,
        connection: Connection,
        reference: str,
        version: int,
        agent: Agent,
        changes: Mapping[str, Any],
    ) -> Case:
        """Sets state, priority, agent_id, due_at, phone, email, summary or order_number.

        Raises:
            HubError: it has changed since the agent looked (409); there is none (404).
        """
        case = _get(connection, _K.c.reference == reference)
        if case.version != version:
            raise conflict(case)
        return change_case(connection, case, agent.name, **changes)

    @writes
    def comment(self, connection: Connection, reference: str, agent: Agent, text: str) -> Case:
        """Adds a comment to a case's history."""
        case = _get(connection, _K.c.reference == reference)
        note_in(connection, case, agent.name, text)
        return case


def case_query() -> Any:
    """Cases with the names of their agents."""
    return sa.select(_K, schema.agents.c.name.label("agent")).outerjoin(schema.agents)


def to_case(row: Any) -> Case:
    """A row of `case_query`."""
    return Case(**{name: getattr(row, name) for name in Case.__dataclass_fields__})


def _find(connection: Connection, condition: Any) -> Case | None:
    row = connection.execute(case_query().where(condition)).first()
    return to_case(row) if row else None


def _get(connection: Connection, condition: Any) -> Case:
    case = _find(connection, condition)
    if case is None:
        raise HubError(404, "not_found", "There is no such case.")
    return case


def _record(connection: Connection, case: Case, who: str, what: str, **detail: Any) -> None:
    connection.execute(
        _E.insert().values(case_id=case.id, who=who, what=what, detail=detail, at=now())
    )


def _reference(connection: Connection, prefix: str) -> str:
    """A free number of six digits; not in a row, so that nobody counts a shop's complaints."""
    while True:
        reference = f"{prefix}-{100_000 + secrets.randbelow(900_000)}"
        taken = connection.execute(sa.select(_K.c.id).where(_K.c.reference == reference)).first()
        if not taken:
            return reference
