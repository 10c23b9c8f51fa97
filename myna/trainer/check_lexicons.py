"""Checks of the lists of shortforms in `data/lexicons/`."""

from __future__ import annotations

from collections.abc import Iterator

from myna.facts import LANGUAGES
from myna.nlu.datafile import DataFileError
from myna.nlu.lexicon import read_lexicon
from myna.trainer import files
from myna.trainer.findings import Finding, Place, error
from myna.trainer.project import Project

_NAMES = tuple(f"{language}.yml" for language in LANGUAGES)


def check_lexicons(project: Project) -> Iterator[Finding]:
    """Everything about the lists; a language may have none."""
    folder = project.root / "data" / "lexicons"
    for path in sorted(folder.rglob("*.y*ml")):
        name = path.relative_to(project.root).as_posix()
        if path.relative_to(folder).as_posix() not in _NAMES:
            what = f"The file is not read. One for each language is: {', '.join(_NAMES)}."
            yield error("L901", Place(name, 1), what)
            continue
        _, findings = files.read(path, project.root)
        yield from findings
        if not findings:
            try:
                read_lexicon(path)
            except DataFileError as fault:
                what = fault.what[:1].upper() + fault.what[1:]
                yield error("L902", Place(name, fault.line), what)
