"""What goes out: each message once, as Meta's answers allow."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from myna.channels.messenger import CHANNEL
from myna.database import Database
from myna.hub import schema
from tests.helpers import FakeBrain, answer, until
from tests.hub.moves import rows

from .conftest import AN, SITI, Line
from .fake import PAGE, TOKEN, Rule
from .fake.world import INBOX_APP


async def outbox(database: Database, psid: str = AN) -> list[Any]:
    """The items for one user."""
    found = await rows(database, schema.outbox)
    return [r for r in found if r.carrier == CHANNEL and r.lane == f"fb.{PAGE}.{psid}"]


async def states(database: Database, psid: str = AN) -> list[str]:
    return [row.state for row in await outbox(database, psid)]


@pytest.fixture
async def begun(line: Line) -> Line:
    """A conversation that has begun, so that the disclosure is out of the way."""
    line.graph.says(AN, "hi")
    await line.settle()
    line.world.sent.clear()
    return line


async def test_a_request_is_as_meta_wants_it(begun: Line, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        begun.graph.says(AN, "hello")
        await begun.settle()
    sent = [b for m, p, b in begun.world.log if p == f"/v26.0/{PAGE}/messages" and "message" in b]
    body = sent[-1]
    assert body["recipient"] == {"id": AN}
    assert body["messaging_type"] == "RESPONSE"
    assert body["message"] == {
        "text": "you said: hello",
        "metadata": f"fb.{PAGE}.{AN}:5",
    }
    assert body["appsecret_proof"] == begun.world.proof(TOKEN)
    assert all(TOKEN not in path for _, path, _ in begun.world.log)
    assert TOKEN not in caplog.text


async def test_an_answer_of_several_messages_comes_in_order(begun: Line, brain: FakeBrain) -> None:
    brain.script = [answer("one", "two", "three")]
    begun.graph.says(AN, "go")
    await begun.settle()
    assert begun.graph.sent_to(AN) == ["one", "two", "three"]


async def test_a_long_text_is_several_items(
    begun: Line, brain: FakeBrain, database: Database
) -> None:
    long = " ".join(f"Câu số {n} của một câu trả lời rất dài." for n in range(150))
    brain.script = [answer(long)]
    begun.graph.says(AN, "go")
    await begun.settle()
    parts = begun.graph.sent_to(AN)
    assert len(parts) == 3
    assert " ".join(parts) == long
    keys = [row.key for row in await outbox(database)][-3:]
    assert keys == [f"fb.{PAGE}.{AN}:5{part}" for part in ("", ":1", ":2")]


async def test_nothing_is_sent_for_nothing(
    begun: Line, brain: FakeBrain, database: Database
) -> None:
    brain.script = [answer(" \n\n ", "then this")]
    begun.graph.says(AN, "go")
    await begun.settle()
    assert begun.graph.sent_to(AN) == ["then this"]


async def test_the_customer_is_shown_that_it_was_read(begun: Line) -> None:
    async def shown() -> bool:
        return (AN, "mark_seen") in begun.world.actions

    await until(shown)


async def test_writing_is_shown_only_if_it_takes_long(
    begun: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    from myna.channels.messenger import signals

    monkeypatch.setattr(signals, "_PATIENCE", 0.05)
    monkeypatch.setattr(signals, "_REFRESH", 0.05)

    async def shown() -> bool:
        return begun.world.actions.count((AN, "typing_on")) > 1

    begun.hub.types(begun.conversation(), "agent")
    await until(shown)
    begun.hub.types(begun.conversation(), "agent", on=False)


async def test_a_failing_sign_harms_nothing(begun: Line) -> None:
    begun.graph.rules = [Rule("hang", more={"actions": True}, psid=AN, times=1)]
    begun.graph.says(AN, "hello")
    await begun.settle()
    assert begun.graph.sent_to(AN) == ["you said: hello"]


# --- errors


def error(code: int, subcode: int | None = None, status: int = 400, **more: Any) -> Rule:
    return Rule("error", times=1, more={"code": code, "subcode": subcode, "status": status}, **more)


@pytest.mark.parametrize(
    "rule",
    [
        error(2, status=500),
        error(1, status=500),
        error(1200, status=503),
        Rule("throttle", times=1),
        error(4, status=403),
        error(613),
        error(80006),
    ],
)
async def test_what_is_certainly_not_done_is_tried_again(
    begun: Line, database: Database, rule: Rule, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _again(begun, rule, database, monkeypatch)
    assert begun.graph.sent_to(AN) == ["you said: hello"]


async def _again(
    line: Line, rule: Rule, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lets a rule strike once, and the pauses after it be short."""
    from myna.channels.messenger import pace
    from myna.hub import courier

    monkeypatch.setattr(courier, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(pace, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(pace, "_LONGEST_PAUSE", 0.02)
    line.graph.rules = [rule]
    line.graph.says(AN, "hello")

    async def over() -> bool:
        await line.settle()
        return rule.used > 0 and "waiting" not in await states(database)

    await until(over)


async def test_a_server_that_cannot_be_reached_is_tried_again(
    begun: Line, database: Database, unused_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = begun.messenger.carriers[CHANNEL]._graph  # type: ignore[attr-defined]
    base = graph._base
    graph._base = f"http://127.0.0.1:{unused_port}/v26.0"
    begun.graph.says(AN, "hello")
    await begun.settle()
    assert (await states(database))[-1] == "waiting"
    graph._base = base
    await database.write(lambda c: c.execute(schema.outbox.update().values(next_at=_past())))
    await begun.settle()
    assert begun.graph.sent_to(AN) == ["you said: hello"]


def _past() -> Any:
    from datetime import timedelta

    from myna.hub.model import now

    return now() - timedelta(seconds=1)


AMBIGUOUS = [
    Rule("reset", times=1),
    Rule("html", times=1),
    Rule("html", times=1, more={"status": 500}),
    Rule("empty", times=1),
    Rule("garbage", times=1),
]


@pytest.mark.parametrize("rule", AMBIGUOUS, ids=lambda rule: f"{rule.fault}-{rule.more}")
async def test_what_may_have_been_done_is_reconciled_by_its_echo(
    begun: Line, database: Database, rule: Rule
) -> None:
    begun.graph.rules = [Rule(rule.fault, times=1, accepted=True, more=rule.more)]
    begun.graph.says(AN, "hello")
    begun.graph.says(AN, "again")
    await begun.settle()
    assert set(await states(database)) == {"delivered"}
    assert len(begun.graph.sent_to(AN)) == len(set(begun.graph.sent_to(AN)))


@pytest.mark.parametrize("rule", AMBIGUOUS, ids=lambda rule: f"{rule.fault}-{rule.more}")
@pytest.mark.parametrize("accepted", [True, False])
async def test_without_an_echo_it_is_unknown_and_never_sent_again(
    begun: Line, database: Database, rule: Rule, accepted: bool
) -> None:
    more = {**rule.more, "lost_echo": True}
    begun.graph.rules = [Rule(rule.fault, times=1, accepted=accepted, more=more)]
    begun.graph.says(AN, "hello")
    await begun.settle()
    assert (await states(database))[-1] == "unknown"
    assert begun.graph.sent_to(AN) == (["you said: hello"] if accepted else [])
    begun.graph.rules = []
    begun.graph.says(AN, "still there?")
    await begun.settle()
    assert begun.graph.sent_to(AN)[-1] == "you said: still there?", "the next one goes out"


async def test_agents_are_told_of_what_is_unknown(begun: Line) -> None:
    with begun.hub.bus.listen(begun.conversation()) as queue:
        begun.graph.rules = [Rule("reset", times=1)]
        begun.graph.says(AN, "hello")
        await begun.settle()
        news = [queue.get_nowait() for _ in range(queue.qsize())]
    (told,) = [one.data for one in news if one.kind == "delivery"]
    assert told
    assert (told["seq"], told["state"]) == (5, "unknown")


async def test_a_late_echo_still_proves_it(begun: Line, database: Database) -> None:
    begun.graph.rules = [Rule("reset", times=1, accepted=True, more={"lost_echo": True})]
    begun.graph.says(AN, "hello")
    await begun.settle()
    assert (await states(database))[-1] == "unknown"
    begun.graph._echo(begun.world.sent[-1])
    await begun.settle()
    assert (await states(database))[-1] == "delivered"


async def test_an_echo_before_the_answer_is_no_second_message(
    begun: Line, database: Database
) -> None:
    begun.graph.rules = [Rule("echo_first", times=1)]
    begun.graph.says(AN, "hello")
    await begun.settle()
    assert set(await states(database)) == {"delivered"}
    assert [author for author, _ in await begun.log()].count("agent") == 0


@pytest.mark.parametrize("fault", ["hang", "drip"])
async def test_a_graph_that_does_not_answer_holds_up_nobody_else(
    begun: Line, database: Database, fault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from myna.channels.messenger import graph

    monkeypatch.setattr(graph.Graph.post, "__defaults__", (0.5,))
    begun.graph.rules = [Rule(fault, psid=AN, accepted=True, more={"lost_echo": True})]
    begun.graph.says(AN, "hello")
    begun.graph.says(SITI, "salam")
    await begun.settle()
    assert begun.graph.sent_to(SITI)[-1] == "you said: salam"
    assert (await states(database))[-1] == "unknown"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"blocked": True}, "cannot be reached"),
        ({"acted_at": -1.0}, "24-hour window"),
        ({"owner": INBOX_APP}, "2018300"),
    ],
)
async def test_what_will_never_be_taken_is_given_up_at_once(
    begun: Line, database: Database, brain: FakeBrain, change: dict[str, Any], reason: str
) -> None:
    async def slow(request: Any) -> Any:
        begun.world.user(AN, **change)
        return answer("too late")

    brain.script = [slow]
    begun.graph.says(AN, "hello")
    await begun.settle()
    last = (await outbox(database))[-1]
    assert (last.state, last.tries) == ("failed", 1)
    assert reason in last.error


