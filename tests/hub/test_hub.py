"""The hub's service with a brain that answers, is slow, fails and hands over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from myna.database import Database
from myna.hub.brain import BrainUnavailable
from myna.hub.bus import News
from myna.hub.hub import Hub
from myna.hub.log import Log
from myna.hub.model import Agent, Conversation, Message
from myna.texts import Catalogue
from tests.helpers import FakeBrain, Held, answer, handled, say, until

HAND_OVER = answer("ok", commands=[{"type": "hand_over", "reason": "asked"}])


@pytest.fixture
async def conversation(hub: Hub) -> Conversation:
    return await hub.open("web", "en")


def spoken(messages: list[Message]) -> list[tuple[str, str]]:
    """(author, name of the response, or the text where it is none)."""
    return [(message.author, message.response or message.text) for message in messages]


async def test_a_turn(hub: Hub, brain: FakeBrain, conversation: Conversation) -> None:
    messages = await say(hub, conversation.id, "hello")
    assert spoken(messages) == [("customer", "hello"), ("bot", "you said: hello")]
    assert brain.requests == [
        {
            "conversation": conversation.id,
            "message": f"{conversation.id}:1",
            "text": "hello",
            "choice": None,
            "language": "en",
            "customer": {
                "channel": "web",
                "proof": None,
                "failed_proofs": 0,
                "locked_orders": [],
            },
        }
    ]


async def test_the_brain_learns_language_and_proof_from_the_hub(hub: Hub, brain: FakeBrain) -> None:
    conversation = await hub.open("web", None)
    brain.script = [
        answer("salam", language="ms", proof={"order_number": "MY-10482", "level": "contact"})
    ]
    await say(hub, conversation.id, "salam", "lagi")
    assert [request["language"] for request in brain.requests] == [None, "ms"]
    assert brain.requests[1]["customer"]["proof"] == {
        "order_number": "MY-10482",
        "level": "contact",
    }


async def test_a_choice_is_vouched_for(
    hub: Hub, brain: FakeBrain, conversation: Conversation
) -> None:
    brain.script = [answer("?", buttons=[{"title": "Yes", "payload": '/x{"a": "b"}'}])]
    messages = await say(hub, conversation.id, "cancel")
    await hub.receive(conversation.id, "web:c", "ignored", messages[1].buttons[0]["id"])
    await handled(hub)
    assert brain.requests[1]["text"] is None
    assert brain.requests[1]["choice"] == {"payload": '/x{"a": "b"}', "title": "Yes"}


async def test_turns_of_one_conversation_are_in_order_others_beside(
    hub: Hub, brain: FakeBrain, conversation: Conversation
) -> None:
    other = await hub.open("web", "en")
    slow = Held(answer("slow"))
    brain.script = [slow]
    await hub.receive(conversation.id, "web:1", "one")
    await slow.began.wait()
    await hub.receive(conversation.id, "web:2", "two")
    await hub.receive(conversation.id, "web:3", "three")
    await hub.receive(other.id, "web:1", "quick")

    async def answered() -> bool:
        return len(await hub.log.messages(other.id)) == 2

    await until(answered)
    assert len(brain.calls) == 2, "the second message waits for the first"
    slow.go.set()
    await handled(hub)
    assert spoken(await hub.log.messages(conversation.id))[3:] == [
        ("bot", "slow"),
        ("bot", "you said: two"),
        ("bot", "you said: three"),
    ]


async def test_many_customers_at_once(hub: Hub, brain: FakeBrain) -> None:
    async def customer(number: int) -> list[tuple[str, str]]:
        conversation = await hub.open("web", "en")
        for turn in range(3):
            await hub.receive(conversation.id, f"web:{turn}", f"{number}/{turn}")
        await handled(hub, 20)
        return [line for line in spoken(await hub.log.messages(conversation.id))]

    for number, lines in enumerate(await asyncio.gather(*(customer(n) for n in range(15)))):
        bot = [text for author, text in lines if author == "bot"]
        assert bot == [f"you said: {number}/{turn}" for turn in range(3)]


async def test_a_repeated_message_is_one_turn(
    hub: Hub, brain: FakeBrain, conversation: Conversation
) -> None:
    first, new = await hub.receive(conversation.id, "web:1", "hello")
    again, new_again = await hub.receive(conversation.id, "web:1", "hello")
    await handled(hub)
    assert (new, new_again) == (True, False)
    assert first == again
    assert len(brain.calls) == 1


async def test_people_are_not_talked_over(
    hub: Hub, brain: FakeBrain, conversation: Conversation, linh: Agent
) -> None:
    slow = Held(
        answer("Done, cancelled.", commands=[{"type": "proof_failed", "order_number": "A"}])
    )
    brain.script = [slow]
    await hub.receive(conversation.id, "web:1", "cancel it")
    await slow.began.wait()
    await hub.receive(conversation.id, "web:2", "quick!")
    await hub.claim(conversation.id, linh, 1)
    slow.go.set()
    await handled(hub)
    messages = await hub.log.messages(conversation.id, notes=True)
    assert [author for author, _ in spoken(messages)] == ["customer", "customer", "system", "note"]
    assert messages[-1].text.endswith("\nDone, cancelled.")
    assert "cancelled" not in str(await hub.log.messages(conversation.id))
    assert len(brain.calls) == 1, "the second message belongs to the agent"
    assert (await hub.log.context(conversation.id))["failed_proofs"] == 1


async def test_hand_over_and_waiting(
    hub: Hub, brain: FakeBrain, conversation: Conversation, linh: Agent
) -> None:
    slow = Held(HAND_OVER)
    brain.script = [slow]
    for number, text in enumerate(("a person please", "hello?", "anyone?")):
        await hub.receive(conversation.id, f"web:{number}", text)
    slow.go.set()
    await handled(hub)
    messages = await hub.log.messages(conversation.id)
    assert spoken(messages[1:]) == [
        ("customer", "hello?"),
        ("customer", "anyone?"),
        ("bot", "ok"),
        ("system", "utter_handed_over"),
        ("system", "utter_still_waiting"),
    ]
    assert len(brain.calls) == 1
    version = (await hub.log.conversation(conversation.id)).version
    await hub.claim(conversation.id, linh, version)
    assert spoken(await say(hub, conversation.id, "there you are"))[-1][0] == "customer"
    await hub.release(conversation.id, linh, version + 1)
    messages = await say(hub, conversation.id, "gone?", "hm")
    notices = [name for _, name in spoken(messages) if name == "utter_still_waiting"]
    assert len(notices) == 2, "once in each stretch of waiting"
    assert len(brain.calls) == 1


async def test_after_people_the_brain_begins_anew(
    hub: Hub, brain: FakeBrain, conversation: Conversation, linh: Agent
) -> None:
    await say(hub, conversation.id, "hello")
    await hub.reply(conversation.id, linh, "desk-1:a", "I'm Linh")
    await say(hub, conversation.id, "hi Linh")
    owned = await hub.log.conversation(conversation.id)
    await hub.resolve(conversation.id, linh, owned.version)
    messages = await say(hub, conversation.id, "thanks", "and another thing")
    assert [text for author, text in spoken(messages)[-4:] if author == "bot"] == [
        "you said: thanks",
        "you said: and another thing",
    ]
    seqs = [m.seq for m in messages if m.author == "customer"]
    assert brain.calls == [
        ("turn", f"{conversation.id}:{seqs[0]}"),
        ("reset", conversation.id),
        ("turn", f"{conversation.id}:{seqs[2]}"),
        ("turn", f"{conversation.id}:{seqs[3]}"),
    ]


async def test_a_reset_that_failed_is_still_due(
    hub: Hub, brain: FakeBrain, conversation: Conversation, linh: Agent
) -> None:
    await say(hub, conversation.id, "hello")
    await hub.resolve(conversation.id, linh, 1)
    brain.alive = False
    await say(hub, conversation.id, "again")
    assert brain.calls[-1] == ("reset", conversation.id), "no turn without it"
    brain.alive = True
    version = (await hub.log.conversation(conversation.id)).version
    await hub.resolve(conversation.id, linh, version)
    await say(hub, conversation.id, "and again")
    assert [call for call, _ in brain.calls] == ["turn", "reset", "reset", "turn"]


@pytest.mark.parametrize("language", ["vi", "ms", "en"])
async def test_a_dead_brain_is_no_silence(
    hub: Hub, brain: FakeBrain, catalogue: Catalogue, language: str
) -> None:
    brain.alive = False
    conversation = await hub.open("web", language)
    messages = await say(hub, conversation.id, "hello")
    expected = catalogue.render("utter_brain_unavailable", language).text
    assert [(m.author, m.text) for m in messages[1:]] == [("system", expected)]
    after = await hub.log.conversation(conversation.id)
    assert (after.owner, after.reason) == ("queue", "fault")


async def test_a_brain_that_died_after_the_agent_came(
    hub: Hub, brain: FakeBrain, conversation: Conversation, linh: Agent
) -> None:
    began, go = asyncio.Event(), asyncio.Event()

    async def dies(request: object) -> Any:
        began.set()
        await go.wait()
        raise BrainUnavailable("dead")

    brain.script = [dies]
    await hub.receive(conversation.id, "web:1", "hello")
    await began.wait()
    await hub.claim(conversation.id, linh, 1)
    go.set()
    await handled(hub)
    assert [m.response for m in await hub.log.messages(conversation.id)] == [
        None,
        "utter_agent_joined",
    ]
    assert (await hub.log.conversation(conversation.id)).agent == "Linh"


async def test_what_was_accepted_before_a_crash_is_taken_up(
    hub: Hub, brain: FakeBrain, conversation: Conversation, log: Log, catalogue: Catalogue
) -> None:
    slow = Held(answer("never told"))
    brain.script = [slow]
    await hub.receive(conversation.id, "web:1", "one")
    await slow.began.wait()
    await hub.receive(conversation.id, "web:2", "two")
    await hub.stop()
    assert await log.with_pending() == [conversation.id]
    successor = Hub(log, brain, catalogue)
    await successor.start()
    await handled(successor)
    await successor.stop()
    assert spoken(await log.messages(conversation.id))[2:] == [
        ("bot", "you said: one"),
        ("bot", "you said: two"),
    ]
    assert brain.calls[0] == brain.calls[1], "the same message id again"


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
    hub: Hub, brain: FakeBrain, conversation: Conversation, linh: Agent, given: str, stored: str
) -> None:
    messages = await say(hub, conversation.id, given)
    assert messages[0].text == stored
    assert brain.requests[0]["text"] == stored
    await hub.note(conversation.id, linh, given)
    await hub.reply(conversation.id, linh, "desk-1:a", given)
    messages = await hub.log.messages(conversation.id, notes=True)
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
    hub: Hub, brain: FakeBrain, conversation: Conversation, text: str, response: str
) -> None:
    messages = await say(hub, conversation.id, text)
    assert spoken(messages)[1:] == [("bot", response)]
    assert messages[0].text == text, "it is kept"
    assert brain.calls == []
    assert (await hub.log.conversation(conversation.id)).owner == "bot"


async def test_the_longest_message_that_the_brain_sees(
    hub: Hub, brain: FakeBrain, conversation: Conversation
) -> None:
    await say(hub, conversation.id, "á" * 2000)
    assert len(brain.calls) == 1


async def test_a_passing_fault_is_survived(
    hub: Hub, brain: FakeBrain, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick_pauses(monkeypatch)
    brain.script = [OSError("disk"), OSError("disk")]
    messages = await say(hub, conversation.id, "hello")
    assert spoken(messages) == [("customer", "hello"), ("bot", "you said: hello")]


async def test_a_message_that_cannot_be_handled_is_no_silence(
    hub: Hub, brain: FakeBrain, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick_pauses(monkeypatch)
    brain.script = [ValueError("poison")] * 20
    messages = await say(hub, conversation.id, "hello")
    assert spoken(messages) == [("customer", "hello"), ("system", "utter_brain_unavailable")]
    assert (await hub.log.conversation(conversation.id)).owner == "queue"


def quick_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults of a worker are waited out in no time."""
    monkeypatch.setattr("myna.hub.hub._PAUSE_SECONDS", 0.01)


