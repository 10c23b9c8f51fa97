"""Where a refund is."""

from __future__ import annotations

import asyncio
from typing import Any
from zoneinfo import ZoneInfo

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions import turn
from actions.lines import lines_of, word
from actions.proof import ProvenOrderForm
from actions.return_states import OPEN, is_overdue, money, tell_refund, tell_return
from actions.words import summary, told_contact
from myna.bootstrap import catalogue, shop
from myna.shop.model import NotOffered, Order, Refund, Unavailable

_TOLD = 2  # newest refunds, and returns, that are told: more nobody asks about


class ValidateRefundStatusForm(ProvenOrderForm):
    """Order number and contact are all that a refund's state needs."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "validate_refund_status_form"


class ActionLookUpRefund(Action):
    """Tells the refunds of a proven order, and returns that may still become one."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_look_up_refund"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Says nothing without proof: the form has then told the customer why."""
        number, language = tracker.get_slot("order_number"), turn.language(tracker)
        if not turn.proof(tracker, number):
            return []
        order, refunds, returns = await asyncio.gather(
            asyncio.to_thread(shop().get_order, number),
            asyncio.to_thread(shop().list_refunds, number),
            asyncio.to_thread(shop().list_returns, number),
        )
        if not isinstance(order, Order) or isinstance(refunds, Unavailable):
            dispatcher.utter_message(response="utter_shop_unavailable")
            return []
        found: tuple[Refund, ...] = refunds if isinstance(refunds, tuple) else ()
        known = returns if isinstance(returns, tuple) else ()
        for refund in found[:_TOLD]:
            tell_refund(dispatcher, refund, language)
        paid_for = {refund.return_number for refund in found}
        pending = [one for one in known if one.state in OPEN or one.number not in paid_for]
        for one in pending[:_TOLD]:
            tell_return(dispatcher, one, lines_of(order), language)
        if not (found or pending):
            self._tell_nothing(dispatcher, tracker, order, offered=refunds)
        elif stuck := next((refund for refund in found if _stuck(refund, order)), None):
            self._open_case(dispatcher, tracker, stuck)
        return []

    def _tell_nothing(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, order: Order, offered: object
    ) -> None:
        """No record of a refund: what the order itself says, or that there is none."""
        if order.refund and isinstance(offered, NotOffered):
            state = "sent" if order.refunded_at else "approved"
            values = {
                "order_number": order.number,
                "amount": money(order.refund),
                "state": word(f"state_{state}", catalogue().facts.default_language),
            }
            dispatcher.utter_message(response="utter_refund_of_order", **values)
            turn.open_case(
                dispatcher,
                "promise",
                summary("utter_refund_summary", refund_number="–", **values),
                order_number=order.number,
                response="utter_refund_case",
                **told_contact(tracker),
            )
        elif order.state == "cancelled" and not order.paid:
            dispatcher.utter_message(response="utter_refund_not_paid", order_number=order.number)
        else:
            dispatcher.utter_message(response="utter_refund_none", order_number=order.number)

    def _open_case(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, refund: Refund
    ) -> None:
        about = summary(
            "utter_refund_summary",
            refund_number=refund.number,
            order_number=refund.order_number,
            state=word(f"state_{refund.state}", catalogue().facts.default_language),
            amount=money(refund.amount),
        )
        turn.open_case(
            dispatcher,
            "promise",
            about,
            priority="high",
            order_number=refund.order_number,
            response="utter_refund_case",
            **told_contact(tracker),
        )


def _stuck(refund: Refund, order: Order) -> bool:
    """Whether people have to see to it: it failed, or should have arrived."""
    zone = ZoneInfo(catalogue().facts.market_with(order.total.currency).time_zone)
    return refund.state == "failed" or is_overdue(refund, zone)
