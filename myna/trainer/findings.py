"""What a check has to say: one finding, one line."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, NamedTuple

from rapidfuzz import fuzz, process

Severity = Literal["error", "warning"]

LANGUAGE_NAMES = {"vi": "Vietnamese", "ms": "Malay", "en": "English"}

_ALIKE = 70  # percent, from which on a name is taken for a mistyped other one


class Place(NamedTuple):
    """A line of a file of the project."""

    path: str
    """Relative to the project's folder."""
    line: int


@dataclass(frozen=True)
class Finding:
    """Something that is wrong (error) or probably not meant (warning)."""

    code: str
    """Stays the same whatever the wording, e.g. `L108`."""
    severity: Severity
    path: str
    line: int
    text: str
    """What is wrong and what to do, for people who do not program."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.severity} {self.code}: {self.text}"


def error(code: str, place: Place, text: str) -> Finding:
    """A finding with which the assistant would not work as written."""
    return Finding(code, "error", place.path, place.line, text)


def warning(code: str, place: Place, text: str) -> Finding:
    """A finding with which it works, though probably not as meant."""
    return Finding(code, "warning", place.path, place.line, text)


def alike(name: str, known: Collection[str]) -> str:
    """` Did you mean "…"?` if one of the known names resembles this one, else nothing."""
    found = process.extractOne(name, sorted(known), scorer=fuzz.ratio, score_cutoff=_ALIKE)
    return f' Did you mean "{found[0]}"?' if found else ""


def in_words(languages: Collection[str]) -> str:
    """`Malay and English`."""
    names = [LANGUAGE_NAMES[language] for language in LANGUAGE_NAMES if language in languages]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 2 else names)
