"""`myna up`: all processes of one installation, started together and kept running.

Only the front server listens where others can reach it; the rest gets free ports on loopback and
tokens. Each process logs to `logs/` under the home. A process that dies is started again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import yaml

from myna import settings, training
from myna.bootstrap import connect
from myna.channels.messenger import config as messenger
from myna.child import die_with_parent
from myna.facts import FactsError, load_facts
from myna.front import FIRST_AGENT
from myna.stack import free_port

_START_SECONDS = 180.0
_STOP_SECONDS = 5.0
_LONGEST_PAUSE = 30.0


class StartError(RuntimeError):
    """The installation cannot be started; the message says why and what to do."""


@dataclass
class Service:
    """One process and how to start it."""

    name: str
    command: list[str]
    url: str
    environment: dict[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None


def services(model: Path) -> tuple[list[Service], dict[str, str]]:
    """The processes of the installation on free ports, and the environment they share.

    Raises:
        StartError: the shop's own system cannot be asked as `shop.yml` has it.
    """
    home = settings.home()
    demo = _has_demo_shop()
    ports = {name: free_port() for name in ("shop", "actions", "brain")}
    url = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    environment = {
        "MYNA_ACTIONS_URL": url["actions"],
        "MYNA_BRAIN_URL": url["brain"],
        "MYNA_HOME": str(home),
    }
    if demo:
        environment["MYNA_SHOP_URL"] = url["shop"]
        environment["MYNA_SHOP_TOKEN"] = settings.secret("shop_token")
    endpoints, credentials = home / "endpoints.yml", home / "credentials.yml"
    _write_private(
        endpoints,
        {
            "action_endpoint": {
                "url": f"{url['actions']}/webhook",
                "headers": {"Authorization": f"Bearer {settings.secret('actions')}"},
            },
            "tracker_store": {
                "type": "myna.brain.tracker_store.SqlTrackerStore",
                "url": settings.brain_database(),
            },
            "nlg": {"type": "myna.brain.nlg.CatalogueNLG"},
        },
    )
    _write_private(
        credentials,
        {"myna.brain.channel.BrainChannel": {"token": settings.secret("brain")}},
    )
    python = [sys.executable, "-m"]
    rasa = ["--model", str(model), "--interface", "127.0.0.1", "--port", str(ports["brain"])]
    files = ["--endpoints", str(endpoints), "--credentials", str(credentials)]
    shop = ["--port", str(ports["shop"]), "--database", f"sqlite:///{home / 'shop.db'}"]
    faults = ["--faults"] if os.environ.get("MYNA_SHOP_FAULTS") else []
    front = f"http://127.0.0.1:{settings.port()}"
    demo_shop = Service(
        "shop", [*python, "myna.shop.demo", *shop, *faults], f"{url['shop']}/health"
    )
    return [
        *([demo_shop] if demo else []),
        Service(
            "actions",
            [*python, "myna.brain.action_server", "--port", str(ports["actions"])],
            f"{url['actions']}/health",
        ),
        Service("brain", [*python, "rasa", "run", *rasa, *files], url["brain"]),
        Service("front", [*python, "myna.front"], f"{front}/healthz"),
    ], environment


def _has_demo_shop() -> bool:
    """Whether the shop is the demo; else its secrets are looked at before anything starts."""
    try:
        facts = load_facts()
        connect(facts)
    except (FactsError, settings.SettingError) as error:
        raise StartError(str(error)) from None
    return facts.shop.adapter == "demo"


def _write_private(path: Path, content: object) -> None:
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(content, sort_keys=False))


class Supervisor:
    """Starts services, restarts those that die, ends all together."""

    def __init__(self, found: list[Service], environment: dict[str, str]) -> None:
        self._services = found
        self._environment = {**settings.rasa_environment(), **environment}
        self._stopping = asyncio.Event()
        self._logs = settings.home() / "logs"
        self._logs.mkdir(exist_ok=True)

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Runs until a signal to stop arrives.

        Raises:
            StartError: not everything was ready in time.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stopping.set)
        keepers = [asyncio.create_task(self._keep(service)) for service in self._services]
        try:
            if await self._ready():
                on_ready()
                await self._stopping.wait()
        finally:
            self._stopping.set()
            await asyncio.gather(*(self._end(service) for service in self._services))
            await asyncio.gather(*keepers)

    async def _keep(self, service: Service) -> None:
        pause = 1.0
        while not self._stopping.is_set():
            began = time.monotonic()
            with (self._logs / f"{service.name}.log").open("ab") as log:
                service.process = await asyncio.create_subprocess_exec(
                    *service.command,
                    cwd=settings.PROJECT,
                    env={**self._environment, **service.environment},
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    preexec_fn=die_with_parent,
                )
                self._note_processes()
                await service.process.wait()
            if self._stopping.is_set():
                return
            pause = 1.0 if time.monotonic() - began > 60 else min(pause * 2, _LONGEST_PAUSE)
            print(f"{service.name} has ended; starting it again.", file=sys.stderr, flush=True)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    def _note_processes(self) -> None:
        """For operators and tests: which process is which."""
        running = {
            service.name: {"pid": service.process.pid, "url": service.url}
            for service in self._services
            if service.process
        }
        path = settings.home() / "processes.json"
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(running, indent=2))
        draft.replace(path)  # whoever reads it meanwhile reads the whole of it

    async def _ready(self) -> bool:
        deadline = time.monotonic() + _START_SECONDS
        front = self._services[-1]
        async with aiohttp.ClientSession() as session:
            while time.monotonic() < deadline and not self._stopping.is_set():
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    timeout = aiohttp.ClientTimeout(total=5)
                    async with session.get(front.url, timeout=timeout) as response:
                        if response.status == 200:
                            return True
                await asyncio.sleep(0.3)
        if self._stopping.is_set():
            return False
        raise StartError(f"Not everything was ready in time; see {self._logs} for the reason.")

    async def _end(self, service: Service) -> None:
        process = service.process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _STOP_SECONDS)
        except TimeoutError:
            process.kill()


def up() -> None:
    """Trains if need be, starts everything, prints where it is, and stays until stopped.

    Raises:
        StartError: a setting cannot be used, the port is taken, or a process does not come up.
        TrainingError: the training data were refused.
    """
    try:
        settings.check()
        port = settings.port()
        messenger.load(load_facts())
    except (settings.SettingError, FactsError) as error:
        raise StartError(str(error)) from None
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host(), port))
        except OSError:
            raise StartError(
                f"Port {port} is taken by another program."
                " Choose another one: MYNA_PORT=8081 make run"
            ) from None
    if not training.model_path().exists():
        print("Training the assistant (the first time this takes a minute or two) …", flush=True)
    model = training.train()
    found, environment = services(model)
    print("Starting …", flush=True)
    asyncio.run(Supervisor(found, environment).run(lambda: _announce(found)))


def _messenger() -> str:
    """A line about Messenger, if it is on."""
    pages = load_facts().messenger.pages
    if not pages:
        return ""
    names = ", ".join(page.name for page in pages)
    return f"  Messenger           {names}   (`myna messenger check` looks whether all is well)\n\n"


def _announce(found: list[Service]) -> None:
    front = f"http://localhost:{settings.port()}"
    demo = next((service for service in found if service.name == "shop"), None)
    outbox = "    (the one-time codes that customers would get)"
    shop = f"  Demo shop's outbox  {demo.url.removesuffix('/health')}/ {outbox}\n" if demo else ""
    login, password = FIRST_AGENT[0], settings.secret("desk_password")
    print(
        f"""
Myna is ready.

  Chat                {front}/
  Agents' desk        {front}/desk     log-in: {login}   password: {password}
{shop}
{_messenger()}  Logs: {settings.home() / "logs"}      Stop: Ctrl+C
""",
        flush=True,
    )
