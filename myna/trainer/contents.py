"""What trainers write, as the checks see it: plain data, each with its place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from myna.trainer.files import Entries
from myna.trainer.findings import Place


@dataclass(frozen=True)
class Example:
    """A sentence and what it means."""

    place: Place
    language: str
    intent: str
    text: str


@dataclass(frozen=True)
class Button:
    """A quick reply below an answer."""

    place: Place
    title: str
    payload: str


@dataclass(frozen=True)
class Answer:
    """One variation of a response."""

    place: Place
    text: str
    buttons: tuple[Button, ...]


@dataclass
class Response:
    """A response in one language."""

    place: Place
    answers: list[Answer] = field(default_factory=list)


@dataclass
class Texts:
    """What `responses/<language>/` holds."""

    responses: dict[str, Response] = field(default_factory=dict)
    titles: dict[str, tuple[str, Place]] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Flow:
    """A rule or a story."""

    kind: str
    name: str
    place: Place
    condition: list[Any]
    steps: list[Any]


@dataclass
class Domain:
    """What `domain.yml` holds; each name with its place."""

    intents: dict[str, Place] = field(default_factory=dict)
    entities: dict[str, Place] = field(default_factory=dict)
    slots: dict[str, Place] = field(default_factory=dict)
    forms: dict[str, Place] = field(default_factory=dict)
    actions: dict[str, Place] = field(default_factory=dict)
    content: Entries = field(default_factory=Entries)


def by_intent(examples: Iterable[Example]) -> dict[str, dict[str, list[Example]]]:
    """Intent → language → examples."""
    found: dict[str, dict[str, list[Example]]] = defaultdict(lambda: defaultdict(list))
    for example in examples:
        found[example.intent][example.language].append(example)
    return found
