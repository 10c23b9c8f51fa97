"""Checks of the lists of words of questions in `data/questions/`."""

from __future__ import annotations

from collections.abc import Iterator

from myna.questions import LISTS, Questions, QuestionsError
from myna.trainer import files
from myna.trainer.findings import Finding, Place, error
from myna.trainer.project import Project


def check_questions(project: Project) -> Iterator[Finding]:
    """Everything about the files; any of them may be missing."""
    folder = project.root / "data" / "questions"
    for path in sorted(folder.rglob("*.y*ml")):
        name = path.relative_to(project.root).as_posix()
        if path.relative_to(folder).as_posix() not in LISTS:
            what = f"The file is not read. There are: {', '.join(LISTS)}."
            yield error("L811", Place(name, 1), what)
            continue
        _, findings = files.read(path, project.root)
        yield from findings
        if not findings:
            try:
                Questions(path)
            except QuestionsError as fault:
                yield error("L812", Place(name, 1), str(fault))
