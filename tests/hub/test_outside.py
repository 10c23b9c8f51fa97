"""Conversations that somebody answers on the channel itself, without our desk."""

from __future__ import annotations

from datetime import timedelta

import pytest

from myna.database import Database
from myna.hub import schema
from myna.hub.care import Care
from myna.hub.house import House
from myna.hub.log import Log
from myna.hub.model import Agent, Conversation, HubError
from myna.hub.outside import Outside
from myna.hub.watch import Watch
from tests.helpers import Clock, adapted, answer, both_databases
from tests.hub.moves import queued, rows, turn, write


@pytest.fixture
def outside(database: Database, house: House) -> Outside:
    return Outside(database, house)


@pytest.fixture
async def held(log: Log, outside: Outside) -> Conversation:
    """The customer has written, and somebody has answered in the page's inbox."""
    await turn(log, answer("hello"))
    return (await outside.wrote("c1", "fb:1", "Mai here.", who="page_inbox")).conversation


@both_databases
async def test_who_answers_there_has_the_conversation(
    log: Log, outside: Outside, held: Conversation, database: Database
) -> None:
    assert (held.owner, held.agent_id, held.agent) == ("human", None, None)
    again = await outside.wrote("c1", "fb:1", "Mai here.")
    assert again.messages[0].seq == 3
    assert [(m.author, m.text) for m in await log.messages("c1")][-1] == ("agent", "Mai here.")
    (change,) = await rows(database, schema.ownership)
    assert (change.to_owner, change.who) == ("human", "page_inbox")


async def test_what_was_written_there_is_not_carried(
    log: Log, outside: Outside, database: Database
) -> None:
    await log.open("c1", "messenger", "en")
    await outside.wrote("c1", "fb:1", "Mai here.")
    assert await rows(database, schema.outbox) == []


@pytest.mark.usefixtures("staffed")
async def test_an_agent_of_ours_keeps_what_they_have(
    log: Log, care: Care, outside: Outside, linh: Agent
) -> None:
    waiting = await queued(log)
    await care.claim("c1", linh, waiting.version)
    done = await outside.wrote("c1", "fb:1", "Mai here.")
    assert done.conversation.agent == "Linh"


async def test_it_can_be_taken_from_there(
    care: Care, held: Conversation, linh: Agent, aisyah: Agent
) -> None:
    done = await care.claim("c1", linh, held.version)
    assert (done.conversation.owner, done.conversation.agent) == ("human", "Linh")
    assert done.conversation.version == held.version + 1
    with pytest.raises(HubError):
        await care.reply("c1", aisyah, "desk:1", "me too")


async def test_a_reply_takes_it_too(care: Care, held: Conversation, linh: Agent) -> None:
    done = await care.reply("c1", linh, "desk:1", "Linh here.")
    assert done.conversation.agent == "Linh"
    assert [m.response for m in done.messages] == ["utter_agent_joined", None]


async def test_it_can_be_closed_from_the_desk(care: Care, held: Conversation, linh: Agent) -> None:
    assert (await care.resolve("c1", linh, held.version)).conversation.owner == "nobody"


@pytest.mark.usefixtures("held")
async def test_it_is_given_back_there(log: Log, outside: Outside) -> None:
    done = await outside.done("c1")
    assert (done.conversation.owner, done.conversation.reset_due) == ("nobody", True)
    assert done.messages == ()
    assert (await outside.done("c1")).conversation.version == done.conversation.version
    assert (await write(log, "and now?")).written.conversation.owner == "bot"


async def test_only_what_is_held_there_is_given_back(
    log: Log, care: Care, outside: Outside, linh: Agent
) -> None:
    await turn(log, answer("hello"))
    assert (await outside.done("c1")).conversation.owner == "bot"
    await care.reply("c1", linh, "desk:1", "Linh here.")
    assert (await outside.done("c1")).conversation.agent == "Linh"


async def test_a_thread_that_was_taken_is_silent(log: Log, outside: Outside) -> None:
    await turn(log, answer("hello"))
    done = await outside.took("c1")
    assert done.conversation.owner == "human"
    assert (await outside.took("c1")).conversation.version == done.conversation.version


# --- what happens because nobody did anything


