"""The end of a matter: "anything else?" once, and a rating when the customer takes leave.

Both are read from the dialogue's own events, so that no flow has to think of them. A matter is done
when a form has ended with an answer: not stopped, not failed, not left to people. What the session
has come to is kept in a slot, because the memory reads back its last turns only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    Event,
    SessionStarted,
    UserUttered,
)

from myna.brain.outcome import command_in, id_of_second, intent_of
from myna.brain.protocol import Command

ASKS_MORE = "utter_anything_else"
SLOT = "course"


class Course(TypedDict):
    """What a session has come to."""

    done: bool
    """A matter was done."""
    trouble: bool
    """Somebody complained, was left to people, or did not want them."""
    asked: bool
    """"Anything else?" was said."""


_LEAVES = ("utter_nothing_then",)
_NO_MATTERS = ("contact_form", "complaint_form")
_NOT_DONE = re.compile(
    r"_(unavailable|uncertain|locked|expired|refused\w*|rejected|dropped|stopped|declined|failed)$"
    r"|_(not_matched|not_found|too_late|by_people|person|case\w*)$"
    r"|^utter_(no|marketplace)_\w+$"
)
"""Names of responses that say that a flow did not bring what the customer came for."""
_GLAD_CASES = ("praise", "suggestion")


@dataclass
class _Turn:
    """What happened from one message of the customer to the next."""

    message: str
    """The message's id."""
    intent: str | None
    loop: str | None
    """The form that was active when it ended."""
    ended: str | None = None
    """The form that came to its end in it."""
    stopped: bool = False
    said: list[BotUttered] = field(default_factory=list)
    to_people: bool = False

    @property
    def responses(self) -> list[str]:
        """The names of what was said."""
        return [event.metadata.get("utter_action") or "" for event in self.said]

    @property
    def done(self) -> bool:
        """Whether a matter was done in it."""
        return (
            self.ended is not None
            and self.ended not in _NO_MATTERS
            and self.loop is None
            and bool(self.said)
            and not (self.stopped or self.to_people)
            and not any(_NOT_DONE.search(name) for name in self.responses)
        )

    @property
    def asks(self) -> bool:
        """Whether it ended with a question already."""
        last = self.said[-1] if self.said else None
        text = (last.text or "").rstrip() if last else ""
        return bool(last) and (text.endswith("?") or bool(last and last.data.get("buttons")))


def follow(before: Course | None, events: Sequence[Event]) -> Course:
    """The course of a session with its last turn, which is at the end of the events."""
    course = before or Course(done=False, trouble=False, asked=False)
    turns = list(_turns(events))
    if not turns:
        return course
    last = turns[-1]
    return Course(
        done=course["done"] or last.done,
        trouble=course["trouble"]
        or last.to_people
        or last.intent in ("make_complaint", "request_human")
        or "utter_human_declined" in last.responses,
        asked=course["asked"] or ASKS_MORE in last.responses,
    )


def asks_for_more(course: Course, events: Sequence[Event]) -> bool:
    """Whether "anything else?" is due at the end of the last turn; once in a session."""
    turns = list(_turns(events))
    return bool(turns) and turns[-1].done and not turns[-1].asks and not course["asked"]


def asks_to_rate(course: Course, events: Sequence[Event]) -> bool:
    """Whether a rating is due: the customer takes leave, a matter was done, and none went wrong."""
    turns = list(_turns(events))
    leaves = bool(turns) and turns[-1].loop is None and _takes_leave(turns)
    return leaves and course["done"] and not course["trouble"]


def _takes_leave(turns: Sequence[_Turn]) -> bool:
    last = turns[-1]
    asked = len(turns) > 1 and ASKS_MORE in turns[-2].responses
    return (
        last.intent == "goodbye"
        or any(name in _LEAVES for name in last.responses)
        or (asked and last.intent == "thank")
    )


def _turns(events: Sequence[Event]) -> Iterator[_Turn]:
    """The turns of the session; the second matter of a message belongs to its turn."""
    start = max((i for i, e in enumerate(events) if isinstance(e, SessionStarted)), default=-1)
    turn: _Turn | None = None
    loop: str | None = None
    for event in events[start + 1 :]:
        if isinstance(event, UserUttered):
            if turn and event.message_id == id_of_second(turn.message):
                continue
            if turn:
                yield turn
            turn = _Turn(event.message_id, intent_of(event.parse_data), loop)
        elif isinstance(event, ActiveLoop):
            if turn and loop and event.name is None:
                turn.ended = loop
            loop = event.name
            if turn:
                turn.loop = loop
        elif turn and isinstance(event, ActionExecuted):
            turn.stopped = turn.stopped or event.action_name == "action_stop_form"
        elif turn and isinstance(event, BotUttered):
            command = command_in(event)
            if command is None:
                turn.said.append(event)
            else:
                turn.to_people = turn.to_people or _left_to_people(command)
    if turn:
        yield turn


def _left_to_people(command: Command) -> bool:
    if command["type"] == "open_case":
        return command["kind"] not in _GLAD_CASES
    return command["type"] == "hand_over"
