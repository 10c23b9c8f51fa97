"""Follows data/README.md word by word in a copy of the project."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from myna.settings import PROJECT, home
from myna.stack import Customer, running
from myna.trainer.conversations import read_conversations
from myna.trainer.lint import lint_project
from myna.trainer.play import play_all

STEP = re.compile(
    r"<!-- (?P<how>append|insert|create) (?P<path>\S+)(?: below (?P<below>.+?))? -->\n"
    r"```yaml\n(?P<text>.+?)\n```\n",
    re.DOTALL,
)
LEFT_OUT = [".venv", ".git", "var", "models", ".*_cache", ".hypothesis", ".rasa", "__pycache__"]


def insert(content: str, below: str, text: str) -> str:
    """The text in a line of its own below the first line, below the first other one, …"""
    lines = content.split("\n")
    position = 0
    for wanted in below.split(" > "):
        while lines[position].strip() != wanted:
            position += 1
        position += 1
    return "\n".join([*lines[:position], text, *lines[position:]])


def follow(readme: str, project: Path) -> int:
    steps = list(STEP.finditer(readme))
    for step in steps:
        path, text = project / step["path"], step["text"]
        if step["how"] == "create":
            assert not path.exists()
            content = f"{text}\n"
        elif step["how"] == "append":
            content = f"{path.read_text(encoding='utf-8').rstrip()}\n{text}\n"
        else:
            content = insert(path.read_text(encoding="utf-8"), step["below"], text)
        path.write_text(content, encoding="utf-8")
    return len(steps)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    project = tmp_path_factory.mktemp("copy") / "myna"
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns(*LEFT_OUT))
    (project / "models").mkdir()
    # what the project's own training has computed of sentences that have not changed
    if (cache := home() / "cache").is_dir():
        shutil.copytree(cache, project / "var" / "cache")
    steps = follow((project / "data" / "README.md").read_text(encoding="utf-8"), project)
    assert steps > 30
    return project


def test_nothing_in_the_readme_escapes_the_test():
    readme = (PROJECT / "data" / "README.md").read_text(encoding="utf-8")
    assert readme.count("<!-- ") == len(STEP.findall(readme))


def test_lint_finds_no_fault_with_it(copy):
    assert [str(finding) for finding in lint_project(copy)] == [
        str(finding) for finding in lint_project(PROJECT)
    ]


@pytest.fixture(scope="module")
def trained(copy):
    done = subprocess.run(
        [sys.executable, "-m", "myna.cli", "train"],
        cwd=copy,
        env={**os.environ, "MYNA_PROJECT": str(copy), "PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return copy


def test_it_is_answered_and_its_conversations_pass(trained, tmp_path):
    conversations, findings = read_conversations(trained)
    assert findings == []
    known = {(c.language, c.name) for c in read_conversations(PROJECT)[0]}
    new = [c for c in conversations if (c.language, c.name) not in known]
    assert len(new) == 5
    assert {c.language for c in new} == {"vi", "ms", "en"}
    with running(tmp_path / "home", project=trained) as stack:
        outcomes = list(play_all(new, lambda language: Customer(stack.url, language, stack.outbox)))
    assert {o.conversation.name: o.difference for o in outcomes if o.difference} == {}


def test_the_table_tells_every_intent():
    readme = (PROJECT / "data" / "README.md").read_text(encoding="utf-8")
    from myna.trainer.project import Project

    project = Project(PROJECT)
    told = set(re.findall(r"^\| (`.+?`) \|", readme, re.MULTILINE))
    names = {name for cell in told for name in re.findall(r"`([\w/]+)`", cell)}
    known = {*project.domain.intents, *project.entries} - {"faq", "nlu_fallback"}
    assert known - names == set()
