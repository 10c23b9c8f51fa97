"""Conversations at the desk."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa

from myna.hub.agents import Agents
from myna.hub.cases import Case, Request
from myna.hub.hub import Hub
from myna.hub.model import Agent, Arrival, Conversation
from tests.clients import Browsers, Desk, long_history
from tests.desk.conftest import HAND_OVER
from tests.helpers import FakeBrain, Held, answer, both_databases, handled, say


@pytest.mark.parametrize("version", [None, "2", 2.5, [], True, -1, 2**31])
async def test_a_version_is_a_number(desk: Desk, waiting: Conversation, version: Any) -> None:
    for action in ("claim", "release", "resolve"):
        path = f"/conversations/{waiting.id}/{action}"
        status, body = await desk.post(path, {"version": version})
        assert (status, body["error"]["field"]) == (422, "version")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"text": "x"}, 422),
        ({"echo_id": "e"}, 422),
        ({"echo_id": "e", "text": " \n"}, 422),
        ({"echo_id": "e", "text": "x" * 20_001}, 413),
        ({"echo_id": "e" * 81, "text": "x"}, 413),
    ],
    ids=lambda value: repr(value)[:40],
)
async def test_bad_replies_take_nothing_over(
    desk: Desk, waiting: Conversation, hub: Hub, body: Any, status: int
) -> None:
    assert (await desk.post(f"/conversations/{waiting.id}/messages", body))[0] == status
    assert await hub.log.conversation(waiting.id) == waiting


# --- the work


async def test_the_queue(desk: Desk, waiting: Conversation) -> None:
    status, body = await desk.get("/conversations")
    assert status == 200
    [summary] = body["conversations"]
    assert summary == {
        "id": waiting.id,
        "channel": "web",
        "account": None,
        "language": "en",
        "owner": "queue",
        "version": 2,
        "agent": None,
        "reason": "asked",
        "queued_at": summary["queued_at"],
        "unanswered_since": summary["unanswered_since"],
        "seen_seq": 0,
        "case": None,
        "last_message": summary["last_message"],
        "last_seq": 3,
        "write_until": None,
        "created_at": summary["created_at"],
    }
    assert summary["queued_at"].endswith("Z")
    assert summary["last_message"]["author"] == "system"
    assert body["counts"] == {"queue": 1, "mine": 0, "open": 1, "cases": 0, "overdue": 0}


async def test_a_snippet_is_short(desk: Desk, waiting: Conversation, hub: Hub) -> None:
    await say(hub, waiting.id, "x" * 5000)
    _, body = await desk.get("/conversations")
    assert len(body["conversations"][0]["last_message"]["text"]) <= 160


@both_databases
async def test_views_and_counts(
    desk: Desk, other_desk: Desk, hub: Hub, waiting: Conversation
) -> None:
    for name in ("bots", "mine", "theirs", "closed"):
        await say(hub, name, "hello")
    await desk.post("/conversations/mine/claim", {"version": 1})
    await other_desk.post("/conversations/theirs/claim", {"version": 1})
    await desk.post("/conversations/closed/resolve", {"version": 1})
    counts = {"queue": 1, "mine": 1, "open": 3, "cases": 0, "overdue": 0}
    assert await desk.listed("queue") == (["waiting"], counts)
    assert await desk.listed("mine") == (["mine"], counts)
    assert await other_desk.listed("mine") == (["theirs"], counts)
    found, _ = await desk.listed("open")
    assert found[0] == "waiting"
    assert set(found) == {"waiting", "mine", "theirs"}
    found, _ = await desk.listed("all")
    assert set(found) == {"waiting", "mine", "theirs", "bots", "closed"}
    assert (await desk.get("/conversations?view=mad"))[0] == 422


async def test_claiming_what_somebody_else_has(
    desk: Desk, other_desk: Desk, waiting: Conversation
) -> None:
    path = f"/conversations/{waiting.id}/claim"
    status, body = await desk.post(path, {"version": 2})
    assert (status, body["conversation"]["agent"]) == (200, "Linh")
    assert (await desk.post(path, {"version": 2}))[0] == 200, "asked twice, done once"
    status, body = await other_desk.post(path, {"version": 2})
    assert (status, body["error"]["code"]) == (409, "conflict")
    assert body["conversation"]["agent"] == "Linh"
    assert body["conversation"]["version"] == 3
    assert body["conversation"]["owner"] == "human"


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("claim", {"version": 2}),
        ("release", {"version": 3}),
        ("release", {"version": 2}),
        ("resolve", {"version": 3}),
        ("resolve", {"version": 2}),
        ("messages", {"echo_id": "e", "text": "mine"}),
    ],
)
async def test_a_conflict_tells_who_has_it(
    desk: Desk, other_desk: Desk, waiting: Conversation, action: str, body: dict[str, Any]
) -> None:
    _, claimed = await desk.post(f"/conversations/{waiting.id}/claim", {"version": 2})
    status, refused = await other_desk.post(f"/conversations/{waiting.id}/{action}", body)
    assert (status, refused["error"]["code"]) == (409, "conflict")
    assert refused["conversation"] == claimed["conversation"]


async def test_a_reply_takes_over_and_is_sent_once(
    desk: Desk, other_desk: Desk, waiting: Conversation, hub: Hub, brain: FakeBrain
) -> None:
    path = f"/conversations/{waiting.id}/messages"
    status, body = await desk.post(path, {"echo_id": "r-1", "text": "Linh here"})
    assert status == 201
    assert body["message"]["agent"] == "Linh"
    assert body["message"]["echo_id"] == "r-1"
    again, repeated = await desk.post(path, {"echo_id": "r-1", "text": "Linh here"})
    assert (again, repeated) == (201, body)
    assert (await other_desk.post(path, {"echo_id": "r-1", "text": "me"}))[0] == 409
    messages = await say(hub, waiting.id, "hi Linh")
    authors = [m.author for m in messages]
    assert authors == ["customer", "bot", "system", "system", "agent", "customer"]
    assert len(brain.calls) == 1


async def test_two_agents_with_the_same_echo_id(
    desk: Desk, other_desk: Desk, waiting: Conversation
) -> None:
    path = f"/conversations/{waiting.id}"
    await desk.post(path + "/messages", {"echo_id": "r-1", "text": "Linh here"})
    await desk.post(path + "/release", {"version": 3})
    status, body = await other_desk.post(path + "/messages", {"echo_id": "r-1", "text": "me too"})
    assert (status, body["message"]["text"]) == (201, "me too")


async def test_a_note_stays_at_the_desk(
    desk: Desk, waiting: Conversation, hub: Hub, front: str, browser_of: Browsers
) -> None:
    path = f"/conversations/{waiting.id}"
    status, body = await desk.post(path + "/notes", {"text": "careful"})
    assert (status, body["message"]["author"]) == (201, "note")
    assert body["message"]["agent"] == "Linh"
    _, body = await desk.get(path)
    assert body["messages"][-1]["text"] == "careful"
    assert body["conversation"]["owner"] == "queue", "a note takes nothing over"
    assert body["conversation"]["last_message"]["author"] == "system"
    assert "careful" not in str(await hub.log.messages(waiting.id))


async def test_release_and_resolve(
    desk: Desk, other_desk: Desk, waiting: Conversation, hub: Hub, brain: FakeBrain
) -> None:
    path = f"/conversations/{waiting.id}"
    await desk.post(path + "/claim", {"version": 2})
    assert (await other_desk.post(path + "/release", {"version": 3}))[0] == 409
    status, body = await desk.post(path + "/release", {"version": 3})
    assert (status, body["conversation"]["owner"]) == (200, "queue")
    assert body["conversation"]["reason"] == "asked", "why people have it is not forgotten"
    await other_desk.post(path + "/claim", {"version": 4})
    assert (await other_desk.post(path + "/resolve", {"version": 4}))[0] == 409
    status, body = await other_desk.post(path + "/resolve", {"version": 5})
    assert (status, body["conversation"]["owner"]) == (200, "nobody")
    assert (await other_desk.post(path + "/resolve", {"version": 5}))[0] == 200
    messages = await say(hub, waiting.id, "thanks")
    assert messages[-1].text == "you said: thanks"
    assert brain.calls[-2] == ("reset", waiting.id)


async def test_what_an_agent_sees(desk: Desk, hub: Hub, brain: FakeBrain, linh: Agent) -> None:
    brain.script = [
        answer(
            "?",
            intent="faq/shipping_fee",
            proof={"order_number": "DH-20413", "level": "contact"},
            slots={"order_number": "DH-20413"},
            buttons=[{"title": "Yes", "payload": "/affirm"}],
        ),
        answer(
            "no",
            intent="inform",
            proof={"order_number": "DH-20413", "level": "contact"},
            commands=[{"type": "proof_failed", "order_number": "A"}],
        ),
    ]
    await say(hub, "c1", "one", "two")
    await desk.post("/conversations/c1/claim", {"version": 1})
    _, body = await desk.get("/conversations/c1")
    context = body["context"]
    assert context["intents"] == ["inform", "faq/shipping_fee"]
    assert context["proof"] == {"order_number": "DH-20413", "level": "contact"}
    assert context["failed_proofs"] == 1
    assert context["position"] is None
    [change] = context["history"]
    assert change == {
        "at": change["at"],
        "from": "bot",
        "to": "human",
        "reason": "claim",
        "who": "Linh",
    }
    assert change["at"].endswith("Z")
    assert body["messages"][1]["buttons"][0].keys() == {"id", "title"}
    assert "payload" not in json.dumps(body)


async def test_what_is_known_of_one_who_was_helped(
    desk: Desk, hub: Hub, waiting: Conversation, case: Case
) -> None:
    path = f"/conversations/{waiting.id}"
    _, body = await desk.get(path)
    assert body["context"]["position"] == 1
    assert body["conversation"]["case"] == case.reference
    assert [one["reference"] for one in body["context"]["cases"]] == [case.reference]
    assert body["context"]["cases"][0]["phone"] == "0901234567"
    await desk.post(path + "/claim", {"version": 2})
    await desk.post(path + "/resolve", {"version": 3})
    await hub.rate(waiting.id, 5, "thanks")
    _, body = await desk.get(path)
    [rating] = body["context"]["ratings"]
    assert (rating["stars"], rating["comment"]) == (5, "thanks")


async def test_messages_after_one(desk: Desk, hub: Hub, waiting: Conversation, linh: Agent) -> None:
    await hub.note(waiting.id, linh, "careful")
    path = f"/conversations/{waiting.id}/messages"
    status, body = await desk.get(path)
    assert status == 200
    assert [m["seq"] for m in body["messages"]] == [1, 2, 3, 4]
    _, body = await desk.get(path + "?after=2")
    assert [m["author"] for m in body["messages"]] == ["system", "note"]
    status, body = await desk.get(path + "?after=no")
    assert (status, body["error"]["field"]) == (422, "after")


async def test_the_end_of_a_long_conversation_is_seen(desk: Desk, hub: Hub) -> None:
    await long_history(hub, "long", 620)
    _, body = await desk.get("/conversations/long")
    assert [m["seq"] for m in body["messages"]] == list(range(1, 621))
    _, body = await desk.get("/conversations/long/messages?after=10")
    assert [m["seq"] for m in body["messages"]] == list(range(11, 511))


async def test_a_callback_is_listed_in_the_queue(
    desk: Desk, hub: Hub, brain: FakeBrain, agents: Agents, linh: Agent
) -> None:
    """Nobody was there: the bot has the conversation, and people owe the customer a call."""
    await agents.left(linh.id)
    brain.script = [HAND_OVER]
    await say(hub, "called", "a person please")
    [case] = await hub.cases.find(kind="callback")
    _, body = await desk.get("/conversations?view=queue")
    [summary] = body["conversations"]
    assert (summary["id"], summary["owner"]) == ("called", "bot")
    assert summary["case"] == case.reference
    assert body["counts"] == {"queue": 1, "mine": 0, "open": 0, "cases": 1, "overdue": 0}


async def test_the_case_that_is_due_first_is_named(
    desk: Desk, hub: Hub, waiting: Conversation, case: Case, linh: Agent
) -> None:
    about = Request("callback", "another", "call back", waiting.id)  # due earlier
    callback = await hub.cases.open(about, linh)
    assert callback.due_at < case.due_at
    _, listed = await desk.get("/conversations")
    _, detail = await desk.get(f"/conversations/{waiting.id}")
    assert listed["conversations"] == [detail["conversation"]]
    assert listed["conversations"][0]["case"] == callback.reference


async def test_a_long_list_costs_no_more_queries(
    desk: Desk, hub: Hub, brain: FakeBrain, linh: Agent
) -> None:
    statements: list[str] = []

    def count(_c: Any, _k: Any, statement: str, *rest: Any) -> None:
        statements.append(statement)

    sa.event.listen(hub.log._database._engine, "before_cursor_execute", count)
    costs = []
    for number in range(6):
        await say(hub, f"c{number}", "hello")
        about = Request("complaint", f"r{number}", "x", f"c{number}")
        await hub.cases.open(about, linh)
        statements.clear()
        _, body = await desk.get("/conversations?view=all")
        assert len(body["conversations"]) == number + 1
        costs.append(len(statements))
    sa.event.remove(hub.log._database._engine, "before_cursor_execute", count)
    assert len(set(costs)) == 1


async def test_typing_is_shown_to_the_customer(desk: Desk, hub: Hub, waiting: Conversation) -> None:
    with hub.bus.listen(waiting.id) as news:
        assert (await desk.post(f"/conversations/{waiting.id}/typing"))[0] == 200
        assert news.get_nowait().data == {"on": True, "author": "agent"}


async def test_an_agent_who_comes_during_a_turn(desk: Desk, hub: Hub, brain: FakeBrain) -> None:
    slow = Held(answer("Done, cancelled."))
    brain.script = [slow]
    await hub.receive(Arrival("c1", "web", "web:1", "cancel", None, "en"))
    await slow.began.wait()
    await desk.post("/conversations/c1/claim", {"version": 1})
    slow.go.set()
    await handled(hub)
    _, body = await desk.get("/conversations/c1")
    assert [m["author"] for m in body["messages"]] == ["customer", "system", "note"]
    assert body["messages"][-1]["text"].endswith("Done, cancelled.")
