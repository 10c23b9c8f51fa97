"""Carrying: in order within a lane, again after faults, never twice where that could be seen."""

from __future__ import annotations

import asyncio
import random
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from aiohttp import web
from sqlalchemy.engine import Connection

from myna.database import Database
from myna.hub import courier as module
from myna.hub import outbox, schema
from myna.hub.courier import Carrier, Courier, Item, Later, Refused, Result, Sent, Unknown
from myna.hub.house import House
from myna.hub.log import Log
from myna.hub.webhooks import WebhookCarrier
from myna.settings import PROJECT
from tests.helpers import Clock, both_databases, listening, until
from tests.hub.moves import change, rows
from tests.hub.test_outbox import say

Step = Result | Exception | Callable[[Item], Awaitable[Result]]


class FakeCarrier:
    """Delivers to a receiver that does as the test says."""

    def __init__(self, *, idempotent: bool = False) -> None:
        self.idempotent = idempotent
        self.tried: list[str] = []
        """Keys, each time that they were given to us."""
        self.steps: dict[str, list[Step]] = defaultdict(list)
        """By key, what the next tries of it do; afterwards they succeed."""
        self.found: dict[str, Result] = {}
        """By key, what is found out afterwards."""
        self.closed = False
        self.at_once = self.most_at_once = 0

    async def send(self, item: Item) -> Result:
        """Plays the next step."""
        self.tried.append(item.key)
        steps = self.steps[item.key]
        step = steps.pop(0) if steps else Sent(f"x-{item.key}")
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if isinstance(step, Exception):
                raise step
            return await step(item) if callable(step) else step
        finally:
            self.at_once -= 1

    async def reconcile(self, item: Item) -> Result | None:
        """As the test says."""
        return self.found.get(item.key)

    async def close(self) -> None:
        """Only remembered."""
        self.closed = True


class Held:
    """A try that has begun and does not end before the test lets it."""

    def __init__(self, result: Result) -> None:
        self.began, self.go = asyncio.Event(), asyncio.Event()
        self._result = result

    async def __call__(self, item: Item) -> Result:
        """Waits for `go`."""
        self.began.set()
        await self.go.wait()
        return self._result


Put = Callable[..., Awaitable[None]]


@pytest.fixture
def put(log: Log, database: Database, house: House) -> Put:
    """Puts messages into the outbox: `put("a", 3)` makes a:1, a:2 and a:3 in the lane a."""

    async def put(lane: str, count: int = 1, channel: str = "fake") -> None:
        await log.open(lane, channel, "en")
        await say(database, house, lane, *("hi" for _ in range(count)))

    return put


@pytest.fixture
def fake() -> FakeCarrier:
    return FakeCarrier()


Make = Callable[..., Courier]


@pytest.fixture
async def make(database: Database, fake: FakeCarrier) -> AsyncIterator[Make]:
    """Makes couriers, each as a process of its own has it."""
    made: list[Courier] = []

    def make(worker: str = "front", where: Database = database, **others: Carrier) -> Courier:
        made.append(Courier(where, {"fake": fake, **others}, worker))
        return made[-1]

    yield make
    for courier in made:
        await crash(courier)


async def crash(courier: Courier) -> None:
    """Ends everything that a courier does, wherever it is; nothing is written any more."""
    tasks = [*courier._running, *([courier._task] if courier._task else [])]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def states(database: Database) -> dict[str, str]:
    return {row.key: row.state for row in await rows(database, schema.outbox)}


async def reach(database: Database, *keys: str, state: str = "sent") -> None:
    """Waits until these items, or all that there are, are in this state."""

    async def there() -> bool:
        found = await states(database)
        return {found[key] for key in keys or found} == {state}

    await until(there)


async def cut_off(courier: Courier, fake: FakeCarrier, key: str) -> None:
    """The process dies while this item is being sent."""
    held = Held(Sent())
    fake.steps[key] = [held]
    working = asyncio.create_task(courier.work_off())
    await held.began.wait()
    working.cancel()
    await crash(courier)


# --- results


