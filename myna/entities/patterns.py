"""The lists in `data/patterns/`: words with a meaning, and patterns made of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import yaml

from myna.entities.text import TOKEN, read_text
from myna.settings import PROJECT

FOLDER = PROJECT / "data" / "patterns"

GAP = "..."
"""In a pattern: up to six other words."""

_MARKED_ONLY = "!"  # behind a term

_PIECE = re.compile(r"\{\w+\}|\.\.\.|[^\W\d_]+|\d+|[^\w\s]")

KINDS: dict[str, frozenset[str]] = {
    "numbers": frozenset({"number", "times", "plus", "half", "letter"}),
    "order_number": frozenset({"other_number"}),
    "code": frozenset({"other_number"}),
    "money": frozenset({"currency"}),
    "date": frozenset({"weekday", "month", "unit", "holiday", "announced", "other_number"}),
    "city": frozenset({"city", "place"}),
    "category": frozenset({"category", "same_word"}),
    "email": frozenset({"at", "dot", "announced"}),
    "phone": frozenset({"announced", "other_number"}),
}
"""File → the kinds of terms that it may hold."""

_OF_SEVERAL_FILES = ("announced", "other_number")

_WITHOUT_VALUE = ("announced", "other_number", "place", "at", "dot", "half")

MEANINGS: dict[str, re.Pattern[str]] = {
    "order_number": re.compile("announced"),
    "code": re.compile("announced"),
    "money": re.compile("amount|number and currency|currency and number"),
    "date": re.compile(
        r"day [+-]?\d{1,3}|(?:week|month) [+-]?\d{1,2}|days (?:ago|ahead)"
        r"|weekday (?:before|coming|last week|this week|next week)"
        r"|day of month(?: and year)?|day|holiday|day of holiday"
    ),
}
"""File → what its patterns may mean."""

PLACEHOLDERS: dict[str, frozenset[str]] = {
    "order_number": frozenset({"digits"}),
    "code": frozenset({"digits"}),
    "money": frozenset({"amount", "number", "currency"}),
    "date": frozenset({"number", "weekday", "month", "unit", "holiday"}),
}
"""File → the placeholders of its patterns."""


class PatternError(ValueError):
    """A list cannot be used; the message names file, line and what to do."""

    def __init__(self, path: Path, line: int, what: str) -> None:
        super().__init__(f"data/patterns/{path.name}:{line}: {what}")
        self.line = line
        self.what = what


class Term(NamedTuple):
    """A word or phrase with a meaning."""

    kind: str
    """Such as `weekday`; of a kind that several files have, with the file: `code/other_number`."""
    value: str
    """Such as `mon`."""
    phrase: str
    """As listed, in composed Unicode."""
    line: int
    short: bool = False
    """Whether it is listed in capitals."""
    marked: bool = False
    """Whether it counts with its marks only, for without them it is as a rule something else."""


class Pattern(NamedTuple):
    """Words and placeholders that mean something together."""

    meaning: str
    pieces: tuple[str, ...]
    """Words, `{placeholder}`, or `GAP`."""
    line: int


@dataclass
class Patterns:
    """The content of all files."""

    terms: dict[str, list[Term]] = field(default_factory=dict)
    """By file, without its ending."""
    patterns: dict[str, list[Pattern]] = field(default_factory=dict)

    def of_kind(self, kind: str) -> list[Term]:
        """The terms of a kind, from whatever file."""
        return [term for terms in self.terms.values() for term in terms if term.kind == kind]

    def short_names(self, kind: str) -> frozenset[str]:
        """The terms of a kind that are listed in capitals, in small letters without marks."""
        return frozenset(read_text(t.phrase).plain for t in self.of_kind(kind) if t.short)


def read_patterns(folder: Path | None = None) -> Patterns:
    """Reads `data/patterns/`, or another folder; a file may be missing.

    Raises:
        PatternError: a file cannot be used.
    """
    found = Patterns()
    for name in KINDS:
        path = (folder or FOLDER) / f"{name}.yml"
        if path.exists():
            found.terms[name], found.patterns[name] = read_file(path)
    return found


def read_file(path: Path) -> tuple[list[Term], list[Pattern]]:
    """Reads one file: `terms:` (kind → value → phrases) and `patterns:` (meaning → patterns).

    Raises:
        PatternError: it is no YAML, or an entry cannot be used.
    """
    try:
        root = yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PatternError(path, line, f"the file cannot be read: {error.problem}.") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise PatternError(path, 1, f"the file cannot be read: {error}.") from error
    terms: list[Term] = []
    patterns: list[Pattern] = []
    for section, content in _pairs(path, root, "'terms:' and 'patterns:'"):
        if section.value == "terms":
            terms += _terms(path, content)
        elif section.value == "patterns" and path.stem in MEANINGS:
            patterns += _patterns(path, content)
        else:
            known = "'terms:' and 'patterns:'" if path.stem in MEANINGS else "'terms:'"
            _fail(path, section, f"'{section.value}:' is not known here; there is {known}.")
    return terms, patterns


def plain_words(phrase: str) -> list[str]:
    """The words of a phrase in small letters without marks, as they are looked for."""
    return TOKEN.findall(read_text(phrase).plain)


def _terms(path: Path, content: yaml.Node) -> Iterator[Term]:
    known: dict[tuple[str, str], str] = {}
    for kind, values in _pairs(path, content, "kinds of terms"):
        if kind.value not in KINDS[path.stem]:
            listed = ", ".join(sorted(KINDS[path.stem]))
            _fail(path, kind, f"'{kind.value}' is no kind of term here; there are {listed}.")
        for value, phrases in _values(path, kind, values):
            _check_value(path, kind.value, value)
            for phrase in _phrases(path, phrases):
                listed = phrase.value.removesuffix(_MARKED_ONLY)
                text = " ".join(_words(listed))
                if not text:
                    _fail(path, phrase, f"'{phrase.value}' has no word in it.")
                if (before := known.setdefault((kind.value, text), value.value)) != value.value:
                    _fail(path, phrase, f"'{phrase.value}' stands below '{before}' as well.")
                shared = kind.value in _OF_SEVERAL_FILES
                name = f"{path.stem}/{kind.value}" if shared else kind.value
                line = phrase.start_mark.line + 1
                marked = listed != phrase.value
                yield Term(name, value.value, text, line, listed.isupper(), marked)


def _values(
    path: Path, kind: yaml.Node, content: yaml.Node
) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    """What the terms of a kind mean, and the terms; of some kinds the kind says all."""
    if kind.value in _WITHOUT_VALUE:
        yield kind, content
    else:
        yield from _pairs(path, content, "'value: [phrases]'")


def _check_value(path: Path, kind: str, value: yaml.Node) -> None:
    wanted = {
        "number": (r"\d+", "a whole number"),
        "times": (r"10+", "10, 100, 1000 …"),
        "month": (r"[1-9]|1[0-2]", "a month, 1 to 12"),
        "weekday": ("mon|tue|wed|thu|fri|sat|sun", "mon, tue, wed, thu, fri, sat or sun"),
        "unit": ("day|week|month|year", "day, week, month or year"),
        "letter": ("[a-z]", "one letter, a to z"),
        "currency": ("[A-Z]{3}(/100)?", "a currency such as MYR, or a hundredth: MYR/100"),
        "holiday": (
            r"[A-Z]{2} .+|(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])",
            "month-day, or country and name such as 'VN Lunar New Year'",
        ),
    }.get(kind)
    if wanted and not re.fullmatch(wanted[0], value.value):
        _fail(path, value, f"'{value.value}' is not {wanted[1]}.")


def _patterns(path: Path, content: yaml.Node) -> Iterator[Pattern]:
    allowed = PLACEHOLDERS[path.stem]
    for meaning, listed in _pairs(path, content, "'meaning: [patterns]'"):
        if not MEANINGS[path.stem].fullmatch(meaning.value):
            _fail(path, meaning, f"'{meaning.value}' means nothing here; see data/README.md.")
        for node in _phrases(path, listed):
            pieces = tuple(_PIECE.findall(node.value.lower()))
            names = [piece[1:-1] for piece in pieces if piece.startswith("{") and len(piece) > 1]
            if unknown := [name for name in names if name not in allowed]:
                known = ", ".join(f"{{{name}}}" for name in sorted(allowed))
                _fail(path, node, f"'{{{unknown[0]}}}' is no placeholder; there are {known}.")
            if not pieces or pieces.count(GAP) > 1 or GAP in (pieces[0], pieces[-1]):
                _fail(path, node, f"'{node.value}' needs words, and at most one gap within them.")
            words = (_words(p)[0] if p != GAP and p[0] != "{" else p for p in pieces)
            yield Pattern(meaning.value, tuple(words), node.start_mark.line + 1)


def _words(phrase: str) -> list[str]:
    return re.findall(r"[^\W\d_]+|\d+|[^\w\s]", read_text(phrase).shown.lower())


def _pairs(path: Path, node: yaml.Node | None, what: str) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    if node is None:
        raise PatternError(path, 1, f"the file is empty; it holds {what}.")
    if not isinstance(node, yaml.MappingNode):
        _fail(path, node, f"here stand {what}, one a line.")
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            _fail(path, key, f"here stand {what}, one a line.")
        yield key, value


def _phrases(path: Path, node: yaml.Node) -> list[yaml.Node]:
    if not isinstance(node, yaml.SequenceNode):
        _fail(path, node, "here stands a list: [one, two].")
    for each in node.value:
        if not isinstance(each, yaml.ScalarNode):
            _fail(path, each, "this is no word or phrase; put quotes around it.")
    return list(node.value)


def _fail(path: Path, node: yaml.Node, what: str) -> None:
    raise PatternError(path, node.start_mark.line + 1, what)