async def test_a_bot_that_finds_another_app_in_the_thread_is_silent(
    begun: Line, brain: FakeBrain
) -> None:
    async def meanwhile(request: Any) -> Any:
        begun.world.user(AN, owner=INBOX_APP)
        return answer("too late")

    brain.script = [meanwhile]
    begun.graph.says(AN, "hello")
    await begun.settle()
    assert (await begun.hub.log.conversation(begun.conversation())).owner == "human"


async def test_a_retired_tag_is_refused_for_good(begun: Line, database: Database) -> None:
    begun.graph.rules = [error(100, 1893061)]
    begun.graph.says(AN, "hello")
    await begun.settle()
    assert (await states(database))[-1] == "failed"


@pytest.mark.parametrize(
    ("rule", "word"),
    [
        (Rule("revoke", times=1), "token"),
        (error(200, status=403), "permission"),
        (error(10, 1893063, status=403), "restricted"),
    ],
)
async def test_a_page_that_cannot_send_waits_and_raises_an_alarm(
    begun: Line, database: Database, caplog: pytest.LogCaptureFixture, rule: Rule, word: str
) -> None:
    begun.graph.says(SITI, "salam")
    await begun.settle()
    before = len(begun.world.sent)
    begun.graph.rules = [rule]
    begun.graph.says(AN, "hello")
    await begun.settle()
    begun.graph.says(SITI, "ada orang?")
    begun.graph.says(AN, "hello again")
    await begun.settle()
    assert len(begun.world.sent) == before, "nothing more is tried on this page"
    assert (await states(database))[-1] == "waiting"
    assert word in begun.messenger.pace.halted()[PAGE]
    assert caplog.text.count("cannot send") == 1


