"""The hub's database: SQLite or PostgreSQL, brought up to date at start."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

_BUSY_MILLISECONDS = 5000


class Database:
    """Transactions on one database.

    SQLite takes its write lock when a transaction begins, so that two of them never both read
    first and then fail to write; with write-ahead logging readers do not wait for writers.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine: AsyncEngine = create_async_engine(url, future=True, pool_pre_ping=True)
        if self._engine.dialect.name == "sqlite":
            sa.event.listen(self._engine.sync_engine, "connect", _prepare_sqlite)
            sa.event.listen(self._engine.sync_engine, "begin", _begin_sqlite)

    def migrate(self) -> None:
        """Brings the schema to the newest version (blocking)."""
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        config.set_main_option("sqlalchemy.url", self.url.replace("+aiosqlite", ""))
        command.upgrade(config, "head")

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction; committed at the end, rolled back if anything is raised."""
        async with self._engine.begin() as connection:
            yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading."""
        async with self._engine.connect() as connection:
            yield await connection.execution_options(myna_readonly=True)

    async def close(self) -> None:
        """Closes all connections."""
        await self._engine.dispose()


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
