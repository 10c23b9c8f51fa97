"""Problems with a delivery, and with what arrived: each ends in a case that people see to."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import turn
from actions.lines import counts, in_sentence, told, word
from actions.matter import DONE, MatterForm, tell_marketplace
from actions.orders import order_values, tell_status
from actions.proof import END
from actions.words import ask, order_lines, said_in_form, summary, told_contact, words_told
from myna.bootstrap import catalogue, shop
from myna.keywords import sort_words
from myna.shop.lateness import is_late, longest_delivery
from myna.shop.model import Order

_SEEN_BY_PEOPLE = ("not_received", "courier", "extra_money", "failed_attempt", "wrong_address")
"""What the records cannot solve: it goes to people without asking whether it shall."""
_ARRIVED = ("shipped", "out_for_delivery", "delivered", "returned")
"""States of an order of which something can have arrived."""
_CAN_BE_CHANGED = "utter_delivery_wrong_address_early"
_ASKED = ("utter_ask_delivery_case", "utter_ask_not_received")


class ValidateDeliveryProblemForm(MatterForm):
    """What went wrong is in the customer's words, and how far the order is in the records."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "validate_delivery_problem_form"

    async def look_at(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, order: Order
    ) -> list[EventType]:
        """Ends where nothing is under way; what is plainly wrong needs no yes."""
        language = turn.language(tracker)
        if order.marketplace:
            tell_marketplace(dispatcher, order, language)
            return [END]
        unpaid = order.state == "pending" and order.payment_method != "cod"
        if unpaid or order.state in ("cancelled", "returned"):
            tell_status(dispatcher, order, language)
            dispatcher.utter_message(response="utter_delivery_more_help")
            return [END]
        plain = delivery_problem(tracker) in _SEEN_BY_PEOPLE or _is_late(order)
        return [SlotSet("confirmed", True)] if plain else []


class ActionAskDeliveryProblemConfirmed(Action):
    """Tells what the records say, which often solves it, and asks whether people shall look."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_delivery_problem_form_confirmed"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Tells it once; after a digression the question alone comes back."""
        if turn.already_said(tracker, *turn.QUESTIONS):
            return []
        order = await asyncio.to_thread(shop().get_order, tracker.get_slot("order_number"))
        if not isinstance(order, Order):
            dispatcher.utter_message(response="utter_shop_unavailable")
            return turn.form_over()
        if not said_in_form(tracker, *_ASKED):
            _tell_records(dispatcher, order, turn.language(tracker))
        delivered = order.state == "delivered"
        question = "utter_ask_not_received" if delivered else "utter_ask_delivery_case"
        dispatcher.utter_message(response=question, order_number=order.number)
        return []


class ActionReportDeliveryProblem(Action):
    """Opens the case, after what the customer should know or do meanwhile."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_report_delivery_problem"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Says nothing where the form ended early: it has told the customer why."""
        number, confirmed = tracker.get_slot("order_number"), tracker.get_slot("confirmed")
        if confirmed is False:
            dispatcher.utter_message(response="utter_delivery_no_case", order_number=number)
        if not confirmed or not turn.proof(tracker, number):
            return DONE
        problem, language = delivery_problem(tracker), turn.language(tracker)
        order = await asyncio.to_thread(shop().get_order, number)
        if isinstance(order, Order):
            if not said_in_form(tracker, *_ASKED):
                _tell_records(dispatcher, order, language)
            values = order_values(order, language, catalogue().facts)
            response = _advice(problem, order)
            dispatcher.utter_message(response=response, **values)
            if response == _CAN_BE_CHANGED:
                return DONE
        about = summary(
            "utter_delivery_summary",
            problem=word(f"delivery_{problem or 'other'}", catalogue().facts.default_language),
            words=words_told(tracker) or "–",
        )
        turn.open_case(
            dispatcher,
            "problem",
            about,
            order_number=number,
            response="utter_delivery_case",
            **told_contact(tracker),
        )
        return DONE


