"""The kinds of trouble."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import sqlalchemy as sa

from tests.faults import deaths
from tests.faults.brain import Mode
from tests.faults.place import wait_until
from tests.faults.runner import ANSWER_SECONDS, Scenario, Trouble
from tests.faults.traffic import Traffic
from tests.faults.world import World


async def calm(world: World, traffic: Traffic) -> None:
    """no trouble at all"""


# --- the brain is ill


async def brain_ill(world: World, traffic: Traffic) -> None:
    """the brain aborts, cuts the line, answers nonsense, hangs, answers too late"""
    illnesses = {"abort": 0.1, "mute": 0.05, "garbage": 0.05, "hang": 0.003, "late": 0.003}
    world.brain_is(Mode(slow=0.05, ill=tuple(illnesses.items())))
    await wait_until(lambda: traffic.enough)


async def brain_slow(world: World, traffic: Traffic) -> None:
    """a turn takes seconds, so that messages wait for each other and some are turned away"""
    with world.fault():
        for seconds in (1.0, 4.0, 10.0):
            world.brain_is(Mode(slow=seconds))
            await asyncio.sleep(15)
        world.brain_is(Mode(slow=0.3))
    await wait_until(lambda: traffic.enough)


async def brain_dead(world: World, traffic: Traffic) -> None:
    """the brain is dead or frozen for longer than a turn may take"""
    while not traffic.enough:
        with world.fault():
            async with world.brain.down():
                await asyncio.sleep(40)
            await world.brain.ready()
        await asyncio.sleep(3)
        with world.fault():
            world.brain.signal(signal.SIGSTOP)
            await asyncio.sleep(30)
            world.brain.signal(signal.SIGCONT)
        await asyncio.sleep(3)


# --- disks and clocks


async def locked(world: World, traffic: Traffic) -> None:
    """another program locks the database, also for much longer than anybody waits for it"""
    world.brain_is(Mode(slow=0.05))
    pauses = [0.5, 2, 4.5, 6, 12, 45]
    while pauses or not traffic.enough:
        async with world.locked():
            await asyncio.sleep(pauses.pop(0) if pauses else world.rng.uniform(0.1, 4))
        await asyncio.sleep(world.rng.uniform(1, 4))

    await nobody_stirs(world, traffic, world.locked(), 40)


async def briefly_locked(world: World, traffic: Traffic) -> None:
    """another program locks the database for longer than anybody waits for it"""
    async with world.locked():
        await asyncio.sleep(6)


async def disk_full(world: World, traffic: Traffic) -> None:
    """the disk is full, also when the front server starts"""
    world.brain_is(Mode(slow=0.05))
    pauses = [1.0, 4, 10, 40]
    while pauses or not traffic.enough:
        async with world.disk_full():
            await asyncio.sleep(pauses.pop(0) if pauses else world.rng.uniform(0.5, 5))
        await asyncio.sleep(world.rng.uniform(1, 4))
        async with world.disk_full():
            world.fronts[0].kill()
            await asyncio.sleep(3)
        with world.fault():
            await world.fronts[0].ready()
    await nobody_stirs(world, traffic, world.disk_full(), 18)


async def briefly_full(world: World, traffic: Traffic) -> None:
    """the disk is full for a moment"""
    world.brain_is(Mode(slow=0.2))
    await asyncio.sleep(1)
    async with world.disk_full():
        await asyncio.sleep(3)


async def nobody_stirs(
    world: World, traffic: Traffic, fault: AbstractAsyncContextManager[None], seconds: float
) -> None:
    """What was accepted before a fault is answered after it, though nobody writes any more."""
    world.brain_is(Mode(slow=0.5))
    await asyncio.sleep(3)
    with traffic.silence():
        async with fault:
            await asyncio.sleep(seconds)
            world.brain_is(Mode())
        await asyncio.sleep(ANSWER_SECONDS + 5)


@asynccontextmanager
async def death(world: World) -> AsyncIterator[None]:
    """A front server's death, as a fault like others."""
    await world.killed(world.fronts[0])
    yield


async def clock_jumps(world: World, traffic: Traffic) -> None:
    """the clock is set forwards and backwards, by minutes up to days, and processes die then"""
    world.brain_is(Mode(slow=0.1))
    jumps = [120, -120, 3600, -3600, 90_000, 0, -90_000, 600]
    while jumps or not traffic.enough:
        with world.fault():
            world.set_clock(jumps.pop(0) if jumps else world.rng.uniform(-7200, 7200))
            await asyncio.sleep(world.rng.uniform(1, 4))
        if world.rng.random() < 0.5:
            await world.killed(world.rng.choice(world.fronts))


