"""What open desks are told, and who counts as there."""

from __future__ import annotations

from typing import Any

import pytest

from myna import web
from myna.desk.live import Reader
from myna.desk.views import Views
from myna.hub.agents import Agents
from myna.hub.bus import EVERYTHING, RESYNC, News
from myna.hub.cases import Case
from myna.hub.hub import Hub
from myna.hub.model import Agent, Conversation
from tests.clients import Browsers, Desk, long_history
from tests.desk.conftest import HAND_OVER
from tests.helpers import Clock, FakeBrain, answer, say, until


async def test_live(desk: Desk, hub: Hub, brain: FakeBrain, linh: Agent, staffed: None) -> None:
    brain.script = [answer("ok", buttons=[{"title": "Yes", "payload": "/affirm"}]), HAND_OVER]
    async with desk.live() as live:
        counts = {"queue": 0, "mine": 0, "open": 0, "cases": 0, "overdue": 0}
        assert await live.next("counts", "agents") == counts, "the first of all"
        await say(hub, "c1", "hello")
        heard = [await live.next("message") for _ in range(2)]
        assert [h["conversation_id"] for h in heard] == ["c1"] * 2
        assert [h["message"]["text"] for h in heard] == ["hello", "ok"]
        await say(hub, "c1", "a person")
        while (summary := await live.next("conversation"))["owner"] != "queue":
            pass
        assert (summary["id"], summary["reason"]) == ("c1", "asked")
        await hub.note("c1", linh, "careful")
        while (heard_note := await live.next("message"))["message"]["author"] != "note":
            pass
        assert heard_note["message"]["text"] == "careful"
        summary = await live.next("conversation")
        assert summary["last_message"]["author"] == "system", "as in the list"
        assert "payload" not in live.raw


async def test_typing_both_ways(desk: Desk, hub: Hub, waiting: Conversation) -> None:
    async with desk.live() as live:
        await live.next("agents")
        for author in ("customer", "agent"):
            hub.types(waiting.id, author)
            typing = await live.next("typing")
            assert typing == {"conversation_id": waiting.id, "author": author, "on": True}


async def test_cases_are_told(desk: Desk, hub: Hub, case: Case) -> None:
    async with desk.live() as live:
        await live.next("agents")
        await desk.patch(f"/cases/{case.reference}", {"version": 1, "state": "waiting"})
        assert (await live.next("case"))["case"]["state"] == "waiting"
        await desk.post(f"/cases/{case.reference}/comments", {"text": "called"})
        assert (await live.next("case"))["case"]["reference"] == case.reference
        new = {"kind": "repair", "summary": "x", "request_id": "r"}
        _, opened = await desk.post("/cases", new)
        assert (await live.next("case"))["case"] == opened["case"]


async def test_a_reminder_is_for_the_one_who_has_the_conversation(
    desk: Desk, other_desk: Desk, hub: Hub, waiting: Conversation, linh: Agent
) -> None:
    await hub.claim(waiting.id, linh, 2)
    async with desk.live() as live, other_desk.live() as others:
        await live.next("agents")
        await others.next("agents")
        hub.bus.publish(News("nudge", waiting.id, {"agent_id": linh.id}))
        assert await live.next("nudge") == {"conversation_id": waiting.id}
        hub.types(waiting.id, "customer")
        assert (await others.next("nudge", "typing"))["author"] == "customer"


async def test_the_messages_of_one_conversation_are_made_up_for(
    desk: Desk, hub: Hub, linh: Agent
) -> None:
    await long_history(hub, "long", 620)
    await hub.note("long", linh, "a note")
    query = {"conversation": "long", "after": 5}
    async with desk.live(params=query) as live:
        assert (await live.next("counts", "message"))["open"] == 0
        seqs = [m["message"]["seq"] for m in await live.messages(616)]
        assert seqs == list(range(6, 622))
        await hub.note("long", linh, "one more")
        await say(hub, "other", "hello")
        assert (await live.next("message"))["message"]["text"] == "one more"
        ids = [given for kind, _, given in live.seen if kind == "message"]
        assert ids == [str(seq) for seq in range(6, 623)]
        assert (await live.next("message"))["conversation_id"] == "other"
        assert live.seen[-1][2] is None, "the id is the followed conversation's alone"
    async with desk.live(params=query, headers={"Last-Event-ID": "621"}) as live:
        assert (await live.next("message"))["message"]["seq"] == 622


async def test_nothing_is_lost_when_news_are(desk: Desk, hub: Hub, linh: Agent) -> None:
    await say(hub, "c1", "hello")
    async with desk.live(params={"conversation": "c1", "after": 2}) as live:
        await live.next("agents")
        await hub.care.note("c1", linh, "told to nobody")
        hub.bus.publish(RESYNC)
        assert await live.next("resync", "message") == {}
        assert (await live.next("message"))["message"]["text"] == "told to nobody"


@pytest.mark.parametrize("query", ["conversation=a%20b", "conversation=%00", "after=x", "after=-1"])
async def test_a_senseless_place_to_go_on_from(desk: Desk, query: str) -> None:
    status, body = await desk.get(f"/events?{query}")
    assert (status, body["error"]["field"]) == (422, query.partition("=")[0])


async def test_a_conversation_that_is_not_there_brings_nothing(desk: Desk) -> None:
    async with desk.live(params={"conversation": "nowhere"}) as live:
        await live.next("agents")


