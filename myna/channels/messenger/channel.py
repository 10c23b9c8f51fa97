"""The channel put together: what the front server starts, stops and serves."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from sanic import Blueprint

from myna.channels.messenger import CHANNEL, INBOUND, webhook
from myna.channels.messenger.config import Config, parties
from myna.channels.messenger.graph import Graph
from myna.channels.messenger.pace import Pace
from myna.channels.messenger.receiver import Receiver
from myna.channels.messenger.rendering import render
from myna.channels.messenger.sender import HUMAN_WINDOW, WINDOW, Sender
from myna.channels.messenger.signals import Signals
from myna.hub.courier import Carrier, Courier
from myna.hub.hub import Hub
from myna.hub.inbox import Inbox
from myna.hub.model import Message
from myna.hub.receipts import Receipts

logger = logging.getLogger(__name__)


_META = (".fbcdn.net", ".fbsbx.com", ".facebook.com")
"""Where Meta keeps what users send."""


class Rules:
    """What the hub has to know of Messenger: how messages are put, and how long one may write."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def parts(self, message: Message) -> list[dict[str, Any]]:
        """As its carrier wants them."""
        human = message.author == "agent"
        return [{"message": part, "human": human} for part in render(message)]

    def reach(self, conversation_id: str, *, human: bool) -> timedelta | None:
        """24 hours; seven days for people where Meta has granted the feature Human Agent."""
        page_id, _ = parties(conversation_id)
        page = self._config.pages.get(page_id)
        return HUMAN_WINDOW if human and page and page.human_agent else WINDOW

    def account(self, conversation_id: str) -> str | None:
        """The Page's name, as shop.yml has it."""
        page = self._config.pages.get(parties(conversation_id)[0])
        return page.name if page else None

    def lies_there(self, url: str) -> bool:
        """On Meta's servers; where Graph is a trial's own, on that."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme == "https" and any(host.endswith(end) for end in _META):
            return True
        return not self._config.graph_url.startswith("https://") and url.startswith(
            f"{self._config.graph_url}/"
        )


class Messenger:
    """The running channel.

    Args:
        config: the channel's.
        hub: takes messages in; its house has to know the channel's `Rules`.
        receipts: the courier's notes.
        inbox: keeps what Meta tells.
    """

    def __init__(self, config: Config, hub: Hub, receipts: Receipts, inbox: Inbox) -> None:
        self._config = config
        self._hub = hub
        self._inbox = inbox
        self.pace = Pace()
        graph = Graph(config.graph_url, config.version, config.app_secret)
        self._signals = Signals(config, graph, hub.bus, self.pace)
        self.carriers: dict[str, Carrier] = {
            CHANNEL: Sender(config, graph, hub, receipts, self.pace, self._alarm),
            INBOUND: Receiver(config, hub, receipts, self._signals),
        }

    def blueprint(self, courier: Courier) -> Blueprint:
        """The webhook."""
        return webhook.blueprint(self._config, self._inbox, courier.poke)

    def start(self) -> None:
        """Begins to pass on who is writing; messages are the courier's."""
        self._signals.start()

    async def stop(self) -> None:
        """Ends what `start` began."""
        await self._signals.stop()

    async def _alarm(self, page_id: str, reason: str) -> None:
        logger.error(
            "Messenger: the Page %s cannot send: %s. Messages wait; `myna messenger check` says"
            " what to do.",
            page_id,
            reason,
        )
        await self._hub.outside.alarm("messenger.halted", page_id, reason)
