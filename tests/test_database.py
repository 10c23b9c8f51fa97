"""The database that is opened, its transactions, and what the migrations make."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy.engine import Connection

from myna import database as module
from myna.database import Database, reads, writes
from myna.hub import schema
from myna.hub.model import stamp
from tests.helpers import both_databases

DAY = "2026-11-23 02:00:00.000000"
AGENT = {"login": "x", "name": "X", "password": "", "away": False, "created_at": datetime.now(UTC)}


def insert(connection: Connection, **values: Any) -> None:
    connection.execute(schema.agents.insert().values({**AGENT, **values}))


def logins(connection: Connection) -> list[str]:
    return list(connection.execute(sa.select(schema.agents.c.login)).scalars())


@both_databases
def test_the_migrations_make_the_tables_of_the_schema(database_url: str) -> None:
    engine = sa.create_engine(database_url, future=True)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def first_version(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.engine.Engine]:
    """A database as the first version has left it."""
    url = (
        request.getfixturevalue("postgres_database")
        if request.param == "postgres"
        else f"sqlite:///{tmp_path / 'old.db'}"
    )
    config = Config()
    folder = Path(module.__file__).parent / "hub" / "migrations"
    config.set_main_option("script_location", str(folder))
    config.set_main_option("sqlalchemy.url", url)
    command.upgrade(config, "0001")
    engine = sa.create_engine(url, future=True)
    yield engine
    engine.dispose()


def test_what_the_first_version_has_stored_is_kept(first_version: sa.engine.Engine) -> None:
    with first_version.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO conversations (id, channel, owner, version, last_seq, reset_due,"
            " created_at, updated_at)"
            f" VALUES ('c1', 'web', 'bot', 1, 3, false, '{DAY}', '{DAY}')"
        )
        for seq, author, pending in ((1, "customer", 0), (2, "bot", 0), (3, "customer", 1)):
            connection.exec_driver_sql(
                "INSERT INTO messages (conversation_id, seq, author, text, buttons, pending,"
                " created_at) VALUES ('c1', "
                f"{seq}, '{author}', 'hi', '[]', {bool(pending)}, '{DAY}')"
            )
    url = first_version.url.render_as_string(hide_password=False)
    Database(url).migrate("hub")
    with first_version.connect() as connection:
        messages = connection.execute(sa.select(schema.messages).order_by(schema.messages.c.seq))
        assert [row.state for row in messages] == ["handled", None, "pending"]
        conversation = connection.execute(sa.select(schema.conversations)).one()
    assert (conversation.seen_seq, conversation.worker, conversation.slots) == (0, None, None)


@pytest.mark.parametrize("name", ["100% sure.db", "với dấu.db"])
def test_any_file_name_will_do(tmp_path: Path, name: str) -> None:
    database = Database(f"sqlite:///{tmp_path / name}")
    database.migrate("hub")
    database.migrate("hub")
    assert (tmp_path / name).exists()


def test_a_migrated_file_is_ready_for_many(migrated: Path) -> None:
    with closing(sqlite3.connect(migrated)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize(
    ("url", "single"),
    [
        ("sqlite:///x.db", True),
        ("sqlite+aiosqlite:///x.db", True),
        ("postgresql://a@127.0.0.1/x", False),
        ("postgresql+asyncpg://a@127.0.0.1/x", False),
    ],
)
def test_a_driver_in_the_address_does_not_count(url: str, single: bool) -> None:
    database = Database(url)
    assert "+" not in database.url.drivername
    assert database.single is single


@both_databases
async def test_what_was_not_finished_is_not_there(database: Database) -> None:
    def breaks(connection: Connection) -> None:
        insert(connection)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await database.write(breaks)
    assert await database.read(logins) == []


@both_databases
async def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    written, go = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        insert(connection)
        written.set()
        assert go.wait(10)

    writing = asyncio.create_task(database.write(slow))
    await asyncio.to_thread(written.wait, 10)
    async with asyncio.timeout(2):
        assert await database.read(logins) == []
    go.set()
    await writing
    assert await database.read(logins) == ["x"]


@both_databases
async def test_a_look_is_one_view(database: Database) -> None:
    looked, go = threading.Event(), threading.Event()

    def twice(connection: Connection) -> list[list[str]]:
        first = logins(connection)
        looked.set()
        assert go.wait(10)
        return [first, logins(connection)]

    reading = asyncio.create_task(database.read(twice))
    await asyncio.to_thread(looked.wait, 10)
    await database.write(insert)
    go.set()
    assert await reading == [[], []]


async def test_many_writers_wait_for_each_other(database: Database) -> None:
    """On SQLite each reads first, then writes; none of them finds the database locked."""

    def count(connection: Connection) -> None:
        insert(connection, login=f"x{len(logins(connection))}")

    await asyncio.gather(*(database.write(count) for _ in range(50)))
    assert sorted(await database.read(logins)) == sorted(f"x{n}" for n in range(50))


async def test_two_processes_on_one_file_wait_for_each_other(
    database: Database, database_url: str
) -> None:
    other = Database(database_url)

    def count(connection: Connection) -> None:
        insert(connection, login=f"x{len(logins(connection))}")

    await asyncio.gather(*(where.write(count) for _ in range(25) for where in (database, other)))
    await other.close()
    assert len(await database.read(logins)) == 50


async def test_the_loop_goes_on_during_a_transaction(database: Database) -> None:
    go = threading.Event()
    writing = asyncio.create_task(database.write(lambda connection: go.wait(10)))
    await asyncio.sleep(0.01)
    go.set()  # would never happen if the loop stood still
    assert await writing


async def test_a_transaction_that_has_begun_goes_on_to_its_end(database: Database) -> None:
    begun, go = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        begun.set()
        assert go.wait(10)
        insert(connection)

    writing = asyncio.create_task(database.write(slow))
    await asyncio.to_thread(begun.wait, 10)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    go.set()
    await database.write(lambda connection: None)  # stands behind it
    assert await database.read(logins) == ["x"]


class Counter:
    """Has a database, and counts agents in it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @writes
    def add(self, connection: Connection, login: str, *, name: str = "X") -> str:
        """Adds one."""
        insert(connection, login=login, name=name)
        return name

    @reads
    def count(self, connection: Connection) -> int:
        """All of them."""
        return len(logins(connection))


async def test_a_method_is_a_transaction(database: Database) -> None:
    counter = Counter(database)
    assert await counter.add("x", name="Y") == "Y"
    with pytest.raises(sa.exc.IntegrityError):
        await counter.add("x")
    assert await counter.count() == 1
    assert Counter.add.__doc__ == "Adds one."


@both_databases
async def test_moments_come_back_in_utc(database: Database) -> None:
    saigon = datetime(2026, 11, 23, 9, 30, tzinfo=timezone(timedelta(hours=7)))
    await database.write(lambda connection: insert(connection, created_at=saigon))
    moment = await database.read(
        lambda connection: connection.scalar(sa.select(schema.agents.c.created_at))
    )
    assert moment == saigon
    assert stamp(moment) == "2026-11-23T02:30:00.000Z"
    assert stamp(None) is None
