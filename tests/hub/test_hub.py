"""The hub's service with a brain that answers, is slow, fails and hands over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from myna.database import Database
from myna.hub import hub as module
from myna.hub import schema
from myna.hub.brain import BrainUnavailable, Separate
from myna.hub.bus import News
from myna.hub.caretaker import Caretaker
from myna.hub.house import House
from myna.hub.hub import Hub
from myna.hub.log import Log
from myna.hub.model import Agent, Arrival, Conversation, HubError, Message
from myna.hub.thread import LEASE
from myna.texts import Catalogue
from tests.helpers import (
    Clock,
    FakeBrain,
    Held,
    adapted,
    answer,
    both_databases,
    handled,
    say,
    until,
)
from tests.hub.moves import HAND_OVER, rows, spoken, write

ASKED = answer("ok", commands=[HAND_OVER])


async def receive(
    hub: Hub, text: str, *, to: str = "c1", echo_id: str = "", button: str | None = None
) -> tuple[Message, bool]:
    """A message comes in; its text is its id unless another is given."""
    return await hub.receive(Arrival(to, "web", f"web:{echo_id or text}", text, button, "en"))


def idle(hub: Hub) -> Callable[[], Awaitable[bool]]:
    """Whether no turn of any conversation is being run."""

    async def ends() -> bool:
        return not hub._workers

    return ends


async def pressed(hub: Hub, title: str, to: str = "c1") -> list[Message]:
    """The customer presses the newest button of this title; the whole log afterwards."""
    messages = await hub.log.messages(to)
    button = [b["id"] for m in messages for b in m.buttons if b["title"] == title][-1]
    await receive(hub, "", to=to, echo_id=f"press-{len(messages)}", button=button)
    await handled(hub)
    return await hub.log.messages(to)


# --- turns


async def test_a_turn(hub: Hub, brain: FakeBrain) -> None:
    assert spoken(await say(hub, "c1", "hello")) == [
        ("customer", "hello"),
        ("bot", "you said: hello"),
    ]
    assert brain.requests == [
        {
            "conversation": "c1",
            "message": "c1:1",
            "text": "hello",
            "parts": [],
            "choice": None,
            "language": "en",
            "customer": {
                "channel": "web",
                "proof": None,
                "failed_proofs": 0,
                "locked_orders": [],
                "people_available": False,
            },
        }
    ]


async def test_the_brain_learns_language_and_proof_from_the_hub(hub: Hub, brain: FakeBrain) -> None:
    await hub.open("c1", "web", None)
    proof: Any = {"order_number": "MY-10482", "level": "contact"}
    brain.script = [answer("salam", language="ms", proof=proof)]
    await say(hub, "c1", "salam", "lagi")
    assert [request["language"] for request in brain.requests] == [None, "ms"]
    assert brain.requests[1]["customer"]["proof"] == proof


@pytest.mark.usefixtures("staffed")
async def test_the_brain_learns_that_people_are_there(hub: Hub, brain: FakeBrain) -> None:
    await say(hub, "c1", "hello")
    assert brain.requests[0]["customer"]["people_available"]


async def test_a_choice_is_vouched_for(hub: Hub, brain: FakeBrain) -> None:
    brain.script = [answer("?", buttons=[{"title": "Yes", "payload": '/x{"a": "b"}'}])]
    await say(hub, "c1", "cancel")
    await pressed(hub, "Yes")
    assert (brain.requests[1]["text"], brain.requests[1]["parts"]) == (None, [])
    assert brain.requests[1]["choice"] == {"payload": '/x{"a": "b"}', "title": "Yes"}


async def test_turns_of_one_conversation_are_in_order_others_beside(
    hub: Hub, brain: FakeBrain
) -> None:
    slow = Held(answer("slow"))
    brain.script = [slow]
    await receive(hub, "one")
    await slow.began.wait()
    await receive(hub, "two")
    await receive(hub, "quick", to="c2")

    async def answered() -> bool:
        return len(await hub.log.messages("c2")) == 2

    await until(answered)
    assert len(brain.calls) == 2, "the second message waits for the first"
    slow.go.set()
    await handled(hub)
    assert spoken(await hub.log.messages("c1"))[2:] == [("bot", "slow"), ("bot", "you said: two")]


async def test_many_customers_at_once(hub: Hub, brain: FakeBrain) -> None:
    async def customer(number: int) -> list[str]:
        lines = await say(hub, f"c{number}", *(f"{number}/{turn}" for turn in range(3)))
        return [text for author, text in spoken(lines) if author == "bot"]

    for number, said in enumerate(await asyncio.gather(*(customer(n) for n in range(15)))):
        assert said == [f"you said: {number}/{turn}" for turn in range(3)]


async def test_a_few_turns_at_once_are_enough(hub: Hub, brain: FakeBrain) -> None:
    """More would only make each other slow."""
    slow = [Held(answer("hi")) for _ in range(20)]
    brain.script = list(slow)
    for number in range(20):
        await receive(hub, "hello", to=f"c{number}")

    async def began() -> bool:
        return len(brain.calls) >= module._TURNS_AT_ONCE

    await until(began)
    await asyncio.sleep(0.05)
    assert len(brain.calls) == module._TURNS_AT_ONCE
    for each in slow:
        each.go.set()
    await handled(hub)
    assert len(brain.calls) == 20


async def test_a_repeated_message_is_one_turn(hub: Hub, brain: FakeBrain) -> None:
    first, new = await receive(hub, "hello")
    again, new_again = await receive(hub, "hello")
    await handled(hub)
    assert (new, new_again) == (True, False)
    assert first.seq == again.seq
    assert len(brain.calls) == 1


# --- bursts


async def burst(hub: Hub, brain: FakeBrain, *texts: str) -> list[list[str]]:
    """The customer writes on while the first message is being answered; what the brain got."""
    slow = Held(answer("slow"))
    brain.script.insert(0, slow)
    await receive(hub, "first")
    await slow.began.wait()
    for text in texts:
        await receive(hub, text)
    slow.go.set()
    await handled(hub)
    return [request["parts"] or [request["text"] or ""] for request in brain.requests]


async def test_what_comes_during_a_turn_is_answered_together(hub: Hub, brain: FakeBrain) -> None:
    assert await burst(hub, brain, "two", "three", "four") == [["first"], ["two", "three", "four"]]
    assert brain.requests[1]["text"] == "two\nthree\nfour"
    assert brain.requests[1]["message"] == "c1:2"
    assert spoken(await hub.log.messages("c1"))[4:] == [
        ("bot", "slow"),
        ("bot", "you said: two\nthree\nfour"),
    ]


async def test_one_message_is_no_burst(hub: Hub, brain: FakeBrain) -> None:
    assert await burst(hub, brain, "two") == [["first"], ["two"]]
    assert brain.requests[1]["parts"] == []


async def test_who_is_still_writing_is_waited_for(
    database: Database, brain: FakeBrain, catalogue: Catalogue
) -> None:
    hub = Hub(database, adapted(catalogue, limits={"gather_milliseconds": 900}), brain)
    slow = Held(answer("slow"))
    brain.script = [slow]
    await receive(hub, "one")
    await slow.began.wait()
    await receive(hub, "two")
    slow.go.set()
    for text in ("three", "four"):
        await asyncio.sleep(0.2)
        assert len(brain.calls) == 1
        await receive(hub, text)
    await handled(hub)
    assert brain.requests[1]["parts"] == ["two", "three", "four"]
    await hub.stop()


async def test_nobody_is_waited_for_without_end(
    database: Database,
    brain: FakeBrain,
    catalogue: Catalogue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_LONGEST_GATHERING", 0.3)
    hub = Hub(database, adapted(catalogue, limits={"gather_milliseconds": 200}), brain)
    slow = Held(answer("slow"))
    brain.script = [slow]
    await receive(hub, "first")
    await slow.began.wait()
    await receive(hub, "0")
    slow.go.set()
    for number in range(1, 12):
        await asyncio.sleep(0.1)
        await receive(hub, str(number))
    await handled(hub)
    assert len(brain.requests[1]["parts"]) < 8
    written = [part for r in brain.requests[1:] for part in r["parts"] or [r["text"] or ""]]
    assert written == [str(number) for number in range(12)], "all of them, in order"
    await hub.stop()


async def test_a_clock_that_was_set_back_keeps_nobody_waiting(
    hub: Hub, brain: FakeBrain, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LONGEST_GATHERING", 0.3)
    slow = Held(answer("slow"))
    brain.script = [slow]
    await receive(hub, "one")
    await slow.began.wait()
    await receive(hub, "two")
    clock.go_on(hours=-1)
    slow.go.set()
    await handled(hub, 2)
    assert len(brain.calls) == 2


async def test_choices_and_long_messages_stay_apart(hub: Hub, brain: FakeBrain) -> None:
    brain.script = [answer("?", buttons=[{"title": "Yes", "payload": "/affirm"}])]
    await say(hub, "c1", "cancel")
    button = (await hub.log.messages("c1"))[1].buttons[0]["id"]
    slow = Held(answer("slow"))
    brain.script = [slow]
    await receive(hub, "first")
    await slow.began.wait()
    await receive(hub, "two")
    await receive(hub, "three")
    await receive(hub, "", echo_id="yes", button=button)
    await receive(hub, "four")
    await receive(hub, "á" * 2001, echo_id="long")
    await receive(hub, "five")
    slow.go.set()
    await handled(hub)
    given = [request["text"] or request["choice"] for request in brain.requests[2:]]
    assert given == ["two\nthree", {"payload": "/affirm", "title": "Yes"}, "four", "five"]
    responses = [message.response for message in await hub.log.messages("c1")]
    assert responses.count("utter_message_too_long") == 1


async def test_different_matters_are_asked_one_by_one(hub: Hub, brain: FakeBrain) -> None:
    brain.script = [Separate()]
    asked = await burst(hub, brain, "where is my order", "do you have lamps")
    both = ["where is my order", "do you have lamps"]
    assert asked == [["first"], both, both[:1], both[1:]]
    assert [request["message"] for request in brain.requests] == ["c1:1", "c1:2", "c1:2", "c1:3"]
    assert [author for author, _ in spoken(await hub.log.messages("c1"))][3:] == ["bot"] * 3


async def test_a_crash_between_gathering_and_answering(
    hub: Hub, brain: FakeBrain, database: Database, house: House
) -> None:
    slow, dying = Held(answer("slow")), Held(answer("never told"))
    brain.script = [slow, dying]
    await receive(hub, "one")
    await slow.began.wait()
    for text in ("two", "three"):
        await receive(hub, text)
    slow.go.set()
    await dying.began.wait()
    await receive(hub, "four")
    await hub.stop()
    successor = Hub(database, house, brain)
    await successor.start()
    await handled(successor)
    await successor.stop()
    assert brain.requests[1] == brain.requests[2], "the same turn again, with the same id"
    assert brain.requests[2]["parts"] == ["two", "three"]
    assert brain.requests[3]["text"] == "four"


async def test_a_fault_between_gathering_and_answering(
    hub: Hub, brain: FakeBrain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes before the second try does not get into a turn that the brain knows already."""
    quick_pauses(monkeypatch, 0.2)
    slow = Held(answer("slow"))
    brain.script = [slow, OSError("disk")]
    await receive(hub, "one")
    await slow.began.wait()
    await receive(hub, "two")
    slow.go.set()

    async def failed() -> bool:
        return len(brain.calls) == 2

    await until(failed)
    await receive(hub, "three")
    await handled(hub)
    assert [request["text"] for request in brain.requests] == ["one", "two", "two", "three"]


