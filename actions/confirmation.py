"""Forms that change something: the customer's yes, and a one-time code for strong proof.

A form of this kind lists `confirmed` and, where an order number and a contact are too little proof
(a parcel's label shows both), `code` among its slots in `domain.yml`.
"""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import turn
from actions.proof import END, ProvenOrderForm, locked, order_before
from myna import codes, settings
from myna.bootstrap import catalogue, shop
from myna.shop.contact import mask_email, mask_phone
from myna.shop.model import Order, Sent, Uncertain

FORGET: list[EventType] = [SlotSet(slot, None) for slot in ("confirmed", "code", "code_issued")]
"""Ends what was asked and answered here; for the action behind a form of this kind."""

_CODE = re.compile(r"(?<!\d)\d{3}[\s-]?\d{3}(?!\d)")


class ConfirmedOrderForm(ProvenOrderForm):
    """Asks, with the order proved, whether it really shall be done, and for the one-time code.

    A no to the question, told by `confirmed` being false, ends the form.
    """

    own_slots = ("last_contact", "confirmed", "code_issued")

    async def required_slots(
        self,
        domain_slots: list[str],
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[str]:
        """Nothing more after a no."""
        if tracker.get_slot("confirmed") is False:
            return []
        return await super().required_slots(domain_slots, dispatcher, tracker, domain)

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """A yes to the question about one order, or a code for it, is none to another's."""
        other: list[EventType] = []
        if order_before(tracker) not in (None, tracker.get_slot("order_number")):
            other = [SlotSet("confirmed", None), SlotSet("code_issued", None)]
        tracker.add_slots(other)
        return [*other, *await super().run(dispatcher, tracker, domain)]

    def validate_confirmed(
        self,
        value: bool,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> dict[str, Any]:
        """Yes or no, as it was said."""
        return {"confirmed": value}

    def extract_code(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """Six digits, or whatever else was typed with a digit in it after we asked."""
        if tracker.get_slot("requested_slot") != "code":
            return {}
        if code := next(tracker.get_latest_entity_values("code"), None):
            return {"code": code}
        if turn.names(tracker, "order_number", "marketplace_order", "phone", "email"):
            return {}
        text = tracker.latest_message.get("text") or ""
        intent = tracker.get_intent_of_latest_message(skip_fallback_intent=False) or ""
        question = intent == "faq" or intent.startswith("ask_")
        if (match := _CODE.search(text)) and not question:
            return {"code": re.sub(r"\D", "", match[0])}
        return {"code": text} if turn.gives_a_detail(tracker, "code") else {}

    def validate_code(
        self,
        value: str,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> dict[str, Any]:
        """Judged with the rest, for a wrong code may end the form."""
        return {"code": value}

    async def judge(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        """Compares the code, if one is out; else order number and contact."""
        code, issued = tracker.get_slot("code"), tracker.get_slot("code_issued")
        if not issued:
            unasked = [SlotSet("code", None)] if code else []
            return [*unasked, *await super().judge(dispatcher, tracker)]
        if code is None:
            return await super().judge(dispatcher, tracker)
        number: str = issued["order_number"]
        known = turn.customer(tracker)
        limits = catalogue().facts.limits
        if number in known["locked_orders"] or known["failed_proofs"] >= limits.proof_tries:
            return [SlotSet("code", None), *locked(dispatcher)]
        if time.time() - issued["at"] > limits.code_minutes * 60:
            dispatcher.utter_message(response="utter_code_expired")
            return [SlotSet("code", None), SlotSet("code_issued", None), END]
        expected = codes.one_time_code(
            settings.secret("codes"), tracker.sender_id, number, issued["message_id"]
        )
        if codes.same_code(expected, code):
            turn.proof_passed(dispatcher, number, "code")
            shown = {"order_number": number, "level": "code"}
            return [SlotSet("proof", shown), SlotSet("code_issued", None)]
        turn.proof_failed(dispatcher, number)
        if known["failed_proofs"] + 1 >= limits.proof_tries:
            return [SlotSet("code", None), SlotSet("code_issued", None), *locked(dispatcher)]
        dispatcher.utter_message(response="utter_code_wrong")
        return [SlotSet("code", None)]


class ActionAskCode(Action):
    """Sends a one-time code to the contact on record, once, and asks for it."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_code"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Sends nothing again while a code is out for this order."""
        number = tracker.get_slot("order_number")
        issued = tracker.get_slot("code_issued")
        if issued and issued["order_number"] == number:
            if not turn.already_said(tracker, "utter_code_wrong", *turn.QUESTIONS):
                dispatcher.utter_message(
                    response="utter_ask_code",
                    destination=issued["destination"],
                    order_number=number,
                )
            return []
        order = await asyncio.to_thread(shop().get_order, number)
        if not isinstance(order, Order):
            dispatcher.utter_message(response="utter_shop_unavailable")
            return turn.form_over()
        message_id = turn.message_id(tracker)
        code = codes.one_time_code(settings.secret("codes"), tracker.sender_id, number, message_id)
        text = catalogue().render(
            "utter_code_message", turn.language(tracker), code=code, order_number=number
        )
        sent = await asyncio.to_thread(
            shop().send_message,
            number,
            "phone" if order.phone else "email",
            text.text,
            idempotency_key=f"code:{message_id}",
        )
        if not isinstance(sent, Sent | Uncertain):
            dispatcher.utter_message(response="utter_shop_unavailable")
            return turn.form_over()
        destination = mask_phone(order.phone) if order.phone else mask_email(order.email or "")
        dispatcher.utter_message(
            response="utter_ask_code", destination=destination, order_number=number
        )
        out = {
            "order_number": number,
            "message_id": message_id,
            "at": time.time(),
            "destination": destination,
        }
        return [SlotSet("code_issued", out)]
