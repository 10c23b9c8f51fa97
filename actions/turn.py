"""What an action knows of the turn it runs in, and the commands it sends to the hub."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import ActiveLoop, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from myna.bootstrap import catalogue
from myna.brain.protocol import CaseKind, Customer, Level, Proof
from myna.shop.model import Who

QUESTIONS = (
    "utter_ask_meaning",
    "utter_ask_rephrase",
    "utter_offer_human",
    "utter_no_words",
    "utter_other_language",
)
"""After these a form waits instead of repeating its own question."""

STRONG: tuple[Level, ...] = ("code", "identity")
"""Levels of proof that are enough to change an order."""


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
        "guarded_orders": known.get("guarded_orders", []),
        "customer_id": known.get("customer_id"),
        "people_available": known.get("people_available", True),
    }


def called_for(tracker: Tracker) -> str | None:
    """Why this message goes to a person though it did not ask for one: `topic` or `anger`."""
    reason: str | None = (tracker.latest_message.get("metadata") or {}).get("hand_over")
    return reason


def proof(tracker: Tracker, order_number: str | None) -> Level | None:
    """How far the customer has shown that this order is theirs; None: not at all."""
    shown: Proof | None = tracker.get_slot("proof")
    if shown and order_number and shown["order_number"] == order_number:
        return shown["level"]
    return None


def proved_strongly(tracker: Tracker, order_number: str | None) -> bool:
    """Whether it is sure enough that the order is theirs to change it: by code or log-in."""
    return proof(tracker, order_number) in STRONG


def who(tracker: Tracker) -> Who | None:
    """Whose orders may be listed: of the one who is logged in, or has shown a contact by code."""
    if customer_id := customer(tracker)["customer_id"]:
        return Who(customer_id=customer_id)
    shown: Proof | None = tracker.get_slot("proof")
    contact = shown.get("contact") if shown else None
    return Who(contact=contact) if contact else None


def names(tracker: Tracker, *entities: str) -> bool:
    """Whether the message itself holds one of these entities."""
    return any(
        entity["entity"] in entities for entity in tracker.latest_message.get("entities") or []
    )


def gives_a_detail(tracker: Tracker, slot: str) -> bool:
    """Whether the message is the answer to our question for `slot` and not a digression."""
    intent = tracker.get_intent_of_latest_message(skip_fallback_intent=False)
    return (
        tracker.get_slot("requested_slot") == slot
        and intent in ("inform", "nlu_fallback", "affirm", "out_of_scope")
        and has_details(tracker.latest_message.get("text") or "")
    )


def has_details(text: str) -> bool:
    """Whether there is anything in a text that numbers and addresses are made of."""
    return any(character.isdigit() or character == "@" for character in text)


def only_agrees(tracker: Tracker, slot: str) -> bool:
    """Whether "yes" was all the answer to our question for `slot`: it is to be asked again."""
    return (
        tracker.get_slot("requested_slot") == slot
        and tracker.get_intent_of_latest_message() == "affirm"
    )


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


def asked_for(tracker: Tracker) -> str | None:
    """The slot that a form had asked for when the customer wrote the message."""
    before = False
    for event in reversed(tracker.events):
        before = before or event["event"] == "user"
        if before and event["event"] == "slot" and event["name"] == "requested_slot":
            slot: str | None = event["value"]
            return slot
    return None


def form_over() -> list[EventType]:
    """Ends a form from within the action that asks for one of its slots."""
    return [ActiveLoop(None), SlotSet("requested_slot", None)]


def command_of(event: dict[str, Any]) -> dict[str, Any]:
    """The command to the hub that an event of the conversation holds; empty if it holds none."""
    command: dict[str, Any] = ((event.get("data") or {}).get("custom") or {}).get("command") or {}
    return command


def _command(dispatcher: CollectingDispatcher, **command: Any) -> None:
    dispatcher.utter_message(json_message={"command": command})


def hand_over(dispatcher: CollectingDispatcher, reason: str, *, announced: bool = False) -> None:
    """Asks the hub for a person; `announced` if a message of this turn has already said so."""
    _command(dispatcher, type="hand_over", reason=reason, announced=announced)


def open_case(dispatcher: CollectingDispatcher, kind: CaseKind, summary: str, **more: Any) -> None:
    """Asks the hub for a case; `more` is what else `Command` says of it."""
    _command(dispatcher, type="open_case", kind=kind, summary=summary, **more)


def proof_failed(dispatcher: CollectingDispatcher, order_number: str) -> None:
    """Tells the hub of a wrong try, which it counts for the conversation and for the order.

    Args:
        dispatcher: of the turn.
        order_number: empty if it was about a contact and no order.
    """
    _command(dispatcher, type="proof_failed", order_number=order_number)


def proof_passed(dispatcher: CollectingDispatcher, order_number: str | None, level: Level) -> None:
    """Tells the hub that the customer has shown an order, or a contact, to be theirs."""
    about = {"order_number": order_number} if order_number else {}
    _command(dispatcher, type="proof_passed", level=level, **about)


def case_contact(dispatcher: CollectingDispatcher, **contact: str) -> None:
    """Tells the hub the `phone` or `email` at which people can reach the customer."""
    _command(dispatcher, type="case_contact", **contact)
