"""Not understood, and the way to a person."""

from __future__ import annotations

import json
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import contact, feedback, turn
from myna.bootstrap import catalogue

FALLBACK = "nlu_fallback"
_MEANINGS_OFFERED = 3
_LEAST_CONFIDENCE = 0.05
"""Below it a meaning is no likely one, and offering it would look foolish."""


class ActionHandOver(Action):
    """Hands the conversation to a person; the hub tells the customer what happens next."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_hand_over"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Calls a person; to an angry customer it says first that it has understood.

        A complaint is recorded besides; what the hub says of the hand-over tells enough of it.
        """
        complaint = feedback.complaint(tracker)
        reason = turn.called_for(tracker) or ("complaint" if complaint else "asked")
        if reason == "danger":
            return [FollowupAction("action_warn_of_danger")]
        if reason == "anger":
            dispatcher.utter_message(response="utter_acknowledge_anger")
        noted = [feedback.record(dispatcher, tracker, complaint)] if complaint else []
        return [*noted, *call_person(dispatcher, tracker, reason), SlotSet("complaint", None)]


class ActionStopForm(Action):
    """The customer does not want to go on with what a form asks for."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_stop_form"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Ends the form; nothing was changed."""
        if tracker.active_loop_name == contact.FORM:
            dispatcher.utter_message(response="utter_contact_declined")
        else:
            dispatcher.utter_message(response="utter_form_stopped")
        return ended()


class ActionHandleFallback(Action):
    """Asks once what was meant, then offers a person, then hands over: never the same twice."""

    def name(self) -> str:
        """Rasa's name of the action."""
        return "action_handle_fallback"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Chooses by how many messages in a row were not understood."""
        if not has_words(tracker.latest_message.get("text")):
            dispatcher.utter_message(response="utter_no_words")
            return []
        if tracker.latest_message.get("language") == "other":
            dispatcher.utter_message(response="utter_other_language")
            return []
        misses = consecutive_misses(tracker)
        if misses == 1:
            self._ask_meaning(dispatcher, tracker)
            return []
        if misses == 2:
            dispatcher.utter_message(response="utter_offer_human")
            return [SlotSet("open_question", "human")]
        return call_person(dispatcher, tracker, "not_understood")

    def _ask_meaning(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        texts, language = catalogue(), turn.language(tracker)
        buttons = meanings(tracker, language)
        if not buttons:
            dispatcher.utter_message(response="utter_ask_rephrase")
            return
        none_of_these = texts.render("utter_none_of_these", language).text
        buttons.append({"title": none_of_these, "payload": f"/{FALLBACK}"})
        dispatcher.utter_message(response="utter_ask_meaning", buttons=buttons)


def call_person(dispatcher: CollectingDispatcher, tracker: Tracker, reason: str) -> list[EventType]:
    """Hands over; where nobody is there and no contact is known yet, asks for one.

    Returns:
        Events that end what was open and begin the form that asks.
    """
    turn.hand_over(dispatcher, reason)
    if turn.customer(tracker)["people_available"] or tracker.get_slot("contact"):
        return ended()
    return [*ended(), FollowupAction(contact.FORM)]


def ended() -> list[EventType]:
    """Ends an open form and an open question."""
    return [*turn.form_over(), SlotSet("open_question", "none")]


def consecutive_misses(tracker: Tracker) -> int:
    """How many turns in a row, this one included, ended in asking what was meant.

    A message without words, such as an emoji, neither counts nor ends the row.
    """
    misses, asked = 1, False
    turns = reversed(tracker.events)
    for event in turns:  # this turn, whose action is just running
        if event["event"] == "user":
            break
    for event in turns:
        if event["event"] == "session_started":
            break
        if turn.command_of(event).get("type") == "hand_over":
            break  # a person was called for them; what follows begins a new row
        if event["event"] == "action":
            asked = asked or event["name"] == "action_handle_fallback"
        elif event["event"] == "user":
            if not asked:
                break
            misses += has_words(event.get("text"))
            asked = False
    return misses


def has_words(text: str | None) -> bool:
    """Whether there is a letter or digit in a message; an emoji alone is no question."""
    return any(character.isalnum() for character in text or "")


def meanings(tracker: Tracker, language: str) -> list[dict[str, str]]:
    """Buttons for what the message may have meant, likeliest first, in the customer's words.

    Frequent questions are the closest entries (`faq/shipping_fee`); intents without a title, such
    as a greeting, are not offered. What the message already told (an order number) is kept.
    """
    message = tracker.latest_message
    told = {
        entity["entity"]: entity["value"]
        for entity in message.get("entities") or []
        if entity["entity"] in ("order_number", "phone", "email")
    }
    buttons: list[dict[str, str]] = []
    for name, confidence in _guesses(message):
        title = catalogue().title(name, language)
        if title and confidence >= _LEAST_CONFIDENCE:
            values = json.dumps(told) if told and "/" not in name else ""
            buttons.append({"title": title, "payload": f"/{name}{values}"})
        if len(buttons) == _MEANINGS_OFFERED:
            break
    return buttons


def _guesses(message: dict[str, Any]) -> list[tuple[str, float]]:
    """What a message may have meant, likeliest first; each entry of frequent questions by itself.

    `faq` is as likely as its likeliest entry, and the selector tells how the others compare.
    """
    selector = (message.get("response_selector") or {}).get("default") or {}
    entries = selector.get("ranking") or []
    guesses: list[tuple[str, float]] = []
    for guess in message.get("intent_ranking") or []:
        own = [e for e in entries if e["intent_response_key"].startswith(f"{guess['name']}/")]
        for entry in own:
            share = entry["confidence"] / own[0]["confidence"]
            guesses.append((entry["intent_response_key"], guess["confidence"] * share))
        if not own:
            guesses.append((guess["name"], guess["confidence"]))
    return sorted(guesses, key=lambda guess: -guess[1])
