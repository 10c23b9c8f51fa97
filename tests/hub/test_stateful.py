"""Random histories of two conversations: whatever happens in whatever order, what must hold holds.

Two processes run turns as `Hub` does, one transaction at a time, so that anything may come between
two of them: the other process, a crash, an agent, the watch, the passing of time.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict, namedtuple
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any, Literal, get_args
from unittest import mock

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from sqlalchemy.engine import Connection

from myna.brain.protocol import Answer, Command
from myna.database import Database
from myna.hub import model, schema
from myna.hub.agents import Agents
from myna.hub.care import Care
from myna.hub.caretaker import _SETTLED
from myna.hub.cases import UNDONE
from myna.hub.log import HUB_CHOICE, Log
from myna.hub.model import (
    Agent,
    Arrival,
    Conversation,
    HubError,
    Received,
    Turn,
    Written,
)
from myna.hub.ownership import TRANSITIONS
from myna.hub.thread import LEASE, Thread
from myna.hub.watch import Due, Watch
from myna.texts import Catalogue
from tests.helpers import Clock, adapted, answer
from tests.hub.moves import HAND_OVER

CHANNELS = {"page": "web", "pushed": "messenger"}
"""The conversations: what the one's customer gets is fetched, the other's has to be sent."""
WEBHOOK = "https://a.example/hook"
AGENTS = (Agent(1, "linh", "Linh"), Agent(2, "aisyah", "Aisyah"))
MOVES = {(before, after) for (before, _), after in TRANSITIONS.items()}

WAITING = 5
"""As many messages of a conversation may be unanswered."""

Plan = Literal["say", "say_twice", "hand_over", "announced", "case", "contact", "wrong_proof"]
PLANS: tuple[Plan, ...] = (*get_args(Plan), "hand_over")
Fate = Literal["answers", "separates", "is_dead", "hangs"]
FATES: tuple[Fate, ...] = ("answers", "answers", *get_args(Fate))
Phase = Literal[
    "look",
    "gather",
    "handle",
    "choose",
    "leave",
    "reset",
    "began",
    "ask",
    "finish",
    "separate",
    "give_up",
]
PHASES: tuple[Phase, ...] = (*get_args(Phase), "gather", "finish", "finish")

COMMANDS: dict[str, list[Command]] = {
    "hand_over": [HAND_OVER, HAND_OVER],
    "announced": [{**HAND_OVER, "announced": True}],
    "case": [
        {"type": "open_case", "kind": "complaint", "summary": "x", "response": "utter_case_opened"}
    ],
    "contact": [{"type": "case_contact", "phone": "+60123456789"}],
    "wrong_proof": [{"type": "proof_failed", "order_number": "DH-20413"}] * 2,
}


@dataclass
class Work:
    """What a process has in its memory of a conversation's turns; as `Hub._work` goes about it."""

    known: Received | None
    phase: Phase = "look"
    again: bool = False
    asked: bool = False
    turn: Turn | None = None
    began: Conversation | None = None
    given: Answer | None = None


class Brain:
    """Answers a message once, and gives the same answer whenever it is asked again."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.read: dict[str, list[int]] = {}
        """The messages that an answer is to, by the turn's id."""
        self.rightful: set[str] = set()
        """The turns that it was asked for by the process that ran them at that moment."""
        self.reset_at: dict[str, datetime] = {}
        self._said = 0

    def turn(self, turn: Turn, plan: Plan) -> Answer:
        """The answer, which says what nothing else says."""
        if turn.id not in self.answers:
            count = 2 if plan == "say_twice" else 1
            texts = [f"answer {self._said + n}" for n in range(1, count + 1)]
            self._said += count
            self.answers[turn.id] = answer(*texts, commands=COMMANDS.get(plan))
            self.read[turn.id] = [message.seq for message in turn.messages]
        return self.answers[turn.id]


@cache
def _row(columns: tuple[str, ...]) -> Callable[..., Any]:
    return namedtuple("Row", columns)


