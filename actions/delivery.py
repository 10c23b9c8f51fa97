"""Changing where, to whom and when an order is delivered."""

from __future__ import annotations

import asyncio
import re
from typing import Any, get_args

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import turn, wording
from actions.confirmation import FORGET, ConfirmedOrderForm
from actions.proof import ProvenOrderForm
from myna.bootstrap import catalogue, shop
from myna.shop.address import one_line, parse_address
from myna.shop.contact import Phone, parse_contact
from myna.shop.limits import MAX_REASON
from myna.shop.model import (
    Address,
    Declined,
    DeliveryChange,
    DeliveryWindow,
    NotFound,
    NotOffered,
    Order,
    Refused,
    Unavailable,
    Uncertain,
)

PARTS = ("address", "phone", "receiver", "window")
"""What can be changed."""
WINDOWS: tuple[DeliveryWindow, ...] = get_args(DeliveryWindow)

_CHANGEABLE = ("pending", "paid", "packed")
_REFUSALS = {
    "shipped": "utter_delivery_refused_shipped",
    "out_for_delivery": "utter_delivery_refused_shipped",
    "delivered": "utter_delivery_refused_delivered",
}
_LONGEST_NAME = 60
_LONGEST_NOTE = 200
_FREE = ("inform", "nlu_fallback", "out_of_scope", "change_delivery_details", "ask_order_status")
"""Intents that a name, an address or an hour is taken for."""
_HALF_ADDRESS = re.compile(
    r"(?:(?:no|số|so|lot)\b\.?\s*)?\d[\w/-]*,?\s+[^\W\d][^?]*", re.IGNORECASE
)
"""A house number and a street, and perhaps too little more."""
_OWN = ("delivery_part", "delivery_value")


