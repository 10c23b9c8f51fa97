"""What Meta calls: authenticated, every event stored once, answered at once."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import aiohttp
import pytest

from myna.channels.messenger.webhook import PATH
from myna.database import Database
from myna.hub import schema
from tests.helpers import FakeBrain
from tests.hub.moves import rows

from .conftest import AN, OTHER_PAGE, SITI, Line
from .fake import APP_ID, APP_SECRET, PAGE, VERIFY_TOKEN
from .fake.delivery import sign


async def get(line: Line, **query: str) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(line.url + PATH, params=query) as answer,
    ):
        return answer.status, await answer.text()


def hub_query(**changed: str) -> dict[str, str]:
    usual = {"mode": "subscribe", "verify_token": VERIFY_TOKEN, "challenge": "1158201444"}
    return {f"hub.{name}": value for name, value in {**usual, **changed}.items() if value}


# --- verification


async def test_the_challenge_is_given_back_to_who_knows_the_token(line: Line) -> None:
    assert await get(line, **hub_query()) == (200, "1158201444")


@pytest.mark.parametrize(
    "query",
    [
        hub_query(verify_token="wrong"),
        hub_query(verify_token=""),
        hub_query(mode="unsubscribe"),
        hub_query(mode=""),
        hub_query(verify_token=VERIFY_TOKEN + "x"),
        hub_query(verify_token="\u1ea1"),
        {},
    ],
)
async def test_no_challenge_is_given_back_to_others(line: Line, query: dict[str, str]) -> None:
    status, text = await get(line, **query)
    assert status == 403
    assert "1158201444" not in text


# --- signature


def event_of(psid: str = AN, page: str = PAGE, mid: str = "m_1", text: str = "xin chào") -> Any:
    message = {"mid": mid, "text": text}
    parties = {"sender": {"id": psid}, "recipient": {"id": page}}
    return {**parties, "timestamp": 1_795_000_000_000, "message": message}


def call_of(*events: Any, page: str = PAGE) -> dict[str, Any]:
    return {"object": "page", "entry": [{"id": page, "time": 1, "messaging": list(events)}]}


def digest(name: str, raw: bytes, key: str = APP_SECRET) -> str:
    return f"{name}=" + hmac.new(key.encode(), raw, name).hexdigest()


RAW = json.dumps(call_of(event_of())).encode()


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "sha256=",
        "sha256=" + "0" * 64,
        digest("sha1", RAW),
        digest("md5", RAW),
        digest("sha256", RAW, key=""),
        digest("sha256", RAW, key="another secret"),
        digest("sha256", RAW).removeprefix("sha256="),
        digest("sha256", RAW + b" "),
        digest("sha256", RAW).upper(),
        "foo=bar",
    ],
)
async def test_what_is_not_signed_by_meta_is_refused(
    line: Line, database: Database, signature: str
) -> None:
    assert await line.graph.webhook.post_raw(RAW, signature) == 403
    assert await rows(database, schema.outbox) == []


async def test_the_older_signature_does_not_count(line: Line) -> None:
    headers = {"X-Hub-Signature": digest("sha1", RAW)}
    async with (
        aiohttp.ClientSession() as session,
        session.post(line.url + PATH, data=RAW, headers=headers) as answer,
    ):
        assert answer.status == 403


async def test_the_signature_is_over_the_bytes_that_were_sent(line: Line) -> None:
    assert b"\\u00e0" in RAW, "as Meta escapes it"
    assert await line.graph.webhook.post_raw(RAW, sign(RAW)) == 200
    unescaped = json.dumps(call_of(event_of()), ensure_ascii=False).encode()
    assert await line.graph.webhook.post_raw(unescaped, sign(RAW)) == 403


async def test_a_call_that_is_too_large_is_refused(line: Line) -> None:
    raw = json.dumps(call_of(event_of(text="x" * 1_100_000))).encode()
    assert await line.graph.webhook.post_raw(raw, sign(raw)) in (413, 0)


# --- events


async def test_every_event_of_every_entry_is_handled(line: Line, brain: FakeBrain) -> None:
    first = call_of(event_of(mid="m_1", text="one"), event_of(SITI, mid="m_2", text="two"))
    second = call_of(event_of(AN, OTHER_PAGE, "m_3", "three"), page=OTHER_PAGE)
    line.world.user(AN, acted_at=line.world.now())
    line.world.user(SITI, acted_at=line.world.now())
    line.world.user(AN, OTHER_PAGE, acted_at=line.world.now())
    body = {"object": "page", "entry": first["entry"] + second["entry"]}
    assert await line.graph.webhook.post(body) == 200
    await line.settle()
    assert sorted(request["text"] or "" for request in brain.requests) == ["one", "three", "two"]
    assert {request["conversation"] for request in brain.requests} == {
        line.conversation(AN),
        line.conversation(SITI),
        line.conversation(AN, OTHER_PAGE),
    }


async def test_a_bad_event_does_not_keep_the_others_out(line: Line, brain: FakeBrain) -> None:
    body: dict[str, Any] = call_of(
        {"sender": None},
        "no event",
        {"sender": {"id": AN}, "recipient": {"id": PAGE}, "message": 7},
        {"sender": {"id": AN}, "recipient": {"id": PAGE}, "message": {"text": ["x"], "mid": {}}},
        event_of(text="good"),
    )
    body["entry"] += [None, {"messaging": "x"}, {}]
    assert await line.graph.webhook.post(body) == 200
    await line.settle()
    assert [request["text"] for request in brain.requests] == ["good"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"null",
        b"7",
        b"{",
        b'{"object":"page"}',
        b'{"object":"page","entry":{}}',
        b'{"object":"page","entry":[{"messaging":[{}]}]}',
        b"[" * 200_000,
        b"\xff\xfe",
    ],
)
async def test_what_is_signed_and_makes_no_sense_is_not_asked_for_again(
    line: Line, database: Database, raw: bytes
) -> None:
    assert await line.graph.webhook.post_raw(raw, sign(raw)) == 200
    assert await rows(database, schema.outbox) == []


@pytest.mark.parametrize(
    "body",
    [
        {**call_of(event_of()), "object": "instagram"},
        call_of(event_of(page="999999999")),
        call_of(event_of(psid="../../etc")),
        call_of(event_of(psid="1" * 20)),
        call_of(event_of(psid="")),
        call_of({"recipient": {"id": PAGE}, "message": {"mid": "m_1", "text": "hi"}}),
    ],
)
async def test_what_is_not_of_our_pages_is_not_answered(
    line: Line, brain: FakeBrain, database: Database, body: Any
) -> None:
    assert await line.graph.webhook.post(body) == 200
    await line.settle()
    assert brain.requests == []
    assert await rows(database, schema.conversations) == []


async def test_a_redelivery_is_one_turn(line: Line, brain: FakeBrain) -> None:
    line.world.user(AN, acted_at=line.world.now())
    for _ in range(3):
        assert await line.graph.webhook.post(call_of(event_of(), event_of())) == 200
        await line.settle()
    assert len(brain.requests) == 1


async def test_messages_of_one_user_keep_their_order(line: Line, brain: FakeBrain) -> None:
    later = {**event_of(mid="m_2", text="second"), "timestamp": 1_795_000_000_900}
    line.world.user(AN, acted_at=line.world.now())
    await line.graph.webhook.post(call_of(later, event_of(mid="m_1", text="first")))
    await line.settle()
    assert [text for author, text in await line.log() if author == "customer"] == [
        "first",
        "second",
    ]


async def test_a_thousand_events_in_one_call_are_stored_within_a_second(
    line: Line, database: Database
) -> None:
    users = [str(24_000_000_000_000_100 + n) for n in range(1000)]
    events = [event_of(psid, mid=f"m_{psid}", text="chào shop") for psid in users]
    assert await line.graph.webhook.post(call_of(*events)) == 200
    assert line.graph.webhook.seconds[-1] < 1
    assert len(await rows(database, schema.outbox)) == 1000


async def test_what_could_not_be_stored_is_asked_for_again(
    line: Line, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(events: Any) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(line.messenger._inbox, "take_in", full)
        assert await line.graph.webhook.post(call_of(event_of())) == 500
    assert await line.graph.webhook.post(call_of(event_of())) == 200


async def test_nobody_chooses_a_conversation_of_another_channel(line: Line) -> None:
    line.graph.says(AN, "hello")
    await line.settle()
    found = await line.hub.log.conversation(line.conversation())
    assert (found.id, found.channel) == (f"fb.{PAGE}.{AN}", "messenger")
    assert len(f"fb.{'1' * 17}.{'2' * 19}") == 40, "as ids of conversations find room"


async def test_the_ids_that_meta_gives_may_be_numbers(line: Line, brain: FakeBrain) -> None:
    event = event_of()
    event["sender"]["id"], event["recipient"]["id"] = int(AN), int(PAGE)
    line.world.user(AN, acted_at=line.world.now())
    await line.graph.webhook.post(call_of(event))
    await line.settle()
    assert len(brain.requests) == 1
    assert hashlib.sha256(APP_ID.encode()).digest()
