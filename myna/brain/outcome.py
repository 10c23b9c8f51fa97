"""What a turn came to, read back from the events that Rasa stores.

There is no second record that could disagree with the dialogue's own.
"""

from __future__ import annotations

from typing import Any

from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.events import (
    ActionExecuted,
    BotUttered,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from myna.brain.protocol import Answer, AnswerCard, AnswerMessage, Command
from myna.shop.contact import Email, Phone, parse_contact

_TOLD = ("from_entity", "from_text")
"""Mappings of slots that hold what a customer has told; the others are the dialogue's own."""


def recorded_answer(tracker: DialogueStateTracker, message_id: str) -> Answer | None:
    """The answer that the tracker's events hold for a message; None if it was never handled."""
    events = list(tracker.events)
    start = next(
        (
            index
            for index, event in enumerate(events)
            if isinstance(event, UserUttered) and event.message_id == message_id
        ),
        None,
    )
    if start is None:
        return None
    messages: list[AnswerMessage] = []
    commands: list[Command] = []
    slots: dict[str, Any] = {}
    for event in events[:start]:
        if isinstance(event, SessionStarted):
            slots = {}
        elif isinstance(event, SlotSet):
            slots[event.key] = event.value
    for event in events[start + 1 :]:
        if isinstance(event, UserUttered | SessionStarted) or _ends_turn(event):
            break  # what follows is the next turn's
        if isinstance(event, SlotSet):
            slots[event.key] = event.value
        elif isinstance(event, BotUttered):
            if command := command_in(event):
                commands.append({**command, "after": len(messages)})
            elif event.text:
                messages.append(_message(event))
    return {
        "status": "answered",
        "messages": messages,
        "commands": commands,
        "language": slots.get("language"),
        "intent": intent_of(events[start].parse_data),
        "proof": slots.get("proof"),
        "slots": _told(tracker, slots),
    }


def command_in(event: Event) -> Command | None:
    """The command that an action has put among its messages, if the event is one."""
    if not isinstance(event, BotUttered):
        return None
    command: Command | None = (event.data.get("custom") or {}).get("command")
    return command


def intent_of(parse_data: dict[str, Any]) -> str | None:
    """The intent that the dialogue acts on, with the entry of a frequent question."""
    name: str | None = (parse_data.get("intent") or {}).get("name")
    selector = parse_data.get("response_selector") or {}
    if name in (selector.get("all_retrieval_intents") or []):
        key: str | None = selector["default"]["response"].get("intent_response_key")
        return key or name
    return name


def _message(event: BotUttered) -> AnswerMessage:
    message: AnswerMessage = {
        "text": event.text,
        "buttons": event.data.get("buttons") or [],
        "response": event.metadata.get("utter_action"),
    }
    if elements := event.data.get("elements"):
        message["cards"] = [_card(element) for element in elements]
    return message


def _card(element: dict[str, Any]) -> AnswerCard:
    """A card, from one of Rasa's elements (of Messenger's generic template)."""
    return {
        "title": element["title"],
        "subtitle": element.get("subtitle") or "",
        "picture": element.get("image_url"),
        "url": (element.get("default_action") or {}).get("url"),
        "buttons": [
            {"title": button["title"], "payload": button["payload"]}
            for button in element.get("buttons") or []
        ],
    }


def _ends_turn(event: Event) -> bool:
    return isinstance(event, ActionExecuted) and event.action_name == ACTION_LISTEN_NAME


def _told(tracker: DialogueStateTracker, values: dict[str, Any]) -> dict[str, Any]:
    """What the customer has told of themselves and their matter; `contact` by what it is."""
    told: dict[str, Any] = {}
    for slot in tracker.slots.values():
        value = values.get(slot.name)
        mappings = (mapping.get("type") for mapping in slot.mappings)
        if value is None or slot.name == "language" or not any(m in _TOLD for m in mappings):
            continue
        if slot.name != "contact":
            told[slot.name] = value
            continue
        match parse_contact(value):
            case Phone(e164=number):
                told["phone"] = number
            case Email(address=address):
                told["email"] = address
    return told
