"""What happens because nobody did anything: each step once, and only while it is due."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from myna.database import Database
from myna.facts import Service
from myna.hub import schema
from myna.hub.agents import Agents
from myna.hub.care import Care
from myna.hub.house import House
from myna.hub.log import NOT_SOLVED, SOLVED, Log
from myna.hub.model import Agent, Conversation, Turn, Written
from myna.hub.thread import LEASE
from myna.hub.watch import Due, Watch
from tests.helpers import Clock, answer, both_databases
from tests.hub.moves import HAND_OVER, queued, rows, spoken, turn, write

SECOND = timedelta(seconds=1)


@pytest.fixture
def service(house: House) -> Service:
    return house.facts.service


@pytest.fixture
def steps(watch: Watch, clock: Clock) -> Callable[[], Awaitable[list[tuple[str, Written]]]]:
    """Takes what is due, each step twice; what has come of it."""

    async def take() -> list[tuple[str, Written]]:
        taken = []
        for due in await watch.due(clock.moment):
            done = await watch.take(due, clock.moment)
            assert done, "what is due is taken"
            assert await watch.take(due, clock.moment) is None, "once"
            taken.append((due.step, done))
        return taken

    return take


Steps = Callable[[], Awaitable[list[tuple[str, Written]]]]


async def left(log: Log, text: str = "hello?") -> Conversation:
    """The customer writes while people have the conversation."""
    begun = await write(log, text)
    done = await log.leave_to_people(Turn(begun.written.messages), "front")
    return done.conversation


async def held(log: Log, care: Care, linh: Agent) -> Conversation:
    """Linh has the conversation, and has answered."""
    await turn(log, answer("hi"))
    return (await care.reply("c1", linh, "desk:1", "I'm Linh")).conversation


# --- nobody comes


@both_databases
@pytest.mark.usefixtures("staffed")
async def test_the_longest_wait(
    log: Log,
    steps: Steps,
    agents: Agents,
    linh: Agent,
    clock: Clock,
    service: Service,
    database: Database,
) -> None:
    waiting = await queued(log)
    clock.go_on(minutes=service.queue_minutes, seconds=-1)
    await agents.alive(linh.id)
    assert await steps() == []
    clock.go_on(seconds=1)
    [(step, done)] = await steps()
    assert step == "nobody_came"
    assert spoken(done.messages) == [("system", "utter_queue_too_long")]
    assert (done.conversation.owner, done.conversation.version) == ("bot", waiting.version + 1)
    assert done.conversation.unanswered_at is None
    [case] = await rows(database, schema.cases)
    assert (case.kind, case.summary, case.reference) == (
        "callback",
        "[asked] a person please",
        done.case,
    )
    assert case.reference in done.messages[0].text
    assert await steps() == []


@both_databases
@pytest.mark.usefixtures("staffed")
async def test_the_last_agent_leaves(
    log: Log, steps: Steps, agents: Agents, linh: Agent, clock: Clock, service: Service
) -> None:
    await queued(log)
    await agents.left(linh.id)
    clock.go_on(seconds=service.presence_seconds - 1)
    assert await steps() == [], "they may only be reloading the page"
    clock.go_on(seconds=1)
    assert [step for step, _ in await steps()] == ["nobody_came"]


@pytest.mark.usefixtures("staffed")
async def test_who_is_put_back_waits_anew(
    log: Log, care: Care, steps: Steps, agents: Agents, linh: Agent, clock: Clock, service: Service
) -> None:
    waiting = await queued(log)
    clock.go_on(minutes=service.queue_minutes - 1)
    await care.claim("c1", linh, waiting.version)
    await care.release("c1", linh, waiting.version + 1)
    await agents.alive(linh.id)
    clock.go_on(minutes=1)
    assert await steps() == []


# --- the agent does not answer


@both_databases
async def test_the_agent_is_reminded_once(
    log: Log, care: Care, steps: Steps, agents: Agents, linh: Agent, clock: Clock, service: Service
) -> None:
    await held(log, care, linh)
    clock.go_on(hours=1)
    since = (await left(log)).unanswered_at
    assert since == clock.moment
    clock.go_on(minutes=service.nudge_minutes, seconds=-1)
    await agents.alive(linh.id)
    assert await steps() == []
    clock.go_on(seconds=1)
    [(step, done)] = await steps()
    assert step == "nudge"
    assert [m.author for m in done.messages] == ["note"]
    assert str(service.nudge_minutes) in done.messages[0].text
    assert await steps() == []
    await left(log, "anyone?")
    clock.go_on(minutes=1)
    await agents.alive(linh.id)
    assert await steps() == [], "still the same silence"
    await care.reply("c1", linh, "desk:2", "sorry")
    await left(log, "thanks")
    clock.go_on(minutes=service.nudge_minutes)
    await agents.alive(linh.id)
    assert [step for step, _ in await steps()] == ["nudge"], "a silence of its own"


@both_databases
async def test_after_a_longer_silence_somebody_else_may_take_it(
    log: Log, care: Care, steps: Steps, agents: Agents, linh: Agent, clock: Clock, service: Service
) -> None:
    taken = await held(log, care, linh)
    since = (await left(log)).unanswered_at
    clock.go_on(minutes=service.reassign_minutes)
    await agents.alive(linh.id)
    [(step, done)] = await steps()
    assert step == "agent_idle"
    assert spoken(done.messages) == [("system", "utter_requeued")]
    conversation = done.conversation
    assert (conversation.owner, conversation.version) == ("queue", taken.version + 1)
    assert (conversation.agent_id, conversation.unanswered_at) == (None, since)
    assert conversation.queued_at == clock.moment
    assert await steps() == []


@pytest.mark.usefixtures("staffed")
async def test_who_has_just_taken_it_has_time_to_read(
    log: Log, care: Care, steps: Steps, agents: Agents, linh: Agent, clock: Clock, service: Service
) -> None:
    """However long it had waited."""
    waiting = await queued(log)
    clock.go_on(minutes=service.queue_minutes - 1)
    await care.claim("c1", linh, waiting.version)
    clock.go_on(minutes=service.nudge_minutes, seconds=-1)
    await agents.alive(linh.id)
    assert await steps() == []


@both_databases
async def test_the_agent_is_gone(
    log: Log, care: Care, steps: Steps, agents: Agents, linh: Agent, clock: Clock, service: Service
) -> None:
    await agents.alive(linh.id)
    await held(log, care, linh)
    clock.go_on(seconds=service.presence_seconds)
    assert await steps() == [], "nobody waits for them"
    await left(log)
    clock.go_on(seconds=service.presence_seconds - 1)
    assert await steps() == [], "they may come back"
    clock.go_on(seconds=1)
    [(step, done)] = await steps()
    assert step == "agent_gone"
    assert spoken(done.messages) == [("system", "utter_requeued")]
    assert (done.conversation.owner, done.conversation.reason) == ("queue", "agent_gone")


async def test_an_agent_who_is_there_is_not_gone(
    log: Log, care: Care, steps: Steps, agents: Agents, linh: Agent, clock: Clock, service: Service
) -> None:
    await held(log, care, linh)
    await left(log)
    clock.go_on(seconds=service.presence_seconds)
    await agents.alive(linh.id)
    await agents.set_away(linh.id, True)  # for new conversations only
    assert await steps() == []


# --- the customer does not answer


@both_databases
async def test_the_customer_has_fallen_silent(
    log: Log, care: Care, steps: Steps, linh: Agent, clock: Clock, service: Service
) -> None:
    taken = await held(log, care, linh)
    clock.go_on(hours=service.idle_hours, seconds=-1)
    assert await steps() == []
    clock.go_on(seconds=1)
    [(step, done)] = await steps()
    assert step == "customer_idle"
    assert spoken(done.messages) == [("system", "utter_idle_closed")]
    conversation = done.conversation
    assert (conversation.owner, conversation.version) == ("nobody", taken.version + 1)
    assert (conversation.reset_due, conversation.proof, conversation.slots) == (True, None, {})
    assert await steps() == []


async def test_a_customer_who_waits_is_not_silent(
    log: Log, care: Care, steps: Steps, agents: Agents, linh: Agent, clock: Clock, service: Service
) -> None:
    await held(log, care, linh)
    clock.go_on(hours=service.idle_hours, seconds=-1)
    await left(log)
    clock.go_on(seconds=1)
    await agents.alive(linh.id)
    assert await steps() == []


async def test_a_message_that_comes_while_it_is_closed_is_the_bots(
    log: Log, care: Care, steps: Steps, linh: Agent, clock: Clock, service: Service
) -> None:
    await held(log, care, linh)
    clock.go_on(hours=service.idle_hours)
    begun = await write(log, "I'm back")
    assert [step for step, _ in await steps()] == ["customer_idle"]
    done = await log.leave_to_people(Turn(begun.written.messages), "front")
    assert (done.conversation.owner, done.more) == ("bot", True)


# --- asking again


async def closed(log: Log, care: Care, linh: Agent) -> Conversation:
    taken = await held(log, care, linh)
    return (await care.resolve("c1", linh, taken.version)).conversation


@both_databases
async def test_whether_the_matter_is_solved_is_asked_once(
    log: Log, care: Care, steps: Steps, linh: Agent, clock: Clock, service: Service, house: House
) -> None:
    await closed(log, care, linh)
    clock.go_on(hours=service.follow_up_hours, seconds=-1)
    assert await steps() == []
    clock.go_on(seconds=1)
    [(step, done)] = await steps()
    assert step == "follow_up"
    assert spoken(done.messages) == [("system", "utter_ask_solved")]
    assert [(b["title"], b["payload"]) for b in done.messages[0].buttons] == [
        (house.word("yes_solved", "en"), SOLVED),
        (house.word("not_solved", "en"), NOT_SOLVED),
    ]
    assert done.conversation.owner == "nobody"
    assert await steps() == []


async def test_nobody_is_asked_in_the_middle_of_another_matter(
    log: Log, care: Care, steps: Steps, linh: Agent, clock: Clock, service: Service
) -> None:
    await closed(log, care, linh)
    clock.go_on(hours=service.follow_up_hours)
    await turn(log, answer("hi"))
    assert await steps() == []
    clock.go_on(minutes=9)
    assert await steps() == []
    clock.go_on(minutes=1)
    assert [step for step, _ in await steps()] == ["follow_up"]


async def test_nobody_is_asked_while_people_have_it(
    log: Log, care: Care, watch: Watch, linh: Agent, clock: Clock, service: Service
) -> None:
    version = (await closed(log, care, linh)).version
    await care.claim("c1", linh, version)
    clock.go_on(hours=service.follow_up_hours)
    assert not [due for due in await watch.due(clock.moment) if due.step == "follow_up"]


# --- what has moved on


@both_databases
@pytest.mark.usefixtures("staffed")
async def test_a_step_of_an_earlier_version_does_nothing(
    log: Log, care: Care, watch: Watch, agents: Agents, linh: Agent, clock: Clock, service: Service
) -> None:
    waiting = await queued(log)
    clock.go_on(minutes=service.queue_minutes)
    [due] = await watch.due(clock.moment)
    assert due == Due("nobody_came", "c1", waiting.version)
    await care.claim("c1", linh, waiting.version)
    before = await log.messages("c1", notes=True)
    assert await watch.take(due, clock.moment) is None
    await care.release("c1", linh, waiting.version + 1)
    assert await watch.take(due, clock.moment) is None, "another stretch in the queue"
    assert await log.messages("c1", notes=True) == before


async def answered(log: Log, care: Care, agents: Agents, linh: Agent) -> None:
    await care.reply("c1", linh, "desk:late", "here I am")


async def wrote(log: Log, care: Care, agents: Agents, linh: Agent) -> None:
    await left(log, "still there?")


async def came_back(log: Log, care: Care, agents: Agents, linh: Agent) -> None:
    await agents.alive(linh.id)


@both_databases
@pytest.mark.parametrize(
    ("step", "waits", "hours", "meanwhile"),
    [
        ("agent_gone", True, 0.03, came_back),
        ("agent_gone", True, 0.03, answered),
        ("agent_idle", True, 1, answered),
        ("nudge", True, 0.06, answered),
        ("customer_idle", False, 24, wrote),
        ("customer_idle", False, 24, answered),
    ],
)
async def test_a_step_that_is_not_due_any_more_at_the_same_version(
    log: Log,
    care: Care,
    watch: Watch,
    agents: Agents,
    linh: Agent,
    clock: Clock,
    step: str,
    waits: bool,
    hours: float,
    meanwhile: Callable[[Log, Care, Agents, Agent], Awaitable[None]],
) -> None:
    version = (await held(log, care, linh)).version
    if waits:
        await left(log)
    clock.go_on(hours=hours)
    if step != "agent_gone":
        await agents.alive(linh.id)
    [due] = await watch.due(clock.moment)
    assert due == Due(step, "c1", version)  # type: ignore[arg-type]
    await meanwhile(log, care, agents, linh)
    assert await watch.take(due, clock.moment) is None
    assert (await log.conversation("c1")).version == version


@both_databases
async def test_many_watchers_take_a_step_once(
    log: Log,
    care: Care,
    watch: Watch,
    agents: Agents,
    linh: Agent,
    clock: Clock,
    service: Service,
    database_url: str,
    house: House,
) -> None:
    other = Database(database_url)
    await held(log, care, linh)
    await left(log)
    clock.go_on(minutes=service.nudge_minutes)
    await agents.alive(linh.id)
    [due] = await watch.due(clock.moment)
    done = await asyncio.gather(
        *(each.take(due, clock.moment) for each in (watch, Watch(other, house)) for _ in range(3))
    )
    assert len([written for written in done if written]) == 1
    await other.close()


# --- cases and what a dead process has left


@both_databases
async def test_a_case_is_overdue_once(
    log: Log, watch: Watch, clock: Clock, database: Database
) -> None:
    await turn(log, answer("ok", commands=[HAND_OVER]))
    [case] = await rows(database, schema.cases)
    assert await watch.overdue_cases(case.due_at) == []
    late = case.due_at + SECOND
    [found] = await watch.overdue_cases(late)
    assert (found.reference, found.overdue, found.version) == (case.reference, True, 2)
    assert await watch.overdue_cases(late) == []
    recorded = [event for event in await rows(database, schema.case_events)]
    assert [event.what for event in recorded] == ["opened", "overdue"]


async def test_a_case_that_is_solved_is_not_overdue(
    log: Log, care: Care, watch: Watch, linh: Agent, database: Database
) -> None:
    await turn(log, answer("ok", commands=[HAND_OVER]))
    await care.resolve("c1", linh, 1)
    [case] = await rows(database, schema.cases)
    assert await watch.overdue_cases(case.due_at + SECOND) == []


@both_databases
async def test_two_watchers_mark_overdue_cases_side_by_side(
    log: Log, watch: Watch, clock: Clock, database: Database, database_url: str, house: House
) -> None:
    for number in range(10):
        await turn(log, answer("ok", commands=[HAND_OVER]), to=f"c{number}")
    late = clock.moment + timedelta(days=9)
    other = Database(database_url)
    found = await asyncio.gather(
        *(each.overdue_cases(late) for each in (watch, Watch(other, house)) for _ in range(3))
    )
    assert sorted(case.conversation_id or "" for each in found for case in each) == [
        f"c{number}" for number in range(10)
    ]
    await other.close()


@both_databases
async def test_what_a_dead_process_has_left(log: Log, watch: Watch, clock: Clock) -> None:
    await write(log, worker="dead")
    await write(log, to="c2", worker="dead")
    await turn(log, answer("hi"), to="c3")
    clock.go_on(seconds=LEASE.total_seconds() - 1)
    await write(log, to="c2", worker="dead")  # alive, it seems
    assert await watch.forsaken(clock.moment) == []
    clock.go_on(seconds=1)
    assert await watch.forsaken(clock.moment) == ["c1"]


async def test_what_an_older_version_has_left(
    log: Log, watch: Watch, clock: Clock, database: Database
) -> None:
    await write(log)
    free: Any = {"worker": None, "lease_until": None}
    await database.write(lambda c: c.execute(schema.conversations.update().values(free)))
    assert await watch.forsaken(clock.moment) == ["c1"]