# --- people


async def test_people_are_not_talked_over(hub: Hub, brain: FakeBrain, linh: Agent) -> None:
    failed: Any = {"type": "proof_failed", "order_number": "A"}
    slow = Held(answer("Done, cancelled.", commands=[failed]))
    brain.script = [slow]
    await receive(hub, "cancel it")
    await slow.began.wait()
    await receive(hub, "quick!")
    await hub.claim("c1", linh, 1)
    slow.go.set()
    await handled(hub)
    messages = await hub.log.messages("c1", notes=True)
    assert [author for author, _ in spoken(messages)] == ["customer", "customer", "system", "note"]
    assert messages[-1].text.endswith("\nDone, cancelled.")
    assert "cancelled" not in str(await hub.log.messages("c1"))
    assert len(brain.calls) == 1, "the second message belongs to the agent"
    assert (await hub.log.context("c1"))["failed_proofs"] == 1


@pytest.mark.usefixtures("staffed")
async def test_hand_over_and_waiting(hub: Hub, brain: FakeBrain, linh: Agent) -> None:
    slow = Held(ASKED)
    brain.script = [slow]
    for text in ("a person please", "hello?", "anyone?"):
        await receive(hub, text)
    slow.go.set()
    await handled(hub)
    assert spoken(await hub.log.messages("c1"))[1:] == [
        ("customer", "hello?"),
        ("customer", "anyone?"),
        ("bot", "ok"),
        ("system", "utter_handed_over_first"),
        ("system", "utter_still_waiting"),
    ]
    assert len(brain.calls) == 1
    version = (await hub.log.conversation("c1")).version
    await hub.claim("c1", linh, version)
    assert spoken(await say(hub, "c1", "there you are"))[-1][0] == "customer"
    await hub.release("c1", linh, version + 1)
    messages = await say(hub, "c1", "gone?", "hm")
    notices = [name for _, name in spoken(messages) if name == "utter_still_waiting"]
    assert len(notices) == 2, "once in each stretch of waiting"
    assert len(brain.calls) == 1


