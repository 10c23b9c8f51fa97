"""Cases: opened once, changed at the version that was looked at, recorded."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from myna.database import Database
from myna.hub import schema
from myna.hub.care import Care
from myna.hub.cases import KINDS, STATES, Case, Cases, Request, change_case, of_conversation
from myna.hub.house import House
from myna.hub.log import Log
from myna.hub.model import Agent, Conversation, HubError, stamp
from myna.texts import Catalogue
from tests.helpers import Clock, adapted, answer, both_databases
from tests.hub.moves import HAND_OVER, rows, turn

COMPLAINT = Request(kind="complaint", origin="desk:1", summary="The lamp came broken")


@pytest.fixture
async def case(cases: Cases, linh: Agent) -> Case:
    return await cases.open(COMPLAINT, linh)


# --- opening


@both_databases
async def test_a_case(cases: Cases, linh: Agent, clock: Clock, house: House) -> None:
    case = await cases.open(COMPLAINT, linh)
    assert re.fullmatch(r"CS-[1-9]\d{5}", case.reference)
    assert (case.kind, case.state, case.priority) == ("complaint", "open", "high")
    assert (case.version, case.overdue, case.agent, case.solved_at) == (1, False, None, None)
    assert case.created_at == case.updated_at == clock.moment
    assert case.due_at == house.due("complaint", clock.moment)
    assert await cases.get(case.reference) == case
    [opened] = await cases.history(case.reference)
    assert (opened["who"], opened["what"], opened["at"]) == ("Linh", "opened", stamp(clock.moment))
    assert opened["detail"] == {"kind": "complaint", "due_at": stamp(case.due_at)}


async def test_what_the_api_gives(case: Case) -> None:
    public = case.public()
    assert set(public) == set(Case.__dataclass_fields__) - {"id", "agent_id"}
    assert public["due_at"].endswith("Z")


@both_databases
async def test_the_same_request_opens_no_second_case(
    cases: Cases, linh: Agent, database: Database, database_url: str, house: House
) -> None:
    other = Database(database_url)
    opened = await asyncio.gather(
        *(each.open(COMPLAINT, linh) for each in (cases, Cases(other, house)) for _ in range(4))
    )
    assert len({case.reference for case in opened}) == 1
    assert len(await rows(database, schema.cases)) == 1
    assert len(await rows(database, schema.case_events)) == 1
    await other.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_has_terms(cases: Cases, linh: Agent, kind: Any) -> None:
    case = await cases.open(Request(kind=kind, origin="x", summary=""), linh)
    assert case.due_at > case.created_at


async def test_what_a_request_says(cases: Cases, linh: Agent, conversation: Conversation) -> None:
    told: dict[str, Any] = {
        "summary": "x" * 3000,
        "conversation_id": "c1",
        "language": "ms",
        "priority": "low",
        "order_number": "MY-10482",
        "phone": "+60123456789",
        "email": "a@b.my",
    }
    case = await cases.open(Request(kind="return", origin="x", **told), linh)
    for name, value in told.items():
        assert getattr(case, name) == (value if name != "summary" else "x" * 2000)


async def test_of_no_such_conversation(cases: Cases, linh: Agent) -> None:
    with pytest.raises(HubError) as fault:
        await cases.open(Request("return", "x", "", conversation_id="nope"), linh)
    assert fault.value.status == 404
    assert await cases.find() == []


@pytest.mark.parametrize(
    ("opened", "due"),
    [
        ("2026-11-23T10:00", "2026-11-23T14:00"),  # Monday, hours 08:00–21:00
        ("2026-11-23T19:00", "2026-11-24T10:00"),
        ("2026-11-28T20:00", "2026-11-29T12:00"),  # Saturday; Sunday begins at 09:00
        ("2026-11-24T03:00", "2026-11-24T12:00"),
        ("2027-02-03T20:00", "2027-02-12T11:00"),  # before Tết, when nobody works
    ],
)
async def test_due_counts_the_hours_in_which_people_work(
    cases: Cases, linh: Agent, clock: Clock, opened: str, due: str
) -> None:
    zone = ZoneInfo("Asia/Ho_Chi_Minh")
    clock.moment = datetime.fromisoformat(opened).replace(tzinfo=zone)
    case = await cases.open(Request("callback", "x", ""), linh)
    assert case.due_at == datetime.fromisoformat(due).replace(tzinfo=zone)


async def test_the_shops_own_prefix(database: Database, catalogue: Catalogue, linh: Agent) -> None:
    cases = Cases(database, adapted(catalogue, service={"reference_prefix": "LENTERA"}))
    assert (await cases.open(COMPLAINT, linh)).reference.startswith("LENTERA-")


# --- changing


@both_databases
async def test_a_change_names_the_version(
    cases: Cases, case: Case, linh: Agent, aisyah: Agent, clock: Clock
) -> None:
    clock.go_on(minutes=1)
    changed = await cases.change(
        case.reference, 1, linh, {"state": "working", "agent_id": linh.id, "priority": "high"}
    )
    assert (changed.state, changed.agent, changed.version) == ("working", "Linh", 2)
    assert changed.updated_at == clock.moment
    with pytest.raises(HubError) as fault:
        await cases.change(case.reference, 1, aisyah, {"state": "closed"})
    assert (fault.value.status, fault.value.code) == (409, "conflict")
    assert await cases.get(case.reference) == changed
    history = await cases.history(case.reference)
    assert [(h["who"], h["what"], h["detail"]) for h in history[1:]] == [
        ("Linh", "state", {"before": "open", "after": "working"}),
        ("Linh", "agent_id", {"before": None, "after": linh.id}),
    ], "what is as it was is no change"


@both_databases
async def test_of_two_who_change_it_one_wins(
    cases: Cases, case: Case, linh: Agent, aisyah: Agent
) -> None:
    outcomes = await asyncio.gather(
        *(cases.change(case.reference, 1, who, {"phone": who.login}) for who in (linh, aisyah)),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Case", "HubError"]
    assert (await cases.get(case.reference)).version == 2


async def test_no_change_is_no_version(cases: Cases, case: Case, linh: Agent) -> None:
    same = await cases.change(case.reference, 1, linh, {"state": "open", "priority": "high"})
    assert same == case
    assert len(await cases.history(case.reference)) == 1


@pytest.mark.parametrize("state", ["solved", "closed"])
async def test_when_it_was_solved(
    cases: Cases, case: Case, linh: Agent, clock: Clock, state: str
) -> None:
    first = clock.go_on(hours=1)
    solved = await cases.change(case.reference, 1, linh, {"state": state})
    assert solved.solved_at == first
    clock.go_on(hours=1)
    closed = await cases.change(
        case.reference, 2, linh, {"state": "closed" if state == "solved" else "solved"}
    )
    assert closed.solved_at == first
    again = await cases.change(case.reference, 3, linh, {"state": "working"})
    assert again.solved_at is None
    assert "solved_at" not in [h["what"] for h in await cases.history(case.reference)]


async def test_another_due_time_is_recorded_as_text(cases: Cases, case: Case, linh: Agent) -> None:
    later = case.due_at + timedelta(days=1)
    await cases.change(case.reference, 1, linh, {"due_at": later})
    detail = (await cases.history(case.reference))[-1]["detail"]
    assert detail == {"before": stamp(case.due_at), "after": stamp(later)}


async def test_a_comment(cases: Cases, case: Case, aisyah: Agent) -> None:
    await cases.comment(case.reference, aisyah, "Called, nobody answered")
    commented = (await cases.history(case.reference))[-1]
    assert (commented["who"], commented["what"]) == ("Aisyah", "comment")
    assert commented["detail"] == {"text": "Called, nobody answered"}
    assert (await cases.get(case.reference)).version == 1


async def test_no_such_case(cases: Cases, linh: Agent) -> None:
    for call in (
        cases.get("CS-000000"),
        cases.history("CS-000000"),
        cases.change("CS-000000", 1, linh, {}),
        cases.comment("CS-000000", linh, "x"),
    ):
        with pytest.raises(HubError) as fault:
            await call
        assert fault.value.status == 404


@both_databases
async def test_a_change_at_the_desk_and_a_conversation_at_once(
    log: Log, care: Care, cases: Cases, linh: Agent, aisyah: Agent
) -> None:
    """Whoever waits for the other changes the case as it is then."""
    for number in range(6):
        name = f"c{number}"
        done = await turn(log, answer("ok", commands=[HAND_OVER]), to=name)
        assert done.case
        outcomes = await asyncio.gather(
            care.claim(name, linh, 1),
            cases.change(done.case, 1, aisyah, {"priority": "urgent"}),
            return_exceptions=True,
        )
        assert not isinstance(outcomes[0], BaseException)
        assert (await cases.get(done.case)).agent == "Linh"


# --- finding


@both_databases
async def test_the_cases_that_are_due_first_in_front(
    cases: Cases, linh: Agent, conversation: Conversation, clock: Clock
) -> None:
    kinds: tuple[Any, ...] = ("return", "callback", "complaint", "complaint")
    made = [
        await cases.open(Request(kind, str(n), "", conversation_id="c1" if n else None), linh)
        for n, kind in enumerate(kinds)
    ]
    late, soon, first, second = (case.reference for case in made)
    await cases.change(first, 1, linh, {"agent_id": linh.id})
    await cases.change(second, 1, linh, {"state": "solved"})

    async def found(**conditions: Any) -> list[str]:
        return [case.reference for case in await cases.find(**conditions)]

    assert await found() == [soon, first, second, late]
    assert await found(limit=2, offset=1) == [first, second]
    assert await found(kind="complaint") == [first, second]
    assert await found(states=("open",)) == [soon, first, late]
    assert await found(states=()) == []
    assert await found(agent_id=linh.id) == [first]
    assert await found(conversation_id="c1") == [soon, first, second]


@both_databases
@pytest.mark.parametrize("state", STATES)
async def test_what_is_undone(
    cases: Cases, linh: Agent, database: Database, conversation: Conversation, state: Any
) -> None:
    case = await cases.open(Request("callback", "x", "", conversation_id="c1"), linh)
    await cases.change(case.reference, 1, linh, {"state": state})
    undone = await database.write(lambda c: of_conversation(c, "c1", "callback", "promise"))
    assert [each.reference for each in undone] == (
        [case.reference] if state in ("open", "working", "waiting") else []
    )
    assert await database.write(lambda c: of_conversation(c, "c1", "complaint")) == []


async def test_what_was_read_before_another_change_is_not_written(
    case: Case, cases: Cases, linh: Agent, database: Database
) -> None:
    await cases.change(case.reference, 1, linh, {"priority": "low"})
    with pytest.raises(HubError) as fault:
        await database.write(lambda c: change_case(c, case, "bot", state="solved"))
    assert fault.value.status == 409
