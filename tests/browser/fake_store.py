"""The conversations of the stand-in server, in memory, with a bot that follows a script."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from .fake_cases import AGENT_IDS, Case, Cases, Json, hours_from_now, stamp

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
BACK_TO_BOT = {
    "vi": "Quay lại trợ lý",
    "ms": "Kembali kepada pembantu",
    "en": "Back to the assistant",
}
RESOLVED = (
    "Dạ, nhân viên bên em đã hỗ trợ xong yêu cầu vừa rồi ạ.\n"
    "Em là Myna, em tiếp tục ở đây, anh/chị cần gì thêm cứ nhắn em nhé."
)
RATE = "Anh/chị thấy lần hỗ trợ vừa rồi thế nào ạ?\n1 là rất không hài lòng, 5 là rất hài lòng."
WANTS_PERSON = ("nhân viên", "staf", "person")


@dataclass
class Conversation:
    """One conversation with everything that desk and customer see of it."""

    id: str
    channel: str = "web"
    account: str | None = None
    write_until: datetime | None = None
    troubles: list[Json] = field(default_factory=list)
    language: str = "vi"
    owner: str = "bot"
    version: int = 1
    agent: str | None = None
    reason: str | None = None
    queued_at: datetime | None = None
    unanswered_since: datetime | None = None
    seen_seq: int = 0
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    messages: list[Json] = field(default_factory=list)
    context: Json = field(
        default_factory=lambda: {
            "intents": [],
            "proof": None,
            "failed_proofs": 0,
            "customer": None,
            "slots": {},
            "position": None,
            "ratings": [],
        }
    )
    history: list[Json] = field(default_factory=list)
    listeners: set[asyncio.Queue[Event | None]] = field(default_factory=set)

    @property
    def last_seq(self) -> int:
        return self.messages[-1]["seq"] if self.messages else 0

    def for_customer(self) -> Json:
        """The conversation object of the chat API."""
        names = ("id", "language", "owner", "agent", "version", "last_seq")
        return {name: getattr(self, name) for name in names}

    def visible(self, after: int) -> list[Json]:
        """What the customer may read, after a sequence number."""
        return [m for m in self.messages if m["seq"] > after and m["author"] != "note"]


class Store:
    """All conversations, and everybody who listens to them. Used inside the event loop only."""

    def __init__(self) -> None:
        self.conversations: dict[str, Conversation] = {}
        self.cases = Cases()
        self.away: set[str] = set()
        """The agents, by name, who have said so."""
        self.present: Counter[str] = Counter()
        """How many desks each agent has open, by name."""
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
        cards: list[Json] | None = None,
        attachments: list[Json] | None = None,
        response: str | None = None,
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
            "response": response,
            "buttons": [
                {"id": f"{seq}-{number}", "title": title}
                for number, title in enumerate(titles or [])
            ],
            "cards": cards or [],
            "attachments": attachments or [],
            "echo_id": echo_id,
            "agent": agent,
            "at": stamp(at or datetime.now(UTC)),
        }
        conversation.messages.append(message)
        if author == "customer" and conversation.owner in ("queue", "human"):
            conversation.unanswered_since = conversation.unanswered_since or datetime.now(UTC)
        elif author == "agent":
            conversation.unanswered_since = None
        if self.muted:
            self.muted -= 1
        elif author != "note":
            self.tell(conversation, "message", message)
        self.tell_desks("message", {"conversation_id": conversation.id, "message": message})
        self.tell_desks("conversation", self.summary(conversation))
        return message

    def summary(self, conversation: Conversation) -> Json:
        """The summary of the desk API."""
        said = [m for m in conversation.messages if m["author"] != "note"]
        queued, waits = conversation.queued_at, conversation.unanswered_since
        undone = [case for case in self.cases.of(conversation.id) if case.undone]
        return {
            **conversation.for_customer(),
            "channel": conversation.channel,
            "account": conversation.account,
            "write_until": conversation.write_until and stamp(conversation.write_until),
            "version": conversation.version,
            "reason": conversation.reason,
            "queued_at": queued and stamp(queued),
            "unanswered_since": waits and stamp(waits),
            "seen_seq": conversation.seen_seq,
            "case": undone[0].reference if undone else None,
            "created_at": stamp(conversation.created_at),
            "last_message": {
                **{name: said[-1][name] for name in ("author", "text", "at")},
                "attached": said[-1]["attachments"][0]["kind"] if said[-1]["attachments"] else None,
            }
            if said
            else None,
        }

    def context(self, conversation: Conversation) -> Json:
        """What the desk shows beside the messages."""
        since = conversation.unanswered_since
        queue = [waiting.id for waiting in self.view("queue", "")]
        return {
            **conversation.context,
            "position": queue.index(conversation.id) + 1 if conversation.owner == "queue" else None,
            "unanswered_since": since and stamp(since),
            "cases": [case.public() for case in self.cases.of(conversation.id)],
            "history": conversation.history,
        }

    def counts(self, agent: str) -> Json:
        """What the desk's lists hold."""
        views = {view: len(self.view(view, agent)) for view in ("queue", "mine", "open")}
        return {**views, **self.cases.counts()}

    def leave_case(self, conversation: Conversation, **values: Any) -> Case:
        """A person was asked for and nobody was there: the bot goes on, with a promise."""
        case = self.cases.open(conversation_id=conversation.id, **values)
        self.tell_case(case)
        self.tell_desks("conversation", self.summary(conversation))
        return case

    def tell_case(self, case: Case) -> None:
        """Push a case to the open desks."""
        self.tell_desks("case", {"case": case.public()})

    def overdue(self, case: Case) -> None:
        """Nobody has solved it in time."""
        case.due_at = hours_from_now(-0.01)
        case.change("hub", overdue=True)
        self.tell_case(case)

    def nudge(self, conversation: Conversation) -> None:
        """Remind the agent that the customer waits."""
        self.log(conversation, "note", "Khách đã chờ 3 phút mà chưa có ai trả lời.")
        self.tell_desks("nudge", {"conversation_id": conversation.id})

    def saw(self, conversation: Conversation, seq: int) -> None:
        """The customer's page has shown a message."""
        conversation.seen_seq = max(seq, conversation.seen_seq)
        self.tell_desks("conversation", self.summary(conversation))

    def types(self, conversation: Conversation, author: str, *, on: bool = True) -> None:
        """Show that somebody is writing."""
        told = {"on": on, "author": author}
        if author != "customer":
            self.tell(conversation, "typing", told)
        self.tell_desks("typing", {"conversation_id": conversation.id, **told})

    def agents(self, names: dict[str, str]) -> list[Json]:
        """All agents, by log-in, as the others see them."""
        return [
            {
                "id": AGENT_IDS[name],
                "login": login,
                "name": name,
                "state": "gone"
                if not self.present[name]
                else "away"
                if name in self.away
                else "there",
                "seen_at": stamp(datetime.now(UTC)) if self.present[name] else None,
                "open": len(self.view("mine", name)),
            }
            for login, name in names.items()
        ]

    def resolve(self, conversation: Conversation, name: str) -> None:
        """Close the matter; whoever was helped by a person is asked to rate that."""
        helped = conversation.owner == "human"
        self.own(conversation, "nobody", name, None, "resolve")
        conversation.unanswered_since = None
        for case in self.cases.of(conversation.id, "callback"):
            if case.undone:
                case.change(name, state="solved")
                self.tell_case(case)
        self.log(conversation, "system", RESOLVED, response="utter_resolved")
        if helped:
            stars = [str(number) for number in range(1, 6)]
            self.log(conversation, "system", RATE, response="utter_ask_rating", titles=stars)

    def own(
        self,
        conversation: Conversation,
        owner: str,
        who: str,
        agent: str | None,
        cause: str | None = None,
    ) -> None:
        """Change who has the conversation."""
        now = datetime.now(UTC)
        conversation.history.append(
            {
                "at": stamp(now),
                "from": conversation.owner,
                "to": owner,
                "reason": cause or conversation.reason,
                "who": who,
            }
        )
        conversation.owner, conversation.agent = owner, agent
        conversation.version += 1
        conversation.queued_at = now if owner == "queue" else None
        if owner in ("bot", "nobody"):
            conversation.reason = None
        self.tell(conversation, "conversation", conversation.for_customer())
        self.tell_desks("conversation", self.summary(conversation))

    def hand_over(self, conversation: Conversation, reason: str) -> None:
        """Put the conversation into the queue of the people."""
        conversation.reason = reason
        conversation.unanswered_since = conversation.unanswered_since or datetime.now(UTC)
        self.own(conversation, "queue", "bot", None)

    def customer_says(self, conversation: Conversation, text: str, echo_id: str) -> Json:
        """Log what a customer wrote; the bot answers a little later if the conversation is its."""
        if conversation.owner == "nobody":
            self.own(conversation, "bot", "customer", None, "customer_wrote")
        message = self.log(conversation, "customer", text, echo_id=echo_id)
        if conversation.owner == "bot":
            task = asyncio.get_running_loop().create_task(self._answer(conversation, text))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return message

    async def _answer(self, conversation: Conversation, text: str) -> None:
        self.types(conversation, "bot")
        await asyncio.sleep(self.answer_after)
        self.types(conversation, "bot", on=False)
        language = conversation.language
        if any(words in text.lower() for words in WANTS_PERSON):
            self.hand_over(conversation, "asked")
            self.log(
                conversation,
                "system",
                HANDED_OVER[language],
                response="utter_handed_over_first",
                titles=[BACK_TO_BOT[language]],
            )
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
            called = [
                c
                for c in everything
                if c.owner in ("bot", "nobody")
                and any(case.undone for case in self.cases.of(c.id, "callback"))
            ]
            return [*sorted(queued, key=lambda c: c.queued_at or c.created_at), *called]
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
REASONS = ["asked", "not_understood", "proof", "complaint", "fault", "anger", "not_solved"]
KINDS = [
    *("complaint", "return", "repair", "problem", "promise", "callback", "praise", "suggestion")
]


