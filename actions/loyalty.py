"""Points of a member, and prolonging a subscription.

Both belong to a customer and not to an order, so the contact has to be proved: by a one-time code
that the shop sends to the contact of one of their orders.
"""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import product_words, turn
from actions.confirmation import FORGET, ConfirmedOrderForm
from actions.general import call_person
from actions.one_time_code import END
from myna import formats
from myna.bootstrap import shop
from myna.entities.text import read_text
from myna.shop.cover import add_months
from myna.shop.model import (
    Declined,
    LoyaltyAccount,
    NotFound,
    NotOffered,
    Subscription,
    Uncertain,
)

_NAMES_IT = ("inform", "nlu_fallback", "out_of_scope", "renew_subscription")
"""Intents of messages that may name a subscription after we asked."""
_ENDED = ("cancelled",)
"""States of subscriptions that nobody can prolong."""


class ValidateLoyaltyForm(ConfirmedOrderForm):
    """An order and the code sent to its contact show who asks for points."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "validate_loyalty_form"


class ActionTellPoints(Action):
    """Points, level, what is missing for the next one, and which points are lost when."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_tell_points"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Says nothing without proof: the form has then told the customer why."""
        if not turn.proved_strongly(tracker, tracker.get_slot("order_number")):
            return FORGET
        customer = turn.who(tracker)
        if customer is None:
            dispatcher.utter_message(response="utter_account_unavailable")
            return FORGET
        match await asyncio.to_thread(shop().get_loyalty, customer):
            case LoyaltyAccount() as account:
                _tell_account(dispatcher, account, turn.language(tracker))
            case NotFound():
                dispatcher.utter_message(response="utter_no_member")
            case NotOffered():
                dispatcher.utter_message(response="utter_needs_person")
                return [*FORGET, *call_person(dispatcher, tracker, "asked")]
            case _:
                dispatcher.utter_message(response="utter_account_unavailable")
        return FORGET


def _tell_account(dispatcher: CollectingDispatcher, account: LoyaltyAccount, language: str) -> None:
    dispatcher.utter_message(
        response="utter_points",
        points=formats.count(account.points, language),
        tier=account.tier,
        member=account.number,
    )
    if account.expiring_points and account.expires_on:
        dispatcher.utter_message(
            response="utter_points_expire",
            points=formats.count(account.expiring_points, language),
            expires_on=formats.day(account.expires_on, language),
        )
    if account.next_tier and account.points_to_next_tier:
        dispatcher.utter_message(
            response="utter_points_to_next_tier",
            points=formats.count(account.points_to_next_tier, language),
            tier=account.next_tier,
        )


class ValidateRenewalForm(ConfirmedOrderForm):
    """Asks which subscription shall be prolonged, if there are several, and for a yes."""

    own_slots = (*ConfirmedOrderForm.own_slots, "subscription")

    def name(self) -> str:
        """Rasa's name of the action."""
        return "validate_renewal_form"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """A single subscription is not asked for."""
        events = await super().run(dispatcher, tracker, domain)
        if END in events or tracker.get_slot("subscription"):
            return events
        if not turn.proved_strongly(tracker, tracker.get_slot("order_number")):
            return events
        if tracker.get_slot("code"):  # has done its work; left over it would look like news
            events = [*events, SlotSet("code", None)]
        own = await asyncio.to_thread(_subscriptions, tracker)
        if not isinstance(own, tuple) or len(own) != 1 or own[0].state in _ENDED:
            return events
        others = [event for event in events if event.get("name") != "requested_slot"]
        chosen = SlotSet("subscription", own[0].number)
        return [*others, chosen, SlotSet("requested_slot", "confirmed")]

    def extract_subscription(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """The button that was pressed, or what was typed after we asked."""
        if chosen := next(tracker.get_latest_entity_values("subscription"), None):
            return {"subscription": chosen}
        intent = tracker.get_intent_of_latest_message(skip_fallback_intent=False)
        if tracker.get_slot("requested_slot") != "subscription" or intent not in _NAMES_IT:
            return {}
        return {"subscription": tracker.latest_message.get("text") or ""}

    async def validate_subscription(
        self,
        value: str,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> dict[str, Any]:
        """One of the customer's own, by its number or by words of its name."""
        own = await asyncio.to_thread(_subscriptions, tracker)
        meant = (
            [one.number for one in own if _is_meant(one, value)] if isinstance(own, tuple) else []
        )
        return {"subscription": meant[0] if len(meant) == 1 else None}


class ActionAskSubscription(Action):
    """Lists the customer's subscriptions to choose from."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_subscription"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Ends the form where there is nothing to choose from."""
        if turn.already_said(tracker, *turn.QUESTIONS):
            return []
        own = await asyncio.to_thread(_subscriptions, tracker)
        if isinstance(own, NotOffered):
            dispatcher.utter_message(response="utter_needs_person")
            return call_person(dispatcher, tracker, "asked")
        if not isinstance(own, tuple):
            dispatcher.utter_message(response="utter_account_unavailable")
            return turn.form_over()
        language = turn.language(tracker)
        open_ones = [one for one in own if one.state not in _ENDED]
        if not open_ones:
            response = "utter_not_renewable" if own else "utter_no_subscription"
            name = _name(own[0], language) if own else "–"
            dispatcher.utter_message(response=response, subscription=name)
            return turn.form_over()
        buttons = [
            {
                "title": _name(one, language),
                "payload": product_words.payload("renew_subscription", subscription=one.number),
            }
            for one in open_ones
        ]
        listed = "\n".join(
            f"• {_name(one, language)} ({one.number}): {_day(one.renews_on, language)}"
            for one in open_ones
        )
        dispatcher.utter_message(
            response="utter_ask_subscription", subscriptions=listed, buttons=buttons
        )
        return []


class ActionAskRenewalConfirmed(Action):
    """Repeats price and new end, and asks for a yes."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_renewal_form_confirmed"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Ends the form where the subscription has gone meanwhile."""
        if turn.already_said(tracker, *turn.QUESTIONS):
            return []
        own = await asyncio.to_thread(_subscriptions, tracker)
        number = tracker.get_slot("subscription")
        chosen = [one for one in own if one.number == number] if isinstance(own, tuple) else []
        if not chosen:
            dispatcher.utter_message(response="utter_account_unavailable")
            return turn.form_over()
        language = turn.language(tracker)
        itself = chosen[0].state == "active" and chosen[0].renews_itself
        dispatcher.utter_message(
            response="utter_ask_confirm_early_renewal" if itself else "utter_ask_confirm_renewal",
            **_values(chosen[0], language),
        )
        return []


class ActionRenewSubscription(Action):
    """Prolongs the subscription that the form has asked about."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_renew_subscription"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Says nothing where the form ended early: it has told the customer why."""
        number, confirmed = tracker.get_slot("subscription"), tracker.get_slot("confirmed")
        forget = [*FORGET, SlotSet("subscription", None)]
        if confirmed is False:
            dispatcher.utter_message(response="utter_renewal_dropped")
            return forget
        proved = turn.proved_strongly(tracker, tracker.get_slot("order_number"))
        if not (confirmed and number and proved):
            return forget
        outcome = await asyncio.to_thread(
            shop().renew_subscription, number, idempotency_key=f"renew:{turn.message_id(tracker)}"
        )
        language = turn.language(tracker)
        match outcome:
            case Subscription(payment_url=str(url)) as renewed:
                values = {**_values(renewed, language), "url": url}
                dispatcher.utter_message(response="utter_renewal_to_pay", **values)
            case Subscription() as renewed:
                values = {**_values(renewed, language), "until": _day(renewed.renews_on, language)}
                dispatcher.utter_message(response="utter_renewed", **values)
            case Declined():
                dispatcher.utter_message(response="utter_not_renewable", subscription=number)
            case Uncertain():
                dispatcher.utter_message(response="utter_renewal_uncertain")
                turn.hand_over(dispatcher, "fault", announced=True)
            case NotOffered():
                dispatcher.utter_message(response="utter_needs_person")
                return [*forget, *call_person(dispatcher, tracker, "asked")]
            case _:
                dispatcher.utter_message(response="utter_account_unavailable")
        return forget


def _subscriptions(tracker: Tracker) -> tuple[Subscription, ...] | NotOffered | None:
    """The customer's own; None if the shop does not tell now."""
    customer = turn.who(tracker)
    own = shop().list_subscriptions(customer) if customer else None
    return own if isinstance(own, tuple | NotOffered) else None


def _is_meant(subscription: Subscription, words: str) -> bool:
    typed = read_text(words).plain.split()
    if subscription.number.lower() in typed:
        return True
    names = [read_text(name).plain.split() for name in subscription.names.values()]
    return any(set(typed) <= set(name) or set(name) <= set(typed) for name in names)


def _name(subscription: Subscription, language: str) -> str:
    names = subscription.names
    return names.get(language) or next(iter(names.values()), subscription.number)


def _day(day: date | None, language: str) -> str:
    return formats.day(day, language) if day else "–"


def _values(subscription: Subscription, language: str) -> dict[str, Any]:
    """The placeholders of texts about a subscription; `until` is where one renewal ends."""
    today = date.today()
    start = max(subscription.renews_on or today, today)
    price = subscription.price
    return {
        "subscription": _name(subscription, language),
        "price": formats.money(price.amount, price.currency),
        "renews_on": _day(subscription.renews_on, language),
        "until": _day(add_months(start, subscription.interval_months), language),
    }
