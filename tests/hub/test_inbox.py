"""What channels are told: stored once, whoever tells it again."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from myna.database import Database
from myna.hub import schema
from myna.hub.inbox import Event, Inbox
from tests.helpers import Clock, both_databases
from tests.hub.moves import rows


def events(*numbers: int) -> list[Event]:
    return [Event(f"lane-{n % 2}", f"key-{n}", {"number": n}) for n in numbers]


@both_databases
async def test_events_are_stored_in_order(database: Database, clock: Clock) -> None:
    await Inbox(database, "in").take_in(events(3, 1, 2))
    found = await rows(database, schema.outbox)
    assert [(row.lane, row.key, row.payload["number"]) for row in found] == [
        ("lane-1", "key-3", 3),
        ("lane-1", "key-1", 1),
        ("lane-0", "key-2", 2),
    ]
    assert {(row.carrier, row.state, row.tries) for row in found} == {("in", "waiting", 0)}
    assert {row.expires_at - row.created_at for row in found} == {timedelta(days=7)}


@both_databases
async def test_what_is_known_is_left_as_it_is(database: Database) -> None:
    inbox = Inbox(database, "in")
    await inbox.take_in(events(1, 2, 2))
    await database.write(lambda c: c.execute(schema.outbox.update().values(state="sent")))
    await inbox.take_in(events(2, 3))
    await inbox.take_in([])
    found = {row.key: row.state for row in await rows(database, schema.outbox)}
    assert found == {"key-1": "sent", "key-2": "sent", "key-3": "waiting"}


@both_databases
async def test_the_same_call_at_two_processes_is_stored_once(
    database: Database, database_url: str
) -> None:
    other = Database(database_url)
    await asyncio.gather(
        *(Inbox(where, "in").take_in(events(*range(20))) for where in (database, other) * 3)
    )
    assert len(await rows(database, schema.outbox)) == 20
    await other.close()
