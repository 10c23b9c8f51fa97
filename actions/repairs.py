"""Booking a repair: which piece, what is wrong, how it gets there, and the customer's yes."""

from __future__ import annotations

import asyncio
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import turn
from actions.confirmation import FORGET, ConfirmedOrderForm
from actions.pieces import (
    INVALID_NUMBER,
    ActionAsk,
    PieceForm,
    alike,
    ask_contact,
    choose,
    cover_of,
    find_pieces,
    not_told,
    open_case,
    own_words,
    piece_values,
)
from actions.proof import END
from actions.support import STATE, answer_of, warn
from actions.warranty import repairs_of_order, tell_repair
from myna import formats
from myna.bootstrap import shop
from myna.brain.protocol import Level
from myna.shop.model import Declined, Repair, RepairRequest, Unavailable, Uncertain, Warranty
from myna.troubleshooting import walk
from myna.troubleshooting.library import library

_WAYS = ("pick_up", "drop_off")
_OWN = ("piece", "symptom", "repair_way")
_LONGEST = 500  # characters of a symptom that a shop takes
_LONGEST_TITLE = 20  # of a button; channels cut longer ones off


class ValidateRepairForm(PieceForm, ConfirmedOrderForm):
    """A repair costs money perhaps, so it takes a yes; it gives nothing away, so it takes no code.

    What troubleshooting has found out is not asked again.
    """

    level: Level = "contact"
    own_slots = (*ConfirmedOrderForm.own_slots, *_OWN)

    def name(self) -> str:
        """Rasa's name of the action."""
        return "validate_repair_form"

    def extract_symptom(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """From troubleshooting, from a message that tells of a known symptom, or as typed."""
        if tracker.get_slot("symptom"):
            return {}
        guides, text = library().guides(), tracker.latest_message.get("text") or ""
        if (state := tracker.get_slot(STATE)) and state["told"]:
            device = guides.devices.get(state["device"] or "")
            known = device.symptoms.get(state["symptom"] or "") if device else None
            title = known.title[turn.language(tracker)] if known else state["told"]
            return {"symptom": title}
        device = guides.devices.get(guides.device_in(text) or "")
        if device and device.symptom_in(text) and not answer_of(tracker):
            return {"symptom": text}
        told = own_words(tracker, "symptom")
        return {"symptom": told} if told else {}

    def validate_symptom(
        self,
        value: str,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> dict[str, Any]:
        """Warns of danger, should there be any, and goes on."""
        warn(dispatcher, tracker, library().guides(), value)
        return {"symptom": value[:_LONGEST]}

    def extract_repair_way(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """The button, or words that mean the same."""
        text, answer = tracker.latest_message.get("text") or "", answer_of(tracker)
        if answer in _WAYS:
            return {"repair_way": answer}
        asked = tracker.get_slot("requested_slot") == "repair_way"
        if not asked or tracker.get_intent_of_latest_message() == "faq":
            return {}
        said = library().guides().reply_in(text, *_WAYS)
        return {"repair_way": said} if said else {}

    async def judge(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, *more: Any
    ) -> list[EventType]:
        """Finds the piece, once it is clear whose it is."""
        events = await super().judge(dispatcher, tracker, *more)
        tracker.add_slots(events)
        if END in events or tracker.get_slot("piece"):
            return events
        pieces = await find_pieces(tracker)
        if pieces is None:
            return events
        number = tracker.get_slot("serial_number") or tracker.get_slot("order_number") or ""
        if not isinstance(pieces, tuple):
            return [*events, *not_told(dispatcher, tracker, pieces, number), END]
        if not pieces:
            dispatcher.utter_message(response="utter_nothing_to_repair", order_number=number)
            return [*events, END]
        chosen = {one.sku for one in choose(tracker, pieces)}
        return [*events, SlotSet("piece", chosen.pop())] if len(chosen) == 1 else events


class ActionAskRepairNumber(ActionAsk):
    """Order or serial number."""

    question = "utter_ask_repair_form_order_number"
    instead = INVALID_NUMBER

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_repair_form_order_number"


class ActionAskSymptom(ActionAsk):
    """What is wrong, in the customer's own words."""

    question = "utter_ask_symptom"

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_symptom"


class ActionAskRepairWay(ActionAsk):
    """Whether it is fetched or handed in."""

    question = "utter_ask_repair_way"

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_repair_way"


class ActionAskPiece(Action):
    """Which of the pieces of an order it is."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_piece"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """A button for each product."""
        pieces = await find_pieces(tracker)
        if not isinstance(pieces, tuple):
            dispatcher.utter_message(response="utter_warranty_unavailable")
            return turn.form_over()
        if turn.already_said(tracker, *turn.QUESTIONS):
            return []
        names = {one.sku: one.product for one in alike(pieces)}
        buttons = [
            {"title": _short(name), "payload": f'/request_repair{{"answer": "{sku}"}}'}
            for sku, name in names.items()
        ]
        dispatcher.utter_message(response="utter_ask_piece", buttons=buttons)
        return []


class ActionAskRepairConfirmed(Action):
    """Says what it will cost, repeats all, and asks whether it shall be booked."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_repair_form_confirmed"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Ends the form where the piece cannot be seen any more."""
        piece = await _piece(tracker)
        if piece is None:
            dispatcher.utter_message(response="utter_warranty_unavailable")
            return turn.form_over()
        if turn.already_said(tracker, *turn.QUESTIONS):
            return []
        language = turn.language(tracker)
        paid = "covered" if cover_of(piece, language).state == "covered" else "paid"
        dispatcher.utter_message(
            response=f"utter_ask_confirm_repair_{paid}_{tracker.get_slot('repair_way')}",
            symptom=tracker.get_slot("symptom"),
            **piece_values(piece, language),
        )
        return []


class ActionBookRepair(Action):
    """Books the repair that the form has asked about."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_book_repair"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Says nothing where the form ended early: it has told the customer why."""
        over = [*FORGET, *(SlotSet(name, None) for name in _OWN)]
        confirmed = tracker.get_slot("confirmed")
        if confirmed is False:
            dispatcher.utter_message(response="utter_repair_dropped")
            return over
        piece = await _piece(tracker) if confirmed else None
        if piece is None:
            return over
        request = RepairRequest(
            symptom=_symptom(tracker),
            serial=tracker.get_slot("serial_number"),
            order_number=tracker.get_slot("order_number"),
            sku=piece.sku,
            hand_over=tracker.get_slot("repair_way"),
        )
        outcome = await asyncio.to_thread(
            shop().book_repair, request, idempotency_key=f"repair:{turn.message_id(tracker)}"
        )
        summary = f"{piece.product} | {request.hand_over} | {request.symptom}"
        match outcome:
            case Repair() as repair:
                self._tell(dispatcher, tracker, repair)
                return [*over, SlotSet(STATE, None)]
            case Declined(reason="already_open"):
                await self._tell_open(dispatcher, tracker, piece)
                return over
            case Unavailable():
                dispatcher.utter_message(response="utter_repair_unavailable")
                return over
            case Uncertain():
                dispatcher.utter_message(response="utter_repair_uncertain")
                open_case(dispatcher, tracker, "repair", summary)
                return [*over, *ask_contact(tracker)]
            case _:
                dispatcher.utter_message(response="utter_repair_by_people")
                open_case(dispatcher, tracker, "repair", summary)
                return [*over, *ask_contact(tracker)]

    def _tell(self, dispatcher: CollectingDispatcher, tracker: Tracker, repair: Repair) -> None:
        language, day = turn.language(tracker), repair.expected_on
        dispatcher.utter_message(
            response=f"utter_repair_booked_{repair.hand_over}",
            repair_number=repair.number,
            product=repair.product,
            place=repair.drop_off or "–",
        )
        if day:
            expected_on = formats.day(day, language)
            dispatcher.utter_message(response="utter_repair_expected", expected_on=expected_on)

    async def _tell_open(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, piece: Warranty
    ) -> None:
        dispatcher.utter_message(response="utter_repair_already_open", product=piece.product)
        for repair in await repairs_of_order(tracker):
            if repair.sku == piece.sku:
                tell_repair(dispatcher, repair, turn.language(tracker))


async def _piece(tracker: Tracker) -> Warranty | None:
    """The piece that is chosen, as the records have it now."""
    pieces = await find_pieces(tracker)
    if not isinstance(pieces, tuple):
        return None
    sku = tracker.get_slot("piece")
    return next((one for one in pieces if one.sku == sku), None)


def _symptom(tracker: Tracker) -> str:
    """What is wrong, and what was tried already."""
    symptom: str = tracker.get_slot("symptom")
    state = tracker.get_slot(STATE)
    if state and state["tried"]:
        summary = walk.summary(library().guides(), state, turn.language(tracker))
        symptom = f"{symptom} | {summary}"
    return symptom[:_LONGEST]


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_TITLE else f"{name[: _LONGEST_TITLE - 1].rstrip()}…"
