"""Forms that change something: the customer's yes, and a one-time code for strong proof.

A form of this kind lists `confirmed` and, where an order number and a contact are too little proof
(a parcel's label shows both), `code` among its slots in `domain.yml`.
"""

from __future__ import annotations

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.proof import ProvenOrderForm, order_before
from myna.brain.protocol import Level

FORGET: list[EventType] = [SlotSet(slot, None) for slot in ("confirmed", "code", "code_issued")]
"""Ends what was asked and answered here; for the action behind a form of this kind."""


class ConfirmedOrderForm(ProvenOrderForm):
    """Asks, with the order proved, whether it really shall be done, and for the one-time code.

    A no to the question, told by `confirmed` being false, ends the form.
    """

    level: Level = "code"
    own_slots = (*ProvenOrderForm.own_slots, "confirmed")

    async def required_slots(
        self,
        domain_slots: list[str],
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[str]:
        """Nothing more after a no."""
        if tracker.get_slot("confirmed") is False:
            return []
        return await super().required_slots(domain_slots, dispatcher, tracker, domain)

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """A yes to the question about one order, or a code for it, is none to another's."""
        other: list[EventType] = []
        if order_before(tracker) not in (None, tracker.get_slot("order_number")):
            other = [SlotSet("confirmed", None), SlotSet("code_issued", None)]
        tracker.add_slots(other)
        return [*other, *await super().run(dispatcher, tracker, domain)]

    def validate_confirmed(
        self,
        value: bool,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> dict[str, Any]:
        """Yes or no, as it was said."""
        return {"confirmed": value}
