"""What an action knows of the turn it runs in, and the commands it sends to the hub."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from myna.bootstrap import catalogue
from myna.brain.protocol import Customer, Level, Proof


def language(tracker: Tracker) -> str:
    """The conversation's language."""
    return tracker.get_slot("language") or catalogue().facts.default_language


def message_id(tracker: Tracker) -> str:
    """The id of the customer's message, which makes side effects idempotent."""
    return str(tracker.latest_message.get("message_id") or tracker.sender_id)


def customer(tracker: Tracker) -> Customer:
    """What the hub knows of the customer; nothing, where Rasa runs without the hub."""
    known = (tracker.latest_message.get("metadata") or {}).get("customer") or {}
    return {
        "channel": known.get("channel", "shell"),
        "proof": known.get("proof"),
        "failed_proofs": known.get("failed_proofs", 0),
        "locked_orders": known.get("locked_orders", []),
    }


def proof(tracker: Tracker, order_number: str | None) -> Level | None:
    """How far the customer has shown that this order is theirs; None: not at all."""
    shown: Proof | None = tracker.get_slot("proof")
    if shown and order_number and shown["order_number"] == order_number:
        return shown["level"]
    return None


def already_said(tracker: Tracker, *responses: str) -> bool:
    """Whether one of these responses was given since the customer's message.

    A form repeats its question after everything; behind another question that is one too many.
    """
    for event in reversed(tracker.events):
        if event["event"] == "user":
            return False
        said = (event.get("metadata") or {}).get("utter_action")
        if event["event"] == "bot" and said in responses:
            return True
    return False


def _command(dispatcher: CollectingDispatcher, **command: Any) -> None:
    dispatcher.utter_message(json_message={"command": command})


def hand_over(dispatcher: CollectingDispatcher, reason: str, *, announced: bool = False) -> None:
    """Asks the hub for a person; `announced` if a message of this turn has already said so."""
    _command(dispatcher, type="hand_over", reason=reason, announced=announced)


def proof_failed(dispatcher: CollectingDispatcher, order_number: str) -> None:
    """Tells the hub of a wrong try, which it counts for the conversation and for the order."""
    _command(dispatcher, type="proof_failed", order_number=order_number)


def proof_passed(dispatcher: CollectingDispatcher, order_number: str, level: Level) -> None:
    """Tells the hub that the customer has shown the order to be theirs."""
    _command(dispatcher, type="proof_passed", order_number=order_number, level=level)
