"""The kinds of trouble."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AbstractAsyncContextManager
from typing import Any

import sqlalchemy as sa

from tests.faults import brain
from tests.faults.brain import Mode
from tests.faults.launcher import all_steps
from tests.faults.place import wait_until
from tests.faults.processes import Kept
from tests.faults.runner import ANSWER_SECONDS, Scenario, Trouble
from tests.faults.steps import Steps
from tests.faults.traffic import Traffic
from tests.faults.world import World

_REACH_SECONDS = 60.0
_NEVER_CALLED = ("Log.open", "Courier.mark", "Courier.confirm")
"""Transactions of channels that are sent to; the web channel has no use for them."""


async def calm(world: World, traffic: Traffic) -> None:
    """no trouble at all"""


# --- processes are killed


async def front_killed(world: World, traffic: Traffic) -> None:
    """the front server is killed at random moments"""
    world.brain_is(Mode(slow=0.1))
    while not traffic.enough:
        await asyncio.sleep(world.rng.uniform(0.3, 4))
        await world.killed(world.fronts[0])


async def brain_killed(world: World, traffic: Traffic) -> None:
    """the brain is killed at random moments, and at each step of a turn"""
    world.brain_is(Mode(slow=0.1))
    while not traffic.enough:
        for step in brain.STEPS:
            await _die(world, traffic, world.brain, world.brain_steps, step)
        await asyncio.sleep(world.rng.uniform(0.3, 3))
        await world.killed(world.brain)


async def both_killed(world: World, traffic: Traffic) -> None:
    """brain and front server are killed, both at once or one soon after the other"""
    world.brain_is(Mode(slow=0.3))
    while not traffic.enough:
        await asyncio.sleep(world.rng.uniform(0.5, 3))
        first, second = world.rng.sample((world.brain, world.fronts[0]), 2)
        killing = asyncio.create_task(world.killed(first))
        await asyncio.sleep(world.rng.choice((0.0, 0.2, 1.0)))
        await asyncio.gather(killing, world.killed(second))


async def every_step(world: World, traffic: Traffic) -> None:
    """the front server dies at every step of every transaction, and before and after each call"""
    await at_steps(world, traffic, [s for s in all_steps() if s.split()[1] not in _NEVER_CALLED])


async def main_steps(world: World, traffic: Traffic) -> None:
    """the front server dies at every step of a message's way"""
    way = ("Log.receive", "Log.gather", "Log.finish_turn", "HttpBrain.turn", "Care.reply")
    await at_steps(world, traffic, [step for step in all_steps() if step.split()[1] in way])


async def at_steps(world: World, traffic: Traffic, steps: list[str]) -> None:
    """Lets the front server die at each of these steps."""
    for step in steps:
        world.brain_is(Mode(slow=0.1))
        provoke = _PROVOKED.get(step.split()[1])
        await _die(world, traffic, world.fronts[0], world.front_steps, step, provoke)


async def _die(
    world: World,
    traffic: Traffic,
    process: Kept,
    steps: Steps,
    step: str,
    provoke: Trouble | None = None,
) -> None:
    """Lets a process die at a step, and waits until it answers again."""
    steps.arm(step)
    provoking = asyncio.create_task(provoke(world, traffic)) if provoke else None
    await wait_until(lambda: not steps.armed, _REACH_SECONDS)
    if steps.disarm():
        world.unreached.append(step)
    with world.fault():
        await process.ready()
    if provoking:
        await provoking


# what has to happen for a step to be reached soon


async def _overtake(world: World, traffic: Traffic) -> None:
    for customer in traffic.customers[:8]:
        await customer.write_at_once("plain", "apart", "plain")


async def _restart(world: World, traffic: Traffic) -> None:
    """With turns under way, so that they are taken up again."""
    world.brain_is(Mode(slow=1.0))
    await asyncio.sleep(1.5)
    await world.killed(world.fronts[0])


async def _silence_brain(world: World, traffic: Traffic) -> None:
    """For longer than a turn may take."""
    with world.fault():
        async with world.brain.down():
            await asyncio.sleep(2 * (world.setup.turn_seconds or 25))
        await world.brain.ready()


