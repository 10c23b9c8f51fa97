"""How far returns and refunds are, told in the customer's words; also what comes after opening."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from rasa_sdk.executor import CollectingDispatcher

from actions.lines import Lines, lines_of, told, word
from myna import formats
from myna.bootstrap import catalogue
from myna.shop.model import Money, Order, Refund, Return

OPEN = ("requested", "approved", "in_transit", "received")
"""States of returns that are under way."""


def tell_opened(
    dispatcher: CollectingDispatcher, opened: Return, order: Order, language: str
) -> None:
    """A return that was just opened: its number, how the things travel, and what comes then."""
    values = _return_values(opened, lines_of(order), language)
    dispatcher.utter_message(response="utter_return_opened", **values)
    if opened.state == "requested":
        dispatcher.utter_message(response="utter_return_decided_first", **values)
        return
    _tell_the_way(dispatcher, opened, values)
    if opened.kind == "exchange":
        dispatcher.utter_message(response="utter_return_then_exchange", **values)
    elif order.payment_method != "cod":
        amount = opened.refund.amount if opened.refund else None
        response = "utter_return_then_refund" if amount else "utter_return_then_money"
        dispatcher.utter_message(response=response, amount=money(amount), **values)


def tell_return(dispatcher: CollectingDispatcher, one: Return, lines: Lines, language: str) -> None:
    """How far a return is, and what the customer has to do for it."""
    values = _return_values(one, lines, language)
    dispatcher.utter_message(response=f"utter_return_{one.state}", **values)
    if one.state == "approved":
        _tell_the_way(dispatcher, one, values)


def _tell_the_way(dispatcher: CollectingDispatcher, one: Return, values: dict[str, Any]) -> None:
    if one.hand_over == "pick_up":
        dispatcher.utter_message(response="utter_return_pick_up", **values)
    elif one.drop_off:
        dispatcher.utter_message(response="utter_return_drop_off", **values)
    if one.label_url:
        dispatcher.utter_message(response="utter_return_label", **values)


def _return_values(one: Return, lines: Lines, language: str) -> dict[str, Any]:
    zone = ZoneInfo(catalogue().facts.market_of(language).time_zone)

    def day(moment: date | datetime | None) -> str:
        return formats.day(moment, language, zone) if moment else "–"

    return {
        "return_number": one.number,
        "order_number": one.order_number,
        "items": told(one.items, lines),
        "drop_off": one.drop_off or "–",
        "label_url": one.label_url or "–",
        "send_by": day(one.send_by),
        "opened_on": day(one.opened_at),
        "received_on": day(one.received_at),
        "closed_on": day(one.closed_at),
    }


def tell_refund(dispatcher: CollectingDispatcher, refund: Refund, language: str) -> None:
    """How far a refund is, how much, which way, and until when."""
    zone = ZoneInfo(catalogue().facts.market_of(language).time_zone)
    state = refund.state
    dated = "_by" if state in ("approved", "sent") and refund.expected_on else ""
    dispatcher.utter_message(
        response=f"utter_refund_{state}{dated}",
        refund_number=refund.number,
        order_number=refund.order_number,
        amount=money(refund.amount),
        method=word(f"refund_{refund.method}", language),
        sent_on=formats.day(refund.sent_at, language, zone) if refund.sent_at else "–",
        expected_on=formats.day(refund.expected_on, language) if refund.expected_on else "–",
    )


def is_overdue(refund: Refund, zone: ZoneInfo) -> bool:
    """Whether the money should have arrived by now."""
    today = datetime.now(UTC).astimezone(zone).date()
    return (
        refund.state != "requested"
        and refund.expected_on is not None
        and (refund.expected_on < today)
    )


def money(amount: Money | None) -> str:
    """An amount as customers read it; a dash for none."""
    return formats.money(amount.amount, amount.currency) if amount else "–"
