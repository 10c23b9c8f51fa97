"""The one-time code: sent to a contact on record, asked for, compared.

It proves an order more strongly than order number and contact, which stand on a parcel's label;
and it proves a contact, and with it all orders that have the contact on record.
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
from myna import codes, settings
from myna.bootstrap import catalogue, sender, shop
from myna.brain.protocol import Proof
from myna.shop.contact import Phone, contact_matches, mask_email, mask_phone, parse_contact
from myna.shop.model import Contact, NotFound, NotOffered, Order, Sent, Unavailable, Uncertain, Who

END = SlotSet("requested_slot", None)
"""Ends a form."""

_CODE = re.compile(r"(?<!\d)\d{3}[\s-]?\d{3}(?!\d)")


class CodeSlot:
    """How a form fills `code`, and what a right and a wrong one mean."""

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

    async def judge_code(
        self, dispatcher: CollectingDispatcher, tracker: Tracker
    ) -> list[EventType]:
        """Compares a code with the one that is out for what the form is about."""
        code, issued = tracker.get_slot("code"), tracker.get_slot("code_issued")
        drop, forget = [SlotSet("code", None)], [SlotSet("code_issued", None)]
        number = tracker.get_slot("order_number")
        if not issued or issued["order_number"] != number:
            return [*(drop if code else ()), *(forget if issued else ())]
        if code is None:
            return forget if _corrects_contact(tracker, issued) else []
        known, limits = turn.customer(tracker), catalogue().facts.limits
        if known["failed_proofs"] >= limits.proof_tries:
            return [*drop, *locked(dispatcher)]
        if time.time() - issued["at"] > limits.code_minutes * 60:
            dispatcher.utter_message(response="utter_code_expired")
            return [*drop, *forget, END]
        expected = codes.one_time_code(
            settings.secret("codes"), tracker.sender_id, _subject(issued), issued["message_id"]
        )
        if issued["to"] and codes.same_code(expected, code):
            turn.proof_passed(dispatcher, number, "code")
            shown: Proof = {"order_number": number, "level": "code", "contact": issued["to"]}
            return [SlotSet("proof", shown), *forget]
        turn.proof_failed(dispatcher, number or "")
        if known["failed_proofs"] + 1 >= limits.proof_tries:
            return [*drop, *forget, *locked(dispatcher)]
        dispatcher.utter_message(response="utter_code_wrong")
        return drop


class ActionAskCode(Action):
    """Sends a one-time code to a contact on record, once, and asks for it.

    Before anything is proved, what the customer reads is the same whether a code was sent or not:
    whether there is such an order, and whether the contact is its own, is told to nobody.
    """

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_code"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Sends nothing again while a code is out for the same."""
        number, issued = tracker.get_slot("order_number"), tracker.get_slot("code_issued")
        if issued and issued["order_number"] == number:
            if not turn.already_said(tracker, "utter_code_wrong", *turn.QUESTIONS):
                _ask(dispatcher, tracker, issued)
            return []
        tries = catalogue().facts.limits.proof_tries
        sent = tracker.get_slot("codes_sent") or 0  # nobody's phone is to be flooded
        if max(sent, turn.customer(tracker)["failed_proofs"]) >= tries:
            return [*locked(dispatcher), *turn.form_over()]
        proved = turn.proof(tracker, number) is not None
        order = await (_order(tracker, number, proved) if number else _any_order_of(tracker))
        if isinstance(order, Unavailable):
            dispatcher.utter_message(response="utter_shop_unavailable")
            return turn.form_over()
        if isinstance(order, NotOffered):
            dispatcher.utter_message(response="utter_orders_not_listed")
            turn.hand_over(dispatcher, "proof")
            return turn.form_over()
        out: dict[str, Any] = {
            "order_number": number,
            "contact": None if proved else tracker.get_slot("contact"),
            "message_id": turn.message_id(tracker),
            "at": time.time(),
            "destination": None,
            "to": None,
        }
        if order is not None:
            kind = _kind(order, tracker, number)
            if kind is None or not await _send(tracker, order, kind, _subject(out)):
                dispatcher.utter_message(response="utter_code_not_sent")
                turn.hand_over(dispatcher, "proof")
                return turn.form_over()
            out["to"] = getattr(order, kind)
            if proved:
                mask = mask_phone if kind == "phone" else mask_email
                out["destination"] = mask(out["to"])
        if order is None and number:
            turn.proof_failed(dispatcher, number)
            if turn.customer(tracker)["failed_proofs"] + 1 >= tries:
                return [*locked(dispatcher), *turn.form_over()]
        _ask(dispatcher, tracker, out)
        return [SlotSet("code_issued", out), SlotSet("codes_sent", sent + 1)]


