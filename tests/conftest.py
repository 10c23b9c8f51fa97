"""A hub on a database of its own, behind it a brain that does as the test says."""

from __future__ import annotations

import shutil
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sanic import Sanic

from myna import web
from myna.channels import web as web_channel
from myna.database import Database
from myna.desk import app as desk
from myna.hub.agents import Agents
from myna.hub.hub import Hub
from myna.hub.log import Log
from myna.hub.model import Agent
from myna.texts import Catalogue

from .helpers import BrainServer, FakeBrain, listening, serving

PASSWORD = "mat-khau cua Linh"
KEY = "signs the cookies of tests"


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """The project's own texts and facts."""
    return Catalogue()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with the newest schema."""
    path = tmp_path_factory.mktemp("hub") / "empty.db"
    Database(f"sqlite+aiosqlite:///{path}").migrate("hub")
    return path


@pytest.fixture
def database_url(migrated: Path, tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{shutil.copy(migrated, tmp_path / 'hub.db')}"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, keep_open=True)
    yield database
    await database.close()


@pytest.fixture
def log(database: Database) -> Log:
    return Log(database)


@pytest.fixture
def brain() -> FakeBrain:
    return FakeBrain()


@pytest.fixture
async def hub(log: Log, brain: FakeBrain, catalogue: Catalogue) -> AsyncIterator[Hub]:
    hub = Hub(log, brain, catalogue)
    yield hub
    await hub.stop()


@pytest.fixture
def agents(database: Database) -> Agents:
    return Agents(database)


async def _agent(agents: Agents, login: str, name: str) -> Agent:
    await agents.ensure(login, name, PASSWORD)
    session = await agents.log_in(login, PASSWORD)
    assert session
    return session[0]


@pytest.fixture
async def linh(agents: Agents) -> Agent:
    return await _agent(agents, "linh", "Linh")


@pytest.fixture
async def aisyah(agents: Agents) -> Agent:
    return await _agent(agents, "aisyah", "Aisyah")


@pytest.fixture
def unused_port() -> int:
    """A port of loopback on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
async def front(hub: Hub, agents: Agents, catalogue: Catalogue) -> AsyncIterator[str]:
    """The address of a server with the chat's and the desk's API; its hub is `hub`."""
    app = Sanic("front_of_tests", configure_logging=False)
    app.config.REQUEST_MAX_SIZE = 1_000_000
    app.config.FALLBACK_ERROR_FORMAT = "json"
    web.install(app)
    app.blueprint(web_channel.blueprint(hub, catalogue, KEY))
    app.blueprint(desk.blueprint(hub, agents))
    async with serving(app) as address:
        yield address


@pytest.fixture
async def browser_of() -> AsyncIterator[Callable[..., aiohttp.ClientSession]]:
    """Makes HTTP clients with a cookie jar of their own."""
    made: list[aiohttp.ClientSession] = []

    def make(**options: Any) -> aiohttp.ClientSession:
        jar = aiohttp.CookieJar(unsafe=True)  # loopback has no name
        made.append(aiohttp.ClientSession(cookie_jar=jar, **options))
        return made[-1]

    yield make
    for session in made:
        await session.close()


@pytest.fixture
async def brain_server() -> AsyncIterator[BrainServer]:
    server = BrainServer()
    async with listening(server.handle) as server.url:
        yield server
