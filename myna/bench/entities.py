"""`myna bench entities`: how well, and how fast, entities of held-out messages are found."""

from __future__ import annotations

import re
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from myna.bootstrap import product_names
from myna.entities.finder import EntityFinder
from myna.facts import load_facts
from myna.settings import PROJECT

FOLDER = PROJECT / "tests" / "entities"
_MARKED = re.compile(r"\[([^\[\]]+)\]\(([a-z_]+)(?:=([^()]+))?\)")


class Entity(NamedTuple):
    """An entity as it stands in a message."""

    kind: str
    value: str
    start: int
    end: int


@dataclass(frozen=True)
class Annotated:
    """A message and what is to be found in it."""

    language: str
    text: str
    now: datetime
    entities: frozenset[Entity]


@dataclass
class Score:
    """How often an entity was found rightly, wrongly, or not."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall, 0 to 1; 1 where there is nothing to find."""
        both = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / both if both else 1.0


@dataclass
class Report:
    """The result of a run."""

    scores: dict[tuple[str, str], Score] = field(default_factory=dict)
    """By language and entity."""
    differences: list[str] = field(default_factory=list)
    """One line for each message that was read otherwise."""
    milliseconds: list[float] = field(default_factory=list)
    """Of each message."""

    def score(self, kind: str, language: str | None = None) -> Score:
        """Of one entity, in one language or in all."""
        parts = [s for (own, k), s in self.scores.items() if k == kind and language in (None, own)]
        return Score(
            sum(p.right for p in parts), sum(p.wrong for p in parts), sum(p.missed for p in parts)
        )

    @property
    def kinds(self) -> list[str]:
        """The entities that stand in the messages or were found in them."""
        return sorted({kind for _, kind in self.scores})

    def as_json(self) -> dict[str, Any]:
        """For programs: F1 by entity and language, and the time a message takes."""
        languages = sorted({language for language, _ in self.scores})
        return {
            "f1": {
                kind: {
                    "all": round(self.score(kind).f1, 4),
                    **{name: round(self.score(kind, name).f1, 4) for name in languages},
                }
                for kind in self.kinds
            },
            "messages": len(self.milliseconds),
            "ms_per_message_median": round(statistics.median(self.milliseconds), 3),
            "ms_per_message_p95": round(statistics.quantiles(self.milliseconds, n=20)[-1], 3),
        }


def read_messages(path: Path) -> list[Annotated]:
    """Reads `<language>.yml`: `now`, and `messages` with entities as `[words](entity=value)`.

    Raises:
        ValueError: the file is of another form.
    """
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict) or not isinstance(content.get("messages"), list):
        raise ValueError(f"{path.name}: there must be 'now:' and a list 'messages:'")
    now = content.get("now")
    if not isinstance(now, datetime) or now.tzinfo is None:
        raise ValueError(f"{path.name}: 'now' needs a time and a zone: 2026-11-26T10:00:00+07:00")
    return [_annotated(path.stem, str(message), now) for message in content["messages"]]


def _annotated(language: str, marked: str, now: datetime) -> Annotated:
    text, entities, position = "", set(), 0
    for match in _MARKED.finditer(marked):
        text += marked[position : match.start()]
        words, kind, value = match.groups()
        entities.add(Entity(kind, value or words, len(text), len(text) + len(words)))
        text += words
        position = match.end()
    return Annotated(language, text + marked[position:], now, frozenset(entities))


def bench_entities(folder: Path | None = None) -> Report:
    """Reads the messages of all languages with the shop's own facts, patterns and products.

    Raises:
        ValueError: there are none.
    """
    files = sorted((folder or FOLDER).glob("*.yml"))
    messages = [message for path in files for message in read_messages(path)]
    if not messages:
        raise ValueError(f"There are no messages in {folder or FOLDER}.")
    finder = EntityFinder(load_facts(), product_names())
    report = Report()
    for message in messages:
        start = time.perf_counter()
        found = finder.find(message.text, message.language, message.now)
        report.milliseconds.append((time.perf_counter() - start) * 1000)
        entities = {Entity(f.entity, f.value, f.start, f.end) for f in found}
        _count(report, message, entities)
    return report


def _count(report: Report, message: Annotated, found: set[Entity]) -> None:
    parts = {
        "right": Counter(e.kind for e in found & message.entities),
        "wrong": Counter(e.kind for e in found - message.entities),
        "missed": Counter(e.kind for e in message.entities - found),
    }
    for name, kinds in parts.items():
        for kind, count in kinds.items():
            score = report.scores.setdefault((message.language, kind), Score())
            setattr(score, name, getattr(score, name) + count)
    if found != message.entities:
        missed, wrong = message.entities - found, found - message.entities
        lines = [f"missed {e.kind}={e.value}" for e in sorted(missed)]
        lines += [
            f"wrong {e.kind}={e.value} ({message.text[e.start : e.end]})" for e in sorted(wrong)
        ]
        report.differences.append(f"{message.language}: {message.text}\n      {'; '.join(lines)}")


def format_entities(report: Report) -> str:
    """The report as a table."""
    languages = sorted({language for language, _ in report.scores})
    lines = [f"{'entity':20}{'in all':>8}" + "".join(f"{f'F1 {n}':>9}" for n in (*languages, ""))]
    for kind in report.kinds:
        score = report.score(kind)
        row = [report.score(kind, name) for name in languages] + [score]
        shown = [f"{s.f1:9.3f}" if s.right + s.wrong + s.missed else f"{'–':>9}" for s in row]
        lines.append(f"{kind:20}{score.right + score.missed:>8}" + "".join(shown))
    result = report.as_json()
    lines.append(
        f"{result['messages']} messages, {result['ms_per_message_median']:.2f} ms a message"
        f" (median), {result['ms_per_message_p95']:.2f} ms (95 %)"
    )
    return "\n".join([*lines, *(f"  {each}" for each in report.differences)])
