"""When a person is called without being asked for: danger, the shop's topics, and anger."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Literal, Protocol

from rasa.shared.core.events import BotUttered, Event, UserUttered

from myna.brain.outcome import command_in, intent_of
from myna.troubleshooting.library import library

Reason = Literal["danger", "anger", "topic"]

ANSWER = "action_hand_over"
"""The action that answers such a turn."""

_ASKS_FOR_PERSON = "request_human"
_TURNS = 3
_SECONDS = 24 * 60 * 60
"""How long what happened in those turns counts: who comes back tomorrow begins afresh."""


class Service(Protocol):
    """What the shop has decided, in `shop.yml`."""

    @property
    def hand_over_topics(self) -> list[str]:
        """Intents (`cancel_order`, `faq`, `faq/return_policy`) that always go to a person."""

    @property
    def anger(self) -> float:
        """From how angry a message (0 to 1) it goes to a person."""


def hand_over_reason(
    parse: dict[str, Any], before: Sequence[Event], service: Service
) -> Reason | None:
    """Why a message goes to a person although the dialogue might answer it; None if it does not.

    Nobody is called twice for the same reason within a few turns, nor after the customer has
    declined: somebody who is angry and back from a person, or for whom nobody is there, would be
    sent round in circles. A device that smokes comes first, whatever the message asks. Asking for
    a person is the dialogue's own matter and always works.

    Args:
        parse: what the message was understood as.
        before: the conversation's events before it.
        service: the shop's decisions.
    """
    intent = intent_of(parse)
    called, declined = _lately(before)
    if "danger" not in called and library().guides().device_in_danger(parse.get("text") or ""):
        return "danger"
    if intent == _ASKS_FOR_PERSON:
        return None
    reasons: list[Reason] = []
    if parse.get("anger", 0.0) >= service.anger:
        reasons.append("anger")
    if intent and not {intent, intent.split("/")[0]}.isdisjoint(service.hand_over_topics):
        reasons.append("topic")
    if not reasons:
        return None
    return None if declined else next((each for each in reasons if each not in called), None)


def _lately(events: Sequence[Event]) -> tuple[set[str], bool]:
    """For what reasons a person was called in the last turns, and whether one was declined."""
    called: set[str] = set()
    declined = False
    turns = 0
    oldest = time.time() - _SECONDS
    for event in reversed(events):
        if turns == _TURNS or (event.timestamp or 0.0) < oldest:
            break
        if isinstance(event, UserUttered):
            turns += 1
        elif isinstance(event, BotUttered):
            command = command_in(event) or {}
            if command.get("type") == "hand_over":
                called.add(command.get("reason", ""))
            said = event.metadata.get("utter_action")
            declined |= said == "utter_human_declined"
            if said == "utter_danger":
                called.add("danger")
    return called, declined
