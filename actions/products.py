"""What a product is, what it costs, whether there is one, and buying it."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import Any, Literal

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import product_words, quotation, turn
from actions.general import call_person
from actions.wanted import MOST, Line, ShopSilent, Wanted, last_spoken_of, only_names, wanted
from myna.bootstrap import catalogue
from myna.questions import questions
from myna.shop.model import NotOffered, Product

FORM = "product_form"
Topic = Literal["info", "price", "stock", "order"]

_FEW = 3
"""Pieces from which on the customer is told how many are left."""
_QUESTIONS = ("ask_product_info", "ask_price", "ask_stock", "place_order")
_NAMES_IT = ("inform", "nlu_fallback", "out_of_scope", *_QUESTIONS)
_LISTS: dict[Topic, str] = {
    "info": "utter_products_found",
    "price": "utter_products_found",
    "stock": "utter_products_found",
    "order": "utter_ask_product_to_order",
}


class _TellProduct(Action, ABC):
    topic: Topic

    @abstractmethod
    def name(self) -> str:
        """Rasa's name of the action; being abstract keeps this class from being registered."""

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Asks which product, if none is named and none was talked about."""
        return await tell(self.topic, dispatcher, tracker)


class ActionTellProduct(_TellProduct):
    """What the records say of a product, or of several beside each other."""

    topic = "info"

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_tell_product"


class ActionTellPrice(_TellProduct):
    """What a product costs, or several together."""

    topic = "price"

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_tell_price"


class ActionTellStock(_TellProduct):
    """Whether there is one now, or when."""

    topic = "stock"

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_tell_stock"


class ActionTellHowToBuy(_TellProduct):
    """Where the product is bought, what it costs and how it is paid."""

    topic = "order"

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_tell_how_to_buy"


class ValidateProductForm(FormValidationAction):
    """Asks which product a question is about."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "validate_product_form"

    def extract_product_words(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """What was typed after we asked, unless it is another matter."""
        intent = tracker.get_intent_of_latest_message(skip_fallback_intent=False)
        if tracker.get_slot("requested_slot") != "product_words":
            return {}
        if not (intent in _NAMES_IT or only_names(tracker)):
            return {}
        return {"product_words": tracker.latest_message.get("text") or None}

    def validate_product_words(
        self,
        value: str,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> dict[str, Any]:
        """Looked for by the action behind the form."""
        return {"product_words": value}


class ActionAskProduct(Action):
    """Asks which product is meant, unless another question stands already."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_product_words"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """The same for all questions."""
        if not turn.already_said(tracker, *turn.QUESTIONS):
            dispatcher.utter_message(response="utter_ask_product")
        return []


class ActionTellNamedProduct(Action):
    """Answers what was asked before the customer said which product."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_tell_named_product"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Says nothing if the form ended without a name."""
        words = tracker.get_slot("product_words")
        forget: list[EventType] = [SlotSet("product_words", None), SlotSet("product_topic", None)]
        if not words:
            return forget
        topic: Topic = tracker.get_slot("product_topic") or "info"
        return [*forget, *await tell(topic, dispatcher, tracker, may_ask=False)]


async def tell(
    topic: Topic, dispatcher: CollectingDispatcher, tracker: Tracker, *, may_ask: bool = True
) -> list[EventType]:
    """Answers a question about whatever the message names."""
    language = turn.language(tracker)
    try:
        asked = await asyncio.to_thread(_asked, tracker, topic)
    except ShopSilent as silent:
        if isinstance(silent.outcome, NotOffered):
            dispatcher.utter_message(response="utter_needs_person")
            return call_person(dispatcher, tracker, "asked")
        dispatcher.utter_message(response="utter_products_unavailable")
        return []
    if isinstance(asked, quotation.Chosen):
        return quotation.tell(dispatcher, asked.lines, language, to_order=asked.to_order)
    if topic in ("price", "order") and _bargains(tracker):
        return _answer_bargain(dispatcher, asked, language)
    if not asked.lines:
        if may_ask:
            return [SlotSet("product_topic", topic), FollowupAction(FORM)]
        dispatcher.utter_message(response="utter_product_not_found")
        return []
    lines = [line for line in asked.lines if line.products]
    if not lines:
        dispatcher.utter_message(response="utter_product_not_found")
        return []
    several = len(lines) > 1 or (lines[0].quantity or 1) > 1
    if several and topic in ("price", "order"):
        return quotation.tell(dispatcher, lines, language, to_order=topic == "order")
    if len(lines) > 1 and all(len(line.products) == 1 for line in lines):
        return _compare(dispatcher, lines, language)
    found = _distinct(lines)
    if len(found) > 1:
        return _show(dispatcher, topic, found, language)
    _TELL[topic](dispatcher, found[0], language, asked, lines[0])
    return [SlotSet("product", found[0].sku), *quotation.FORGET]


def _asked(tracker: Tracker, topic: Topic) -> Wanted | quotation.Chosen:
    """What the message is about: a choice for a quotation that waits for it, or anything else."""
    found = wanted(tracker)
    if _bargains(tracker) and not any(line.products for line in found.lines):
        spoken_of = last_spoken_of(tracker)
        return Wanted((Line((spoken_of,)),) if spoken_of else ())
    return quotation.chosen(tracker, found, to_order=topic == "order") or found


def _bargains(tracker: Tracker) -> bool:
    return questions("products")["bargain"].are_in(tracker.latest_message.get("text") or "")


def _answer_bargain(
    dispatcher: CollectingDispatcher, asked: Wanted, language: str
) -> list[EventType]:
    """Prices are the same for everybody; the ways to pay less are vouchers and larger numbers."""
    found = _distinct(asked.lines)
    if len(found) != 1 or not product_words.price(found[0], language):
        dispatcher.utter_message(response="utter_no_bargain")
        return []
    product = found[0]
    values = product_words.values(product, language)
    dispatcher.utter_message(response="utter_no_bargain_product", **values)
    return [SlotSet("product", product.sku)]


def _distinct(lines: Any) -> list[Product]:
    return list({product.sku: product for line in lines for product in line.products}.values())


def _show(
    dispatcher: CollectingDispatcher, topic: Topic, found: list[Product], language: str
) -> list[EventType]:
    """Cards to choose from; the next question is about none of them before one is chosen."""
    response = "utter_many_products_found" if len(found) > MOST else _LISTS[topic]
    cards = product_words.cards(found[:MOST], language)
    dispatcher.utter_message(response=response, count=len(cards), elements=cards)
    return [SlotSet("product", None), *quotation.FORGET]


def _compare(dispatcher: CollectingDispatcher, lines: list[Line], language: str) -> list[EventType]:
    found = _distinct(lines)[:MOST]
    rows = []
    for product in found:
        told = "; ".join(product.facts.get(language, ())) or product_words.about(product, language)
        row = f"• {product_words.name(product, language)}: {product_words.line(product, language)}"
        rows.append(f"{row}\n   {told}" if told else row)
    dispatcher.utter_message(
        response="utter_product_comparison",
        comparison="\n".join(rows),
        elements=product_words.cards(found, language),
    )
    return [SlotSet("product", None), *quotation.FORGET]


def _tell_info(
    dispatcher: CollectingDispatcher, product: Product, language: str, asked: Wanted, line: Line
) -> None:
    values = product_words.values(product, language)
    buttons = [product_words.buy(product, language), product_words.person(language)]
    told = product_words.about(product, language)
    if _wants_warranty(asked.question):
        months = product.warranty_months
        months = catalogue().facts.terms.warranty_months if months is None else months
        response = "utter_product_warranty" if months else "utter_product_without_warranty"
        dispatcher.utter_message(response=response, months=months, **values)
        return
    if not told:
        response = "utter_product_unknown"
    elif _is_told(asked.question, told):
        response = "utter_product_info"
    else:
        response = "utter_product_detail_unknown"
    card = product_words.cards([product], language)
    if not product.picture and not product.url:
        card = []
    dispatcher.utter_message(response=response, buttons=buttons, elements=card, **values)
    if not product.stock:
        _say_sold_out(dispatcher, product, language)


def _wants_warranty(question: str) -> bool:
    return questions("products").details["warranty"].asked.are_in(question)


def _is_told(question: str, told: str) -> bool:
    """Whether a description answers a question, as far as words can show."""
    for detail in questions("products").details.values():
        if detail.asked.are_in(question):
            return detail.told.are_in(told)
    words = [word for word in question.split() if len(word) > 2]
    return not words or any(word in told.lower().split() for word in words)


def _tell_price(
    dispatcher: CollectingDispatcher, product: Product, language: str, asked: Wanted, line: Line
) -> None:
    values = product_words.values(product, language)
    cost = product_words.price(product, language)
    if cost is None:
        dispatcher.utter_message(response="utter_product_unpriced", **values)
        return
    market = catalogue().facts.market_of(language)
    free = cost.amount >= market.free_shipping_from
    dispatcher.utter_message(
        response="utter_product_price_delivered" if free else "utter_product_price",
        buttons=[product_words.buy(product, language), _details(product, language)],
        **values,
    )
    if not product.stock:
        _say_sold_out(dispatcher, product, language)


def _details(product: Product, language: str) -> dict[str, str]:
    return product_words.button(
        "product_details", language, "ask_product_info", product=product.sku
    )


def _tell_stock(
    dispatcher: CollectingDispatcher, product: Product, language: str, asked: Wanted, line: Line
) -> None:
    if not product.stock:
        _say_sold_out(dispatcher, product, language)
        return
    wanted_pieces = line.quantity or 1
    if product.stock < wanted_pieces:
        response = "utter_product_too_few"
    elif product.stock <= _FEW:
        response = "utter_product_few_left"
    else:
        response = "utter_product_in_stock"
    dispatcher.utter_message(
        response=response,
        buttons=[product_words.buy(product, language), _details(product, language)],
        **product_words.values(product, language),
    )


def _say_sold_out(dispatcher: CollectingDispatcher, product: Product, language: str) -> None:
    response = "utter_product_back_on" if product.restock_on else "utter_product_sold_out"
    dispatcher.utter_message(
        response=response,
        buttons=[product_words.person(language)],
        **product_words.values(product, language),
    )


def _tell_order(
    dispatcher: CollectingDispatcher, product: Product, language: str, asked: Wanted, line: Line
) -> None:
    if not product.stock:
        _say_sold_out(dispatcher, product, language)
    elif product_words.price(product, language) is None:
        values = product_words.values(product, language)
        dispatcher.utter_message(response="utter_product_unpriced", **values)
    else:
        dispatcher.utter_message(
            response="utter_product_order",
            buttons=[product_words.button("product_order_by_person", language, "request_human")],
            **product_words.values(product, language),
        )


_TELL = {"info": _tell_info, "price": _tell_price, "stock": _tell_stock, "order": _tell_order}
