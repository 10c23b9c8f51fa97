"""Whether the judge bites: guards of the product that are switched off, one at a time.

`python -m tests.faults.teeth` takes each guard out of a copy of the product, runs a scenario with
the copy, and fails if the judge does not find what the guard is there to prevent.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from myna import settings
from tests.faults import scenarios
from tests.faults.brain import Mode
from tests.faults.runner import Result, Scenario, Trouble, run
from tests.faults.traffic import Traffic
from tests.faults.turns import Kind
from tests.faults.world import Setup, World


class Moved(LookupError):
    """A guard's text does not stand in its file any more."""


@dataclass(frozen=True)
class Edit:
    """What stands in a file of the product, and what stands there without a guard."""

    file: str
    there: str
    gone: str

    def make(self, package: Path) -> None:
        """Makes the change in a copy of the product.

        Raises:
            Moved: the product has changed; this suite has to be brought up to date.
        """
        path = package / self.file
        text = path.read_text()
        if text.count(self.there) != 1:
            raise Moved(f"'{self.there}' stands {text.count(self.there)} times in {self.file}")
        path.write_text(text.replace(self.there, self.gone))


@dataclass(frozen=True)
class Guard:
    """Something that must not be missing in the product."""

    name: str
    edits: tuple[Edit, ...]
    scenario: Scenario
    kind: Kind
    """What the judge has to find."""

    async def missed(self, folder: Path, seed: int) -> Result:
        """Runs the scenario without the guard."""
        return await run(self.scenario, Setup(folder, seed, code=self.switch_off(folder)))

    def switch_off(self, folder: Path) -> Path:
        """The folder of a copy of the product without the guard.

        Raises:
            Moved: as of `Edit.make`.
        """
        code = folder / "code"
        shutil.copytree(settings.PROJECT / "myna", code / "myna")
        for edit in self.edits:
            edit.make(code / "myna")
        return code


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


async def _called_again(world: World, traffic: Traffic) -> None:
    """nobody is there, and every customer asks for a person more than once"""
    for customer in traffic.customers:
        await customer.say("person")
        await customer.say("person")


def _scenario(trouble: Trouble, messages: int = 300, **setup: Any) -> Scenario:
    return Scenario("without a guard", trouble, messages, 20, patience=10.0, setup=setup)


GUARDS = (
    Guard(
        "a turn's check of owner and version",
        (
            Edit(
                "hub/log.py",
                'if current.owner == "bot" and current.version == began.version:',
                "if True:",
            ),
        ),
        _scenario(_busy),
        "over human",
    ),
    Guard(
        "one message for each echo_id",
        (
            Edit(
                "hub/log.py",
                "known = by_echo(connection, conversation.id, arrival.echo_id)",
                "known = None",
            ),
            Edit(
                "hub/migrations/versions/0001_first_tables.py",
                'sa.UniqueConstraint("conversation_id", "echo_id"),',
                "",
            ),
        ),
        _scenario(scenarios.doubles, 120),
        "doubled",
    ),
    Guard(
        "taking up what a crash left",
        (Edit("hub/hub.py", "in await self.log.with_pending():", "in ():"),),
        _scenario(_quiet_crash, 100),
        "late",
    ),
    Guard(
        "asking what a turn has done that was cut off before an agent came",
        (
            Edit(
                "hub/hub.py",
                "leave_to_people(turn, self.worker, asked=asked)",
                "leave_to_people(turn, self.worker)",
            ),
        ),
        _scenario(_busy),
        "lost",
    ),
    Guard(
        "a burst is bound before the brain is asked",
        (
            Edit(
                "hub/log.py",
                "self._bind(connection, turn.messages, turn.messages[0].seq)",
                "pass",
            ),
        ),
        _scenario(_busy),
        "disorder",
    ),
    Guard(
        "an apology calls a person",
        (
            Edit(
                "hub/log.py",
                "                    self._apologise(thread, turn)",
                '                    thread.say("utter_brain_unavailable")',
            ),
        ),
        _scenario(_dead, 100, turn_seconds=3.0),
        "lost",
    ),
    Guard(
        "one open callback for a conversation",
        (Edit("hub/handover.py", "    if open_ones:", "    if False:"),),
        _scenario(_called_again, 100, agents=False),
        "doubled",
    ),
    Guard(
        "a page goes on where it had stopped",
        (
            Edit(
                "channels/web.py",
                "seq = web.last_event(request) or query.after",
                "known = await hub.log.find(visitor.conversation_id)\n"
                "        seq = known.last_seq if known else 0",
            ),
        ),
        _scenario(scenarios.calm),
        "lost",
    ),
)


def main() -> int:
    """Tries all guards; how many the judge did not miss."""
    unnoticed = 0
    for guard in GUARDS:
        with tempfile.TemporaryDirectory(prefix="myna-teeth-") as folder:
            result = asyncio.run(guard.missed(Path(folder), seed=1))
        noticed = result.count(guard.kind)
        unnoticed += not noticed
        print(f"without {guard.name}: {guard.kind} {noticed} times", flush=True)
    return unnoticed


if __name__ == "__main__":
    sys.exit(main())
