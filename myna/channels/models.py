"""What the chat's API takes and gives."""

from __future__ import annotations

from typing import Literal

from myna.api import TEXT, Answer, Message, Model, Moment, Nothing, about
from myna.facts import LANGUAGES
from myna.hub.hub import MAX_CHARACTERS
from myna.hub.ownership import Owner

_LAST_SEQ = 10**9


class Begin(Model):
    """A visitor who opens the page."""

    language: str | None = about(
        "Chosen by the visitor; the conversation's from now on.", None, enum=list(LANGUAGES)
    )
    identity: str | None = about(
        "A token (JWT, HS256) with which the shop's website says who is logged in.",
        None,
        max_length=4000,
    )


class Outgoing(Model):
    """A customer's message: a text, or a choice among the buttons that were offered."""

    echo_id: str = about("The sender's own id of it.", max_length=80, pattern=TEXT)
    text: str = about("What was typed.", "", max_length=MAX_CHARACTERS)
    choice: str | None = about("A button's id, instead of a text.", None, max_length=100)
    solution: str | None = about("Of an earlier refusal's challenge.", None, max_length=500)


class Seen(Model):
    """What the page has shown."""

    seq: int = about("The last message.", ge=0, le=_LAST_SEQ)


class Rating(Model):
    """How the customer rates the person who has helped."""

    stars: int = about("5 is best.", ge=1, le=5)
    comment: str | None = about("In the customer's words.", None, max_length=2000)


class After(Model):
    """From where to read on."""

    after: int = about("Only messages with a higher `seq`.", 0, ge=0, le=_LAST_SEQ)


class Conversation(Answer):
    """A conversation as its customer sees it."""

    id: str
    language: str | None
    owner: Owner = about("`queue`: waits for a person; `nobody`: a person has closed the matter.")
    agent: str | None = about("The name of the person who has it.")
    version: int = about("Counts changes of `owner`: what has a lower one is older.")
    last_seq: int


class Who(Answer):
    """The customer who is logged in at the shop."""

    name: str | None
    until: Moment = about("Until when; a new session with a new token prolongs it.")


class Shop(Answer):
    """The shop that the page belongs to."""

    name: str
    assistant_name: str
    accent: str = about("Its colour, `#rrggbb`.")


class Session(Answer):
    """What a page begins with."""

    conversation: Conversation
    shop: Shop
    customer: Who | None


class History(Answer):
    """What has been said."""

    messages: list[Message]
    conversation: Conversation


class Typing(Answer):
    """Somebody is writing, or has stopped."""

    author: Literal["bot", "agent"]
    on: bool


EVENTS = {"conversation": Conversation, "message": Message, "typing": Typing, "ping": Nothing}