async def test_what_news_are_about_is_read_once_for_all_desks(
    hub: Hub, agents: Agents, monkeypatch: pytest.MonkeyPatch
) -> None:
    await say(hub, "c1", "hello")
    reads = 0
    summary = Views.summary

    async def counted(views: Views, conversation_id: str) -> dict[str, Any]:
        nonlocal reads
        reads += 1
        return await summary(views, conversation_id)

    monkeypatch.setattr(Views, "summary", counted)
    reader = Reader(hub, Views(hub, agents))
    first, second = News("conversation", "c1"), News("conversation", "c1")
    told = [await reader.event(news) for news in (first, first, second, first)]
    assert reads == 2
    assert all(event == told[0] for event in told)


# --- who is there


async def test_an_open_desk_is_a_sign_of_life(
    desk: Desk, other_desk: Desk, agents: Agents, clock: Clock
) -> None:
    assert await desk.team() == {"Linh": "gone", "Aisyah": "gone"}
    async with other_desk.live() as live:
        await live.next("agents")
        async with desk.live():
            told = await live.next("agents")
            assert {a["name"]: a["state"] for a in told["agents"]} == {
                "Linh": "there",
                "Aisyah": "there",
            }
    clock.go_on(seconds=89)
    assert await desk.team() == {"Linh": "there", "Aisyah": "there"}, "a page may be loading anew"
    clock.go_on(seconds=2)
    assert await desk.team() == {"Linh": "gone", "Aisyah": "gone"}


async def test_an_open_desk_stays_alive(
    desk: Desk, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "HEARTBEAT_SECONDS", 0.02)

    async def there() -> bool:
        return (await desk.team())["Linh"] == "there"

    async with desk.live() as live:
        await live.next("agents")
        for _ in range(3):
            clock.go_on(seconds=100)
            await until(there)


async def test_news_in_plenty_do_not_keep_signs_of_life_away(
    desk: Desk, hub: Hub, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "HEARTBEAT_SECONDS", 0.05)

    async def there() -> bool:
        hub.types("c1", "customer")
        return (await desk.team())["Linh"] == "there"

    async with desk.live() as live:
        await live.next("agents")
        clock.go_on(seconds=100)
        await until(there)


async def test_log_out_ends_the_stream_and_the_presence_at_once(
    desk: Desk, other_desk: Desk, hub: Hub
) -> None:
    async with desk.live() as live, other_desk.live() as others:
        await live.next("agents")
        while (told := await others.next("agents"))["agents"][1]["state"] != "there":
            pass
        await desk.post("/logout")
        told = await others.next("agents")
        assert [(a["name"], a["state"]) for a in told["agents"]] == [
            ("Aisyah", "there"),
            ("Linh", "gone"),
        ]
        with pytest.raises(EOFError):
            await live.next("message")
        await say(hub, "c1", "a secret")
        assert "secret" not in live.raw


async def test_log_out_at_one_of_two_desks(
    desk: Desk, front: str, browser_of: Browsers, agents: Agents
) -> None:
    phone = Desk(front, browser_of())
    await phone.log_in()
    async with desk.live() as live:
        await live.next("agents")
        await phone.post("/logout")

        async def there() -> bool:
            return (await desk.team())["Linh"] == "there"

        await until(there)


async def test_a_session_that_is_over_ends_the_stream(
    desk: Desk, agents: Agents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "HEARTBEAT_SECONDS", 0.05)
    [cookie] = desk.http.cookie_jar
    async with desk.live() as live:
        await live.next("agents")
        await agents.log_out(cookie.value)
        with pytest.raises(EOFError):
            await live.next("message")


async def test_away(desk: Desk, other_desk: Desk, hub: Hub, brain: FakeBrain) -> None:
    async with desk.live() as live:
        await live.next("agents")
        status, body = await desk.post("/me/presence", {"away": True})
        assert (status, body["agent"]["away"]) == (200, True)
        told = await live.next("agents")
        assert told["agents"][1]["state"] == "away"
        assert (await desk.get("/me"))[1]["away"] is True
        brain.script = [HAND_OVER]
        await say(hub, "c1", "a person please")
        assert (await hub.log.conversation("c1")).owner == "bot", "nobody is there"
        await desk.post("/me/presence", {"away": False})
        assert await other_desk.team() == {"Linh": "there", "Aisyah": "gone"}
        brain.script = [HAND_OVER]
        await say(hub, "c2", "a person please")
        assert (await hub.log.conversation("c2")).owner == "queue"
    for wrong in ({}, {"away": 1}, {"away": None}, {"away": "true"}):
        assert (await desk.post("/me/presence", wrong))[0] == 422


async def test_who_has_how_many(desk: Desk, hub: Hub, waiting: Conversation, linh: Agent) -> None:
    await hub.claim(waiting.id, linh, 2)
    _, body = await desk.get("/agents")
    [agent] = body["agents"]
    assert (agent["name"], agent["open"]) == ("Linh", 1)
    assert agent.keys() == {"id", "login", "name", "state", "seen_at", "open"}


async def test_a_page_that_went_away_leaves_nothing_behind(desk: Desk, hub: Hub) -> None:
    async with desk.live():
        assert EVERYTHING in hub.bus._listeners

    async def forgotten() -> bool:
        return not hub.bus._listeners

    await until(forgotten)
