"""The conversation log: order, idempotency, ownership, the agents' side."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from myna.brain.protocol import Proof
from myna.database import Database
from myna.facts import Limits
from myna.hub import schema
from myna.hub.log import Log, Written
from myna.hub.model import Agent, Conversation, HubError, Message, now
from myna.texts import Button, Text
from tests.helpers import answer

JOINED = Text("Linh has joined", (), "utter_agent_joined")
CLOSED = Text("closed", (), "utter_resolved")
HANDED = Text("a colleague comes", (Button("ok", "/affirm"),), "utter_handed_over")
PROOF: Proof = {"order_number": "DH-20413", "level": "contact"}


async def write(log: Log, conversation: Conversation, echo_id: str, text: str = "hi") -> Message:
    written, _ = await log.receive(conversation.id, echo_id, text, None, 30)
    return written.messages[0]


@pytest.fixture
async def conversation(log: Log) -> Conversation:
    return await log.open("web", "en")


async def queued(log: Log, conversation: Conversation) -> Conversation:
    message = await write(log, conversation, f"web:q{conversation.version}")
    done = await log.finish_turn(
        message, conversation, answer(commands=[{"type": "hand_over"}]), HANDED
    )
    assert done.conversation.owner == "queue"
    return done.conversation


async def test_seq_has_no_gaps_and_no_doubles_under_many_writers(
    log: Log, conversation: Conversation, linh: Agent
) -> None:
    async def one(number: int) -> None:
        if number % 5 == 0:
            await log.note(conversation.id, linh, f"note {number}")
        else:
            await write(log, conversation, f"web:{number}", str(number))

    await asyncio.gather(*(one(number) for number in range(50)))
    messages = await log.messages(conversation.id, notes=True)
    assert [message.seq for message in messages] == list(range(1, 51))
    assert (await log.conversation(conversation.id)).last_seq == 50


async def test_writers_that_are_cut_off_leave_no_gap(log: Log, conversation: Conversation) -> None:
    for number in range(40):
        task = asyncio.create_task(write(log, conversation, f"web:cut-{number}"))
        await asyncio.sleep(0.0005 * (number % 8))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await asyncio.gather(*(write(log, conversation, f"web:{number}") for number in range(20)))
    seqs = [message.seq for message in await log.messages(conversation.id)]
    assert seqs == list(range(1, len(seqs) + 1))
    assert len(seqs) >= 20


async def test_one_echo_id_is_one_message(log: Log, conversation: Conversation) -> None:
    results = await asyncio.gather(
        *(log.receive(conversation.id, "web:same", f"text {n}", None, 30) for n in range(8))
    )
    assert sum(new for _, new in results) == 1
    assert len({written.messages[0] for written, _ in results}) == 1
    other = await log.open("web", "en")
    assert (await log.receive(other.id, "web:same", "mine", None, 30))[1]


async def test_no_such_conversation(log: Log, linh: Agent) -> None:
    calls: list[Awaitable[object]] = [
        log.conversation("nope"),
        log.receive("nope", "web:1", "x", None, 30),
        log.set_language("nope", "vi"),
        log.claim("nope", linh, 1, JOINED),
        log.note("nope", linh, "x"),
    ]
    for call in calls:
        with pytest.raises(HubError) as fault:
            await call
        assert fault.value.status == 404


async def test_a_turn_is_finished_once(log: Log, conversation: Conversation) -> None:
    message = await write(log, conversation, "web:1")
    assert await log.with_pending() == [conversation.id]
    buttons = [{"title": "Yes", "payload": "/affirm"}]
    done = await log.finish_turn(
        message,
        conversation,
        answer("one", "two", intent="thank", buttons=buttons, proof=PROOF),  # type: ignore[arg-type]
        HANDED,
    )
    assert [(m.seq, m.author, m.text) for m in done.messages] == [
        (2, "bot", "one"),
        (3, "bot", "two"),
    ]
    assert done.conversation.proof == PROOF
    assert not done.owner_changed
    assert await log.with_pending() == []
    assert (await log.context(conversation.id))["intents"] == ["thank"]
    ids = [message.buttons[0]["id"] for message in done.messages]
    assert len(set(ids)) == 2
    assert "payload" not in str(done.messages[0].public())


@pytest.mark.parametrize("announced", [False, True])
async def test_the_hand_over_is_told_once(
    log: Log, conversation: Conversation, announced: bool
) -> None:
    message = await write(log, conversation, "web:1")
    done = await log.finish_turn(
        message,
        conversation,
        answer(
            "sorry", commands=[{"type": "hand_over", "reason": "asked", "announced": announced}]
        ),
        HANDED,
    )
    said = [(m.author, m.response) for m in done.messages[1:]]
    assert said == ([] if announced else [("system", "utter_handed_over")])
    assert (done.conversation.owner, done.conversation.version) == ("queue", 2)
    assert done.conversation.reason == "asked"
    assert done.conversation.queued_at


async def test_two_hand_overs_in_one_turn_are_one(log: Log, conversation: Conversation) -> None:
    message = await write(log, conversation, "web:1")
    done = await log.finish_turn(
        message,
        conversation,
        answer(
            "sorry",
            commands=[
                {"type": "hand_over", "reason": "proof"},
                {"type": "hand_over", "reason": "asked"},
            ],
        ),
        HANDED,
    )
    assert (done.conversation.owner, done.conversation.version) == ("queue", 2)
    assert done.conversation.reason == "proof"
    assert [m.response for m in done.messages] == [None, "utter_handed_over"]
    assert len((await log.context(conversation.id))["history"]) == 1


async def test_a_message_is_one_wrong_try_at_most(log: Log, conversation: Conversation) -> None:
    message = await write(log, conversation, "web:1")
    failed: list[object] = [{"type": "proof_failed", "order_number": "DH-20413"}] * 2
    await log.finish_turn(message, conversation, answer("no", commands=failed), HANDED)  # type: ignore[arg-type]
    assert (await log.customer(conversation, Limits()))["failed_proofs"] == 1


async def test_a_late_answer_is_a_note_and_its_wrong_tries_count(
    log: Log, conversation: Conversation, linh: Agent
) -> None:
    message = await write(log, conversation, "web:1")
    await log.claim(conversation.id, linh, 1, JOINED)
    late = answer(
        "Done, cancelled.",
        language="ms",
        proof=PROOF,
        commands=[
            {"type": "proof_failed", "order_number": "DH-20413"},
            {"type": "hand_over", "reason": "asked"},
        ],
    )
    done = await log.finish_turn(message, conversation, late, HANDED, Text("withheld:"))
    assert [(m.author, m.text) for m in done.messages] == [("note", "withheld:\nDone, cancelled.")]
    assert (done.conversation.owner, done.conversation.version) == ("human", 2)
    assert (done.conversation.language, done.conversation.proof) == ("en", None)
    assert (await log.customer(conversation, Limits()))["failed_proofs"] == 1
    assert await log.with_pending() == []


async def test_a_language_chosen_during_a_turn_stays(log: Log, conversation: Conversation) -> None:
    message = await write(log, conversation, "web:1")
    await log.set_language(conversation.id, "ms")
    done = await log.finish_turn(message, conversation, answer("hi", language="en"), HANDED)
    assert done.conversation.language == "ms"
    message = await write(log, conversation, "web:2")
    done = await log.finish_turn(message, done.conversation, answer("hi", language="vi"), HANDED)
    assert done.conversation.language == "vi"


async def test_locked_orders_are_counted_over_all_conversations(log: Log) -> None:
    for number in range(4):
        other = await log.open("web", "en")
        message = await write(log, other, f"web:{number}")
        failed = answer("no", commands=[{"type": "proof_failed", "order_number": "DH-20413"}])
        await log.finish_turn(message, other, failed, None)
    mine = await log.open("web", "en")
    assert (await log.customer(mine, Limits()))["locked_orders"] == []
    message = await write(log, mine, "web:5")
    await log.finish_turn(message, mine, failed, None)
    theirs = await log.customer(await log.open("web", "vi"), Limits())
    assert theirs == {
        "channel": "web",
        "proof": None,
        "failed_proofs": 0,
        "locked_orders": ["DH-20413"],
    }


async def test_wrong_tries_are_forgotten_after_the_pause(
    log: Log, conversation: Conversation, database: Database
) -> None:
    for number in range(5):
        message = await write(log, conversation, f"web:{number}")
        failed = answer("no", commands=[{"type": "proof_failed", "order_number": "DH-20413"}])
        await log.finish_turn(message, conversation, failed, None)
    assert (await log.customer(conversation, Limits()))["failed_proofs"] == 5
    async with database.write() as connection:
        await connection.execute(
            sa.update(schema.proof_failures).values(at=now() - timedelta(minutes=61))
        )
    known = await log.customer(conversation, Limits())
    assert (known["failed_proofs"], known["locked_orders"]) == (0, [])


@pytest.mark.parametrize(("minutes", "kept"), [(29, True), (31, False)])
async def test_proof_is_forgotten_after_silence(
    log: Log, conversation: Conversation, database: Database, minutes: int, kept: bool
) -> None:
    message = await write(log, conversation, "web:1")
    await log.finish_turn(message, conversation, answer("ok", proof=PROOF), None)
    async with database.write() as connection:
        await connection.execute(
            sa.update(schema.conversations).values(customer_at=now() - timedelta(minutes=minutes))
        )
    await write(log, conversation, "web:2")
    assert (await log.conversation(conversation.id)).proof == (PROOF if kept else None)


async def test_a_button_of_another_conversation(log: Log, conversation: Conversation) -> None:
    message = await write(log, conversation, "web:1")
    offer = answer("sure?", buttons=[{"title": "Yes", "payload": "/affirm"}])
    button = (
        (await log.finish_turn(message, conversation, offer, None)).messages[0].buttons[0]["id"]
    )
    written, _ = await log.receive(conversation.id, "web:2", "anything", button, 30)
    assert (written.messages[0].text, written.messages[0].choice) == ("Yes", "/affirm")
    stranger = await log.open("web", "en")
    for foreign in (button, "0" * 16, ""):
        with pytest.raises(HubError) as fault:
            await log.receive(stranger.id, "web:1", "", foreign, 30)
        assert fault.value.status == 422
    assert await log.messages(stranger.id) == []


async def test_claim(log: Log, conversation: Conversation, linh: Agent, aisyah: Agent) -> None:
    waiting = await queued(log, conversation)
    done = await log.claim(conversation.id, linh, waiting.version, JOINED)
    assert (done.conversation.owner, done.conversation.agent) == ("human", "Linh")
    assert done.conversation.reason == waiting.reason
    assert [m.response for m in done.messages] == ["utter_agent_joined"]
    again = await log.claim(conversation.id, linh, waiting.version, JOINED)
    assert again.messages == ()
    with pytest.raises(HubError) as fault:
        await log.claim(conversation.id, aisyah, waiting.version, JOINED)
    assert fault.value.status == 409
    assert "Linh" in str(fault.value)
    with pytest.raises(HubError):
        await log.claim(conversation.id, aisyah, done.conversation.version, JOINED)


async def test_of_two_who_claim_one_wins(
    log: Log, conversation: Conversation, linh: Agent, aisyah: Agent
) -> None:
    waiting = await queued(log, conversation)
    outcomes = await asyncio.gather(
        *(log.claim(conversation.id, who, waiting.version, JOINED) for who in (linh, aisyah)),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["HubError", "Written"]
    assert (await log.conversation(conversation.id)).version == waiting.version + 1


async def test_a_reply_takes_over(
    log: Log, conversation: Conversation, linh: Agent, aisyah: Agent
) -> None:
    done = await log.reply(conversation.id, linh, "desk-1:a", "hello, Linh here", JOINED)
    assert [(m.author, m.agent) for m in done.messages] == [("system", None), ("agent", "Linh")]
    assert done.conversation.owner == "human"
    again = await log.reply(conversation.id, linh, "desk-1:a", "hello, Linh here", JOINED)
    assert again.messages == done.messages[1:]
    second = await log.reply(conversation.id, linh, "desk-1:b", "and more", JOINED)
    assert [m.author for m in second.messages] == ["agent"]
    with pytest.raises(HubError) as fault:
        await log.reply(conversation.id, aisyah, "desk-2:a", "me too", JOINED)
    assert fault.value.status == 409


async def test_release_and_resolve(
    log: Log, conversation: Conversation, linh: Agent, aisyah: Agent
) -> None:
    taken = (await log.claim(conversation.id, linh, 1, JOINED)).conversation
    refused: list[Callable[[], Awaitable[Written]]] = [
        lambda: log.release(conversation.id, aisyah, taken.version),
        lambda: log.release(conversation.id, linh, taken.version - 1),
        lambda: log.resolve(conversation.id, linh, taken.version - 1, CLOSED),
    ]
    for call in refused:
        with pytest.raises(HubError) as fault:
            await call()
        assert fault.value.status == 409
    back = (await log.release(conversation.id, linh, taken.version)).conversation
    assert (back.owner, back.agent, back.reason) == ("queue", None, "agent")
    taken = (await log.claim(conversation.id, linh, back.version, JOINED)).conversation
    closed = await log.resolve(conversation.id, linh, taken.version, CLOSED)
    assert closed.conversation.owner == "nobody"
    assert closed.conversation.reset_due
    assert closed.conversation.reason is None
    assert [m.response for m in closed.messages] == ["utter_resolved"]
    assert (await log.resolve(conversation.id, linh, 1, CLOSED)).messages == ()
    history = (await log.context(conversation.id))["history"]
    assert [(h["from"], h["to"], h["who"]) for h in history] == [
        ("bot", "human", "Linh"),
        ("human", "queue", "Linh"),
        ("queue", "human", "Linh"),
        ("human", "nobody", "Linh"),
    ]


async def test_after_the_matter_is_closed_the_customer_is_the_bots(
    log: Log, conversation: Conversation, linh: Agent
) -> None:
    message = await write(log, conversation, "web:1")
    await log.finish_turn(message, conversation, answer("ok", proof=PROOF), None)
    await log.resolve(conversation.id, linh, 1, CLOSED)
    written, _ = await log.receive(conversation.id, "web:2", "thanks", None, 30)
    assert written.owner_changed
    assert (written.conversation.owner, written.conversation.proof) == ("bot", None)
    assert written.conversation.reset_due


async def test_notes_are_for_agents(log: Log, conversation: Conversation, linh: Agent) -> None:
    await write(log, conversation, "web:1", "hi")
    await log.note(conversation.id, linh, "angry")
    assert [m.text for m in await log.messages(conversation.id)] == ["hi"]
    assert [m.text for m in await log.messages(conversation.id, notes=True)] == ["hi", "angry"]
    [(_, last)] = await log.overview()
    assert last
    assert last.text == "hi"


async def test_overview_shows_the_longest_waiting_first(
    log: Log, database: Database, linh: Agent
) -> None:
    await log.open("web", "en")  # nothing was said in it: nobody has to look at it
    bot, first, second, mine = [await log.open("web", "en") for _ in range(4)]
    await write(log, bot, "web:1")
    for conversation in (second, first):
        await queued(log, conversation)
    async with database.write() as connection:
        await connection.execute(
            sa.update(schema.conversations)
            .where(schema.conversations.c.id == first.id)
            .values(queued_at=now() - timedelta(minutes=5))
        )
    await log.reply(mine.id, linh, "desk-1:a", "hello", JOINED)
    assert [c.id for c, _ in await log.overview(("queue",))] == [first.id, second.id]
    assert [c.id for c, _ in await log.overview(("queue", "human"))] == [
        first.id,
        second.id,
        mine.id,
    ]
    assert [c.id for c, _ in await log.overview(("human",), linh.id)] == [mine.id]
    assert len(await log.overview()) == 4
    assert await log.counts(linh.id) == {"queue": 2, "mine": 1, "open": 3}
    assert await log.counts(linh.id + 1) == {"queue": 2, "mine": 0, "open": 3}
