"""What a customer's own words answer in a form, and keeping them for people."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import turn
from actions.lines import Lines, choice, join_skus, named_lines, word
from myna.bootstrap import catalogue
from myna.facts import LANGUAGES
from myna.keywords import sort_words
from myna.shop.contact import Email, Phone, parse_contact

TELLING = (
    *("report_order_problem", "report_delivery_problem", "report_technical_problem"),
    *("request_return", "request_repair", "make_complaint"),
)
"""Intents of messages that tell of the matter itself."""
ANSWERING = ("inform", "nlu_fallback", "out_of_scope", *TELLING)
"""Intents that an answer in the customer's own words is taken for; others are digressions."""
_DIGRESSIONS = ("faq", "request_human", "deny", "greet", "goodbye", "thank", "send_photo")
"""Intents of messages that answer nothing, even if a word of an answer stands in them."""
_FEW = 7  # words: so short a message with a word of the answer is one, whatever it was taken for


def products(tracker: Tracker) -> list[str]:
    """SKUs of products that were found in the message."""
    return [str(value) for value in tracker.get_latest_entity_values("product")]


def ask(
    dispatcher: CollectingDispatcher, tracker: Tracker, response: str, slot: str, *values: str
) -> None:
    """Asks for a slot, with a button for each of its values, unless another question stands."""
    if turn.already_said(tracker, *turn.QUESTIONS):
        return
    language = turn.language(tracker)
    buttons = [choice(word(f"{slot}_{value}", language), **{slot: value}) for value in values]
    dispatcher.utter_message(response=response, buttons=buttons)


def own_words(tracker: Tracker, slot: str) -> dict[str, Any]:
    """The answer to our question for `slot` without a button: what it says, or else as typed."""
    text = tracker.latest_message.get("text") or ""
    if tracker.get_slot("requested_slot") != slot or turn.names(tracker, slot):
        return {}
    value = told(tracker, slot)
    corrects = sort_words("answer", text) == "correction"
    detail = turn.names(tracker, "order_number", "marketplace_order", "phone", "email")
    free = answers(tracker) and not corrects and not detail
    if free and any(character.isalnum() for character in text):
        return {slot: value or text}
    return {slot: value} if value and (corrects or is_brief(tracker, _FEW)) else {}


def is_brief(tracker: Tracker, words: int) -> bool:
    """Whether a message is so short, and neither a question nor a digression by its intent."""
    text = tracker.latest_message.get("text") or ""
    intent = tracker.get_intent_of_latest_message()
    return len(text.split()) <= words and "?" not in text and intent not in _DIGRESSIONS


def answers(tracker: Tracker) -> bool:
    """Whether a message may be an answer in the customer's own words, and is no digression."""
    intent = tracker.get_intent_of_latest_message(skip_fallback_intent=False)
    question = "?" in (tracker.latest_message.get("text") or "")
    return intent in ANSWERING and not (intent == "nlu_fallback" and question)


def told(tracker: Tracker, slot: str) -> str | None:
    """What the message's words say of a slot."""
    text = tracker.latest_message.get("text") or ""
    if slot != "item":
        return sort_words(slot, text)
    return join_skus(named_lines(text, order_lines(tracker), products(tracker))) or None


def words_told(tracker: Tracker) -> str:
    """All that the customer has said of the matter, in their words."""
    matter = tracker.get_slot("matter") or {}
    return str(matter.get("words", ""))


def said_in_form(tracker: Tracker, *responses: str) -> bool:
    """Whether one of these was said since the form began that is active or has just ended."""
    for event in reversed(tracker.events):
        if event["event"] == "active_loop" and event["name"]:
            return False
        if (event.get("metadata") or {}).get("utter_action") in responses:
            return True
    return False


def told_contact(tracker: Tracker) -> dict[str, str]:
    """Where people can reach the customer, for a case."""
    match parse_contact(tracker.get_slot("contact") or ""):
        case Phone(e164=phone):
            return {"phone": phone}
        case Email(address=email):
            return {"email": email}
    return {}


def summary(response: str, **values: Any) -> str:
    """A case's matter, for people, in the language of the shop's home."""
    facts = catalogue().facts
    return catalogue().render(response, facts.default_language, **values).text


def order_lines(tracker: Tracker) -> Lines:
    """The lines of the order that the form has looked at; none before that."""
    matter = tracker.get_slot("matter") or {}
    lines: Lines = matter.get("lines") or []
    return lines


def note_words(tracker: Tracker) -> list[EventType]:
    """Keeps the words of a message that tells of the matter; buttons say nothing new."""
    matter: dict[str, Any] | None = tracker.get_slot("matter")
    text = str(tracker.latest_message.get("text") or "").strip()
    intent = tracker.get_intent_of_latest_message()
    asked = tracker.get_slot("requested_slot")
    answered = asked in ("reason", "remedy") and answers(tracker)
    tells = matter is None or intent in TELLING or answered
    pressed = turn.names(tracker, "item", "pieces", "reason", "remedy") or text in _titles(intent)
    if matter is None:
        words = "" if pressed else text
        return [SlotSet("matter", {"words": words, "products": products(tracker)})]
    if not tells or pressed or not text or text in matter["words"]:
        return []
    words = f"{matter['words']}\n{text}".strip()
    return [SlotSet("matter", {**matter, "words": words})]


def _titles(intent: str | None) -> list[str | None]:
    """What a button says that offers the intent itself."""
    return [catalogue().title(intent or "", language) for language in LANGUAGES]
