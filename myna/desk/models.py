"""What the desk's API takes and gives."""

from __future__ import annotations

from typing import Any, Literal

from myna.api import (
    CENTURY,
    ID,
    MOST,
    TEXT,
    Answer,
    Error,
    Message,
    Model,
    Moment,
    Nothing,
    about,
    left_out,
)
from myna.brain.protocol import CaseKind, Level, Priority
from myna.facts import LANGUAGES
from myna.hub.cases import State
from myna.hub.hub import MAX_CHARACTERS
from myna.hub.model import Author
from myna.hub.ownership import Owner

View = Literal["queue", "mine", "open", "all"]
States = Literal["undone", "all", State]
_SUMMARY = 2000  # characters

# --- agents


class Login(Model):
    """An agent who logs in."""

    login: str = about("The log-in.", max_length=100, pattern=TEXT)
    password: str = about("The password.", max_length=200, pattern=TEXT)


class Presence(Model):
    """Whether the agent wants new conversations."""

    away: bool = about("Gets none, though the desk is open.")


class Agent(Answer):
    """A person who answers customers."""

    id: int
    login: str
    name: str = about("As customers and other agents see it.")
    away: bool = about("Gets no new conversations, though the desk is open.")


class Me(Answer):
    """Who is logged in."""

    agent: Agent


class Colleague(Answer):
    """Whether an agent is there."""

    id: int
    login: str
    name: str
    state: Literal["there", "away", "gone"]
    seen_at: Moment | None = about("The last sign of life from an open desk.")
    open: int = about("Conversations that the agent has.")


class Team(Answer):
    """All agents."""

    agents: list[Colleague]


# --- conversations


class Listing(Model):
    """Which conversations."""

    view: View = about(
        "`queue`: waiting for a person, and those of the bot in which one was asked for when nobody"
        " was there; `mine`; `open`: waiting, or with any person; `all`.",
        "queue",
    )


class After(Model):
    """From where to read on."""

    after: int = about("Only messages with a higher `seq`.", 0, ge=0, le=MOST)


class Followed(After):
    """What a stream brings besides what happens."""

    conversation: str | None = about(
        "Its messages after `after` are sent first, and sent again after a gap.", None, pattern=ID
    )


class Version(Model):
    """What a change of ownership is based on."""

    version: int = about("The conversation's `version` as it was seen.", ge=0, le=MOST)


class Reply(Model):
    """A message to the customer."""

    echo_id: str = about("The sender's own id of it.", max_length=80, pattern=TEXT)
    text: str = about("What the customer reads.", max_length=MAX_CHARACTERS, pattern=TEXT)


class Note(Model):
    """A note or comment that only agents see."""

    text: str = about("What agents read.", max_length=MAX_CHARACTERS, pattern=TEXT)


class LastMessage(Answer):
    """The newest message that is no note."""

    author: Author
    text: str = about("Its first 160 characters.")
    at: Moment


class Summary(Answer):
    """A conversation as lists show it."""

    id: str
    channel: str
    account: str | None = about("The shop's account on the channel, such as a Page's name.")
    language: str | None
    owner: Owner
    version: int = about("Counts changes of ownership.")
    agent: str | None = about("The name of the agent who has it.")
    reason: str | None = about(
        "Why people have it: asked, not_understood, complaint, anger, topic, proof, fault, agent,"
        " agent_idle, agent_gone, not_solved."
    )
    queued_at: Moment | None
    unanswered_since: Moment | None = about("When the oldest message came that nobody answered.")
    seen_seq: int = about("The last message that the customer's page has shown.")
    case: str | None = about("The reference of its undone case; of several, that due first.")
    write_until: Moment | None = about(
        "Until when its channel lets agents write to the customer; null: always. The customer's"
        " next message puts it off."
    )
    last_message: LastMessage | None
    last_seq: int
    created_at: Moment


class Counts(Answer):
    """How much there is to do."""

    queue: int
    mine: int
    open: int
    cases: int = about("Cases that are not done.")
    overdue: int = about("Cases that are not done and should be.")


class Conversations(Answer):
    """Conversations: those that have waited longest, then the newest; at most 500."""

    conversations: list[Summary]
    counts: Counts


class Changed(Answer):
    """A conversation as it is now."""

    conversation: Summary


class Overtaken(Error):
    """A conversation is not as the request supposes; `conversation` is it now."""

    conversation: Summary


class Messages(Answer):
    """Messages, agents' notes among them."""

    messages: list[Message]


class Proof(Answer):
    """That the customer has shown an order to be theirs."""

    order_number: str
    level: Level = about("`contact`: told its phone or e-mail; `code`: received a code there.")


class Rated(Answer):
    """How the customer rated an agent's help."""

    stars: int
    comment: str | None
    at: Moment


class Handing(Answer):
    """One change of ownership."""

    at: Moment
    from_: Owner = about("Who had it.", alias="from")
    to: Owner
    reason: str | None
    who: str = about("`bot`, `hub`, `customer` or an agent's name.")


