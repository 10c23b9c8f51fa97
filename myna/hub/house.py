"""The shop that the hub serves: its texts, terms and hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from myna import hours
from myna.facts import Facts
from myna.formats import format_moment, format_wait
from myna.hub.model import Conversation, Message
from myna.texts import Catalogue, Text


class Channel(Protocol):
    """What the hub has to know of a channel that is sent to."""

    def parts(self, message: Message) -> list[dict[str, Any]]:
        """What has to be sent for a message, part by part, as its carrier wants it."""

    def reach(self, conversation_id: str, *, human: bool) -> timedelta | None:
        """How long after a customer's last words they may be written to; None: always.

        Args:
            conversation_id: names the account of the shop that the customer has written to.
            human: whether a person writes.
        """

    def account(self, conversation_id: str) -> str | None:
        """The name of the account of the shop that the customer has written to."""

    def lies_there(self, url: str) -> bool:
        """Whether an attachment's address is the platform's own, so that it may be fetched."""


@dataclass(frozen=True)
class House:
    """Texts and facts, as they are at the moment they are asked for."""

    catalogue: Catalogue
    webhooks: tuple[str, ...] = ()
    """Addresses that are told of hand-overs, resolved matters and cases."""
    channels: Mapping[str, Channel] = field(default_factory=dict)
    """Channels that are sent to, by their names."""

    @property
    def facts(self) -> Facts:
        """The facts of `shop.yml`."""
        return self.catalogue.facts

    def language(self, language: str | None) -> str:
        """The language to speak where the customer's may not be known."""
        return language or self.facts.default_language

    def say(self, name: str, language: str | None, **values: Any) -> Text:
        """One of the hub's own sentences."""
        return self.catalogue.render(name, self.language(language), **values)

    def word(self, name: str, language: str | None) -> str:
        """A word of `responses/<language>/words.yml`, such as a button's title."""
        return self.catalogue.language(self.language(language)).words[name]

    def moment(self, moment: datetime, language: str | None) -> str:
        """A moment as a customer is told it, by the clocks of their market."""
        spoken = self.language(language)
        zone = ZoneInfo(self.facts.market_of(spoken).time_zone)
        return format_moment(moment, spoken, zone)

    def wait(self, minutes: float, language: str | None) -> str:
        """A wait as a customer is told it."""
        return format_wait(minutes, self.language(language))

    def due(self, kind: str, since: datetime) -> datetime:
        """Until when a case of this kind is to be answered, in the agents' working hours."""
        standard = self.facts.service.cases[kind]
        return hours.agents_schedule(self.facts).add_open_time(
            since, timedelta(hours=standard.hours)
        )

    def next_opening(self, moment: datetime) -> datetime | None:
        """When people are there again; `moment` itself if they are there then."""
        return hours.agents_schedule(self.facts).next_opening(moment)

    def account(self, conversation: Conversation) -> str | None:
        """The shop's account on the conversation's channel, where there may be several."""
        channel = self.channels.get(conversation.channel)
        return channel.account(conversation.id) if channel else None

    def write_until(self, conversation: Conversation, *, human: bool = True) -> datetime | None:
        """Until when a customer may be written to; None: always."""
        channel = self.channels.get(conversation.channel)
        reach = channel.reach(conversation.id, human=human) if channel else None
        if reach is None:
            return None
        return (conversation.customer_at or conversation.created_at) + reach