async def test_where_nobody_is_there_the_bot_goes_on(hub: Hub, brain: FakeBrain) -> None:
    brain.script = [ASKED]
    messages = await say(hub, "c1", "a person please", "then tell me the price")
    assert spoken(messages)[1:] == [
        ("bot", "ok"),
        ("system", "utter_left_for_people"),
        ("customer", "then tell me the price"),
        ("bot", "you said: then tell me the price"),
    ]


async def test_after_people_the_brain_begins_anew(hub: Hub, brain: FakeBrain, linh: Agent) -> None:
    await say(hub, "c1", "hello")
    await hub.reply("c1", linh, "desk:a", "I'm Linh")
    await say(hub, "c1", "hi Linh")
    owned = await hub.log.conversation("c1")
    await hub.resolve("c1", linh, owned.version)
    messages = await say(hub, "c1", "thanks", "and another thing")
    assert [text for author, text in spoken(messages) if author == "bot"][1:] == [
        "you said: thanks",
        "you said: and another thing",
    ]
    seqs = [m.seq for m in messages if m.author == "customer"]
    assert brain.calls == [
        ("turn", f"c1:{seqs[0]}"),
        ("reset", "c1"),
        ("turn", f"c1:{seqs[2]}"),
        ("turn", f"c1:{seqs[3]}"),
    ]


