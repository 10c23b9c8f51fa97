"""Which piece a matter of warranty is about: by its serial number, or by the order it came with."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import contact, turn
from actions.proof import END, ProvenOrderForm
from actions.support import STATE, answer_of
from myna import formats
from myna.bootstrap import catalogue, shop
from myna.brain.protocol import CaseKind
from myna.shop.contact import Email, Phone, parse_contact
from myna.shop.cover import Cover, cover
from myna.shop.model import Absent, NotFound, NotOffered, Repair, Unavailable, Warranty, Who
from myna.troubleshooting.library import library

Pieces = tuple[Warranty, ...]

UNKNOWN = NotFound("serial")
INVALID_NUMBER = ("utter_invalid_order_number", "utter_serial_not_found")

_DIGRESSIONS = (
    *("faq", "request_human", "make_complaint", "ask_capabilities", "ask_if_bot"),
    *("affirm", "deny", "greet", "goodbye", "thank", "ask_opening_hours", "ask_store_location"),
    *("ask_order_status", "cancel_order", "change_delivery_details", "ask_refund_status"),
)
"""Intents of messages that are no answer in the customer's own words, whatever was asked."""


class PieceForm(ProvenOrderForm):
    """Asks for an order number; a serial number, or a repair's, will do as well.

    A serial number stands on the piece and tells nothing of its owner, so it needs no proof. A
    repair's number needs the contact on record, as an order's does.
    """

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
        """Without what the number that was told makes needless."""
        slots = await super().required_slots(domain_slots, dispatcher, tracker, domain)
        needless: set[str] = set()
        if tracker.get_slot("serial_number"):
            needless = {"order_number", "contact", "code"}
        elif number := tracker.get_slot("repair_number"):
            needless = {"order_number", "code"}
            needless |= {"contact"} if turn.proof(tracker, number) else set()
        elif tracker.get_slot("order_number") is None and _who(tracker):
            needless = {"order_number", "contact", "code"}
        return [slot for slot in slots if slot not in needless]

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Takes the numbers before all else; the one that was told last counts."""
        told = _numbers(tracker)
        tracker.add_slots(told)
        return [*told, *await super().run(dispatcher, tracker, domain)]

    def extract_order_number(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """Digits of a serial number are no order number."""
        if _numbers(tracker):
            return {}
        return super().extract_order_number(dispatcher, tracker, domain)

    def extract_contact(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """Nor a phone number."""
        if _numbers(tracker):
            return {}
        return super().extract_contact(dispatcher, tracker, domain)

    async def judge(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, *more: Any
    ) -> list[EventType]:
        """Compares a repair's number and contact as it does an order's."""
        if serial := tracker.get_slot("serial_number"):
            found = await find_pieces(tracker)
            return not_told(dispatcher, tracker, found, serial) if found == UNKNOWN else []
        if number := tracker.get_slot("repair_number"):
            return await self._judge_repair(dispatcher, tracker, number)
        return await super().judge(dispatcher, tracker, *more)

    async def _judge_repair(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, number: str
    ) -> list[EventType]:
        told: str | None = tracker.get_slot("contact")
        if told is None or turn.proof(tracker, number):
            return []
        tries = catalogue().facts.limits.proof_tries
        failed = turn.customer(tracker)["failed_proofs"]
        if failed >= tries:
            return _locked(dispatcher)
        repair = await asyncio.to_thread(shop().get_repair, number)
        if isinstance(repair, NotOffered | Unavailable):
            return [*not_told(dispatcher, tracker, repair, number), END]
        if isinstance(repair, Repair) and _is_contact_of(repair, told):
            turn.proof_passed(dispatcher, number, "contact")
            return [SlotSet("proof", {"order_number": number, "level": "contact"})]
        turn.proof_failed(dispatcher, number)
        if failed + 1 >= tries:
            return _locked(dispatcher)
        dispatcher.utter_message(response="utter_repair_not_matched", repair_number=number)
        return [SlotSet("contact", None)]


class ActionAsk(Action, ABC):
    """Asks for a slot, unless the message was answered with a question already."""

    question: str
    instead: tuple[str, ...] = ()
    """Responses that ask for the same."""

    @abstractmethod
    def name(self) -> str:
        """Rasa's name of the action; being abstract keeps this class from being registered."""

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Says the question."""
        if not turn.already_said(tracker, *self.instead, *turn.QUESTIONS):
            dispatcher.utter_message(response=self.question)
        return []


async def find_pieces(tracker: Tracker) -> Pieces | Absent | None:
    """The pieces that the conversation is about; None if nothing is proved yet."""
    if serial := tracker.get_slot("serial_number"):
        found = await asyncio.to_thread(shop().get_warranty, serial)
        return (found,) if isinstance(found, Warranty) else found
    number = tracker.get_slot("order_number")
    if turn.proof(tracker, number):
        return await asyncio.to_thread(shop().list_warranties, number)
    if who := _who(tracker):
        return await asyncio.to_thread(shop().find_warranties, who)
    return None


def not_told(
    dispatcher: CollectingDispatcher, tracker: Tracker, absent: object, about: str
) -> list[EventType]:
    """Says why the records tell nothing; what the shop's system does not offer, people look up."""
    if absent == UNKNOWN:
        dispatcher.utter_message(response="utter_serial_not_found", serial_number=about)
        return [SlotSet("serial_number", None)]
    if isinstance(absent, Unavailable):
        dispatcher.utter_message(response="utter_warranty_unavailable")
        return []
    dispatcher.utter_message(response="utter_warranty_by_people")
    open_case(dispatcher, tracker, "repair", said_in_form(tracker))
    return []