async def test_a_locked_database_loses_nothing(
    hub: Hub,
    brain: FakeBrain,
    conversation: Conversation,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
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
    messages = await say(hub, conversation.id, "hello")
    assert spoken(messages) == [("customer", "hello"), ("bot", "you said: hello")]
    assert len({call for call in brain.calls}) == 1, "the same turn, repeated"


async def test_who_watches_is_told(
    hub: Hub, brain: FakeBrain, conversation: Conversation, linh: Agent
) -> None:
    with hub.bus.listen(conversation.id) as news:
        await say(hub, conversation.id, "hello")
        heard: list[News] = []

        async def all_said() -> bool:
            while not news.empty():
                heard.append(news.get_nowait())
            return [n.data.author for n in heard if n.kind == "message"] == ["customer", "bot"]

        await until(all_said)
        typing = [n.data["on"] for n in heard if n.kind == "typing"]
        assert typing == [True, False]
        await hub.agent_types(conversation.id)
        assert news.get_nowait().data == {"on": True, "author": "agent"}


async def test_typing_ends_also_when_the_brain_is_dead(
    hub: Hub, brain: FakeBrain, conversation: Conversation
) -> None:
    brain.alive = False
    with hub.bus.listen(conversation.id) as news:
        await say(hub, conversation.id, "hello")
        await asyncio.sleep(0.02)
        heard = [news.get_nowait() for _ in range(news.qsize())]
        assert [n.data["on"] for n in heard if n.kind == "typing"] == [True, False]


async def test_a_language_chosen_while_the_brain_thinks(
    hub: Hub, brain: FakeBrain, conversation: Conversation
) -> None:
    slow = Held(answer("hi", language="en"))
    brain.script = [slow]
    await hub.receive(conversation.id, "web:1", "hello")
    await slow.began.wait()
    await hub.set_language(conversation.id, "vi")
    slow.go.set()
    await handled(hub)
    assert (await hub.log.conversation(conversation.id)).language == "vi"


async def test_ready(hub: Hub, brain: FakeBrain) -> None:
    assert await hub.brain_ready()
    brain.alive = False
    assert not await hub.brain_ready()
