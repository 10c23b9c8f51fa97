"""The shop's catalogue as a file: its address here, or by e-mail from a person."""

from __future__ import annotations

import asyncio
from typing import Any

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import turn
from myna import formats
from myna.bootstrap import catalogue, shop
from myna.questions import questions
from myna.shop.contact import Email, parse_contact
from myna.shop.model import CatalogueFile, Unavailable

FORM = "catalogue_form"


class ActionSendCatalogue(Action):
    """Gives the address of the file; where it shall come by e-mail, asks where to."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_send_catalogue"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """A shop without such a file has people who send what they have."""
        text = tracker.latest_message.get("text") or ""
        by_email = questions("products")["email"].are_in(text) or turn.names(tracker, "email")
        language = turn.language(tracker)
        found = await asyncio.to_thread(shop().get_catalogue, language)
        match found:
            case CatalogueFile() if not by_email:
                dispatcher.utter_message(
                    response="utter_catalogue",
                    url=found.url,
                    updated_on=formats.day(found.updated_on, language),
                )
                return []
            case Unavailable() if not by_email:
                dispatcher.utter_message(response="utter_products_unavailable")
                return []
            case _:
                return [FollowupAction(FORM)]


class ValidateCatalogueForm(FormValidationAction):
    """Asks for the e-mail address, unless it is known."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "validate_catalogue_form"

    def extract_catalogue_email(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """An address in the message, what was typed after we asked, or one told earlier."""
        if told := next(tracker.get_latest_entity_values("email"), None):
            return {"catalogue_email": told}
        if tracker.get_slot("requested_slot") == "catalogue_email":
            asked = turn.gives_a_detail(tracker, "catalogue_email")
            return {"catalogue_email": tracker.latest_message["text"]} if asked else {}
        earlier = parse_contact(tracker.get_slot("contact") or "")
        return {"catalogue_email": earlier.address} if isinstance(earlier, Email) else {}

    def validate_catalogue_email(
        self,
        value: str,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> dict[str, Any]:
        """An e-mail address."""
        parsed = parse_contact(value)
        if isinstance(parsed, Email):
            return {"catalogue_email": parsed.address}
        dispatcher.utter_message(response="utter_invalid_catalogue_email")
        return {"catalogue_email": None}


class ActionAskCatalogueEmail(Action):
    """Asks where the catalogue shall go, unless another question stands already."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_catalogue_email"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Not again behind what is wrong with the address."""
        if not turn.already_said(tracker, "utter_invalid_catalogue_email", *turn.QUESTIONS):
            dispatcher.utter_message(response="utter_ask_catalogue_email")
        return []


class ActionPromiseCatalogue(Action):
    """Opens a case, so that a person sends the file."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_promise_catalogue"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Repeats the address, so that a mistake shows; the hub tells reference and due time."""
        address = tracker.get_slot("catalogue_email")
        if not address:
            return []
        language = turn.language(tracker)
        found = await asyncio.to_thread(shop().get_catalogue, language)
        file = found.url if isinstance(found, CatalogueFile) else "–"
        summary = catalogue().render(
            "utter_catalogue_summary", catalogue().facts.default_language, email=address, url=file
        )
        dispatcher.utter_message(response="utter_catalogue_email_noted", address=address)
        turn.open_case(
            dispatcher,
            "promise",
            summary.text,
            email=address,
            response="utter_catalogue_case",
        )
        return [SlotSet("catalogue_email", None)]
