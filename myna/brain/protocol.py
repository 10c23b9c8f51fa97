"""The contract between hub and brain: what a turn is given, and what it answers.

Plain data, without Rasa or Sanic in it, so that both sides import it. A turn may be repeated: the
same message id gives the first answer again.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict, get_args

TURN_PATH = "/webhooks/brain/turn"
OUTCOME_PATH = "/webhooks/brain/outcome"
RESET_PATH = "/webhooks/brain/reset"
HEALTH_PATH = "/webhooks/brain/health"

Level = Literal["contact", "code"]
CommandType = Literal["hand_over", "proof_failed", "proof_passed", "open_case", "case_contact"]
CaseKind = Literal["complaint", "return", "repair", "problem", "promise", "callback"]
Priority = Literal["low", "normal", "high", "urgent"]


class Proof(TypedDict):
    """That the customer has shown an order to be theirs."""

    order_number: str
    level: Level
    """`contact`: told the order's phone or e-mail; `code`: received a one-time code there."""


class Customer(TypedDict):
    """What the hub knows of the one who writes."""

    channel: str
    proof: Proof | None
    failed_proofs: int
    """Wrong tries in this conversation that still count."""
    locked_orders: list[str]
    """Orders for which too many wrong tries were made lately, by anyone."""
    people_available: bool
    """Whether a colleague is at the desk now, within the hours in which people answer."""


class Choice(TypedDict):
    """A button that this brain issued and the customer has chosen; the hub vouches for it."""

    payload: str
    title: str


class TurnRequest(TypedDict):
    """One message of a customer, or a burst of messages that one turn answers together."""

    conversation: str
    message: str
    text: str | None
    """What was typed; None if a button was chosen."""
    parts: list[str]
    """The messages of a burst, oldest first; `text` is them, joined by newlines, and `message` is
    the id of one of them. Empty for a single message."""
    choice: Choice | None
    language: str | None
    """The conversation's language so far."""
    customer: Customer


class AnswerButton(TypedDict):
    """A button below an answer."""

    title: str
    payload: str


class AnswerCard(TypedDict):
    """A thing shown below a message, such as a product."""

    title: str
    subtitle: str
    """What else there is to know in a line, such as the price."""
    picture: str | None
    """Address of a picture (http or https)."""
    url: str | None
    """Address of the thing's own page."""
    buttons: list[AnswerButton]


class AnswerMessage(TypedDict):
    """One message to the customer."""

    text: str
    buttons: list[AnswerButton]
    cards: NotRequired[list[AnswerCard]]
    """Shown beside one another, in this order."""
    response: str | None
    """The name of the response in the catalogue."""


class Command(TypedDict, total=False):
    """What the hub shall do; idempotent by the message id of the turn."""

    type: CommandType
    reason: str
    """hand_over: asked, not_understood, complaint, proof, fault, topic, anger."""
    announced: bool
    """hand_over: a message of this turn has already told the customer."""
    order_number: str
    level: Level
    kind: CaseKind
    """open_case: what sort of matter it is."""
    summary: str
    """open_case: the matter in a line, for the one who takes it up."""
    priority: Priority
    phone: str
    email: str
    response: str
    """open_case: the text in the catalogue with which the hub tells reference and due time."""
    after: int
    """How many messages of this turn come before the command."""


class Answer(TypedDict):
    """The outcome of a turn."""

    status: Literal["answered"]
    messages: list[AnswerMessage]
    commands: list[Command]
    language: str | None
    intent: str | None
    """What the message was understood as, for the agent's context."""
    proof: Proof | None
    slots: dict[str, Any]
    """What the customer has told and an agent should see: order number, phone, e-mail, …"""


class Separate(TypedDict):
    """Nothing was stored; the parts are different matters, to be asked one by one."""

    status: Literal["separate"]


class Unknown(TypedDict):
    """The answer to a question for an outcome: that message was never handled."""

    status: Literal["unknown"]


class Aborted(TypedDict):
    """Nothing was stored; the same turn may be tried again."""

    status: Literal["aborted"]
    reason: str


def is_answer(value: Any) -> bool:
    """Whether a decoded answer has the shape of `Answer`."""
    return (
        isinstance(value, dict)
        and value.get("status") == "answered"
        and isinstance(value.get("messages"), list)
        and all(_is_message(message) for message in value["messages"])
        and isinstance(value.get("commands"), list)
        and all(_is_command(command) for command in value["commands"])
        and _has_texts(value, "language", "intent", optional=True)
        and "proof" in value
        and (value["proof"] is None or _has_texts(value["proof"], "order_number", "level"))
        and isinstance(value.get("slots"), dict)
    )


def is_separate(value: Any) -> bool:
    """Whether a decoded answer says that the parts are different matters."""
    return isinstance(value, dict) and value.get("status") == "separate"


def _is_message(value: Any) -> bool:
    return (
        _has_texts(value, "text")
        and _has_texts(value, "response", optional=True)
        and _has_buttons(value)
        and isinstance(value.get("cards", []), list)
        and all(_is_card(card) for card in value.get("cards", []))
    )


def _is_card(value: Any) -> bool:
    return (
        _has_texts(value, "title", "subtitle")
        and _has_texts(value, "picture", "url", optional=True)
        and _has_buttons(value)
    )


def _has_buttons(value: Any) -> bool:
    return isinstance(value.get("buttons"), list) and all(
        _has_texts(button, "title", "payload") for button in value["buttons"]
    )


_REQUIRED: dict[str, tuple[str, ...]] = {
    "proof_failed": ("order_number",),
    "open_case": ("kind", "summary"),
}
_OF_COMMANDS: dict[str, type] = {
    **dict.fromkeys(("reason", "order_number", "summary", "phone", "email", "response"), str),
    "announced": bool,
    "after": int,
}
_CHOICES: dict[str, tuple[str, ...]] = {
    "type": get_args(CommandType),
    "level": get_args(Level),
    "kind": get_args(CaseKind),
    "priority": get_args(Priority),
}


def _is_command(value: Any) -> bool:
    return (
        _has_texts(value, "type")
        and all(name not in value or value[name] in known for name, known in _CHOICES.items())
        and all(type(value[n]) is kind for n, kind in _OF_COMMANDS.items() if n in value)
        and all(name in value for name in _REQUIRED.get(value["type"], ()))
        and (value["type"] != "case_contact" or "phone" in value or "email" in value)
    )


def _has_texts(value: Any, *names: str, optional: bool = False) -> bool:
    return isinstance(value, dict) and all(
        name in value and (isinstance(value[name], str) or (optional and value[name] is None))
        for name in names
    )
