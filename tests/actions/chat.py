"""A conversation as the actions see it: Rasa's part of it is played here, without Rasa.

What a form does around its validation action is that of `rasa.core.actions.forms.FormAction`: at
its activation every slot that is filled already comes as a candidate behind `active_loop`, later
only what was set since the customer's message; a form that extracts nothing lets a rule go first.
"""

from __future__ import annotations

import copy
import inspect
from typing import Any

import yaml
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import confirmation, contact, general, orders, proof
from myna.bootstrap import catalogue
from myna.facts import LANGUAGES
from myna.settings import PROJECT

DOMAIN: dict[str, Any] = yaml.safe_load((PROJECT / "domain.yml").read_text(encoding="utf-8"))
CONVERSATION = "web-1"
FORMS = {
    "order_status_form": (orders.ValidateOrderStatusForm, orders.ActionLookUpOrder),
    "cancellation_form": (orders.ValidateCancellationForm, orders.ActionCancelOrder),
    contact.FORM: (contact.ValidateContactForm, contact.ActionNoteContact),
}
"""Form → its validation, and the action that follows it."""
ASKING = {
    "order_number": proof.ActionAskOrderNumber,
    "contact": proof.ActionAskContact,
    "confirmed": orders.ActionAskCancellationConfirmed,
    "code": confirmation.ActionAskCode,
    "contact_form_contact": contact.ActionAskCallbackContact,
}
"""Slot, or form and slot → the action that asks."""
BEGINS = {
    "ask_order_status": "order_status_form",
    "inform": "order_status_form",
    "cancel_order": "cancellation_form",
}
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
    ranking: dict[str, float] | None = None,
    customer: dict[str, Any] | None = None,
    hand_over: str | None = None,
    **more: Any,
) -> dict[str, Any]:
    """`latest_message`; what is left over of the arguments is its entities, None left out."""
    own = {key: more.pop(key) for key in ("response_selector", "language") if key in more}
    guesses = [{"name": intent, "confidence": 0.9}]
    guesses += [{"name": name, "confidence": value} for name, value in (ranking or {}).items()]
    return {
        "text": text,
        "intent": guesses[0],
        "intent_ranking": guesses,
        "entities": [{"entity": key, "value": value} for key, value in more.items()],
        "message_id": message_id,
        "metadata": {"customer": customer, "hand_over": hand_over},
        **own,
    }


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
        self.locked: list[str] = []
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
        elif intent in ("request_human", "make_complaint"):
            await self._run(general.ActionHandOver)
        elif intent == "nlu_fallback":
            await self._run(general.ActionHandleFallback)
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
            "locked_orders": self.locked,
            "people_available": self.people_available,
        }
        more = {"message_id": f"m-{number}", "customer": customer, **more}
        self.latest = message(text, intent, **more)
        self.events.append({"event": "user", "text": text, "parse_data": self.latest})
        self.responses, self.commands, self.outcomes = [], [], []
        self.followed = False
        for entity in self.latest["entities"]:
            name = ENTITY_OF.get(entity["entity"], entity["entity"])
            if name in ("order_number", "contact"):
                self._apply([slot(name, entity["value"])])
        asked = (self.loop, self.slots["requested_slot"])
        answer = {"affirm": True, "cancel_order": True, "deny": False}.get(intent)
        if asked == ("cancellation_form", "confirmed") and answer is not None:
            self._apply([slot("confirmed", answer)])

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
        some = [e for e in outcome.events if e["event"] == "slot" and e["name"] in required]
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
                await self._form(event["name"])
        return outcome

    def _note(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        for response in outcome.responses:
            self._utter(response)
        self.commands += outcome.commands
        limit = catalogue().facts.limits.proof_tries
        for command in outcome.commands:
            if command["type"] == "proof_failed":
                number = command["order_number"]
                self.failed[number] = self.failed.get(number, 0) + 1
                if self.failed[number] >= limit:
                    self.locked.append(number)
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
