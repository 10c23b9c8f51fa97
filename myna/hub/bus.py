"""News: who watches a conversation is woken when something happens in it.

News are hints, delivered at most once; the log is the truth. Who hears something reads the log
again by `seq`, and `RESYNC` stands for any number of news that were lost: read everything again.
Within one process `Bus` is enough; with several, `RedisBus` carries the news between them.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.client import PubSub

logger = logging.getLogger(__name__)

EVERYTHING = "*"
"""The topic of those who want the news of all conversations."""

_WAITING_NEWS = 200  # for one listener, and for Redis
_ANSWER_SECONDS = 5.0  # for Redis to accept a connection and to answer a command
_SILENCE_SECONDS = 15.0  # until Redis is asked whether it is still there
_FLUSH_SECONDS = 1.0
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.1, 10.0  # seconds between attempts to connect


@dataclass(frozen=True)
class News:
    """Something that happened, as plain data (JSON's types), for it may cross processes."""

    kind: str
    """`message` and `conversation` (data: as pages see them), `typing` (data: `on`, `author`),
    `agents`, `case` and others of the hub's, or `resync`."""
    conversation_id: str
    """Empty if it is of no conversation."""
    data: dict[str, Any] | None = None


RESYNC = News("resync", "")
"""News were lost: whatever is shown must be read from the log again."""


class Bus:
    """Publishes news to those in this process who listen at the moment.

    It belongs to one event loop: no method may be called from another thread.
    """

    def __init__(self) -> None:
        self._listeners: dict[str, set[asyncio.Queue[News]]] = {}

    async def start(self) -> None:
        """Begins to carry news to and from other processes, if there are any."""

    async def stop(self) -> None:
        """Ends what `start` began."""

    def publish(self, news: News) -> None:
        """Tells the listeners of the conversation and those of everything; `RESYNC` tells all.

        Never waits and never raises. A listener who has not fetched its last 200 news gets `RESYNC`
        in their place.
        """
        everybody = news.kind == RESYNC.kind
        topics = self._listeners if everybody else (news.conversation_id, EVERYTHING)
        for topic in topics:
            for queue in self._listeners.get(topic, ()):
                _put(queue, news)

    @contextmanager
    def listen(self, topic: str) -> Iterator[asyncio.Queue[News]]:
        """A queue of news about one conversation, or about `EVERYTHING`."""
        queue: asyncio.Queue[News] = asyncio.Queue(_WAITING_NEWS)
        self._listeners.setdefault(topic, set()).add(queue)
        try:
            yield queue
        finally:
            self._listeners[topic].discard(queue)
            if not self._listeners[topic]:
                del self._listeners[topic]


class RedisBus(Bus):
    """Publishes news to the listeners of all processes that use the same Redis database.

    Listeners in this process are told at once and without Redis. While Redis is away the others
    hear nothing; when it is back, everybody who may have missed something gets `RESYNC`.

    Args:
        url: `redis://[[user]:password@]host[:port][/database]`; `rediss://` for TLS; `unix://`.

    Raises:
        ValueError: the address is not of this form.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        try:
            self._redis = Redis.from_url(
                url, socket_connect_timeout=_ANSWER_SECONDS, socket_timeout=_ANSWER_SECONDS
            )
        except ValueError:  # which may repeat a part of the password
            raise ValueError(
                "The address of Redis must look like redis://:password@host:6379/0"
                " (special characters of the password written as %40)."
            ) from None
        database = self._redis.connection_pool.connection_kwargs.get("db", 0)
        self._channel = f"myna:news:{database}"  # Redis publishes across its databases
        self._origin = secrets.token_hex(8)
        self._outgoing: asyncio.Queue[News] = asyncio.Queue(_WAITING_NEWS)
        self._connected = self._was_away = False
        self._pause = _SHORTEST_PAUSE
        self._tried = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connects; if Redis is away, this returns all the same and goes on trying."""
        self._task = asyncio.create_task(self._stay_connected())
        await self._tried.wait()

    async def stop(self) -> None:
        """Sends what waits, for a second at most, and disconnects."""
        if self._task is None:
            return
        if self._connected:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._outgoing.join(), _FLUSH_SECONDS)
        await _cut_off(self._task)
        self._task = None

    def publish(self, news: News) -> None:
        """As `Bus.publish`; other processes hear it a little later, if Redis is there."""
        super().publish(news)
        _put(self._outgoing, news)

    async def _stay_connected(self) -> None:
        while True:
            try:
                await self._exchange()
            except Exception as error:  # whatever it is, the next attempt may do
                self._went_away(error)
            await asyncio.sleep(self._pause)
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    async def _exchange(self) -> None:
        try:
            async with self._redis.pubsub() as subscription:
                await subscription.subscribe(self._channel)
                if await subscription.get_message(timeout=_ANSWER_SECONDS) is None:
                    raise TimeoutError("Redis does not answer")
                if not self._outgoing.empty():  # old news, and some may be lost
                    _replace(self._outgoing)
                    await self._send_next()
                self._came()
                both = [
                    asyncio.create_task(self._send()),
                    asyncio.create_task(self._hear(subscription)),
                ]
                try:
                    ended, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    await _cut_off(*both)
                for task in ended:
                    task.result()
        finally:
            await self._redis.connection_pool.disconnect()

    def _came(self) -> None:
        if self._was_away:
            logger.info("Redis is back: news reach the other processes again.")
            super().publish(RESYNC)
        self._connected, self._was_away = True, False
        self._pause = _SHORTEST_PAUSE
        self._tried.set()

    def _went_away(self, error: Exception) -> None:
        if not self._was_away:
            logger.warning("Redis is away, news stay in this process until it is back: %r", error)
        self._connected, self._was_away = False, True
        self._tried.set()

    async def _send(self) -> None:
        while True:
            await self._send_next()

    async def _send_next(self) -> None:
        news = await self._outgoing.get()
        try:
            payload = json.dumps({"origin": self._origin, **asdict(news)})
            await self._redis.publish(self._channel, payload)
        except BaseException:  # also if cut off, because `_hear` has failed
            _put(self._outgoing, RESYNC)
            raise
        finally:
            self._outgoing.task_done()

    async def _hear(self, subscription: PubSub) -> None:
        asked = False
        while True:
            received = await subscription.get_message(timeout=_SILENCE_SECONDS)
            if received and received["type"] == "message":
                self._take(received["data"])
            elif received is None and asked:
                raise TimeoutError("Redis is silent")
            elif received is None:
                await subscription.ping()
            asked = received is None

    def _take(self, payload: bytes) -> None:
        try:
            origin, news = _read(payload)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            logger.warning("Ignored what is no news on %s of Redis: %r", self._channel, error)
            return
        if origin != self._origin:
            super().publish(news)


