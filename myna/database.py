"""Databases of the hub and of the brain: SQLite or PostgreSQL, brought up to date at start."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, NullPool

_BUSY_MILLISECONDS = 5000

T = TypeVar("T")
C = TypeVar("C")


class Database:
    """Transactions on one database.

    SQLite takes its write lock when a transaction begins, so that two of them never both read
    first and then fail to write; with write-ahead logging readers do not wait for writers. Writers
    of this process queue up before the lock, for SQLite itself makes them sleep and look again.

    Args:
        url: SQLAlchemy's address, with an asynchronous driver.
        keep_open: connections are kept for the next use, which saves more time than most
            transactions take; who sets it must `close`, for each keeps a thread alive.
    """

    def __init__(self, url: str, *, keep_open: bool = False) -> None:
        self.url = url
        self._turn: AbstractAsyncContextManager[object] = nullcontext()
        self._running: set[asyncio.Future[Any]] = set()
        self._engine: AsyncEngine = create_async_engine(
            url, future=True, poolclass=AsyncAdaptedQueuePool if keep_open else NullPool
        )
        if self._engine.dialect.name == "sqlite":
            self._turn = asyncio.Lock()
            sa.event.listen(self._engine.sync_engine, "connect", _prepare_sqlite)
            sa.event.listen(self._engine.sync_engine, "begin", _begin_sqlite)

    def migrate(self, package: str) -> None:
        """Brings the schema to the newest version (blocking).

        Args:
            package: `hub` or `brain`, whose `migrations/` are run.
        """
        config = Config()
        config.set_main_option(
            "script_location", str(Path(__file__).parent / package / "migrations")
        )
        url = self.url.replace("+aiosqlite", "").replace("+asyncpg", "")  # alembic is synchronous
        config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
        command.upgrade(config, "head")

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction; committed at the end, rolled back if anything is raised."""
        async with self._turn, self._engine.begin() as connection:
            yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading."""
        async with self._engine.connect() as connection:
            yield await connection.execution_options(myna_readonly=True)

    async def carry_out(self, work: Coroutine[Any, Any, T]) -> T:
        """Awaits `work`, which goes on to its end also if who awaits it is cut off.

        A server cuts off the handler of a customer who hangs up. A transaction that is cut off
        while it begins or ends keeps its connection, and SQLite's write lock with it, until the
        garbage collector comes by.
        """
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Closes all connections, after what is being carried out."""
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._engine.dispose()


def carried_out(cls: type[C]) -> type[C]:
    """Lets every public coroutine of a class that has a `_database` go on to its end."""
    for name, method in list(vars(cls).items()):
        if inspect.iscoroutinefunction(method) and not name.startswith("_"):
            setattr(cls, name, _carried_out(method))
    return cls


def _carried_out(method: Callable[..., Coroutine[Any, Any, T]]) -> Callable[..., Awaitable[T]]:
    @functools.wraps(method)
    async def whole(self: Any, *args: Any, **kwargs: Any) -> T:
        database: Database = self._database
        return await database.carry_out(method(self, *args, **kwargs))

    return whole


def _prepare_sqlite(connection: Any, record: Any) -> None:
    # the driver must not begin transactions by itself: `_begin_sqlite` does
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # "stored" is true also after a power failure
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")
    cursor.close()


def _begin_sqlite(connection: sa.engine.Connection) -> None:
    readonly = connection.get_execution_options().get("myna_readonly")
    connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")
