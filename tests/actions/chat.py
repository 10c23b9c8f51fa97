"""A conversation as the actions see it: Rasa's part of it is played here, without Rasa.

What a form does around its validation action is that of `rasa.core.actions.forms.FormAction`: at
its activation every slot that is filled already comes as a candidate behind `active_loop`, later
only what was set since the customer's message; a form that extracts nothing lets a rule go first.
"""

from __future__ import annotations

import copy
import inspect
from datetime import datetime
from functools import cache
from typing import Any

import yaml
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import (
    catalogue_file,
    contact,
    delivery,
    feedback,
    general,
    invoices,
    loyalty,
    matter,
    one_time_code,
    orders,
    problems,
    products,
    proof,
    refunds,
    repairs,
    return_opening,
    returns,
    support,
    warranty,
)
from myna.bootstrap import catalogue
from myna.entities.finder import EntityFinder
from myna.facts import LANGUAGES
from myna.settings import PROJECT
from myna.shop.demo.catalogue import CATALOGUE
from myna.shop.names import Listed, ProductName

DOMAIN: dict[str, Any] = yaml.safe_load((PROJECT / "domain.yml").read_text(encoding="utf-8"))
CONVERSATION = "web-1"
FORMS = {
    "order_status_form": (orders.ValidateOrderStatusForm, orders.ActionLookUpOrder),
    "cancellation_form": (orders.ValidateCancellationForm, orders.ActionCancelOrder),
    "delivery_problem_form": (
        problems.ValidateDeliveryProblemForm,
        problems.ActionReportDeliveryProblem,
    ),
    "order_problem_form": (problems.ValidateOrderProblemForm, problems.ActionReportOrderProblem),
    "return_form": (returns.ValidateReturnForm, return_opening.ActionOpenReturn),
    "refund_status_form": (refunds.ValidateRefundStatusForm, refunds.ActionLookUpRefund),
    "warranty_form": (warranty.ValidateWarrantyForm, warranty.ActionLookUpWarranty),
    "lost_card_form": (warranty.ValidateLostCardForm, warranty.ActionLookUpLostCard),
    "repair_form": (repairs.ValidateRepairForm, repairs.ActionBookRepair),
    "troubleshooting_form": (
        support.ValidateTroubleshootingForm,
        support.ActionCloseTroubleshooting,
    ),
    products.FORM: (products.ValidateProductForm, products.ActionTellNamedProduct),
    catalogue_file.FORM: (
        catalogue_file.ValidateCatalogueForm,
        catalogue_file.ActionPromiseCatalogue,
    ),
    "loyalty_form": (loyalty.ValidateLoyaltyForm, loyalty.ActionTellPoints),
    "renewal_form": (loyalty.ValidateRenewalForm, loyalty.ActionRenewSubscription),
    "delivery_form": (delivery.ValidateDeliveryForm, delivery.ActionChangeDelivery),
    "invoice_form": (invoices.ValidateInvoiceForm, invoices.ActionSendInvoice),
    invoices.COMPANY_FORM: (
        invoices.ValidateCompanyInvoiceForm,
        invoices.ActionRequestCompanyInvoice,
    ),
    "balance_form": (invoices.ValidateBalanceForm, invoices.ActionTellBalance),
    feedback.FORM: (feedback.ValidateComplaintForm, feedback.ActionRecordComplaint),
    contact.FORM: (contact.ValidateContactForm, contact.ActionNoteContact),
}
"""Form → its validation, and the action that follows it."""
ASKING = {
    "order_number": proof.ActionAskOrderNumber,
    "contact": proof.ActionAskContact,
    "warranty_form_order_number": warranty.ActionAskWarrantyNumber,
    "warranty_form_contact": warranty.ActionAskWarrantyContact,
    "lost_card_form_order_number": warranty.ActionAskLostCardNumber,
    "purchase": warranty.ActionAskPurchase,
    "repair_form_order_number": repairs.ActionAskRepairNumber,
    "piece": repairs.ActionAskPiece,
    "symptom": repairs.ActionAskSymptom,
    "repair_way": repairs.ActionAskRepairWay,
    "repair_form_confirmed": repairs.ActionAskRepairConfirmed,
    "troubleshooting_outcome": support.ActionAskTroubleshootingOutcome,
    "complaint": feedback.ActionAskComplaint,
    "item": matter.ActionAskItem,
    "pieces": returns.ActionAskPieces,
    "delivery_problem_form_confirmed": problems.ActionAskDeliveryProblemConfirmed,
    "order_problem_form_reason": problems.ActionAskOrderProblemReason,
    "order_problem_form_remedy": problems.ActionAskOrderProblemRemedy,
    "return_form_reason": returns.ActionAskReturnReason,
    "return_form_remedy": returns.ActionAskReturnRemedy,
    "return_form_confirmed": returns.ActionAskReturnConfirmed,
    "product_words": products.ActionAskProduct,
    "catalogue_email": catalogue_file.ActionAskCatalogueEmail,
    "subscription": loyalty.ActionAskSubscription,
    "renewal_form_confirmed": loyalty.ActionAskRenewalConfirmed,
    "cancellation_form_confirmed": orders.ActionAskCancellationConfirmed,
    "delivery_form_confirmed": delivery.ActionAskDeliveryConfirmed,
    "delivery_part": delivery.ActionAskDeliveryPart,
    "delivery_value": delivery.ActionAskDeliveryValue,
    "company_details": invoices.ActionAskCompanyDetails,
    "code": one_time_code.ActionAskCode,
    "contact_form_contact": contact.ActionAskCallbackContact,
}
"""Slot, or form and slot → the action that asks."""
BEGINS = {
    "ask_order_status": "order_status_form",
    "inform": "order_status_form",
    "cancel_order": "cancellation_form",
    "report_delivery_problem": "delivery_problem_form",
    "report_order_problem": "order_problem_form",
    "request_return": "return_form",
    "ask_refund_status": "refund_status_form",
    "ask_warranty_status": "warranty_form",
    "report_lost_warranty_card": "lost_card_form",
    "request_repair": "repair_form",
    "report_technical_problem": "troubleshooting_form",
    "ask_loyalty_points": "loyalty_form",
    "renew_subscription": "renewal_form",
    "lack_order_number": "order_status_form",
    "change_delivery_details": "delivery_form",
    "ask_invoice": "invoice_form",
    "ask_balance_due": "balance_form",
    "make_complaint": feedback.FORM,
}
TOLD = ("order_number", "contact", "item", "pieces", "reason", "remedy")
"""Slots that are filled by an entity of the same name."""
ANSWERS = {
    "ask_product_info": products.ActionTellProduct,
    "ask_price": products.ActionTellPrice,
    "ask_stock": products.ActionTellStock,
    "place_order": products.ActionTellHowToBuy,
    "request_catalogue": catalogue_file.ActionSendCatalogue,
}
"""Intent → the action that answers it."""
OF_MESSAGE = ("response_selector", "language", "anger")
"""What NLU says of a message besides intent and entities."""
ENTITY_OF = {"phone": "contact", "email": "contact", "marketplace_order": "order_number"}
MESSAGE_KEYS = {
    *("text", "buttons", "elements", "custom", "template", "response", "image", "attachment"),
}