# --- deliveries


async def doubles(world: World, traffic: Traffic) -> None:
    """messages come twice, all at once, in another order; webhooks fail and are repeated"""
    world.brain_is(Mode(slow=0.1))
    world.receiver.ill = 0.2
    while not traffic.enough:
        someone = world.rng.choice(traffic.customers)
        for act in (
            someone.say(copies=5),
            someone.write_at_once("plain", "wrong", "case", "plain"),
            someone.repeat(),
            someone.repeat(),
        ):
            await act


# --- several front servers


async def servers_lost(world: World, traffic: Traffic) -> None:
    """front servers are killed and frozen, the database ends all connections, Redis is killed"""
    world.brain_is(Mode(slow=0.2))
    await _each_once(world)
    while not traffic.enough:
        await world.rng.choice((_kill_one, _cut_off))(world)
        await asyncio.sleep(world.rng.uniform(0.5, 3))
    with world.fault():  # until its leases are over, and beyond
        world.fronts[0].signal(signal.SIGSTOP)
        await asyncio.sleep(70)
        world.fronts[0].signal(signal.SIGCONT)
    await asyncio.sleep(5)


async def servers_briefly_lost(world: World, traffic: Traffic) -> None:
    """each of these troubles once"""
    world.brain_is(Mode(slow=0.2))
    await _each_once(world)


async def _each_once(world: World) -> None:
    for trouble in (_kill_one, _freeze_one, _cut_off, _kill_redis):
        await trouble(world)
        await asyncio.sleep(world.rng.uniform(0.5, 1.5))


async def _kill_one(world: World) -> None:
    await world.killed(world.rng.choice(world.fronts))


async def _freeze_one(world: World) -> None:
    one = world.rng.choice(world.fronts)
    with world.fault():
        one.signal(signal.SIGSTOP)
        await asyncio.sleep(5)
        one.signal(signal.SIGCONT)


async def _cut_off(world: World) -> None:
    """The database ends all connections, as when it is restarted."""
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    mine = f"{others} AND datname = current_database() AND backend_type = 'client backend'"

    def cut() -> None:
        with world.hub.connect() as connection:
            connection.execute(sa.text(mine))

    with world.fault():
        await asyncio.to_thread(cut)


async def _kill_redis(world: World) -> None:
    assert world.setup.redis
    with world.fault():
        world.setup.redis.kill()
        await asyncio.sleep(3)
        world.setup.redis.start()


def _scenario(trouble: Trouble, messages: int, *, shared: bool = False, **more: Any) -> Scenario:
    name = trouble.__name__.replace("_", " ") + (", two fronts" if shared else "")
    return Scenario(name, trouble, messages, shared=shared, **more)


_STEPS: dict[str, Any] = {"customers": 15, "pause": 1.0, "setup": {"turn_seconds": 3.0}}

SCENARIOS = (
    _scenario(calm, 500),
    _scenario(deaths.every_step, 1500, **_STEPS),
    _scenario(deaths.every_step, 1500, shared=True, **_STEPS),
    _scenario(deaths.front_killed, 1000),
    _scenario(deaths.brain_killed, 1000),
    _scenario(deaths.both_killed, 800),
    _scenario(brain_ill, 800),
    _scenario(brain_slow, 400),
    _scenario(brain_dead, 300),
    _scenario(locked, 800),
    _scenario(disk_full, 800, setup={"small_disk": True}),
    _scenario(clock_jumps, 800),
    _scenario(clock_jumps, 800, shared=True),
    _scenario(doubles, 1500),
    _scenario(doubles, 1000, shared=True),
    _scenario(servers_lost, 1500, shared=True),
)

_BRIEF: dict[str, Any] = {"customers": 10, "patience": 60.0}

SHORT = (
    _scenario(deaths.main_steps, 80, **_BRIEF),
    _scenario(briefly_locked, 60, **_BRIEF),
    _scenario(briefly_full, 60, setup={"small_disk": True}, **_BRIEF),
    _scenario(servers_briefly_lost, 100, shared=True, **_BRIEF),
)
"""What takes a short time, and has something of everything."""