def _as_stored(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(" ", "microseconds")


def _with_tables(connection: Connection) -> sqlite3.Connection:
    """Makes the tables; the driver's connection, the only one to this database in memory."""
    schema.metadata.create_all(connection)
    driver: sqlite3.Connection = connection.connection.dbapi_connection
    return driver


@cache
def catalogue() -> Catalogue:
    return Catalogue()


class Conversations(RuleBasedStateMachine):
    """The log, the agents, the watch and two processes on one database."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock(datetime(2026, 11, 23, 3, 0, tzinfo=UTC))  # Monday, 10:00 in Vietnam
        self.clock.tick = timedelta(microseconds=1)  # no two moments are the same
        self.settled: dict[tuple[str, int], list[str]] = defaultdict(list)
        self._patches = ExitStack()
        self._patches.enter_context(mock.patch.object(model, "datetime", self.clock))
        self._patches.enter_context(mock.patch.object(Thread, "settle", self._counted()))

        self.database = Database("sqlite://")
        self._file: sqlite3.Connection = self.database._transaction(_with_tables)
        house = adapted(catalogue(), limits={"waiting_messages": WAITING}, webhooks=(WEBHOOK,))
        self.log, self.care = Log(self.database, house), Care(self.database, house)
        self.watch, self.agents = Watch(self.database, house), Agents(self.database)
        self.brain = Brain()
        self.processes: dict[str, dict[str, Work] | None] = {"a": {}, "b": {}}
        """The conversations that each works on; None: it is dead."""
        self.sent: list[tuple[str, str, int]] = []
        """(conversation, echo id, seq) of what was accepted from customers."""
        self.replied: list[tuple[str, str, int]] = []
        self.looked: dict[str, int] = dict.fromkeys(CHANNELS, 1)
        """The version that an agent has looked at, and may act upon much later."""
        self.dues: list[Due] = []
        self.late: list[Turn] = []

    def _counted(self) -> Callable[..., bool]:
        settle, settled = Thread.settle, self.settled

        def counted(thread: Thread, turn: Turn, *args: Any, **how: Any) -> bool:
            done = settle(thread, turn, *args, **how)
            if done:
                for message in turn.messages:
                    settled[thread.id, message.seq].append(how.get("state", "handled"))
            return done

        return counted

    def do(self, method: Any, *args: Any, **more: Any) -> Any:
        """One transaction of the hub's, here and now."""
        return self.database._transaction(
            lambda connection: method.__wrapped__(method.__self__, connection, *args, **more)
        )

    def refused(self, status: int, method: Any, *args: Any) -> bool:
        """Tries a transaction; one that is refused must have changed nothing."""
        before = self._everything()
        try:
            self.do(method, *args)
        except HubError as fault:
            found = fault.status
        else:
            return False
        assert found == status
        assert self._everything() == before
        return True

    def _everything(self) -> list[Any]:
        tables = [table.name for table in schema.metadata.sorted_tables]
        return [self._file.execute(f"SELECT * FROM {table}").fetchall() for table in tables]

    @initialize(there=st.booleans())
    def begin(self, there: bool) -> None:
        for agent in AGENTS:
            row = {"password": "", "away": False, "created_at": self.clock.moment}
            values = {"id": agent.id, "login": agent.login, "name": agent.name, **row}
            self.database._transaction(lambda c, v=values: c.execute(schema.agents.insert(), v))
            if there:
                self.do(self.agents.alive, agent.id)
        for name, channel in CHANNELS.items():
            self.do(self.log.open, name, channel, "en")

    def teardown(self) -> None:
        """In the end everything that was accepted has its outcome."""
        try:
            self._come_to_rest()
        finally:
            self._patches.close()
            self.database._engine.dispose()

    def _come_to_rest(self) -> None:
        self.processes = {"a": {}, "b": None}
        self.clock.go_on(seconds=LEASE.total_seconds() + 1)
        self._take_up("a")
        while self._works():
            self._advance(*self._works()[0], "say")
        self.clock.go_on(seconds=_SETTLED.total_seconds() + 1)
        for turn in self.do(self.log.abandoned, _SETTLED):
            self.do(self.log.late_outcome, turn, self.brain.answers.get(turn.id))
        self.everything_holds()
        for name, _, seq in self.sent:
            assert self.settled[name, seq][-1] == "handled"
        told = "\n".join(message.text for message in self._rows("messages")).split("\n")
        for turn_id in self.brain.rightful:
            for message in self.brain.answers[turn_id]["messages"]:
                assert message["text"] in told, "somebody learns what the brain has done"

    # --- customers

    names = st.sampled_from(sorted(CHANNELS))
    workers = st.sampled_from(["a", "b"])
    numbers = st.integers(0, 20)
    few = st.integers(0, 3)
    plans = st.sampled_from(PLANS)
    fates = st.sampled_from(FATES)
    phases = st.sampled_from(PHASES)
    seldom = st.integers(0, 5).map(lambda n: n == 5)

    def _receive(self, name: str, worker: str, button: str | None = None) -> None:
        works = self.processes[worker]
        if works is None:
            return  # nobody listens
        echo_id = f"x:{len(self.sent)}"
        arrival = Arrival(name, CHANNELS[name], echo_id, f"words {len(self.sent)}", button, "en")
        if len(self._pending(name)) >= WAITING:
            assert self.refused(429, self.log.receive, arrival, worker)
            return
        received: Received = self.do(self.log.receive, arrival, worker)
        assert received.new
        self.sent.append((name, echo_id, received.written.messages[0].seq))
        if received.mine:
            self._wake(works, name, received)

    @rule(
        name=names,
        worker=workers,
        count=st.sampled_from([1, 1, 2, 3]),
        until=phases,
        plan=plans,
        fate=fates,
    )
    def customer_writes(
        self, name: str, worker: str, count: int, until: Phase, plan: Plan, fate: Fate
    ) -> None:
        for _ in range(count):
            self._receive(name, worker)
        self._go_on(worker, name, until, plan, fate)

    def _offered(self, name: str) -> list[list[str]]:
        """The buttons of each message that has some, the newest first."""
        messages = self.do(self.log.messages, name)
        return [[b["id"] for b in message.buttons] for message in messages if message.buttons][::-1]

    @rule(name=names, number=few, button=few, worker=workers, until=phases)
    def customer_presses(
        self, name: str, number: int, button: int, worker: str, until: Phase
    ) -> None:
        if offered := self._offered(name)[:2]:
            buttons = offered[number % len(offered)]
            self._receive(name, worker, buttons[button % len(buttons)])
            self._go_on(worker, name, until, "say", "answers")

    @rule(name=names, number=numbers, worker=workers, agent=st.sampled_from(AGENTS))
    def what_must_change_nothing(self, name: str, number: int, worker: str, agent: Agent) -> None:
        """What was sent comes again, and what another was offered is pressed."""
        before = self._everything()
        if self.sent:
            known, echo_id, seq = self.sent[number % len(self.sent)]
            arrival = Arrival(known, CHANNELS[known], echo_id, "other words", None, "en")
            received: Received = self.do(self.log.receive, arrival, worker)
            assert (received.new, received.written.messages[0].seq) == (False, seq)
        if self.replied:
            known, echo_id, seq = self.replied[number % len(self.replied)]
            written: Written = self.do(self.care.reply, known, agent, echo_id, "other words")
            assert written.messages[0].seq == seq
        [other] = CHANNELS.keys() - {name}
        if (offered := self._offered(other)) and len(self._pending(name)) < WAITING:
            arrival = Arrival(name, CHANNELS[name], "y:1", "", offered[0][0], "en")
            assert self.refused(422, self.log.receive, arrival, worker)
        assert self._everything() == before

    @rule(name=names, stars=st.integers(1, 5))
    def customer_rates(self, name: str, stars: int) -> None:
        self.refused(409, self.log.rate, name, stars, None)

    # --- processes

    def _works(self) -> list[tuple[str, str]]:
        return [(w, name) for w, works in self.processes.items() for name in works or ()]

    def _wake(self, works: dict[str, Work], name: str, received: Received | None = None) -> None:
        if name in works:
            works[name].again = True
        else:
            works[name] = Work(received if received and received.alone else None)

    @precondition(lambda self: self._works())
    @rule(number=few, until=phases, plan=plans, fate=fates, lost=st.booleans())
    def process_goes_on(
        self, number: int, until: Phase, plan: Plan, fate: Fate, lost: bool
    ) -> None:
        works = self._works()
        worker, name = works[number % len(works)]
        self._go_on(worker, name, until, plan, fate)
        work = (self.processes[worker] or {}).get(name)
        if work and lost:  # it does not learn what its next transaction comes to
            self._step(work, name, worker, plan, fate)
            work.asked, work.phase = True, "look"

    def _go_on(self, worker: str, name: str, until: Phase, plan: Plan, fate: Fate) -> None:
        """One conversation's turns in one process, up to where anything else may happen."""
        for _ in range(10):
            if (worker, name) not in self._works():
                return
            self._advance(worker, name, plan, fate)
            work = (self.processes[worker] or {}).get(name)
            if work and work.phase == until:
                return

    @precondition(lambda self: self._works())
    @rule(plan=plans, fate=fates)
    def processes_finish(self, plan: Plan, fate: Fate) -> None:
        while self._works():
            self._advance(*self._works()[0], plan, fate)

    def _advance(self, worker: str, name: str, plan: Plan, fate: Fate = "answers") -> None:
        """One step of one process."""
        works = self.processes[worker]
        assert works is not None
        work = works[name]
        over = self._step(work, name, worker, plan, fate)
        if over is not None:
            work.known, work.asked, work.phase = None, False, "look"
            if not over and not work.again:
                del works[name]

    def _step(self, work: Work, name: str, worker: str, plan: Plan, fate: Fate) -> bool | None:
        """Takes one; when the turn is over, whether there is more to do."""
        turn, began = work.turn, work.began
        match work.phase:
            case "look":
                work.again = False
                work.turn = turn = (
                    Turn(work.known.written.messages)
                    if work.known
                    else self.do(self.log.next_turn, name)
                )
                work.phase = "handle"
                if turn is None:
                    return False
                if not work.known and not turn.begun:
                    work.phase = "gather"
                work.asked |= not work.known and turn.begun
                return None
            case "gather":
                work.turn = self.do(self.log.gather, name, worker)
                work.phase = "handle"
                return None if work.turn else False
            case "handle":
                assert turn
                work.began = began = (
                    work.known.written.conversation
                    if work.known
                    else self.do(self.log.conversation, name)
                )
                assert began
                if turn.choice and turn.choice.startswith(HUB_CHOICE):
                    work.phase = "choose"
                elif began.owner != "bot":
                    work.phase = "leave"
                else:
                    work.phase = "reset" if began.reset_due else "ask"
                return None
            case "reset":
                self.brain.reset_at[name] = self.clock.moment
                work.phase = "began"
                return None
        assert turn
        assert began
        match work.phase:
            case "began":
                self.do(self.log.session_began, name, began.version)
                work.phase = "ask"
                return None
            case "ask":
                self._ask(work, worker, turn, began, plan, fate)
                return None
            case "separate":
                self.do(self.log.separate, turn, worker)
                return True
            case "choose":
                again = bool(self.settled[name, turn.messages[0].seq])
                written: Written = self.do(self.log.choose, turn, worker)
                assert not (again and written.messages), "a button is pressed once"
            case "leave":
                settled = sum(map(len, self.settled.values()))
                written = self.do(self.log.leave_to_people, turn, worker, asked=work.asked)
                if sum(map(len, self.settled.values())) > settled:
                    assert written.conversation.owner in ("queue", "human"), "left to nobody"
            case "give_up":
                written = self.do(self.log.give_up_turn, turn, worker)
            case "finish":
                assert work.given
                current: Conversation = self.do(self.log.conversation, name)
                written = self.do(self.log.finish_turn, turn, began, work.given, worker)
                authors = {message.author for message in written.messages}
                if authors & {"bot", "note"}:
                    assert [message.seq for message in turn.messages] == self.brain.read[turn.id]
                if "bot" in authors:
                    assert current.version == began.version, "of an earlier stretch"
        return written.more

    def _ask(
        self, work: Work, worker: str, turn: Turn, began: Conversation, plan: Plan, fate: Fate
    ) -> None:
        current: Conversation = self.do(self.log.conversation, turn.conversation_id)
        if current.version == began.version:
            closed = [row.at for row in self._changes(turn.conversation_id) if _ends_matter(row)]
            if closed:
                reset = self.brain.reset_at.get(turn.conversation_id)
                assert reset, "the brain has not been told that another matter begins"
                assert _as_stored(reset) > closed[-1]
        known = turn.id in self.brain.answers
        if fate == "separates" and len(turn.messages) > 1 and not known:
            work.phase = "separate"
        elif fate == "is_dead":
            work.phase = "give_up"
        else:
            work.given = self.brain.turn(turn, plan)
            if (
                current.worker == worker
                and not self.settled[turn.conversation_id, turn.messages[0].seq]
            ):
                self.brain.rightful.add(turn.id)
            work.phase = "give_up" if fate == "hangs" else "finish"

    @rule(worker=workers, again=st.booleans())
    def process_dies(self, worker: str, again: bool) -> None:
        self.processes[worker] = {} if again else None
        if again:
            self._take_up(worker)

    def _take_up(self, worker: str) -> None:
        works = self.processes[worker]
        assert works is not None
        for name in self.do(self.log.with_pending):
            if self.do(self.log.take, name, worker):
                self._wake(works, name)

    @rule(worker=workers)
    def process_looks_after_what_is_left(self, worker: str) -> None:
        if self.processes[worker] is None:
            self.processes[worker] = {}
            self._take_up(worker)
        works = self.processes[worker]
        assert works is not None
        for name in self.do(self.watch.forsaken, self.clock.moment):
            if self.do(self.log.take, name, worker):
                self._wake(works, name)
        self.late += self.do(self.log.abandoned, _SETTLED)

    @rule(worker=workers)
    def process_stalls(self, worker: str) -> None:
        """For so long that the other one takes up its conversations."""
        self.clock.go_on(seconds=LEASE.total_seconds() + 1)
        self.process_looks_after_what_is_left("b" if worker == "a" else "a")

    @precondition(lambda self: self.late)
    @rule(number=numbers)
    def process_learns_an_outcome(self, number: int) -> None:
        turn = self.late[number % len(self.late)]
        self.do(self.log.late_outcome, turn, self.brain.answers.get(turn.id))

    # --- agents

    people = st.sampled_from(AGENTS)

    def _thinks(self, name: str) -> bool:
        """Whether a turn of the conversation has begun."""
        works = [works[name] for works in self.processes.values() if works and name in works]
        return any(work.phase not in ("look", "gather") for work in works)

    @rule(agent=people, what=st.sampled_from(["comes", "comes", "leaves", "is away"]))
    def agent_is_there_or_not(self, agent: Agent, what: str) -> None:
        if what == "leaves":
            self.do(self.agents.left, agent.id)
        else:
            self.do(self.agents.alive, agent.id)
            self.do(self.agents.set_away, agent.id, what == "is away")

    @rule(
        agent=people,
        name=names,
        what=st.sampled_from(["claim", "claim", "release", "resolve", "resolve"]),
        old=st.sampled_from([False, False, True]),
        uncalled=seldom,
    )
    def agent_acts(self, agent: Agent, name: str, what: str, old: bool, uncalled: bool) -> None:
        before: Conversation = self.do(self.log.conversation, name)
        if before.owner in ("bot", "nobody") and not uncalled and not self._thinks(name):
            self.do(self.agents.alive, agent.id)
            return
        version = self.looked[name] if old else before.version
        refused = self.refused(409, getattr(self.care, what), name, agent, version)
        after: Conversation = self.do(self.log.conversation, name)
        if after.version != before.version:
            assert not refused
            assert version == before.version
            if before.owner == "human":
                assert before.agent_id == agent.id, "it was somebody else's"
        elif not old:
            self.looked[name] = before.version

    @rule(agent=people, name=names, uncalled=seldom)
    def agent_replies(self, agent: Agent, name: str, uncalled: bool) -> None:
        before: Conversation = self.do(self.log.conversation, name)
        if before.owner in ("bot", "nobody") and not uncalled and not self._thinks(name):
            self.do(self.agents.alive, agent.id)
            return
        echo_id = f"desk:{len(self.replied)}"
        held = before.owner == "human" and before.agent_id != agent.id
        if self.refused(409, self.care.reply, name, agent, echo_id, "a reply"):
            assert held
            self.do(self.care.note, name, agent, "a note")
        else:
            assert not held
            seq = self.do(self.log.conversation, name).last_seq
            self.replied.append((name, echo_id, seq))

    @rule(agent=people, name=names, uncalled=seldom)
    def agent_helps(self, agent: Agent, name: str, uncalled: bool) -> None:
        """Takes it, answers and closes it before anybody else does anything."""
        self.agent_replies(agent, name, uncalled)
        after: Conversation = self.do(self.log.conversation, name)
        if after.agent_id == agent.id:
            assert not self.refused(409, self.care.resolve, name, agent, after.version)

    # --- time

    @rule(seconds=st.sampled_from([1, 45, 61, 100, 240, 660, 960, 80_000, 90_000]), there=people)
    def time_passes(self, seconds: int, there: Agent) -> None:
        self.clock.go_on(seconds=seconds)
        if seconds < 1000:
            self.do(self.agents.alive, there.id)

    @rule(later=st.booleans())
    def watch_looks(self, later: bool) -> None:
        found = self.do(self.watch.due, self.clock.moment)
        self.dues += found
        for due in [] if later else found:
            self._watch_takes(due)
        self.do(self.watch.overdue_cases, self.clock.moment)
        assert self.do(self.watch.overdue_cases, self.clock.moment) == []

    @precondition(lambda self: self.dues)
    @rule(number=few)
    def watch_takes_a_step(self, number: int) -> None:
        self._watch_takes(self.dues[-1 - number % len(self.dues)])

    def _watch_takes(self, due: Due) -> None:
        moment = self.clock.moment
        before = self._everything()
        if self.do(self.watch.take, due, moment) is None:
            assert self._everything() == before
        else:
            assert self.do(self.watch.take, due, moment) is None, "once"

    # --- what must hold

    def _rows(self, table: str, condition: str = "TRUE", *values: str) -> list[Any]:
        """The rows of a table in order, not by way of the code that is tested; moments are text."""
        cursor = self._file.execute(f"SELECT * FROM {table} WHERE {condition} ORDER BY id", values)
        row = _row(tuple(column[0] for column in cursor.description))
        return [row(*values) for values in cursor]

    def _changes(self, name: str) -> list[Any]:
        return self._rows("ownership", "conversation_id = ?", name)

    def _pending(self, name: str) -> list[Any]:
        return self._rows("messages", "conversation_id = ? AND state = 'pending'", name)

    @invariant()
    def everything_holds(self) -> None:
        conversations = self._rows("conversations")
        messages, changes = self._rows("messages"), self._rows("ownership")
        cases = self._rows("cases")
        for conversation in conversations:
            own = [m for m in messages if m.conversation_id == conversation.id]
            moves = [c for c in changes if c.conversation_id == conversation.id]
            self._order_holds(conversation, own)
            self._ownership_holds(conversation, moves)
            self._authors_hold(own, moves)
            self._told_once(own, moves)
            self._turns_hold(conversation, own)
            promised = [k for k in cases if k.conversation_id == conversation.id]
            _promises_hold(own, promised)
        self._outbox_holds(conversations, messages, changes, cases)

    def _order_holds(self, conversation: Any, own: list[Any]) -> None:
        assert [m.seq for m in own] == list(range(1, conversation.last_seq + 1))
        assert all(a.created_at < b.created_at for a, b in pairwise(own))
        accepted = {(echo_id, seq) for name, echo_id, seq in self.sent if name == conversation.id}
        assert accepted == {(m.echo_id, m.seq) for m in own if m.author == "customer"}

    def _ownership_holds(self, conversation: Any, moves: list[Any]) -> None:
        assert [m.version for m in moves] == list(range(2, conversation.version + 1))
        owners = ["bot", *(m.to_owner for m in moves)]
        assert [m.from_owner for m in moves] == owners[:-1]
        assert set(pairwise(owners)) <= MOVES
        assert conversation.owner == owners[-1]
        assert (conversation.agent_id is not None) == (conversation.owner == "human")
        assert (conversation.queued_at is not None) == (conversation.owner == "queue")
        if conversation.owner in ("bot", "nobody"):
            assert conversation.unanswered_at is None
        if conversation.owner == "queue" and not _was_human(moves[-1]):
            assert conversation.unanswered_at is not None, "somebody waits"

    def _authors_hold(self, own: list[Any], moves: list[Any]) -> None:
        """Who speaks has the conversation at that moment."""
        for message in own:
            before = [m for m in moves if m.at < message.created_at]
            owner = before[-1].to_owner if before else "bot"
            if message.author == "bot":
                assert owner == "bot"
            elif message.author == "agent":
                assert owner == "human"
                assert before[-1].who == AGENTS[message.agent_id - 1].name
            elif message.response == "utter_ask_rating":
                assert before[-1].from_owner == "human", "nobody else has helped"
        told = Counter(m.text for m in own if m.author == "bot")
        told.update(m.text.split("\n", 1)[-1] for m in own if _withheld(m))
        assert all(count == 1 for count in told.values()), "no answer is told twice"

    def _told_once(self, own: list[Any], moves: list[Any]) -> None:
        """A customer learns once in a stretch of waiting that people have been asked."""
        for number, move in enumerate(moves):
            if move.to_owner == "queue":
                ends = moves[number + 1].at if number + 1 < len(moves) else "9999"
                said = [m for m in own if move.at < m.created_at < ends]
                told = Counter((m.response or "")[:17] for m in said)  # with _first or without
                assert told["utter_handed_over"] <= 1
                assert told["utter_still_waiting"[:17]] <= 1

    def _turns_hold(self, conversation: Any, own: list[Any]) -> None:
        for message in own:
            if message.author != "customer":
                assert message.state is None
                continue
            done = self.settled[conversation.id, message.seq]
            assert done in ([], ["handled"], ["abandoned"], ["abandoned", "handled"])
            assert message.state == (done[-1] if done else "pending")
        pending = [m for m in own if m.state == "pending"]
        assert (conversation.worker is not None) == bool(pending)
        if pending and conversation.lease_until > _as_stored(self.clock.moment):
            works = self.processes[conversation.worker]
            assert works is None or conversation.id in works, "forgotten"

    def _outbox_holds(
        self, conversations: list[Any], messages: list[Any], changes: list[Any], cases: list[Any]
    ) -> None:
        channels = {c.id: c.channel for c in conversations}
        expected = [
            f"{m.conversation_id}:{m.seq}"
            for m in messages
            if channels[m.conversation_id] != "web" and m.author not in ("customer", "note")
        ]
        events = {"queue": "conversation.queued", "nobody": "conversation.resolved"}
        expected += [
            f"0:{events[c.to_owner]}:{c.conversation_id}:{c.version}"
            for c in changes
            if c.to_owner in events
        ]
        expected += [f"0:case.opened:{case.reference}" for case in cases]
        assert sorted(row.key for row in self._rows("outbox")) == sorted(expected)


def _ends_matter(change: Any) -> bool:
    return change.to_owner == "nobody" or (change.from_owner, change.who) == ("queue", "customer")


def _was_human(change: Any) -> bool:
    return bool(change.from_owner == "human")


def _withheld(message: Any) -> bool:
    return message.author == "note" and "\nanswer " in message.text


def _promises_hold(own: list[Any], cases: list[Any]) -> None:
    """Who was told that their matter is noted has it noted, and only once."""
    callbacks = [case for case in cases if case.kind == "callback"]
    assert len([case for case in callbacks if case.state in UNDONE]) <= 1
    promised = ("utter_left_for_people", "utter_queue_too_long", "utter_case_opened")
    for message in own:
        if message.response in promised:
            assert any(case.reference in message.text for case in cases)


# a history that fails is made short before it is shown, which takes its time
TestConversations = pytest.mark.timeout(900)(Conversations.TestCase)
TestConversations.settings = settings(
    max_examples=150,
    stateful_step_count=80,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