def slot(name: str, value: Any) -> dict[str, Any]:
    """Rasa's event."""
    return {"event": "slot", "name": name, "value": value}


def message(
    text: str = "…",
    intent: str = "inform",
    *,
    message_id: str = "m-1",
    confidence: float = 0.9,
    ranking: dict[str, float] | None = None,
    customer: dict[str, Any] | None = None,
    hand_over: str | None = None,
    **more: Any,
) -> dict[str, Any]:
    """`latest_message`; what is left over of the arguments is its entities, besides `found`."""
    own = {key: more.pop(key) for key in OF_MESSAGE if key in more}
    guesses = [{"name": intent, "confidence": confidence}]
    guesses += [{"name": name, "confidence": value} for name, value in (ranking or {}).items()]
    found = more.pop("found", [])
    return {
        "text": text,
        "intent": guesses[0],
        "intent_ranking": guesses,
        "entities": [*found, *({"entity": key, "value": value} for key, value in more.items())],
        "message_id": message_id,
        "metadata": {"customer": customer, "hand_over": hand_over},
        **own,
    }


def entities_of(text: str) -> dict[str, str]:
    """The entities of a text, for `Chat.say`; without their places."""
    return {entity["entity"]: entity["value"] for entity in heard(text)["entities"]}


@cache
def _finder() -> EntityFinder:
    names = (ProductName(one.sku, one.category, one.names) for one in CATALOGUE.values())
    return EntityFinder(catalogue().facts, Listed(tuple(names)))


def heard(
    text: str, intent: str = "ask_product_info", language: str = "vi", now: datetime | None = None
) -> dict[str, Any]:
    """`latest_message` with the entities that are found in the text."""
    latest = message(text, intent)
    latest["entities"] = [
        {"entity": f.entity, "start": f.start, "end": f.end, "value": f.value, **f.more}
        for f in _finder().find(text, language, now)
    ]
    return latest


