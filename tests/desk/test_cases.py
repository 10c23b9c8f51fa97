"""Cases at the desk."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from myna.hub.cases import Case
from myna.hub.hub import Hub
from myna.hub.model import Agent, Conversation, stamp
from myna.hub.watch import Watch
from tests.clients import Desk
from tests.helpers import Clock, both_databases

NEW = {"kind": "repair", "summary": "the lamp flickers", "request_id": "r-1"}


async def test_opening_one_by_hand(desk: Desk, clock: Clock, waiting: Conversation) -> None:
    about = {
        **NEW,
        "conversation_id": waiting.id,
        "priority": "urgent",
        "order_number": "DH-20413",
        "phone": "0901234567",
        "email": "a@b.vn",
        "language": "vi",
    }
    status, body = await desk.post("/cases", about)
    assert status == 201
    case = body["case"]
    del about["request_id"]
    assert {name: case[name] for name in about} == about
    assert (case["state"], case["agent"], case["version"]) == ("open", None, 1)
    assert await desk.get(f"/cases/{case['reference']}") == (
        200,
        {
            "case": case,
            "history": [
                {
                    "who": "Linh",
                    "what": "opened",
                    "detail": {"kind": "repair", "due_at": case["due_at"]},
                    "at": case["created_at"],
                }
            ],
        },
    )


async def test_the_same_request_opens_one_case(desk: Desk, other_desk: Desk) -> None:
    _, first = await desk.post("/cases", NEW)
    assert await desk.post("/cases", NEW) == (201, first)
    _, others = await other_desk.post("/cases", NEW)
    assert others["case"]["reference"] != first["case"]["reference"]
    assert len((await desk.get("/cases"))[1]["cases"]) == 2


@pytest.mark.parametrize(
    ("wrong", "status", "field"),
    [
        ({"kind": "lost"}, 422, "kind"),
        ({"kind": None}, 422, "kind"),
        ({"kind": ["repair"]}, 422, "kind"),
        ({"summary": "\n "}, 422, "summary"),
        ({"summary": "x" * 2001}, 413, "summary"),
        ({"request_id": ""}, 422, "request_id"),
        ({"request_id": "x" * 81}, 413, "request_id"),
        ({"priority": "extreme"}, 422, "priority"),
        ({"conversation_id": "a b"}, 422, "conversation_id"),
        ({"phone": 901234567}, 422, "phone"),
        ({"phone": "0" * 41}, 413, "phone"),
        ({"language": "de"}, 422, "language"),
        ({"agent": "Linh"}, 422, "agent"),
        ({"conversation_id": "nowhere"}, 404, None),
    ],
    ids=lambda value: repr(value)[:40],
)
async def test_what_is_no_case(desk: Desk, wrong: Any, status: int, field: str | None) -> None:
    found, body = await desk.post("/cases", {**NEW, **wrong})
    assert (found, body["error"].get("field")) == (status, field)
    if field:
        assert f"'{field}'" in body["error"]["message"]
    assert (await desk.get("/cases?state=all"))[1]["cases"] == []


@both_databases
async def test_lists(
    desk: Desk, other_desk: Desk, case: Case, hub: Hub, waiting: Conversation
) -> None:
    async def listed(query: str) -> list[str]:
        status, body = await desk.get(f"/cases?{query}")
        assert status == 200
        return [one["reference"] for one in body["cases"]]

    _, opened = await desk.post("/cases", NEW)
    repair = opened["case"]["reference"]
    assert await listed("") == await listed("state=undone") == [case.reference, repair]
    assert await listed("kind=repair") == [repair]
    assert await listed(f"conversation={waiting.id}") == [case.reference]
    assert await listed("limit=1") == [case.reference]
    assert await listed("limit=1&offset=1") == [repair]
    assert await listed("mine=1") == await listed("mine=true") == []
    await desk.patch(f"/cases/{repair}", {"version": 1, "mine": True})
    assert await listed("mine=1") == [repair]
    await desk.patch(f"/cases/{repair}", {"version": 2, "state": "solved"})
    assert await listed("mine=1") == []
    assert await listed("mine=1&state=solved") == await listed("mine=1&state=all") == [repair]
    for wrong in ("state=mad", "kind=lost", "mine=perhaps", "limit=0", "limit=501", "offset=-1"):
        status, body = await desk.get(f"/cases?{wrong}")
        assert (status, body["error"]["field"]) == (422, wrong.partition("=")[0])


async def test_changes_are_recorded(desk: Desk, linh: Agent, case: Case, clock: Clock) -> None:
    path = f"/cases/{case.reference}"
    due = stamp(clock.moment + timedelta(days=1))
    change = {
        "version": 1,
        "state": "working",
        "priority": "low",
        "mine": True,
        "due_at": due,
        "summary": "it leaks still",
        "order_number": "DH-1",
        "phone": None,
        "email": "c@d.my",
    }
    status, body = await desk.patch(path, change)
    assert status == 200
    changed = body["case"]
    for name, value in change.items():
        if name not in ("version", "mine"):
            assert changed[name] == value
    assert (changed["version"], changed["agent"]) == (2, "Linh")
    _, body = await desk.get(path)
    recorded = {one["what"]: one["detail"] for one in body["history"][1:]}
    assert recorded.keys() == change.keys() - {"version", "mine"} | {"agent_id"}
    assert recorded["state"] == {"before": "open", "after": "working"}
    assert recorded["agent_id"] == {"before": None, "after": linh.id}
    assert recorded["phone"] == {"before": "0901234567", "after": None}
    assert recorded["due_at"] == {"before": stamp(case.due_at), "after": due}


async def test_what_is_left_out_stays(desk: Desk, case: Case) -> None:
    path = f"/cases/{case.reference}"
    assert (await desk.patch(path, {"version": 1}))[1]["case"]["version"] == 1
    _, body = await desk.patch(path, {"version": 1, "state": "waiting"})
    assert (body["case"]["phone"], body["case"]["summary"]) == ("0901234567", "it leaks")


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"state": None}, 422),
        ({"state": "mad"}, 422),
        ({"priority": None}, 422),
        ({"mine": None}, 422),
        ({"mine": 1}, 422),
        ({"summary": None}, 422),
        ({"summary": ""}, 422),
        ({"due_at": None}, 422),
        ({"due_at": 1_800_000_000}, 422),
        ({"due_at": "1800000000"}, 422),
        ({"due_at": "2026-11-24"}, 422),
        ({"due_at": "2026-11-24T09:30:00"}, 422),
        ({"due_at": "0001-01-01T00:00:00+23:59"}, 422),
        ({"due_at": "9999-12-31T23:59:59-23:59"}, 422),
        ({"due_at": "2026-02-30T00:00:00Z"}, 422),
        ({"email": "x" * 201}, 413),
        ({"version": "1"}, 422),
        ({"version": None}, 422),
        ({"reference": "CS-1"}, 422),
        ({"overdue": False}, 422),
    ],
    ids=lambda value: repr(value)[:50],
)
async def test_changes_that_cannot_be(desk: Desk, case: Case, wrong: Any, status: int) -> None:
    path = f"/cases/{case.reference}"
    found, body = await desk.patch(path, {"version": 1, "state": "working", **wrong})
    [field] = wrong
    assert (found, body["error"]["field"]) == (status, field)
    assert (await desk.get(path))[1]["case"]["version"] == 1


@pytest.mark.parametrize("moment", ["2026-11-24T09:30:00+07:00", "2026-11-24t02:30:00.000z"])
async def test_a_moment_with_its_offset(desk: Desk, case: Case, moment: str) -> None:
    _, body = await desk.patch(f"/cases/{case.reference}", {"version": 1, "due_at": moment})
    assert body["case"]["due_at"] == "2026-11-24T02:30:00.000Z"


async def test_a_change_that_somebody_was_faster_with(
    desk: Desk, other_desk: Desk, case: Case
) -> None:
    path = f"/cases/{case.reference}"
    _, theirs = await other_desk.patch(path, {"version": 1, "mine": True})
    status, body = await desk.patch(path, {"version": 1, "state": "closed"})
    assert (status, body["error"]["code"]) == (409, "conflict")
    assert body["case"] == theirs["case"]
    status, body = await desk.patch(path, {"version": 2, "mine": False})
    assert status == 409, "what another has cannot be given back"
    assert "Aisyah" in body["error"]["message"]
    status, body = await desk.patch(path, {"version": 2, "mine": True})
    assert (status, body["case"]["agent"]) == (200, "Linh")
    status, body = await desk.patch(path, {"version": 3, "mine": False})
    assert (status, body["case"]["agent"]) == (200, None)


async def test_a_case_that_gets_more_time_is_not_overdue(
    desk: Desk, case: Case, watch: Watch, clock: Clock
) -> None:
    late = case.due_at + timedelta(seconds=1)
    await watch.overdue_cases(late)
    _, body = await desk.get("/conversations")
    assert (body["counts"]["cases"], body["counts"]["overdue"]) == (1, 1)
    more = {"version": 2, "due_at": stamp(late + timedelta(days=1))}
    _, body = await desk.patch(f"/cases/{case.reference}", more)
    assert body["case"]["overdue"] is False
    assert await watch.overdue_cases(late) == []
    assert len(await watch.overdue_cases(late + timedelta(days=2))) == 1


async def test_comments(desk: Desk, other_desk: Desk, case: Case) -> None:
    path = f"/cases/{case.reference}"
    status, body = await desk.post(path + "/comments", {"text": "called, no answer"})
    assert (status, body["case"]["reference"]) == (201, case.reference)
    _, body = await other_desk.get(path)
    comment = body["history"][-1]
    assert (comment["who"], comment["what"]) == ("Linh", "comment")
    assert comment["detail"] == {"text": "called, no answer"}
    assert (await desk.post(path + "/comments", {"text": " "}))[0] == 422
    assert (await desk.post(path + "/comments", {"text": "x" * 20_001}))[0] == 413


async def test_taking_a_conversation_takes_its_callback(
    desk: Desk, hub: Hub, waiting: Conversation, linh: Agent
) -> None:
    _, opened = await desk.post(
        "/cases", {**NEW, "kind": "callback", "conversation_id": waiting.id}
    )
    await desk.post(f"/conversations/{waiting.id}/claim", {"version": 2})
    _, body = await desk.get(f"/cases/{opened['case']['reference']}")
    assert (body["case"]["agent"], body["case"]["state"]) == ("Linh", "working")