def open_case(
    dispatcher: CollectingDispatcher,
    tracker: Tracker,
    kind: CaseKind,
    summary: str,
    response: str = "utter_case_opened",
) -> None:
    """Opens a case about the order and with the contact that the customer has told."""
    more = {}
    match parse_contact(tracker.get_slot("contact") or ""):
        case Phone(e164=number):
            more["phone"] = number
        case Email(address=address):
            more["email"] = address
    if number := tracker.get_slot("order_number"):
        more["order_number"] = number
    turn.open_case(dispatcher, kind, summary[:500], response=response, **more)


def ask_contact(tracker: Tracker) -> list[EventType]:
    """Events that begin asking where people can reach the customer, if that is not known."""
    if tracker.get_slot("contact"):
        return []
    return [*turn.form_over(), FollowupAction(contact.FORM)]


def choose(tracker: Tracker, pieces: Pieces) -> Pieces:
    """Those of some pieces that the customer has named since the form began; else all.

    A device that troubleshooting was about counts as named.
    """
    answer = answer_of(tracker)
    if pressed := tuple(one for one in pieces if one.sku == answer):
        return pressed
    text = said_in_form(tracker)
    named = set(tracker.get_latest_entity_values("product"))
    guides = library().guides()
    state = tracker.get_slot(STATE) or {}
    for name in (guides.device_in(text), state.get("device")):
        if device := guides.devices.get(name or ""):
            named |= set(device.products)
    chosen = tuple(
        one for one in pieces if one.sku in named or one.product.casefold() in text.casefold()
    )
    return chosen or pieces


def alike(pieces: Iterable[Warranty]) -> Pieces:
    """One of each product with the same last day: two of the same kind are told once."""
    return tuple({(one.sku, one.until, one.void): one for one in pieces}.values())


def cover_of(piece: Warranty, language: str) -> Cover:
    """What a piece's warranty is worth today, by the clocks of the language's market."""
    facts = catalogue().facts
    today = datetime.now(ZoneInfo(facts.market_of(language).time_zone)).date()
    return cover(piece, today, facts.terms.warranty_months)


def piece_values(piece: Warranty, language: str) -> dict[str, Any]:
    """A piece for the placeholders of responses."""
    return {
        "product": piece.product,
        "until": formats.day(cover_of(piece, language).until, language),
    }


def said_in_form(tracker: Tracker) -> str:
    """What the customer has written since the form began, the message that began it included."""
    said: list[str] = []
    began = False
    for event in reversed(tracker.events):
        if event["event"] == "user":
            said.append(event.get("text") or "")
            if began:
                break
        elif event["event"] == "active_loop" and event["name"]:
            began = True
    return "\n".join(said)


def own_words(tracker: Tracker, slot: str, *, but: tuple[str, ...] = ()) -> str | None:
    """The customer's answer in their own words to our question for `slot`.

    What is wrong with a thing is often taken for some other matter, so only what is surely a
    digression is none; `but` are intents that are none here.
    """
    intent = tracker.get_intent_of_latest_message(skip_fallback_intent=False)
    text: str = tracker.latest_message.get("text") or ""
    digresses = intent in _DIGRESSIONS and intent not in but
    if tracker.get_slot("requested_slot") != slot or digresses:
        return None
    pressed = answer_of(tracker) or turn.names(tracker, "order_number", "phone", "email")
    return text if not pressed and any(char.isalpha() for char in text) else None


def just_began(tracker: Tracker) -> bool:
    """Whether this message has begun the form."""
    for event in reversed(tracker.events):
        if event["event"] == "user":
            return False
        if event["event"] == "active_loop" and event["name"]:
            return True
    return False


def _numbers(tracker: Tracker) -> list[EventType]:
    """Slots for the serial number, repair or order that the message names."""
    facts, text = catalogue().facts, tracker.latest_message.get("text") or ""
    serial = facts.serial_number.find(text) if facts.serial_number else None
    repairs = facts.repair_number.find(text) if facts.repair_number else []
    if not serial and not repairs:
        if not turn.names(tracker, "order_number", "marketplace_order"):
            return []
        told = [name for name in ("serial_number", "repair_number") if tracker.get_slot(name)]
        return [SlotSet(name, None) for name in told]
    repair = repairs[-1][2] if repairs and not serial else None
    return [SlotSet("serial_number", serial), SlotSet("repair_number", repair)]


def _who(tracker: Tracker) -> Who | None:
    """The customer, where a one-time code has proved a contact to be theirs."""
    shown = tracker.get_slot("proof") or {}
    return Who(contact=shown["contact"]) if shown.get("contact") else None


def _is_contact_of(repair: Repair, told: str) -> bool:
    match parse_contact(told):
        case Phone() as phone:
            return repair.phone in (phone.e164, *phone.others)
        case Email(address=address):
            return (repair.email or "").lower() == address
    return False


def _locked(dispatcher: CollectingDispatcher) -> list[EventType]:
    dispatcher.utter_message(response="utter_proof_locked")
    turn.hand_over(dispatcher, "proof", announced=True)
    return [SlotSet("repair_number", None), SlotSet("contact", None), END]
