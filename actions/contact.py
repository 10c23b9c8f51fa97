"""Asking for a phone number or an e-mail address: an order's own, or where people shall answer."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions import turn
from myna.shop.contact import Email, Phone, parse_contact

FORM = "contact_form"

_POLITE = ("thank", "goodbye")


class ContactSlot:
    """How a form fills `contact`: with what NLU found, or with what was typed after we asked."""

    invalid_contact: str
    """The response to what is neither a phone number nor an e-mail address."""

    def extract_contact(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """What was typed after we asked, where neither phone nor e-mail was found in it."""
        if turn.names(tracker, "phone", "email", "order_number"):
            return {}
        if turn.gives_a_detail(tracker, "contact") or turn.only_agrees(tracker, "contact"):
            return {"contact": tracker.latest_message["text"]}
        return {}

    def validate_contact(
        self,
        value: str,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> dict[str, Any]:
        """A phone number or an e-mail address."""
        if parse_contact(value) is not None:
            return {"contact": value}
        if turn.has_details(value):
            dispatcher.utter_message(response=self.invalid_contact)
        return {"contact": None}


class ValidateContactForm(ContactSlot, FormValidationAction):
    """Nobody is at the desk: people need to know where they can reach the customer."""

    invalid_contact = "utter_invalid_callback_contact"

    def name(self) -> str:
        """Rasa's name of the action."""
        return "validate_contact_form"


class ActionAskCallbackContact(Action):
    """Asks for the contact, unless another question stands already or the customer takes leave."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_contact_form_contact"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """The form stays open: a number that comes later is taken all the same."""
        said = (ValidateContactForm.invalid_contact, *turn.QUESTIONS)
        if tracker.get_intent_of_latest_message() in _POLITE or turn.already_said(tracker, *said):
            return []
        dispatcher.utter_message(response="utter_ask_contact_form_contact")
        return []


class ActionNoteContact(Action):
    """Tells the hub where people can reach the customer."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_note_contact"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Repeats the contact, so that a mistake shows."""
        match parse_contact(tracker.get_slot("contact") or ""):
            case Phone(e164=told):
                turn.case_contact(dispatcher, phone=told)
            case Email(address=told):
                turn.case_contact(dispatcher, email=told)
            case None:
                return []
        dispatcher.utter_message(response="utter_contact_noted", contact=told)
        return []
