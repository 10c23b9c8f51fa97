"""Forms that ask for an order and for proof that it is the customer's own."""

from __future__ import annotations

import asyncio
import json
import re
from abc import ABC, abstractmethod
from itertools import dropwhile
from typing import Any

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import turn
from actions.contact import ContactSlot
from actions.one_time_code import END, CodeSlot, locked
from myna.bootstrap import catalogue, shop
from myna.brain.protocol import Level, Proof
from myna.shop.contact import contact_matches, parse_contact
from myna.shop.model import NotFound, Order, OrderSummary, Unavailable, Who

_DIGITS = re.compile(r"\b[0-9]+\b")
_PROOF = ("order_number", "contact", "code")
_SHOWN = 6  # orders to choose from; older ones are named by number


class ProvenOrderForm(ContactSlot, CodeSlot, FormValidationAction, ABC):
    """Asks for order number and contact, and ends when the customer has proved the order theirs.

    A form of this kind lists `order_number`, `contact` and `code` among its slots in `domain.yml`.
    The code is asked for where number and contact do not prove enough: for an order whose contact
    somebody has tried to guess, and of a customer who has no order number at hand. A form that
    does not list it sends both to a person.

    A form that ends without proof has told the customer why; the action after it says no more.
    The answer is the same whether the order does not exist or the contact is not its own.
    """

    invalid_contact = "utter_invalid_contact"
    level: Level = "contact"
    """How sure it has to be that the order is the customer's."""
    own_slots: tuple[str, ...] = ("last_contact", "code_issued", "own_orders")
    """What an earlier form has left in these slots is none of this one's business."""

    @abstractmethod
    def name(self) -> str:
        """Rasa's name of the action; being abstract keeps this class from being registered."""

    async def required_slots(
        self,
        domain_slots: list[str],
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[str]:
        """Without what is proved already; the code first where nothing else proves the order."""
        number = tracker.get_slot("order_number")
        level = turn.proof(tracker, number)
        lacking = number is None and tracker.get_slot("own_orders") and not turn.who(tracker)
        if "code" in domain_slots and lacking:
            return ["contact", "code"]
        if "code" in domain_slots and level is None and _is_guarded(tracker, number):
            return sorted(domain_slots, key=lambda slot: slot not in _PROOF)
        needless: set[str] = set()
        if level in turn.STRONG or (level and self.level == "contact"):
            needless = {"contact", "code"}
        elif level:
            needless = {"contact"}
        elif self.level == "contact":
            needless = {"code"}
        return [slot for slot in domain_slots if slot not in needless]

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Takes what was told, then judges it as a whole."""
        stale = _set_before(tracker, self.form_name(), *self.own_slots)
        tracker.add_slots(stale)
        events = await self.get_extraction_events(dispatcher, tracker, domain)
        tracker.add_slots(events)
        validated = await self.get_validation_events(dispatcher, tracker, domain)
        tracker.add_slots(validated)
        lacking = [SlotSet("own_orders", True), SlotSet("order_number", None)]
        if tracker.get_intent_of_latest_message() != "lack_order_number":
            lacking = []
        tracker.add_slots(lacking)
        judged = await self.judge(dispatcher, tracker)
        if END not in judged and "code" not in self.domain_slots(domain):
            judged += _without_code(dispatcher, tracker)
        events = [*stale, *events, *validated, *lacking, *judged]
        if END in judged:
            return events
        next_slot = await self.next_requested_slot(dispatcher, tracker, domain)
        return [*events, next_slot] if next_slot else events

    def extract_order_number(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """What was typed after we asked, where no order number was found in it."""
        if turn.names(tracker, "order_number", "marketplace_order"):
            return {}
        if turn.gives_a_detail(tracker, "order_number") or turn.only_agrees(
            tracker, "order_number"
        ):
            return {"order_number": tracker.latest_message["text"]}
        return {}

    def validate_order_number(
        self,
        value: str,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> dict[str, Any]:
        """Canonical form; bare digits stand for the prefix of the customer's market first."""
        facts = catalogue().facts
        if facts.marketplace_of(value):
            return {"order_number": value}
        number = facts.order_number.canonical(value)
        if number is None and (found := facts.order_number.find(value)):
            number = found[-1][2]
        bare = [facts.order_number.candidates(digits) for digits in _DIGITS.findall(value)]
        if number is None and (meant := [candidates for candidates in bare if candidates]):
            own = 0 if turn.language(tracker) == facts.default_language else -1
            number = meant[-1][own]
        if number is None and turn.has_details(value):
            dispatcher.utter_message(response="utter_invalid_order_number")
        return {"order_number": number}

    async def judge(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        """What the message proves: by code, by who the customer is, by order number and contact."""
        events: list[EventType] = []
        steps = (self.judge_marketplace, self.judge_code, self.recognise, self.judge_contact)
        for step in steps:
            events += (done := await step(dispatcher, tracker))
            tracker.add_slots(done)
            if END in done:
                break
        return events

    async def judge_marketplace(
        self, dispatcher: CollectingDispatcher, tracker: Tracker
    ) -> list[EventType]:
        """Says where to ask about an order that only a marketplace knows."""
        number: str | None = tracker.get_slot("order_number")
        language = turn.language(tracker)
        if number is None or not (found := catalogue().facts.marketplace_of(number)):
            return []
        dispatcher.utter_message(
            response="utter_marketplace_order",
            marketplace=found[0].name,
            marketplace_help=found[0].help[language],
            order_number=number,
        )
        return [SlotSet("order_number", None), END]

    async def recognise(
        self, dispatcher: CollectingDispatcher, tracker: Tracker
    ) -> list[EventType]:
        """An order is proved by who the customer is: logged in, or reached at its contact.

        Someone who has a single order need not say which.
        """
        who, number = turn.who(tracker), tracker.get_slot("order_number")
        if who is None or turn.proof(tracker, number) in turn.STRONG:
            return []
        if number is None:
            found = await asyncio.to_thread(shop().list_orders, who)
            if not isinstance(found, tuple) or len(found) != 1:
                return []
            number = found[0].number
        order = await asyncio.to_thread(shop().get_order, number)
        if not isinstance(order, Order) or not _belongs(order, who):
            return []
        shown: Proof = {"order_number": number, "level": "identity" if who.customer_id else "code"}
        if who.contact:
            shown["contact"] = who.contact
        turn.proof_passed(dispatcher, number, shown["level"])
        return [SlotSet("order_number", number), SlotSet("proof", shown)]

    async def judge_contact(
        self, dispatcher: CollectingDispatcher, tracker: Tracker
    ) -> list[EventType]:
        """Compares order number and contact, once both are told."""
        number: str | None = tracker.get_slot("order_number")
        contact: str | None = tracker.get_slot("contact") or tracker.get_slot("last_contact")
        if number is None or turn.proof(tracker, number):
            return []
        if tracker.get_slot("contact") is None and number == order_before(tracker):
            return []  # the last contact is tried again only with a corrected number
        if contact is None:
            return []
        known = turn.customer(tracker)
        if known["failed_proofs"] >= catalogue().facts.limits.proof_tries:
            return locked(dispatcher)
        if _is_guarded(tracker, number):
            # the code tells: it is sent where both are right, and nobody is told whether it was
            return [] if tracker.get_slot("contact") else [SlotSet("contact", contact)]
        return await self._compare(dispatcher, tracker, number, contact)

    def misses_silently(self, tracker: Tracker) -> bool:
        """Whether the contact was not tried by the customer, so that it is just asked for.

        It is that of an earlier order; a miss counts all the same.
        """
        asked = tracker.get_slot("requested_slot") == "contact"
        told = turn.names(tracker, "phone", "email")
        return tracker.get_slot("contact") is not None and not asked and not told

    async def _compare(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, number: str, contact: str
    ) -> list[EventType]:
        parsed = parse_contact(contact)
        order = await asyncio.to_thread(shop().get_order, number)
        if isinstance(order, Unavailable):
            dispatcher.utter_message(response="utter_shop_unavailable")
            return [END]
        if parsed and not isinstance(order, NotFound) and contact_matches(order, parsed):
            turn.proof_passed(dispatcher, number, "contact")
            earlier: Proof | None = tracker.get_slot("proof")
            shown: Proof = {"order_number": number, "level": "contact"}
            if earlier and "contact" in earlier:
                shown["contact"] = earlier["contact"]
            return [SlotSet("proof", shown), SlotSet("contact", contact)]
        turn.proof_failed(dispatcher, number)
        failed = turn.customer(tracker)["failed_proofs"]
        if failed + 1 >= catalogue().facts.limits.proof_tries:
            return locked(dispatcher)
        if self.misses_silently(tracker):
            return [SlotSet("contact", None)]
        dispatcher.utter_message(response="utter_order_not_matched", order_number=number)
        return [SlotSet("contact", None), SlotSet("last_contact", contact)]


def _without_code(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
    """A person, where a form that asks for no code would need one."""
    number = tracker.get_slot("order_number")
    if number is None and tracker.get_slot("own_orders") and not turn.who(tracker):
        dispatcher.utter_message(response="utter_orders_not_listed")
        turn.hand_over(dispatcher, "proof")
        return [END]
    told = tracker.get_slot("contact") and turn.proof(tracker, number) is None
    return locked(dispatcher) if told and _is_guarded(tracker, number) else []


def _belongs(order: Order, who: Who) -> bool:
    """Whether an order is a known customer's own."""
    if who.customer_id:
        return order.customer_id == who.customer_id
    contact = parse_contact(who.contact or "")
    return contact is not None and contact_matches(order, contact)


def _is_guarded(tracker: Tracker, number: str | None) -> bool:
    """Whether somebody has tried to guess this order's contact lately."""
    return number in turn.customer(tracker)["guarded_orders"]


def _set_before(tracker: Tracker, form: str, *slots: str) -> list[EventType]:
    """Events that empty those of `slots` which were filled before the form became active.

    The events at the end are left out: there Rasa puts what is to be validated, which at a form's
    beginning is all that was filled before.
    """
    fresh: set[str] = set()
    for event in dropwhile(lambda event: event["event"] == "slot", reversed(tracker.events)):
        if event["event"] == "active_loop" and event["name"] == form:
            break
        if event["event"] == "slot":
            fresh.add(event["name"])
    return [
        SlotSet(slot, None)
        for slot in slots
        if tracker.get_slot(slot) is not None and slot not in fresh
    ]


def order_before(tracker: Tracker) -> str | None:
    """The order that was talked about when the customer wrote the message."""
    before = False
    for event in reversed(tracker.events):
        before = before or event["event"] == "user"
        if before and event["event"] == "slot" and event["name"] == "order_number":
            number: str | None = event["value"]
            return number
    return None


class ActionAskOrderNumber(Action):
    """Asks for the order number, unless another question stands already.

    A customer whom we know chooses among their orders instead.
    """

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_order_number"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """The same for all forms."""
        if turn.already_said(tracker, "utter_invalid_order_number", *turn.QUESTIONS):
            return []
        who = turn.who(tracker)
        found = await asyncio.to_thread(shop().list_orders, who) if who else ()
        if isinstance(found, Unavailable):
            dispatcher.utter_message(response="utter_shop_unavailable")
            return turn.form_over()
        orders = found if isinstance(found, tuple) else ()
        if orders:
            buttons = [order_button(order, turn.language(tracker)) for order in orders[:_SHOWN]]
            dispatcher.utter_message(response="utter_choose_order", buttons=buttons)
        else:
            dispatcher.utter_message(response="utter_ask_order_number")
        return []


def order_button(order: OrderSummary, language: str) -> dict[str, str]:
    """An order to choose: its number, first item and state."""
    state = catalogue().language(language).words[f"state_{order.state}"]
    value = json.dumps({"order_number": order.number})
    return {
        "title": f"{order.number} · {order.items[0]} · {state}",
        "payload": f"/inform{value}",
    }


class ActionAskContact(Action):
    """Asks for the order's contact, unless another question stands already."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_contact"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """The same for all forms."""
        said = ("utter_invalid_contact", "utter_order_not_matched")
        if turn.already_said(tracker, *said, *turn.QUESTIONS):
            return []
        if number := tracker.get_slot("order_number"):
            dispatcher.utter_message(response="utter_ask_contact", order_number=number)
        else:
            dispatcher.utter_message(response="utter_ask_orders_contact")
        return []