async def wait(watch: Watch, clock: Clock, **time: float) -> list[str]:
    """Lets time pass; the steps that were taken."""
    clock.go_on(**time)
    found = await watch.due(clock.moment)
    return [due.step for due in found if await watch.take(due, clock.moment)]


async def test_nobody_there_is_reminded_and_the_customer_is_not_forgotten(
    clock: Clock, log: Log, watch: Watch, held: Conversation, staffed: None
) -> None:
    begun = await write(log, "hello?")
    await log.leave_to_people(_turn_of(begun), "front")
    service = watch._house.facts.service
    assert await wait(watch, clock, minutes=service.nudge_minutes + 1) == []
    assert await wait(watch, clock, minutes=service.reassign_minutes) == ["agent_idle"]
    assert (await log.conversation("c1")).owner == "queue"


def _turn_of(begun: object) -> object:
    from myna.hub.model import Turn

    return Turn(begun.written.messages)  # type: ignore[attr-defined]


async def test_a_silent_customer_is_closed_without_a_word(
    clock: Clock, log: Log, watch: Watch, held: Conversation
) -> None:
    hours = watch._house.facts.service.idle_hours
    assert await wait(watch, clock, hours=hours + 1) == ["customer_idle"]
    assert (await log.conversation("c1")).owner == "nobody"
    assert len(await log.messages("c1")) == 3


# --- channels that do not always let us write


class Short:
    """A channel on which people may write for two hours, and nothing has to be cut."""

    def parts(self, message: object) -> list[dict[str, object]]:
        return [{"part": 1}, {"part": 2}]

    def reach(self, conversation_id: str, *, human: bool) -> timedelta:
        return timedelta(hours=2 if human else 1)

    def account(self, conversation_id: str) -> str:
        return "Lentera Home"

    def lies_there(self, url: str) -> bool:
        return False


@pytest.fixture
def short(house: House) -> House:
    return House(house.catalogue, (), {"short": Short()})  # type: ignore[dict-item]


async def test_a_message_in_two_parts_is_two_items(
    database: Database, short: House, linh: Agent, clock: Clock
) -> None:
    await Log(database, short).open("c1", "short", "en")
    await Care(database, short).reply("c1", linh, "desk:1", "Linh here.")
    found = await rows(database, schema.outbox)
    assert [row.key for row in found] == ["c1:1", "c1:1:1", "c1:2", "c1:2:1"]
    assert found[1].payload == {"conversation": "c1", "seq": 1, "part": 2}


async def test_an_agent_is_told_when_it_is_too_late(
    database: Database, short: House, linh: Agent, clock: Clock
) -> None:
    log, care = Log(database, short), Care(database, short)
    await write(log, "hi", channel="short")
    clock.go_on(hours=1.9)
    await care.reply("c1", linh, "desk:1", "in time")
    clock.go_on(hours=0.2)
    with pytest.raises(HubError) as refused:
        await care.reply("c1", linh, "desk:2", "too late")
    assert refused.value.code == "out_of_reach"
    again = await care.reply("c1", linh, "desk:1", "in time")
    assert again.messages[0].text == "in time", "what was written is not refused afterwards"


async def test_the_watch_does_not_write_where_it_may_not(
    database: Database, short: House, linh: Agent, clock: Clock
) -> None:
    log, care, watch = Log(database, short), Care(database, short), Watch(database, short)
    await write(log, "hi", channel="short")
    await care.reply("c1", linh, "desk:1", "Linh here.")
    hours = short.facts.service.idle_hours
    before = (await log.conversation("c1")).last_seq
    clock.go_on(hours=hours + 1)
    await log.leave_to_people(_turn_of(await write(log, "x", channel="short")), "front")
    await database.write(
        lambda c: c.execute(
            schema.conversations.update().values(
                unanswered_at=None, customer_at=clock.moment - timedelta(hours=hours)
            )
        )
    )
    assert "customer_idle" in await wait(watch, clock, hours=0)
    assert (await log.conversation("c1")).last_seq == before + 1, "only what the customer wrote"


def test_a_channel_that_fetches_has_no_end(house: House) -> None:
    assert adapted(house.catalogue).channels == {}