def tracker(
    latest: dict[str, Any] | None = None,
    events: list[dict[str, Any]] | None = None,
    loop: str | None = None,
    **slots: Any,
) -> Tracker:
    """A tracker with these slots; the others are empty."""
    latest = latest or message()
    default = [{"event": "user", "text": latest["text"], "parse_data": latest}]
    return Tracker(
        CONVERSATION,
        {**dict.fromkeys(DOMAIN["slots"]), "requested_slot": None, "language": "en", **slots},
        latest,
        default if events is None else events,
        False,
        None,
        {"name": loop} if loop else {},
        None,
    )


class Outcome:
    """What an action returned and uttered; every text it uttered was rendered in all languages."""

    def __init__(self, events: list[dict[str, Any]], messages: list[dict[str, Any]]) -> None:
        self.events = events
        self.messages = messages
        self.responses = [m["response"] for m in messages if m["response"]]
        self.commands = [m["custom"]["command"] for m in messages if m["custom"]]
        assert not any(m["text"] for m in messages), "sentences belong into responses/"
        for uttered in messages:
            if uttered["response"]:
                render_everywhere(uttered["response"], values_of(uttered))

    @property
    def slots(self) -> dict[str, Any]:
        """The slots as the events leave them."""
        return {e["name"]: e["value"] for e in self.events if e["event"] == "slot"}

    @property
    def ends_form(self) -> bool:
        """Whether the form around the action is over."""
        asked = [e["value"] for e in self.events if e.get("name") == "requested_slot"]
        loop = [e for e in self.events if e["event"] == "active_loop"]
        return asked[-1:] == [None] or bool(loop)

    def values(self, response: str) -> dict[str, Any]:
        """What a response was given for its placeholders."""
        return next(values_of(m) for m in self.messages if m["response"] == response)


def values_of(uttered: dict[str, Any]) -> dict[str, Any]:
    """The placeholders' values among the keys of a dispatched message."""
    return {key: value for key, value in uttered.items() if key not in MESSAGE_KEYS}


def render_everywhere(name: str, values: dict[str, Any]) -> None:
    """Every variation in every language; a missing placeholder or text raises TextError."""
    for language in LANGUAGES:
        variations = catalogue().language(language).responses[name]
        for turn in range(len(variations)):
            assert catalogue().render(name, language, turn=turn, **values).text


async def run(action: type[Action], seen: Tracker) -> Outcome:
    """Runs one action."""
    dispatcher = CollectingDispatcher()
    returned = action().run(dispatcher, seen, DOMAIN)
    events = await returned if inspect.isawaitable(returned) else returned
    return Outcome(events or [], dispatcher.messages)


