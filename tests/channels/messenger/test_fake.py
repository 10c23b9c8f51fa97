"""The fake Graph API itself: it refuses what Meta refuses; else the other tests mean nothing."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from .fake import APP_SECRET, PAGE, TOKEN, FakeGraph, Rule
from .fake.world import DAY, INBOX_APP

AN = "24000000000000001"


async def ask(
    graph: FakeGraph,
    body: dict[str, Any],
    *,
    token: str = TOKEN,
    proof: str | None = None,
    version: str = "v26.0",
    query: dict[str, str] | None = None,
) -> tuple[int, dict[str, Any]]:
    signed = {"appsecret_proof": proof or graph.world.proof(token), **body}
    url = f"{graph.url}/{version}/{PAGE}/messages"
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, json=signed, headers=headers, params=query) as answer,
    ):
        return answer.status, await answer.json()


def to(psid: str = AN, **message: Any) -> dict[str, Any]:
    if not message:
        message = {"text": "hi"}
    message.setdefault("metadata", f"fb.{PAGE}.{psid}:1")
    return {"recipient": {"id": psid}, "messaging_type": "RESPONSE", "message": message}


@pytest.fixture
def known(graph: FakeGraph) -> FakeGraph:
    graph.world.user(AN, acted_at=graph.world.now())
    return graph


def code(answer: tuple[int, dict[str, Any]]) -> tuple[int, int | None]:
    error = answer[1].get("error", {})
    return error.get("code", 0), error.get("error_subcode")


async def test_what_is_right_is_accepted(known: FakeGraph) -> None:
    status, answer = await ask(known, to())
    assert (status, answer["recipient_id"]) == (200, AN)
    assert answer["message_id"] == known.world.sent[0].mid
    assert known.world.violations == []


@pytest.mark.parametrize(
    ("how", "wanted"),
    [
        ({"token": "another"}, (190, 460)),
        ({"proof": "0" * 64}, (100, None)),
        ({"version": "v21.0"}, (2635, None)),
    ],
)
async def test_who_may_ask(known: FakeGraph, how: dict[str, Any], wanted: Any) -> None:
    assert code(await ask(known, to(), **how)) == wanted


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"blocked": True}, (551, 1545041)),
        ({"owner": INBOX_APP}, (10, 2018300)),
        ({"acted_at": 1.0}, (10, 2018278)),
    ],
)
async def test_who_may_be_written_to(known: FakeGraph, change: Any, wanted: Any) -> None:
    known.world.user(AN, **change)
    assert code(await ask(known, to())) == wanted


async def test_strangers_cannot_be_written_to(known: FakeGraph) -> None:
    assert code(await ask(known, to("24000000000000009"))) == (100, 2018001)


async def test_a_restricted_page_cannot_write(known: FakeGraph) -> None:
    known.world.pages[PAGE].restricted = True
    assert code(await ask(known, to())) == (10, 1893063)


QUICK = {"content_type": "text", "title": "Yes", "payload": "x"}
BUTTON = {"type": "postback", "title": "Yes", "payload": "x"}


def template(**payload: Any) -> dict[str, Any]:
    return {"attachment": {"type": "template", "payload": payload}}


@pytest.mark.parametrize(
    "message",
    [
        {"text": ""},
        {"text": " \n"},
        {"text": "x" * 2001},
        {"text": "🇻🇳" * 501},  # 2,004 UTF-16 units, 1,002 code points
        {"text": "x", "quick_replies": [QUICK] * 14},
        {"text": "x", "quick_replies": []},
        {"text": "x", "quick_replies": [{**QUICK, "title": "x" * 21}]},
        {"text": "x", "quick_replies": [{**QUICK, "payload": "x" * 1001}]},
        {"text": "x", "metadata": "x" * 1001},
        {"text": "x", "unknown": 1},
        {"text": "x", "attachment": {"type": "image", "payload": {"url": "https://x"}}},
        {"attachment": {"type": "image", "payload": {"url": "javascript:x"}}},
        {"attachment": {"type": "hologram", "payload": {"url": "https://x"}}},
        template(template_type="button", text="x" * 641, buttons=[BUTTON]),
        template(template_type="button", text="x", buttons=[BUTTON] * 4),
        template(template_type="button", text="x", buttons=[]),
        template(template_type="generic", elements=[{"title": "x"}] * 11),
        template(template_type="generic", elements=[{"title": "x" * 81}]),
        template(template_type="list", elements=[{"title": "x"}]),
    ],
)
async def test_limits(known: FakeGraph, message: dict[str, Any]) -> None:
    assert code(await ask(known, to(**message))) == (100, None)
    assert known.world.sent == []


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ({"messaging_type": None}, (100, None)),
        ({"messaging_type": "MESSAGE_TAG"}, (100, None)),
        ({"messaging_type": "MESSAGE_TAG", "tag": "ACCOUNT_UPDATE"}, (100, 1893061)),
        ({"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}, (10, None)),
        ({"sender_action": "typing_on"}, (100, None)),
    ],
)
async def test_how_a_message_is_declared(known: FakeGraph, body: Any, wanted: Any) -> None:
    assert code(await ask(known, {**to(), **body})) == wanted


async def test_people_have_seven_days_where_it_was_granted(known: FakeGraph) -> None:
    known.world.pages[PAGE].human_agent = True
    known.world.is_human = lambda text: True
    tagged = {**to(), "messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    known.world.offset += 6.9 * DAY
    assert (await ask(known, tagged))[0] == 200
    known.world.offset += 0.2 * DAY
    assert code(await ask(known, tagged)) == (10, 2018278)


async def test_too_many_requests(known: FakeGraph) -> None:
    known.world._buckets[PAGE, "text"].extend([1e12] * 300)
    assert code(await ask(known, to()))[0] == 613
    known.world._buckets.clear()
    known.world._calls.extend([known.world.now()] * 11_000)
    assert code(await ask(known, to()))[0] == 4


async def test_what_only_we_forbid_is_noted(known: FakeGraph) -> None:
    await ask(known, to(text="no metadata", metadata=None))
    known.world.sent.clear()
    await ask(known, to(text="x", metadata=f"fb.{PAGE}.{AN}:7"), query={"access_token": "x"})
    await ask(known, to(text="x", metadata=f"fb.{PAGE}.{AN}:7"))
    await ask(known, to(text="x", metadata=f"fb.{PAGE}.{AN}:6"))
    known.world.user(AN, silenced=True)
    await ask(known, to(text="x", metadata=f"fb.{PAGE}.{AN}:8"))
    words = ["token stands in the address", "sent twice", "after a later", "person's conversation"]
    assert [word in told for word, told in zip(words, known.world.violations, strict=True)] == [
        True
    ] * 4


# --- control, by hand or from another process


async def control(graph: FakeGraph, what: str, **body: Any) -> Any:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{graph.url}/__fake/{what}", json=body) as answer,
    ):
        assert answer.status == 200, what
        return await answer.json()


async def test_it_is_controlled_over_http(known: FakeGraph) -> None:
    before = known.world.now()
    assert (await control(known, "clock", forward=90_000))["now"] > before + 89_000
    assert code(await ask(known, to())) == (10, 2018278)
    user = await control(known, "users", id="24000000000000009", name="Siti", acted_at=before + 9e4)
    assert user["name"] == "Siti"
    await control(known, "rules", rules=[{"fault": "html", "times": 1}], delivery={"batch": 3})
    assert known.rules == [Rule("html", times=1)]
    assert known.webhook.faults.batch == 3
    await control(known, "deliver", do="says", psid="24000000000000009", text="hi")
    assert len(await control(known, "log")) == 1
    assert await control(known, "violations") == []
    assert await control(known, "sent") == []
    await control(known, "reset", seed=7)
    assert known.world.users == {}
    assert APP_SECRET
