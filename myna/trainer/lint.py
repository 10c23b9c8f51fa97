"""`myna lint`: all that is wrong with a project, at once."""

from __future__ import annotations

from pathlib import Path

from myna.trainer.check_dialogue import check_dialogue
from myna.trainer.check_domain import check_domain
from myna.trainer.check_examples import check_examples
from myna.trainer.check_lexicons import check_lexicons
from myna.trainer.check_moods import check_moods
from myna.trainer.check_patterns import check_patterns
from myna.trainer.check_shop import check_shop
from myna.trainer.check_tests import check_tests
from myna.trainer.check_texts import check_texts
from myna.trainer.findings import Finding
from myna.trainer.project import Project

_CHECKS = (
    check_shop,
    check_domain,
    check_examples,
    check_moods,
    check_lexicons,
    check_patterns,
    check_texts,
    check_dialogue,
    check_tests,
)

_RASAS_FILES = ("config.yml", "endpoints.yml", "credentials.yml")


def lint_project(root: Path) -> list[Finding]:
    """Checks the files of a project.

    Args:
        root: the top folder, with `domain.yml`, `data/`, `responses/` and `shop.yml`.

    Returns:
        What was found, errors first, then by file and line.
    """
    project = Project(root)
    for name in _RASAS_FILES:
        if (root / name).exists():
            project.settings(name)
    found = [finding for check in _CHECKS for finding in check(project)]
    return sorted(
        {*project.findings, *found},
        key=lambda finding: (finding.severity, finding.path, finding.line, finding.code),
    )
