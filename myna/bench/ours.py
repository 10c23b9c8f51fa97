"""Our side of the benchmark: a copy of this project, trained and started as `myna up` does it."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from myna.bench.side import Side
from myna.child import finish
from myna.settings import PROJECT
from myna.stack import Stack, environment, running


def snapshot(folder: Path) -> Path:
    """A copy of all that both are made from, so that nobody's work on the files comes between."""
    for name in ("data", "responses", "actions"):
        shutil.copytree(PROJECT / name, folder / name)
    for name in ("config.yml", "domain.yml", "endpoints.yml", "credentials.yml", "shop.yml"):
        shutil.copy(PROJECT / name, folder)
    return folder


@contextmanager
def ours(home: Path, project: Path) -> Iterator[tuple[Side, Stack]]:
    """Myna on a home of its own.

    Args:
        home: is created.
        project: a snapshot.

    Raises:
        ChildError: it could not be trained or started.
    """
    home.mkdir(parents=True)
    click.echo("Training Myna …", err=True)
    train = [sys.executable, "-m", "myna.cli", "train"]
    train_seconds = finish(train, environment(home, project), project, home / "train.log")
    click.echo("Starting Myna …", err=True)
    begun = time.perf_counter()
    with running(home, project=project) as stack:
        start_seconds = time.perf_counter() - begun
        processes = {name: process["pid"] for name, process in stack.processes().items()}
        models = (project / "models").glob("*.tar.gz")
        model = max(models, key=lambda path: path.stat().st_mtime)
        side = Side(train_seconds, start_seconds, model, {"up": stack.process.pid, **processes})
        yield side, stack