async def test_a_reset_that_failed_is_still_due(hub: Hub, brain: FakeBrain, linh: Agent) -> None:
    await say(hub, "c1", "hello")
    await hub.resolve("c1", linh, 1)
    brain.alive = False
    await say(hub, "c1", "again")
    assert brain.calls[-1] == ("reset", "c1"), "no turn without it"
    brain.alive = True
    await say(hub, "c1", "and again")
    assert [call for call, _ in brain.calls] == ["turn", "reset", "reset", "turn"]


# --- the hub's own buttons


@pytest.mark.usefixtures("staffed")
async def test_back_to_the_bot(hub: Hub, brain: FakeBrain, house: House) -> None:
    brain.script = [ASKED]
    await say(hub, "c1", "a person please")
    messages = await pressed(hub, house.word("back_to_bot", "en"))
    assert spoken(messages)[-1] == ("system", "utter_back_to_bot")
    assert spoken(await say(hub, "c1", "hi"))[-1] == ("bot", "you said: hi")
    assert [call for call, _ in brain.calls] == ["turn", "reset", "turn"]


async def test_rating_and_whether_it_is_solved(
    hub: Hub, brain: FakeBrain, linh: Agent, database: Database, clock: Clock, house: House
) -> None:
    await say(hub, "c1", "hello")
    taken = await hub.reply("c1", linh, "desk:a", "I'm Linh")
    await hub.resolve("c1", linh, taken.conversation.version)
    assert spoken(await pressed(hub, "5"))[-1] == ("system", "utter_rating_thanks")
    assert [row.stars for row in await rows(database, schema.ratings)] == [5]
    assert (await hub.log.conversation("c1")).owner == "nobody"
    clock.go_on(hours=house.facts.service.follow_up_hours)
    await Caretaker(database, hub, brain).look()
    messages = await pressed(hub, house.word("not_solved", "en"))
    assert spoken(messages)[-2:] == [
        ("system", "utter_reopened"),
        ("system", "utter_left_for_people"),
    ]
    assert len(brain.calls) == 1, "the brain is not asked"


