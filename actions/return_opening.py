"""Opening the return that was asked for and confirmed, or a case where a person decides."""

from __future__ import annotations

import asyncio
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions import turn
from actions.lines import counts, in_sentence, split_skus, told
from actions.matter import DONE
from actions.return_states import tell_opened
from actions.return_terms import eligibility, returns_of
from actions.words import order_lines, summary, told_contact, words_told
from myna.bootstrap import catalogue, shop
from myna.keywords import sort_words
from myna.shop.model import (
    Declined,
    NotFound,
    NotOffered,
    Order,
    Refused,
    Return,
    ReturnRequest,
    Uncertain,
)


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
        asked = await eligibility(tracker, order, await returns_of(number))
        taken = True
        if asked.verdict == "review" or _is_for_people(tracker):
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
        values = return_values(tracker, language)
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


def _is_for_people(tracker: Tracker) -> bool:
    """What may cost something more or less, or is not clear: a person settles it."""
    remedy, several = tracker.get_slot("remedy"), len(split_skus(tracker.get_slot("item"))) > 1
    unclear = remedy in ("other_product", "advice") or tracker.get_slot("reason") == "other"
    return unclear or (remedy == "exchange" and several)


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


def return_values(tracker: Tracker, language: str) -> dict[str, Any]:
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
    values = return_values(tracker, catalogue().facts.default_language)
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
