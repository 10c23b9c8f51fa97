"""A small world for one scenario: front servers, a light brain, a receiver of webhooks."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa
import yaml

from myna import settings
from myna.brain.protocol import HEALTH_PATH
from myna.stack import environment, free_port
from tests.faults.brain import Mode
from tests.faults.disk import Disk, disk_at
from tests.faults.launcher import CLOCK_FILE, STEP_FILE, TURN_SECONDS
from tests.faults.place import Place, wait_until
from tests.faults.prepare import ACCOUNTS, prepared
from tests.faults.processes import Kept
from tests.faults.receiver import Receiver
from tests.faults.steps import Steps
from tests.helpers import listening
from tests.servers import redis_address, redis_server

_SECRETS = {"brain": "the brain's token", "webhooks_key": "signs webhooks"}
_LIMITS = {
    "messages_per_minute": 6000,  # the simulated customers are quicker than people
    "newcomers_per_minute": 60_000,
    "gather_milliseconds": 200,
}


class Redis:
    """A Redis server that can be killed, and started again at the same address."""

    def __init__(self, folder: Path) -> None:
        self.url = redis_address()
        self._folder = folder
        self._life = ExitStack()

    def start(self) -> None:
        """Starts it, empty."""
        self._process = self._life.enter_context(redis_server(self.url, self._folder))

    def kill(self) -> None:
        """`kill -9`; also ends it for good."""
        self._process.kill()
        self._life.close()


@dataclass(frozen=True)
class Setup:
    """How a world is made."""

    folder: Path
    """Empty; for state and logs."""
    seed: int
    agents: bool = True
    """Whether any come."""
    fronts: int = 1
    database: str | None = None
    """SQLAlchemy's address of an empty database; None: SQLite under the folder."""
    redis: Redis | None = None
    turn_seconds: float | None = None
    """How long a turn may take; None: as long as usual."""
    small_disk: bool = False
    """Whether the front servers' disk can be filled."""
    code: Path = settings.PROJECT
    """The folder in which the product's package is."""


@dataclass
class World(Place):
    """What runs, and how to make trouble in it."""

    setup: Setup
    fronts: list[Kept]
    brain: Kept
    receiver: Receiver
    disk: Disk | None
    """Below the front servers, if it can be filled."""
    unreached: list[str] = field(default_factory=list, init=False)
    """Steps at which a process was to die, and did not get to."""
    clock: float = field(default=0.0, init=False)
    """By how many seconds the front servers' clock is wrong."""

    @property
    def home(self) -> Path:
        """The front servers' folder."""
        return self.setup.folder / "home"

    @property
    def brain_memory(self) -> Path:
        """The light brain's database."""
        return self.setup.folder / "brain" / "brain.db"

    @property
    def front_steps(self) -> Steps:
        """Steps at which a front server can be told to die."""
        return Steps(self.setup.folder / "step")

    @property
    def brain_steps(self) -> Steps:
        """Steps at which the brain can be told to die."""
        return Steps(self.setup.folder / "brain" / "step")

    def kills(self) -> int:
        """Processes that have been killed."""
        return sum(process.kills for process in (*self.fronts, self.brain))

    def brain_is(self, mode: Mode) -> None:
        """How the brain is doing from now on."""
        mode.write(self.setup.folder / "brain")

    def set_clock(self, seconds: float) -> None:
        """By how much the front servers' clock is wrong from now on."""
        self.clock = seconds
        _set_clock(self.setup.folder / "clock", seconds)

    async def killed(self, process: Kept) -> None:
        """Kills a process, and waits until it answers again."""
        kills = process.kills
        with self.fault():
            process.kill()
            await wait_until(lambda: process.kills > kills, 10)
            await process.ready()

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[None]:
        """Another program holds the write lock of the hub's SQLite file."""
        connection = sqlite3.connect(
            self.home / "hub.db", isolation_level=None, timeout=30, check_same_thread=False
        )
        await asyncio.to_thread(connection.execute, "BEGIN IMMEDIATE")
        with self.fault():
            try:
                yield
            finally:
                connection.rollback()
                connection.close()

    @asynccontextmanager
    async def disk_full(self) -> AsyncIterator[None]:
        """The front servers cannot write to their disk."""
        assert self.disk
        pids = [front.pid for front in self.fronts]
        with self.fault():
            self.disk.fill(pids)
            try:
                yield
            finally:
                self.disk.free(pids)