async def test_a_new_token_lets_everything_go(
    begun: Line, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun.world.pages[PAGE].token = "EAAGnew"
    begun.graph.says(AN, "hello")
    await begun.settle()
    assert (await states(database))[-1] == "waiting"
    monkeypatch.setenv(f"MYNA_MESSENGER_TOKEN_{PAGE}", "EAAGnew")
    begun.messenger.pace._pages.clear()
    await database.write(lambda c: c.execute(schema.outbox.update().values(next_at=_past())))
    await begun.settle()
    assert begun.graph.sent_to(AN) == ["you said: hello"]
    assert begun.messenger.pace.halted() == {}


async def test_what_a_crash_left_half_sent_is_looked_for(begun: Line, database: Database) -> None:
    sender = begun.messenger.carriers[CHANNEL]
    begun.graph.says(AN, "hello")
    await begun.settle()
    (row,) = [row for row in await outbox(database) if row.key.endswith(":5")]
    for state, found in (("delivered", True), ("sending", False)):
        await database.write(
            lambda c, s=state: c.execute(
                schema.outbox.update().where(schema.outbox.c.id == row.id).values(state=s)
            )
        )
        from myna.hub.courier import Item

        item = Item(row.id, CHANNEL, row.lane, row.key, row.payload, 1)
        assert (await sender.reconcile(item) is not None) is found
