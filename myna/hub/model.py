"""What the hub keeps, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from myna.brain.protocol import Proof
from myna.hub.ownership import Owner

Author = Literal["customer", "bot", "agent", "system", "note"]


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


def stamp(moment: datetime | None) -> str | None:
    """A moment as JSON has it: ISO 8601, UTC, milliseconds."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Conversation:
    """One customer's conversation on one channel."""

    id: str
    channel: str
    language: str | None
    owner: Owner
    version: int
    """Counts changes of ownership."""
    last_seq: int
    agent_id: int | None
    agent: str | None
    """The name of the agent who has it."""
    reason: str | None
    queued_at: datetime | None
    proof: Proof | None
    customer_at: datetime | None
    """When the customer last wrote."""
    reset_due: bool
    created_at: datetime

    def public(self) -> dict[str, Any]:
        """As the customer's page sees it."""
        return {
            "id": self.id,
            "language": self.language,
            "owner": self.owner,
            "agent": self.agent,
            "last_seq": self.last_seq,
        }


@dataclass(frozen=True)
class Message:
    """One entry of a conversation's log."""

    conversation_id: str
    seq: int
    """1, 2, 3 … without gaps in a conversation."""
    author: Author
    text: str
    response: str | None
    """The name of the response in the catalogue, if it is one."""
    buttons: tuple[dict[str, str], ...]
    """Each with `id`, `title`, `payload`."""
    echo_id: str | None
    """The sender's own id of it, behind a prefix that keeps senders apart (`web:…`)."""
    choice: str | None
    intent: str | None
    agent: str | None
    created_at: datetime

    def public(self) -> dict[str, Any]:
        """As pages see it; payloads of buttons stay with us."""
        return {
            "seq": self.seq,
            "author": self.author,
            "text": self.text,
            "response": self.response,
            "buttons": [{"id": b["id"], "title": b["title"]} for b in self.buttons],
            "echo_id": self.echo_id and self.echo_id.partition(":")[2],
            "agent": self.agent,
            "at": stamp(self.created_at),
        }


@dataclass(frozen=True)
class Agent:
    """A person who answers customers."""

    id: int
    login: str
    name: str


class HubError(Exception):
    """A request that the hub does not carry out; `code` and text are for the client."""

    def __init__(self, status: int, code: str, text: str, **more: Any) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.more = more
