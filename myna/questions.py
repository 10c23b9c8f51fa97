"""Words of customers' questions, by what they do there: `data/questions/<topic>.yml`.

Trainers keep the lists; they are read when Myna starts. A word counts with or without its
diacritics, and only as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from myna.entities.text import Text, read_text
from myna.settings import PROJECT

FOLDER = PROJECT / "data" / "questions"

_WORD = re.compile(r"[^\W_]+(?:[.,'][^\W_]+)*")


LISTS: dict[str, frozenset[str]] = {
    "products.yml": frozenset(
        {"filler", "reference", "bargain", "counter", "separator", "email", "details"}
    ),
    "stores.yml": frozenset({"now"}),
}
"""File → the lists that it holds."""


class QuestionsError(ValueError):
    """A list cannot be used; the message names the file and what to do."""


class Phrases:
    """Words and phrases with one meaning.

    What is typed with diacritics has to have the same ones: `bán` is not `bàn`.
    """

    def __init__(self, phrases: Iterable[str]) -> None:
        self._shown = {_shown(read_text(phrase)).strip() for phrase in phrases}
        known = sorted({read_text(phrase).plain for phrase in self._shown}, key=len, reverse=True)
        listed = "|".join(re.escape(phrase) for phrase in known if phrase)
        self._pattern = re.compile(rf"(?<![a-z0-9])(?:{listed})(?![a-z0-9])") if listed else None

    def are_in(self, text: str) -> bool:
        """Whether one of them stands in a text."""
        return next(self.find(text), None) is not None

    def is_all(self, text: str) -> bool:
        """Whether a text is one of them and nothing else."""
        return any(span == (0, len(text)) for span in self.find(text))

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Where they stand in a text that `read_text` has composed, the longest at each place."""
        read = read_text(text)
        shown = _shown(read)
        for match in self._pattern.finditer(read.plain) if self._pattern else ():
            typed = shown[match.start() : match.end()]
            if typed == match[0] or typed in self._shown:
                yield match.span()

    def without(self, text: str) -> str:
        """The other words of a text, in small letters."""
        left = list(_shown(read_text(text)))
        for start, end in self.find(text):
            left[start:end] = " " * (end - start)
        return " ".join(_WORD.findall("".join(left)))


@dataclass(frozen=True)
class Detail:
    """Something that customers want to know of a product."""

    asked: Phrases
    """How they ask for it."""
    told: Phrases
    """What stands in a description that tells it."""


def _shown(text: Text) -> str:
    return "".join(map(_lower, text.shown))


def _lower(character: str) -> str:
    small = character.lower()
    return small if len(small) == 1 else character


class Questions:
    """The lists of one topic.

    Raises:
        QuestionsError: the file is missing or of another form.
    """

    def __init__(self, path: Path) -> None:
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
            raise QuestionsError(f"data/questions/{path.name} cannot be read: {error}") from error
        named = set(content) if isinstance(content, dict) else set()
        if named != LISTS[path.name]:
            raise QuestionsError(
                f"data/questions/{path.name} has to hold the lists"
                f" {', '.join(sorted(LISTS[path.name]))}, and no others."
            )
        details = content.pop("details", {})
        try:
            self._lists = {name: Phrases(_words(words)) for name, words in content.items()}
            self.details = {
                name: Detail(Phrases(_words(each["asked"])), Phrases(_words(each["told"])))
                for name, each in details.items()
            }
        except (TypeError, KeyError, AttributeError) as error:
            raise QuestionsError(
                f"data/questions/{path.name}: each name needs a list of words in brackets, each"
                " entry of 'details' the lists 'asked' and 'told'. Numbers, and on, off, yes and"
                " no, have to stand in quotes."
            ) from error

    def __getitem__(self, name: str) -> Phrases:
        return self._lists[name]


@cache
def questions(topic: str) -> Questions:
    """The lists of a topic, read once.

    Raises:
        QuestionsError: see `Questions`.
    """
    return Questions(FOLDER / f"{topic}.yml")


def _words(listed: list[Any]) -> Iterator[str]:
    for entry in listed:
        if isinstance(entry, list):
            yield from _words(entry)
        elif isinstance(entry, str):
            yield entry
        else:
            raise TypeError(entry)
