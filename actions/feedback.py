"""Complaints, praise and suggestions: all of them reach the desk as cases."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import contact, turn
from myna.bootstrap import catalogue
from myna.brain.protocol import CaseKind

FORM = "complaint_form"

_WORDS = {"vi": 10, "ms": 7, "en": 8}
"""So many words (Vietnamese: syllables) tell what has happened; fewer only that there is something
to complain about, and the customer is asked."""
_ANSWERS = ("make_complaint", "give_feedback", "inform", "nlu_fallback", "out_of_scope")
"""How the answer to "what happened?" may be understood, beside all reports of a problem."""
_ANGRY = 0.5
"""From this share of the anger at which `shop.yml` calls a person, a complaint is urgent."""
_LIKELY = 0.1
_MATTERS = {
    "report_delivery_problem": "utter_sorry_for_delivery",
    "ask_order_status": "utter_sorry_for_delivery",
    "report_order_problem": "utter_sorry_for_goods",
    "report_technical_problem": "utter_sorry_for_goods",
    "request_repair": "utter_sorry_for_goods",
    "ask_refund_status": "utter_sorry_for_refund",
}
"""What a complaint is likely about → the apology in that matter."""


class ValidateComplaintForm(FormValidationAction):
    """Asks what happened, unless the complaint itself says so."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "validate_complaint_form"

    def extract_complaint(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """The customer's words; a question or a request among them is none of the answer."""
        text = (tracker.latest_message.get("text") or "").strip()
        intent = tracker.get_intent_of_latest_message(skip_fallback_intent=False) or ""
        if tracker.get_slot("requested_slot") == "complaint":
            answers = intent in _ANSWERS or intent.startswith("report_")
            told = answers and (turn.has_details(text) or len(text.split()) > 1)
        else:
            told = intent == "make_complaint" and _tells_what(text, turn.language(tracker))
        return {"complaint": text} if told else {}


class ActionAskComplaint(Action):
    """Says sorry once, and asks what happened."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_ask_complaint"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """After a digression the question comes again without the apology."""
        if turn.already_said(tracker, *turn.QUESTIONS):
            return []
        again = _asked(tracker)
        dispatcher.utter_message(
            response="utter_ask_complaint_again" if again else "utter_ask_complaint"
        )
        return []


class ActionRecordComplaint(Action):
    """Opens a case; the hub tells its reference and until when it is answered."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_record_complaint"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Who is angry or complains again gets a person at once; others are offered one."""
        words: str | None = tracker.get_slot("complaint")
        if words is None:
            return []
        if not _asked(tracker):
            dispatcher.utter_message(response=_apology(tracker))
        if presses(tracker):
            return [FollowupAction("action_hand_over")]
        done = SlotSet("complaint", None)
        if turn.customer(tracker)["people_available"]:
            noted = record(dispatcher, tracker, words, response="utter_complaint_recorded")
            return [noted, done, SlotSet("open_question", "human")]
        noted = record(dispatcher, tracker, words, response="utter_complaint_left")
        if tracker.get_slot("contact"):
            return [noted, done]
        return [noted, done, FollowupAction(contact.FORM)]


class ActionPassOnPraise(Action):
    """Thanks, and lets the desk know whom or what was praised."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_pass_on_praise"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Promises no answer."""
        if product := next(tracker.get_latest_entity_values("product"), None):
            dispatcher.utter_message(response="utter_compliment_on_product", praised=product)
        else:
            dispatcher.utter_message(response="utter_compliment_received")
        _pass_on(dispatcher, tracker, "praise")
        return []


class ActionPassOnSuggestion(Action):
    """Thanks, and lets the desk know."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_pass_on_suggestion"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Promises no answer."""
        dispatcher.utter_message(response="utter_feedback_received")
        _pass_on(dispatcher, tracker, "suggestion")
        return []


def complaint(tracker: Tracker) -> str | None:
    """The words of a complaint that is being made; None if none is."""
    noted: str | None = tracker.get_slot("complaint")
    complains = tracker.get_intent_of_latest_message() == "make_complaint"
    if noted or not (complains or tracker.active_loop_name == FORM):
        return noted
    return tracker.latest_message.get("text") or ""


def presses(tracker: Tracker) -> bool:
    """Whether the customer is angry, if not as much as calls a person by itself, or complains
    for a second time in this conversation."""
    anger: float = tracker.latest_message.get("anger") or 0.0
    return anger >= _ANGRY * catalogue().facts.service.anger or _complained_before(tracker)


def record(
    dispatcher: CollectingDispatcher, tracker: Tracker, words: str, *, response: str = ""
) -> EventType:
    """Opens the case of a complaint, or adds to the one that is open.

    Args:
        dispatcher: of the action.
        tracker: of the action.
        words: the customer's.
        response: the text that tells the reference; none if something else is said instead.

    Returns:
        The event that notes in `complained` which message it was; the memory reads back the last
        turns only.
    """
    known = {"order_number": tracker.get_slot("order_number")}
    urgent = {"priority": "urgent"} if presses(tracker) else {}
    more = {name: value for name, value in known.items() if value}
    turn.open_case(dispatcher, "complaint", words, response=response, **more, **urgent)
    return SlotSet("complained", turn.message_id(tracker))


def _pass_on(dispatcher: CollectingDispatcher, tracker: Tracker, kind: CaseKind) -> None:
    turn.open_case(dispatcher, kind, tracker.latest_message.get("text") or "", response="")


def _tells_what(text: str, language: str) -> bool:
    return len(text.split()) >= _WORDS[language]


def _asked(tracker: Tracker) -> bool:
    """Whether this form has asked what happened."""
    for event in reversed(tracker.events):
        if event["event"] == "active_loop" and event["name"] == FORM:
            return False
        if (event.get("metadata") or {}).get("utter_action") == "utter_ask_complaint":
            return True
    return False


def _complained_before(tracker: Tracker) -> bool:
    """Whether a complaint of an earlier message of this session was recorded."""
    return tracker.get_slot("complained") not in (None, turn.message_id(tracker))


def _apology(tracker: Tracker) -> str:
    """The apology in what the complaint is likely about."""
    for guess in tracker.latest_message.get("intent_ranking") or []:
        if guess["confidence"] >= _LIKELY and guess["name"] in _MATTERS:
            return _MATTERS[guess["name"]]
    return "utter_complaint_received"
