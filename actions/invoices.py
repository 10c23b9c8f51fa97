"""Invoices, and what is still to be paid."""

from __future__ import annotations

import asyncio
from typing import Any

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import turn, wording
from actions.proof import ProvenOrderForm
from myna import formats
from myna.bootstrap import catalogue, shop
from myna.shop.contact import mask_email, mask_phone
from myna.shop.limits import MAX_REASON
from myna.shop.model import (
    Contact,
    Invoice,
    NotFound,
    NotOffered,
    Order,
    Sent,
    Unavailable,
    Uncertain,
)
from myna.shop.tax import find_tax_number

COMPANY_FORM = "company_invoice_form"

_SETTLED = ("cancelled", "returned")


class ValidateInvoiceForm(ProvenOrderForm):
    """Order number and contact, and whether it is to be made out to a company."""

    own_slots = (*ProvenOrderForm.own_slots, "invoice_kind")

    def name(self) -> str:
        """Rasa's name of the action."""
        return "validate_invoice_form"

    async def required_slots(
        self,
        domain_slots: list[str],
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[str]:
        """With the kind of invoice, which is always found and never asked for."""
        slots = await super().required_slots(domain_slots, dispatcher, tracker, domain)
        return [*slots, "invoice_kind"]

    def extract_invoice_kind(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """From a button or from words."""
        text, language = tracker.latest_message.get("text") or "", turn.language(tracker)
        named = next(tracker.get_latest_entity_values("invoice_kind"), None)
        named = named or wording.chosen(text, language, "invoice_kind", ("company",))
        if named == "company":
            return {"invoice_kind": "company"}
        return {} if tracker.get_slot("invoice_kind") else {"invoice_kind": "customer"}

    def validate_invoice_kind(
        self,
        value: str,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> dict[str, Any]:
        """What was found."""
        return {"invoice_kind": value}


class ActionSendInvoice(Action):
    """Sends the invoice of a proven order to the contact on record, and gives the link."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_send_invoice"

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
        if tracker.get_slot("invoice_kind") == "company":
            country = SlotSet("invoice_country", order.address.country)
            return [country, FollowupAction(COMPANY_FORM)]
        invoice = await asyncio.to_thread(shop().get_invoice, number)
        match invoice:
            case Invoice(url=str()):
                await _send(dispatcher, tracker, order, invoice)
            case Invoice() | NotFound():
                _tell_when(dispatcher, order)
            case NotOffered():
                turn.open_case(
                    dispatcher,
                    "promise",
                    f"Invoice of {number} is wanted.",
                    order_number=number,
                    response="utter_invoice_case",
                )
            case _:
                dispatcher.utter_message(response="utter_shop_unavailable")
        return []


def _tell_when(dispatcher: CollectingDispatcher, order: Order) -> None:
    if order.state in _SETTLED:
        dispatcher.utter_message(response="utter_invoice_none", order_number=order.number)
        return
    moment = catalogue().facts.terms.invoice_on
    dispatcher.utter_message(response=f"utter_invoice_on_{moment}", order_number=order.number)


async def _send(
    dispatcher: CollectingDispatcher, tracker: Tracker, order: Order, invoice: Invoice
) -> None:
    """By e-mail if there is an address on record, for it is a file."""
    contact: Contact = "email" if order.email else "phone"
    key = f"invoice:{turn.message_id(tracker)}"
    sent = await asyncio.to_thread(shop().send_invoice, order.number, contact, idempotency_key=key)
    masked = mask_email(order.email) if order.email else mask_phone(order.phone or "")
    values = {
        "order_number": order.number,
        "invoice_number": invoice.number or "–",
        "invoice_url": invoice.url,
        "total": formats.money(invoice.total.amount, invoice.total.currency),
        "destination": masked,
    }
    done = isinstance(sent, Sent | Uncertain)
    response = "utter_invoice_sent" if done else "utter_invoice_link"
    dispatcher.utter_message(response=response, **values)


class ValidateCompanyInvoiceForm(FormValidationAction):
    """Name, tax number and address of the company, in one message."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "validate_company_invoice_form"

    def extract_company_details(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """What was typed after we asked, if there is anything of a tax number in it."""
        text = tracker.latest_message.get("text") or ""
        asked = tracker.get_slot("requested_slot") == "company_details"
        if asked and (
            _tax_number(tracker, text) or turn.gives_a_detail(tracker, "company_details")
        ):
            return {"company_details": text}
        return {}

    def validate_company_details(
        self,
        value: str,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> dict[str, Any]:
        """A tax number with its name beside it."""
        number = _tax_number(tracker, value)
        if number and len(value) > len(number) + 3:
            return {"company_details": value}
        dispatcher.utter_message(response=f"utter_invalid_company_details_{_country(tracker)}")
        return {"company_details": None}


class ActionAskCompanyDetails(Action):
    """Asks for what an invoice to a company needs."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_company_details"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Another question may stand already."""
        country = _country(tracker)
        said = (f"utter_invalid_company_details_{country}", *turn.QUESTIONS)
        if not turn.already_said(tracker, *said):
            number = tracker.get_slot("order_number")
            dispatcher.utter_message(
                response=f"utter_ask_company_details_{country}", order_number=number
            )
        return []


class ActionRequestCompanyInvoice(Action):
    """Opens the case in which people make the invoice out."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_request_company_invoice"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Says nothing where the form was left: another answer stands then."""
        number, details = tracker.get_slot("order_number"), tracker.get_slot("company_details")
        if details and turn.proof(tracker, number):
            plain = " ".join(details.split())
            turn.open_case(
                dispatcher,
                "promise",
                f"Company invoice of {number}: {plain}"[:MAX_REASON],
                order_number=number,
                response="utter_company_invoice_case",
            )
        return [SlotSet("company_details", None), SlotSet("invoice_kind", None)]


def _country(tracker: Tracker) -> str:
    """`my` or `vn`: to which tax office the order's invoice goes."""
    return "my" if tracker.get_slot("invoice_country") == "MY" else "vn"


def _tax_number(tracker: Tracker, text: str) -> str | None:
    return find_tax_number(text, _country(tracker).upper())


class ValidateBalanceForm(ProvenOrderForm):
    """Order number and contact are all that the balance needs."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "validate_balance_form"


class ActionTellBalance(Action):
    """Tells what is still owed for a proven order, and how to pay it."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_tell_balance"

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
        dispatcher.utter_message(
            response=_balance(order),
            order_number=order.number,
            amount_due=formats.money(order.amount_due.amount, order.amount_due.currency),
            total=formats.money(order.total.amount, order.total.currency),
            payment_url=order.payment_url or catalogue().facts.website,
        )
        return []


def _balance(order: Order) -> str:
    if order.state in _SETTLED or order.amount_due.amount <= 0:
        return "utter_balance_closed" if order.state in _SETTLED else "utter_balance_none"
    if order.payment_method == "cod":
        return "utter_balance_cod"
    return "utter_balance_link" if order.payment_url else "utter_balance_person"