class Chat:
    """A conversation of several turns, with the hub's counting of wrong tries."""

    def __init__(self, language: str = "en") -> None:
        self.slots = {**dict.fromkeys(DOMAIN["slots"]), "requested_slot": None}
        self.slots |= {"language": language, "open_question": "none"}
        self.events: list[dict[str, Any]] = [{"event": "session_started"}]
        self.loop: str | None = None
        self.latest = message()
        self.failed: dict[str, int] = {}
        self.guarded: list[str] = []
        self.customer_id: str | None = None
        self.people_available = True
        self.followed = False
        """Whether an action of the last turn chose the next one itself; then it is the last."""
        self.responses: list[str] = []
        """Of the last turn."""
        self.commands: list[dict[str, Any]] = []
        """Of the last turn."""
        self.outcomes: list[Outcome] = []
        """Of the last turn."""

    async def say(self, text: str = "…", intent: str = "inform", **more: Any) -> list[str]:
        """One turn; returns the names of the responses."""
        self._receive(text, intent, more)
        if more.get("hand_over"):
            await self._run(general.ActionHandOver)
            return self.responses
        form = self.loop or BEGINS.get(intent)
        if form and await self._form(form):
            return self.responses
        if intent == "deny":
            await self._run(general.ActionStopForm)
        elif intent == "request_human":
            await self._run(general.ActionHandOver)
        elif intent == "nlu_fallback":
            await self._run(general.ActionHandleFallback)
        elif intent in ANSWERS:
            await self._run(ANSWERS[intent])
        elif intent in BEGINS:
            await self._form(BEGINS[intent], again=True)
            return self.responses
        else:
            self._utter(f"utter_{intent}")
        if self.loop and not self.followed:
            await self._form(self.loop, again=True)
        return self.responses

    def values(self, response: str) -> dict[str, Any]:
        """The placeholders of a response of the last turn."""
        return next(o.values(response) for o in self.outcomes if response in o.responses)

    def snapshot(self) -> Chat:
        """The conversation as it is now, to try the next turn twice."""
        return copy.deepcopy(self)

    def tracker(self, *extra: dict[str, Any]) -> Tracker:
        """What the action server is sent."""
        slots = {**self.slots, **{e["name"]: e["value"] for e in extra if e["event"] == "slot"}}
        events = copy.deepcopy([*self.events, *extra])
        return tracker(copy.deepcopy(self.latest), events, self.loop, **slots)

    def _receive(self, text: str, intent: str, more: dict[str, Any]) -> None:
        number = sum(event["event"] == "user" for event in self.events)
        customer = {
            "channel": "web",
            "proof": self.slots["proof"],
            "failed_proofs": sum(self.failed.values()),
            "guarded_orders": self.guarded,
            "customer_id": self.customer_id,
            "people_available": self.people_available,
        }
        more = {"message_id": f"m-{number}", "customer": customer, **more}
        self.latest = message(text, intent, **more)
        self.events.append({"event": "user", "text": text, "parse_data": self.latest})
        self.responses, self.commands, self.outcomes = [], [], []
        self.followed = False
        for entity in self.latest["entities"]:
            name = ENTITY_OF.get(entity["entity"], entity["entity"])
            if name in TOLD:
                self._apply([slot(name, entity["value"])])
        asked = (self.loop, self.slots["requested_slot"])
        answers = {"affirm": True, "deny": False}
        if self.loop == "cancellation_form":
            answers["cancel_order"] = True
        if asked[1] == "confirmed" and intent in answers:
            self._apply([slot("confirmed", answers[intent])])

    async def _form(self, name: str, again: bool = False) -> bool:
        """Plays the form; False if it has nothing to do with the message."""
        required = DOMAIN["forms"][name]["required_slots"]
        if fresh := self.loop != name:
            self._apply([{"event": "active_loop", "name": name}])
            told = {key: self.slots[key] for key in required if self.slots[key] is not None}
        else:
            told = {} if again else self._told(required)
        candidates = [slot(key, value) for key, value in told.items()]
        here = [slot("requested_slot", self.slots["requested_slot"])]
        here += [{"event": "action", "name": name}, *candidates]
        outcome = await run(FORMS[name][0], self.tracker(*here))
        set_slots = [e["name"] for e in outcome.events if e["event"] == "slot"]
        some = [name for name in set_slots if name != "requested_slot"]
        if not (fresh or again or told or some) and self.slots["requested_slot"]:
            assert not outcome.messages  # Rasa forgets the events of a form that gives way
            return False
        self.events.append({"event": "action", "name": name})
        self._note(outcome)
        asked = [e["value"] for e in outcome.events if e.get("name") == "requested_slot"]
        next_slot = next((key for key in required if self.slots[key] is None), None)
        if asked:
            next_slot = asked[0] if asked[-1] else None
        if next_slot:
            self._apply([slot("requested_slot", next_slot)])
            asking = ASKING.get(f"{name}_{next_slot}") or ASKING[next_slot]
            over = (await self._run(asking)).ends_form
        if not next_slot or over:
            self._apply([slot("requested_slot", None), {"event": "active_loop", "name": None}])
            await self._run(FORMS[name][1])
        return True

    def _told(self, required: list[str]) -> dict[str, Any]:
        begin = max(i for i, event in enumerate(self.events) if event["event"] == "user")
        slots = [event for event in self.events[begin:] if event["event"] == "slot"]
        return {e["name"]: e["value"] for e in slots if e["name"] in required}

    async def _run(self, action: type[Action]) -> Outcome:
        outcome = await run(action, self.tracker())
        self.events.append({"event": "action", "name": action().name()})
        self._note(outcome)
        for event in outcome.events:
            if event["event"] == "followup":
                self.followed = True
                if event["name"] == "action_hand_over":
                    await self._run(general.ActionHandOver)
                else:
                    await self._form(event["name"])
        return outcome

    def _note(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        for response in outcome.responses:
            self._utter(response)
        self.commands += outcome.commands
        for command in outcome.commands:
            self.events.append({"event": "bot", "data": {"custom": {"command": command}}})
        limit = catalogue().facts.limits.proof_tries
        for command in outcome.commands:
            if command["type"] == "proof_failed":
                number = command["order_number"]
                self.failed[number] = self.failed.get(number, 0) + 1
                if self.failed[number] >= limit:
                    self.guarded.append(number)
        self._apply(outcome.events)

    def _utter(self, response: str) -> None:
        self.responses.append(response)
        self.events.append({"event": "bot", "metadata": {"utter_action": response}})

    def _apply(self, events: list[dict[str, Any]]) -> None:
        for event in events:
            self.events.append(event)
            if event["event"] == "slot":
                self.slots[event["name"]] = event["value"]
            elif event["event"] == "active_loop":
                self.loop = event["name"]
