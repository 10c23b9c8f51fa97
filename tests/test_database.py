"""The database that is opened, and the one that the migrations make."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from myna.database import Database
from myna.hub import schema
from myna.hub.model import stamp


def test_the_migrations_make_the_tables_of_the_schema(migrated: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{migrated}", future=True)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
    engine.dispose()


@pytest.mark.parametrize("name", ["100% sure.db", "với dấu.db"])
def test_any_file_name_will_do(tmp_path: Path, name: str) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / name}")
    database.migrate("hub")
    database.migrate("hub")
    assert (tmp_path / name).exists()


async def test_what_was_not_finished_is_not_there(database: Database) -> None:
    values = {"login": "x", "name": "X", "password": "", "created_at": datetime.now(UTC)}

    async def breaks() -> None:
        async with database.write() as connection:
            await connection.execute(schema.agents.insert().values(**values))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await breaks()
    async with database.read() as connection:
        assert (await connection.execute(sa.select(schema.agents))).all() == []


async def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    async with database.write() as writing, asyncio.timeout(1):
        await writing.execute(sa.delete(schema.agents))
        async with database.read() as reading:
            assert (await reading.execute(sa.select(schema.agents))).all() == []


async def test_moments_come_back_in_utc(database: Database) -> None:
    saigon = datetime(2026, 11, 23, 9, 30, tzinfo=timezone(timedelta(hours=7)))
    values = {"login": "x", "name": "X", "password": "", "created_at": saigon}
    async with database.write() as connection:
        await connection.execute(schema.agents.insert().values(**values))
        row = (await connection.execute(sa.select(schema.agents.c.created_at))).one()
    assert row.created_at == saigon
    assert stamp(row.created_at) == "2026-11-23T02:30:00.000Z"
    assert stamp(None) is None
