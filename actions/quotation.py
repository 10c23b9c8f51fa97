"""What several products cost together, and which one is meant where a name fits several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import product_words
from actions.wanted import MOST, Line, Wanted, by_sku
from myna import formats
from myna.bootstrap import catalogue
from myna.shop.quotation import Quotation, quote

FORGET: list[EventType] = [SlotSet("quotation", None)]
"""Ends a quotation that waits for a choice, or to be ordered."""
BULK = 10
"""Pieces of one product from which on the customer is told of prices for larger numbers."""


@dataclass(frozen=True)
class Chosen:
    """A quotation that goes on."""

    lines: list[Line]
    to_order: bool


def chosen(tracker: Tracker, found: Wanted, *, to_order: bool) -> Chosen | None:
    """The quotation of an earlier message, with what this one chooses for it.

    Blocks; the shop is asked.

    Returns:
        None if there is none, or if the message is about something else.

    Raises:
        ShopSilent: the shop does not tell.
    """
    kept: dict[str, Any] | None = tracker.get_slot("quotation")
    if not kept:
        return None
    lines = [
        Line(tuple(p for sku in skus if (p := by_sku(sku))), quantity, words)
        for quantity, skus, words in kept["lines"]
    ]
    open_line = next((line for line in lines if len(line.products) > 1), None)
    named = [line.products[0] for line in found.lines if len(line.products) == 1]
    if open_line is None:
        return Chosen(lines, True) if to_order and not found.lines else None
    if len(named) != 1 or named[0] not in open_line.products:
        return None
    taken = replace(open_line, products=(named[0],))
    rest = [taken if line is open_line else line for line in lines]
    return Chosen(rest, to_order or bool(kept["to_order"]))


def tell(
    dispatcher: CollectingDispatcher, lines: Sequence[Line], language: str, *, to_order: bool
) -> list[EventType]:
    """The quotation, or the question which product is meant by the first name that fits several."""
    kept = {
        "lines": [
            [line.quantity or 1, [product.sku for product in line.products[:MOST]], line.words]
            for line in lines
        ],
        "to_order": to_order,
    }
    events: list[EventType] = [SlotSet("quotation", kept), SlotSet("product", None)]
    for line in lines:
        if len(line.products) > 1:
            _ask_which(dispatcher, line, language, to_order=to_order)
            return events
    market = catalogue().facts.market_of(language)
    quoted = quote([(line.products[0], line.quantity or 1) for line in lines], market)
    _tell_quotation(dispatcher, quoted, language, to_order=to_order)
    if len(lines) == 1:
        return [events[0], SlotSet("product", lines[0].products[0].sku)]
    return events


def _ask_which(
    dispatcher: CollectingDispatcher, line: Line, language: str, *, to_order: bool
) -> None:
    intent = "place_order" if to_order else "ask_price"
    cards = product_words.cards(line.products[:MOST], language)
    for card, product in zip(cards, line.products, strict=False):
        choose = product_words.button("product_choose", language, intent, product=product.sku)
        card["buttons"] = [{"type": "postback", **choose}]
    dispatcher.utter_message(response="utter_ask_which_product", words=line.words, elements=cards)


def _tell_quotation(
    dispatcher: CollectingDispatcher, quoted: Quotation, language: str, *, to_order: bool
) -> None:
    if quoted.unpriced:
        unpriced = ", ".join(product_words.name(each, language) for each in quoted.unpriced)
        dispatcher.utter_message(
            response="utter_products_unpriced",
            products=unpriced,
            buttons=[product_words.person(language)],
        )
    if not quoted.lines:
        return
    market = catalogue().facts.market_of(language)
    currency = quoted.total.currency
    rows = [
        f"• {line.quantity} × {product_words.name(line.product, language)}:"
        f" {formats.money(line.total.amount, currency)}"
        for line in quoted.lines
    ]
    buttons = [product_words.button("product_order_by_person", language, "request_human")]
    if not to_order:
        buttons.insert(0, product_words.button("product_buy", language, "place_order"))
    dispatcher.utter_message(
        response="utter_quotation_to_order" if to_order else "utter_quotation",
        lines="\n".join(rows),
        shipping_fee=formats.money(quoted.shipping_fee.amount, currency),
        total=formats.money(quoted.total.amount, currency),
        today=formats.day(datetime.now(ZoneInfo(market.time_zone)).date(), language),
        buttons=buttons,
    )
    short = [line for line in quoted.lines if not line.in_stock]
    if short:
        missing = ", ".join(product_words.name(line.product, language) for line in short)
        dispatcher.utter_message(response="utter_quotation_short", products=missing)
    if any(line.quantity >= BULK for line in quoted.lines):
        dispatcher.utter_message(
            response="utter_quotation_bulk",
            buttons=[product_words.button("product_bulk", language, "faq/bulk_order")],
        )
