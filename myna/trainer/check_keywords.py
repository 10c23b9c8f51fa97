"""Checks of the lists in `data/keywords/`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from myna.facts import LANGUAGES
from myna.keywords import SUBJECTS, words_of
from myna.trainer import files
from myna.trainer.files import Entries, Items, Text
from myna.trainer.findings import Finding, Place, alike, error
from myna.trainer.project import Project


def check_keywords(project: Project) -> Iterator[Finding]:
    """Everything about the lists."""
    folder = project.root / "data" / "keywords"
    for path in sorted(folder.rglob("*.y*ml")):
        name = path.relative_to(project.root).as_posix()
        if path.parent != folder or path.suffix != ".yml" or path.stem not in SUBJECTS:
            what = f"The file is not read. There are: {', '.join(f'{s}.yml' for s in SUBJECTS)}."
            yield error("L711", Place(name, 1), what)
            continue
        content, findings = files.read(path, project.root)
        yield from findings
        if not findings:
            yield from _list(path, name, content)


def _list(path: Path, name: str, content: object) -> Iterator[Finding]:
    known = SUBJECTS[path.stem]
    if not isinstance(content, Entries):
        what = f"The file has to begin with one of {', '.join(known)}, and a colon."
        yield error("L712", Place(name, 1), what)
        return
    seen: dict[str, Text] = {}
    for value, lines in content.items():
        place = Place(name, content.line_of(value))
        if value not in known:
            what = f'"{value}" is none of {", ".join(known)}.{alike(value, known)}'
            yield error("L712", place, what)
        elif not isinstance(lines, Entries) or not set(lines) <= set(LANGUAGES):
            what = f'Below "{value}:" stands a line for each language: {", ".join(LANGUAGES)}.'
            yield error("L712", place, what)
        else:
            for phrases in lines.values():
                yield from _phrases(name, value, phrases, place, seen)


def _phrases(
    name: str, value: str, phrases: object, place: Place, seen: dict[str, Text]
) -> Iterator[Finding]:
    if not isinstance(phrases, Items):
        yield error("L712", place, f'The words of "{value}" stand in brackets: [broken, cracked].')
        return
    for phrase in phrases:
        if not isinstance(phrase, Text) or not words_of(phrase):
            yield error("L713", place, f'"{value}" has an entry that is no word.')
            continue
        where = Place(name, phrase.line)
        if not phrase.is_text:
            what = f'Put "{phrase}" into quotation marks, or it is read as something else.'
            yield error("L713", where, what)
        meant = seen.setdefault(words_of(phrase), Text(value))
        if meant != value:
            what = f'"{phrase}" stands for {meant} and for {value}; it can say one thing only.'
            yield error("L713", where, what)