# --- cases


class CaseQuery(Model):
    """Which cases."""

    state: States = about("`undone`: somebody still has something to do.", "undone")
    kind: CaseKind | None = about("Only this kind.", None)
    mine: bool = about("Only the agent's own.", False)
    conversation: str | None = about("Only those of a conversation.", None, pattern=ID)
    limit: int = about("At most so many.", 200, ge=1, le=500)
    offset: int = about("Without the first so many.", 0, ge=0, le=MOST)


class NewCase(Model):
    """A case that is opened by hand."""

    kind: CaseKind = about("What sort of matter it is.")
    summary: str = about("The matter in a line.", max_length=_SUMMARY, pattern=TEXT)
    request_id: str = about("The sender's own id of it.", max_length=80, pattern=TEXT)
    conversation_id: str | None = about("Where it comes from.", None, pattern=ID)
    priority: Priority | None = about("Else as `shop.yml` says for the kind.", None)
    order_number: str | None = about("The order that it is about.", None, max_length=40)
    phone: str | None = about("Where to call the customer.", None, max_length=40)
    email: str | None = about("Where to write to the customer.", None, max_length=200)
    language: str | None = about("The customer's.", None, enum=list(LANGUAGES))


class CaseChange(Model):
    """What is changed in a case; what is left out stays as it is."""

    version: int = about("The case's `version` as it was seen.", ge=0, le=MOST)
    state: State = left_out("`waiting`: for the customer.")
    priority: Priority = left_out("How urgent it is.")
    mine: bool = left_out("true takes it, from whoever has it; false gives it back.")
    due_at: Moment = left_out("Until when it is to be answered.", pattern=CENTURY)
    summary: str = left_out("The matter in a line.", max_length=_SUMMARY, pattern=TEXT)
    order_number: str | None = about("null for none.", None, max_length=40)
    phone: str | None = about("null for none.", None, max_length=40)
    email: str | None = about("null for none.", None, max_length=200)


class Case(Answer):
    """What a customer has been promised that people will see to."""

    reference: str = about("What the customer is told.")
    kind: CaseKind
    state: State
    priority: Priority
    agent: str | None = about("The name of the agent who sees to it.")
    conversation_id: str | None
    summary: str
    order_number: str | None
    phone: str | None
    email: str | None
    language: str | None
    due_at: Moment = about("In the agents' working hours.")
    version: int = about("Counts changes.")
    overdue: bool
    created_at: Moment
    updated_at: Moment
    solved_at: Moment | None


class Cases(Answer):
    """Cases, those that are due first in front."""

    cases: list[Case]


class TheCase(Answer):
    """A case as it is now."""

    case: Case


class CaseOvertaken(Error):
    """A case has changed meanwhile; `case` is it now."""

    case: Case


class Happening(Answer):
    """Something that happened to a case."""

    who: str = about("`bot`, `hub`, `customer` or an agent's name.")
    what: str = about(
        "`opened`, `comment`, or the field that was changed (`agent_id`: see agents)."
    )
    detail: dict[str, Any] = about("`text` of a comment; `before` and `after` of a change.")
    at: Moment


class CaseHistory(Answer):
    """A case and what happened to it, in order."""

    case: Case
    history: list[Happening]


# --- one conversation, and live


class Context(Answer):
    """What an agent wants to know besides the transcript."""

    intents: list[str] = about(
        "What the customer's last messages were understood as, newest first."
    )
    proof: Proof | None
    failed_proofs: int
    slots: dict[str, Any] = about("What the customer has told: order number, phone, e-mail, …")
    position: int | None = about("In the queue, from 1.")
    unanswered_since: Moment | None
    cases: list[Case]
    ratings: list[Rated]
    history: list[Handing]


class Trouble(Answer):
    """A message that was not delivered, or perhaps not."""

    seq: int
    state: Literal["failed", "unknown", "expired"] = about("`unknown`: the customer may have it.")
    error: str | None = about("What its channel said, for people.")


class Detail(Answer):
    """A conversation with everything that was said."""

    conversation: Summary
    messages: list[Message]
    troubles: list[Trouble]
    context: Context


class MessageEvent(Answer):
    """A message that is new in the log."""

    conversation_id: str
    message: Message


class DeliveryEvent(Trouble):
    """A message was not delivered, or perhaps not."""

    conversation_id: str


class NudgeEvent(Answer):
    """A customer of this agent has waited too long."""

    conversation_id: str


class TypingEvent(Answer):
    """Somebody is writing, or has stopped."""

    conversation_id: str
    author: Literal["customer", "bot", "agent"]
    on: bool


EVENTS = {
    "counts": Counts,
    "message": MessageEvent,
    "conversation": Summary,
    "case": TheCase,
    "delivery": DeliveryEvent,
    "nudge": NudgeEvent,
    "agents": Team,
    "typing": TypingEvent,
    "resync": Nothing,
    "ping": Nothing,
}
