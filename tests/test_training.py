"""When a model fits the files, and when it has to be trained anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from myna import settings, training
from myna.training import TrainingError, fingerprint


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {
        "config.yml": "language: xx\n",
        "domain.yml": "intents: []\n",
        "data/nlu/en/orders.yml": "nlu: []\n",
        "data/rules/orders.yml": "rules: []\n",
        "responses/en/general.yml": "responses:\n  utter_a: [{text: hello}]\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for language in ("vi", "ms"):
        (tmp_path / "responses" / language).mkdir()
    return tmp_path


def rewritten(name: str, text: str) -> Callable[[Path], None]:
    def change(project: Path) -> None:
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    return change


def moved(old: str, new: str) -> Callable[[Path], None]:
    def change(project: Path) -> None:
        (project / new).parent.mkdir(parents=True, exist_ok=True)
        (project / old).rename(project / new)

    return change


CHANGES = {
    "the pipeline": rewritten("config.yml", "language: en\n"),
    "the domain": rewritten("domain.yml", "intents: [greet]\n"),
    "an example": rewritten("data/nlu/en/orders.yml", "nlu: [x]\n"),
    "a new file": rewritten("data/stories/a.yml", "stories: []\n"),
    "a new file of the other ending": rewritten("data/stories/a.yaml", "stories: []\n"),
    "an example's language": moved("data/nlu/en/orders.yml", "data/nlu/ms/orders.yml"),
    "a new response": rewritten("responses/en/new.yml", "responses:\n  utter_b: [{text: b}]\n"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_makes_another_model(project: Path, what: str) -> None:
    before = fingerprint(project)
    CHANGES[what](project)
    assert fingerprint(project) != before


def test_what_does_not(project: Path) -> None:
    before = fingerprint(project)
    rewritten("responses/en/general.yml", "responses:\n  utter_a: [{text: hi}, {text: ho}]\n")(
        project
    )
    rewritten("shop.yml", "name: x\n")(project)
    rewritten("README.md", "x\n")(project)
    assert fingerprint(project) == before
    rewritten("domain.yml", "intents: [greet]\n")(project)
    rewritten("domain.yml", "intents: []\n")(project)
    assert fingerprint(project) == before, "an undone change finds the older model again"


def test_a_model_that_is_there_is_not_trained_again(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYNA_MODELS", str(tmp_path / "models"))
    path = training.model_path(project)
    assert path.parent == settings.models()
    path.parent.mkdir()
    path.write_bytes(b"a model")
    assert training.train(project) == path
    assert path.read_bytes() == b"a model"


def test_refused_data_are_told(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYNA_MODELS", str(tmp_path / "models"))

    class Refused:
        returncode = 1
        stdout = "YamlSyntaxException in data/nlu/en/orders.yml"

    monkeypatch.setattr(training.subprocess, "run", lambda *args, **kwargs: Refused())
    with pytest.raises(TrainingError, match=r"(?s)orders\.yml.*`myna lint` tells"):
        training.train(project)
