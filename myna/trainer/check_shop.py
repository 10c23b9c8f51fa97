"""Checks of `shop.yml`, the facts of the shop."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pydantic

from myna.facts import FactsError, load_facts
from myna.trainer.files import Entries, Items
from myna.trainer.findings import Finding, Place, alike, error
from myna.trainer.project import Project

_FILE = "shop.yml"


def check_shop(project: Project) -> Iterator[Finding]:
    """Everything about the facts."""
    path = project.root / _FILE
    if not path.exists():
        yield error("L601", Place(_FILE, 1), "The file is missing; it describes the shop.")
        return
    content = project.settings(_FILE)
    if any(finding.path == _FILE for finding in project.findings):
        return
    try:
        facts = load_facts(path)
    except FactsError as fault:
        cause = fault.__cause__
        if not isinstance(cause, pydantic.ValidationError):
            yield error("L601", Place(_FILE, 1), str(fault))
            return
        for wrong in cause.errors():
            where = [part for part in wrong["loc"] if part != "__root__"]
            what = re.sub(r"\s+", " ", wrong["msg"])
            name = " → ".join(str(part) for part in where)
            text = f"{name}: {what}." if name else f"{what}."
            yield error("L601", Place(_FILE, _line(content, where)), text)
        return
    topics = {*project.domain.intents, *project.entries}
    for number, topic in enumerate(facts.service.hand_over_topics):
        if topic not in topics:
            line = _line(content, ["service", "hand_over_topics", number])
            kind = "a frequent question of data/nlu/" if "/" in topic else "an intent of domain.yml"
            what = f'"{topic}" is not {kind}.{alike(topic, topics)}'
            text = f"service → hand_over_topics: {what}"
            yield error("L602", Place(_FILE, line), text)


def _line(content: Any, where: Sequence[object]) -> int:
    """The line of the last part of a path that is there."""
    line = getattr(content, "line", 1)
    for part in where:
        if isinstance(content, Entries) and str(part) in content:
            line = content.line_of(str(part))
            content = content[str(part)]
        elif isinstance(content, Items) and isinstance(part, int):
            content = content[part]
            line = getattr(content, "line", line)
    return int(line)