def seed(store: Store, rows: int, agent: str) -> None:
    """Fill the desk with waiting and running conversations, and with half as many cases."""
    now = datetime.now(UTC)
    languages = ["vi", "ms", "en", "vi", "vi"]
    for row in range(rows):
        began = now - timedelta(seconds=37 * (rows - row) + 15)
        conversation = store.begin(
            channel="messenger" if row % 3 == 1 else "web",
            language=languages[row % 5],
            created_at=began,
            reason=REASONS[row % 7],
        )
        conversation.context |= {
            "intents": ["request_human", "report_delivery_problem", *["ask_order_status"] * 2],
            "proof": {"order_number": "DH-20413", "level": "contact", "contact": None}
            if row % 2
            else None,
            "failed_proofs": row % 3,
            "slots": {"order_number": "DH-20413", "phone": "+84 903 123 456"} if row % 2 else {},
        }
        store.log(conversation, "customer", "Chào shop", at=began)
        store.log(conversation, "bot", "Dạ, em là Myna ạ.", titles=BUTTONS["vi"], at=began)
        asked = began + timedelta(seconds=25)
        store.log(conversation, "customer", SNIPPETS[row % 5], at=asked)
        store.hand_over(conversation, REASONS[row % 7])
        conversation.queued_at = conversation.unanswered_since = asked
        conversation.history[-1]["at"] = stamp(asked)
        if row % 4 == 3:
            owner = agent if row % 8 == 3 else LONG_NAME
            store.own(conversation, "human", owner, owner, "claim")
        if row % 2:
            seed_case(store, conversation, row, agent)


def seed_case(store: Store, conversation: Conversation, row: int, agent: str) -> None:
    """A case of a conversation; those of the first rows are overdue, some are taken or done."""
    case = store.cases.open(
        conversation_id=conversation.id,
        kind=KINDS[row // 2 % 6],
        summary=SNIPPETS[row % 5],
        priority=["normal", "high", "normal", "urgent"][row // 2 % 4],
        due_at=hours_from_now(row - 4.3),
        phone="+84 903 123 456",
        order_number="DH-20413",
    )
    if row % 3 == 0:
        case.change(agent, state="working", agent=agent)
    elif row % 5 == 0:
        case.change(LONG_NAME, state="solved", agent=LONG_NAME)
    if case.due_at < datetime.now(UTC) and case.undone:
        case.change("hub", overdue=True)
