"""`python -m myna.bench` and `myna bench`, with a turn that was measured elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from myna import cli
from myna.bench import BenchError, turn
from myna.bench import __main__ as everything

from .figures import complete


class Bench:
    """Stands where `bench_turn` stands."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}
        self.fault: BenchError | None = None

    def __call__(
        self, turns: int, *, epochs: int, depths: Sequence[int] = turn.DEPTHS
    ) -> dict[str, Any]:
        self.asked = {"turns": turns, "epochs": epochs, "depths": tuple(depths)}
        if self.fault:
            raise self.fault
        return complete()


@pytest.fixture
def bench(results: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    bench = Bench()
    monkeypatch.setattr(turn, "bench_turn", bench)
    monkeypatch.delenv("BENCH_DATA", raising=False)
    return bench


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the `myna` command sets stays in the test."""
    for name in cli.settings.QUIET:
        monkeypatch.setenv(name, "")


def test_all_benchmarks_without_data(bench: Bench) -> None:
    done = CliRunner().invoke(everything.main, ["--new-only", "--epochs", "2"])
    assert done.exit_code == 0, done.output
    assert "nlu: skipped" in done.output
    assert "myna/stock" in done.output
    assert bench.asked == {"turns": 20, "epochs": 2, "depths": ()}


def test_all_benchmarks_go_on_after_a_bad_file(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bad.tsv").write_text("text\n")
    monkeypatch.setenv("BENCH_DATA", str(tmp_path))
    done = CliRunner().invoke(everything.main, [])
    assert done.exit_code == 1
    assert "bad.tsv, line 1" in done.output
    assert "myna/stock" in done.output


def test_one_turn(bench: Bench) -> None:
    done = CliRunner().invoke(cli.main, ["bench", "turn", "--turns", "3", "--epochs", "2"])
    assert done.exit_code == 0, done.output
    assert "myna/stock" in done.output
    assert bench.asked == {"turns": 3, "epochs": 2, "depths": turn.DEPTHS}


def test_one_turn_that_failed(bench: Bench) -> None:
    bench.fault = BenchError("'rasa train' failed:\nno data")
    done = CliRunner().invoke(cli.main, ["bench", "turn"])
    assert done.exit_code == 2
    assert done.output == "myna: 'rasa train' failed:\nno data\n"


def test_a_bad_file(tmp_path: Path) -> None:
    (tmp_path / "bad.tsv").write_text("text\n")
    done = CliRunner().invoke(cli.main, ["bench", "nlu", "--data", str(tmp_path / "bad.tsv")])
    assert done.exit_code == 2
    assert done.output.startswith("myna: bad.tsv, line 1")


@pytest.mark.parametrize("arguments", ["turn --turns 0", "turn --epochs 0"])
def test_numbers_below_one_are_refused(bench: Bench, arguments: str) -> None:
    done = CliRunner().invoke(cli.main, ["bench", *arguments.split()])
    assert done.exit_code == 2
    assert not bench.asked