async def test_a_comment_on_a_rating(
    hub: Hub, brain: FakeBrain, linh: Agent, database: Database
) -> None:
    await say(hub, "c1", "hello")
    taken = await hub.claim("c1", linh, 1)
    await hub.resolve("c1", linh, taken.conversation.version)
    await hub.rate("c1", 2, "slow")
    assert [(r.stars, r.comment) for r in await rows(database, schema.ratings)] == [(2, "slow")]


# --- limits


async def test_too_many_unanswered_messages(
    database: Database, brain: FakeBrain, catalogue: Catalogue
) -> None:
    hub = Hub(database, adapted(catalogue, limits={"waiting_messages": 3}), brain)
    slow = Held(answer("slow"))
    brain.script = [slow]
    for text in ("one", "two", "three"):
        await receive(hub, text)
    with pytest.raises(HubError) as fault:
        await receive(hub, "four")
    assert (fault.value.status, fault.value.code) == (429, "too_fast")
    assert fault.value.more["retry_after"] > 0
    await receive(hub, "another customer's", to="c2")
    slow.go.set()
    await handled(hub)
    assert (await receive(hub, "four"))[1]
    await handled(hub)
    await hub.stop()


async def test_too_many_customers(
    hub: Hub, brain: FakeBrain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who would be answered too late can be turned away at once."""
    slow = [Held(answer("hi")) for _ in range(3)]
    brain.script = list(slow)
    for number in range(3):
        await receive(hub, "hello", to=f"c{number}")
    await hub.let_in("c1")
    monkeypatch.setattr(hub, "_turn_seconds", 50.0)
    with pytest.raises(HubError) as fault:
        await hub.let_in("c1")
    assert (fault.value.status, fault.value.code) == (429, "busy")
    backlog = 3 * 50.0 / module._TURNS_AT_ONCE
    assert fault.value.more["retry_after"] >= backlog - module._BACKLOG_SECONDS
    for each in slow:
        each.go.set()
    await handled(hub)
    await until(idle(hub))
    await hub.let_in("c1")


async def test_the_time_of_a_turn_is_measured(hub: Hub, brain: FakeBrain) -> None:
    async def slowly(request: object) -> Any:
        await asyncio.sleep(0.3)
        return answer("hi")

    before = hub._turn_seconds
    brain.script = [slowly]
    await say(hub, "c1", "hello")
    assert hub._turn_seconds > before


async def test_what_was_seen(hub: Hub) -> None:
    await say(hub, "c1", "hello")
    with hub.bus.listen("c1") as news:
        await hub.seen("c1", 2)
        assert news.get_nowait().kind == "conversation"
    assert (await hub.log.conversation("c1")).seen_seq == 2


# --- faults


@pytest.mark.parametrize("language", ["vi", "ms", "en"])
@pytest.mark.usefixtures("staffed")
async def test_a_dead_brain_is_no_silence(
    hub: Hub, brain: FakeBrain, catalogue: Catalogue, language: str
) -> None:
    brain.alive = False
    await hub.open("c1", "web", language)
    messages = await say(hub, "c1", "hello")
    said = ("utter_brain_unavailable", "utter_handed_over_first")
    expected = [("system", catalogue.render(name, language).text) for name in said]
    assert [(m.author, m.text) for m in messages[1:]] == expected
    after = await hub.log.conversation("c1")
    assert (after.owner, after.reason) == ("queue", "fault")


async def test_a_dead_brain_where_nobody_is_there(hub: Hub, brain: FakeBrain) -> None:
    brain.alive = False
    assert [name for _, name in spoken(await say(hub, "c1", "hello", "and?"))] == [
        "hello",
        "utter_brain_unavailable",
        "utter_left_for_people",
        "and?",
        "utter_brain_unavailable",
        "utter_left_for_people",
    ]
    brain.alive = True
    assert spoken(await say(hub, "c1", "again"))[-1] == ("bot", "you said: again")


async def test_a_brain_that_died_after_the_agent_came(
    hub: Hub, brain: FakeBrain, linh: Agent
) -> None:
    began, go = asyncio.Event(), asyncio.Event()

    async def dies(request: object) -> Any:
        began.set()
        await go.wait()
        raise BrainUnavailable("dead")

    brain.script = [dies]
    await receive(hub, "hello")
    await began.wait()
    await hub.claim("c1", linh, 1)
    go.set()
    await handled(hub)
    assert [m.response for m in await hub.log.messages("c1")] == [None, "utter_agent_joined"]
    after = await hub.log.conversation("c1")
    assert (after.agent, after.unanswered_at is not None) == ("Linh", True)


async def test_what_was_accepted_before_a_crash_is_taken_up(
    hub: Hub, brain: FakeBrain, log: Log, database: Database, house: House
) -> None:
    slow = Held(answer("never told"))
    brain.script = [slow]
    await receive(hub, "one")
    await slow.began.wait()
    await receive(hub, "two")
    await hub.stop()
    assert await log.with_pending() == ["c1"]
    successor = Hub(database, house, brain)
    await successor.start()
    await handled(successor)
    await successor.stop()
    assert spoken(await log.messages("c1"))[2:] == [
        ("bot", "you said: one"),
        ("bot", "you said: two"),
    ]
    assert brain.calls[0] == brain.calls[1], "the same message id again"


async def test_who_hangs_up_is_answered_all_the_same(hub: Hub, brain: FakeBrain) -> None:
    for number in range(20):
        task = asyncio.create_task(receive(hub, str(number), to=f"c{number}"))
        await asyncio.sleep(0.0003 * number)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await asyncio.sleep(0.1)
    await handled(hub)
    taken = [f"c{n}" for n in range(20) if await hub.log.find(f"c{n}")]
    assert len(taken) > 10
    for name in taken:
        assert len(await hub.log.messages(name)) == 2


def is_message(news: News, seq: int, author: str) -> bool:
    data = news.data or {}
    return news.kind == "message" and (data["seq"], data["author"]) == (seq, author)


async def test_who_watches_is_told_also_of_a_reply_whose_writer_has_hung_up(
    hub: Hub, linh: Agent
) -> None:
    await say(hub, "c1", "hello")
    with hub.bus.listen("c1") as news:
        task = asyncio.create_task(hub.reply("c1", linh, "desk:1", "I'm Linh"))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(5):
            while not is_message(await news.get(), 4, "agent"):
                pass


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("a\x00b", "a\ufffdb"),
        ("\ud83d", "\ufffd"),
        ("x \udce9 y", "x \ufffd y"),
        ("😀 nguyên vẹn", "😀 nguyên vẹn"),
    ],
)
async def test_what_nothing_can_store(
    hub: Hub, brain: FakeBrain, linh: Agent, given: str, stored: str
) -> None:
    messages = await say(hub, "c1", given)
    assert messages[0].text == stored
    assert brain.requests[0]["text"] == stored
    await hub.note("c1", linh, given)
    await hub.reply("c1", linh, "desk:a", given)
    messages = await hub.log.messages("c1", notes=True)
    assert [m.text for m in messages if m.author in ("note", "agent")] == [stored, stored]


@pytest.mark.parametrize(
    ("text", "response"),
    [
        ("", "utter_empty_message"),
        (" \n\t\u3000", "utter_empty_message"),
        ("á" * 2001, "utter_message_too_long"),
        ("á" * 10_000, "utter_message_too_long"),
    ],
)
async def test_what_the_brain_need_not_see(
    hub: Hub, brain: FakeBrain, text: str, response: str
) -> None:
    messages = await say(hub, "c1", text)
    assert spoken(messages)[1:] == [("bot", response)]
    assert messages[0].text == text, "it is kept"
    assert brain.calls == []
    assert (await hub.log.conversation("c1")).owner == "bot"


async def test_the_longest_message_that_the_brain_sees(hub: Hub, brain: FakeBrain) -> None:
    await say(hub, "c1", "á" * 2000)
    assert len(brain.calls) == 1


def quick_pauses(monkeypatch: pytest.MonkeyPatch, seconds: float = 0.01) -> None:
    """Faults of a worker are waited out in no time."""
    monkeypatch.setattr(module, "_PAUSE_SECONDS", seconds)


async def test_a_passing_fault_is_survived(
    hub: Hub, brain: FakeBrain, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick_pauses(monkeypatch)
    brain.script = [OSError("disk"), OSError("disk")]
    messages = await say(hub, "c1", "hello")
    assert spoken(messages) == [("customer", "hello"), ("bot", "you said: hello")]


@pytest.mark.usefixtures("staffed")
async def test_a_message_that_cannot_be_handled_is_no_silence(
    hub: Hub, brain: FakeBrain, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick_pauses(monkeypatch)
    brain.script = [ValueError("poison")] * 20
    messages = await say(hub, "c1", "hello")
    assert [name for _, name in spoken(messages)] == [
        "hello",
        "utter_brain_unavailable",
        "utter_handed_over_first",
    ]
    assert (await hub.log.conversation("c1")).owner == "queue"


async def test_a_locked_database_loses_nothing(
    hub: Hub, brain: FakeBrain, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick_pauses(monkeypatch)
    finish: Callable[..., Any] = hub.log.finish_turn
    faults = 2

    async def locked(*args: Any, **kwargs: Any) -> Any:
        nonlocal faults
        faults -= 1
        if faults >= 0:
            raise OSError("database is locked")
        return await finish(*args, **kwargs)

    monkeypatch.setattr(hub.log, "finish_turn", locked)
    messages = await say(hub, "c1", "hello")
    assert spoken(messages) == [("customer", "hello"), ("bot", "you said: hello")]
    assert len(set(brain.calls)) == 1, "the same turn, repeated"


# --- several processes on one database


@pytest.fixture
async def second(database_url: str, house: House, brain: FakeBrain) -> AsyncIterator[Hub]:
    """Another front server's hub on the same database, before the same brain."""
    database = Database(database_url)
    hub = Hub(database, house, brain, worker="second")
    yield hub
    await hub.stop()
    await database.close()


@both_databases
async def test_two_hubs_run_each_conversation_in_one(
    hub: Hub, second: Hub, brain: FakeBrain
) -> None:
    """Whichever of them a message comes to, each is answered once, in its order."""

    async def customer(number: int) -> None:
        for turn in range(6):
            where = (hub, second)[(number + turn) % 2]
            await receive(where, f"{number}/{turn}", to=f"c{number}")

    await asyncio.gather(*(customer(number) for number in range(6)))
    await handled(hub, 20)
    for number in range(6):
        messages = await hub.log.messages(f"c{number}")
        assert [m.seq for m in messages] == list(range(1, len(messages) + 1))
        said = [text for author, text in spoken(messages) if author == "bot"]
        answered = [part.removeprefix("you said: ") for text in said for part in text.split("\n")]
        assert answered == [f"{number}/{turn}" for turn in range(6)]
    assert len(brain.calls) == len(set(brain.calls)), "no turn was asked for twice"


@both_databases
async def test_a_dead_hubs_conversations_are_taken_up_after_the_lease(
    hub: Hub, second: Hub, brain: FakeBrain, clock: Clock, database: Database
) -> None:
    slow = Held(answer("never told"))
    brain.script = [slow]
    await receive(hub, "one")
    await slow.began.wait()
    await hub.stop()
    await receive(second, "two")
    await second.take_up("c1")
    await asyncio.sleep(0.05)
    assert len(brain.calls) == 1, "the first may only be slow"
    clock.go_on(seconds=LEASE.total_seconds() + 1)
    await Caretaker(database, second, brain).look()
    await handled(second)
    assert spoken(await second.log.messages("c1"))[2:] == [
        ("bot", "you said: one"),
        ("bot", "you said: two"),
    ]
    assert brain.calls[0] == brain.calls[1]


@both_databases
async def test_a_zombie_that_comes_back_writes_nothing(
    hub: Hub, second: Hub, brain: FakeBrain, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LONGEST_GATHERING", 0.1)  # the clock stands still
    slow = Held(answer("from the grave"))
    brain.script = [slow]
    await receive(hub, "one")
    await slow.began.wait()
    clock.go_on(seconds=LEASE.total_seconds() + 1)
    await receive(second, "two")
    await handled(second)
    before = await second.log.messages("c1", notes=True)
    slow.go.set()

    await until(idle(hub))
    assert await second.log.messages("c1", notes=True) == before
    assert spoken(before)[2:] == [("bot", "you said: one"), ("bot", "you said: two")]


# --- telling


async def test_who_watches_is_told(hub: Hub, brain: FakeBrain) -> None:
    with hub.bus.listen("c1") as news:
        await say(hub, "c1", "hello")
        heard: list[News] = []

        async def all_said() -> bool:
            while not news.empty():
                heard.append(news.get_nowait())
            told = [n for n in heard if n.kind == "message"]
            messages = await hub.log.messages("c1")
            return [n.data for n in told] == [message.public() for message in messages]

        await until(all_said)
        typing = [n.data["on"] for n in heard if n.kind == "typing" and n.data]
        assert typing == [True, False]
        hub.types("c1", "agent")
        assert news.get_nowait().data == {"on": True, "author": "agent"}


async def test_agents_are_told_of_a_case(hub: Hub, brain: FakeBrain) -> None:
    brain.script = [ASKED]
    with hub.bus.listen("c1") as news:
        await say(hub, "c1", "a person")
        heard = [news.get_nowait() for _ in range(news.qsize())]
    [case] = [n.data for n in heard if n.kind == "case"]
    assert case
    assert case["reference"] in (await hub.log.messages("c1"))[-1].text


async def test_typing_ends_also_when_the_brain_is_dead(hub: Hub, brain: FakeBrain) -> None:
    brain.alive = False
    with hub.bus.listen("c1") as news:
        await say(hub, "c1", "hello")
        await asyncio.sleep(0.02)
        heard = [news.get_nowait() for _ in range(news.qsize())]
        assert [n.data["on"] for n in heard if n.kind == "typing" and n.data] == [True, False]


async def test_a_language_chosen_while_the_brain_thinks(hub: Hub, brain: FakeBrain) -> None:
    slow = Held(answer("hi", language="en"))
    brain.script = [slow]
    await receive(hub, "hello")
    await slow.began.wait()
    conversation: Conversation = await hub.set_language("c1", "vi")
    assert conversation.language == "vi"
    slow.go.set()
    await handled(hub)
    assert (await hub.log.conversation("c1")).language == "vi"


async def test_what_is_written_by_others_is_not_woken_for(hub: Hub, brain: FakeBrain) -> None:
    """Another process runs the conversation's turns."""
    await write(hub.log, "one", worker="second")
    await receive(hub, "two")
    await asyncio.sleep(0.05)
    assert brain.calls == []


async def test_ready(hub: Hub, brain: FakeBrain) -> None:
    assert await hub.brain_ready()
    brain.alive = False
    assert not await hub.brain_ready()