def locked(dispatcher: CollectingDispatcher) -> list[EventType]:
    """Too many wrong tries: a person takes over."""
    dispatcher.utter_message(response="utter_proof_locked")
    turn.hand_over(dispatcher, "proof")
    return [SlotSet("order_number", None), SlotSet("contact", None), END]


async def _order(
    tracker: Tracker, number: str, proved: bool
) -> Order | Unavailable | NotOffered | None:
    """The order to whose contact the code goes; None if it is not theirs as far as they told."""
    order = await asyncio.to_thread(shop().get_order, number)
    if isinstance(order, NotFound):
        return Unavailable("a proven order is gone") if proved else None
    if proved or isinstance(order, Unavailable):
        return order
    contact = parse_contact(tracker.get_slot("contact") or "")
    return order if contact and contact_matches(order, contact) else None


async def _any_order_of(tracker: Tracker) -> Order | Unavailable | NotOffered | None:
    """An order that has the contact on record; what is found is told to nobody yet."""
    contact = parse_contact(tracker.get_slot("contact") or "")
    if contact is None:
        return None
    readings = [contact.e164, *contact.others] if isinstance(contact, Phone) else [contact.address]
    for reading in readings:
        found = await asyncio.to_thread(shop().list_orders, Who(contact=reading))
        if isinstance(found, Unavailable | NotOffered):
            return found
        for summary in found if isinstance(found, tuple) else ():
            order = await asyncio.to_thread(shop().get_order, summary.number)
            if isinstance(order, Unavailable):
                return order
            # an account's older orders may have another contact on record
            if isinstance(order, Order) and contact_matches(order, contact):
                return order
    return None


def _kind(order: Order, tracker: Tracker, number: str | None) -> Contact | None:
    """To which contact on record the code goes: the phone, unless the contact itself is proved."""
    if number is None:
        told = parse_contact(tracker.get_slot("contact") or "")
        kind: Contact = "phone" if isinstance(told, Phone) else "email"
        return kind if sender().reaches(order, kind) else None
    kinds: tuple[Contact, ...] = ("phone", "email")
    return next((kind for kind in kinds if sender().reaches(order, kind)), None)


async def _send(tracker: Tracker, order: Order, kind: Contact, subject: str) -> bool:
    """Whether the code is on its way, as far as anybody can tell."""
    message_id, number = turn.message_id(tracker), tracker.get_slot("order_number")
    code = codes.one_time_code(settings.secret("codes"), tracker.sender_id, subject, message_id)
    response = "utter_code_message" if number else "utter_code_message_orders"
    values = {"order_number": number} if number else {}
    text = catalogue().render(response, turn.language(tracker), code=code, **values).text
    sent = await asyncio.to_thread(
        sender().send, order, kind, text, idempotency_key=f"code:{message_id}"
    )
    return isinstance(sent, Sent | Uncertain)


def _ask(dispatcher: CollectingDispatcher, tracker: Tracker, issued: dict[str, Any]) -> None:
    number = issued["order_number"]
    if issued["destination"]:
        dispatcher.utter_message(
            response="utter_ask_code", destination=issued["destination"], order_number=number
        )
    elif number:
        dispatcher.utter_message(response="utter_ask_guard_code", order_number=number)
    else:
        contact = tracker.get_slot("contact")
        dispatcher.utter_message(response="utter_ask_orders_code", contact=contact)


def _subject(issued: dict[str, Any]) -> str:
    """What the code is derived from: the order, or the contact as it was told."""
    return str(issued["order_number"] or issued["contact"])


def _corrects_contact(tracker: Tracker, issued: dict[str, Any]) -> bool:
    """Whether another contact was told than the one for which we said that a code was sent."""
    told = tracker.get_slot("contact")
    return issued["contact"] is not None and told is not None and told != issued["contact"]
