"""News for those who listen, in this process and, over a real Redis, in others."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from myna.hub import bus as bus_module
from myna.hub.bus import EVERYTHING, RESYNC, Bus, News, RedisBus, make_bus
from tests.servers import redis_address, redis_server

MANY = 950

Join = Callable[[str], Awaitable[Bus]]


async def next_of(queue: asyncio.Queue[News]) -> News:
    return await asyncio.wait_for(queue.get(), 15)


def waiting(queue: asyncio.Queue[News]) -> list[News]:
    return [queue.get_nowait() for _ in range(queue.qsize())]


async def all_heard(sender: Bus, listener: Bus) -> list[News]:
    """What the listener hears of everything up to a last word of the sender."""
    heard = []
    with listener.listen(EVERYTHING) as queue:
        sender.publish(News("agents", "", {"last": True}))
        while (news := await next_of(queue)).kind != "agents":
            heard.append(news)
    return heard


@pytest.fixture
async def join() -> AsyncIterator[Join]:
    """Makes a bus as one process of an installation has it, and starts it."""
    made: list[Bus] = []

    async def join(url: str) -> Bus:
        made.append(make_bus(url))
        await made[-1].start()
        return made[-1]

    yield join
    for one in made:
        await one.stop()


def test_listeners_of_a_conversation_and_of_everything_hear_it() -> None:
    bus = Bus()
    with bus.listen("a") as a, bus.listen("b") as b, bus.listen(EVERYTHING) as every:
        bus.publish(News("message", "a", {"seq": 1}))
        assert a.get_nowait() == every.get_nowait() == News("message", "a", {"seq": 1})
        bus.publish(News("case", ""))
        assert waiting(every) == [News("case", "")]
        assert a.empty()
        assert b.empty()


def test_a_resync_reaches_every_listener_once() -> None:
    bus = Bus()
    with bus.listen("a") as a, bus.listen(EVERYTHING) as every:
        bus.publish(RESYNC)
        assert waiting(a) == waiting(every) == [RESYNC]


def test_a_sleeping_listener_does_not_grow_and_is_told_that_it_has_lost_news() -> None:
    bus = Bus()
    with bus.listen("a") as slow:
        for number in range(MANY):
            bus.publish(News("message", "a", {"seq": number}))
        heard = waiting(slow)
        assert len(heard) <= 200
        assert heard[0] == RESYNC
        assert heard[-1] == News("message", "a", {"seq": MANY - 1})


def test_nothing_is_left_of_a_listener() -> None:
    bus = Bus()
    with bus.listen("a"), bus.listen("a"):
        pass
    bus.publish(News("message", "a"))
    assert bus._listeners == {}


async def test_one_process_needs_no_redis() -> None:
    bus = make_bus(None)
    assert type(bus) is Bus
    await bus.start()
    await bus.stop()


async def test_another_process_hears_the_news_and_the_own_hears_it_once(
    redis_url: str, join: Join
) -> None:
    here, there = await join(redis_url), await join(redis_url)
    news = News("typing", "c-1", {"on": True, "author": "Bảo 🐦"})
    with here.listen("c-1") as near, there.listen("c-1") as far, there.listen(EVERYTHING) as every:
        here.publish(news)
        assert near.get_nowait() == news
        assert await next_of(far) == await next_of(every) == news
        there.publish(News("conversation", "c-1"))
        assert await next_of(near) == await next_of(far) == News("conversation", "c-1")
        assert await all_heard(there, here) == []
        assert near.empty()
        assert far.empty()


async def test_databases_of_one_redis_are_kept_apart(redis_url: str, join: Join) -> None:
    another = redis_url.removesuffix("/0") + "/1"
    here, there = await join(redis_url), await join(redis_url)
    near, far = await join(another), await join(another)
    with far.listen("a") as elsewhere:
        here.publish(News("message", "a"))
        assert await all_heard(here, there) == [News("message", "a")]
        assert await all_heard(near, far) == []
        assert elsewhere.empty()


@pytest.mark.parametrize(
    "payload",
    [
        b"\xff\xfe",
        b"not JSON",
        b"[]",
        b'{"kind": "message"}',
        b'{"origin": "x", "kind": 7, "conversation_id": "a", "data": null}',
        b'{"origin": "x", "kind": "message", "conversation_id": "a", "data": [1]}',
        b"[" * 100_000,
    ],
)
async def test_what_is_no_news_is_ignored(
    redis_url: str, join: Join, caplog: pytest.LogCaptureFixture, payload: bytes
) -> None:
    here, there = await join(redis_url), await join(redis_url)
    with there.listen(EVERYTHING) as queue:
        async with Redis.from_url(redis_url) as stranger:
            assert await stranger.publish("myna:news:0", payload) == 2
        here.publish(News("message", "a"))
        assert await next_of(queue) == News("message", "a")
    lines = [record for record in caplog.records if "no news" in record.message]
    assert len(lines) == 2  # one of each bus
    assert all(len(record.message) < 300 for record in lines)


async def test_more_news_than_can_wait_become_a_resync(redis_url: str, join: Join) -> None:
    here, there = await join(redis_url), await join(redis_url)
    with there.listen("a") as queue:
        for number in range(MANY):
            here.publish(News("message", "a", {"seq": number}))
        await all_heard(here, there)
        heard = waiting(queue)
        assert RESYNC in heard
        assert heard[-1] == News("message", "a", {"seq": MANY - 1})
        assert len(heard) <= 200


async def test_what_was_published_before_the_end_is_sent(redis_url: str, join: Join) -> None:
    here, there = await join(redis_url), await join(redis_url)
    with there.listen("a") as queue:
        here.publish(News("message", "a"))
        await here.stop()
        assert await next_of(queue) == News("message", "a")


async def test_redis_dies_and_comes_back(
    tmp_path: Path, join: Join, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, bus_module.__name__)
    url = redis_address()
    with redis_server(url, tmp_path) as redis:
        here, there = await join(url), await join(url)
        redis.kill()
        redis.wait()
    with here.listen("a") as near, there.listen("a") as far:
        here.publish(News("message", "a"))
        assert near.get_nowait() == News("message", "a")
        await asyncio.sleep(1)  # several attempts to connect
        assert far.empty()
        with redis_server(url, tmp_path):
            assert await next_of(near) == await next_of(far) == RESYNC
            await all_heard(here, there)
            await all_heard(there, here)
            assert set(waiting(near) + waiting(far)) <= {RESYNC}  # not the old message
            here.publish(News("conversation", "a"))
            assert await next_of(far) == News("conversation", "a")
    levels = [record.levelname for record in caplog.records if record.name == bus_module.__name__]
    assert levels == ["WARNING", "WARNING", "INFO", "INFO"]  # one line of each for each bus


async def test_redis_comes_after_the_start(tmp_path: Path, join: Join) -> None:
    url = redis_address()
    here, there = await join(url), await join(url)
    with there.listen("a") as far:
        here.publish(News("message", "a"))
        with redis_server(url, tmp_path):
            news = await next_of(far)
            assert news == RESYNC
            while news == RESYNC:  # which also stands for what was said before both had connected
                here.publish(News("conversation", "a"))
                news = await next_of(far)
            assert news == News("conversation", "a")


async def test_a_redis_that_hangs_is_noticed(
    tmp_path: Path,
    join: Join,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(bus_module, "_SILENCE_SECONDS", 0.2)
    url = redis_address()
    with redis_server(url, tmp_path) as redis:
        bus = await join(url)
        await asyncio.sleep(1)  # silent, but not hanging
        assert not caplog.records
        with bus.listen("a") as queue:
            redis.send_signal(signal.SIGSTOP)
            for _ in range(100):
                if "is away" in caplog.text:
                    break
                await asyncio.sleep(0.1)
            redis.send_signal(signal.SIGCONT)
            assert await next_of(queue) == RESYNC


async def test_news_that_redis_did_not_take_in_time_become_a_resync(
    tmp_path: Path, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = redis_address()
    with redis_server(url, tmp_path) as redis:
        there = await join(url)
        monkeypatch.setattr(bus_module, "_ANSWER_SECONDS", 0.2)
        here = await join(url)
        with there.listen("a") as far:
            redis.send_signal(signal.SIGSTOP)
            here.publish(News("message", "a"))
            await asyncio.sleep(1)
            redis.send_signal(signal.SIGCONT)
            while await next_of(far) != RESYNC:  # Redis may find the message in its socket yet
                pass


async def test_a_connection_ends_as_a_whole(
    redis_url: str, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a long stop of the process, sending fails in the very moment in which the time limit of
    hearing is over, so that the client takes what cuts it off for that."""
    get_message, publish = PubSub.get_message, Redis.publish
    swallowed, failed = [], []

    async def hears(pubsub: PubSub, **options: Any) -> Any:
        try:
            return await get_message(pubsub, **options)
        except asyncio.CancelledError:
            if swallowed:
                raise
            swallowed.append(pubsub)
            return None

    async def sends(redis: Redis, *arguments: Any) -> Any:
        if failed:
            return await publish(redis, *arguments)
        failed.append(redis)
        raise RedisError("stopped for long")

    monkeypatch.setattr(PubSub, "get_message", hears)
    monkeypatch.setattr(Redis, "publish", sends)
    here, there = await join(redis_url), await join(redis_url)
    with there.listen("c-1") as queue:
        here.publish(News("message", "c-1"))
        assert await next_of(queue) == RESYNC, "connected again, and what was lost is made up for"
    assert swallowed


