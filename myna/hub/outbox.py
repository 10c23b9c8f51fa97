"""What has to be carried to others: messages to channels that are sent to, calls of webhooks.

Written in the transaction that made it, carried by `myna.hub.courier` afterwards.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.engine import Connection

from myna.hub import schema
from myna.hub.house import House
from myna.hub.model import Conversation, Message, now, stamp

WEBHOOK = "webhook"
FETCHED = frozenset({"web"})
"""Channels whose customers' pages fetch what is new; to all others it has to be sent."""

MESSAGE_HOURS = 24
"""A message that could not be delivered for so long is old news, and expires."""
_WEBHOOK_HOURS = 72


def concerns(conversation: Conversation, house: House) -> bool:
    """Whether what happens in a conversation may have to be carried to anybody."""
    return conversation.channel not in FETCHED or bool(house.webhooks)


def post(
    connection: Connection, house: House, conversation: Conversation, message: Message
) -> None:
    """Puts a message to the customer into the outbox, if its channel has to be sent to.

    What the channel has to send in several parts is several items: each is delivered by itself.
    """
    if conversation.channel in FETCHED or message.author in ("customer", "note"):
        return
    channel = house.channels.get(conversation.channel)
    about = {"conversation": conversation.id, "seq": message.seq}
    for number, part in enumerate(channel.parts(message) if channel else [{}]):
        key = f"{conversation.id}:{message.seq}"
        _put(
            connection,
            carrier=conversation.channel,
            lane=conversation.id,
            key=f"{key}:{number}" if number else key,
            payload={**about, **part},
            hours=MESSAGE_HOURS,
        )


def announce(
    connection: Connection, addresses: tuple[str, ...], event: str, key: str, data: dict[str, Any]
) -> None:
    """Puts an event into the outbox, once for each address."""
    payload = {"event": event, "id": key, "at": stamp(now()), "data": data}
    for number, address in enumerate(addresses):
        _put(
            connection,
            carrier=WEBHOOK,
            lane=address,
            key=f"{number}:{key}",
            payload=payload,
            hours=_WEBHOOK_HOURS,
        )


def _put(
    connection: Connection,
    *,
    carrier: str,
    lane: str,
    key: str,
    payload: dict[str, Any],
    hours: int,
) -> None:
    moment = now()
    connection.execute(
        schema.outbox.insert().values(
            carrier=carrier,
            lane=lane,
            key=key,
            payload=payload,
            state="waiting",
            tries=0,
            next_at=moment,
            expires_at=moment + timedelta(hours=hours),
            created_at=moment,
            updated_at=moment,
        )
    )
