"""Where an order is, and cancelling one."""

from __future__ import annotations

import asyncio
from typing import Any
from zoneinfo import ZoneInfo

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions import turn
from actions.confirmation import FORGET, ConfirmedOrderForm
from actions.proof import ProvenOrderForm
from myna import formats
from myna.bootstrap import catalogue, shop
from myna.facts import Facts
from myna.shop.model import NotFound, Order, Refused, Shipment, Unavailable, Uncertain

_CANCELLABLE = ("pending", "paid", "packed")

_REFUSALS = {
    "cancelled": "utter_already_cancelled",
    "shipped": "utter_cancel_refused_shipped",
    "out_for_delivery": "utter_cancel_refused_shipped",
    "delivered": "utter_cancel_refused_delivered",
}


class ValidateOrderStatusForm(ProvenOrderForm):
    """Order number and contact are all that the status needs."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "validate_order_status_form"


class ActionLookUpOrder(Action):
    """Tells where a proven order is, as the shop's records say at this moment."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_look_up_order"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Says nothing without proof: the form has then told the customer why."""
        number = tracker.get_slot("order_number")
        if not turn.proof(tracker, number):
            return []
        order = await asyncio.to_thread(shop().get_order, number)
        if isinstance(order, Unavailable | NotFound):
            dispatcher.utter_message(response="utter_shop_unavailable")
            return []
        tell_status(dispatcher, order, turn.language(tracker))
        return []


class ActionAskCancellationConfirmed(Action):
    """Repeats the order and asks whether it really shall be cancelled, if it can be."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_cancellation_form_confirmed"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Ends the form where there is nothing to confirm."""
        number = tracker.get_slot("order_number")
        order = await asyncio.to_thread(shop().get_order, number)
        if isinstance(order, Unavailable | NotFound):
            dispatcher.utter_message(response="utter_shop_unavailable")
            return turn.form_over()
        values = order_values(order, turn.language(tracker), catalogue().facts)
        if turn.already_said(tracker, *turn.QUESTIONS):
            return []
        if order.state not in _CANCELLABLE:
            dispatcher.utter_message(response=_refusal(order.state), **values)
            return turn.form_over()
        dispatcher.utter_message(response="utter_ask_confirm_cancel", **values)
        return []


class ValidateCancellationForm(ConfirmedOrderForm):
    """Cancelling cannot be undone: it takes a yes and a one-time code."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "validate_cancellation_form"


class ActionCancelOrder(Action):
    """Cancels the order that the form has asked about, confirmed and proved."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_cancel_order"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Says nothing where the form ended early: it has told the customer why."""
        number, confirmed = tracker.get_slot("order_number"), tracker.get_slot("confirmed")
        if confirmed is False:
            dispatcher.utter_message(response="utter_cancel_dropped", order_number=number)
            return FORGET
        if not confirmed or turn.proof(tracker, number) != "code":
            return FORGET
        outcome = await asyncio.to_thread(
            shop().cancel_order,
            number,
            reason="The customer asked for it in the chat.",
            idempotency_key=f"cancel:{turn.message_id(tracker)}",
        )
        language, facts = turn.language(tracker), catalogue().facts
        match outcome:
            case Order() as order:
                values = order_values(order, language, facts)
                dispatcher.utter_message(response="utter_order_cancelled", **values)
                if order.refund is not None:
                    values["total"] = formats.money(order.refund.amount, order.refund.currency)
                    dispatcher.utter_message(response="utter_refund_follows", **values)
            case Refused(state=state):
                dispatcher.utter_message(response=_refusal(state), order_number=number)
            case Uncertain():
                dispatcher.utter_message(response="utter_cancel_uncertain", order_number=number)
                turn.hand_over(dispatcher, "fault", announced=True)
            case _:
                dispatcher.utter_message(response="utter_shop_unavailable")
        return FORGET


def _refusal(state: str) -> str:
    return _REFUSALS.get(state, "utter_cancel_refused")


def tell_status(dispatcher: CollectingDispatcher, order: Order, language: str) -> None:
    """Utters where an order is, parcel by parcel if there are several, and what is owed."""
    facts = catalogue().facts
    values = order_values(order, language, facts)
    moving = order.state in ("packed", "shipped", "out_for_delivery", "delivered")
    if moving and len(order.shipments) > 1:
        count = len(order.shipments)
        dispatcher.utter_message(response="utter_order_in_parcels", **{**values, "count": count})
        for index, shipment in enumerate(order.shipments, start=1):
            dispatcher.utter_message(
                response=f"utter_parcel_{shipment.state}",
                **{
                    **values,
                    **shipment_values(shipment, order, language, facts),
                    "index": index,
                    "count": count,
                },
            )
    else:
        dispatcher.utter_message(response=status_response(order), **values)
    if order.amount_due.amount > 0 and order.payment_method == "cod" and order.state in _OWING:
        dispatcher.utter_message(response="utter_amount_due", **values)


_OWING = ("pending", "packed", "shipped", "out_for_delivery")


def status_response(order: Order) -> str:
    """The response that tells the state of an order in one parcel or none."""
    if order.state == "cancelled":
        return "utter_order_cancelled_status"
    if order.state == "pending" and order.payment_method == "cod":
        return "utter_order_confirmed"
    return f"utter_order_{order.state}"


def order_values(order: Order, language: str, facts: Facts) -> dict[str, Any]:
    """The placeholders of all texts about an order; days in the time zone of its market."""
    zone = _zone(order, facts)

    def day(moment: Any) -> str:
        return formats.day(moment, language, zone) if moment else "–"

    values: dict[str, Any] = {
        "order_number": order.number,
        "placed_on": day(order.placed_at),
        "total": formats.money(order.total.amount, order.total.currency),
        "amount_due": formats.money(order.amount_due.amount, order.amount_due.currency),
        "items": ", ".join(f"{item.quantity} × {item.name}" for item in order.items),
        "cancelled_on": day(order.cancelled_at),
        "returned_on": day(order.returned_at),
    }
    empty = Shipment("–", "–", None, "packed", None, None, None, ())
    first = order.shipments[0] if order.shipments else empty
    return {**values, **shipment_values(first, order, language, facts)}


def shipment_values(
    shipment: Shipment, order: Order, language: str, facts: Facts
) -> dict[str, Any]:
    """The placeholders of texts about one parcel."""
    zone = _zone(order, facts)
    expected, delivered = shipment.expected_on, shipment.delivered_at
    return {
        "carrier": shipment.carrier,
        "tracking_number": shipment.tracking_number or "–",
        "tracking_url": shipment.tracking_url or facts.website,
        "expected_on": formats.day(expected, language) if expected else "–",
        "delivered_on": formats.day(delivered, language, zone) if delivered else "–",
    }


def _zone(order: Order, facts: Facts) -> ZoneInfo:
    for market in facts.markets.values():
        if market.currency == order.total.currency:
            return ZoneInfo(market.time_zone)
    return ZoneInfo(facts.market_of(facts.default_language).time_zone)
