"""What agents do with conversations."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from myna.database import Database
from myna.hub import schema
from myna.hub.care import Care
from myna.hub.house import House
from myna.hub.log import Log
from myna.hub.model import Agent, HubError, Turn, Written
from myna.hub.rating import RATE
from myna.texts import Catalogue
from tests.helpers import Clock, adapted, answer, both_databases
from tests.hub.moves import HAND_OVER, queued, rows, spoken, turn, write


async def refused(call: Awaitable[Written]) -> str:
    """The words with which a call that comes too late is refused."""
    with pytest.raises(HubError) as fault:
        await call
    assert (fault.value.status, fault.value.code) == (409, "conflict")
    return str(fault.value)


# --- taking


@both_databases
@pytest.mark.usefixtures("staffed")
async def test_claim(log: Log, care: Care, linh: Agent, aisyah: Agent) -> None:
    waiting = await queued(log)
    done = await care.claim("c1", linh, waiting.version)
    assert (done.conversation.owner, done.conversation.agent) == ("human", "Linh")
    assert done.conversation.reason == waiting.reason
    assert done.conversation.queued_at is None
    assert spoken(done.messages) == [("system", "utter_agent_joined")]
    assert "Linh" in done.messages[0].text
    assert await log.conversation("c1") == done.conversation
    again = await care.claim("c1", linh, waiting.version)
    assert again.messages == ()
    assert "Linh" in await refused(care.claim("c1", aisyah, waiting.version))
    await refused(care.claim("c1", aisyah, done.conversation.version))


@both_databases
@pytest.mark.usefixtures("staffed")
async def test_of_two_who_claim_one_wins(
    log: Log, care: Care, linh: Agent, aisyah: Agent, database_url: str, house: House
) -> None:
    waiting = await queued(log)
    other = Database(database_url)
    outcomes = await asyncio.gather(
        care.claim("c1", linh, waiting.version),
        Care(other, house).claim("c1", aisyah, waiting.version),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["HubError", "Written"]
    assert (await log.conversation("c1")).version == waiting.version + 1
    await other.close()


async def test_any_conversation_can_be_claimed(log: Log, care: Care, linh: Agent) -> None:
    """Of the bot, and one that is closed."""
    version = (await turn(log, answer("hi"))).conversation.version
    taken = await care.claim("c1", linh, version)
    closed = await care.resolve("c1", linh, taken.conversation.version)
    again = await care.claim("c1", linh, closed.conversation.version)
    assert again.conversation.owner == "human"
    assert again.conversation.follow_up_at is None, "it is not over"


@both_databases
async def test_a_claim_takes_up_what_was_promised(
    log: Log, care: Care, linh: Agent, database: Database
) -> None:
    done = await turn(log, answer("ok", commands=[HAND_OVER]))
    taken = await care.claim("c1", linh, done.conversation.version)
    [case] = await rows(database, schema.cases)
    assert (case.state, case.agent_id) == ("working", linh.id)
    assert taken.case == case.reference
    closed = await care.resolve("c1", linh, taken.conversation.version)
    [case] = await rows(database, schema.cases)
    assert (case.state, closed.case) == ("solved", case.reference)
    assert case.solved_at


# --- answering


@both_databases
async def test_a_reply_takes_over(log: Log, care: Care, linh: Agent, aisyah: Agent) -> None:
    await write(log)
    done = await care.reply("c1", linh, "desk:a", "hello, Linh here")
    assert [(m.author, m.agent) for m in done.messages] == [("system", None), ("agent", "Linh")]
    assert (done.conversation.owner, done.conversation.version) == ("human", 2)
    again = await care.reply("c1", linh, "desk:a", "hello, Linh here")
    assert again.messages == done.messages[1:]
    second = await care.reply("c1", linh, "desk:b", "and more")
    assert [m.author for m in second.messages] == ["agent"]
    assert "Linh" in await refused(care.reply("c1", aisyah, "desk:a2", "me too"))
    assert await log.messages("c1", 4) == []


@both_databases
@pytest.mark.usefixtures("staffed")
async def test_only_a_reply_is_an_answer(log: Log, care: Care, linh: Agent, clock: Clock) -> None:
    waiting = await queued(log)
    clock.go_on(minutes=2)
    taken = await care.claim("c1", linh, waiting.version)
    assert taken.conversation.unanswered_at == waiting.unanswered_at
    noted = await care.note("c1", linh, "hm")
    assert noted.conversation.unanswered_at == waiting.unanswered_at
    replied = await care.reply("c1", linh, "desk:1", "hello")
    assert replied.conversation.unanswered_at is None


async def test_a_note_takes_nothing_over(log: Log, care: Care, linh: Agent, aisyah: Agent) -> None:
    await write(log)
    done = await care.note("c1", linh, "a regular")
    assert [(m.author, m.agent, m.text) for m in done.messages] == [("note", "Linh", "a regular")]
    assert (done.conversation.owner, done.conversation.version) == ("bot", 1)
    await care.claim("c1", linh, 1)
    assert (await care.note("c1", aisyah, "I know them")).messages, "anybody may"


# --- putting back


@both_databases
@pytest.mark.usefixtures("staffed")
async def test_release(log: Log, care: Care, linh: Agent, aisyah: Agent, clock: Clock) -> None:
    waiting = await queued(log)
    taken = (await care.claim("c1", linh, waiting.version)).conversation
    await refused(care.release("c1", aisyah, taken.version))
    await refused(care.release("c1", linh, taken.version - 1))
    clock.go_on(minutes=1)
    back = (await care.release("c1", linh, taken.version)).conversation
    assert (back.owner, back.agent, back.agent_id) == ("queue", None, None)
    assert (back.reason, back.queued_at) == (waiting.reason, clock.moment)
    await refused(care.release("c1", linh, back.version))


async def test_what_never_was_in_the_queue_is_released_by_an_agent(
    log: Log, care: Care, linh: Agent
) -> None:
    await write(log)
    await care.claim("c1", linh, 1)
    assert (await care.release("c1", linh, 2)).conversation.reason == "agent"


# --- closing


@both_databases
@pytest.mark.usefixtures("staffed")
async def test_resolve(
    log: Log, care: Care, linh: Agent, aisyah: Agent, clock: Clock, house: House
) -> None:
    waiting = await queued(log)
    taken = (await care.claim("c1", linh, waiting.version)).conversation
    await refused(care.resolve("c1", linh, taken.version - 1))
    assert "Linh" in await refused(care.resolve("c1", aisyah, taken.version))
    closed = await care.resolve("c1", linh, taken.version)
    conversation = closed.conversation
    assert (conversation.owner, conversation.agent, conversation.reason) == ("nobody", None, None)
    assert conversation.reset_due
    assert (conversation.proof, conversation.slots, conversation.unanswered_at) == (None, {}, None)
    assert conversation.follow_up_at == clock.moment + timedelta(
        hours=house.facts.service.follow_up_hours
    )
    assert spoken(closed.messages) == [("system", "utter_resolved"), ("system", "utter_ask_rating")]
    assert (await care.resolve("c1", aisyah, 1)).messages == (), "it is closed already"
    history = (await log.context("c1"))["history"]
    assert [(h["from"], h["to"], h["who"]) for h in history] == [
        ("bot", "queue", "bot"),
        ("queue", "human", "Linh"),
        ("human", "nobody", "Linh"),
    ]


async def test_the_stars_name_matter_and_agent(log: Log, care: Care, linh: Agent) -> None:
    await turn(log, answer("hi"))
    await care.claim("c1", linh, 1)
    closed = await care.resolve("c1", linh, 2)
    buttons = closed.messages[-1].buttons
    assert [b["title"] for b in buttons] == ["1", "2", "3", "4", "5"]
    assert buttons[3]["payload"] == f"{RATE}3:{linh.id}:4"


@pytest.mark.usefixtures("staffed")
@pytest.mark.parametrize("owner", ["bot", "queue"])
async def test_only_who_was_helped_is_asked(log: Log, care: Care, linh: Agent, owner: str) -> None:
    """Whoever closes a matter that nobody had taken has not helped in it."""
    conversation = (
        await queued(log) if owner == "queue" else (await turn(log, answer("hi"))).conversation
    )
    closed = await care.resolve("c1", linh, conversation.version)
    assert spoken(closed.messages) == [("system", "utter_resolved")]
    assert closed.conversation.follow_up_at is None


async def test_a_shop_that_does_not_ask(
    database: Database, catalogue: Catalogue, linh: Agent
) -> None:
    house = adapted(catalogue, service={"rating": False, "follow_up_hours": 0})
    log, care = Log(database, house), Care(database, house)
    await turn(log, answer("hi"))
    await care.claim("c1", linh, 1)
    closed = await care.resolve("c1", linh, 2)
    assert spoken(closed.messages) == [("system", "utter_resolved")]
    assert closed.conversation.follow_up_at is None


@both_databases
async def test_a_closing_and_a_message_at_once(
    log: Log, care: Care, linh: Agent, database_url: str, house: House
) -> None:
    """Whichever comes first, the message is the bot's in the end."""
    other = Database(database_url)
    theirs = Log(other, house)
    for number in range(8):
        name = f"c{number}"
        await turn(log, answer("hi"), to=name)
        await care.claim(name, linh, 1)
        received, _ = await asyncio.gather(
            write(theirs, "thanks", to=name), care.resolve(name, linh, 2)
        )
        await theirs.leave_to_people(Turn(received.written.messages), "front")
        after = await log.conversation(name)
        assert (after.owner, after.version) == ("bot", 4)
        assert await log.next_turn(name)
    await other.close()


@both_databases
async def test_stale_versions_change_nothing(
    log: Log, care: Care, linh: Agent, database: Database
) -> None:
    await turn(log, answer("hi"))
    await care.claim("c1", linh, 1)
    before = [await rows(database, t) for t in (schema.conversations, schema.messages)]
    stale: list[Callable[[], Awaitable[Written]]] = [
        lambda: care.release("c1", linh, 1),
        lambda: care.resolve("c1", linh, 1),
        lambda: care.resolve("c1", linh, 3),
    ]
    for call in stale:
        await refused(call())
    assert before == [await rows(database, t) for t in (schema.conversations, schema.messages)]
