"""Small signs to customers: their message was read, somebody is writing.

They help and nothing depends on them: sent beside everything else, given up at once where Meta is
slow, and never repeated.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from myna.channels.messenger.config import Config, parties
from myna.channels.messenger.graph import Graph, GraphError
from myna.channels.messenger.pace import Pace
from myna.hub.bus import EVERYTHING, Bus, News

logger = logging.getLogger(__name__)

_SECONDS = 5.0
_AT_ONCE = 20
_PATIENCE = 0.8  # seconds: an answer that comes sooner needs no sign, which would outlast it
_REFRESH = 15.0  # Messenger shows it for 20 seconds
_LONGEST = 60.0


class Signals:
    """Follows the hub's news and passes on who is writing.

    Args:
        config: the channel's.
        graph: the Graph API.
        bus: the hub's news.
        pace: of the pages; while one pauses it gives no signs.
    """

    def __init__(self, config: Config, graph: Graph, bus: Bus, pace: Pace) -> None:
        self._config = config
        self._graph = graph
        self._bus = bus
        self._pace = pace
        self._task: asyncio.Task[None] | None = None
        self._writing: dict[str, asyncio.Task[None]] = {}
        self._sending: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begins to follow the news."""
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Stops; what is on its way is given up."""
        tasks = [*self._sending, *self._writing.values(), *([self._task] if self._task else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def seen(self, conversation_id: str) -> None:
        """The customer's last message was taken in."""
        self._send(conversation_id, "mark_seen")

    async def _follow(self) -> None:
        with self._bus.listen(EVERYTHING) as queue:
            while True:
                self._note(await queue.get())

    def _note(self, news: News) -> None:
        if not news.conversation_id.startswith("fb."):
            return
        data = news.data or {}
        if news.kind == "message" and data.get("author") != "customer":
            self._ends(news.conversation_id)
        elif news.kind == "typing" and data.get("author") != "customer":
            if not data.get("on"):
                self._ends(news.conversation_id)
            elif news.conversation_id not in self._writing:
                writing = asyncio.create_task(self._write(news.conversation_id))
                self._writing[news.conversation_id] = writing

    def _ends(self, conversation_id: str) -> None:
        if writing := self._writing.pop(conversation_id, None):
            writing.cancel()

    async def _write(self, conversation_id: str) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST):
                await asyncio.sleep(_PATIENCE)
                while True:
                    self._send(conversation_id, "typing_on")
                    await asyncio.sleep(_REFRESH)
        self._writing.pop(conversation_id, None)

    def _send(self, conversation_id: str, action: str) -> None:
        page_id, user_id = parties(conversation_id)
        token = self._config.token(page_id)
        if len(self._sending) >= _AT_ONCE or not token or self._pace.pause(page_id):
            return
        sending = asyncio.create_task(self._ask(page_id, user_id, token, action))
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)

    async def _ask(self, page_id: str, user_id: str, token: str, action: str) -> None:
        body = {"recipient": {"id": user_id}, "sender_action": action}
        try:
            await self._graph.post(f"{page_id}/messages", token, body, _SECONDS)
        except GraphError as error:
            logger.debug("The sign %s was not given: %s", action, error)