class ValidateDeliveryForm(ConfirmedOrderForm):
    """What shall be different, the new value, a yes and a one-time code."""

    own_slots = (*ConfirmedOrderForm.own_slots, *_OWN)

    def name(self) -> str:
        """Rasa's name of the action."""
        return "validate_delivery_form"

    async def required_slots(
        self,
        domain_slots: list[str],
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[str]:
        """A no that comes with another value is no end."""
        corrected = tracker.get_slot("confirmed") is False and _new_value(tracker)
        base = ProvenOrderForm if corrected else ConfirmedOrderForm
        return await base.required_slots(self, domain_slots, dispatcher, tracker, domain)

    def extract_delivery_part(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """From a button, or from words that name one part."""
        if part := next(tracker.get_latest_entity_values("delivery_part"), None):
            return {"delivery_part": part}
        asked = tracker.get_slot("requested_slot") == "delivery_part"
        intent = tracker.get_intent_of_latest_message()
        if tracker.get_slot("delivery_part") or not (asked or intent == "change_delivery_details"):
            return {}
        text = tracker.latest_message.get("text") or ""
        part = wording.chosen(text, turn.language(tracker), "delivery_part", PARTS)
        return {"delivery_part": part} if part else {}

    def validate_delivery_part(
        self,
        value: str,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> dict[str, Any]:
        """Another part than before has no value yet."""
        return {"delivery_part": value if value in PARTS else None}

    def extract_delivery_value(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """What was typed after we asked, or instead of the yes to what we had understood."""
        value = _new_value(tracker)
        if value is None and _tries_to_answer(tracker):
            # though it cannot be used, it begins no other matter
            value = tracker.latest_message.get("text")
        return {"delivery_value": value} if value else {}

    def validate_delivery_value(
        self,
        value: str,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> dict[str, Any]:
        """What can be used of it; else the question is asked again."""
        return {"delivery_value": _new_value(tracker)}

    def validate_contact(
        self,
        value: str,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> dict[str, Any]:
        """The number that the carrier shall ring, as the answer to our question, proves nothing."""
        asked = tracker.get_slot("requested_slot") in ("delivery_value", "confirmed")
        if asked and tracker.get_slot("delivery_part") == "phone" and _new_value(tracker):
            return {"contact": None}
        return super().validate_contact(value, dispatcher, tracker, domain)

    def misses_silently(self, tracker: Tracker) -> bool:
        """A number in a message that wants another number may be either: it is just not theirs."""
        return super().misses_silently(tracker) or tracker.get_slot("delivery_value") is not None

    async def judge(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        """A number that has proved the order was no new one."""
        proved = turn.proof(tracker, tracker.get_slot("order_number"))
        events = await super().judge(dispatcher, tracker)
        told, contact = tracker.get_slot("delivery_value"), tracker.get_slot("contact")
        if proved or told is None or told != contact or not tracker.get_slot("proof"):
            return events
        again: list[EventType] = [SlotSet(slot, None) for slot in _OWN]
        tracker.add_slots(again)
        return [*events, *again]

    def validate_confirmed(
        self,
        value: bool,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> dict[str, Any]:
        """A corrected value has to be confirmed anew, whatever else was said with it."""
        return {"confirmed": None if _new_value(tracker) else value}


def _tries_to_answer(tracker: Tracker) -> bool:
    """Whether the message was meant as the new value, whatever else it was taken for."""
    if tracker.get_slot("requested_slot") != "delivery_value":
        return False
    intent = tracker.get_intent_of_latest_message(skip_fallback_intent=False)
    text = (tracker.latest_message.get("text") or "").strip()
    address = tracker.get_slot("delivery_part") == "address" and intent != "faq"
    if address and _HALF_ADDRESS.fullmatch(text):
        return True
    return intent == "inform" or turn.gives_a_detail(tracker, "delivery_value")


def _new_value(tracker: Tracker) -> str | None:
    """The new value that the message holds for the part that is to be changed."""
    part, asked = tracker.get_slot("delivery_part"), tracker.get_slot("requested_slot")
    at_once = part == "phone" and asked not in ("contact", "code", "confirmed")
    if asked not in ("delivery_value", "confirmed") and not at_once:
        return None
    text = (tracker.latest_message.get("text") or "").strip()
    if asked == "confirmed" and tracker.get_intent_of_latest_message() == "deny":
        text = text.partition(",")[2].strip()  # behind the "no"
    if part == "phone":
        told = parse_contact(next(tracker.get_latest_entity_values("phone"), None) or "")
        return told.e164 if isinstance(told, Phone) else None
    if part == "address":
        return text if parse_address(text, "") else None
    if asked == "confirmed" or "?" in text:
        return None
    if part == "window":
        if window := next(tracker.get_latest_entity_values("delivery_window"), None):
            return str(window)
        named = wording.chosen(text, turn.language(tracker), "delivery_window", WINDOWS)
        free = tracker.get_intent_of_latest_message() in _FREE and len(text) <= _LONGEST_NOTE
        return named or (text if free and turn.has_details(text) else None)
    likely = tracker.get_intent_of_latest_message() in (*_FREE, "greet")
    is_name = 1 < len(text) <= _LONGEST_NAME and any(char.isalpha() for char in text)
    return text if likely and is_name and not turn.has_details(text) else None


class ActionAskDeliveryPart(Action):
    """Asks what shall be different."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_delivery_part"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Ends the form where nothing can be changed any more."""
        if await _changeable(dispatcher, tracker) is None:
            return turn.form_over()
        if not turn.already_said(tracker, *turn.QUESTIONS):
            number = tracker.get_slot("order_number")
            dispatcher.utter_message(response="utter_ask_delivery_part", order_number=number)
        return []


class ActionAskDeliveryValue(Action):
    """Asks for the new address, phone, receiver or time."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_delivery_value"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Says what was wrong with an address that cannot be used."""
        order = await _changeable(dispatcher, tracker)
        if order is None:
            return turn.form_over()
        if turn.already_said(tracker, *turn.QUESTIONS):
            return []
        part = tracker.get_slot("delivery_part")
        answered = turn.asked_for(tracker) == "delivery_value"
        if part == "address" and answered and _tries_to_answer(tracker):
            country = order.address.country
            response = f"utter_invalid_address_{'my' if country == 'MY' else 'vn'}"
        else:
            response = f"utter_ask_delivery_{part}"
        dispatcher.utter_message(response=response, order_number=order.number)
        return []


class ActionAskDeliveryConfirmed(Action):
    """Repeats the change, so that mistakes show, and asks for a yes."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_delivery_form_confirmed"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Asks for the address again if the order's country needs more of it."""
        order = await _changeable(dispatcher, tracker)
        if order is None:
            return turn.form_over()
        if turn.already_said(tracker, *turn.QUESTIONS):
            return []
        if _change(tracker, order) is None:
            response = f"utter_invalid_address_{'my' if order.address.country == 'MY' else 'vn'}"
            dispatcher.utter_message(response=response, order_number=order.number)
            return [SlotSet("delivery_value", None), SlotSet("requested_slot", "delivery_value")]
        dispatcher.utter_message(response="utter_ask_confirm_delivery", **_values(tracker, order))
        return []


class ActionChangeDelivery(Action):
    """Makes the change that was repeated, confirmed and proved."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_change_delivery"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Says nothing where the form ended early: it has told the customer why."""
        forget = [*FORGET, *(SlotSet(slot, None) for slot in _OWN)]
        number, confirmed = tracker.get_slot("order_number"), tracker.get_slot("confirmed")
        if confirmed is False:
            dispatcher.utter_message(response="utter_delivery_dropped", order_number=number)
            return forget
        if not confirmed or not turn.proved_strongly(tracker, number):
            return forget
        order = await _changeable(dispatcher, tracker)
        change = _change(tracker, order) if order else None
        if order is None or change is None:
            return forget
        outcome = await asyncio.to_thread(
            shop().change_delivery,
            number,
            change,
            idempotency_key=f"delivery:{turn.message_id(tracker)}",
        )
        values = _values(tracker, order)
        match outcome:
            case Order():
                dispatcher.utter_message(response="utter_delivery_changed", **values)
            case Refused(state=state):
                dispatcher.utter_message(response=_refusal(state), order_number=number)
            case Declined():
                dispatcher.utter_message(response="utter_delivery_marketplace", order_number=number)
            case NotOffered():
                summary = f"Delivery of {number}: new {values['kind']}: {values['value']}"
                turn.open_case(
                    dispatcher,
                    "promise",
                    summary[:MAX_REASON],
                    order_number=number,
                    response="utter_delivery_change_case",
                )
            case Uncertain():
                dispatcher.utter_message(response="utter_delivery_uncertain", order_number=number)
                turn.hand_over(dispatcher, "fault", announced=True)
            case _:
                dispatcher.utter_message(response="utter_shop_unavailable")
        return forget


async def _changeable(dispatcher: CollectingDispatcher, tracker: Tracker) -> Order | None:
    """The order, if its delivery can still be changed; else the customer has been told why not."""
    number = tracker.get_slot("order_number")
    order = await asyncio.to_thread(shop().get_order, number)
    if isinstance(order, Unavailable | NotFound):
        dispatcher.utter_message(response="utter_shop_unavailable")
        return None
    if order.state not in _CHANGEABLE:
        dispatcher.utter_message(response=_refusal(order.state), order_number=number)
        return None
    if order.marketplace:
        dispatcher.utter_message(response="utter_delivery_marketplace", order_number=number)
        return None
    return order


def _refusal(state: str) -> str:
    return _REFUSALS.get(state, "utter_delivery_refused")


def _change(tracker: Tracker, order: Order) -> DeliveryChange | None:
    """What the shop is asked for; None if the address is too little for the order's country."""
    part, value = tracker.get_slot("delivery_part"), tracker.get_slot("delivery_value")
    if part == "address":
        address = _address(value, order)
        return DeliveryChange(address=address) if address else None
    if part == "phone":
        return DeliveryChange(phone=value)
    if part == "receiver":
        return DeliveryChange(receiver=value)
    if value in WINDOWS:
        return DeliveryChange(window=value)
    return DeliveryChange(note=value)


def _address(value: str, order: Order) -> Address | None:
    return parse_address(value, order.address.country)


def _values(tracker: Tracker, order: Order) -> dict[str, Any]:
    """The placeholders of texts about the change."""
    part, value = tracker.get_slot("delivery_part"), tracker.get_slot("delivery_value")
    words = catalogue().language(turn.language(tracker)).words
    if part == "address" and (address := _address(value, order)):
        value = one_line(address)
    elif part == "window" and value in WINDOWS:
        value = words[f"delivery_window_{value}"].split(",")[0]
    return {
        "order_number": order.number,
        "part": words[f"delivery_part_{part}"].split(",")[0],
        "value": value,
        "kind": part,
    }
