"""Forms about a matter with an order: kept in the customer's words, never asked what is known."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import turn
from actions.confirmation import FORGET, ConfirmedOrderForm
from actions.lines import Lines, item_buttons, join_skus, lines_of, named_lines, split_skus, word
from actions.proof import END
from actions.words import answers, is_brief, note_words, order_lines, own_words, products, told
from myna.bootstrap import catalogue, shop
from myna.keywords import sort_words
from myna.shop.model import Order

_OWN = ("matter", "item", "pieces", "reason", "remedy")

DONE: list[EventType] = [*FORGET, *(SlotSet(slot, None) for slot in _OWN)]
"""Ends what was told and answered here; for the action behind a form of this kind."""

_SHORT = 8  # words: up to this length a message that names an item is the answer to "which?"


class MatterForm(ConfirmedOrderForm):
    """Keeps what the customer says, and looks at the order as soon as it is proved.

    `matter` holds the customer's words and, once the order was looked at, its number and lines.
    """

    own_slots = (*ConfirmedOrderForm.own_slots, *_OWN)
    worded: tuple[str, ...] = ()
    """Slots that the customer's words may fill without being asked for: item, reason, remedy."""

    @abstractmethod
    async def look_at(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, order: Order
    ) -> list[EventType]:
        """What the proven order tells: slots that need not be asked, or why the form ends (END)."""

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """An answer that changes what was told before is no yes or no."""
        asked = tracker.get_slot("requested_slot")
        corrected = self._corrected(tracker)
        tracker.add_slots(corrected)
        events = [*corrected, *await super().run(dispatcher, tracker, domain)]
        took = any(event.get("name") != "requested_slot" for event in events)
        if asked and not took and tracker.get_intent_of_latest_message() == "inform":
            # nothing of use was told: asked again, for else a mere detail begins the order's status
            return [SlotSet(asked, None), *events]
        return events

    def _corrected(self, tracker: Tracker) -> list[EventType]:
        text = tracker.latest_message.get("text") or ""
        asked = tracker.get_slot("requested_slot") == "confirmed"
        if not (asked or sort_words("answer", text) == "correction"):
            return []
        if not (answers(tracker) or tracker.get_intent_of_latest_message() in ("affirm", "deny")):
            return []
        changed = [
            SlotSet(slot, value)
            for slot in self.worded
            if tracker.get_slot(slot) and (value := told(tracker, slot))
            if value != tracker.get_slot(slot)
        ]
        return [*changed, SlotSet("confirmed", None)] if changed else []

    async def judge(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        """Proof first; then the order is looked at, once."""
        noted = note_words(tracker)
        tracker.add_slots(noted)
        judged = await super().judge(dispatcher, tracker)
        tracker.add_slots(judged)
        number = tracker.get_slot("order_number")
        matter = tracker.get_slot("matter") or {}
        if END in judged or not turn.proof(tracker, number) or matter.get("order") == number:
            return [*noted, *judged]
        order = await asyncio.to_thread(shop().get_order, number)
        if not isinstance(order, Order):
            dispatcher.utter_message(response="utter_shop_unavailable")
            return [*noted, *judged, END]
        lines = lines_of(order)
        known = [SlotSet("matter", {**matter, "order": number, "lines": lines})]
        known += self._known_items(tracker, lines, matter.get("words", ""))
        tracker.add_slots(known)
        seen = await self.look_at(dispatcher, tracker, order)
        return [*noted, *judged, *known, *seen]

    def _known_items(self, tracker: Tracker, lines: Lines, words: str) -> list[EventType]:
        """Items, reason and remedy as far as order and words tell them."""
        known = {slot: tracker.get_slot(slot) for slot in self.worded}
        if not set(split_skus(known.get("item"))) <= {sku for sku, _, _ in lines}:
            known["item"] = None  # of another order
        found = {slot: sort_words(slot, words) for slot in self.worded if slot != "item"}
        if "item" in self.worded:
            named = named_lines(words, lines, products(tracker))
            found["item"] = join_skus(named if len(lines) > 1 else [lines[0][0]]) or None
        return [
            SlotSet(slot, known[slot] or value)
            for slot, value in found.items()
            if (known[slot] or value) != tracker.get_slot(slot)
        ]

    # --- answers in the customer's own words

    def extract_item(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """An item of the order by its name; what is no such name is judged as it was typed."""
        if tracker.get_slot("requested_slot") != "item" or turn.names(tracker, "item"):
            return {}
        if (named := told(tracker, "item")) and is_brief(tracker, _SHORT):
            return {"item": named}
        return own_words(tracker, "item")

    def validate_item(
        self,
        value: str,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> dict[str, Any]:
        """Items of the order only, once the order is known."""
        lines = order_lines(tracker)
        if not lines or set(split_skus(value)) <= {sku for sku, _, _ in lines}:
            return {"item": value}
        dispatcher.utter_message(
            response="utter_item_unknown", buttons=_choices(lines, turn.language(tracker))
        )
        return {"item": None}

    def extract_reason(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """What is wrong, or why it goes back."""
        return own_words(tracker, "reason")

    def extract_remedy(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """What the customer would like us to do."""
        return own_words(tracker, "remedy")

    def validate_remedy(
        self,
        value: str | None,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> dict[str, Any]:
        """Other wishes are for a person to read, who has the customer's words."""
        return {"remedy": value if value is None or value in REMEDIES else "advice"}


REMEDIES = ("refund", "exchange", "other_product", "missing_part", "advice")
"""What a customer may want; `advice`: a person shall say what is possible."""


class ActionAskItem(Action):
    """Asks which of the order's items it is about."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_item"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """The same for all forms."""
        if not turn.already_said(tracker, "utter_item_unknown", *turn.QUESTIONS):
            dispatcher.utter_message(
                response="utter_ask_item",
                order_number=tracker.get_slot("order_number"),
                buttons=_choices(order_lines(tracker), turn.language(tracker)),
            )
        return []


def tell_marketplace(dispatcher: CollectingDispatcher, order: Order, language: str) -> None:
    """An order of a marketplace is a matter of the marketplace's after-sales."""
    known = {place.name: place.help[language] for place in catalogue().facts.marketplaces}
    name = order.marketplace or ""
    dispatcher.utter_message(
        response="utter_marketplace_after_sales",
        order_number=order.number,
        marketplace=name,
        marketplace_help=known.get(name, name),
    )


def _choices(lines: Lines, language: str) -> list[dict[str, str]]:
    return item_buttons(lines, word("everything", language))
