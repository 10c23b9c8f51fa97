"""Rating the assistant: when it is asked for, and what is kept of it."""

from __future__ import annotations

from typing import Any

import pytest

from myna.brain.protocol import Command
from myna.database import Database
from myna.hub import schema
from myna.hub.care import Care
from myna.hub.log import Log
from myna.hub.model import Agent, HubError, Written
from tests.helpers import answer, both_databases
from tests.hub.moves import HAND_OVER, press, rows, spoken, turn

ASK: Command = {"type": "ask_rating"}
ASKED = [("bot", "bye"), ("system", "utter_ask_rating")]
SILENT = [("bot", "bye")]


async def bye(log: Log, *before: Command) -> Written:
    """The customer takes leave, and the brain finds that a rating is due."""
    return await turn(log, answer("bye", commands=[*before, ASK]), "bye")


def case(kind: Any, **more: Any) -> Command:
    return {"type": "open_case", "kind": kind, "summary": "x", "response": "", **more}


@both_databases
async def test_the_assistant_is_rated(log: Log, database: Database) -> None:
    asked = await bye(log)
    assert spoken(asked.messages) == ASKED
    assert [button["title"] for button in asked.messages[-1].buttons] == list("12345")
    done = await press(log, "4")
    assert spoken(done.messages) == [("system", "utter_rating_thanks")]
    await log.rate("c1", 5, "quick")
    [row] = await rows(database, schema.ratings)
    assert (row.stars, row.comment, row.agent_id) == (5, "quick", None)


async def test_once_while_the_bot_has_the_conversation(log: Log) -> None:
    await bye(log)
    assert spoken((await bye(log)).messages) == SILENT


async def test_again_after_people_had_it_and_each_has_its_own(
    log: Log, care: Care, linh: Agent, database: Database
) -> None:
    await bye(log)
    await press(log, "2")
    taken = await care.reply("c1", linh, "desk:1", "I'm Linh")
    await care.resolve("c1", linh, taken.conversation.version)
    await press(log, "5")
    assert spoken((await bye(log)).messages) == ASKED
    await press(log, "3")
    ratings = await rows(database, schema.ratings)
    assert [(row.stars, row.agent_id) for row in ratings] == [(2, None), (5, linh.id), (3, None)]


@pytest.mark.parametrize("kind", ["complaint", "problem", "return", "repair", "callback"])
async def test_not_while_something_is_promised(log: Log, kind: str) -> None:
    assert spoken((await bye(log, case(kind))).messages) == SILENT


@pytest.mark.parametrize("kind", ["praise", "suggestion"])
async def test_praise_promises_nothing(log: Log, kind: str) -> None:
    assert spoken((await bye(log, case(kind))).messages) == ASKED


@pytest.mark.usefixtures("staffed")
async def test_not_while_people_have_it(log: Log) -> None:
    done = await bye(log, HAND_OVER)
    assert "utter_ask_rating" not in [name for _, name in spoken(done.messages)]
    with pytest.raises(HubError):
        await log.rate("c1", 5, None)


# --- one case for what is said twice


async def test_a_second_complaint_adds_to_the_first(log: Log, database: Database) -> None:
    first = await turn(log, answer("oh", commands=[case("complaint", summary="rude")]))
    more = case("complaint", summary="and late", priority="urgent", order_number="DH-20413")
    second = await turn(log, answer("oh", commands=[{**more, "response": "utter_case_opened"}]))
    [row] = await rows(database, schema.cases)
    assert (row.reference, row.reference) == (first.case, second.case)
    assert row.summary == "rude\nand late"
    assert (row.priority, row.order_number) == ("urgent", "DH-20413")
    assert row.reference in second.messages[-1].text
    calmer = case("complaint", summary="rude", priority="low")
    await turn(log, answer("oh", commands=[calmer]))
    [row] = await rows(database, schema.cases)
    assert (row.summary, row.priority) == ("rude\nand late", "urgent")


async def test_a_complaint_after_the_first_is_solved_is_new(
    log: Log, database: Database, cases: Any, linh: Agent
) -> None:
    opened = await turn(log, answer("oh", commands=[case("complaint")]))
    known = await cases.get(opened.case)
    await cases.change(opened.case, known.version, linh, {"state": "solved"})
    await turn(log, answer("oh", commands=[case("complaint")]))
    assert len(await rows(database, schema.cases)) == 2


async def test_two_returns_are_two_cases(log: Log, database: Database) -> None:
    for _ in range(2):
        await turn(log, answer("ok", commands=[case("return")]))
    assert len(await rows(database, schema.cases)) == 2


async def test_anger_makes_a_callback_urgent(log: Log, database: Database) -> None:
    angry: Command = {"type": "hand_over", "reason": "anger"}
    await turn(log, answer("sorry", commands=[angry]))
    [row] = await rows(database, schema.cases)
    assert (row.kind, row.priority) == ("callback", "urgent")
