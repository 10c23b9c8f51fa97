"""Conversations as tests: `tests/conversations/<language>/test_<topic>.yml`.

The form of the files is described in `data/README.md`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from myna.facts import LANGUAGES
from myna.trainer import files
from myna.trainer.files import Entries, Items, Text
from myna.trainer.findings import Finding, Place, error

FOLDER = Path("tests/conversations")


@dataclass(frozen=True)
class Expected:
    """One message that is expected."""

    responses: tuple[str, ...]
    """Its name, or several of which one will do."""
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
        yield Expected(tuple(value.split(" or ")))
    elif isinstance(value, Entries):
        yield from (Expected(tuple(name.split(" or ")), text or "") for name, text in value.items())
    elif isinstance(value, Items):
        for item in value:
            yield from _expected(item)
