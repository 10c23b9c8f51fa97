"""News within one process: who watches a conversation is woken when something happens in it.

News may be lost (a page that sleeps); the log is the truth and is read again by `seq`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

EVERYTHING = "*"
_WAITING_NEWS = 200


@dataclass(frozen=True)
class News:
    """Something that happened."""

    kind: str
    """`message`, `conversation` or `typing`."""
    conversation_id: str
    data: Any = None


class Bus:
    """Publishes news of conversations to those who listen at the moment."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[asyncio.Queue[News]]] = {}

    def publish(self, news: News) -> None:
        """Tells the listeners of the conversation and those of everything."""
        for topic in (news.conversation_id, EVERYTHING):
            for queue in self._listeners.get(topic, ()):
                if not queue.full():
                    queue.put_nowait(news)

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
