"""Runs one scenario: traffic and trouble side by side, then calm, then the judge."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from tests.faults.brain import Mode
from tests.faults.evidence import Evidence, read_light_brain, settled_hub
from tests.faults.judge import judge
from tests.faults.place import Place
from tests.faults.traffic import Traffic
from tests.faults.turns import Finding, Turns
from tests.faults.world import Redis, Setup, World, running
from tests.servers import postgres_database_on, postgres_server

ANSWER_SECONDS = 30.0
"""After a fault's end, everything that was accepted has had its outcome within this time."""

_LATE_SECONDS = 62.0  # until the caretaker asks what became of turns that were given up

Trouble = Callable[[World, Traffic], Coroutine[Any, Any, None]]
"""Makes trouble until it has done what it is there for and the traffic is `enough`."""


@dataclass(frozen=True)
class Scenario:
    """One kind of trouble."""

    name: str
    trouble: Trouble
    messages: int
    """At least so many are accepted in the long form."""
    customers: int = 30
    pause: float = 0.5
    """Seconds between two acts of a customer, on average."""
    shared: bool = False
    """Two front servers on PostgreSQL and Redis, instead of one on SQLite."""
    patience: float = 120.0
    """Seconds of calm after which what has not happened counts as lost."""
    setup: dict[str, Any] = field(default_factory=dict)
    """Fields of `Setup`."""


@dataclass(frozen=True)
class Course:
    """What happened in a scenario."""

    scenario: str
    evidence: Evidence
    messages: int
    """Accepted."""
    kills: int
    faults: list[tuple[float, float]]
    """From when until when something was wrong, by the monotonic clock."""
    seconds: float


@dataclass(frozen=True)
class Result:
    """What came of a scenario."""

    scenario: str
    messages: int
    """Accepted."""
    kills: int
    faults: int
    findings: list[Finding]
    slowest: float
    """The longest wait for an answer since all was well again, in seconds."""
    longest: float
    """The longest wait since the message was accepted, faults included."""
    seconds: float

    def count(self, kind: str) -> int:
        """Findings of a kind."""
        return sum(finding.kind == kind for finding in self.findings)


async def run(scenario: Scenario, setup: Setup, messages: int | None = None) -> Result:
    """Runs a scenario and judges it; arguments as of `play`."""
    return judged(await play(scenario, setup, messages))


async def play(scenario: Scenario, setup: Setup, messages: int | None = None) -> Course:
    """Runs a scenario.

    Args:
        scenario: what is done.
        setup: where, and with which seed; the scenario's own fields count more.
        messages: how many at least; None: as in the long form.
    """
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        own = replace(setup, **scenario.setup)
        if scenario.shared:
            own = stack.enter_context(_shared(own))
        world = await stack.enter_async_context(running(own))
        wanted = scenario.messages if messages is None else messages
        traffic = Traffic(world, wanted, scenario.customers, scenario.pause)
        traffic.patience = scenario.patience
        await stack.enter_async_context(traffic.going_on())
        await scenario.trouble(world, traffic)
        world.brain_is(Mode())
        world.receiver.ill = 0.0
        await traffic.end()
        world.set_clock(world.clock + _LATE_SECONDS)
        await traffic.hear_of_all(_LATE_SECONDS / 4)
        histories, outbox, read_at = await settled_hub(world.hub, scenario.patience)
        await traffic.read_on(histories)
        outcomes, effects, complaints = read_light_brain(world.brain_memory)
        complaints += [f"never reached: {step}" for step in world.unreached]
        evidence = Evidence(
            histories,
            outcomes,
            effects,
            outbox=outbox,
            deliveries=world.receiver.until(read_at, outbox),
            complaints=complaints,
        )
        return conclude(scenario.name, world, traffic, evidence, world.kills(), began)


@contextmanager
def _shared(setup: Setup) -> Iterator[Setup]:
    """Two front servers, PostgreSQL and Redis."""
    redis = Redis(setup.folder)
    with postgres_server() as server, postgres_database_on(server) as database:
        redis.start()
        try:
            yield replace(setup, fronts=2, database=database, redis=redis)
        finally:
            redis.kill()


def conclude(
    name: str, place: Place, traffic: Traffic, evidence: Evidence, kills: int, began: float
) -> Course:
    """Puts what people know to the evidence.

    Args:
        name: the scenario's.
        place: where it was.
        traffic: the people.
        evidence: everything else.
        kills: how many processes were killed.
        began: when it began, by the monotonic clock.
    """
    evidence.customers = traffic.witnessed
    for agent in traffic.agents:
        evidence.complaints += agent.refusals
        evidence.replies |= agent.replies
    seconds = time.monotonic() - began
    return Course(name, evidence, traffic.accepted, kills, place.faults, seconds)


def judged(course: Course) -> Result:
    """What is to be said of it."""
    findings = judge(course.evidence)
    slowest, longest = _waits(course.evidence, course.faults)
    if slowest > ANSWER_SECONDS:
        findings.append(Finding("late", f"an answer took {slowest:.0f} s, with nothing wrong"))
    return Result(
        course.scenario,
        course.messages,
        course.kills,
        len(course.faults),
        findings,
        slowest,
        longest,
        course.seconds,
    )


def _waits(evidence: Evidence, faults: list[tuple[float, float]]) -> tuple[float, float]:
    """The longest wait for an answer since a fault's end, and since the acknowledgement."""
    slowest = longest = 0.0
    for began, answered in _answer_times(evidence):
        ends = (end for begin, end in faults if begin < answered)
        calm = min(answered, max((began, *ends)))
        slowest = max(slowest, answered - calm)
        longest = max(longest, answered - began)
    return slowest, longest


def _answer_times(evidence: Evidence) -> Iterator[tuple[float, float]]:
    """When each answered message was acknowledged, and when its answer was shown."""
    for customer in evidence.customers:
        acknowledged = {sent.seq: sent.acknowledged_at for sent in customer.sent}
        shown = customer.views[0].at
        history = evidence.histories.get(customer.conversation_id)
        if history is None:
            continue
        for row, answer in Turns(history, evidence.outcomes).answers():
            if row.seq in acknowledged and answer in shown:
                yield acknowledged[row.seq], shown[answer]
