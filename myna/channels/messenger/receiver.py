"""Gives the hub what Meta has told, event by event; called by the courier, in order and again after
faults, so everything here may be repeated."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime
from typing import Any, Literal

from myna.channels.messenger import CHANNEL, signature
from myna.channels.messenger.config import Config, parties
from myna.channels.messenger.events import (
    Content,
    Echo,
    Edit,
    Handover,
    Message,
    Postback,
    Reaction,
    Receipt,
    Referral,
    Told,
    Unknown,
    read,
)
from myna.channels.messenger.rendering import is_numbered
from myna.channels.messenger.signals import Signals
from myna.hub.courier import Item, Later, Refused, Result, Sent
from myna.hub.hub import MAX_CHARACTERS, Hub, storable
from myna.hub.inbox import Event
from myna.hub.model import Arrival, Attachment, HubError, stamp
from myna.hub.receipts import Receipts

logger = logging.getLogger(__name__)

INBOX = "page_inbox"
"""Stands in the history for the people who answer in the Page's own inbox."""
_TRIES = 12
"""After so many, which is over ten minutes, an event holds up its conversation no longer."""
_NUMBER = re.compile(r"\s*([0-9]{1,2})\s*[.)]?\s*", re.ASCII)
_TITLE = 200  # characters of a choice


def as_event(config: Config, told: Told) -> Event | None:
    """An event as the inbox stores it; None if it is of no page of ours."""
    conversation_id = config.conversation(told.page_id, told.user_id)
    if conversation_id is None:
        return None
    payload = {"at": stamp(told.at), "standby": told.standby, "event": storable_json(told.raw)}
    return Event(conversation_id, told.key, payload)


