"""Training: one model for each state of what it is made from.

The model's file name carries a digest of its sources, so that nothing is trained twice and a model
that fits the present files is found again after a change was undone.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from myna import settings
from myna.facts import LANGUAGES
from myna.texts import read_texts


class TrainingError(RuntimeError):
    """Rasa could not train; the message holds what it said and what to do."""


def _sources(project: Path) -> Iterator[Path]:
    yield project / "config.yml"
    yield project / "domain.yml"
    data = (project / "data").rglob("*")
    read_when_used = project / "data" / "troubleshooting"  # no part of a model
    yield from sorted(
        path
        for path in data
        if path.suffix in (".yml", ".yaml") and read_when_used not in path.parents
    )
    yield from sorted((Path(__file__).parent / "nlu").rglob("*.py"))


def fingerprint(project: Path) -> str:
    """A digest of all that goes into a model; texts count by their names only."""
    digest = hashlib.sha256(version("rasa").encode())
    for path in _sources(project):
        # the folder too: it tells the language of an example
        digest.update(f"\0{path.parent.name}/{path.name}\0".encode())
        digest.update(path.read_bytes())
    for language in LANGUAGES:
        names = sorted(read_texts(project / "responses" / language).responses)
        digest.update("\0".join(names).encode())
    return digest.hexdigest()[:12]


def model_path(project: Path = settings.PROJECT) -> Path:
    """Where the model of the present files is, or will be."""
    return settings.models() / f"myna-{fingerprint(project)}.tar.gz"


def train(project: Path = settings.PROJECT, *, force: bool = False) -> Path:
    """Trains a model of the present files, unless there is one.

    Raises:
        TrainingError: Rasa refused the data.
    """
    path = model_path(project)
    if path.exists() and not force:
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [
            sys.executable,
            # components whose data have not changed come from Rasa's cache; what Rasa's validation
            # finds, `myna lint` tells with file and line
            *("-m", "rasa", "train", "--skip-validation", *(["--force"] if force else [])),
            *("--fixed-model-name", path.name.removesuffix(".tar.gz")),
            *("--out", str(path.parent)),
        ],
        cwd=project,
        env=settings.rasa_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode or not path.exists():
        raise TrainingError(
            f"{done.stdout[-4000:].rstrip()}\n\nThe assistant could not be trained."
            " What is wrong, in which file and line, `myna lint` tells."
        )
    return path
