"""Checks of the terms and patterns of entities in `data/patterns/`."""

from __future__ import annotations

from collections.abc import Iterator

from myna.entities.dates import holiday_names
from myna.entities.patterns import KINDS, PatternError, read_file
from myna.trainer import files
from myna.trainer.findings import Finding, Place, alike, error
from myna.trainer.project import Project

_NAMES = tuple(f"{name}.yml" for name in KINDS)


def check_patterns(project: Project) -> Iterator[Finding]:
    """Everything about the files; any of them may be missing."""
    folder = project.root / "data" / "patterns"
    for path in sorted(folder.rglob("*.y*ml")):
        name = path.relative_to(project.root).as_posix()
        if path.relative_to(folder).as_posix() not in _NAMES:
            what = f"The file is not read. There are: {', '.join(_NAMES)}."
            yield error("L801", Place(name, 1), what)
            continue
        _, findings = files.read(path, project.root)
        yield from findings
        if findings:
            continue
        try:
            terms, _ = read_file(path)
        except PatternError as fault:
            what = fault.what[:1].upper() + fault.what[1:]
            yield error("L802", Place(name, fault.line), what)
            continue
        for holiday in {term.value: term for term in terms if term.kind == "holiday"}.values():
            country, _, title = holiday.value.partition(" ")
            if title and title not in (known := holiday_names(country)):
                what = f'"{title}" is no holiday of {country}.{alike(title, known)}'
                yield error("L803", Place(name, holiday.line), what)
