"""Databases of the hub and of the brain: SQLite or PostgreSQL, brought up to date at start.

A transaction is an ordinary function on a connection; it runs in a thread, so that the event loop
goes on meanwhile. One hop for a transaction costs a fifth of what an asynchronous driver takes,
which hops for every statement.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.engine import Connection
from sqlalchemy.pool import QueuePool

_BUSY_MILLISECONDS = 5000
_READERS = 4
_WRITERS = 4  # on PostgreSQL; SQLite has one

P = ParamSpec("P")
T = TypeVar("T")


class Database:
    """Transactions on one database.

    SQLite takes its write lock when a transaction begins, so that two of them never both read
    first and then fail to write; with write-ahead logging readers do not wait for writers. This
    process has one writing thread for it, for SQLite itself makes writers sleep and look again.

    A transaction that has begun goes on to its end, also if who awaits it is cut off.

    Args:
        url: SQLAlchemy's address; a driver named in it does not count.
    """

    def __init__(self, url: str) -> None:
        address = sa.engine.make_url(url)
        self.url = address.set(drivername=address.get_backend_name())
        sqlite = self.url.drivername == "sqlite"
        writers = 1 if sqlite else _WRITERS
        self._engine = sa.create_engine(
            self.url,
            future=True,
            poolclass=QueuePool,
            pool_size=writers + _READERS,
            # a connection that a restarted server has dropped is replaced before it is used
            pool_pre_ping=not sqlite,
            connect_args={"check_same_thread": False} if sqlite else {},
        )
        # on PostgreSQL each statement would otherwise see the data anew
        view = {} if sqlite else {"isolation_level": "REPEATABLE READ"}
        self._reading = self._engine.execution_options(myna_readonly=True, **view)
        if sqlite:
            sa.event.listen(self._engine, "connect", _prepare_sqlite)
            sa.event.listen(self._engine, "begin", _begin_sqlite)
        self._writers = ThreadPoolExecutor(writers, "database-write")
        self._readers = ThreadPoolExecutor(_READERS, "database-read")

    @property
    def single(self) -> bool:
        """Whether it belongs to one process alone, as a SQLite file does."""
        return bool(self._engine.dialect.name == "sqlite")

    def migrate(self, package: str) -> None:
        """Brings the schema to the newest version (blocking).

        Args:
            package: `hub` or `brain`, whose `migrations/` are run.
        """
        config = Config()
        config.set_main_option(
            "script_location", str(Path(__file__).parent / package / "migrations")
        )
        url: str = self.url.render_as_string(hide_password=False)
        config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
        command.upgrade(config, "head")
        # the first connection switches SQLite's file to write-ahead logging, which fails at once
        # where two of them try at the same time
        self._engine.connect().close()

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Runs one transaction: committed at the end, rolled back if anything is raised."""
        return await self._in(self._writers, functools.partial(self._transaction, work))

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Runs `work` on one consistent view of the data."""
        return await self._in(self._readers, functools.partial(self._look, work))

    async def close(self) -> None:
        """Closes all connections, after what is being carried out."""
        for pool in (self._writers, self._readers):
            await asyncio.to_thread(pool.shutdown)
        self._engine.dispose()

    async def _in(self, pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(pool, work)

    def _transaction(self, work: Callable[[Connection], T]) -> T:
        with self._engine.begin() as connection:
            return work(connection)

    def _look(self, work: Callable[[Connection], T]) -> T:
        with self._reading.connect() as connection:
            return work(connection)


class Stored(Protocol):
    """Has a database."""

    _database: Database


S = TypeVar("S", bound=Stored)


def writes(
    method: Callable[Concatenate[S, Connection, P], T],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """Makes a method that takes a connection one transaction, to be awaited without it."""

    @functools.wraps(method)
    async def transaction(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._database.write(lambda c: method(self, c, *args, **kwargs))

    return transaction


def reads(
    method: Callable[Concatenate[S, Connection, P], T],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """Makes a method that takes a connection one look at the data, to be awaited without it."""

    @functools.wraps(method)
    async def look(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._database.read(lambda c: method(self, c, *args, **kwargs))

    return look


def _prepare_sqlite(connection: Any, record: Any) -> None:
    # the driver must not begin transactions by itself: `_begin_sqlite` does
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # "stored" is true also after a power failure
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    readonly = connection.get_execution_options().get("myna_readonly")
    connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")