@asynccontextmanager
async def running(setup: Setup) -> AsyncIterator[World]:
    """Starts everything; ends it afterwards."""
    rng = random.Random(setup.seed)
    home, brain_folder = setup.folder / "home", setup.folder / "brain"
    for folder in (home, brain_folder):
        folder.mkdir(parents=True)
    url = setup.database or f"sqlite:///{home / 'hub.db'}"
    Mode().write(brain_folder)
    _set_clock(setup.folder / "clock", 0)
    receiver = Receiver(_SECRETS["webhooks_key"], random.Random(rng.random()))
    async with AsyncExitStack() as stack:
        disk = stack.enter_context(disk_at(home)) if setup.small_disk else None
        (home / "secrets").mkdir()
        for name, value in _SECRETS.items():
            (home / "secrets" / name).write_text(value)
        webhooks = await stack.enter_async_context(listening(receiver.handle))
        own = _environment(setup, url, f"{webhooks}/events")
        brain = _brain(setup, own)
        await asyncio.to_thread(prepared, url, own, setup.folder)
        own["MYNA_BRAIN_URL"] = brain.url.removesuffix(HEALTH_PATH)
        fronts = [_front(setup, own, number) for number in range(setup.fronts)]
        hub = sa.create_engine(url, future=True)
        stack.callback(hub.dispose)
        for process in (brain, *fronts):
            stack.push_async_callback(process.stop)
            await process.start()
        world = World(
            rng,
            hub,
            [front.url for front in fronts],
            ACCOUNTS if setup.agents else {},
            setup,
            fronts,
            brain,
            receiver,
            disk,
        )
        try:
            yield world
        finally:
            world.over = True


def _environment(setup: Setup, url: str, webhooks: str) -> dict[str, str]:
    own = environment(setup.folder / "home", _project(setup.folder)) | {
        # the product's package first, then this suite
        "PYTHONPATH": os.pathsep.join(map(str, (setup.code, settings.PROJECT))),
        "MYNA_DATABASE": url,
        "MYNA_WEBHOOKS": webhooks,
        "MYNA_TRUSTED_PROXIES": "127.0.0.1",
        STEP_FILE: str(setup.folder / "step"),
    }
    if setup.redis:
        own["MYNA_REDIS_URL"] = setup.redis.url
    if setup.turn_seconds:
        own[TURN_SECONDS] = str(setup.turn_seconds)
    return own


def _project(folder: Path) -> Path:
    """The shop as it is, but for limits that simulated customers would reach."""
    project = folder / "project"
    project.mkdir()
    for name in ("responses", "data"):
        (project / name).symlink_to(settings.PROJECT / name)
    facts = yaml.safe_load((settings.PROJECT / "shop.yml").read_text())
    facts["limits"].update(_LIMITS)
    (project / "shop.yml").write_text(yaml.safe_dump(facts, allow_unicode=True))
    return project


def _brain(setup: Setup, own: dict[str, str]) -> Kept:
    port, folder = free_port(), setup.folder / "brain"
    command = [sys.executable, "-P", "-m", "tests.faults.brain"]
    return Kept(
        "brain",
        [*command, str(port), str(folder), _SECRETS["brain"]],
        own,
        setup.folder / "brain.log",
        f"http://127.0.0.1:{port}{HEALTH_PATH}",
    )


def _front(setup: Setup, own: dict[str, str], number: int) -> Kept:
    port = free_port()
    mine = {**own, "MYNA_PORT": str(port), CLOCK_FILE: str(setup.folder / "clock")}
    return Kept(
        f"front {number + 1}",
        [sys.executable, "-P", "-m", "tests.faults.launcher"],
        mine,
        setup.folder / f"front-{number + 1}.log",
        f"http://127.0.0.1:{port}",
    )


def _set_clock(path: Path, seconds: float) -> None:
    draft = path.with_suffix(".draft")
    draft.write_text(f"{seconds:+.0f}")
    draft.replace(path)
