"""The conversations of the stand-in server, in memory, with a bot that follows a script."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]
Event = tuple[str, Json]

BUTTONS = {
    "vi": ["Xem đơn khác", "Gặp nhân viên"],
    "ms": ["Lihat pesanan lain", "Nak cakap dengan staf"],
    "en": ["See another order", "Talk to a person"],
}
ANSWERS = {
    "vi": "Dạ, em đã ghi nhận: {text}",
    "ms": "Baik, saya terima: {text}",
    "en": "Noted: {text}",
}
HANDED_OVER = {
    "vi": "Dạ, em đã chuyển cho nhân viên. Nhân viên sẽ đọc được cuộc trò chuyện này ạ.",
    "ms": "Baik, saya dah serahkan kepada staf kami.",
    "en": "I have handed this over to a colleague, who will see this conversation.",
}
WANTS_PERSON = ("nhân viên", "staf", "person")


def stamp(moment: datetime) -> str:
    """An instant as the API writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Conversation:
    """One conversation with everything that desk and customer see of it."""

    id: str
    channel: str = "web"
    language: str = "vi"
    owner: str = "bot"
    version: int = 1
    agent: str | None = None
    reason: str | None = None
    queued_at: datetime | None = None
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    messages: list[Json] = field(default_factory=list)
    context: Json = field(
        default_factory=lambda: {"intents": [], "proof": None, "failed_proofs": 0}
    )
    history: list[Json] = field(default_factory=list)
    listeners: set[asyncio.Queue[Event | None]] = field(default_factory=set)

    @property
    def last_seq(self) -> int:
        return self.messages[-1]["seq"] if self.messages else 0

    def for_customer(self) -> Json:
        """The conversation object of the chat API."""
        names = ("id", "language", "owner", "agent", "last_seq")
        return {name: getattr(self, name) for name in names}

    def summary(self) -> Json:
        """The summary of the desk API."""
        last = self.messages[-1] if self.messages else None
        return {
            **self.for_customer(),
            "channel": self.channel,
            "version": self.version,
            "reason": self.reason,
            "queued_at": stamp(self.queued_at) if self.queued_at else None,
            "created_at": stamp(self.created_at),
            "last_message": last and {name: last[name] for name in ("author", "text", "at")},
        }

    def visible(self, after: int) -> list[Json]:
        """What the customer may read, after a sequence number."""
        return [m for m in self.messages if m["seq"] > after and m["author"] != "note"]