async def _ask_later(world: World, traffic: Traffic) -> None:
    """Turns are given up, and their time to be asked about comes at once."""
    await _silence_brain(world, traffic)
    _let_pass(world, 70)


async def _wait_long(world: World, traffic: Traffic) -> None:
    """Agents are asked for, and nobody does anything for a long time."""
    await asyncio.gather(*(customer.say("person") for customer in traffic.customers[:8]))
    _let_pass(world, 1200)


def _let_pass(world: World, seconds: float) -> None:
    world.set_clock(world.clock + seconds)


async def _rate(world: World, traffic: Traffic) -> None:
    while not world.over and world.front_steps.armed:
        await asyncio.gather(*(customer.rate() for customer in traffic.customers))
        await asyncio.sleep(0.5)


async def _speak(world: World, traffic: Traffic) -> None:
    await asyncio.gather(*(customer.speak() for customer in traffic.customers))


_PROVOKED: dict[str, Trouble] = {
    "Log.gather": _overtake,
    "Log.separate": _overtake,
    "Log.take": _restart,
    "Log.give_up_turn": _silence_brain,
    "Log.late_outcome": _ask_later,
    "HttpBrain.outcome": _ask_later,
    "Log.rate": _rate,
    "Log.set_language": _speak,
    "Watch.take": _wait_long,
    "Courier._tidy": _restart,
}


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

    await _nobody_stirs(world, traffic, world.locked(), 40)


async def briefly_locked(world: World, traffic: Traffic) -> None:
    """another program locks the database"""
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
        if world.rng.random() < 0.3:
            async with world.disk_full():
                world.fronts[0].kill()
                await asyncio.sleep(3)
            await world.fronts[0].ready()
    await _nobody_stirs(world, traffic, world.disk_full(), 18)


async def _nobody_stirs(
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


async def clock_jumps(world: World, traffic: Traffic) -> None:
    """the clock is set forwards and backwards, by minutes up to days, and processes die then"""
    world.brain_is(Mode(slow=0.1))
    jumps = [120, -120, 3600, -3600, 90_000, 0, -90_000, 600]
    while jumps or not traffic.enough:
        with world.fault():
            world.set_clock(jumps.pop(0) if jumps else world.rng.uniform(-7200, 7200))
            await asyncio.sleep(world.rng.uniform(1, 4))
        if world.rng.random() < 0.5:
            await world.killed(world.fronts[0])


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


async def two_fronts(world: World, traffic: Traffic) -> None:
    """two front servers on PostgreSQL and Redis: killed, frozen, cut off from the database"""
    world.brain_is(Mode(slow=0.2))
    troubles = [_kill_one, _freeze_one, _cut_off, _kill_redis]
    longest = 70.0  # a front server that comes back after its lease is over
    while not traffic.enough or troubles:
        trouble = troubles.pop(0) if troubles else world.rng.choice((_kill_one, _cut_off))
        await trouble(world)
        await asyncio.sleep(world.rng.uniform(0.5, 3))
    with world.fault():
        world.fronts[0].signal(signal.SIGSTOP)
        await asyncio.sleep(longest)
        world.fronts[0].signal(signal.SIGCONT)
    await asyncio.sleep(5)


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


def _scenario(trouble: Trouble, messages: int, **more: Any) -> Scenario:
    return Scenario(trouble.__name__.replace("_", " "), trouble, messages, **more)


SCENARIOS = (
    _scenario(calm, 600),
    _scenario(every_step, 2000, customers=15, pause=1.0, setup={"turn_seconds": 3.0}),
    _scenario(front_killed, 1500),
    _scenario(brain_killed, 1500),
    _scenario(both_killed, 1000),
    _scenario(brain_ill, 1200),
    _scenario(brain_slow, 400),
    _scenario(brain_dead, 300),
    _scenario(locked, 1000),
    _scenario(disk_full, 1000, setup={"small_disk": True}),
    _scenario(clock_jumps, 1000),
    _scenario(doubles, 1500),
    _scenario(two_fronts, 1500, shared=True),
)
SHORT = (
    _scenario(main_steps, 150, customers=10),
    _scenario(briefly_locked, 100, customers=10),
)
