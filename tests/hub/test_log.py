"""The conversation log from the customer's and the brain's side."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import pytest

from myna.brain.protocol import Proof
from myna.database import Database
from myna.hub import schema
from myna.hub.care import Care
from myna.hub.house import House
from myna.hub.log import NOT_SOLVED, RATE, SOLVED, Log
from myna.hub.model import Agent, Arrival, Conversation, HubError, Received, Turn
from myna.hub.thread import LEASE
from myna.texts import Catalogue
from tests.helpers import Clock, adapted, answer, both_databases
from tests.hub.moves import HAND_OVER, change, finish, press, queued, rows, spoken, turn, write

PROOF: Proof = {"order_number": "DH-20413", "level": "contact"}
FAILED = answer("no", commands=[{"type": "proof_failed", "order_number": "DH-20413"}])


# --- taking in


@both_databases
async def test_seq_has_no_gaps_and_no_doubles_under_many_writers(
    database: Database, database_url: str, house: House, linh: Agent
) -> None:
    other = Database(database_url)
    logs = [Log(database, house), Log(other, house)]
    care = Care(other, house)

    async def one(number: int) -> None:
        if number % 5 == 4:
            await care.note("c1", linh, f"note {number}")
        else:
            await write(logs[number % 2], str(number), worker="ab"[number % 2])

    await write(logs[0], "0")
    await asyncio.gather(*(one(number) for number in range(1, 20)))
    messages = await logs[0].messages("c1", notes=True)
    assert [message.seq for message in messages] == list(range(1, 21))
    assert len({message.text for message in messages}) == 20
    assert (await logs[0].conversation("c1")).last_seq == 20
    await other.close()


@both_databases
async def test_of_many_first_messages_one_makes_the_conversation(
    database: Database, database_url: str, house: House
) -> None:
    other = Database(database_url)
    logs = [Log(database, house), Log(other, house)]
    received = await asyncio.gather(
        *(write(logs[n % 2], str(n), worker="ab"[n % 2]) for n in range(8))
    )
    assert sorted(r.written.messages[0].seq for r in received) == list(range(1, 9))
    assert [r.alone for r in received].count(True) == 1
    assert len({r.mine for r in received[::2]} | {not r.mine for r in received[1::2]}) == 1, (
        "one process runs the turns"
    )
    await other.close()


async def test_writers_that_are_cut_off_leave_no_gap(
    log: Log, database: Database, catalogue: Catalogue
) -> None:
    log = Log(database, adapted(catalogue, limits={"waiting_messages": 100}))
    for number in range(40):
        task = asyncio.create_task(write(log))
        await asyncio.sleep(0.0005 * (number % 8))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await asyncio.gather(*(write(log) for _ in range(20)))
    seqs = [message.seq for message in await log.messages("c1")]
    assert seqs == list(range(1, len(seqs) + 1))
    assert len(seqs) >= 20


@both_databases
async def test_one_echo_id_is_one_message(log: Log) -> None:
    results = await asyncio.gather(*(write(log, f"text {n}", echo_id="web:same") for n in range(8)))
    assert [received.new for received in results].count(True) == 1
    assert len({received.written.messages[0] for received in results}) == 1
    assert not any(r.mine or r.alone for r in results if not r.new)
    assert (await write(log, "mine", to="c2", echo_id="web:same")).new


async def test_the_first_message_makes_the_conversation(log: Log) -> None:
    assert await log.find("c1") is None
    received = await log.receive(Arrival("c1", "web", "web:1", "salam", None, "ms"), "front")
    conversation = await log.conversation("c1")
    assert (conversation.owner, conversation.version, conversation.last_seq) == ("bot", 1, 1)
    assert (conversation.language, conversation.channel) == ("ms", "web")
    assert received.customer == await log.customer(conversation)
    await log.receive(Arrival("c1", "web", "web:2", "hi", None, "en"), "front")
    assert (await log.conversation("c1")).language == "ms", "only a conversation's first says it"


async def test_no_such_conversation(log: Log, care: Care, linh: Agent) -> None:
    calls: list[Awaitable[object]] = [
        log.conversation("nope"),
        log.context("nope"),
        log.set_language("nope", "vi"),
        log.seen("nope", 1),
        log.take("nope", "front"),
        log.rate("nope", 5, None),
        care.claim("nope", linh, 1),
        care.note("nope", linh, "x"),
    ]
    for call in calls:
        with pytest.raises(HubError) as fault:
            await call
        assert fault.value.status == 404


async def test_a_button_of_another_conversation(log: Log) -> None:
    offer = answer("sure?", buttons=[{"title": "Yes", "payload": "/affirm"}])
    button = (await turn(log, offer)).messages[0].buttons[0]["id"]
    written = (await write(log, "anything", button=button)).written
    assert (written.messages[0].text, written.messages[0].choice) == ("Yes", "/affirm")
    for foreign in (button, "0" * 16, ""):
        with pytest.raises(HubError) as fault:
            await write(log, to="c2", button=foreign)
        assert fault.value.status == 422
    assert await log.find("c2") is None, "nothing is left of it"


async def test_a_button_of_a_card(log: Log) -> None:
    buttons = [{"title": "Buy", "payload": "/place_order"}]
    card = {"title": "Fan", "subtitle": "RM10", "picture": None, "url": None, "buttons": buttons}
    offer = answer("these:")
    offer["messages"][0]["cards"] = [card]
    [shown] = (await turn(log, offer)).messages[0].public()["cards"]
    assert {**shown, "buttons": None} == {**card, "buttons": None}
    [button] = shown["buttons"]
    assert button.keys() == {"id", "title"}
    written = (await write(log, "anything", button=button["id"])).written
    assert (written.messages[0].text, written.messages[0].choice) == ("Buy", "/place_order")


async def test_a_button_cannot_be_typed(log: Log, house: House) -> None:
    for typed in (SOLVED, NOT_SOLVED, f"{RATE}1:1:5"):
        received = await write(log, typed)
        assert received.written.messages[0].choice is None


@both_databases
async def test_too_many_unanswered_messages(database: Database, catalogue: Catalogue) -> None:
    log = Log(database, adapted(catalogue, limits={"waiting_messages": 3}))
    first = await write(log, echo_id="web:1")
    for number in (2, 3):
        await write(log, echo_id=f"web:{number}")
    with pytest.raises(HubError) as fault:
        await write(log, echo_id="web:4")
    assert (fault.value.status, fault.value.code) == (429, "too_fast")
    assert fault.value.more["retry_after"] > 0
    assert not (await write(log, echo_id="web:1")).new, "a repetition is no further message"
    assert [m.seq for m in await log.messages("c1")] == [1, 2, 3]
    await finish(log, first, answer("hi"))
    assert (await write(log, echo_id="web:4")).new


async def test_what_was_seen_only_grows(log: Log) -> None:
    await turn(log, answer("hi"))
    for given, known in ((1, 1), (0, 1), (2, 2), (999, 2)):
        assert (await log.seen("c1", given)).conversation.seen_seq == known
        assert (await log.conversation("c1")).seen_seq == known


# --- turns


@both_databases
async def test_a_turn_is_finished_once(log: Log) -> None:
    begun = await write(log)
    assert await log.with_pending() == ["c1"]
    told = answer(
        "one",
        "two",
        intent="thank",
        buttons=[{"title": "Yes", "payload": "/affirm"}],
        proof=PROOF,
        slots={"order_number": "DH-20413"},
    )
    done = await finish(log, begun, told)
    assert [(m.seq, m.author, m.text) for m in done.messages] == [
        (2, "bot", "one"),
        (3, "bot", "two"),
    ]
    assert (done.conversation.owner, done.conversation.version) == ("bot", 1)
    assert (done.conversation.proof, done.more) == (PROOF, False)
    assert await log.with_pending() == []
    context = await log.context("c1")
    assert context["intents"] == ["thank"]
    assert context["slots"] == {"order_number": "DH-20413"}
    ids = [message.buttons[0]["id"] for message in done.messages]
    assert len(set(ids)) == 2
    assert "payload" not in str(done.messages[0].public())
    again = await finish(log, begun, told)
    assert again.messages == ()
    assert (await log.conversation("c1")).last_seq == 3


async def test_there_is_more(log: Log) -> None:
    first = await write(log, "one")
    second = await write(log, "two")
    assert (first.alone, second.alone, second.mine) == (True, False, True)
    assert (await finish(log, first, answer("hi"))).more
    waiting = await log.next_turn("c1")
    assert waiting
    assert waiting.text == "two"


async def test_a_command_has_its_place_among_the_messages(log: Log) -> None:
    case: Any = {"type": "open_case", "kind": "complaint", "summary": "x", "after": 1}
    case["response"] = "utter_case_opened"
    done = await turn(log, answer("I see.", "Anything else?", commands=[case]))
    assert spoken(done.messages) == [
        ("bot", "I see."),
        ("system", "utter_case_opened"),
        ("bot", "Anything else?"),
    ]
    assert done.case
    assert done.case in done.messages[1].text


async def test_a_contact_is_noted_in_the_newest_case(log: Log, database: Database) -> None:
    case: Any = {"type": "open_case", "kind": "complaint", "summary": "late", "phone": "+601"}
    await turn(log, answer("ok", commands=[case]))
    contact: Any = {"type": "case_contact", "phone": "+60123456789", "email": "a@b.my"}
    assert (await turn(log, answer("ok", commands=[contact]))).case
    [row] = await rows(database, schema.cases)
    assert (row.phone, row.email, row.summary) == ("+60123456789", "a@b.my", "late")
    await turn(log, answer("ok", commands=[contact]), to="c2")  # without any case


async def test_a_case_is_opened_once_for_a_turn(log: Log, database: Database) -> None:
    case: Any = {"type": "open_case", "kind": "complaint", "summary": "late"}
    other: Any = {"type": "open_case", "kind": "return", "summary": "back"}
    await turn(log, answer("ok", commands=[case, case, other]))
    assert [row.kind for row in await rows(database, schema.cases)] == ["complaint", "return"]


async def test_a_message_is_one_wrong_try_at_most(log: Log) -> None:
    failed: Any = [{"type": "proof_failed", "order_number": "DH-20413"}] * 2
    done = await turn(log, answer("no", commands=failed))
    assert (await log.customer(done.conversation))["failed_proofs"] == 1


@both_databases
async def test_a_late_answer_is_a_note_and_what_it_did_stands(
    log: Log, care: Care, linh: Agent, database: Database
) -> None:
    begun = await write(log)
    await care.claim("c1", linh, 1)
    case: Any = {"type": "open_case", "kind": "return", "summary": "x"}
    case["response"] = "utter_case_opened"
    late = answer(
        "Done, cancelled.",
        language="ms",
        proof=PROOF,
        commands=[{"type": "proof_failed", "order_number": "DH-20413"}, case, HAND_OVER],
    )
    done = await finish(log, begun, late)
    assert [m.author for m in done.messages] == ["note"]
    assert done.messages[0].text.endswith("\nDone, cancelled.")
    assert (done.conversation.owner, done.conversation.version) == ("human", 2)
    assert (done.conversation.language, done.conversation.proof) == ("en", None)
    assert (await log.customer(done.conversation))["failed_proofs"] == 1
    assert [row.kind for row in await rows(database, schema.cases)] == ["return"]
    assert await log.with_pending() == []


async def test_a_turn_of_an_earlier_stretch_is_withheld(log: Log, care: Care, linh: Agent) -> None:
    """The bot has the conversation again, but not since the turn began."""
    begun = await write(log, "one")
    await care.resolve("c1", linh, 1)
    await write(log, "two")
    done = await finish(log, begun, answer("about one"))
    assert (done.conversation.owner, done.conversation.version) == ("bot", 3)
    assert [m.author for m in done.messages] == ["note"]


async def test_a_language_chosen_during_a_turn_stays(log: Log) -> None:
    begun = await write(log)
    await log.set_language("c1", "ms")
    done = await finish(log, begun, answer("hi", language="en"))
    assert done.conversation.language == "ms"
    assert (await turn(log, answer("hi", language="vi"))).conversation.language == "vi"
    assert (await turn(log, answer("hi", language=None))).conversation.language == "vi"


async def test_a_session_that_was_due_again_meanwhile_stays_due(
    log: Log, care: Care, linh: Agent
) -> None:
    await turn(log, answer("hi"))
    await care.resolve("c1", linh, 1)
    begun = (await write(log)).written.conversation
    assert begun.reset_due
    await care.resolve("c1", linh, begun.version)
    await log.session_began("c1", begun.version)
    assert (await log.conversation("c1")).reset_due
    again = (await write(log)).written.conversation
    await log.session_began("c1", again.version)
    assert not (await log.conversation("c1")).reset_due


# --- proof


async def test_locked_orders_are_counted_over_all_conversations(log: Log) -> None:
    for number in range(4):
        await turn(log, FAILED, to=f"other{number}")
    mine = (await turn(log, answer("hi"), to="mine")).conversation
    assert (await log.customer(mine))["locked_orders"] == []
    await turn(log, FAILED, to="mine")
    theirs = await log.customer((await turn(log, answer("hi"))).conversation)
    assert theirs == {
        "channel": "web",
        "proof": None,
        "failed_proofs": 0,
        "locked_orders": ["DH-20413"],
        "people_available": False,
    }


async def test_wrong_tries_are_forgotten_after_the_pause(log: Log, clock: Clock) -> None:
    for _ in range(5):
        done = await turn(log, FAILED)
    known = await log.customer(done.conversation)
    assert (known["failed_proofs"], known["locked_orders"]) == (5, ["DH-20413"])
    clock.go_on(minutes=61)
    known = await log.customer(done.conversation)
    assert (known["failed_proofs"], known["locked_orders"]) == (0, [])


@pytest.mark.parametrize(("minutes", "kept"), [(29, True), (31, False)])
async def test_proof_is_forgotten_after_silence(
    log: Log, clock: Clock, minutes: int, kept: bool
) -> None:
    await turn(log, answer("ok", proof=PROOF))
    clock.go_on(minutes=minutes)
    assert (await write(log)).written.conversation.proof == (PROOF if kept else None)


@pytest.mark.usefixtures("staffed")
async def test_the_brain_is_told_that_people_are_there(
    log: Log, conversation: Conversation
) -> None:
    assert (await log.customer(conversation))["people_available"]


# --- bursts


async def behind(log: Log, *written: str) -> None:
    """So much does the customer write while another message is being answered."""
    begun = await write(log, "the message before")
    for text in written:
        await write(log, text)
    await finish(log, begun, answer("hi"))


async def texts(log: Log) -> list[str]:
    """The messages of the burst that is made now."""
    gathered = await log.gather("c1", "front")
    assert gathered
    assert gathered.id == f"c1:{gathered.messages[0].seq}"
    return [message.text for message in gathered.messages]


@both_databases
async def test_what_waits_is_put_together_and_stays_so(log: Log) -> None:
    await behind(log, "two", "three")
    assert await texts(log) == ["two", "three"]
    await write(log, "four")
    burst = await log.next_turn("c1")
    assert burst
    assert (burst.id, burst.text) == ("c1:2", "two\nthree"), "whatever comes after it"
    conversation = await log.conversation("c1")
    done = await log.finish_turn(burst, conversation, answer("both"), "front")
    assert done.more
    left = await log.next_turn("c1")
    assert left
    assert left.text == "four"


async def test_a_message_that_begins_a_turn_alone_stays_alone(log: Log) -> None:
    await write(log, "one")
    await write(log, "two")
    assert await texts(log) == ["one"]


async def test_a_message_that_is_gathered_alone_stays_alone(log: Log) -> None:
    await behind(log, "one")
    assert await texts(log) == ["one"]
    await write(log, "two")
    assert await texts(log) == ["one"]


async def test_whether_a_turn_was_begun(log: Log) -> None:
    """Before a crash; the brain may have acted on it, then."""
    await behind(log, "one", "two")
    waiting = await log.next_turn("c1")
    assert waiting
    assert not waiting.begun
    await log.gather("c1", "front")
    waiting = await log.next_turn("c1")
    assert waiting
    assert waiting.begun


async def test_a_choice_is_a_turn_of_its_own(log: Log) -> None:
    offer = answer("?", buttons=[{"title": "Yes", "payload": "/affirm"}])
    button = (await turn(log, offer)).messages[0].buttons[0]["id"]
    begun = await write(log)
    await write(log, "one")
    await write(log, "two")
    await write(log, button=button)
    await write(log, "three")
    await finish(log, begun, answer("k"))
    for expected in (["one", "two"], ["Yes"], ["three"]):
        assert await texts(log) == expected
        made = await log.next_turn("c1")
        assert made
        await log.finish_turn(made, await log.conversation("c1"), answer("k"), "front")


async def test_a_burst_is_not_longer_than_a_message_may_be(
    database: Database, catalogue: Catalogue
) -> None:
    log = Log(database, adapted(catalogue, limits={"message_characters": 10}))
    await behind(log, "1234", "5678", "9", "123456789012", "a", "b")
    made = []
    while (gathered := await log.gather("c1", "front")) is not None:
        made.append(gathered.text)
        await log.finish_turn(gathered, await log.conversation("c1"), answer("k"), "front")
    assert made == ["1234\n5678", "9", "123456789012", "a\nb"]


async def test_a_burst_has_ten_messages_at_most(log: Log) -> None:
    await behind(log, *map(str, range(12)))
    assert len(await texts(log)) == 10


@both_databases
async def test_different_matters_are_asked_one_by_one(log: Log) -> None:
    await behind(log, "one", "two", "three")
    burst = await log.gather("c1", "front")
    assert burst
    await log.separate(burst, "front")
    await write(log, "four")
    for text in ("one", "two", "three"):
        single = await log.next_turn("c1")
        assert single
        assert (single.text, len(single.messages)) == (text, 1)
        assert await texts(log) == [text], "they are not put together again"
        await log.finish_turn(single, await log.conversation("c1"), answer("k"), "front")
    assert await texts(log) == ["four"]


@pytest.mark.usefixtures("staffed")
async def test_people_get_messages_one_by_one(log: Log) -> None:
    begun = await write(log, "a person please")
    for text in ("two", "three"):
        await write(log, text)
    await finish(log, begun, answer("ok", commands=[HAND_OVER]))
    await log.gather("c1", "front")
    single = await log.next_turn("c1")
    assert single
    assert single.text == "two"


async def test_nothing_to_gather(log: Log, conversation: Conversation) -> None:
    assert await log.gather("c1", "front") is None
    assert await log.next_turn("c1") is None
    assert await log.newest_pending("c1") is None


# --- whose turn it is


@both_databases
async def test_one_process_runs_a_conversations_turns(log: Log, clock: Clock) -> None:
    first = await write(log, "one", worker="a")
    second = await write(log, "two", worker="b")
    assert (first.mine, second.mine) == (True, False)
    assert not await log.take("c1", "b")
    assert await log.take("c1", "a"), "its own process after a restart"
    clock.go_on(seconds=LEASE.total_seconds() + 1)
    assert await log.take("c1", "b")
    assert not await log.take("c1", "a")
    assert not (await write(log, "three", worker="a")).mine


async def test_a_message_may_take_up_what_a_dead_process_has_left(log: Log, clock: Clock) -> None:
    await write(log, "one", worker="a")
    clock.go_on(seconds=LEASE.total_seconds() + 1)
    second = await write(log, "two", worker="b")
    assert (second.mine, second.alone) == (True, False)


async def test_a_turn_renews_the_lease(log: Log, clock: Clock) -> None:
    first = await write(log, "one", worker="a")
    await write(log, "two", worker="a")
    clock.go_on(seconds=LEASE.total_seconds() - 1)
    assert (await finish(log, first, answer("hi"), "a")).more
    clock.go_on(seconds=LEASE.total_seconds() - 1)
    assert not await log.take("c1", "b")


async def test_who_has_nothing_to_do_holds_nothing(log: Log) -> None:
    begun = await write(log, worker="a")
    await finish(log, begun, answer("hi"), "a")
    assert not await log.take("c1", "a")
    second = await write(log, worker="b")
    assert (second.mine, second.alone) == (True, True)


@both_databases
@pytest.mark.usefixtures("staffed")
async def test_a_zombie_writes_nothing(
    log: Log, care: Care, clock: Clock, linh: Agent, database: Database
) -> None:
    first = await write(log, "zero", worker="zombie")
    for text in ("one", "two"):
        await write(log, text, worker="zombie")
    conversation = (await finish(log, first, answer("k"), "zombie")).conversation
    burst = await log.gather("c1", "zombie")
    assert burst
    assert burst.text == "one\ntwo"
    clock.go_on(seconds=LEASE.total_seconds() + 1)
    assert await log.take("c1", "b")

    async def writes_nothing() -> None:
        before = [await rows(database, t) for t in (schema.messages, schema.conversations)]
        for done in (
            await log.finish_turn(burst, conversation, answer("old"), "zombie"),
            await log.give_up_turn(burst, "zombie"),
            await log.leave_to_people(burst, "zombie"),
            await log.choose(burst, "zombie"),
        ):
            assert (done.messages, done.more) == ((), False)
        assert await log.gather("c1", "zombie") is None
        await log.separate(burst, "zombie")
        assert before == [await rows(database, t) for t in (schema.messages, schema.conversations)]

    await writes_nothing()
    await log.finish_turn(burst, conversation, answer("new"), "b")
    await writes_nothing()
    await care.resolve("c1", linh, 1)
    await writes_nothing()


async def test_what_was_committed_is_not_written_again(log: Log) -> None:
    """The connection may break behind a commit; the same process then tries once more."""
    begun = await write(log, "one")
    await write(log, "two")
    await finish(log, begun, answer("hi"))
    again = await finish(log, begun, answer("hi"))
    assert (again.messages, again.more) == ((), True)


# --- turns that are given up


@both_databases
@pytest.mark.usefixtures("staffed")
async def test_an_abandoned_turn_is_an_apology_and_a_hand_over(log: Log) -> None:
    begun = await write(log)
    done = await log.give_up_turn(Turn(begun.written.messages), "front")
    assert spoken(done.messages) == [
        ("system", "utter_brain_unavailable"),
        ("system", "utter_handed_over_first"),
    ]
    assert (done.conversation.owner, done.conversation.reason) == ("queue", "fault")
    assert await log.with_pending() == []


async def test_an_abandoned_turn_where_nobody_is_there(log: Log, database: Database) -> None:
    begun = await write(log, "my order is late")
    done = await log.give_up_turn(Turn(begun.written.messages), "front")
    assert spoken(done.messages) == [
        ("system", "utter_brain_unavailable"),
        ("system", "utter_left_for_people"),
    ]
    assert done.conversation.owner == "bot"
    [case] = await rows(database, schema.cases)
    assert (case.kind, case.summary) == ("callback", "[fault] my order is late")


async def give_up(log: Log, *written: str) -> Turn:
    await behind(log, *written)
    burst = await log.gather("c1", "front")
    assert burst
    await log.give_up_turn(burst, "front")
    return burst


@both_databases
async def test_a_late_outcome_is_a_note(log: Log, database: Database, clock: Clock) -> None:
    await behind(log, "cancel it")
    clock.go_on(seconds=1)
    await write(log, "quick")
    burst = await log.gather("c1", "front")
    assert burst
    await log.give_up_turn(burst, "front")
    clock.go_on(seconds=60)
    assert await log.abandoned(timedelta(seconds=60)) == [], "not in parts"
    clock.go_on(seconds=1)
    assert [turn.id for turn in await log.abandoned(timedelta(seconds=60))] == [burst.id]
    case: Any = {"type": "open_case", "kind": "return", "summary": "x"}
    case["response"] = "utter_case_opened"
    proof: Any = {"type": "proof_failed", "order_number": "DH-20413"}
    late = answer("Done, cancelled.", commands=[proof, case, HAND_OVER], intent="cancel_order")
    done = await log.late_outcome(burst, late)
    assert [m.author for m in done.messages] == ["note"]
    assert done.messages[0].text.endswith("\nDone, cancelled.")
    assert (await log.customer(done.conversation))["failed_proofs"] == 1
    assert [row.kind for row in await rows(database, schema.cases)] == ["callback", "return"]
    assert await log.abandoned(timedelta(0)) == []
    assert (await log.late_outcome(burst, late)).messages == (), "once"
    assert len(await rows(database, schema.proof_failures)) == 1


async def test_a_turn_that_the_brain_never_handled(log: Log, clock: Clock) -> None:
    burst = await give_up(log, "hi")
    clock.go_on(seconds=61)
    assert (await log.late_outcome(burst, None)).messages == ()
    assert await log.abandoned(timedelta(0)) == []


async def test_turns_are_abandoned_one_by_one(log: Log, clock: Clock) -> None:
    first = await give_up(log, "one", "two")
    second = await give_up(log, "three")
    clock.go_on(seconds=61)
    found = await log.abandoned(timedelta(seconds=60))
    assert [(turn.id, turn.text) for turn in found] == [
        (first.id, "one\ntwo"),
        (second.id, "three"),
    ]


# --- while people have it


@both_databases
@pytest.mark.usefixtures("staffed")
async def test_messages_are_left_to_people(log: Log, care: Care, linh: Agent, clock: Clock) -> None:
    waiting = await queued(log)
    assert waiting.unanswered_at == clock.moment
    for expected in (["utter_still_waiting"], []):
        clock.go_on(minutes=1)
        begun = await write(log)
        done = await log.leave_to_people(Turn(begun.written.messages), "front")
        assert [m.response for m in done.messages] == expected, "once in each stretch of waiting"
        assert done.conversation.unanswered_at == waiting.unanswered_at, "the oldest counts"
    await care.reply("c1", linh, "desk:1", "hello")
    begun = await write(log)
    done = await log.leave_to_people(Turn(begun.written.messages), "front")
    assert (done.messages, done.conversation.unanswered_at) == ((), clock.moment)
    await care.release("c1", linh, done.conversation.version)
    clock.go_on(seconds=1)
    begun = await write(log)
    done = await log.leave_to_people(Turn(begun.written.messages), "front")
    assert [m.response for m in done.messages] == ["utter_still_waiting"]


@pytest.mark.usefixtures("staffed")
async def test_a_message_that_came_back_to_the_bot_is_not_left_to_people(log: Log) -> None:
    await queued(log)
    begun = await write(log, "hello?")
    back = next(b for m in await log.messages("c1") for b in m.buttons)
    pressed = await write(log, button=back["id"])
    await log.choose(Turn(pressed.written.messages), "front")  # as if it had overtaken it
    done = await log.leave_to_people(Turn(begun.written.messages), "front")
    assert (done.messages, done.more) == ((), True)
    waiting = await log.next_turn("c1")
    assert waiting
    assert waiting.text == "hello?"


@both_databases
async def test_a_message_that_waited_when_the_matter_was_closed_is_the_bots(
    log: Log, care: Care, linh: Agent
) -> None:
    await care.claim("c1", linh, (await turn(log, answer("hi"))).conversation.version)
    begun = await write(log, "one more thing")
    await care.resolve("c1", linh, 2)
    done = await log.leave_to_people(Turn(begun.written.messages), "front")
    assert (done.conversation.owner, done.more) == ("bot", True)
    waiting = await log.next_turn("c1")
    assert waiting
    assert waiting.text == "one more thing"


async def test_a_turn_that_is_given_up_after_the_matter_was_closed(
    log: Log, care: Care, linh: Agent
) -> None:
    begun = await write(log)
    await care.resolve("c1", linh, 1)
    done = await log.give_up_turn(Turn(begun.written.messages), "front")
    assert (done.messages, done.conversation.unanswered_at) == ((), None)


async def test_after_the_matter_is_closed_the_customer_is_the_bots(
    log: Log, care: Care, linh: Agent
) -> None:
    await turn(log, answer("ok", proof=PROOF, slots={"order_number": "DH-20413"}))
    await care.resolve("c1", linh, 1)
    conversation = (await write(log, "thanks")).written.conversation
    assert (conversation.owner, conversation.version) == ("bot", 3)
    assert (conversation.proof, conversation.slots) == (None, {})
    assert conversation.reset_due


# --- the hub's own buttons


@both_databases
@pytest.mark.usefixtures("staffed")
async def test_back_to_the_bot(log: Log, house: House, care: Care, linh: Agent) -> None:
    waiting = await queued(log)
    title = house.word("back_to_bot", "en")
    done = await press(log, title)
    assert spoken(done.messages) == [("system", "utter_back_to_bot")]
    assert (done.conversation.owner, done.conversation.version) == ("bot", waiting.version + 1)
    assert done.conversation.reset_due
    assert done.conversation.unanswered_at is None
    again = await press(log, title)
    assert (again.messages, again.conversation.version) == ((), waiting.version + 1)
    await care.claim("c1", linh, again.conversation.version)
    late = await press(log, title)
    assert (late.messages, late.conversation.owner) == ((), "human")


async def rated(log: Log, care: Care, linh: Agent) -> Conversation:
    """Linh has helped, and has closed the matter."""
    await turn(log, answer("hi"))
    taken = await care.reply("c1", linh, "desk:1", "I'm Linh")
    return (await care.resolve("c1", linh, taken.conversation.version)).conversation


@pytest.mark.parametrize(
    ("stars", "thanks"),
    [("1", "utter_rating_sorry"), ("2", "utter_rating_sorry"), ("3", "utter_rating_thanks")],
)
async def test_a_rating(
    log: Log, care: Care, linh: Agent, database: Database, stars: str, thanks: str
) -> None:
    closed = await rated(log, care, linh)
    done = await press(log, stars)
    assert spoken(done.messages) == [("system", thanks)]
    assert (done.conversation.owner, done.conversation.version) == ("nobody", closed.version)
    [row] = await rows(database, schema.ratings)
    assert (row.stars, row.agent_id, row.version) == (int(stars), linh.id, closed.version)


@both_databases
async def test_a_matter_is_rated_once_and_the_last_word_counts(
    log: Log, care: Care, linh: Agent, database: Database
) -> None:
    await rated(log, care, linh)
    for stars in ("1", "5"):
        await press(log, stars)
    assert [row.stars for row in await rows(database, schema.ratings)] == [5]
    await log.rate("c1", 4, "quick!")
    await press(log, "3")
    assert [(r.stars, r.comment) for r in await rows(database, schema.ratings)] == [(3, "quick!")]
    context = await log.context("c1")
    assert [(r["stars"], r["comment"]) for r in context["ratings"]] == [(3, "quick!")]


async def test_each_matter_has_its_rating(
    log: Log, care: Care, linh: Agent, database: Database
) -> None:
    await rated(log, care, linh)
    await press(log, "1")
    back = (await turn(log, answer("hi"))).conversation
    taken = await care.claim("c1", linh, back.version)
    await care.resolve("c1", linh, taken.conversation.version)
    await press(log, "5")
    assert [row.stars for row in await rows(database, schema.ratings)] == [1, 5]


async def test_nothing_to_rate(log: Log, care: Care, linh: Agent) -> None:
    await turn(log, answer("hi"))
    await care.resolve("c1", linh, 1)  # nobody has helped in it
    with pytest.raises(HubError) as fault:
        await log.rate("c1", 5, None)
    assert fault.value.status == 409


async def offered(log: Log, database: Database) -> None:
    """The customer has been asked whether the matter is solved."""
    buttons: Any = [
        {"title": "solved", "payload": SOLVED},
        {"title": "not solved", "payload": NOT_SOLVED},
    ]
    await turn(log, answer("Is it?", buttons=buttons))


async def test_solved(log: Log, database: Database) -> None:
    await turn(log, answer("ok", commands=[HAND_OVER]))  # nobody is there
    await offered(log, database)
    done = await press(log, "solved")
    assert spoken(done.messages) == [("system", "utter_solved_thanks")]
    assert [row.state for row in await rows(database, schema.cases)] == ["solved"]


@both_databases
@pytest.mark.usefixtures("staffed")
async def test_not_solved_goes_back_to_people(
    log: Log, care: Care, linh: Agent, database: Database
) -> None:
    await offered(log, database)
    await care.resolve("c1", linh, 1)
    done = await press(log, "not solved")
    assert spoken(done.messages) == [
        ("system", "utter_reopened"),
        ("system", "utter_handed_over_first"),
    ]
    assert (done.conversation.owner, done.conversation.reason) == ("queue", "not_solved")
    again = await press(log, "not solved")
    assert (again.messages, again.conversation.version) == ((), done.conversation.version)


async def test_not_solved_where_nobody_is_there(log: Log, database: Database) -> None:
    await offered(log, database)
    done = await press(log, "not solved")
    assert spoken(done.messages) == [
        ("system", "utter_reopened"),
        ("system", "utter_left_for_people"),
    ]
    assert done.conversation.owner == "bot"
    [case] = await rows(database, schema.cases)
    assert (case.kind, case.state) == ("callback", "open")


# --- reading


async def test_notes_are_for_agents(log: Log, care: Care, linh: Agent) -> None:
    await write(log, "hi")
    await care.note("c1", linh, "angry")
    assert [m.text for m in await log.messages("c1")] == ["hi"]
    assert [m.text for m in await log.messages("c1", notes=True)] == ["hi", "angry"]
    assert [m.text for m in await log.messages("c1", 1, notes=True)] == ["angry"]
    assert [m.text for m in await log.messages("c1", notes=True, limit=1)] == ["hi"]
    [(_, last)] = await log.overview()
    assert last
    assert last.text == "hi"
    newest = await log.last_message("c1")
    assert newest == last


@both_databases
@pytest.mark.usefixtures("staffed")
async def test_overview_shows_the_longest_waiting_first(
    log: Log, care: Care, linh: Agent, clock: Clock
) -> None:
    await log.open("silent", "web", "en")  # nothing was said: nobody has to look at it
    await turn(log, answer("hi"), to="bot")
    for waiting in ("first", "second"):
        await queued(log, waiting)
        clock.go_on(minutes=1)
    await turn(log, answer("hi"), to="mine")
    await care.reply("mine", linh, "desk:1", "hello")
    assert [c.id for c, _ in await log.overview(("queue",))] == ["first", "second"]
    owned = await log.overview(("queue", "human"))
    assert [c.id for c, _ in owned] == ["first", "second", "mine"]
    assert [c.id for c, _ in await log.overview(("human",), linh.id)] == ["mine"]
    assert len(await log.overview()) == 4
    assert await log.counts(linh.id) == {"queue": 2, "mine": 1, "open": 3}
    assert await log.counts(linh.id + 1) == {"queue": 2, "mine": 0, "open": 3}


@both_databases
async def test_who_found_nobody_there_waits_too(log: Log, care: Care, linh: Agent) -> None:
    done = await turn(log, answer("ok", commands=[HAND_OVER]))
    assert [c.id for c, _ in await log.overview(("queue",))] == ["c1"]
    assert (await log.counts(linh.id))["queue"] == 1
    await care.claim("c1", linh, done.conversation.version)
    assert await log.overview(("queue",)) == []


@both_databases
@pytest.mark.usefixtures("staffed")
async def test_context(log: Log, care: Care, linh: Agent, clock: Clock) -> None:
    await turn(log, answer("ok", intent="ask_order_status", slots={"phone": "+601"}))
    await queued(log, "c2")
    clock.go_on(seconds=1)
    waiting = await queued(log)
    context = await log.context("c1")
    assert context["intents"] == ["greet", "ask_order_status"], "the newest first"
    assert context["position"] == 2
    assert context["unanswered_since"]
    await care.claim("c1", linh, waiting.version)
    context = await log.context("c1")
    assert context["position"] is None
    assert [(h["from"], h["to"], h["reason"], h["who"]) for h in context["history"]] == [
        ("bot", "queue", "asked", "bot"),
        ("queue", "human", "claim", "Linh"),
    ]


async def test_a_received_message_is_what_the_page_sees(log: Log) -> None:
    received: Received = await write(log, "hi", echo_id="web:my-own-id")
    public = received.written.messages[0].public()
    assert (public["echo_id"], public["seq"], public["author"]) == ("my-own-id", 1, "customer")


async def test_many_conversations_with_something_to_do(log: Log, clock: Clock) -> None:
    for name in ("c1", "c2"):
        await write(log, to=name)
    await turn(log, answer("hi"), to="c3")
    assert sorted(await log.with_pending()) == ["c1", "c2"]


async def test_moments_of_a_conversation(log: Log, database: Database, clock: Clock) -> None:
    await turn(log, answer("hi"))
    before = (await log.conversation("c1")).customer_at
    await change(database, schema.conversations, seen_seq=0)
    clock.go_on(hours=1)
    await write(log)
    after = (await log.conversation("c1")).customer_at
    assert before
    assert after == before + timedelta(hours=1)
