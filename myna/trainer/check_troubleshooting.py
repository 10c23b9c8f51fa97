"""Checks of the guides in `data/troubleshooting/`."""

from __future__ import annotations

from collections.abc import Iterator

from myna.trainer.findings import Finding
from myna.trainer.project import Project
from myna.troubleshooting.reader import read_guides


def check_troubleshooting(project: Project) -> Iterator[Finding]:
    """Everything about the guides; a project may have none."""
    yield from read_guides(project.root)[1]
