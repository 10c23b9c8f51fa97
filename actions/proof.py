"""Forms that ask for an order and for proof that it is the customer's own."""

from __future__ import annotations

import asyncio
import re
from abc import ABC, abstractmethod
from itertools import dropwhile
from typing import Any

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import turn
from actions.contact import ContactSlot
from myna.bootstrap import catalogue, shop
from myna.shop.contact import contact_matches, parse_contact
from myna.shop.model import NotFound, Unavailable

END = SlotSet("requested_slot", None)
"""Ends a form."""

_DIGITS = re.compile(r"\b[0-9]+\b")


class ProvenOrderForm(ContactSlot, FormValidationAction, ABC):
    """Asks for order number and contact, and ends when the customer has proved the order theirs.

    A form that ends without proof has told the customer why; the action after it says no more.
    The answer is the same whether the order does not exist or the contact is not its own.
    """

    invalid_contact = "utter_invalid_contact"
    own_slots: tuple[str, ...] = ("last_contact",)
    """What an earlier form has left in these slots is none of this one's business."""

    @abstractmethod
    def name(self) -> str:
        """Rasa's name of the action; being abstract keeps this class from being registered."""

    async def required_slots(
        self,
        domain_slots: list[str],
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[str]:
        """Without what is proved already."""
        level = turn.proof(tracker, tracker.get_slot("order_number"))
        proved = {None: (), "contact": ("contact",), "code": ("contact", "code")}[level]
        return [slot for slot in domain_slots if slot not in proved]

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Takes what was told, then judges it as a whole."""
        stale = _set_before(tracker, self.form_name(), *self.own_slots)
        tracker.add_slots(stale)
        events = await self.get_extraction_events(dispatcher, tracker, domain)
        tracker.add_slots(events)
        validated = await self.get_validation_events(dispatcher, tracker, domain)
        tracker.add_slots(validated)
        judged = await self.judge(dispatcher, tracker)
        tracker.add_slots(judged)
        events = [*stale, *events, *validated, *judged]
        if END in judged:
            return events
        next_slot = await self.next_requested_slot(dispatcher, tracker, domain)
        return [*events, next_slot] if next_slot else events

    def extract_order_number(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """What was typed after we asked, where no order number was found in it."""
        if turn.names(tracker, "order_number", "marketplace_order"):
            return {}
        if turn.gives_a_detail(tracker, "order_number") or turn.only_agrees(
            tracker, "order_number"
        ):
            return {"order_number": tracker.latest_message["text"]}
        return {}

    def validate_order_number(
        self,
        value: str,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> dict[str, Any]:
        """Canonical form; bare digits stand for the prefix of the customer's market first."""
        facts = catalogue().facts
        if facts.marketplace_of(value):
            return {"order_number": value}
        number = facts.order_number.canonical(value)
        if number is None and (found := facts.order_number.find(value)):
            number = found[-1][2]
        bare = [facts.order_number.candidates(digits) for digits in _DIGITS.findall(value)]
        if number is None and (meant := [candidates for candidates in bare if candidates]):
            own = 0 if turn.language(tracker) == facts.default_language else -1
            number = meant[-1][own]
        if number is None and turn.has_details(value):
            dispatcher.utter_message(response="utter_invalid_order_number")
        return {"order_number": number}

    async def judge(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        """Compares order number and contact, once both are told."""
        number: str | None = tracker.get_slot("order_number")
        contact: str | None = tracker.get_slot("contact") or tracker.get_slot("last_contact")
        if number is None or turn.proof(tracker, number):
            return []
        if marketplace := catalogue().facts.marketplace_of(number):
            dispatcher.utter_message(
                response="utter_marketplace_order",
                marketplace=marketplace[0].name,
                marketplace_help=marketplace[0].help[turn.language(tracker)],
                order_number=number,
            )
            return [SlotSet("order_number", None), END]
        if tracker.get_slot("contact") is None and number == order_before(tracker):
            return []  # the last contact is tried again only with a corrected number
        if contact is None:
            return []
        return await self._compare(dispatcher, tracker, number, contact)

    async def _compare(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, number: str, contact: str
    ) -> list[EventType]:
        known = turn.customer(tracker)
        tries = catalogue().facts.limits.proof_tries
        if number in known["locked_orders"] or known["failed_proofs"] >= tries:
            return locked(dispatcher)
        parsed = parse_contact(contact)
        order = await asyncio.to_thread(shop().get_order, number)
        if isinstance(order, Unavailable):
            dispatcher.utter_message(response="utter_shop_unavailable")
            return [END]
        if parsed and not isinstance(order, NotFound) and contact_matches(order, parsed):
            turn.proof_passed(dispatcher, number, "contact")
            shown = {"order_number": number, "level": "contact"}
            return [SlotSet("proof", shown), SlotSet("contact", contact)]
        turn.proof_failed(dispatcher, number)
        if known["failed_proofs"] + 1 >= tries:
            return locked(dispatcher)
        asked = tracker.get_slot("requested_slot") == "contact"
        if tracker.get_slot("contact") and not asked and not turn.names(tracker, "phone", "email"):
            # the contact of an earlier order: not tried by the customer, so it is just asked for
            return [SlotSet("contact", None)]
        dispatcher.utter_message(response="utter_order_not_matched", order_number=number)
        return [SlotSet("contact", None), SlotSet("last_contact", contact)]


def _set_before(tracker: Tracker, form: str, *slots: str) -> list[EventType]:
    """Events that empty those of `slots` which were filled before the form became active.

    The events at the end are left out: there Rasa puts what is to be validated, which at a form's
    beginning is all that was filled before.
    """
    fresh: set[str] = set()
    for event in dropwhile(lambda event: event["event"] == "slot", reversed(tracker.events)):
        if event["event"] == "active_loop" and event["name"] == form:
            break
        if event["event"] == "slot":
            fresh.add(event["name"])
    return [
        SlotSet(slot, None)
        for slot in slots
        if tracker.get_slot(slot) is not None and slot not in fresh
    ]


def order_before(tracker: Tracker) -> str | None:
    """The order that was talked about when the customer wrote the message."""
    before = False
    for event in reversed(tracker.events):
        before = before or event["event"] == "user"
        if before and event["event"] == "slot" and event["name"] == "order_number":
            number: str | None = event["value"]
            return number
    return None


def locked(dispatcher: CollectingDispatcher) -> list[EventType]:
    """Too many wrong tries: a person takes over."""
    dispatcher.utter_message(response="utter_proof_locked")
    turn.hand_over(dispatcher, "proof")
    return [SlotSet("order_number", None), SlotSet("contact", None), END]


class ActionAskOrderNumber(Action):
    """Asks for the order number, unless another question stands already."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_order_number"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """The same for all forms."""
        if not turn.already_said(tracker, "utter_invalid_order_number", *turn.QUESTIONS):
            dispatcher.utter_message(response="utter_ask_order_number")
        return []


class ActionAskContact(Action):
    """Asks for the order's contact, unless another question stands already."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_contact"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """The same for all forms."""
        said = ("utter_invalid_contact", "utter_order_not_matched")
        if not turn.already_said(tracker, *said, *turn.QUESTIONS):
            number = tracker.get_slot("order_number")
            dispatcher.utter_message(response="utter_ask_contact", order_number=number)
        return []
