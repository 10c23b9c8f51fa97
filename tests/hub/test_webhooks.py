"""Calls to the shop's systems, over real connections, and what receivers are told about them."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from myna.database import Database
from myna.hub import outbox, schema
from myna.hub import webhooks as module
from myna.hub.care import Care
from myna.hub.cases import Cases, Request
from myna.hub.courier import Courier, Item, Later, Refused, Sent, Unknown
from myna.hub.log import Log
from myna.hub.model import Agent
from myna.hub.outside import Outside
from myna.hub.webhooks import WebhookCarrier, signature, verify
from myna.settings import PROJECT
from myna.texts import Catalogue
from tests.helpers import Clock, adapted, listening, until
from tests.hub.moves import queued, rows

SECRET = "key of tests"
GUIDE = (PROJECT / "docs" / "webhooks.md").read_text()
PAYLOAD = {
    "event": "case.opened",
    "id": "case.opened:CS-402913",
    "at": "2026-11-24T06:39:58.214Z",
    "data": {"by": "Nguyễn Thị Lĩnh 🙂"},
}
Step = Callable[[web.Request], web.StreamResponse]


class Receiver:
    """A system of the shop's."""

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[tuple[CIMultiDict[str], bytes]] = []
        self.steps: list[Step | None] = []
        """What the next calls get (None: nothing, ever); afterwards they are taken."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Any call."""
        self.calls.append((CIMultiDict(request.headers), await request.read()))
        if not self.steps:
            return web.Response(status=204)
        step = self.steps.pop(0)
        if step is None:
            await asyncio.sleep(60)
        assert step
        return step(request)

    @property
    def ids(self) -> list[str]:
        """Of the events, in the order of arrival."""
        return [json.loads(body)["id"] for _, body in self.calls]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    async with listening(receiver.handle) as url:
        receiver.url = f"{url}/myna?token=in-the-address"
        yield receiver


@pytest.fixture
async def carrier() -> AsyncIterator[WebhookCarrier]:
    carrier = WebhookCarrier(SECRET)
    yield carrier
    await carrier.close()


def item(address: str, payload: dict[str, Any] = PAYLOAD) -> Item:
    return Item(1, outbox.WEBHOOK, address, f"0:{payload['id']}", payload, 0)


def status(code: int, **headers: str) -> Step:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request: web.Response(status=code, headers=named, text="not for the log")


# --- a call


async def test_a_call(receiver: Receiver, carrier: WebhookCarrier) -> None:
    assert await carrier.send(item(receiver.url)) == Sent()
    ((headers, body),) = receiver.calls
    assert json.loads(body) == PAYLOAD
    assert headers["Content-Type"] == "application/json"
    assert headers["Myna-Event"] == "case.opened"
    assert headers["Myna-Delivery"] == "0:case.opened:CS-402913"
    assert abs(int(headers["Myna-Timestamp"]) - time.time()) < 5
    assert verify(SECRET, headers, body)
    assert not verify("another", headers, body)


@pytest.mark.parametrize("code", [200, 201, 202, 204, 299])
async def test_taken(receiver: Receiver, carrier: WebhookCarrier, code: int) -> None:
    receiver.steps = [status(code)]
    assert await carrier.send(item(receiver.url)) == Sent()


@pytest.mark.parametrize("code", [400, 410, 413, 422])
async def test_never_wanted(receiver: Receiver, carrier: WebhookCarrier, code: int) -> None:
    receiver.steps = [status(code, Retry_After="5")]
    assert await carrier.send(item(receiver.url)) == Refused(f"HTTP {code}")