class Store:
    """All conversations, and everybody who listens to them. Used inside the event loop only."""

    def __init__(self) -> None:
        self.conversations: dict[str, Conversation] = {}
        self.desks: set[asyncio.Queue[Event | None]] = set()
        self.answer_after = 0.15
        self.muted = 0
        """How many of the next messages are logged without being pushed to streams."""
        self._ids: Iterator[int] = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, **values: Any) -> Conversation:
        """A new conversation."""
        conversation = Conversation(id=f"c{next(self._ids):04d}", **values)
        self.conversations[conversation.id] = conversation
        return conversation

    def log(
        self,
        conversation: Conversation,
        author: str,
        text: str,
        *,
        titles: list[str] | None = None,
        echo_id: str | None = None,
        agent: str | None = None,
        at: datetime | None = None,
    ) -> Json:
        """Append a message and tell everybody."""
        seq = conversation.last_seq + 1
        message: Json = {
            "seq": seq,
            "author": author,
            "text": text,
            "buttons": [
                {"id": f"{seq}-{number}", "title": title}
                for number, title in enumerate(titles or [])
            ],
            "echo_id": echo_id,
            "agent": agent,
            "at": stamp(at or datetime.now(UTC)),
        }
        conversation.messages.append(message)
        if self.muted:
            self.muted -= 1
        elif author != "note":
            self.tell(conversation, "message", message)
        self.tell_desks("message", {"conversation_id": conversation.id, "message": message})
        self.tell_desks("conversation", conversation.summary())
        return message

    def own(self, conversation: Conversation, owner: str, who: str, agent: str | None) -> None:
        """Change who has the conversation."""
        now = datetime.now(UTC)
        conversation.history.append(
            {
                "at": stamp(now),
                "from": conversation.owner,
                "to": owner,
                "reason": conversation.reason,
                "who": who,
            }
        )
        conversation.owner, conversation.agent = owner, agent
        conversation.version += 1
        conversation.queued_at = now if owner == "queue" else None
        self.tell(conversation, "conversation", conversation.for_customer())
        self.tell_desks("conversation", conversation.summary())

    def hand_over(self, conversation: Conversation, reason: str) -> None:
        """Put the conversation into the queue of the people."""
        conversation.reason = reason
        self.own(conversation, "queue", "myna", None)

    def customer_says(self, conversation: Conversation, text: str, echo_id: str) -> Json:
        """Log what a customer wrote; the bot answers a little later if the conversation is its."""
        if conversation.owner == "nobody":
            self.own(conversation, "bot", "customer", None)
        message = self.log(conversation, "customer", text, echo_id=echo_id)
        if conversation.owner == "bot":
            task = asyncio.get_running_loop().create_task(self._answer(conversation, text))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return message

    async def _answer(self, conversation: Conversation, text: str) -> None:
        self.tell(conversation, "typing", {"on": True, "author": "bot"})
        await asyncio.sleep(self.answer_after)
        self.tell(conversation, "typing", {"on": False, "author": "bot"})
        language = conversation.language
        if any(words in text.lower() for words in WANTS_PERSON):
            self.log(conversation, "bot", HANDED_OVER[language])
            self.hand_over(conversation, "asked")
        else:
            answer = ANSWERS[language].format(text=text)
            self.log(conversation, "bot", answer, titles=BUTTONS[language])

    @staticmethod
    def tell(conversation: Conversation, name: str, data: Json) -> None:
        """Push an event to the customer's open pages."""
        for listener in conversation.listeners:
            listener.put_nowait((name, data))

    def tell_desks(self, name: str, data: Json) -> None:
        """Push an event to the open desks."""
        for listener in self.desks:
            listener.put_nowait((name, data))

    def drop_streams(self) -> None:
        """End every open stream, as a broken network would."""
        for conversation in self.conversations.values():
            for listener in conversation.listeners:
                listener.put_nowait(None)
        for listener in self.desks:
            listener.put_nowait(None)

    def view(self, name: str, agent: str) -> list[Conversation]:
        """The conversations of one of the desk's views, in its order."""
        everything = list(self.conversations.values())
        if name == "queue":
            queued = [c for c in everything if c.owner == "queue"]
            return sorted(queued, key=lambda c: c.queued_at or c.created_at)
        if name == "mine":
            return [c for c in everything if c.owner == "human" and c.agent == agent]
        if name == "open":
            return [c for c in everything if c.owner in ("queue", "human")]
        return everything


SNIPPETS = [
    "Mình đặt nồi chiên từ thứ Sáu tuần trước mà tới giờ vẫn chưa thấy ai gọi giao hàng hết",
    "Barang saya sampai dalam keadaan rosak, kotak pun dah koyak. Macam mana nak tukar?",
    "The tracking page says delivered but nobody in the house received anything",
    "Cho mình gặp nhân viên với ạ, bạn trợ lý trả lời không đúng ý mình hỏi",
    "Bảo hành máy lọc nước Nguyễn Kim Phượng Hoàng Thượng Uyển thì liên hệ ai vậy shop ơi",
]
LONG_NAME = "Nguyễn Hoàng Phương Khánh Quỳnh"


def seed(store: Store, rows: int, agent: str) -> None:
    """Fill the desk with waiting and running conversations."""
    now = datetime.now(UTC)
    reasons = ["asked", "not_understood", "proof", "complaint", "fault", "agent"]
    languages = ["vi", "ms", "en", "vi", "vi"]
    for row in range(rows):
        began = now - timedelta(seconds=37 * (rows - row) + 15)
        conversation = store.begin(
            channel="messenger" if row % 3 == 1 else "web",
            language=languages[row % 5],
            created_at=began,
            reason=reasons[row % 6],
        )
        conversation.context = {
            "intents": ["ask_order_status", "report_delivery_problem", "request_human"],
            "proof": {"order_number": "DH-20413", "level": "order_and_phone"} if row % 2 else None,
            "failed_proofs": row % 3,
        }
        store.log(conversation, "customer", "Chào shop", at=began)
        store.log(conversation, "bot", "Dạ, em là Myna ạ.", titles=BUTTONS["vi"], at=began)
        asked = began + timedelta(seconds=25)
        store.log(conversation, "customer", SNIPPETS[row % 5], at=asked)
        store.own(conversation, "queue", "myna", None)
        conversation.queued_at = asked
        conversation.history[-1]["at"] = stamp(asked)
        if row % 4 == 3:
            owner = agent if row % 8 == 3 else LONG_NAME
            store.own(conversation, "human", owner, owner)
