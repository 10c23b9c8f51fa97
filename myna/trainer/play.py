"""Plays conversations and says what was not as expected.

They go over the same API as the chat page's, so all that a customer would meet is tried: hub,
brain, actions and shop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import requests

from myna.terminal import NotRunning
from myna.trainer.conversations import Conversation, Expected
from myna.trainer.findings import Place

_AT_ONCE = 8  # conversations played side by side
_CODE = "{code}"  # in what the customer writes: the one-time code that they were sent


@dataclass(frozen=True)
class Outcome:
    """How a conversation went."""

    conversation: Conversation
    place: Place
    difference: str | None
    """What was not as expected; None if all was."""


class Customer(Protocol):
    """Who plays the customer; `myna.stack.Customer` does."""

    def says(self, text: str) -> list[dict[str, Any]]:
        """Writes a message; returns the answer."""

    def code(self) -> str | None:
        """The one-time code that was sent to them last; None if there was none."""

    def chooses(self, number: int) -> list[dict[str, Any]]:
        """Presses a button of the last answer, 1 being the first; returns the answer."""


def play_all(
    conversations: list[Conversation], customer: Callable[[str], Customer]
) -> Iterator[Outcome]:
    """Plays conversations, some side by side; the outcomes come in order.

    Args:
        conversations: what to play.
        customer: opens a new conversation in a language.
    """

    def one(conversation: Conversation) -> Outcome:
        try:
            return play(conversation, customer(conversation.language))
        except (requests.RequestException, NotRunning) as fault:
            difference = f"the connection to Myna failed: {fault}"
            return Outcome(conversation, conversation.place, difference)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield from pool.map(one, conversations)


def play(conversation: Conversation, customer: Customer) -> Outcome:
    """Plays one conversation up to its end or the first difference."""
    answer: list[dict[str, Any]] = []
    did = ""
    for step in conversation.steps:
        if step.bot is not None:
            if difference := _difference(step.bot, answer):
                return Outcome(conversation, step.place, f"after “{did}” {difference}")
        elif step.choose is None:
            did = step.user or ""
            if _CODE in did:
                code = customer.code()
                if code is None:
                    return Outcome(conversation, step.place, "no one-time code was sent")
                did = did.replace(_CODE, code)
            answer = customer.says(did)
        else:
            buttons = answer[-1]["buttons"] if answer else []
            if step.choose > len(buttons):
                what = (
                    f"after “{did}” there are {len(buttons)} buttons, so not number {step.choose}"
                )
                return Outcome(conversation, step.place, what)
            did = buttons[step.choose - 1]["title"]
            answer = customer.chooses(step.choose)
    return Outcome(conversation, conversation.place, None)


_ASIDES = ("utter_anything_else", "utter_ask_rating")
"""Said once in a conversation, at the end of whatever was done first: they need not be expected."""


def _difference(expected: tuple[Expected, ...], answer: list[dict[str, Any]]) -> str | None:
    named = {name for each in expected for name in each.responses}
    while answer and answer[-1]["response"] in set(_ASIDES) - named:
        answer = answer[:-1]
    names = ", ".join(" or ".join(message.responses) for message in expected)
    got = ", ".join(message["response"] or "a text without a name" for message in answer)
    as_named = len(expected) == len(answer) and all(
        message["response"] in wanted.responses
        for wanted, message in zip(expected, answer, strict=True)
    )
    if not as_named:
        texts = " ".join(" ".join(message["text"].split()) for message in answer)
        return f"expected {names}, got {got}: {texts}" if answer else f"expected {names}, got none"
    for wanted, message in zip(expected, answer, strict=True):
        if wanted.text not in message["text"]:
            text = " ".join(message["text"].split())
            return f"expected “{wanted.text}” in {message['response']}, got: {text}"
    return None