async def test_a_wrong_password_is_told_without_being_shown(
    redis_url: str, join: Join, caplog: pytest.LogCaptureFixture
) -> None:
    bus = await join(redis_url.replace("redis://:", "redis://:wrong-"))
    with bus.listen("a") as queue:
        bus.publish(News("message", "a"))
        assert queue.get_nowait() == News("message", "a")
    assert "is away" in caplog.text
    assert "wrong-" not in caplog.text


@pytest.mark.parametrize(
    "url", ["localhost:6379", "http://:secret@localhost", "redis://:secret/@localhost:6379"]
)
def test_an_address_that_cannot_be_one_of_redis(url: str) -> None:
    with pytest.raises(ValueError, match="host:6379/0") as raised:
        make_bus(url)
    assert "secret" not in str(raised.value)


async def test_news_cross_as_plain_data(redis_url: str, join: Join) -> None:
    bus = await join(redis_url)
    assert isinstance(bus, RedisBus)
    async with Redis.from_url(redis_url) as redis, redis.pubsub() as watching:
        await watching.subscribe("myna:news:0")
        await watching.get_message(timeout=5)
        bus.publish(News("message", "a", {"seq": 3, "author": "bot"}))
        received = await watching.get_message(timeout=5)
    body = json.loads(received["data"])
    assert body.pop("origin")
    assert body == {
        "kind": "message",
        "conversation_id": "a",
        "data": {"seq": 3, "author": "bot"},
    }
