"""The caretaker takes what is due, tells of it, and is not put off by faults."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from myna.database import Database
from myna.hub import caretaker as module
from myna.hub import schema
from myna.hub.agents import Agents
from myna.hub.brain import TURN_SECONDS
from myna.hub.bus import EVERYTHING, News
from myna.hub.caretaker import Caretaker
from myna.hub.hub import Hub
from myna.hub.model import Agent, Arrival
from myna.hub.thread import LEASE
from tests.helpers import Clock, FakeBrain, answer, both_databases, handled, say, until
from tests.hub.moves import HAND_OVER, rows, spoken, turn, write

SETTLED = module._SETTLED.total_seconds()


@pytest.fixture
async def caretaker(database: Database, hub: Hub, brain: FakeBrain) -> AsyncIterator[Caretaker]:
    caretaker = Caretaker(database, hub, brain)
    yield caretaker
    await caretaker.stop()


async def waiting(hub: Hub, linh: Agent, conversation_id: str = "c1") -> None:
    """Linh has the conversation, and the customer waits for an answer."""
    await say(hub, conversation_id, "hello")
    await hub.reply(conversation_id, linh, "desk:1", "I'm Linh")
    await say(hub, conversation_id, "and?")


async def test_who_watches_is_told(
    hub: Hub, caretaker: Caretaker, agents: Agents, linh: Agent, clock: Clock
) -> None:
    await waiting(hub, linh)
    clock.go_on(minutes=hub.house.facts.service.nudge_minutes)
    await agents.alive(linh.id)
    with hub.bus.listen(EVERYTHING) as queue:
        await caretaker.look()
        heard = [queue.get_nowait() for _ in range(queue.qsize())]
    [note] = (await hub.log.messages("c1", notes=True))[-1:]
    assert heard == [
        News("message", "c1", note.public()),
        News("conversation", "c1", (await hub.log.conversation("c1")).public()),
        News("nudge", "c1", {"agent_id": linh.id}),
    ]


async def test_agents_are_told_of_overdue_cases(
    hub: Hub, caretaker: Caretaker, clock: Clock, database: Database
) -> None:
    done = await turn(hub.log, answer("ok", commands=[HAND_OVER]))
    clock.go_on(days=9)
    with hub.bus.listen(EVERYTHING) as queue:
        await caretaker.look()
        assert queue.get_nowait() == News("case", "c1", {"reference": done.case})
    assert [case.overdue for case in await rows(database, schema.cases)] == [True]


@both_databases
async def test_what_a_dead_process_has_left_is_taken_up(
    hub: Hub, caretaker: Caretaker, brain: FakeBrain, clock: Clock
) -> None:
    await write(hub.log, "hello", worker="dead")
    await caretaker.look()
    assert brain.calls == []
    clock.go_on(seconds=LEASE.total_seconds())
    await caretaker.look()
    assert brain.calls == [], "to the second it is still the other's"
    clock.go_on(seconds=1)
    await caretaker.look()
    await handled(hub)
    assert spoken(await hub.log.messages("c1"))[1:] == [("bot", "you said: hello")]


@both_databases
@pytest.mark.usefixtures("staffed")
async def test_the_outcome_of_a_turn_that_was_given_up(
    hub: Hub, caretaker: Caretaker, brain: FakeBrain, clock: Clock
) -> None:
    brain.alive = False
    await say(hub, "c1", "cancel it")
    assert (await hub.log.conversation("c1")).owner == "queue"
    clock.go_on(seconds=SETTLED)
    await caretaker.look()
    assert ("outcome", "c1:1") not in brain.calls, "a try may still be running"
    clock.go_on(seconds=1)
    for _ in range(2):
        await caretaker.look()
    assert brain.calls.count(("outcome", "c1:1")) == 2, "the brain is not back yet"
    brain.alive = True
    brain.outcomes = {"c1:1": answer("Done, cancelled.")}
    with hub.bus.listen("c1") as queue:
        await caretaker.look()
        assert queue.get_nowait().kind == "message"
    last = (await hub.log.messages("c1", notes=True))[-1]
    assert last.author == "note"
    assert last.text.endswith("\nDone, cancelled.")
    await caretaker.look()
    assert brain.calls.count(("outcome", "c1:1")) == 3


@pytest.mark.usefixtures("staffed")
async def test_a_turn_that_the_brain_never_saw(
    hub: Hub, caretaker: Caretaker, brain: FakeBrain, clock: Clock
) -> None:
    brain.alive = False
    before = await say(hub, "c1", "cancel it")
    brain.alive = True
    clock.go_on(seconds=SETTLED + 1)
    for _ in range(2):
        await caretaker.look()
    assert await hub.log.messages("c1", notes=True) == before
    assert brain.calls.count(("outcome", "c1:1")) == 1


async def test_a_step_that_fails_does_not_keep_the_others(
    hub: Hub,
    caretaker: Caretaker,
    brain: FakeBrain,
    agents: Agents,
    linh: Agent,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("c1", "c2", "c3"):
        await waiting(hub, linh, name)
    await write(hub.log, to="left", worker="dead")
    clock.go_on(minutes=hub.house.facts.service.nudge_minutes)
    await agents.alive(linh.id)
    take: Any = caretaker.watch.take

    async def fails(due: Any, moment: Any) -> Any:
        if due.conversation_id == "c2":
            raise OSError("disk")
        return await take(due, moment)

    async def breaks(moment: Any) -> Any:
        raise OSError("disk")

    monkeypatch.setattr(caretaker.watch, "take", fails)
    monkeypatch.setattr(caretaker.watch, "overdue_cases", breaks)
    await caretaker.look()
    await handled(hub)
    authors = {
        name: (await hub.log.messages(name, notes=True))[-1].author
        for name in ("c1", "c2", "c3", "left")
    }
    assert authors == {"c1": "note", "c2": "customer", "c3": "note", "left": "bot"}
    monkeypatch.setattr(caretaker.watch, "take", take)
    await caretaker.look()
    assert (await hub.log.messages("c2", notes=True))[-1].author == "note", "it is tried again"


async def test_it_goes_on_until_it_is_stopped(
    hub: Hub, caretaker: Caretaker, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0.005)
    caretaker.start()
    for name in ("c1", "c2"):
        await write(hub.log, to=name, worker="dead")
        clock.go_on(seconds=LEASE.total_seconds() + 1)
        await handled(hub)
    await caretaker.stop()
    await write(hub.log, to="c3", worker="dead")
    clock.go_on(seconds=LEASE.total_seconds() + 1)
    await asyncio.sleep(0.05)
    assert await hub.log.with_pending() == ["c3"], "what is due stays due"


async def test_a_caretaker_that_never_began_can_be_stopped(caretaker: Caretaker) -> None:
    await caretaker.stop()


@both_databases
async def test_two_caretakers_side_by_side(
    hub: Hub, caretaker: Caretaker, brain: FakeBrain, database_url: str, linh: Agent, clock: Clock
) -> None:
    """As two front servers on one database have them."""
    elsewhere = Database(database_url)
    second = Hub(elsewhere, hub.house, brain, worker="second")
    both = [caretaker, Caretaker(elsewhere, second, brain)]
    for number in range(6):
        name = f"c{number}"
        await write(hub.log, name, to=name, worker="dead")
        await turn(hub.log, answer("ok", commands=[HAND_OVER]), to=f"asked{number}")
    clock.go_on(days=9)
    await asyncio.gather(*(each.look() for each in both for _ in range(3)))
    await handled(hub)
    for number in range(6):
        said = spoken(await hub.log.messages(f"c{number}"))
        assert said[1:] == [("bot", f"you said: c{number}")]
    await second.stop()
    await elsewhere.close()


async def test_a_message_after_a_look_is_no_ones_twice(
    hub: Hub, caretaker: Caretaker, brain: FakeBrain
) -> None:
    """The process that has it is asked to take it up again and again."""
    await hub.receive(Arrival("c1", "web", "web:1", "hello", None, "en"))
    for _ in range(3):
        await hub.take_up("c1")
        await caretaker.look()

    async def answered() -> bool:
        return len(await hub.log.messages("c1")) == 2

    await until(answered)
    await asyncio.sleep(0.05)
    assert brain.calls == [("turn", "c1:1")]


def test_an_abandoned_turn_is_settled_after_every_try_is_over() -> None:
    assert timedelta(seconds=2 * TURN_SECONDS) < module._SETTLED, "reset and turn"
    assert timedelta(seconds=2 * TURN_SECONDS) < LEASE
