"""Sending something back: what the terms say, the customer's choice, and the shop's return."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import turn
from actions.lines import choice, counts, in_sentence, lines_of, split_skus, told, word
from actions.matter import DONE, MatterForm, tell_marketplace
from actions.proof import END
from actions.return_states import OPEN, tell_opened, tell_return
from actions.words import ask, order_lines, said_in_form, summary, told_contact, words_told
from myna import formats
from myna.bootstrap import catalogue, shop
from myna.keywords import sort_words
from myna.shop.eligibility import Eligibility, return_eligibility
from myna.shop.model import (
    Declined,
    NotFound,
    NotOffered,
    Order,
    Product,
    Refused,
    Return,
    ReturnRequest,
    Uncertain,
)

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
_BY_PEOPLE = ("other_product", "advice")
"""What may cost something more or less, or is not clear: a person settles it."""


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
        if order.state != "delivered" or order.delivered_at is None:
            response = _NOT_THERE.get(order.state, "utter_return_not_sent")
            dispatcher.utter_message(response=response, order_number=order.number)
            return [END]
        returns = await _returns(order.number)
        open_ones = [one for one in returns if one.state in OPEN]
        under_way = {item.sku for one in open_ones for item in one.items}
        chosen = set(split_skus(tracker.get_slot("item"))) or {item.sku for item in order.items}
        if chosen <= under_way:
            tell_return(dispatcher, open_ones[0], lines_of(order), language)
            return [END]
        last = _last_day(order)
        if datetime.now(UTC).astimezone(_zone(order)).date() > last:
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
        returns = await _returns(number)
        asked = await _eligibility(tracker, order, returns)
        values = _values(tracker, language)
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


class ActionOpenReturn(Action):
    """Opens the return that the form has asked about, or a case where a person decides."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_open_return"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Says nothing where the form ended early: it has told the customer why."""
        number, confirmed = tracker.get_slot("order_number"), tracker.get_slot("confirmed")
        if confirmed is False:
            dispatcher.utter_message(response="utter_return_dropped", order_number=number)
        if not confirmed or not turn.proof(tracker, number):
            return DONE
        order = await asyncio.to_thread(shop().get_order, number)
        if not isinstance(order, Order):
            _open_case(dispatcher, tracker, "utter_return_case_unavailable")
            return DONE
        asked = await _eligibility(tracker, order, await _returns(number))
        taken = True
        if asked.verdict == "review" or tracker.get_slot("remedy") in _BY_PEOPLE:
            _open_case(dispatcher, tracker, "utter_return_case")
        else:
            taken = await self._open(dispatcher, tracker, order)
        if taken and asked.photo:
            dispatcher.utter_message(response="utter_return_photo")
        return DONE

    async def _open(self, dispatcher: CollectingDispatcher, tracker: Tracker, order: Order) -> bool:
        """Whether it is under way now, be it with a person."""
        language = turn.language(tracker)
        outcome = await asyncio.to_thread(
            shop().open_return,
            order.number,
            _request(tracker),
            idempotency_key=f"return:{turn.message_id(tracker)}",
        )
        values = _values(tracker, language)
        match outcome:
            case Return() as opened:
                tell_opened(dispatcher, opened, order, language)
                if opened.kind == "refund" and order.payment_method == "cod":
                    # paid in cash: a person takes the account, which is never told in the chat
                    _open_case(dispatcher, tracker, "utter_return_case_account")
            case Declined(reason="out_of_stock"):
                dispatcher.utter_message(response="utter_return_out_of_stock", **values)
                return False
            case Refused() | Declined() | NotFound():
                dispatcher.utter_message(response="utter_return_refused", **values)
                return False
            case NotOffered():
                _open_case(dispatcher, tracker, "utter_return_case")
            case Uncertain():
                _open_case(dispatcher, tracker, "utter_return_case_uncertain")
            case _:
                _open_case(dispatcher, tracker, "utter_return_case_unavailable")
        return True


async def _eligibility(tracker: Tracker, order: Order, returns: Sequence[Return]) -> Eligibility:
    """What the terms say of what was told; other reasons are for a person to decide."""
    terms, remedy = catalogue().facts.terms, tracker.get_slot("remedy")
    reason, skus = tracker.get_slot("reason"), split_skus(tracker.get_slot("item"))
    asked = return_eligibility(
        order,
        skus,
        "not_as_described" if reason == "other" else reason,
        "exchange" if remedy in ("exchange", "other_product") else "refund",
        categories=await _categories(skus),
        returns=returns,
        terms=terms,
        now=datetime.now(UTC),
        zone=_zone(order),
    )
    if reason == "other" and asked.verdict in ("yes", "reason"):
        return Eligibility("review", asked.until)
    return asked


async def _categories(skus: Sequence[str]) -> set[str]:
    """Categories of products, as far as the shop tells them: it has the last word anyway."""
    if not catalogue().facts.terms.not_returnable:
        return set()
    products = [await asyncio.to_thread(shop().get_product, sku) for sku in skus]
    return {product.category for product in products if isinstance(product, Product)}


async def _returns(number: str) -> tuple[Return, ...]:
    """Returns of an order so far; where the shop cannot tell, it refuses a second one itself."""
    found = await asyncio.to_thread(shop().list_returns, number)
    return found if isinstance(found, tuple) else ()


def _last_day(order: Order) -> Any:
    """The last day on which anything of a delivered order may go back, for whatever reason."""
    terms = catalogue().facts.terms
    days = [
        terms.return_days if rule.days is None else rule.days
        for rule in terms.return_reasons.values()
    ]
    assert order.delivered_at is not None  # noqa: S101 - asked before
    delivered = order.delivered_at.astimezone(_zone(order)).date()
    return delivered + timedelta(days=max(days, default=0))


def _zone(order: Order) -> ZoneInfo:
    return ZoneInfo(catalogue().facts.market_with(order.total.currency).time_zone)


def _ordered(tracker: Tracker) -> int:
    """How many pieces the chosen line has; 1 where several lines or none are chosen."""
    chosen = split_skus(tracker.get_slot("item"))
    quantities = [quantity for sku, _, quantity in order_lines(tracker) if [sku] == chosen]
    return quantities[0] if quantities else 1


def _request(tracker: Tracker) -> ReturnRequest:
    words = words_told(tracker)
    chosen = counts(tracker.get_slot("item"), order_lines(tracker), tracker.get_slot("pieces"))
    exchange = tracker.get_slot("remedy") == "exchange"
    return ReturnRequest(
        items=chosen,
        reason=tracker.get_slot("reason"),
        kind="exchange" if exchange else "refund",
        exchange_sku=chosen[0].sku if exchange else None,
        hand_over="pick_up" if sort_words("hand_over", words) == "pick_up" else "drop_off",
        note=" ".join(words.split())[:500],
    )


def _values(tracker: Tracker, language: str) -> dict[str, Any]:
    """The placeholders of texts about what was told."""
    lines = order_lines(tracker)
    chosen = counts(tracker.get_slot("item"), lines, tracker.get_slot("pieces"))
    return {
        "order_number": tracker.get_slot("order_number"),
        "items": told(chosen, lines),
        "reason": in_sentence(f"reason_{tracker.get_slot('reason')}", language),
        "remedy": in_sentence(f"remedy_{tracker.get_slot('remedy')}", language),
    }


def _open_case(dispatcher: CollectingDispatcher, tracker: Tracker, response: str) -> None:
    values = _values(tracker, catalogue().facts.default_language)
    number = values.pop("order_number")
    about = summary("utter_problem_summary", words=words_told(tracker) or "–", **values)
    turn.open_case(
        dispatcher,
        "return",
        about,
        order_number=number,
        response=response,
        **told_contact(tracker),
    )
