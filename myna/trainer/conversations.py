"""Conversations as tests: `tests/conversations/<language>/test_<topic>.yml`.

The form of the files is described in `data/README.md`. They are played over the same API as the
chat page uses, so all that a customer would meet is tried: hub, brain, actions and shop.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import requests

from myna.facts import LANGUAGES
from myna.trainer import files
from myna.trainer.files import Entries, Items, Text
from myna.trainer.findings import Finding, Place, error

FOLDER = Path("tests/conversations")

_POLL = 0.05
_QUIET = 0.3
"""Seconds without a message after which an answer of the expected length is complete."""
_GIVEN_UP = 2.0
"""The same for an answer that is shorter: its messages are stored together."""
_LONGEST = 30.0
_AT_ONCE = 4  # conversations played side by side


@dataclass(frozen=True)
class Expected:
    """One message that is expected."""

    response: str
    text: str = ""
    """What the message contains."""


@dataclass(frozen=True)
class Step:
    """What the customer does (`user` or `choose`) or what is then expected (`bot`)."""

    place: Place
    user: str | None = None
    choose: int | None = None
    bot: tuple[Expected, ...] | None = None


@dataclass(frozen=True)
class Conversation:
    """A conversation and how it should go."""

    name: str
    language: str
    place: Place
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Outcome:
    """How a conversation went."""

    conversation: Conversation
    place: Place
    difference: str | None
    """What was not as expected; None if all was."""


class Customer(Protocol):
    """Who plays the customer; `myna.terminal.Client` does."""

    def send(self, text: str, choice: str | None = None) -> dict[str, Any]:
        """Writes a message or presses a button; returns it as stored."""

    def messages(self, after: int = 0) -> list[dict[str, Any]]:
        """What was said after that."""


# --- reading


def read_conversations(root: Path) -> tuple[list[Conversation], list[Finding]]:
    """All conversations of a project, and what is wrong with their files."""
    found: list[Conversation] = []
    findings: list[Finding] = []
    for language in LANGUAGES:
        for path in sorted((root / FOLDER / language).glob("*.yml")):
            name = path.relative_to(root).as_posix()
            content, wrong = files.read(path, root)
            findings += wrong
            if wrong:
                continue
            listed = content.get("conversations") if isinstance(content, Entries) else None
            if not isinstance(listed, Items):
                what = 'The file has to begin with "conversations:" and a list below it.'
                findings.append(error("L503", Place(name, 1), what))
                continue
            for item in listed:
                try:
                    found.append(_conversation(name, language, item, listed.line))
                except _Malformed as fault:
                    findings.append(error("L503", Place(name, fault.line), str(fault)))
    return found, findings


class _Malformed(Exception):
    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line


def _conversation(path: str, language: str, item: Any, line: int) -> Conversation:
    line = getattr(item, "line", line)
    if not isinstance(item, Entries) or set(item) != {"name", "steps"}:
        raise _Malformed(line, 'A conversation has "name:" and "steps:", nothing else.')
    if not isinstance(item["name"], Text) or not isinstance(item["steps"], Items):
        raise _Malformed(line, 'Behind "name:" stands a text, below "steps:" a list.')
    steps = tuple(_step(path, step, line) for step in item["steps"])
    for before, step in zip((None, *steps), steps, strict=False):
        if step.bot is not None and (before is None or before.bot is not None):
            raise _Malformed(step.place.line, 'Before "bot:" the customer has to do something.')
    return Conversation(item["name"], language, Place(path, item["name"].line), steps)


def _step(path: str, item: Any, line: int) -> Step:
    line = getattr(item, "line", line)
    place = Place(path, line)
    if isinstance(item, Entries) and len(item) == 1:
        if isinstance(user := item.get("user"), Text):
            return Step(place, user=user)
        if isinstance(choose := item.get("choose"), Text) and choose.isdecimal() and int(choose):
            return Step(place, choose=int(choose))
        if expected := tuple(_expected(item.get("bot"))):
            return Step(place, bot=expected)
    what = 'A step is "user: a text", "choose: 1" or "bot: " with names of responses.'
    raise _Malformed(line, what)


def _expected(value: Any) -> Iterator[Expected]:
    if isinstance(value, Text):
        yield Expected(value)
    elif isinstance(value, Entries):
        yield from (Expected(name, text or "") for name, text in value.items())
    elif isinstance(value, Items):
        for item in value:
            yield from _expected(item)


# --- playing


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
        except requests.RequestException as fault:
            difference = f"the connection to Myna failed: {fault}"
            return Outcome(conversation, conversation.place, difference)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield from pool.map(one, conversations)


def play(conversation: Conversation, customer: Customer) -> Outcome:
    """Plays one conversation up to its end or the first difference."""
    answer: list[dict[str, Any]] = []
    did = ""
    following = (*conversation.steps[1:], None)
    for step, after in zip(conversation.steps, following, strict=True):
        if step.bot is not None:
            if difference := _difference(step.bot, answer):
                what = f"after “{did}” {difference}"
                return Outcome(conversation, step.place, what)
            continue
        choice = None
        did = step.user or ""
        if step.choose:
            buttons = answer[-1]["buttons"] if answer else []
            if step.choose > len(buttons):
                what = f"there is no button {step.choose} to choose, only {len(buttons)}"
                return Outcome(conversation, step.place, what)
            did, choice = (buttons[step.choose - 1][key] for key in ("title", "id"))
        sent = customer.send(did, choice)
        answer = _answer(customer, sent["seq"], len(after.bot) if after and after.bot else 1)
    return Outcome(conversation, conversation.place, None)


def _answer(customer: Customer, seq: int, expected: int) -> list[dict[str, Any]]:
    began = changed = time.monotonic()
    answer: list[dict[str, Any]] = []
    while True:
        found = [m for m in customer.messages(seq) if m["author"] != "customer"]
        now = time.monotonic()
        if len(found) != len(answer):
            answer, changed = found, now
        quiet = _QUIET if len(answer) >= expected else _GIVEN_UP
        if (answer and now - changed >= quiet) or now - began >= _LONGEST:
            return answer
        time.sleep(_POLL)


def _difference(expected: tuple[Expected, ...], answer: list[dict[str, Any]]) -> str | None:
    names = ", ".join(message.response for message in expected)
    got = ", ".join(message["response"] or "a text without a name" for message in answer)
    if [message.response for message in expected] != [m["response"] for m in answer]:
        texts = " ".join(" ".join(message["text"].split()) for message in answer)
        return f"expected {names}, got {got}: {texts}" if answer else f"expected {names}, got none"
    for wanted, message in zip(expected, answer, strict=True):
        if wanted.text not in message["text"]:
            text = " ".join(message["text"].split())
            return f"expected “{wanted.text}” in {wanted.response}, got: {text}"
    return None
