"""The other side of the benchmark: stock Rasa, given the same data, trained and started."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import click
import yaml

from myna import settings
from myna.bench.script import LANGUAGE
from myna.bench.side import Side
from myna.child import child, finish, wait_for
from myna.stack import environment, free_port
from myna.texts import Catalogue, Text, fact_values

EPOCHS = 8
"""Of each of stock Rasa's trained components. Its own number is 100; fewer shorten the training
and change neither the size of the networks nor the time that a message takes."""

_START_SECONDS = 240.0
_TUNING = ("OMP_NUM_THREADS", "TF_ENABLE_ONEDNN_OPTS")
"""What makes Myna's processes faster or slower; stock Rasa is left as it is by itself."""

_ACTIONS = "import sys; from rasa_sdk.endpoint import create_app as app; app('actions').run("
_ACTIONS += "'127.0.0.1', int(sys.argv[1]), workers=1)"
"""Rasa's action server; `rasa run actions` is the same, but would listen on every interface."""


@contextmanager
def stock(folder: Path, project: Path, epochs: int) -> Iterator[tuple[Side, str]]:
    """Stock Rasa and a plain action server; with Rasa's address.

    Args:
        folder: is created.
        project: a snapshot of ours.
        epochs: of each trained component.

    Raises:
        ChildError: it could not be trained or started.
    """
    port, actions_port = free_port(), free_port()
    write_stock_project(folder, project, epochs, f"http://127.0.0.1:{actions_port}/webhook")
    own = stock_environment(folder, project)
    rasa = [sys.executable, "-m", "rasa"]
    click.echo(f"Training stock Rasa, {epochs} epochs (a few minutes) …", err=True)
    train_seconds = finish([*rasa, "train", "--force"], own, folder, folder / "train.log")
    (model,) = (folder / "models").glob("*.tar.gz")
    run = [*rasa, "run", "--interface", "127.0.0.1", "--port", str(port), "--model", str(model)]
    actions = [sys.executable, "-c", _ACTIONS, str(actions_port)]
    url, logs = f"http://127.0.0.1:{port}", (folder / "actions.log", folder / "run.log")
    click.echo("Starting stock Rasa …", err=True)
    begun = time.perf_counter()
    with child(actions, own, project, logs[0]) as server, child(run, own, folder, logs[1]) as brain:
        wait_for(f"http://127.0.0.1:{actions_port}/health", server, logs[0], _START_SECONDS)
        wait_for(f"{url}/webhooks/rest/", brain, logs[1], _START_SECONDS)
        seconds = time.perf_counter() - begun
        yield Side(train_seconds, seconds, model, {"rasa": brain.pid, "actions": server.pid}), url


def stock_environment(folder: Path, project: Path) -> dict[str, str]:
    """As our actions need it; for the rest Rasa is as it starts by itself, but quiet.

    The same whether this runs below the `myna` command, which has its own settings, or not.
    """
    quiet = environment(folder / "home", project) | settings.QUIET
    return {name: value for name, value in quiet.items() if name not in _TUNING}


def write_stock_project(folder: Path, project: Path, epochs: int, actions: str) -> None:
    """A Rasa project with our examples, rules and stories, and all else as Rasa has it.

    Args:
        folder: is created.
        project: where ours is.
        epochs: of each trained component.
        actions: address of the action server.
    """
    folder.mkdir(parents=True)
    shutil.copytree(project / "data", folder / "data")
    domain = yaml.safe_load((project / "domain.yml").read_text(encoding="utf-8"))
    domain["responses"] = stock_responses(project)
    files = {
        "config.yml": stock_config(epochs),
        "domain.yml": domain,
        "credentials.yml": {"rest": None},
        "endpoints.yml": {
            "action_endpoint": {"url": actions},
            "tracker_store": {"type": "SQL", "dialect": "sqlite", "db": str(folder / "rasa.db")},
        },
    }
    for name, content in files.items():
        text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
        (folder / name).write_text(text, encoding="utf-8")


def stock_config(epochs: int | None) -> dict[str, Any]:
    """The configuration that Rasa uses where a project has none, as one of `rasa init` has.

    Args:
        epochs: of each trained component; without it, Rasa's own number (100).
    """
    source = resources.files("rasa.engine.recipes.config_files") / "default_config.yml"
    config: dict[str, Any] = yaml.safe_load(source.read_text(encoding="utf-8"))
    for component in [*config["pipeline"], *config["policies"]]:
        if epochs and "epochs" in component:
            component["epochs"] = epochs
    return config | {"assistant_id": "stock"}


def stock_responses(project: Path) -> dict[str, list[dict[str, Any]]]:
    """Our texts in one language as a domain has them: facts filled in, slots left to Rasa."""
    catalogue = Catalogue(project / "responses", project / "shop.yml")
    texts = catalogue.language(LANGUAGE)
    facts = fact_values(catalogue.facts, LANGUAGE, texts.words)

    def variation(text: Text) -> dict[str, Any]:
        slots = {name: f"{{{name}}}" for name in text.placeholders()}
        filled = text.filled({**slots, **facts})
        buttons = [{"title": b.title, "payload": b.payload} for b in filled.buttons]
        return {"text": filled.text} | ({"buttons": buttons} if buttons else {})

    return {name: [variation(each) for each in found] for name, found in texts.responses.items()}