@pytest.mark.parametrize(
    "code",
    [304, 401, 403, 404, 405, 408, 409, 415, 418, 425, 429, 451, 499, 500, 501, 502, 503, 504, 599],
)
async def test_to_be_tried_again(receiver: Receiver, carrier: WebhookCarrier, code: int) -> None:
    receiver.steps = [status(code)]
    assert await carrier.send(item(receiver.url)) == Later(f"HTTP {code}")


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(
    receiver: Receiver, carrier: WebhookCarrier, code: int
) -> None:
    receiver.steps = [status(code, Location="/elsewhere")]
    assert await carrier.send(item(receiver.url)) == Later(f"HTTP {code}")
    assert len(receiver.calls) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("9" * 5000, float("inf")),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        *((text, None) for text in ("", "-1", "1.5", "1e3", "nan", "inf", "soon", "\u00b2")),
        ("Wed, 21 Oct 2015 07:28:00 +99999999999999999999", None),
        ("Mon, 1 Jan 99999 00:00:00 GMT", None),
    ],
)
async def test_when_to_come_again(
    receiver: Receiver, carrier: WebhookCarrier, header: str, seconds: float | None
) -> None:
    receiver.steps = [status(503, Retry_After=header)]
    assert await carrier.send(item(receiver.url)) == Later("HTTP 503", seconds)


