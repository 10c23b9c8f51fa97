"""Sending something back: what is asked, and what the terms say before it is confirmed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import turn
from actions.lines import choice, counts, lines_of, split_skus, told, word
from actions.matter import MatterForm, tell_marketplace
from actions.proof import END
from actions.return_opening import return_values
from actions.return_states import OPEN, tell_return
from actions.return_terms import eligibility, last_day, returns_of, zone_of
from actions.words import ask, order_lines, said_in_form
from myna import formats
from myna.bootstrap import catalogue, shop
from myna.keywords import sort_words
from myna.shop.model import Order

_NOT_THERE = {
    "shipped": "utter_return_on_its_way",
    "out_for_delivery": "utter_return_on_its_way",
    "cancelled": "utter_return_of_cancelled",
    "returned": "utter_return_already_back",
}
"""State of an order of which nothing can be sent back → what is said; else it was not sent yet."""
_REFUSALS = {
    "too_late": "utter_return_too_late",
    "category": "utter_return_category_refused",
    "reason": "utter_return_reason_refused",
    "exchange": "utter_return_no_exchange",
}
"""Verdict of the terms → what is said."""


class ValidateReturnForm(MatterForm):
    """What goes back, why, and for what; then everything is repeated and confirmed."""

    worded = ("item", "reason", "remedy")

    def name(self) -> str:
        """Rasa's name of the action."""
        return "validate_return_form"

    async def required_slots(
        self,
        domain_slots: list[str],
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[str]:
        """How many pieces, only of a single line that has several."""
        slots = await super().required_slots(domain_slots, dispatcher, tracker, domain)
        return [slot for slot in slots if slot != "pieces" or _ordered(tracker) > 1]

    async def look_at(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, order: Order
    ) -> list[EventType]:
        """Ends at once where nothing of the order can go back, whatever the reason."""
        language = turn.language(tracker)
        if order.marketplace:
            tell_marketplace(dispatcher, order, language)
            return [END]
        if order.state != "delivered":
            response = _NOT_THERE.get(order.state, "utter_return_not_sent")
            dispatcher.utter_message(response=response, order_number=order.number)
            return [END]
        returns = await returns_of(order.number)
        open_ones = [one for one in returns if one.state in OPEN]
        under_way = {item.sku for one in open_ones for item in one.items}
        chosen = set(split_skus(tracker.get_slot("item"))) or {item.sku for item in order.items}
        if chosen <= under_way:
            tell_return(dispatcher, open_ones[0], lines_of(order), language)
            return [END]
        last = last_day(order)
        if last and datetime.now(UTC).astimezone(zone_of(order)).date() > last:
            until = formats.day(last, language)
            values = {"order_number": order.number, "until": until, "items": ""}
            dispatcher.utter_message(response="utter_return_too_late", **values)
            return [END]
        return [] if catalogue().facts.terms.exchange else [SlotSet("remedy", "refund")]

    def extract_pieces(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """The number in an answer to our question."""
        text = tracker.latest_message.get("text") or ""
        if tracker.get_slot("requested_slot") != "pieces" or turn.names(
            tracker, "pieces", "order_number", "phone", "email"
        ):
            return {}
        if sort_words("answer", text) == "everything":
            return {"pieces": str(_ordered(tracker))}
        numbers = [word for word in text.split() if word.isdecimal()]
        return {"pieces": numbers[0]} if len(numbers) == 1 else {}

    def validate_pieces(
        self,
        value: str | int | None,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> dict[str, Any]:
        """At least one, at most as many as were ordered."""
        count = int(value or 0) if str(value).isdecimal() else 0
        return {"pieces": count if 1 <= count <= _ordered(tracker) else None}

    def validate_reason(
        self,
        value: str | None,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> dict[str, Any]:
        """Words that say no reason of ours are asked about once; then a person reads them."""
        reasons = catalogue().facts.terms.return_reasons
        if value is None or value in reasons or value == "other":
            return {"reason": value}
        if said_in_form(tracker, "utter_return_reason_unclear"):
            return {"reason": "other"}
        ask(dispatcher, tracker, "utter_return_reason_unclear", "reason", *reasons, "other")
        return {"reason": None}


class ActionAskPieces(Action):
    """Asks how many pieces of a line."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_pieces"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """With a button for each number, as far as they are few."""
        ordered = _ordered(tracker)
        lines = order_lines(tracker)
        if not turn.already_said(tracker, *turn.QUESTIONS):
            dispatcher.utter_message(
                response="utter_ask_pieces",
                items=told(counts(tracker.get_slot("item"), lines), lines),
                buttons=[choice(str(n), pieces=str(n)) for n in range(1, min(ordered, 6) + 1)],
            )
        return []


class ActionAskReturnReason(Action):
    """Asks why it goes back, with the reasons of the shop's terms."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_return_form_reason"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Unless the question for what was not clear stands already."""
        if not turn.already_said(tracker, "utter_return_reason_unclear"):
            reasons = catalogue().facts.terms.return_reasons
            ask(dispatcher, tracker, "utter_ask_return_reason", "reason", *reasons)
        return []


class ActionAskReturnRemedy(Action):
    """Asks what the customer wants for it."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_return_form_remedy"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Money back, the same once more, or something else."""
        remedies = ("refund", "exchange", "other_product")
        ask(dispatcher, tracker, "utter_ask_return_remedy", "remedy", *remedies)
        return []


class ActionAskReturnConfirmed(Action):
    """Repeats everything and asks whether it shall be done, if the terms allow it."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_return_form_confirmed"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Ends the form where they do not, and says why."""
        if turn.already_said(tracker, *turn.QUESTIONS):
            return []
        number, language = tracker.get_slot("order_number"), turn.language(tracker)
        order = await asyncio.to_thread(shop().get_order, number)
        if not isinstance(order, Order):
            dispatcher.utter_message(response="utter_shop_unavailable")
            return turn.form_over()
        returns = await returns_of(number)
        asked = await eligibility(tracker, order, returns)
        values = return_values(tracker, language)
        if asked.verdict == "already_open":
            chosen = set(split_skus(tracker.get_slot("item")))
            known = [one for one in returns if one.state in OPEN]
            first = next(one for one in known if chosen & {item.sku for item in one.items})
            tell_return(dispatcher, first, lines_of(order), language)
            return turn.form_over()
        if asked.verdict not in ("yes", "review"):
            response = _REFUSALS.get(asked.verdict, "utter_return_refused")
            until = formats.day(asked.until, language) if asked.until else "–"
            dispatcher.utter_message(response=response, until=until, **values)
            return turn.form_over()
        cost = word("return_free" if asked.shop_pays else "return_paid", language)
        dispatcher.utter_message(response="utter_ask_confirm_return", cost=cost, **values)
        return []


def _ordered(tracker: Tracker) -> int:
    """How many pieces the chosen line has; 1 where several lines or none are chosen."""
    chosen = split_skus(tracker.get_slot("item"))
    quantities = [quantity for sku, _, quantity in order_lines(tracker) if [sku] == chosen]
    return quantities[0] if quantities else 1
