"""What the hub keeps, as plain data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, TypedDict

from myna.brain.protocol import Customer, Proof
from myna.hub.ownership import Owner

Author = Literal["customer", "bot", "agent", "system", "note"]
AttachmentKind = Literal["image", "audio", "video", "file", "sticker", "location", "share"]


class Attachment(TypedDict, total=False):
    """Something beside a message's text, whichever channel it came by or goes to."""

    id: str
    """By which the desk asks for it; given out by the log."""
    kind: AttachmentKind
    url: str
    """Where it lies. Never told to browsers or to the brain: it may let anybody in who knows it."""
    title: str
    """A file's or place's name."""
    latitude: float
    longitude: float


_SHOWN = ("id", "kind", "title", "latitude", "longitude")


def shown(attachment: Attachment) -> dict[str, Any]:
    """An attachment as pages see it."""
    return {name: attachment.get(name) for name in _SHOWN}


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
    slots: dict[str, Any]
    """What the brain has learned of the customer's matter."""
    customer_at: datetime | None
    """When the customer last wrote."""
    unanswered_at: datetime | None
    """When the oldest message was written that a person has yet to answer."""
    seen_seq: int
    """The last message that the customer's page has shown."""
    follow_up_at: datetime | None
    """When the customer will be asked whether the matter is solved."""
    reset_due: bool
    worker: str | None
    """The process that runs this conversation's turns."""
    lease_until: datetime | None
    """Until when that is not doubted."""
    created_at: datetime
    customer_id: str | None = None
    """The shop's number of the customer who is, or was, logged in there."""
    customer_name: str | None = None
    identity_until: datetime | None = None
    """Until when they count as logged in."""

    @property
    def logged_in(self) -> bool:
        """Whether the customer is logged in at the shop now."""
        return self.identity_until is not None and self.identity_until > now()

    def free_for(self, worker: str) -> bool:
        """Whether a process may run this conversation's turns."""
        return self.worker in (None, worker) or self.lease_until is None or self.lease_until < now()

    def public(self) -> dict[str, Any]:
        """As the customer's page sees it."""
        return {
            "id": self.id,
            "language": self.language,
            "owner": self.owner,
            "agent": self.agent,
            "version": self.version,
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
    cards: tuple[dict[str, Any], ...]
    """Each with `title`, `subtitle`, `picture`, `url`, and `buttons` as above."""
    echo_id: str | None
    """The sender's own id of it, behind a prefix that keeps senders apart (`web:…`)."""
    choice: str | None
    attachments: tuple[Attachment, ...]
    burst: int | None
    """The first message of the burst that is answered as one, once that is decided."""
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
            "buttons": _public(self.buttons),
            "cards": [{**card, "buttons": _public(card["buttons"])} for card in self.cards],
            "attachments": [shown(attachment) for attachment in self.attachments],
            "echo_id": self.echo_id and self.echo_id.partition(":")[2],
            "agent": self.agent,
            "at": stamp(self.created_at),
        }


def _public(buttons: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    return [{"id": button["id"], "title": button["title"]} for button in buttons]


@dataclass(frozen=True)
class Agent:
    """A person who answers customers."""

    id: int
    login: str
    name: str
    away: bool = False
    """Gets no new conversations, though the desk is open."""


@dataclass(frozen=True)
class Turn:
    """Messages of a customer that are answered together: one, or a burst."""

    messages: tuple[Message, ...]

    @property
    def id(self) -> str:
        """Names the turn to the brain; the same after a crash."""
        return f"{self.conversation_id}:{self.messages[0].seq}"

    @property
    def conversation_id(self) -> str:
        """The conversation in which it is."""
        return self.messages[0].conversation_id

    @property
    def begun(self) -> bool:
        """Whether it was put together earlier, so that the brain may have acted on it."""
        return self.messages[0].burst is not None

    @property
    def text(self) -> str:
        """What was said, a line for each message; what came with attachments may have no words."""
        return "\n".join(self.texts)

    @property
    def texts(self) -> list[str]:
        """What was said, message by message."""
        return [m.text for m in self.messages if m.text or not m.attachments]

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """What was sent beside words."""
        return tuple(attachment for m in self.messages for attachment in m.attachments)

    @property
    def choice(self) -> str | None:
        """The payload of the button that was chosen; a choice is a turn of its own."""
        return self.messages[0].choice


@dataclass(frozen=True)
class Written:
    """What a transaction has left: the conversation as it is now, and its new messages."""

    conversation: Conversation
    messages: tuple[Message, ...] = ()
    more: bool = False
    """Whether the customer has written something that is not handled yet."""
    case: str | None = None
    """The reference of a case that was opened or changed."""


@dataclass(frozen=True)
class Received:
    """What taking in a message has led to."""

    written: Written
    new: bool
    """False: a repetition; `written` has the earlier message."""
    mine: bool
    """Whether the process that asked runs the conversation's turns."""
    alone: bool
    """Whether no earlier message was unhandled."""
    customer: Customer | None = None
    """What the brain is to be told of the customer, if a turn can begin at once."""


class Arrival(NamedTuple):
    """A customer's message as a channel gives it."""

    conversation_id: str
    channel: str
    echo_id: str
    """The client's own id of it, behind a prefix that keeps senders apart (`web:…`)."""
    text: str
    button_id: str | None = None
    language: str | None = None
    """The conversation's language if this message is its first."""
    offered: dict[str, str] | None = None
    """`title` and `payload` of a choice that the channel itself has offered, and vouches for."""
    attachments: tuple[Attachment, ...] = ()
    at: datetime | None = None
    """When it was written, if the channel tells: what was held up on its way is older than it
    seems."""


class HubError(Exception):
    """A request that the hub does not carry out; `code` and text are for the client."""

    def __init__(self, status: int, code: str, text: str, **more: Any) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.more = more