@pytest.mark.parametrize("zone", [" GMT", " +0000", " -0000", ""])
async def test_a_date_to_come_again(
    receiver: Receiver, carrier: WebhookCarrier, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Saigon")
    time.tzset()
    moment = datetime.now(UTC) + timedelta(seconds=90)
    header = format_datetime(moment, usegmt=True).removesuffix(" GMT") + zone
    receiver.steps = [status(429, Retry_After=header)]
    result = await carrier.send(item(receiver.url))
    monkeypatch.delenv("TZ")
    time.tzset()
    assert isinstance(result, Later)
    assert result.after_seconds == pytest.approx(90, abs=3)


# --- faults of the connection


async def test_nobody_listens(carrier: WebhookCarrier, unused_port: int) -> None:
    found = await carrier.send(item(f"http://127.0.0.1:{unused_port}/"))
    assert found == Later("ClientConnectorError")


async def test_no_such_host(carrier: WebhookCarrier) -> None:
    found = await carrier.send(item("http://shop.invalid/"))
    assert isinstance(found, Later | Unknown), "as fast as the machine's resolver is"


async def test_no_answer_in_time(
    receiver: Receiver, carrier: WebhookCarrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SECONDS", 0.1)
    receiver.steps = [None]
    assert isinstance(await carrier.send(item(receiver.url)), Unknown)


@asynccontextmanager
async def talking(*words: bytes, hang: bool = False) -> AsyncIterator[str]:
    """A server that reads a little, says this, and goes away or falls silent."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        for word in words:
            writer.write(word)
        await writer.drain()
        if hang:
            await asyncio.sleep(60)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()


@pytest.mark.parametrize(
    "words",
    [
        [],
        [b"HTTP/1.1 2"],
        [b"220 mail.shop.example ESMTP\r\n"],
        [b"\x16\x03\x01\x00\xa5"],
        [b"HTTP/1.1 200 OK\r\n", b"X: " + b"x" * 20_000 + b"\r\n\r\n"],
    ],
)
async def test_what_is_no_answer(carrier: WebhookCarrier, words: list[bytes]) -> None:
    async with talking(*words) as url:
        assert isinstance(await carrier.send(item(url)), Unknown)


async def test_the_body_of_an_answer_is_not_waited_for(carrier: WebhookCarrier) -> None:
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"
    async with talking(endless, b"x" * 1000, hang=True) as url, asyncio.timeout(2):
        assert await carrier.send(item(url)) == Sent()


async def test_a_connection_that_was_dropped_meanwhile(
    receiver: Receiver, database: Database, clock: Clock
) -> None:
    def hangs_up(request: web.Request) -> web.StreamResponse:
        assert request.transport
        request.transport.close()
        return web.Response()

    receiver.steps = [status(200), hangs_up]
    async with carrying(database) as courier:
        for event in ("one", "two"):
            await announce(database, receiver, event)
            await courier.work_off()
        clock.go_on(seconds=2)
        await courier.work_off()
    assert receiver.ids == ["one", "two", "two"]
    assert {row.state for row in await rows(database, schema.outbox)} == {"sent"}


# --- with a courier


@asynccontextmanager
async def carrying(database: Database) -> AsyncIterator[Courier]:
    courier = Courier(database, {outbox.WEBHOOK: WebhookCarrier(SECRET)}, "front")
    yield courier
    await courier.stop()


async def announce(database: Database, receiver: Receiver, event: str) -> None:
    await database.write(
        lambda connection: outbox.announce(
            connection, (receiver.url,), event, event, {"by": "a private name"}
        )
    )


async def test_events_arrive_in_order_however_often_they_are_tried(
    receiver: Receiver, database: Database, clock: Clock
) -> None:
    receiver.steps = [status(500), status(404), status(200), status(410), status(302)]
    for event in ("one", "two", "three"):
        await announce(database, receiver, event)
    async with carrying(database) as courier:
        for _ in range(5):
            await courier.work_off()
            clock.go_on(seconds=10)
    assert receiver.ids == ["one", "one", "one", "two", "three", "three"]
    assert [row.state for row in await rows(database, schema.outbox)] == ["sent", "failed", "sent"]
    assert all(verify(SECRET, headers, body) for headers, body in receiver.calls)


async def test_it_is_not_called_before_it_wants(
    receiver: Receiver, database: Database, clock: Clock
) -> None:
    receiver.steps = [status(429, Retry_After="600")]
    await announce(database, receiver, "one")
    async with carrying(database) as courier:
        await courier.work_off()
        clock.go_on(seconds=599)
        await courier.work_off()
        assert len(receiver.calls) == 1
        clock.go_on(seconds=152)
        await courier.work_off()
    assert receiver.ids == ["one", "one"]


async def test_no_secrets_and_no_contents_in_the_log(
    receiver: Receiver,
    database: Database,
    clock: Clock,
    unused_port: int,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_SECONDS", 0.2)
    caplog.set_level(logging.DEBUG)
    receiver.steps = [status(500), status(302, Location="/?in-the-address"), None, status(410)]
    await announce(database, receiver, "one")
    receiver.url = f"http://127.0.0.1:{unused_port}/in-the-address"
    await announce(database, receiver, "two")
    receiver.url = f"http://{'x' * 70}.in-the-address/"
    await announce(database, receiver, "three")
    async with carrying(database) as courier:
        for _ in range(5):
            await courier.work_off()
            clock.go_on(seconds=30)
    # what our own receiver has written is not ours
    log = [caplog.handler.format(r) for r in caplog.records if r.name != "aiohttp.access"]
    log += [row.error or "" for row in await rows(database, schema.outbox)]
    assert any("webhook to 0:one: HTTP 410" in line for line in log)
    for forbidden in ("in-the-address", SECRET, "a private name", "not for the log", "v1="):
        assert not any(forbidden in line for line in log)


# --- checking a call

BODY = json.dumps(PAYLOAD).encode()


def signed(moment: float, body: bytes = BODY, secret: str = SECRET) -> dict[str, str]:
    timestamp = str(int(moment))
    return {"Myna-Timestamp": timestamp, "Myna-Signature": signature(secret, timestamp, body)}


def test_the_signature_is_as_openssl_makes_it() -> None:
    # printf '1795500000.{"event":"x"}' | openssl dgst -sha256 -hmac 'key of tests'
    assert signature(SECRET, "1795500000", b'{"event":"x"}') == (
        "v1=ba1b4fab208d9fb109ed993ce66fc90ad3a61a6892ab8be635ba9628fa86d124"
    )


@pytest.mark.parametrize(("age", "good"), [(0, True), (299, True), (301, False), (-301, False)])
def test_an_old_call_is_refused(age: int, good: bool) -> None:
    assert verify(SECRET, signed(1_795_500_000), BODY, 1_795_500_000 + age) is good
    assert verify(SECRET, signed(time.time() - age), BODY) is good


@pytest.mark.parametrize("spelled", [str.lower, str.upper, str.title])
def test_headers_in_any_case(spelled: Callable[[str], str]) -> None:
    headers = {spelled(name): value for name, value in signed(time.time()).items()}
    assert verify(SECRET, headers, BODY)


def test_what_was_changed_is_refused() -> None:
    headers = signed(1_795_500_000)
    assert not verify(SECRET, headers, BODY + b" ", 1_795_500_000)
    assert not verify(SECRET, headers, BODY.replace(b"402913", b"402914"), 1_795_500_000)
    for name, value in (
        ("Myna-Timestamp", "1795500001"),
        ("Myna-Timestamp", " 1795500000"),
        ("Myna-Signature", headers["Myna-Signature"].removeprefix("v1=")),
        ("Myna-Signature", headers["Myna-Signature"].replace("v1=", "v2=")),
        ("Myna-Signature", headers["Myna-Signature"][:-1]),
        ("Myna-Signature", ""),
    ):
        assert not verify(SECRET, {**headers, name: value}, BODY, 1_795_500_000)
    for missing in headers:
        rest = {name: value for name, value in headers.items() if name != missing}
        assert not verify(SECRET, rest, BODY, 1_795_500_000)


@given(st.text(), st.text(), st.binary())
def test_nothing_that_is_sent_makes_it_fail(timestamp: str, claimed: str, body: bytes) -> None:
    for given_time in (timestamp, "1795500000", "\u00b2", "9" * 5000):
        for given_mark in (claimed, "v1=\udcff", "v1=" + "ă" * 64):
            headers = {"Myna-Timestamp": given_time, "Myna-Signature": given_mark}
            assert not verify(SECRET, headers, body)


def test_even_a_genuine_signature_needs_a_moment() -> None:
    for timestamp in ("", "\u00b2", "-1", "9" * 5000, "1795500000\n"):
        headers = {
            "Myna-Timestamp": timestamp,
            "Myna-Signature": signature(SECRET, timestamp, BODY),
        }
        assert not verify(SECRET, headers, BODY, 1_795_500_000)


# --- docs/webhooks.md


def test_the_call_in_the_guide_is_genuine() -> None:
    [(head, body)] = re.findall(r"```http\n(.*?)\n\n(.*?)\n```", GUIDE, re.S)
    headers = dict(line.split(": ", 1) for line in head.splitlines()[1:])
    event = json.loads(body)
    assert verify("example", headers, body.encode(), float(headers["Myna-Timestamp"]))
    assert headers["Myna-Event"] == event["event"]
    assert headers["Myna-Delivery"] == f"0:{event['id']}"


async def test_the_guide_describes_every_event_and_its_fields(
    database: Database,
    catalogue: Catalogue,
    receiver: Receiver,
    staffed: None,
    linh: Agent,
) -> None:
    house = adapted(catalogue, webhooks=(receiver.url,))
    conversation = await queued(Log(database, house))
    await Care(database, house).resolve("c1", linh, conversation.version)
    await Cases(database, house).open(Request("return", "desk:1", "too small"), linh)
    await Outside(database, house).alarm("messenger.halted", "1", "token")
    async with carrying(database) as courier:
        await courier.work_off()
    told = {
        event["event"]: set(event["data"])
        for event in (json.loads(body) for _, body in receiver.calls)
    }
    described = {
        event: set(re.findall(r"^\| `(\w+)` \|", section, re.M))
        for event, section in re.findall(r"^### `([\w.]+)`\n(.*?)(?=^##)", GUIDE, re.M | re.S)
    }
    assert told == described
    assert set(json.loads(receiver.calls[0][1])) == {"event", "id", "at", "data"}


async def test_the_receiver_in_the_guide(carrier: WebhookCarrier, unused_port: int) -> None:
    [program] = re.findall(r"```python\n(.*?)```", GUIDE, re.S)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program.replace("8099", str(unused_port))),
        env={**os.environ, "MYNA_WEBHOOKS_KEY": SECRET},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{unused_port}/myna"
    stranger = WebhookCarrier("another")
    try:

        async def taken() -> bool:
            return await carrier.send(item(address)) == Sent()

        await until(taken, 15)
        assert await carrier.send(item(address)) == Sent()
        assert await stranger.send(item(address, {**PAYLOAD, "id": "forged"})) == Later("HTTP 401")
        assert await carrier.send(item(address, {**PAYLOAD, "id": "next"})) == Sent()
        async with aiohttp.ClientSession() as http, http.post(address, data=BODY) as response:
            assert response.status == 401
        for moment in (time.time() - 400, time.time() + 400):
            headers = signed(moment)
            async with (
                aiohttp.ClientSession() as http,
                http.post(address, data=BODY, headers=headers) as response,
            ):
                assert response.status == 401
    finally:
        process.kill()
        await stranger.close()
    printed, _ = await process.communicate()
    assert printed.decode().splitlines() == [f"case.opened {PAYLOAD['data']}"] * 2, "no doubles"
