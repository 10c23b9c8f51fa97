"""Whether a piece is still covered, how far a repair is, and what to do without the card."""

from __future__ import annotations

import asyncio
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import turn
from actions.pieces import (
    INVALID_NUMBER,
    ActionAsk,
    PieceForm,
    alike,
    ask_contact,
    choose,
    cover_of,
    find_pieces,
    just_began,
    not_told,
    open_case,
    own_words,
    piece_values,
)
from actions.proof import ActionAskContact
from actions.support import answer_of
from myna import formats
from myna.bootstrap import catalogue, shop
from myna.shop.model import Order, Repair, Who

_SHOWN = 4  # pieces or repairs that are told of, each in a message of its own
_NO_NUMBER = "no_number"


class ValidateWarrantyForm(PieceForm):
    """A number and, but for a serial number, a contact."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "validate_warranty_form"


class ActionAskWarrantyNumber(ActionAsk):
    """Order, serial or repair number."""

    question = "utter_ask_warranty_form_order_number"
    instead = INVALID_NUMBER

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_warranty_form_order_number"


class ActionAskWarrantyContact(ActionAskContact):
    """The contact of the order, or of the repair."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_warranty_form_contact"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Says for which number."""
        number = tracker.get_slot("repair_number")
        if number is None:
            events: list[EventType] = super().run(dispatcher, tracker, domain)
            return events
        said = ("utter_invalid_contact", "utter_repair_not_matched", *turn.QUESTIONS)
        if not turn.already_said(tracker, *said):
            dispatcher.utter_message(response="utter_ask_repair_contact", repair_number=number)
        return []


class ActionLookUpWarranty(Action):
    """Tells until when the pieces are covered, and how far their repairs are."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_look_up_warranty"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Says nothing without proof: the form has then told the customer why."""
        language = turn.language(tracker)
        repair_number = tracker.get_slot("repair_number")
        if repair_number and not tracker.get_slot("serial_number"):
            if not turn.proof(tracker, repair_number):
                return []
            repair = await asyncio.to_thread(shop().get_repair, repair_number)
            if not isinstance(repair, Repair):
                return not_told(dispatcher, tracker, repair, repair_number)
            tell_repair(dispatcher, repair, language)
            return []
        pieces = await find_pieces(tracker)
        if pieces is None:
            return []
        number = tracker.get_slot("serial_number") or tracker.get_slot("order_number") or ""
        if not isinstance(pieces, tuple):
            return not_told(dispatcher, tracker, pieces, number)
        if not pieces:
            dispatcher.utter_message(response="utter_no_warranty_of_order", order_number=number)
            return []
        told = alike(choose(tracker, pieces))[:_SHOWN]
        for piece in told:
            state = cover_of(piece, language).state
            values = piece_values(piece, language)
            dispatcher.utter_message(response=f"utter_warranty_{state}", **values)
        if catalogue().facts.terms.warranty_covers:
            dispatcher.utter_message(response="utter_warranty_covers")
        for repair in await repairs_of_order(tracker):
            tell_repair(dispatcher, repair, language)
        return []


class ValidateLostCardForm(PieceForm):
    """Finds the purchase without the card; who has no number tells what they remember."""

    own_slots = (*PieceForm.own_slots, "no_number", "purchase")

    def name(self) -> str:
        """Rasa's name of the action."""
        return "validate_lost_card_form"

    async def required_slots(
        self,
        domain_slots: list[str],
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[str]:
        """Either what finds the purchase, or what is remembered of it."""
        if tracker.get_slot("no_number"):
            return ["purchase"]
        slots = await super().required_slots(domain_slots, dispatcher, tracker, domain)
        return [slot for slot in slots if slot != "purchase"]

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Reassures first: the purchase record is enough."""
        if just_began(tracker):
            dispatcher.utter_message(response="utter_card_not_needed")
        return await super().run(dispatcher, tracker, domain)

    async def get_extraction_events(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Notes first that there is no number, for then something else is asked."""
        lacking: list[EventType] = [SlotSet("no_number", True)] if _lacks_number(tracker) else []
        tracker.add_slots(lacking)
        return [*lacking, *await super().get_extraction_events(dispatcher, tracker, domain)]

    def extract_purchase(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """What is remembered, in the customer's own words."""
        told = own_words(tracker, "purchase", but=("ask_store_location",))  # "in your KL store"
        return {"purchase": told} if told else {}


class ActionAskLostCardNumber(ActionAsk):
    """Order or serial number, with a way out for those who have none."""

    question = "utter_ask_lost_card_form_order_number"
    instead = INVALID_NUMBER

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_lost_card_form_order_number"


class ActionAskPurchase(ActionAsk):
    """What is remembered of the purchase."""

    question = "utter_ask_purchase"

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_purchase"


class ActionLookUpLostCard(ActionLookUpWarranty):
    """Tells the cover as it stands in the records, or has people look for the purchase."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_look_up_lost_card"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """See the class."""
        over: list[EventType] = [SlotSet("no_number", None), SlotSet("purchase", None)]
        if purchase := tracker.get_slot("purchase"):
            open_case(dispatcher, tracker, "problem", purchase, "utter_lost_card_case")
            return [*over, *ask_contact(tracker)]
        return [*over, *await super().run(dispatcher, tracker, domain)]


def tell_repair(dispatcher: CollectingDispatcher, repair: Repair, language: str) -> None:
    """How far a repair is, what it costs, and when it should be done."""
    values: dict[str, Any] = {
        "repair_number": repair.number,
        "product": repair.product,
        "expected_on": formats.day(repair.expected_on, language) if repair.expected_on else "–",
        "place": repair.drop_off or "–",
        "cost": formats.money(repair.cost.amount, repair.cost.currency) if repair.cost else "–",
    }
    dispatcher.utter_message(response=f"utter_repair_{repair.state}", **values)


async def repairs_of_order(tracker: Tracker) -> list[Repair]:
    """The repairs of a proven order that are still under way; none if the shop cannot tell."""
    number = tracker.get_slot("order_number")
    if tracker.get_slot("serial_number") or not turn.proof(tracker, number):
        return []
    order = await asyncio.to_thread(shop().get_order, number)
    on_record = (order.phone or order.email) if isinstance(order, Order) else None
    if not on_record:
        return []
    found = await asyncio.to_thread(shop().list_repairs, Who(contact=on_record))
    # the contact is not proved to be theirs by a code: other orders' repairs are not told
    open_ones = found if isinstance(found, tuple) else ()
    own = [one for one in open_ones if one.order_number == number]
    return [one for one in own if one.state not in ("completed", "cancelled")][:_SHOWN]


def _lacks_number(tracker: Tracker) -> bool:
    """Whether the customer says, asked for a number, that they have none."""
    if answer_of(tracker) == _NO_NUMBER:
        return True
    asked = tracker.get_slot("requested_slot") == "order_number"
    return asked and tracker.get_intent_of_latest_message() == "deny"