@both_databases
async def test_what_is_due_is_sent_in_order(
    make: Make, put: Put, fake: FakeCarrier, database: Database
) -> None:
    await put("a", 3)
    assert await make().work_off() == 3
    assert fake.tried == ["a:1", "a:2", "a:3"]
    found = await rows(database, schema.outbox)
    assert [(row.state, row.tries, row.external_id) for row in found] == [
        ("sent", 1, "x-a:1"),
        ("sent", 1, "x-a:2"),
        ("sent", 1, "x-a:3"),
    ]
    assert {(row.worker, row.lease_until, row.error) for row in found} == {(None, None, None)}
    assert await make().work_off() == 0


async def test_the_carrier_is_given_what_was_put(make: Make, put: Put, fake: FakeCarrier) -> None:
    seen: list[Item] = []

    async def look(item: Item) -> Result:
        seen.append(item)
        return Sent()

    fake.steps["a:1"] = [look]
    await put("a")
    await make().work_off()
    (item,) = seen
    assert (item.carrier, item.lane, item.key, item.tries) == ("fake", "a", "a:1", 0)
    assert item.payload == {"conversation": "a", "seq": 1}


@pytest.mark.parametrize(
    ("step", "state", "error"),
    [
        (Refused("blocked"), "failed", "blocked"),
        (Unknown("no answer"), "unknown", "no answer"),
        (RuntimeError("secret"), "unknown", "RuntimeError"),
        (TimeoutError(), "unknown", "no answer in time"),
        (Refused("x" * 900), "failed", "x" * 500),
    ],
)
async def test_what_is_over_lets_the_next_one_go(
    make: Make, put: Put, fake: FakeCarrier, database: Database, step: Step, state: str, error: str
) -> None:
    fake.steps["a:1"] = [step]
    await put("a", 2)
    await make().work_off()
    assert fake.tried == ["a:1", "a:2"], "not a second time"
    assert await states(database) == {"a:1": state, "a:2": "sent"}
    assert (await rows(database, schema.outbox))[0].error == error


@pytest.mark.parametrize("step", [Unknown("no answer"), RuntimeError(), TimeoutError()])
async def test_where_doubles_are_dropped_the_unknown_is_sent_again(
    make: Make, put: Put, fake: FakeCarrier, database: Database, clock: Clock, step: Step
) -> None:
    fake.idempotent = True
    fake.steps["a:1"] = [step]
    await put("a", 2)
    await make().work_off()
    assert await states(database) == {"a:1": "waiting", "a:2": "waiting"}
    clock.go_on(seconds=2)
    await make().work_off()
    assert fake.tried == ["a:1", "a:1", "a:2"]
    assert await states(database) == {"a:1": "sent", "a:2": "sent"}


