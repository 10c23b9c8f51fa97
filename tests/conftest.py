"""A hub on a database of its own, behind it a brain that does as the test says."""

from __future__ import annotations

import shutil
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa
from sanic import Sanic

from myna.database import Database
from myna.front import add_routes
from myna.hub import model, schema
from myna.hub.agents import Agents
from myna.hub.care import Care
from myna.hub.cases import Cases
from myna.hub.house import House
from myna.hub.hub import Hub
from myna.hub.log import Log
from myna.hub.model import Agent, Conversation, now
from myna.hub.watch import Watch
from myna.texts import Catalogue

from .helpers import BrainServer, Clock, FakeBrain, adapted, listening, serving
from .servers import postgres_database_on, postgres_server, redis_address, redis_server

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
    Database(f"sqlite:///{path}").migrate("hub")
    return path


@pytest.fixture
def database_url(request: pytest.FixtureRequest, migrated: Path, tmp_path: Path) -> str:
    """An empty database with the newest schema: on SQLite, or (`both_databases`) on PostgreSQL."""
    if getattr(request, "param", "sqlite") == "postgres":
        url: str = request.getfixturevalue("emptied_postgres")
        return url
    return f"sqlite:///{shutil.copy(migrated, tmp_path / 'hub.db')}"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture
def house(catalogue: Catalogue) -> House:
    """The project's own shop, which waits less long for a burst to end."""
    return adapted(catalogue, limits={"gather_milliseconds": 40})


@pytest.fixture
def log(database: Database, house: House) -> Log:
    return Log(database, house)


@pytest.fixture
def care(database: Database, house: House) -> Care:
    return Care(database, house)


@pytest.fixture
def cases(database: Database, house: House) -> Cases:
    return Cases(database, house)


@pytest.fixture
def watch(database: Database, house: House) -> Watch:
    return Watch(database, house)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The hub's time stands still until it is told to go on."""
    clock = Clock(now())
    monkeypatch.setattr(model, "datetime", clock)
    return clock


@pytest.fixture
def brain() -> FakeBrain:
    return FakeBrain()


@pytest.fixture
async def hub(database: Database, house: House, brain: FakeBrain) -> AsyncIterator[Hub]:
    hub = Hub(database, house, brain)
    yield hub
    await hub.stop()


@pytest.fixture
async def conversation(log: Log) -> Conversation:
    """A conversation in which nothing has been said."""
    return await log.open("c1", "web", "en")


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
async def staffed(agents: Agents, linh: Agent) -> None:
    """Linh is at the desk: a conversation can be handed over."""
    await agents.alive(linh.id)


@pytest.fixture
def unused_port() -> int:
    """A port of loopback on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
async def front(hub: Hub, agents: Agents) -> AsyncIterator[str]:
    """The address of a server with all pages and the whole API; its hub is `hub`."""
    app = Sanic("front_of_tests", configure_logging=False)
    app.config.REQUEST_MAX_SIZE = 1_000_000
    app.config.FALLBACK_ERROR_FORMAT = "json"
    add_routes(app, hub, agents, hub.house.catalogue, KEY)
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


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server for all tests; the address of its database `postgres`."""
    with postgres_server() as url:
        yield url


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """The address of an empty PostgreSQL database of this test's own."""
    with postgres_database_on(postgres_url) as url:
        yield url


@pytest.fixture(scope="session")
def migrated_postgres(postgres_url: str) -> Iterator[str]:
    """The address of a PostgreSQL database with the newest schema."""
    with postgres_database_on(postgres_url) as url:
        Database(url).migrate("hub")
        yield url


@pytest.fixture
def emptied_postgres(migrated_postgres: str) -> str:
    """The same, without what another test has left in it."""
    engine = sa.create_engine(migrated_postgres, future=True)
    tables = ", ".join(table.name for table in schema.metadata.sorted_tables)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
    engine.dispose()
    return migrated_postgres


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Redis server for all tests."""
    url = redis_address()
    with redis_server(url, tmp_path_factory.mktemp("redis")):
        yield url
