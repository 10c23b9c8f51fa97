"""The contract between hub and brain: what a turn is given, and what it answers.

Plain data, without Rasa or Sanic in it, so that both sides import it. A turn may be repeated: the
same message id gives the first answer again.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

TURN_PATH = "/webhooks/brain/turn"
RESET_PATH = "/webhooks/brain/reset"
HEALTH_PATH = "/webhooks/brain/health"

Level = Literal["contact", "code"]


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


class Choice(TypedDict):
    """A button that this brain issued and the customer has chosen; the hub vouches for it."""

    payload: str
    title: str


class TurnRequest(TypedDict):
    """One message of a customer."""

    conversation: str
    message: str
    text: str | None
    """What was typed; None if a button was chosen."""
    choice: Choice | None
    language: str | None
    """The conversation's language so far."""
    customer: Customer


class AnswerButton(TypedDict):
    """A button below an answer."""

    title: str
    payload: str


class AnswerMessage(TypedDict):
    """One message to the customer."""

    text: str
    buttons: list[AnswerButton]
    response: str | None
    """The name of the response in the catalogue."""


class Command(TypedDict, total=False):
    """What the hub shall do; idempotent by the message id of the turn."""

    type: Literal["hand_over", "proof_failed", "proof_passed"]
    reason: str
    """hand_over: asked, not_understood, complaint, proof, fault."""
    announced: bool
    """hand_over: a message of this turn has already told the customer."""
    order_number: str
    level: Level


class Answer(TypedDict):
    """The outcome of a turn."""

    status: Literal["answered"]
    messages: list[AnswerMessage]
    commands: list[Command]
    language: str | None
    intent: str | None
    """What the message was understood as, for the agent's context."""
    proof: Proof | None


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
    )


def _is_message(value: Any) -> bool:
    return (
        _has_texts(value, "text")
        and _has_texts(value, "response", optional=True)
        and isinstance(value.get("buttons"), list)
        and all(_has_texts(button, "title", "payload") for button in value["buttons"])
    )


def _is_command(value: Any) -> bool:
    return _has_texts(value, "type") and (
        value["type"] != "proof_failed" or _has_texts(value, "order_number")
    )


def _has_texts(value: Any, *names: str, optional: bool = False) -> bool:
    return isinstance(value, dict) and all(
        name in value and (isinstance(value[name], str) or (optional and value[name] is None))
        for name in names
    )
