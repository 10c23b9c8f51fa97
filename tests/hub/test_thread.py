"""A locked conversation: written back once, or not at all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.engine import Connection

from myna.database import Database
from myna.hub import schema
from myna.hub.house import House
from myna.hub.log import Log
from myna.hub.model import Agent, Conversation, HubError, Turn
from myna.hub.records import load
from myna.hub.thread import Thread, locked
from tests.helpers import both_databases
from tests.hub.moves import rows, write


@pytest.fixture
def within(
    database: Database, house: House, conversation: Conversation
) -> Callable[[Callable[[Thread], Any]], Any]:
    """Does something with the conversation in a transaction of its own."""

    async def run(work: Callable[[Thread], Any]) -> Any:
        def transaction(connection: Connection) -> Any:
            with locked(connection, house, "c1") as thread:
                return work(thread)

        return await database.write(transaction)

    return run


Within = Callable[[Callable[[Thread], Any]], Any]


@both_databases
async def test_what_is_changed_is_seen_at_once_and_written_back(
    within: Within, log: Log, linh: Agent
) -> None:
    def work(thread: Thread) -> Conversation:
        thread.change(language="ms", slots={"phone": "+601"})
        thread.append("customer", "hi", echo_id="web:1", state="pending")
        thread.move("claim", who="Linh", agent=linh)
        thread.say("utter_agent_joined", agent="Linh")
        assert thread.conversation.last_seq == 2
        return thread.conversation

    assert await within(work) == await log.conversation("c1")
    assert [m.author for m in await log.messages("c1")] == ["customer", "system"]


async def test_what_fails_leaves_nothing(within: Within, log: Log, database: Database) -> None:
    before = await rows(database, schema.conversations)

    def work(thread: Thread) -> None:
        thread.append("bot", "hi")
        thread.move("resolve", who="x")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await within(work)
    assert await rows(database, schema.conversations) == before
    assert await rows(database, schema.ownership) == []
    assert await log.messages("c1") == []


async def test_looking_changes_nothing(within: Within, database: Database) -> None:
    before = await rows(database, schema.conversations)
    await within(lambda thread: None)
    assert await rows(database, schema.conversations) == before


async def test_a_move_that_is_not_in_the_table(within: Within, database: Database) -> None:
    assert not await within(lambda thread: thread.move("release", who="x"))
    assert await rows(database, schema.ownership) == []


async def test_buttons_have_ids_of_their_own(within: Within) -> None:
    offered: list[Any] = [{"title": "Yes", "payload": "/affirm"}] * 2
    message = await within(lambda thread: thread.append("bot", "?", buttons=offered))
    ids = [button["id"] for button in message.buttons]
    assert len(set(ids)) == 2
    assert all(len(each) == 16 for each in ids)


@pytest.mark.parametrize("language", ["vi", "ms", "en"])
async def test_a_sentence_is_in_the_conversations_language(
    within: Within, house: House, language: str
) -> None:
    def work(thread: Thread) -> Any:
        thread.change(language=language)
        return thread.say("utter_resolved"), thread.note("utter_late_note", below="Đã huỷ")

    said, note = await within(work)
    assert said.text == house.say("utter_resolved", language).text
    assert note.text == house.say("utter_late_note", language).text + "\nĐã huỷ"
    assert (said.author, note.author) == ("system", "note")


async def test_only_messages_of_the_right_state_are_settled(within: Within, log: Log) -> None:
    turn = Turn((await write(log)).written.messages)
    assert not await within(lambda thread: thread.settle(turn, was="abandoned"))
    assert await within(lambda thread: thread.settle(turn, state="abandoned"))
    assert not await within(lambda thread: thread.settle(turn))
    assert await within(lambda thread: thread.settle(turn, was="abandoned"))


async def test_the_next_turn_is_left_to_who_has_run_this_one(within: Within, log: Log) -> None:
    await write(log, worker="a")
    assert (await within(lambda thread: thread.turn_over("a"))).more
    assert not (await within(lambda thread: thread.turn_over("b"))).more
    assert (await log.conversation("c1")).worker == "a"


async def test_the_expected_version(within: Within, linh: Agent) -> None:
    def work(thread: Thread) -> None:
        thread.expect(1)
        thread.move("claim", who="Linh", agent=linh)
        thread.expect(1)

    with pytest.raises(HubError, match="Linh has it") as fault:
        await within(work)
    assert fault.value.status == 409


async def test_no_such_conversation(database: Database, house: House) -> None:
    def work(connection: Connection) -> None:
        with locked(connection, house, "nope"):
            raise AssertionError

    with pytest.raises(HubError) as fault:
        await database.write(work)
    assert fault.value.status == 404


@both_databases
async def test_nobody_else_can_change_it_meanwhile(
    database: Database, database_url: str, house: House, conversation: Conversation
) -> None:
    inside, tried = threading.Event(), threading.Event()
    other = Database(database_url)

    def slow(connection: Connection) -> None:
        with locked(connection, house, "c1") as thread:
            inside.set()
            assert not tried.wait(0.2), "the other one waits for us"
            thread.change(seen_seq=thread.conversation.seen_seq + 1)

    def quick(connection: Connection) -> None:
        assert inside.wait(10)
        with locked(connection, house, "c1") as thread:
            tried.set()
            thread.change(seen_seq=thread.conversation.seen_seq + 1)

    slow_one = threading.Thread(target=database._transaction, args=(slow,))
    slow_one.start()
    await other.write(quick)
    slow_one.join()
    after = await database.read(lambda connection: load(connection, "c1"))
    assert after.seen_seq == 2
    await other.close()
