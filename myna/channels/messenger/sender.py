"""Carries the hub's messages to Messenger, each once.

Graph knows no idempotency key. So every message carries its outbox key as `metadata`, which comes
back with its echo; where an answer is missing the echo is waited for, and without it the message is
called unknown. It is never sent again on suspicion.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from myna.channels.messenger.config import Config, parties
from myna.channels.messenger.graph import Graph, GraphError
from myna.channels.messenger.pace import Pace
from myna.hub.courier import Item, Later, Refused, Result, Sent, Unknown
from myna.hub.hub import Hub
from myna.hub.model import now
from myna.hub.receipts import RECEIPTS, Receipts

logger = logging.getLogger(__name__)

WINDOW = timedelta(hours=24)
HUMAN_WINDOW = timedelta(days=7)
"""In which a person may answer with the tag HUMAN_AGENT, where Meta has granted that feature."""

OUT_OF_REACH = "outside of the 24-hour window"
_ECHO_SECONDS = 15.0
_LOOK_SECONDS = 0.25
_HEAVY = frozenset({"audio", "video"})

Alarm = Callable[[str, str], Awaitable[None]]
"""Told that a page cannot send, and why."""


class Sender:
    """A carrier of the courier's.

    Args:
        config: the channel's.
        graph: the Graph API.
        hub: knows the conversations.
        receipts: where echoes are noted.
        pace: of the pages.
        alarm: told when a page cannot send any more.
        echo_seconds: how long an echo is waited for.
    """

    idempotent = False

    def __init__(
        self,
        config: Config,
        graph: Graph,
        hub: Hub,
        receipts: Receipts,
        pace: Pace,
        alarm: Alarm,
        echo_seconds: float = _ECHO_SECONDS,
    ) -> None:
        self._config = config
        self._graph = graph
        self._hub = hub
        self._receipts = receipts
        self._pace = pace
        self._alarm = alarm
        self._echo_seconds = echo_seconds

    async def send(self, item: Item) -> Result:
        """Sends one part of a message."""
        page_id, user_id = parties(item.lane)
        if page_id not in self._config.pages:
            return Refused("the Page is not in shop.yml any more")
        if pause := self._pace.pause(page_id):
            return Later("the page pauses", pause)
        kind = await self._messaging_type(item, page_id)
        if kind is None:
            return Refused(OUT_OF_REACH)
        message = {**item.payload["message"], "metadata": item.key}
        heavy = message.get("attachment", {}).get("type") in _HEAVY
        await self._pace.wait(page_id, media=heavy, usage=self._graph.usage)
        body = {"recipient": {"id": user_id}, **kind, "message": message}
        try:
            answer = await self._ask(page_id, f"{page_id}/messages", body)
        except GraphError as error:
            return await self._reaction(item, page_id, error)
        self._pace.went_well(page_id)
        external_id = answer.get("message_id")
        if not isinstance(external_id, str):
            return await self._echoed(item, "the answer names no message")
        return Sent(external_id[:200])

    async def reconcile(self, item: Item) -> Result | None:
        """Whether an item whose sending was cut off has been echoed meanwhile."""
        found = await self._echoed(item, "the sending was cut off")
        return found if isinstance(found, Sent) else None

    async def close(self) -> None:
        """Closes connections."""
        await self._graph.close()

    async def _ask(self, page_id: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        token = self._config.token(page_id)
        if not token:
            raise GraphError("token", "the page's token is missing")
        return await self._graph.post(path, token, body)

    async def _messaging_type(self, item: Item, page_id: str) -> dict[str, str] | None:
        """How the message has to be declared at this moment; None: it must not be sent."""
        conversation = await self._hub.log.conversation(item.lane)
        wrote = conversation.customer_at
        if wrote is None:
            return None
        silence = now() - wrote
        if silence < WINDOW:
            return {"messaging_type": "RESPONSE"}
        allowed = self._config.pages[page_id].human_agent and item.payload["human"]
        if allowed and silence < HUMAN_WINDOW:
            return {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
        return None

    async def _reaction(self, item: Item, page_id: str, error: GraphError) -> Result:
        """What an error means for the message, and for the page."""
        reason = str(error)
        if error.meaning == "unknown":
            return await self._echoed(item, reason)
        if error.meaning == "retry":
            return Later(reason, error.after)
        if error.meaning == "throttled":
            return Later(reason, self._pace.throttle(page_id, error.after))
        if error.meaning in ("token", "permission", "restricted"):
            if self._pace.halt(page_id, f"{error.meaning}: {reason}"):
                await self._alarm(page_id, f"{error.meaning}: {reason}")
            return Later(reason, self._pace.pause(page_id))
        if error.meaning == "owner":
            return await self._other_owner(item, page_id, reason)
        if error.meaning == "window":
            return Refused(OUT_OF_REACH)
        if error.meaning == "unreachable":
            return Refused(f"this customer cannot be reached: {reason}")
        logger.error("Messenger refused %s: %s", item.key, reason)
        return Refused(reason)

    async def _other_owner(self, item: Item, page_id: str, reason: str) -> Result:
        """Another app (the Page's inbox) has the thread: a person of ours takes it, the bot is
        silent."""
        _, user_id = parties(item.lane)
        if not item.payload["human"]:
            self._hub.tell(await self._hub.outside.took(item.lane))
            return Refused(reason)
        try:
            body = {"recipient": {"id": user_id}}
            await self._ask(page_id, f"{page_id}/take_thread_control", body)
        except GraphError as error:
            return Refused(f"{reason}; it could not be taken: {error}")
        return Later("the thread was taken from another app", 0.0)

    async def _echoed(self, item: Item, reason: str) -> Result:
        """Waits for the echo of a message that may have been sent."""
        deadline = asyncio.get_running_loop().time() + self._echo_seconds
        while True:
            if await self._receipts.state(item.id) in RECEIPTS:
                return Sent(None)
            if asyncio.get_running_loop().time() >= deadline:
                return Unknown(reason)
            await asyncio.sleep(_LOOK_SECONDS)