class ValidateOrderProblemForm(MatterForm):
    """Which item, what is wrong with it, and what would make it good."""

    worded = ("item", "reason", "remedy")

    def name(self) -> str:
        """Rasa's name of the action."""
        return "validate_order_problem_form"

    async def look_at(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, order: Order
    ) -> list[EventType]:
        """Ends where nothing of the order can have arrived: it is probably another one."""
        if order.marketplace:
            tell_marketplace(dispatcher, order, turn.language(tracker))
            return [END]
        parcels = [parcel for parcel in order.shipments if parcel.state == "delivered"]
        if order.state not in _ARRIVED and not parcels:
            dispatcher.utter_message(
                response="utter_problem_before_delivery", order_number=order.number
            )
            return [END]
        return []

    def validate_reason(
        self,
        value: str | None,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> dict[str, Any]:
        """Whatever is wrong: people read the customer's words."""
        known = (None, *catalogue().facts.terms.return_reasons, "other")
        return {"reason": value if value in known else "other"}


class ActionAskOrderProblemReason(Action):
    """Asks what is wrong."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_order_problem_form_reason"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """With a photo, if the customer likes."""
        reasons = ("damaged", "faulty", "wrong_item", "incomplete")
        ask(dispatcher, tracker, "utter_ask_problem_reason", "reason", *reasons)
        return []


class ActionAskOrderProblemRemedy(Action):
    """Asks what would make it good."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_order_problem_form_remedy"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """What is missing can be sent; else another piece comes."""
        missing = tracker.get_slot("reason") == "incomplete"
        remedies = ("missing_part" if missing else "exchange", "refund", "advice")
        ask(dispatcher, tracker, "utter_ask_problem_remedy", "remedy", *remedies)
        return []


class ActionReportOrderProblem(Action):
    """Opens the case, linked to the order."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_report_order_problem"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Repeats what it has understood, so that mistakes show."""
        number, reason = tracker.get_slot("order_number"), tracker.get_slot("reason")
        remedy, item = tracker.get_slot("remedy"), tracker.get_slot("item")
        if not (item and reason and remedy) or not turn.proof(tracker, number):
            return DONE
        lines, language = order_lines(tracker), turn.language(tracker)
        items = told(counts(item, lines), lines)
        dispatcher.utter_message(
            response="utter_problem_understood",
            items=items,
            reason=in_sentence(f"reason_{reason}", language),
            remedy=in_sentence(f"remedy_{remedy}", language),
        )
        home = catalogue().facts.default_language
        about = summary(
            "utter_problem_summary",
            items=items,
            reason=in_sentence(f"reason_{reason}", home),
            remedy=in_sentence(f"remedy_{remedy}", home),
            words=words_told(tracker) or "–",
        )
        turn.open_case(
            dispatcher,
            "problem",
            about,
            order_number=number,
            response="utter_problem_case",
            **told_contact(tracker),
        )
        return DONE


def delivery_problem(tracker: Tracker) -> str | None:
    """What the customer's words say went wrong."""
    return sort_words("delivery", words_told(tracker))


def _is_late(order: Order) -> bool:
    market = catalogue().facts.market_with(order.total.currency)
    return is_late(
        order,
        promised_days=longest_delivery(market.delivery_days.other),
        now=datetime.now(UTC),
        zone=ZoneInfo(market.time_zone),
    )


def _tell_records(dispatcher: CollectingDispatcher, order: Order, language: str) -> None:
    """The order's status; where a delivery is doubted, with what proves it."""
    if order.state == "delivered" and len(order.shipments) == 1:
        values = order_values(order, language, catalogue().facts)
        dispatcher.utter_message(response="utter_delivery_marked", **values)
    else:
        tell_status(dispatcher, order, language)


def _advice(problem: str | None, order: Order) -> str:
    """What the customer should know meanwhile, with the one apology."""
    if problem is None:
        problem = "not_received" if order.state == "delivered" else "late"
    if problem == "late" and order.state == "delivered":
        problem = "not_received"
    if problem == "extra_money" and order.amount_due.amount <= 0:
        return "utter_delivery_extra_money_paid"
    if problem == "wrong_address" and order.state in ("pending", "paid", "packed"):
        return _CAN_BE_CHANGED
    return f"utter_delivery_{problem}"