def storable_json(value: Any) -> Any:
    """JSON without what no database takes."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [storable_json(one) for one in value]
    if isinstance(value, dict):
        return {storable(name): storable_json(one) for name, one in value.items()}
    return value


class Receiver:
    """A carrier of the courier's, whose receiver is the hub.

    Args:
        config: the channel's.
        hub: takes messages in.
        receipts: where echoes and receipts are noted.
        signals: tells customers that their message is read.
    """

    idempotent = True  # the hub knows what it has taken in

    def __init__(self, config: Config, hub: Hub, receipts: Receipts, signals: Signals) -> None:
        self._config = config
        self._hub = hub
        self._receipts = receipts
        self._signals = signals

    async def send(self, item: Item) -> Result:
        """Handles one event."""
        content = read(item.payload["event"])
        try:
            await self._handle(item, content)
        except HubError as error:
            if error.status == 429 and item.tries < _TRIES:
                return Later(error.code, error.more.get("retry_after"))
            return Refused(error.code)
        except Exception:
            if item.tries < _TRIES:
                raise
            logger.exception("An event of Messenger could not be handled: %s", item.key)
            return Refused("could not be handled")
        return Sent()

    async def reconcile(self, item: Item) -> Result | None:
        """It is simply handled again."""
        return None

    async def close(self) -> None:
        """Nothing is open."""

    async def _handle(self, item: Item, content: Content) -> None:
        if isinstance(content, Message | Postback | Edit):
            await self._customer(item, content)
        elif isinstance(content, Echo):
            await self._echo(item, content)
        elif isinstance(content, Receipt):
            await self._receipt(item, content)
        elif isinstance(content, Handover):
            await self._handover(item, content)
        elif isinstance(content, Reaction):
            await self._remark(item, "utter_reaction_note", reaction=content.emoji)
        elif isinstance(content, Referral):
            await self._came(item, content)
        elif isinstance(content, Unknown):
            logger.info("Messenger: an event of the kind '%s' was passed over.", content.kind)

    # --- what customers do

    async def _customer(self, item: Item, content: Message | Postback | Edit) -> None:
        if item.payload["standby"]:
            await self._open(item)
            self._hub.tell(await self._hub.outside.took(item.lane, INBOX))
        if not isinstance(content, Edit) and content.referral:
            await self._came(item, content.referral)
        if isinstance(content, Message):
            await self._write(item, content.text, content.payload, content.attachments)
        elif isinstance(content, Postback):
            await self._write(item, content.title, content.payload)
        else:
            await self._write(item, content.text)
        self._signals.seen(item.lane)

    async def _write(
        self,
        item: Item,
        text: str,
        payload: str | None = None,
        attachments: tuple[Attachment, ...] = (),
    ) -> None:
        page_id, _ = parties(item.lane)
        arrival = Arrival(
            item.lane,
            CHANNEL,
            item.key,
            text[:MAX_CHARACTERS],
            language=self._config.pages[page_id].language,
            attachments=attachments,
            at=_moment(item.payload["at"]),
        )
        if payload is not None:
            meaning = signature.offered(self._config.payload_key, page_id, payload)
            if meaning is not None:
                choice = {"title": text[:_TITLE] or meaning, "payload": meaning}
                arrival = arrival._replace(offered=choice)
            else:
                arrival = arrival._replace(button_id=signature.button_id(payload))
        elif not attachments:
            arrival = arrival._replace(button_id=await self._numbered(item.lane, text))
        try:
            await self._hub.receive(arrival)
        except HubError as error:
            if error.code != "unknown_choice":
                raise
            # not a button of ours, or of this conversation: only what it says counts
            await self._hub.receive(arrival._replace(button_id=None))

    async def _numbered(self, conversation_id: str, text: str) -> str | None:
        """The button that a typed number chooses, if the last message showed a numbered list."""
        match = _NUMBER.fullmatch(text)
        if match is None:
            return None
        last = await self._hub.log.last_message(conversation_id)
        if last is None or last.author == "customer" or not is_numbered(last.buttons):
            return None
        number = int(match[1])
        return last.buttons[number - 1]["id"] if 1 <= number <= len(last.buttons) else None

    async def _came(self, item: Item, referral: Referral) -> None:
        source = f"{referral.source} {referral.ref}".strip()
        await self._remark(item, "utter_referral_note", key=f"{item.key}:ref", source=source)

    async def _remark(
        self, item: Item, response: str, key: str | None = None, **values: str
    ) -> None:
        await self._open(item)
        done = await self._hub.outside.remark(item.lane, key or item.key, response, values)
        self._hub.tell(done)

    async def _receipt(self, item: Item, receipt: Receipt) -> None:
        state: Literal["delivered", "read"] = "read" if receipt.read else "delivered"
        for mid in receipt.mids:
            await self._receipts.mark(CHANNEL, mid, state)
        if receipt.until is None:
            return
        seq = await self._receipts.mark_until(CHANNEL, item.lane, receipt.until, state)
        if receipt.read and seq:
            await self._hub.seen(item.lane, seq)

    # --- what the shop does on Facebook itself

    async def _echo(self, item: Item, echo: Echo) -> None:
        if echo.metadata is not None and await self._receipts.confirm(echo.metadata, echo.mid):
            return
        if echo.app_id == self._config.app_id:
            return  # sent by this app, though not by us: nobody else has answered
        await self._open(item)
        written = await self._hub.outside.wrote(
            item.lane, item.key, echo.text[:MAX_CHARACTERS], echo.attachments, INBOX
        )
        self._hub.tell(written)

    async def _handover(self, item: Item, handover: Handover) -> None:
        if handover.kind == "request_thread_control":
            logger.info("Messenger: another app asks for a thread; it may take it.")
            return
        await self._open(item)
        ours = handover.new_owner == self._config.app_id
        change = self._hub.outside.done if ours else self._hub.outside.took
        self._hub.tell(await change(item.lane, INBOX))

    async def _open(self, item: Item) -> None:
        page_id, _ = parties(item.lane)
        await self._hub.open(item.lane, CHANNEL, self._config.pages[page_id].language)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None
