"""Agents and tokens from the command line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from myna.cli import main
from myna.database import Database
from myna.hub.agents import Agents

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `myna agent …`."""
    monkeypatch.setenv("MYNA_HOME", str(tmp_path))
    monkeypatch.delenv("MYNA_DATABASE", raising=False)
    runner = CliRunner(mix_stderr=False)
    return lambda *words, typed="": runner.invoke(main, ["agent", *words], input=typed)


def ask(home: Path, question: Callable[[Agents], Awaitable[Any]]) -> Any:
    """What the front server finds in the database."""
    database = Database(f"sqlite:///{home / 'hub.db'}")

    async def found() -> Any:
        try:
            return await question(Agents(database))
        finally:
            await database.close()

    return asyncio.run(found())


def test_a_password_that_is_made_up(run: Run, tmp_path: Path) -> None:
    result = run("add", "linh", "Linh", "--generate")
    assert result.exit_code == 0
    password = result.stdout.strip()
    assert len(password) >= 12
    assert password not in result.stderr
    agent, _ = ask(tmp_path, lambda agents: agents.log_in("linh", password))
    assert agent.name == "Linh"


def test_a_password_that_is_chosen(run: Run, tmp_path: Path) -> None:
    result = run("add", "linh", "Nguyễn Thị Linh", typed="mật khẩu\nmật khẩu\n")
    assert (result.exit_code, result.stdout.strip()) == (0, "")
    assert "mật khẩu" not in result.stderr
    agent, _ = ask(tmp_path, lambda agents: agents.log_in("linh", "mật khẩu"))
    assert agent.name == "Nguyễn Thị Linh"


def test_no_password_typed(run: Run, tmp_path: Path) -> None:
    password = run("add", "linh", "Linh", typed="\n").stdout.strip()
    assert ask(tmp_path, lambda agents: agents.log_in("linh", password))


@pytest.mark.parametrize(
    ("words", "typed", "told"),
    [
        (("", "Linh"), "", "log-in"),
        (("a\nb", "Linh"), "", "log-in"),
        (("linh", " "), "", "name"),
        (("linh", "x" * 101), "", "1 to 100"),
        (("linh", "Linh"), "seven 7\nseven 7\n", "8 to 200"),
        (("linh", "Linh"), "one password\nanother one\n", "differ"),
    ],
)
def test_what_makes_no_agent(
    run: Run, tmp_path: Path, words: tuple[str, str], typed: str, told: str
) -> None:
    result = run("add", *words, typed=typed)
    assert result.exit_code == 2
    assert told in result.stderr
    assert "Traceback" not in result.stderr
    run("add", "other", "Other", "--generate")
    everyone = ask(tmp_path, lambda agents: agents.everyone(timedelta()))
    assert [agent["login"] for agent in everyone] == ["other"]


def test_an_agent_is_not_made_twice(run: Run, tmp_path: Path) -> None:
    password = run("add", "linh", "Linh", "--generate").stdout.strip()
    result = run("add", "linh", "Another Linh", "--generate")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "'linh' already" in result.stderr
    agent, _ = ask(tmp_path, lambda agents: agents.log_in("linh", password))
    assert agent.name == "Linh"


def test_a_token(run: Run, tmp_path: Path) -> None:
    run("add", "linh", "Linh", "--generate")
    token = run("token", "linh", "the shop's own system").stdout.strip()
    other = run("token", "linh", "another").stdout.strip()
    assert token.startswith("myna_")
    assert token != other
    for one in (token, other):
        assert ask(tmp_path, lambda agents, one=one: agents.of_token(one)).login == "linh"
    assert token.encode() not in (tmp_path / "hub.db").read_bytes()


def test_a_token_for_nobody(run: Run) -> None:
    result = run("token", "linh", "x")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "none yet" in result.stderr
    run("add", "aisyah", "Aisyah", "--generate")
    assert "aisyah" in run("token", "linh", "x").stderr
    assert run("token", "aisyah", "").exit_code == 2
