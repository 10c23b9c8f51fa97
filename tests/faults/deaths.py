"""Processes that are killed: at random moments, and at every step that they can be killed at."""

from __future__ import annotations

import asyncio

from tests.faults import brain
from tests.faults.brain import Mode
from tests.faults.launcher import all_steps
from tests.faults.place import wait_until
from tests.faults.processes import Kept
from tests.faults.runner import Trouble
from tests.faults.steps import Steps
from tests.faults.traffic import Traffic
from tests.faults.world import World

_REACH_SECONDS = 60.0
_BEHIND = ("inside", "after")
_NEVER_CALLED = ("Log.open", "Log.keep_attachments", "Courier.mark", "Courier.confirm")
"""Transactions of channels that are sent to; the web channel has no use for them."""


async def front_killed(world: World, traffic: Traffic) -> None:
    """a front server is killed at random moments"""
    world.brain_is(Mode(slow=0.1))
    while not traffic.enough:
        await asyncio.sleep(world.rng.uniform(0.3, 4))
        await world.killed(world.rng.choice(world.fronts))


async def brain_killed(world: World, traffic: Traffic) -> None:
    """the brain is killed at random moments, and at each step of a turn"""
    world.brain_is(Mode(slow=0.1))
    while not traffic.enough:
        for step in brain.STEPS:
            await _die(world, traffic, [world.brain], world.brain_steps, step)
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
    await _at_steps(world, traffic, [s for s in all_steps() if s.split()[1] not in _NEVER_CALLED])


async def main_steps(world: World, traffic: Traffic) -> None:
    """the front server dies at the steps of a message's way at which most is at stake"""
    writing = [f"{moment} Log.{name}" for name in ("receive", "finish_turn") for moment in _BEHIND]
    asking = ["before HttpBrain.turn", "after HttpBrain.turn"]
    await _at_steps(world, traffic, writing + asking)


async def _at_steps(world: World, traffic: Traffic, steps: list[str]) -> None:
    """Lets the front server die at each of these steps."""
    for step in steps:
        world.brain_is(Mode(slow=0.1))
        provoke = _PROVOKED.get(step.split()[1])
        await _die(world, traffic, world.fronts, world.front_steps, step, provoke)


async def _die(
    world: World,
    traffic: Traffic,
    processes: list[Kept],
    steps: Steps,
    step: str,
    provoke: Trouble | None = None,
) -> None:
    """Lets whichever process reaches a step first die there, and waits until all answer again."""
    steps.arm(step)
    provoking = asyncio.create_task(provoke(world, traffic)) if provoke else None
    await wait_until(lambda: not steps.armed, _REACH_SECONDS)
    if steps.disarm():
        world.unreached.append(step)
    with world.fault():
        for process in processes:
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