async def test_a_carrier_that_never_answers_is_given_up(
    make: Make,
    put: Put,
    fake: FakeCarrier,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_SEND_SECONDS", 0.02)
    fake.steps["a:1"] = [Held(Sent())]
    await put("a", 2)
    await make().work_off()
    assert await states(database) == {"a:1": "unknown", "a:2": "sent"}


# --- trying again


async def test_pauses_grow_and_differ(
    make: Make, put: Put, fake: FakeCarrier, database: Database, clock: Clock
) -> None:
    fake.steps["a:1"] = [Later("busy") for _ in range(1200)]
    await put("a")
    courier, pauses = make(), []
    for _ in range(12):
        await courier.work_off()
        (row,) = await rows(database, schema.outbox)
        pauses.append((row.next_at - clock.moment).total_seconds())
        clock.moment = row.next_at - timedelta(seconds=0.001)
        assert await courier.work_off() == 0
        clock.go_on(seconds=0.001)
    assert all(1 <= pause <= 300 for pause in pauses)
    assert all(2**n <= pause <= 2**n * 1.25 for n, pause in enumerate(pauses[:8]))
    assert all(pause >= 240 for pause in pauses[8:])
    assert len(set(pauses[8:])) > 1
    await change(database, schema.outbox, tries=5000)
    await courier.work_off()
    (row,) = await rows(database, schema.outbox)
    assert (row.state, row.tries, row.error) == ("waiting", 5001, "busy")


@pytest.mark.parametrize(
    ("asked", "least"), [(0, 1), (-5, 1), (7, 7), (1800, 1800), (1e12, 3600), (float("inf"), 3600)]
)
async def test_a_receiver_says_when_to_come_again(
    make: Make,
    put: Put,
    fake: FakeCarrier,
    database: Database,
    clock: Clock,
    asked: float,
    least: float,
) -> None:
    fake.steps["a:1"] = [Later("busy", asked)]
    await put("a")
    await make().work_off()
    (row,) = await rows(database, schema.outbox)
    pause = (row.next_at - clock.moment).total_seconds()
    assert least <= pause <= least * 1.25


@both_databases
async def test_a_lane_that_has_to_wait_holds_up_only_itself(
    make: Make, put: Put, fake: FakeCarrier, database: Database, clock: Clock
) -> None:
    fake.steps["a:1"] = [Later("busy", 60)]
    await put("a", 2)
    await put("b", 2)
    courier = make()
    await courier.work_off()
    assert sorted(fake.tried) == ["a:1", "b:1", "b:2"]
    await put("a")
    clock.go_on(seconds=59)
    await courier.work_off()
    assert await states(database) == {
        **{"a:1": "waiting", "a:2": "waiting", "a:3": "waiting"},
        **{"b:1": "sent", "b:2": "sent"},
    }
    clock.go_on(seconds=20)
    await courier.work_off()
    assert fake.tried[-3:] == ["a:1", "a:2", "a:3"]


async def test_lanes_go_side_by_side_whatever_hangs(
    make: Make, put: Put, fake: FakeCarrier, database: Database
) -> None:
    held = Held(Sent())
    fake.steps["a:1"] = [held]
    await put("a", 2)
    await put("b", 3)
    courier = make()
    courier.start()
    await held.began.wait()
    await reach(database, "b:1", "b:2", "b:3")
    await put("c", 2)
    courier.poke()
    await reach(database, "c:1", "c:2")
    found = await states(database)
    assert (found["a:1"], found["a:2"]) == ("sending", "waiting")
    held.go.set()
    await reach(database)
    await courier.stop()
    assert [key for key in fake.tried if key.startswith("a")] == ["a:1", "a:2"]


async def test_a_carrier_that_hangs_leaves_room_for_others(
    make: Make, put: Put, fake: FakeCarrier
) -> None:
    other = FakeCarrier()
    held = Held(Sent())
    for number in range(40):
        fake.steps[f"c{number}:1"] = [held]
        await put(f"c{number}")
    await put("o", 2, "other")
    courier = make(other=other)
    working = asyncio.create_task(courier.work_off())

    async def carried() -> bool:
        return other.tried == ["o:1", "o:2"]

    await until(carried)
    assert len(fake.tried) == fake.at_once == 16
    held.go.set()
    await working
    assert len(fake.tried) == 40
    assert fake.most_at_once == 16


async def test_lanes_of_two_carriers_may_have_one_name(
    make: Make, put: Put, fake: FakeCarrier, database: Database
) -> None:
    other = FakeCarrier()
    fake.steps["a:1"] = [Later("busy", 60)]
    await put("a")
    await database.write(
        lambda connection: outbox.announce(connection, ("a",), "event", "event", {})
    )
    await make(webhook=other).work_off()
    assert other.tried == ["0:event"]


async def test_what_has_waited_longest_goes_first(
    make: Make, put: Put, fake: FakeCarrier, clock: Clock
) -> None:
    lanes = [f"c{number}" for number in range(40)]
    for lane in lanes:
        clock.go_on(seconds=1)
        await put(lane)
    fake.steps |= {f"{lane}:1": [Later("busy")] for lane in lanes}
    await make().work_off()
    assert fake.tried == [f"{lane}:1" for lane in lanes]


async def test_what_nobody_here_carries_stays_where_it_is(
    make: Make, put: Put, database: Database
) -> None:
    await put("a", 1, "elsewhere")
    assert await make().work_off() == 0
    assert await states(database) == {"a:1": "waiting"}


class Slow(Database):
    """A database that is slow to say that it has written something."""

    meanwhile: tuple[Callable[[], None] | None, ...] = ()
    """For each of the next writes: what else happens before it is said."""

    async def write(self, work: Callable[..., Any]) -> Any:
        """Takes its time, if it is told to."""
        event, *later = self.meanwhile or (None,)
        self.meanwhile = tuple(later)
        done = await super().write(work)
        if event:
            event()
            await asyncio.sleep(0.1)
        return done


async def test_what_ends_during_a_look_lets_the_next_one_go(
    make: Make, put: Put, fake: FakeCarrier, database_url: str
) -> None:
    first, second = Held(Sent()), Held(Sent())
    fake.steps |= {"a:1": [first], "b:1": [second]}
    await put("a")
    await put("b", 2)
    slow = Slow(database_url)
    working = asyncio.create_task(make(where=slow).work_off())
    await second.began.wait()
    slow.meanwhile = (None, second.go.set)  # noting the first, then the look
    first.go.set()
    assert await working == 3
    await slow.close()


# --- expiry and tidying


@both_databases
async def test_old_news_expires_and_lets_the_next_one_go(
    make: Make, put: Put, fake: FakeCarrier, database: Database, clock: Clock
) -> None:
    fake.steps["a:1"] = [Later("down", 3600)]
    await put("a", 2)
    await make().work_off()
    clock.go_on(hours=23)
    await put("a")
    clock.go_on(hours=1)
    await make().work_off()
    assert await states(database) == {"a:1": "expired", "a:2": "expired", "a:3": "sent"}
    assert fake.tried == ["a:1", "a:3"]
    assert (await rows(database, schema.outbox))[0].error == "down", "why it was so late"


@both_databases
async def test_what_was_done_is_forgotten_after_thirty_days(
    make: Make, put: Put, fake: FakeCarrier, database: Database, clock: Clock
) -> None:
    fake.steps["b:1"] = [Refused("blocked")]
    await put("c", 1, "elsewhere")
    await change(database, schema.outbox, expires_at=clock.moment + timedelta(days=99))
    for lane in ("a", "b"):
        await put(lane)
        await make().work_off()
        clock.go_on(days=1)
    clock.go_on(days=28, hours=1)
    for left in ({"b:1", "c:1"}, {"c:1"}):
        courier = make()
        courier.start()

        async def forgotten(left: set[str] = left) -> bool:
            return set(await states(database)) == left

        await until(forgotten)
        await courier.stop()
        clock.go_on(days=1)


# --- several processes, crashes, clocks


@both_databases
async def test_two_processes_share_the_work_and_send_nothing_twice(
    make: Make, put: Put, fake: FakeCarrier, database: Database, database_url: str
) -> None:
    other = Database(database_url)
    second = FakeCarrier()
    couriers = [make("one"), Courier(other, {"fake": second}, "two")]

    async def brief(item: Item) -> Result:
        await asyncio.sleep(0.002)
        return Sent()

    order: list[str] = []
    for carrier in (fake, second):
        carrier.tried = order
    lanes = [f"c{number}" for number in range(24)]
    for lane in lanes:
        await put(lane, 4)
        for carrier in (fake, second):
            carrier.steps |= {f"{lane}:{n}": [brief] for n in range(1, 5)}
    shares = await asyncio.gather(*(courier.work_off() for courier in couriers))
    assert sum(shares) == len(order) == 96
    assert min(shares) > 0
    assert Counter(order).most_common(1)[0][1] == 1
    for lane in lanes:
        assert [key for key in order if key.startswith(f"{lane}:")] == [
            f"{lane}:{n}" for n in range(1, 5)
        ]
    assert set((await states(database)).values()) == {"sent"}
    await other.close()


@both_databases
async def test_what_a_crash_has_cut_off_is_unknown(
    make: Make, put: Put, fake: FakeCarrier, database: Database, clock: Clock
) -> None:
    await put("a", 2)
    await cut_off(make("one"), fake, "a:1")
    clock.go_on(seconds=59)
    assert await make("two").work_off() == 0, "it may still be sending"
    clock.go_on(seconds=1)
    await make("two").work_off()
    assert fake.tried == ["a:1", "a:2"]
    assert await states(database) == {"a:1": "unknown", "a:2": "sent"}


async def test_what_may_have_arrived_is_unknown_however_late_it_is(
    make: Make, put: Put, fake: FakeCarrier, database: Database, clock: Clock
) -> None:
    await put("a", 2)
    await cut_off(make("one"), fake, "a:1")
    clock.go_on(days=3)
    await make("two").work_off()
    assert await states(database) == {"a:1": "unknown", "a:2": "expired"}


async def test_what_a_crash_has_cut_off_is_sent_again_where_doubles_are_dropped(
    make: Make, put: Put, fake: FakeCarrier, database: Database, clock: Clock
) -> None:
    fake.idempotent = True
    await put("a", 2)
    await cut_off(make("one"), fake, "a:1")
    clock.go_on(seconds=60)
    await make("two").work_off()
    assert fake.tried == ["a:1", "a:1", "a:2"]
    assert await states(database) == {"a:1": "sent", "a:2": "sent"}


@pytest.mark.parametrize(
    ("found", "tried", "state"),
    [
        (Sent("x-9"), ["a:1"], "sent"),
        (Later("it is not there"), ["a:1", "a:1"], "sent"),
        (Refused("blocked"), ["a:1"], "failed"),
    ],
)
async def test_what_is_found_out_about_it_counts(
    make: Make,
    put: Put,
    fake: FakeCarrier,
    database: Database,
    clock: Clock,
    found: Result,
    tried: list[str],
    state: str,
) -> None:
    await put("a")
    await cut_off(make("one"), fake, "a:1")
    fake.found["a:1"] = found
    for seconds in (60, 5):
        clock.go_on(seconds=seconds)
        await make("two").work_off()
    assert fake.tried == tried
    assert await states(database) == {"a:1": state}


async def test_whoever_comes_late_with_a_success_is_believed(
    make: Make, put: Put, fake: FakeCarrier, database: Database, clock: Clock
) -> None:
    """A process that was suspended for longer than its lease has sent all the same."""
    for result, state in ((Sent("x-9"), "sent"), (Later("busy"), "unknown")):
        lane = state
        held = Held(result)
        fake.steps[f"{lane}:1"] = [held]
        await put(lane)
        working = asyncio.create_task(make("one").work_off())
        await held.began.wait()
        clock.go_on(seconds=61)
        await make("two").work_off()
        assert (await states(database))[f"{lane}:1"] == "unknown"
        held.go.set()
        await working
        assert (await states(database))[f"{lane}:1"] == state
        assert fake.tried.count(f"{lane}:1") == 1


async def test_whoever_comes_late_with_a_failure_takes_nothing_away(
    make: Make, put: Put, fake: FakeCarrier, database: Database, clock: Clock
) -> None:
    fake.idempotent = True
    first, second = Held(Later("busy")), Held(Sent())
    fake.steps["a:1"] = [first, second]
    await put("a")
    working = [asyncio.create_task(make("one").work_off())]
    await first.began.wait()
    clock.go_on(seconds=61)
    working.append(asyncio.create_task(make("two").work_off()))
    await second.began.wait()
    first.go.set()
    await working[0]
    assert await states(database) == {"a:1": "sending"}, "by another one now"
    second.go.set()
    await working[1]
    assert await states(database) == {"a:1": "sent"}


async def test_a_clock_that_is_set_forward_doubles_and_loses_nothing(
    make: Make, put: Put, fake: FakeCarrier, database: Database, clock: Clock
) -> None:
    held = Held(Sent())
    fake.steps |= {"a:1": [held], "b:1": [Later("busy", 60)]}
    await put("done")
    await put("a", 2)
    await put("b")
    courier = make()
    courier.start()
    await held.began.wait()
    clock.go_on(days=365)
    await put("c")
    courier.poke()
    await reach(database, "b:1", "c:1")
    assert (await states(database))["a:1"] == "sending", "it is still ours"
    assert "a:2" not in fake.tried
    held.go.set()
    await reach(database)
    assert Counter(fake.tried) == {"done:1": 1, "a:1": 1, "a:2": 1, "b:1": 2, "c:1": 1}
    await courier._tidy(courier._surely_now())
    assert len(await states(database)) == 5


@both_databases
async def test_a_clock_that_is_set_back_holds_nothing_up(
    make: Make, put: Put, fake: FakeCarrier, database: Database, clock: Clock
) -> None:
    fake.steps["a:1"] = [Later("busy")]
    await put("a", 2)
    courier = make("one")
    await courier.work_off()
    await put("b", 2)
    await cut_off(courier, fake, "b:1")
    clock.go_on(days=-2)
    await make("two").work_off()
    assert await states(database) == {
        **{"a:1": "sent", "a:2": "sent"},
        **{"b:1": "unknown", "b:2": "sent"},
    }
    assert fake.tried.count("b:1") == 1


class Flaky(Database):
    """A database that fails for a while."""

    faults = 0

    async def write(self, work: Callable[..., Any]) -> Any:
        """Fails, if it is its time to."""
        if self.faults:
            self.faults -= 1
            raise sa.exc.OperationalError("BEGIN", {}, Exception("database is locked"))
        return await super().write(work)


async def test_a_result_that_cannot_be_noted_at_once_is_noted_later(
    make: Make,
    put: Put,
    fake: FakeCarrier,
    database: Database,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_LOOK_SECONDS", 0.01)
    flaky = Flaky(database_url)

    async def then_fails(item: Item) -> Result:
        flaky.faults = 3
        return Sent("x-9")

    fake.steps["a:1"] = [then_fails]
    await put("a", 2)
    courier = make(where=flaky)
    courier.start()
    await reach(database)
    assert fake.tried == ["a:1", "a:2"]
    await courier.stop()
    await flaky.close()


async def test_a_database_that_fails_does_not_end_it(
    make: Make,
    put: Put,
    database: Database,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_LOOK_SECONDS", 0.01)
    flaky = Flaky(database_url)
    flaky.faults = 5
    await put("a")
    courier = make(where=flaky)
    courier.start()
    await reach(database)
    await courier.stop()
    await flaky.close()


KILLED = """
import asyncio, sys
from myna.database import Database
from myna.hub.courier import Courier
from myna.hub.webhooks import WebhookCarrier

async def main():
    courier = Courier(Database(sys.argv[1]), {"webhook": WebhookCarrier("s")}, "killed")
    courier.start()
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_what_a_killed_process_was_sending_arrives(
    database: Database, database_url: str, clock: Clock
) -> None:
    calls: list[str] = []
    called = asyncio.Event()

    async def handle(request: web.Request) -> web.Response:
        calls.append((await request.json())["id"])
        if not called.is_set():
            called.set()
            await asyncio.sleep(60)
        return web.Response()

    async with listening(handle) as url:

        def two_events(connection: Connection) -> None:
            for event in ("one", "two"):
                outbox.announce(connection, (url,), event, event, {})

        await database.write(two_events)
        command = [sys.executable, "-c", KILLED, database_url]
        process = await asyncio.create_subprocess_exec(*command, cwd=PROJECT)
        async with asyncio.timeout(30):
            await called.wait()
        process.kill()
        await process.wait()
        clock.go_on(minutes=2)
        courier = Courier(database, {"webhook": WebhookCarrier("s")}, "another")
        await courier.work_off()
        await courier.stop()
    assert calls == ["one", "one", "two"]
    assert await states(database) == {"0:one": "sent", "0:two": "sent"}


# --- starting, stopping, poking


async def test_it_goes_on_by_itself(
    make: Make, put: Put, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LOOK_SECONDS", 0.02)
    courier = make()
    courier.start()
    for lane in ("a", "b"):
        await put(lane)
        await reach(database)
    await courier.stop()


async def test_a_poke_saves_the_wait(
    make: Make, put: Put, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LOOK_SECONDS", 60)
    courier = make()
    courier.start()
    await asyncio.sleep(0.05)
    for _ in range(3):
        await put("a", 2)
        courier.poke()
        courier.poke()
        await reach(database)
    await courier.stop()


async def test_stopping_lets_what_is_being_sent_end(
    make: Make, put: Put, fake: FakeCarrier, database: Database
) -> None:
    held = Held(Sent())
    fake.steps["a:1"] = [held]
    await put("a", 2)
    courier = make()
    courier.start()
    await held.began.wait()
    stopping = asyncio.create_task(courier.stop())
    await asyncio.sleep(0.02)
    assert not fake.closed
    held.go.set()
    await stopping
    assert fake.closed
    assert await states(database) == {"a:1": "sent", "a:2": "waiting"}


async def test_stopping_does_not_wait_for_ever(
    make: Make,
    put: Put,
    fake: FakeCarrier,
    database: Database,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_STOP_SECONDS", 0.05)
    held = Held(Sent())
    fake.steps["a:1"] = [held]
    await put("a")
    courier = make()
    courier.start()
    await held.began.wait()
    await courier.stop()
    assert fake.at_once == 0, "cut off"
    fake.found["a:1"] = Sent()
    clock.go_on(minutes=1)
    await make().work_off()
    assert await states(database) == {"a:1": "sent"}


async def test_stopping_leaves_nothing_taken_that_was_not_sent(
    make: Make, put: Put, fake: FakeCarrier, database: Database
) -> None:
    """Wherever it is at that moment, also in the transaction that takes items."""
    for number in range(12):
        await put(f"c{number}", 2)
        courier = make()
        courier.start()
        await asyncio.sleep(0.0007 * number)
        await courier.stop()
        assert not {"sending", "unknown"} & set((await states(database)).values())
    await make().work_off()
    assert set((await states(database)).values()) == {"sent"}
    assert max(Counter(fake.tried).values()) == 1


async def test_without_having_been_started_it_can_be_stopped(make: Make, fake: FakeCarrier) -> None:
    await make().stop()
    assert fake.closed


# --- what becomes known later


@both_databases
async def test_receipts_move_on_and_never_back(make: Make, put: Put, database: Database) -> None:
    await put("a", 2)
    courier = make()
    assert not await courier.mark("fake", "x-a:1", "delivered"), "it has not been sent"
    await courier.work_off()
    for state, then in (("delivered",) * 2, ("read",) * 2, ("delivered", "read"), ("read",) * 2):
        assert await courier.mark("fake", "x-a:1", state)
        assert await states(database) == {"a:1": then, "a:2": "sent"}
    assert await courier.mark("fake", "x-a:2", "read")
    assert not await courier.mark("fake", "x-a:3", "read")
    assert not await courier.mark("other", "x-a:2", "read")
    assert await states(database) == {"a:1": "read", "a:2": "read"}


@both_databases
async def test_an_echo_proves_that_it_was_delivered(
    make: Make, put: Put, fake: FakeCarrier, database: Database, clock: Clock
) -> None:
    steps: list[Step] = [Unknown("no answer"), Refused("odd"), Later("busy")]
    for number, step in enumerate(steps):
        fake.steps[f"c{number}:1"] = [step]
        await put(f"c{number}")
    courier = make()
    await courier.work_off()
    for number in range(3):
        assert await courier.confirm(f"c{number}:1", f"x-{number}")
    assert set((await states(database)).values()) == {"sent"}
    assert {(row.external_id, row.error) for row in await rows(database, schema.outbox)} == {
        ("x-0", None),
        ("x-1", None),
        ("x-2", None),
    }
    clock.go_on(hours=1)
    assert await courier.work_off() == 0, "not again"
    assert await courier.mark("fake", "x-0", "read")
    assert await courier.confirm("c0:1", "x-0"), "the echo comes twice"
    assert (await states(database))["c0:1"] == "read"
    assert not await courier.confirm("c9:1", "x-9"), "somebody else has written"


@pytest.mark.parametrize("result", [Sent("x-1"), Later("busy"), Unknown("?"), Refused("odd")])
async def test_an_echo_may_be_faster_than_the_answer(
    make: Make, put: Put, fake: FakeCarrier, database: Database, result: Result
) -> None:
    held = Held(result)
    fake.steps["a:1"] = [held]
    await put("a")
    courier = make()
    working = asyncio.create_task(courier.work_off())
    await held.began.wait()
    assert await courier.confirm("a:1", "x-1")
    assert await courier.mark("fake", "x-1", "delivered")
    held.go.set()
    await working
    (row,) = await rows(database, schema.outbox)
    assert (row.state, row.external_id, row.error) == ("delivered", "x-1", None)


async def test_the_states_of_a_conversation(
    make: Make, put: Put, fake: FakeCarrier, database: Database
) -> None:
    fake.steps["a:2"] = [Refused("blocked")]
    await put("a", 2)
    await put("b", 2)
    courier = make()
    await courier.work_off()
    await courier.mark("fake", "x-a:1", "read")
    await put("a")
    await database.write(lambda connection: outbox.announce(connection, ("a",), "e", "k", {}))
    assert await courier.states("a") == {1: "read", 2: "failed", 3: "waiting"}
    assert await courier.states("b") == {1: "sent", 2: "sent"}
    assert await courier.states("nobody") == {}


# --- whatever happens


class Wild:
    """A receiver that does anything, and knows what has reached it."""

    def __init__(self, chance: random.Random, *, idempotent: bool) -> None:
        self.idempotent = idempotent
        self.calm = False
        self.got: list[str] = []
        self._chance = chance

    async def send(self, item: Item) -> Result:
        """Takes it or not, and says so or not."""
        taken = self.calm or self._chance.random() < 0.6
        if taken:
            self.got.append(item.key)
        how = 0.0 if self.calm else self._chance.random()
        if how < 0.5:
            return Sent(item.key) if taken else Later("busy", self._chance.choice([None, 3, 900]))
        if how < 0.55 and not taken:
            return Refused("no")
        if how < 0.7:
            return Unknown("no answer")
        if how < 0.8:
            raise ConnectionResetError
        await asyncio.sleep(60)  # until the process dies
        raise AssertionError

    async def reconcile(self, item: Item) -> Result | None:
        """Sometimes knows."""
        if self._chance.random() < 0.5:
            return None
        return Sent(item.key) if item.key in self.got else Later("it is not there")

    async def close(self) -> None:
        """Has nothing."""


@asynccontextmanager
async def worn_out(
    database: Database, wild: Wild, clock: Clock, chance: random.Random, put: Put
) -> AsyncIterator[None]:
    """Two processes carry, and die, and come again, by clocks that are set, until all is done."""
    couriers = [Courier(database, {"fake": wild}, name) for name in "ab"]
    for _ in range(25):
        await put(chance.choice("xyz"), chance.choice([1, 2]))
        tasks = [asyncio.create_task(courier.work_off()) for courier in couriers]
        await asyncio.wait(tasks, timeout=chance.choice([0.0, 0.01, 0.05]))
        for number, courier in enumerate(couriers):
            tasks[number].cancel()
            await crash(courier)
            couriers[number] = Courier(database, {"fake": wild}, "ab"[number])
        clock.go_on(seconds=chance.choice([0, 1, 30, 61, 400, -20, -4000]))
    wild.calm = True
    for _ in range(8):
        clock.go_on(seconds=1300)
        await couriers[0].work_off()
    yield


@pytest.mark.parametrize("idempotent", [False, True])
@pytest.mark.parametrize("seed", range(6))
async def test_whatever_happens(
    database: Database, put: Put, clock: Clock, seed: int, idempotent: bool
) -> None:
    chance = random.Random(seed)
    wild = Wild(chance, idempotent=idempotent)
    async with worn_out(database, wild, clock, chance, put):
        found = await states(database)
    assert len(found) >= 25
    assert set(found.values()) <= {"sent", "failed", "unknown"}
    times = Counter(wild.got)
    for key, state in found.items():
        if state == "sent":
            assert times[key] >= 1
        if state == "failed":
            assert idempotent or times[key] == 0
        if idempotent:
            assert state != "unknown"
        else:
            assert times[key] <= 1
    for lane in "xyz":
        first_times = [int(key[2:]) for key in dict.fromkeys(wild.got) if key.startswith(lane)]
        assert first_times == sorted(first_times)


async def test_a_long_history_costs_nothing(make: Make, put: Put, database: Database) -> None:
    steps = Counter[str]()

    def count(connection: Any, record: Any, proxy: Any) -> None:
        connection.set_progress_handler(lambda: steps.update(["all"]), 100)

    sa.event.listen(database._engine, "checkout", count)

    async def cost() -> int:
        """Of carrying ten items, in hundreds of SQLite's own steps."""
        await put("a", 10)
        steps.clear()
        assert await make().work_off() == 10
        return steps["all"]

    before = await cost()
    done = dict((await rows(database, schema.outbox))[0]._mapping)
    many = [{**done, "id": 1000 + number, "key": f"old:{number}"} for number in range(5000)]
    await database.write(lambda connection: connection.execute(schema.outbox.insert(), many))
    assert await cost() < 2 * before