def make_bus(url: str | None) -> Bus:
    """The bus for an installation.

    Args:
        url: the address of Redis, or None for an installation of one process.

    Raises:
        ValueError: the address cannot be understood.
    """
    return RedisBus(url) if url else Bus()


async def _cut_off(*tasks: asyncio.Task[None]) -> None:
    """Ends tasks, again and again until they have ended.

    Once is not enough: in the moment in which a time limit of Redis' client is over, it takes what
    cuts it off for that, and goes on.
    """
    while running := [task for task in tasks if not task.done()]:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=0.1)
    await asyncio.gather(*tasks, return_exceptions=True)


def _put(queue: asyncio.Queue[News], news: News) -> None:
    if queue.full():
        _replace(queue)
    else:
        queue.put_nowait(news)


def _replace(queue: asyncio.Queue[News]) -> None:
    """Puts `RESYNC` in the place of all that waits."""
    while not queue.empty():
        queue.get_nowait()
        queue.task_done()
    queue.put_nowait(RESYNC)


def _read(payload: bytes) -> tuple[str, News]:
    body = json.loads(payload)
    origin, kind, conversation_id, data = (
        body[name] for name in ("origin", "kind", "conversation_id", "data")
    )
    for text in (origin, kind, conversation_id):
        if not isinstance(text, str):
            raise TypeError(f"{text!r} is not a string")
    if not isinstance(data, dict | None):
        raise TypeError("'data' is not an object")
    return origin, News(kind, conversation_id, data)
