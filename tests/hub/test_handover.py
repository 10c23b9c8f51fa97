"""Handing over: to people who are there, and where nobody is."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from myna.database import Database
from myna.hub import schema
from myna.hub.agents import Agents
from myna.hub.care import Care
from myna.hub.handover import BACK_TO_BOT
from myna.hub.house import House
from myna.hub.hub import Hub
from myna.hub.log import Log
from myna.hub.model import Agent
from tests.helpers import Clock, answer, both_databases
from tests.hub.moves import HAND_OVER, press, queued, rows, spoken, turn

ASKED = answer("ok", commands=[HAND_OVER])


# --- people are there


@both_databases
@pytest.mark.usefixtures("staffed")
async def test_to_people(log: Log, clock: Clock, house: House) -> None:
    done = await turn(log, ASKED)
    assert spoken(done.messages) == [("bot", "ok"), ("system", "utter_handed_over_first")]
    conversation = await log.conversation("c1")
    assert (conversation.owner, conversation.version, conversation.reason) == ("queue", 2, "asked")
    assert conversation.queued_at == conversation.unanswered_at == clock.moment
    [button] = done.messages[-1].buttons
    assert (button["title"], button["payload"]) == (house.word("back_to_bot", "en"), BACK_TO_BOT)


@pytest.mark.usefixtures("staffed")
@pytest.mark.parametrize("language", ["vi", "ms", "en"])
async def test_the_customer_is_told_in_their_language(
    log: Log, clock: Clock, house: House, language: str
) -> None:
    await queued(log, "first")
    clock.go_on(seconds=1)
    told = answer("ok", commands=[HAND_OVER], language=language)
    message = (await turn(log, told)).messages[-1]
    assert message.response == "utter_handed_over"
    wait = house.wait(15, language)
    text = house.say("utter_handed_over", language, position=2, wait=wait)
    assert message.text == text.text
    assert message.buttons[0]["title"] == house.word("back_to_bot", language)


@pytest.mark.usefixtures("staffed")
@pytest.mark.parametrize("announced", [False, True])
async def test_the_hand_over_is_told_once(log: Log, announced: bool) -> None:
    command: Any = {**HAND_OVER, "announced": announced}
    done = await turn(log, answer("a colleague comes", commands=[command]))
    said = [m.response for m in done.messages[1:]]
    assert said == ([] if announced else ["utter_handed_over_first"])


@both_databases
@pytest.mark.usefixtures("staffed")
async def test_two_hand_overs_in_one_turn_are_one(log: Log) -> None:
    proof: Any = {"type": "hand_over", "reason": "proof"}
    done = await turn(log, answer("sorry", commands=[proof, HAND_OVER]))
    assert (done.conversation.version, done.conversation.reason) == (2, "proof")
    assert [m.response for m in done.messages] == [None, "utter_handed_over_first"]
    assert len((await log.context("c1"))["history"]) == 1


@pytest.mark.usefixtures("staffed")
async def test_the_position(log: Log, care: Care, linh: Agent, clock: Clock) -> None:
    for number in (1, 2, 3):
        waiting = await queued(log, f"c{number}")
        clock.go_on(seconds=1)
    texts = [(await log.messages(f"c{n}"))[-1] for n in (1, 2, 3)]
    assert [m.response for m in texts] == [
        "utter_handed_over_first",
        "utter_handed_over",
        "utter_handed_over",
    ]
    assert "number 3" in texts[2].text
    assert (await log.context("c3"))["position"] == 3
    await care.claim("c1", linh, waiting.version)
    assert (await log.context("c3"))["position"] == 2
    # who is put back is at the end
    await care.release("c1", linh, waiting.version + 1)
    assert (await log.context("c1"))["position"] == 3


async def waited(hub: Hub, agents: Agents, linh: Agent, clock: Clock, *minutes: float) -> None:
    """So long did customers wait for Linh, who is at the desk."""
    log, care = hub.log, hub.care
    await agents.alive(linh.id)
    for number, each in enumerate(minutes):
        waiting = await queued(log, f"was-{number}")
        clock.go_on(minutes=each)
        await care.claim(f"was-{number}", linh, waiting.version)
        await agents.alive(linh.id)


async def told_wait(log: Log, clock: Clock) -> str:
    await queued(log, "before")
    clock.go_on(seconds=1)
    await queued(log, "c1")
    return (await log.messages("c1"))[-1].text


@both_databases
@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        ((), 15),
        ((2, 2), 15),  # too few to tell
        ((2, 4, 9), 4),
        ((0, 0, 0), 1),
        ((60, 60, 60), 15),  # by then a case is opened
    ],
)
async def test_the_expected_wait(
    hub: Hub,
    agents: Agents,
    linh: Agent,
    clock: Clock,
    minutes: tuple[float, ...],
    expected: float,
) -> None:
    await waited(hub, agents, linh, clock, *minutes)
    assert hub.house.wait(expected, "en") in await told_wait(hub.log, clock)


async def test_waits_of_yesterday_do_not_count(
    hub: Hub, agents: Agents, linh: Agent, clock: Clock
) -> None:
    await waited(hub, agents, linh, clock, 2, 2, 2)
    clock.go_on(hours=20)
    await agents.alive(linh.id)
    assert hub.house.wait(15, "en") in await told_wait(hub.log, clock)


# --- nobody is there


@both_databases
async def test_where_nobody_is_there_a_callback_is_promised(
    log: Log, database: Database, house: House, clock: Clock
) -> None:
    slots = {"order_number": "DH-20413", "phone": "+60123456789", "email": "a@b.my"}
    await turn(log, answer("hi", slots=slots), "my lamp is broken")
    told = answer("ok", commands=[HAND_OVER], slots=slots)
    done = await turn(log, told, "a person please")
    assert spoken(done.messages) == [("bot", "ok"), ("system", "utter_left_for_people")]
    assert (done.conversation.owner, done.conversation.version) == ("bot", 1), "the bot stays"
    assert done.conversation.unanswered_at is None
    [case] = await rows(database, schema.cases)
    assert done.case == case.reference
    assert (case.kind, case.state, case.priority) == ("callback", "open", "high")
    assert case.summary == "[asked] my lamp is broken / a person please"
    assert (case.order_number, case.phone, case.email) == tuple(slots.values())
    assert (case.conversation_id, case.language) == ("c1", "en")
    assert case.due_at == house.due("callback", clock.moment)
    assert case.reference in done.messages[-1].text
    assert house.moment(case.due_at, "en") in done.messages[-1].text


@both_databases
async def test_asking_again_is_the_same_case(log: Log, database: Database) -> None:
    first = await turn(log, ASKED, "a person")
    second = await turn(log, ASKED, "anyone?")
    assert spoken(second.messages)[-1] == ("system", "utter_left_for_people")
    assert first.case == second.case
    [case] = await rows(database, schema.cases)
    assert case.summary == "[asked] a person\na person / anyone?"
    for number in range(6):
        await turn(log, ASKED, f"{number}" + "x" * 400)
    [case] = await rows(database, schema.cases)
    assert len(case.summary) == 2000, "the newest words, as far as there is room"
    assert "5x" in case.summary


async def test_after_it_is_solved_there_is_a_new_case(
    log: Log, database: Database, care: Care, linh: Agent
) -> None:
    first = await turn(log, ASKED)
    await care.resolve("c1", linh, 1)
    second = await turn(log, ASKED)
    assert first.case != second.case
    assert [row.state for row in await rows(database, schema.cases)] == ["solved", "open"]


async def test_a_conversation_that_speaks_no_language_yet(log: Log, house: House) -> None:
    await log.open("c1", "web", None)
    done = await turn(log, answer("?", commands=[HAND_OVER], language=None))
    assert done.messages[-1].text.startswith(
        house.say("utter_left_for_people", "vi", reference="", due="", next_opening="").text[:20]
    )


@both_databases
async def test_somebody_comes_after_all(
    log: Log, care: Care, agents: Agents, linh: Agent, database: Database
) -> None:
    done = await turn(log, ASKED)
    await agents.alive(linh.id)
    waiting = await queued(log)
    assert waiting.version == done.conversation.version + 1
    taken = await care.claim("c1", linh, waiting.version)
    [case] = await rows(database, schema.cases)
    assert taken.case == case.reference
    assert (case.state, case.agent_id) == ("working", linh.id)


# --- who is there


@both_databases
async def test_who_is_there(
    log: Log, agents: Agents, linh: Agent, aisyah: Agent, clock: Clock, house: House
) -> None:
    conversation = await log.open("c1", "web", "en")

    async def there() -> bool:
        return (await log.customer(conversation))["people_available"]

    assert not await there()
    await agents.alive(linh.id)
    assert await there()
    clock.go_on(seconds=house.facts.service.presence_seconds)
    assert not await there(), "no sign of life for too long"
    await agents.alive(linh.id)
    await agents.set_away(linh.id, True)
    assert not await there()
    await agents.alive(aisyah.id)
    assert await there()
    await agents.left(aisyah.id)
    assert not await there()
    await agents.set_away(linh.id, False)
    assert await there()


@both_databases
@pytest.mark.usefixtures("staffed")
async def test_many_hand_overs_at_once_have_places_of_their_own(log: Log, clock: Clock) -> None:
    clock.tick = timedelta(microseconds=1)
    await asyncio.gather(*(queued(log, f"c{n}") for n in range(8)))
    places = [(await log.context(f"c{n}"))["position"] for n in range(8)]
    assert sorted(places) == list(range(1, 9))


@pytest.mark.usefixtures("staffed")
async def test_the_way_back_is_offered_and_works(log: Log, house: House) -> None:
    await queued(log)
    done = await press(log, house.word("back_to_bot", "en"))
    assert done.conversation.owner == "bot"
    assert (await queued(log)).owner == "queue", "and a person can be asked for again"
