"""What is put into the outbox: once, in the transaction of what it tells of, or not at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.engine import Connection

from myna.database import Database
from myna.hub import outbox, schema
from myna.hub.care import Care
from myna.hub.cases import Cases, Request
from myna.hub.house import House
from myna.hub.log import Log
from myna.hub.model import Agent, Author, stamp
from myna.hub.thread import locked
from myna.hub.watch import Watch
from myna.texts import Catalogue
from tests.helpers import Clock, adapted, answer, both_databases
from tests.hub.moves import finish, queued, rows, write

ERP, CRM = "https://erp.shop.example/myna?token=1", "https://crm.shop.example/"


async def say(
    database: Database, house: House, to: str, *texts: str, author: Author = "bot"
) -> None:
    """Writes messages into a conversation's log."""

    def transaction(connection: Connection) -> None:
        with locked(connection, house, to) as thread:
            for text in texts:
                thread.append(author, text)

    await database.write(transaction)


@pytest.fixture
def house(catalogue: Catalogue) -> House:
    return adapted(catalogue, webhooks=(ERP, CRM))


async def events(database: Database) -> list[dict[str, Any]]:
    """The events for the first address."""
    return [row.payload for row in await rows(database, schema.outbox) if row.lane == ERP]


# --- messages


async def test_only_what_customers_do_not_fetch_has_to_be_carried(
    log: Log, database: Database, house: House, clock: Clock
) -> None:
    for channel in ("web", "messenger"):
        await log.open(channel, channel, "en")
        authors: tuple[Author, ...] = ("customer", "note", "bot", "agent", "system")
        for author in authors:
            await say(database, house, channel, f"by {author}", author=author)
    found = await rows(database, schema.outbox)
    assert [row.key for row in found] == ["messenger:3", "messenger:4", "messenger:5"]
    assert found[0].payload == {"conversation": "messenger", "seq": 3}
    assert {(row.carrier, row.lane) for row in found} == {("messenger", "messenger")}
    assert {(row.state, row.tries, row.next_at) for row in found} == {("waiting", 0, clock.moment)}
    assert {row.expires_at - row.created_at for row in found} == {timedelta(hours=24)}


@pytest.mark.parametrize(
    ("channel", "webhooks", "concerned"),
    [("web", (), False), ("web", (ERP,), True), ("messenger", (), True)],
)
async def test_who_carries_is_woken_only_where_there_may_be_something(
    log: Log,
    catalogue: Catalogue,
    channel: str,
    webhooks: tuple[str, ...],
    concerned: bool,
) -> None:
    conversation = await log.open("c1", channel, "en")
    assert outbox.concerns(conversation, adapted(catalogue, webhooks=webhooks)) is concerned


async def test_a_repeated_request_is_carried_once(
    log: Log, care: Care, database: Database, linh: Agent
) -> None:
    await log.open("c1", "messenger", "en")
    for _ in range(2):
        await care.reply("c1", linh, "desk:1", "It is on its way.")
    texts = [message.text for message in await log.messages("c1")]
    assert texts[1:] == ["It is on its way."], "after the words that somebody has joined"
    assert [row.key for row in await rows(database, schema.outbox) if row.lane == "c1"] == [
        "c1:1",
        "c1:2",
    ]


async def test_what_was_not_committed_is_not_carried(
    log: Log, database: Database, house: House
) -> None:
    await log.open("c1", "messenger", "en")

    def breaks(connection: Connection) -> None:
        with locked(connection, house, "c1") as thread:
            thread.append("bot", "hi")
            thread.move("resolve", who="x")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await database.write(breaks)
    assert await rows(database, schema.outbox) == []


# --- events


async def test_every_address_is_told_in_a_lane_of_its_own(
    log: Log, database: Database, staffed: None, clock: Clock
) -> None:
    conversation = await queued(log)
    event = {
        "event": "conversation.queued",
        "id": "conversation.queued:c1:2",
        "at": stamp(clock.moment),
        "data": {"conversation": "c1", "version": 2, "reason": "asked"},
    }
    assert conversation.version == 2
    found = await rows(database, schema.outbox)
    assert [(row.carrier, row.lane, row.key) for row in found] == [
        (outbox.WEBHOOK, ERP, "0:conversation.queued:c1:2"),
        (outbox.WEBHOOK, CRM, "1:conversation.queued:c1:2"),
    ]
    assert [row.payload for row in found] == [event, event]
    assert {row.expires_at - row.created_at for row in found} == {timedelta(days=3)}


async def test_every_time_a_conversation_is_queued_or_resolved_is_told(
    log: Log, care: Care, database: Database, linh: Agent, staffed: None
) -> None:
    version = (await queued(log)).version
    version = (await care.claim("c1", linh, version)).conversation.version
    version = (await care.release("c1", linh, version)).conversation.version
    await care.resolve("c1", linh, version)
    assert [(event["event"], event["data"]) for event in await events(database)] == [
        ("conversation.queued", {"conversation": "c1", "version": 2, "reason": "asked"}),
        ("conversation.queued", {"conversation": "c1", "version": 4, "reason": "asked"}),
        ("conversation.resolved", {"conversation": "c1", "version": 5, "by": "Linh"}),
    ]


async def test_a_matter_that_ends_by_itself_is_resolved_by_the_hub(
    log: Log, care: Care, watch: Watch, database: Database, linh: Agent, clock: Clock
) -> None:
    await log.open("c1", "web", "en")
    await care.reply("c1", linh, "desk:1", "hi")
    hours = watch._house.facts.service.idle_hours
    for due in await watch.due(clock.go_on(hours=hours + 1)):
        assert await watch.take(due, clock.moment)
    (event,) = await events(database)
    assert event["event"] == "conversation.resolved"
    assert event["data"] == {"conversation": "c1", "version": 3, "by": "hub"}


async def test_where_nobody_is_there_a_case_is_told_and_no_queue(
    log: Log, database: Database
) -> None:
    begun = await write(log, "a person please")
    done = await finish(
        log, begun, answer("ok", commands=[{"type": "hand_over", "reason": "asked"}])
    )
    (event,) = await events(database)
    assert event["event"] == "case.opened"
    assert event["id"] == f"case.opened:{done.case}"
    assert event["data"] == {"reference": done.case, "kind": "callback", "conversation": "c1"}


async def test_a_case_is_told_once_however_often_it_is_asked_for(
    cases: Cases, database: Database, linh: Agent
) -> None:
    request = Request(kind="return", origin="desk:1", summary="too small")
    opened = [await cases.open(request, linh) for _ in range(2)]
    assert opened[0] == opened[1]
    (event,) = await events(database)
    assert event["data"] == {
        "reference": opened[0].reference,
        "kind": "return",
        "conversation": None,
    }


async def test_without_addresses_nothing_is_told(
    catalogue: Catalogue, database: Database, staffed: None
) -> None:
    await queued(Log(database, adapted(catalogue)))
    assert await rows(database, schema.outbox) == []


@both_databases  # PostgreSQL refuses what is too long
async def test_the_longest_key_and_address_find_room(database: Database) -> None:
    key = f"conversation.resolved:{'c' * 40}:{2**31 - 1}"
    addresses = tuple(f"https://{n}.example/".ljust(500, "x") for n in range(100))
    await database.write(lambda connection: outbox.announce(connection, addresses, "x", key, {}))
    assert [row.lane for row in await rows(database, schema.outbox)] == list(addresses)
