"""Whether the judge bites: one guard of the product is switched off at a time, and must be missed.

`python -m tests.faults.teeth` copies the product, takes one guard out of the copy, runs a scenario
with it, and fails if the judge does not find what the guard is there to prevent.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from myna import settings
from tests.faults import scenarios
from tests.faults.brain import Mode
from tests.faults.judge import Kind
from tests.faults.runner import Scenario, run
from tests.faults.traffic import Traffic
from tests.faults.world import Setup, World


class Moved(LookupError):
    """A guard's text does not stand in its file any more."""


@dataclass(frozen=True)
class Guard:
    """Something that must not be missing in the product."""

    name: str
    edits: tuple[tuple[str, str, str], ...]
    """(file, what stands there, what stands there without the guard)"""
    scenario: Scenario
    kind: Kind
    """What the judge has to find."""

    def switch_off(self, package: Path) -> None:
        """Takes the guard out of a copy of the product.

        Raises:
            Moved: the product has changed; this suite has to be brought up to date.
        """
        for file, there, gone in self.edits:
            path = package / file
            text = path.read_text()
            if text.count(there) != 1:
                raise Moved(f"{self.name}: '{there}' stands {text.count(there)} times in {file}")
            path.write_text(text.replace(there, gone))


async def _busy(world: World, traffic: Traffic) -> None:
    """turns take so long that agents come between, and the front server is killed in them"""
    world.brain_is(Mode(slow=0.6))
    while not traffic.enough:
        await asyncio.sleep(3)
        await world.killed(world.fronts[0])


async def _quiet_crash(world: World, traffic: Traffic) -> None:
    """the front server is killed, and nobody stirs afterwards"""
    await scenarios.nobody_stirs(world, traffic, scenarios.death(world), 1)


async def _dead(world: World, traffic: Traffic) -> None:
    """the brain is dead for longer than a turn may take"""
    async with world.brain.down():
        await asyncio.sleep(12)


def _scenario(trouble: scenarios.Trouble, messages: int = 300, **setup: object) -> Scenario:
    return Scenario("without a guard", trouble, messages, customers=20, setup=setup)


GUARDS = (
    Guard(
        "a turn's check of owner and version",
        (("hub/log.py", 'current.owner == "bot" and current.version == began.version', "True"),),
        _scenario(_busy),
        "over human",
    ),
    Guard(
        "one message for each echo_id",
        (
            ("hub/log.py", "known = by_echo(connection, conversation.id, arrival.echo_id)", "known = None"),
            (
                "hub/migrations/versions/0001_first_tables.py",
                'sa.UniqueConstraint("conversation_id", "echo_id"),',
                "",
            ),
        ),
        _scenario(scenarios.doubles),
        "doubled",
    ),
    Guard(
        "taking up what a crash left",
        (("hub/hub.py", "await self.log.with_pending()", "[]"),),
        _scenario(_quiet_crash, 100),
        "lost",
    ),
    Guard(
        "asking what a turn has done that was cut off before an agent came",
        (("hub/hub.py", "leave_to_people(turn, self.worker, asked=asked)", "leave_to_people(turn, self.worker)"),),
        _scenario(_busy),
        "lost",
    ),
    Guard(
        "a burst is bound before the brain is asked",
        (("hub/log.py", "self._bind(connection, turn.messages, turn.messages[0].seq)", "pass"),),
        _scenario(_busy),
        "disorder",
    ),
    Guard(
        "an apology calls a person",
        (("hub/log.py", "                self._apologise(thread, turn)", '                thread.say("utter_brain_unavailable")'),),
        _scenario(_dead, 100, turn_seconds=3.0),
        "lost",
    ),
    Guard(
        "one open callback for a conversation",
        (("hub/handover.py", "    if open_ones:", "    if False:"),),
        _scenario(scenarios.calm, agents=False),
        "doubled",
    ),
    Guard(
        "a page goes on where it had stopped",
        (("hub/log.py", "", ""),),
        _scenario(scenarios.calm),
        "lost",
    ),
)
