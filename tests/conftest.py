"""A hub on a database of its own, behind it a brain that does as the test says."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from myna.hub.agents import Agents
from myna.hub.database import Database
from myna.hub.hub import Hub
from myna.hub.log import Log
from myna.hub.model import Agent
from myna.texts import Catalogue

from .helpers import FakeBrain

PASSWORD = "mat-khau cua Linh"


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """The project's own texts and facts."""
    return Catalogue()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with the newest schema."""
    path = tmp_path_factory.mktemp("hub") / "empty.db"
    Database(f"sqlite+aiosqlite:///{path}").migrate()
    return path


@pytest.fixture
def database_url(migrated: Path, tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{shutil.copy(migrated, tmp_path / 'hub.db')}"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
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
